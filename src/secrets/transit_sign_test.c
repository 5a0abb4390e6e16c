/* Transit through turns in memory: signatures, MACs, RSA, digests and random bytes. */
#include "secrets/transit_scene.h"

#include "base/check.h"
#include "base/encode.h"

#include <string.h>

/* "hello" and "hallo" in base64. */
#define HELLO "aGVsbG8="
#define HALLO "aGFsbG8="
#define IS_VALID(answer) CHECK_PART(answer, "data.valid")

static const char *const types[] = {"ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048"};
enum { TYPES = sizeof types / sizeof types[0] };

TEST(every_type_signs_and_checks_in_both_forms)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char *const forms[] = {"asn1", "jws"};
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_PART("true", "data.supports_signing");
        for (size_t k = 0; k < 2; k++) {
            CHECK_ERR(ERR_NONE, WRITE(BODY("t/sign/k%zu", i), BODY("{\"input\":\"" HELLO "\",\"marshaling_algorithm\":\"%s\"}", forms[k])));
            const char *signature = TEXT_OF("data.signature");
            CHECK(strncmp(signature, "vault:v1:", 9) == 0);
            CHECK_PART("1", "data.key_version");
            CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/k%zu", i), BODY("{\"input\":\"" HELLO "\",\"marshaling_algorithm\":\"%s\",\"signature\":\"%s\"}", forms[k], signature)));
            IS_VALID("true");
            CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/k%zu", i), BODY("{\"input\":\"" HALLO "\",\"marshaling_algorithm\":\"%s\",\"signature\":\"%s\"}", forms[k], signature)));
            IS_VALID("false");
            CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/k%zu", i), BODY("{\"input\":\"" HELLO "\",\"marshaling_algorithm\":\"%s\",\"signature\":\"%.40s\"}", forms[k], signature)));
            IS_VALID("false");
        }
    }
    kv_scene_end(&scene);
}

TEST(rsa_signs_with_the_padding_hash_and_salt_that_is_asked_for)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/r", "{\"type\":\"rsa-2048\"}"));
    static const char *const manners[] = {
        "\"signature_algorithm\":\"pkcs1v15\"", "\"salt_length\":\"hash\"", "\"salt_length\":20,\"hash_algorithm\":\"sha2-512\"", "\"salt_length\":\"0\",\"algorithm\":\"sha3-256\"",
        "\"signature_algorithm\":\"pss\",\"hash_algorithm\":\"sha2-384\"",
    };
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        CHECK_ERR(ERR_NONE, WRITE("t/sign/r", BODY("{\"input\":\"" HELLO "\",%s}", manners[i])));
        const char *signature = TEXT_OF("data.signature");
        for (size_t k = 0; k < sizeof manners / sizeof manners[0]; k++) {
            CHECK_ERR(ERR_NONE, WRITE("t/verify/r", BODY("{\"input\":\"" HELLO "\",%s,\"signature\":\"%s\"}", manners[k], signature)));
            IS_VALID(i == k ? "true" : "false");
        }
    }
    CHECK_ERR(ERR_NONE, WRITE("t/sign/r/sha2-512", "{\"input\":\"" HELLO "\",\"salt_length\":20}"));
    CHECK_ERR(ERR_NONE, WRITE("t/verify/r", BODY("{\"input\":\"" HELLO "\",%s,\"signature\":\"%s\"}", manners[2], TEXT_OF("data.signature"))));
    IS_VALID("true");
    static const char *const bad[] = {
        "\"hash_algorithm\":\"md5\"", "\"signature_algorithm\":\"raw\"", "\"marshaling_algorithm\":\"xml\"", "\"salt_length\":\"much\"", "\"salt_length\":400", "\"hash_algorithm\":\"none\"", "\"prehashed\":true",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE("t/sign/r", BODY("{\"input\":\"" HELLO "\",%s}", bad[i])));
    }
    CHECK_ERR(ERR_NONE, WRITE("t/sign/r", "{\"input\":\"" HELLO "\",\"prehashed\":true,\"hash_algorithm\":\"none\",\"signature_algorithm\":\"pkcs1v15\"}"));
    kv_scene_end(&scene);
}

TEST(a_digest_that_the_caller_made_is_signed_as_the_text_is)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char digest[] = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="; /* SHA-256 of "hello" */
    for (size_t i = 1; i < TYPES; i++) {
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/sign/k%zu", i), BODY("{\"input\":\"%s\",\"prehashed\":true}", digest)));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/k%zu", i), BODY("{\"input\":\"" HELLO "\",\"signature\":\"%s\"}", TEXT_OF("data.signature"))));
        IS_VALID("true");
    }
    kv_scene_end(&scene);
}

TEST(derived_ed25519_has_a_key_a_context)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/d", "{\"type\":\"ed25519\",\"derived\":true}"));
    CHECK_PART("\"\"", "data.keys.1.public_key");
    CHECK_ERR(ERR_INVALID, WRITE("t/sign/d", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_NONE, WRITE("t/sign/d", "{\"input\":\"" HELLO "\",\"context\":\"YQ==\"}"));
    const char *signature = TEXT_OF("data.signature"), *public_key = TEXT_OF("data.public_key");
    CHECK_U64(44, strlen(public_key));
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "t/keys/d", "{\"context\":\"YQ==\"}", NULL));
    CHECK_STRING(public_key, TEXT_OF("data.keys.1.public_key"));
    CHECK_ERR(ERR_NONE, WRITE("t/verify/d", BODY("{\"input\":\"" HELLO "\",\"context\":\"YQ==\",\"signature\":\"%s\"}", signature)));
    IS_VALID("true");
    CHECK_ERR(ERR_NONE, WRITE("t/verify/d", BODY("{\"input\":\"" HELLO "\",\"context\":\"Yg==\",\"signature\":\"%s\"}", signature)));
    IS_VALID("false");
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/e", "{\"type\":\"ecdsa-p256\",\"derived\":true}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/e", "{\"type\":\"ed25519\",\"derived\":true,\"convergent_encryption\":true}"));
    kv_scene_end(&scene);
}

TEST(macs_are_checked_in_their_version_and_every_type_has_one)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    static const char *const kinds[] = {"hmac", "aes256-gcm96", "ed25519"};
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/m%zu", i), BODY("{\"type\":\"%s\"}", kinds[i])));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/hmac/m%zu", i), "{\"input\":\"" HELLO "\"}"));
        const char *first = TEXT_OF("data.hmac");
        CHECK_U64(9 + 44, strlen(first));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/m%zu/rotate", i), NULL));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/hmac/m%zu/sha2-512", i), "{\"input\":\"" HELLO "\"}"));
        const char *second = TEXT_OF("data.hmac");
        CHECK(strncmp(second, "vault:v2:", 9) == 0 && strlen(second) == 9 + 88);
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/m%zu", i), BODY("{\"input\":\"" HELLO "\",\"hmac\":\"%s\"}", first)));
        IS_VALID("true");
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/m%zu", i), BODY("{\"input\":\"" HALLO "\",\"hmac\":\"%s\"}", first)));
        IS_VALID("false");
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/m%zu", i), BODY("{\"input\":\"" HELLO "\",\"hmac\":\"%s\"}", second)));
        IS_VALID("false");
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/m%zu/sha2-512", i), BODY("{\"input\":\"" HELLO "\",\"hmac\":\"%s\"}", second)));
        IS_VALID("true");
    }
    CHECK_ERR(ERR_INVALID, WRITE("t/verify/m0", "{\"input\":\"" HELLO "\",\"signature\":\"vault:v1:AAAA\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/verify/m0", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/sign/m0", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/m0", "{\"plaintext\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_NONE, WRITE("t/keys/long", "{\"type\":\"hmac\",\"key_size\":512}"));
    CHECK_PART("512", "data.key_size");
    CHECK_ERR(ERR_INVALID, WRITE("t/keys/short", "{\"type\":\"hmac\",\"key_size\":31}"));
    kv_scene_end(&scene);
}

TEST(rsa_encrypts_what_fits_and_rewraps)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/r", "{\"type\":\"rsa-2048\"}"));
    CHECK(strncmp(TEXT_OF("data.keys.1.public_key"), "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA", 70) == 0);
    CHECK_PART("\"rsa-2048\"", "data.keys.1.name");
    CHECK_ERR(ERR_NONE, WRITE("t/encrypt/r", "{\"plaintext\":\"" HELLO "\"}"));
    const char *old = TEXT_OF("data.ciphertext");
    CHECK_ERR(ERR_NONE, WRITE("t/keys/r/rotate", NULL));
    CHECK_ERR(ERR_NONE, WRITE("t/rewrap/r", BODY("{\"batch_input\":[{\"ciphertext\":\"%s\"},{\"ciphertext\":\"vault:v1:AAAA\"}]}", old)));
    CHECK_U64(400, scene.status);
    const struct json *results = json_path(reply, "data.batch_results");
    const char *fresh = arena_string(scene.arena, json_text(results->first, "ciphertext", SLICE_NONE));
    CHECK(strncmp(fresh, "vault:v2:", 9) == 0);
    CHECK_SLICE("invalid ciphertext: unable to decrypt", json_text(results->last, "error", SLICE_NONE));
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/r", BODY("{\"ciphertext\":\"%s\"}", fresh)));
    CHECK_PART("\"" HELLO "\"", "data.plaintext");
    CHECK_ERR(ERR_NONE, WRITE("t/datakey/plaintext/r", NULL));
    const char *plain = TEXT_OF("data.plaintext");
    CHECK_ERR(ERR_NONE, WRITE("t/decrypt/r", BODY("{\"ciphertext\":\"%s\"}", TEXT_OF("data.ciphertext"))));
    CHECK_STRING(plain, TEXT_OF("data.plaintext"));
    char long_text[4 * 80 + 1];
    memset(long_text, 'A', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/r", BODY("{\"plaintext\":\"%s\"}", long_text)));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/r", "{\"plaintext\":\"" HELLO "\",\"associated_data\":\"YQ==\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/encrypt/new", "{\"plaintext\":\"" HELLO "\",\"type\":\"rsa-2048\"}"));
    kv_scene_end(&scene);
}

TEST(signatures_come_in_batches_with_an_error_an_item)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/keys/r", "{\"type\":\"rsa-2048\"}"));
    CHECK_ERR(ERR_NONE, WRITE("t/sign/r", "{\"batch_input\":[{\"input\":\"" HELLO "\",\"reference\":\"a\"},{\"input\":\"*\"},{}]}"));
    CHECK_U64(200, scene.status);
    const struct json *results = json_path(reply, "data.batch_results");
    CHECK_U64(3, results->count);
    CHECK_SLICE("a", json_text(results->first, "reference", SLICE_NONE));
    CHECK_SLICE("missing input", json_text(results->last, "error", SLICE_NONE));
    const char *signature = arena_string(scene.arena, json_text(results->first, "signature", SLICE_NONE));
    CHECK_ERR(ERR_NONE, WRITE("t/verify/r", BODY("{\"batch_input\":[{\"input\":\"" HELLO "\",\"signature\":\"%s\"},{\"input\":\"" HALLO "\",\"signature\":\"%s\"},{\"input\":\"" HELLO "\"}]}", signature, signature)));
    CHECK_PART("[{\"valid\":true},{\"valid\":false},{\"error\":\"provide one of 'signature' and 'hmac' to verify\"}]", "data.batch_results");
    kv_scene_end(&scene);
}

TEST(large_batches_of_pairs_go_to_the_thread_and_are_bounded)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    enum { MANY = 40, TOO_MANY = 1001 };
    for (size_t i = 0; i < TYPES; i++) {
        cleanup_buf struct buf body = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/keys/k%zu", i), BODY("{\"type\":\"%s\"}", types[i])));
        CHECK_ERR(ERR_NONE, buf_append_string(&body, "{\"marshaling_algorithm\":\"jws\",\"batch_input\":[{}"));
        for (int k = 0; k < MANY; k++) {
            CHECK_ERR(ERR_NONE, buf_append_string(&body, ",{\"input\":\"" HELLO "\"}"));
        }
        CHECK_ERR(ERR_NONE, buf_append_string(&body, "]}"));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/sign/k%zu", i), arena_string(scene.arena, buf_slice(&body))));
        CHECK_ERR(ERR_NONE, buf_append_string(&again, "{\"marshaling_algorithm\":\"jws\",\"batch_input\":[{\"input\":\"" HALLO "\",\"signature\":\"vault:v1:AAAA\"}"));
        const struct json *result = json_path(reply, "data.batch_results")->first;
        CHECK_SLICE("missing input", json_text(result, "error", SLICE_NONE));
        for (result = result->next; result != NULL; result = result->next) {
            struct slice signature = json_text(result, "signature", SLICE_NONE);
            CHECK_ERR(ERR_NONE, buf_printf(&again, ",{\"input\":\"" HELLO "\",\"signature\":\"%.*s\"}", (int)signature.len, (const char *)signature.data));
        }
        CHECK_ERR(ERR_NONE, buf_append_string(&again, "]}"));
        CHECK_ERR(ERR_NONE, WRITE(BODY("t/verify/k%zu", i), arena_string(scene.arena, buf_slice(&again))));
        size_t valid = 0;
        for (result = json_path(reply, "data.batch_results")->first; result != NULL; result = result->next) {
            valid += json_bool(result, "valid", false);
        }
        CHECK_U64(MANY, valid);
    }
    cleanup_buf struct buf body = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE, buf_append_string(&body, "{\"batch_input\":[{}"));
    for (int k = 1; k < TOO_MANY; k++) {
        CHECK_ERR(ERR_NONE, buf_append_string(&body, ",{}"));
    }
    CHECK_ERR(ERR_NONE, buf_append_string(&body, "]}"));
    CHECK_ERR(ERR_TOO_LARGE, WRITE("t/sign/k0", arena_string(scene.arena, buf_slice(&body))));
    CHECK_ERR(ERR_TOO_LARGE, WRITE("t/verify/k1", arena_string(scene.arena, buf_slice(&body))));
    kv_scene_end(&scene);
}

TEST(digests_and_random_bytes_come_as_asked_for)
{
    struct kv_scene scene = transit_scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, WRITE("t/hash", "{\"input\":\"" HELLO "\"}"));
    CHECK_PART("\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"", "data.sum");
    CHECK_ERR(ERR_NONE, WRITE("t/hash/sha2-224", "{\"input\":\"" HELLO "\",\"format\":\"base64\"}"));
    CHECK_U64(40, strlen(TEXT_OF("data.sum")));
    CHECK_ERR(ERR_INVALID, WRITE("t/hash/md5", "{\"input\":\"" HELLO "\"}"));
    CHECK_ERR(ERR_INVALID, WRITE("t/hash", "{\"input\":\"" HELLO "\",\"format\":\"octal\"}"));
    static const struct {
        const char *path, *body;
        size_t len;
    } draws[] = {{"t/random", NULL, 44}, {"t/random/3", NULL, 4}, {"t/random/all", "{\"bytes\":6}", 8}, {"t/random/platform/9", "{\"format\":\"hex\"}", 18}};
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++) {
        CHECK_ERR(ERR_NONE, WRITE(draws[i].path, draws[i].body));
        CHECK_U64(draws[i].len, strlen(TEXT_OF("data.random_bytes")));
    }
    static const char *const bad[] = {"t/random/0", "t/random/131073", "t/random/dice", "t/random/3/3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, WRITE(bad[i], NULL));
    }
    kv_scene_end(&scene);
}

TEST_MAIN
