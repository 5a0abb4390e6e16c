/* Signed tokens: the RFCs' own examples, all algorithms, and what must be refused. */
#include "secrets/jose.h"

#include "base/check.h"
#include "secrets/jose_scene.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

enum { ARENA_BYTES = 16 << 20 };

static const struct {
    const char *where, *algorithm, *key, *token;
} vectors[] = {
#define VECTOR(where, algorithm, key, token) {where, algorithm, key, token},
#include "secrets/jose_vectors.def"
#undef VECTOR
};
enum { VECTOR_COUNT = sizeof vectors / sizeof vectors[0] };

static const struct json *parsed(struct arena *arena, const char *text)
{
    struct json *tree = NULL;
    return json_read(arena, slice_string(text), &tree, NULL) == ERR_NONE ? tree : NULL;
}

/* What becomes of a token under a key: the first error of the way. */
static enum err verify(struct arena *arena, const char *jwk, struct slice token)
{
    struct jose jose;
    struct jose_key key;
    struct complaint complaint = {0};
    enum err err = jose_split(arena, token, &jose, &complaint);
    if (err != ERR_NONE) {
        return complaint.text.english == NULL ? ERR_INTERNAL : err; /* every refusal says why */
    }
    err = jose_key_jwk(parsed(arena, jwk), &key);
    if (err == ERR_NONE) {
        err = jose_verify(&key, &jose);
        jose_key_free(&key);
    }
    return err;
}

TEST(the_examples_of_the_rfcs_are_good)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct jose jose;
        CHECK_ERR(ERR_NONE, verify(arena, vectors[i].key, slice_string(vectors[i].token)));
        CHECK_ERR(ERR_NONE, jose_split(arena, slice_string(vectors[i].token), &jose, NULL));
        CHECK(strcmp(vectors[i].algorithm, jose_algorithm_name(jose.algorithm)) == 0);
    }
    CHECK_U64(7, VECTOR_COUNT);
}

/* One digit of base64url more or less: another header, another payload, another signature, or another spelling. */
TEST(no_changed_digit_of_an_example_passes)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct arena *arena = arena_new(ARENA_BYTES);
        char token[4096];
        size_t len = strlen(vectors[i].token);
        memcpy(token, vectors[i].token, len + 1);
        for (size_t at = 0; at < len; at += i == 0 || len < 600 ? 1 : 3) {
            char was = token[at];
            token[at] = was == '.' ? 'A' : was == 'A' ? 'B' : 'A';
            CHECK(verify(arena, vectors[i].key, slice_string(token)) != ERR_NONE);
            token[at] = was;
            arena_reset(arena);
        }
        CHECK_ERR(ERR_NONE, verify(arena, vectors[i].key, slice_string(token)));
        arena_free(arena);
    }
}

TEST(no_shortened_example_passes)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        for (size_t len = 0; len < strlen(vectors[i].token); len++) {
            CHECK(verify(arena, vectors[i].key, slice_of(vectors[i].token, len)) != ERR_NONE);
            arena_reset(arena);
        }
    }
}

TEST(every_algorithm_takes_its_own_keys_and_no_other)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    EVP_PKEY *keys[10];
    const char *tokens[10], *jwks[10];
    for (size_t i = 0; i < 10; i++) {
        const char *name = JOSE_SCENE_ALGORITHMS[i];
        keys[i] = jose_scene_key(name);
        jwks[i] = jose_scene_jwk(arena, keys[i], NULL);
        tokens[i] = jose_scene_token(arena, keys[i], name, arena_printf(arena, "{\"alg\":\"%s\"}", name), "{\"sub\":\"ada\"}");
    }
    for (size_t i = 0; i < 10; i++) {
        for (size_t k = 0; k < 10; k++) {
            CHECK_ERR(i == k ? ERR_NONE : ERR_FORGED, verify(arena, jwks[k], slice_string(tokens[i])));
        }
        struct jose_key key;
        CHECK_ERR(ERR_NONE, jose_key_pem(slice_string(jose_scene_pem(arena, keys[i])), &key));
        struct jose jose;
        CHECK_ERR(ERR_NONE, jose_split(arena, slice_string(tokens[i]), &jose, NULL));
        CHECK_ERR(ERR_NONE, jose_verify(&key, &jose));
        jose_key_free(&key);
        EVP_PKEY_free(keys[i]);
    }
}

/* The same key under another algorithm's name: RS256 made, PS256 or RS512 written over it. */
TEST(the_algorithm_of_the_header_decides_and_the_signature_must_be_of_it)
{
    static const char *const others[] = {"PS256", "RS384", "RS512", "ES256", "EdDSA"};
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    EVP_PKEY *key = jose_scene_key("RS256");
    const char *jwk = jose_scene_jwk(arena, key, NULL);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *token = jose_scene_token(arena, key, "RS256", arena_printf(arena, "{\"alg\":\"%s\"}", others[i]), "{}");
        CHECK_ERR(ERR_FORGED, verify(arena, jwk, slice_string(token)));
    }
    const char *narrow = arena_printf(arena, "%.*s,\"alg\":\"PS256\"}", (int)strlen(jwk) - 1, jwk);
    CHECK_ERR(ERR_FORGED, verify(arena, narrow, slice_string(jose_scene_token(arena, key, "RS256", "{\"alg\":\"RS256\"}", "{}"))));
    CHECK_ERR(ERR_NONE, verify(arena, narrow, slice_string(jose_scene_token(arena, key, "PS256", "{\"alg\":\"PS256\"}", "{}"))));
    EVP_PKEY_free(key);
}

/* RFC 9864 names the curve; EdDSA is the older name of the same. */
TEST(ed25519_has_two_names)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    EVP_PKEY *key = jose_scene_key("EdDSA");
    const char *jwk = jose_scene_jwk(arena, key, NULL), *narrow = arena_printf(arena, "%.*s,\"alg\":\"Ed25519\"}", (int)strlen(jwk) - 1, jwk);
    const char *newer = jose_scene_token(arena, key, "EdDSA", "{\"alg\":\"Ed25519\"}", "{}"), *older = jose_scene_token(arena, key, "EdDSA", "{\"alg\":\"EdDSA\"}", "{}");
    CHECK_ERR(ERR_NONE, verify(arena, jwk, slice_string(newer)));
    CHECK_ERR(ERR_NONE, verify(arena, jwk, slice_string(older)));
    CHECK_ERR(ERR_NONE, verify(arena, narrow, slice_string(newer)));
    CHECK_ERR(ERR_FORGED, verify(arena, narrow, slice_string(older))); /* a key that names its algorithm means it */
    EVP_PKEY_free(key);
}

TEST(headers_that_must_be_refused)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"HS256\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"RS1\"}", "{\"alg\":\"ES256K\"}", "{\"alg\":\"rs256\"}",
        "{\"alg\":\"\"}", "{\"alg\":null}", "{\"alg\":256}", "{\"alg\":[\"RS256\"]}", "{}", "[]", "\"RS256\"", "", "{\"alg\":\"RS256\"", "{\"alg\":\"RS256\"}x",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", "{\"alg\":\"none\",\"alg\":\"RS256\"}", "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"RS256\",\"crit\":[]}", "{\"alg\":\"RS256\",\"b64\":false}", "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}", "{\"alg\":\"RS256\",\"kid\":1}",
        "{\"alg\":\"RS256\",\"typ\":true}", "{\"alg\":\"RS256\\u0000\"}", "{\"alg\":\"RS256\",\"crit\":null}",
    };
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    EVP_PKEY *key = jose_scene_key("RS256");
    const char *jwk = jose_scene_jwk(arena, key, NULL);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        CHECK_ERR(ERR_INVALID, verify(arena, jwk, slice_string(jose_scene_token(arena, key, "RS256", headers[i], "{}"))));
    }
    CHECK_ERR(ERR_NONE, verify(arena, jwk, slice_string(jose_scene_token(arena, key, "RS256", "{\"alg\":\"RS256\",\"jwk\":{},\"x\":1}", "{}"))));
    EVP_PKEY_free(key);
}

/* RFC 7515, A.5 (none) and E (critical), RFC 7520 5.1 (encrypted), and other forms that are no signed token. */
TEST(other_forms_are_refused)
{
    static const char *const tokens[] = {
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.",
        "a.b.c.d.e", "..", ".", "", "a.b", "eyJhbGciOiJSUzI1NiJ9..", "eyJhbGciOiJSUzI1NiJ9.e30", " eyJhbGciOiJSUzI1NiJ9.e30.AA", "eyJhbGciOiJSUzI1NiJ9.e30.AA ",
        "eyJhbGciOiJSUzI1NiJ9.e30=.AA", "eyJhbGciOiJSUzI1NiJ9.e31.AA", "eyJhbGciOiJSUzI1NiJ9.e30.A", "eyJhbGciOiJSUzI1NiJ9.e3+0.AA", "{\"payload\":\"e30\"}",
    };
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        CHECK(verify(arena, vectors[0].key, slice_string(tokens[i])) != ERR_NONE);
    }
    char *large = arena_alloc(arena, JOSE_TOKEN_MAX_BYTES + 2);
    memset(large, 'A', JOSE_TOKEN_MAX_BYTES + 1);
    CHECK_ERR(ERR_TOO_LARGE, verify(arena, vectors[0].key, slice_string(large)));
}

TEST(keys_that_must_be_refused)
{
    static const struct {
        enum err err;
        const char *jwk;
    } keys[] = {
        {ERR_INVALID, "{}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\"}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"sign\"],\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
        {ERR_UNSUPPORTED, "{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"},
        {ERR_INVALID, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}"},
        {ERR_INVALID, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"}"},
        {ERR_INVALID, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":[1]}"},
        {ERR_INVALID, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"},
        /* no point of the curve; a coordinate cut; a zero byte in front */
        {ERR_INVALID, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"},
        {ERR_INVALID, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"},
        {ERR_INVALID, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AH_NzidwdvMdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"},
        /* P-384 with the coordinates of P-256 */
        {ERR_INVALID, "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"},
        {ERR_INVALID, "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"},
        {ERR_INVALID, "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}"},
        {ERR_INVALID, "{\"kty\":\"RSA\",\"e\":\"AQAB\"}"},
    };
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct jose_key key;
        CHECK_ERR(keys[i].err, jose_key_jwk(parsed(arena, keys[i].jwk), &key));
    }
    struct jose_key key;
    const struct json *rsa = parsed(arena, vectors[0].key);
    static const char *const exponents[] = {"AQ", "Ag", "AQAC", "AQAAAAE"}; /* 1, 2, even, 33 bits */
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        struct slice n = json_text(rsa, "n", SLICE_NONE);
        const char *jwk = arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%s\"}", (int)n.len, (const char *)n.data, exponents[i]);
        CHECK_ERR(ERR_INVALID, jose_key_jwk(parsed(arena, jwk), &key));
    }
    CHECK_ERR(ERR_INVALID, jose_key_jwk(parsed(arena, "[]"), &key));
}

TEST(pem_that_must_be_refused)
{
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    struct jose_key key;
    EVP_PKEY *weak = EVP_RSA_gen(1024), *curve = EVP_EC_gen("secp256k1"), *good = jose_scene_key("ES256");
    CHECK_ERR(ERR_INVALID, jose_key_pem(slice_string(jose_scene_pem(arena, weak)), &key));
    CHECK_ERR(ERR_UNSUPPORTED, jose_key_pem(slice_string(jose_scene_pem(arena, curve)), &key));
    const char *pem = jose_scene_pem(arena, good);
    CHECK_ERR(ERR_INVALID, jose_key_pem(slice_of(pem, strlen(pem) / 2), &key));
    CHECK_ERR(ERR_INVALID, jose_key_pem(SLICE_LITERAL("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"), &key));
    CHECK_ERR(ERR_INVALID, jose_key_pem(SLICE_LITERAL(""), &key));
    CHECK_ERR(ERR_INVALID, jose_key_pem(SLICE_LITERAL("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), &key));
    EVP_PKEY_free(weak);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(good);
}

TEST(claims_are_one_object_with_unique_members)
{
    static const char *const bad[] = {"[]", "\"x\"", "", "{\"sub\":\"a\",\"sub\":\"b\"}", "{\"sub\":\"a\"} ", "{\"sub\":\"\xff\"}", "{'sub':1}", "{\"sub\":\"a\",}", "{\"a\":{\"b\":1,\"b\":2}}"};
    struct arena *arena cleanup_arena = arena_new(ARENA_BYTES);
    struct jose jose;
    struct json *claims = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *token = arena_printf(arena, "eyJhbGciOiJSUzI1NiJ9.%s.AA", jose_scene_base64(arena, slice_string(bad[i])));
        CHECK_ERR(ERR_NONE, jose_split(arena, slice_string(token), &jose, NULL));
        bool may = i == 4; /* white space around a value is JSON */
        CHECK_ERR(may ? ERR_NONE : ERR_INVALID, jose_claims(arena, &jose, &claims, NULL));
    }
}

TEST_MAIN
