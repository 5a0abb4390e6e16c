/* Keys that an issuer publishes: when they are fetched, how often at most, and what hostile or broken issuers come to. */
#include "secrets/login_scene.h"

#include "secrets/jose_scene.h"
#include "secrets/web_address.h"

#include <stdlib.h>

extern const struct engine engine_jwt;

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

/* What answers in the place of reach. */
static struct {
    enum err err;
    unsigned status, asked;
    const char *document, *keys;        /* of /.well-known/openid-configuration, of any other address */
    char last_url[256], last_authorities[64];
    uint64_t last_port;
} issuer;

static enum err reach(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct slice url = json_text(input, "url", SLICE_NONE), authorities = json_text(input, "authorities_pem", SLICE_NONE);
    issuer.asked++;
    snprintf(issuer.last_url, sizeof issuer.last_url, "%.*s", (int)url.len, (const char *)url.data);
    snprintf(issuer.last_authorities, sizeof issuer.last_authorities, "%.*s", (int)authorities.len, authorities.data == NULL ? "" : (const char *)authorities.data);
    if (strcmp(name, "http.get") != 0 || raw.len != 0 || json_u64(input, "port", &issuer.last_port) != ERR_NONE) {
        return ERR_INTERNAL;
    }
    if (issuer.err != ERR_NONE) {
        return issuer.err;
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "status", issuer.status);
    bool is_document = slice_ends(url, SLICE_LITERAL("/.well-known/openid-configuration"));
    return buf_append_string(reply->raw, is_document ? issuer.document : issuer.keys);
}

struct keys_scene {
    struct login_scene login;
    EVP_PKEY *first, *second;
    const char *first_set, *second_set;
};

static enum err ask(struct keys_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, scene->login.root, verb, scene_text(&scene->login, "auth/jwt/%s", path), body, ret_reply);
}

static struct keys_scene start(void)
{
    struct keys_scene scene = {.login = login_scene_start(&engine_jwt, "jwt", NULL), .first = jose_scene_key("ES256"), .second = jose_scene_key("EdDSA")};
    struct arena *arena = scene.login.arena;
    const struct json *reply = NULL;
    scene.first_set = scene_text(&scene.login, "{\"keys\":[%s]}", jose_scene_jwk(arena, scene.first, "one"));
    scene.second_set = scene_text(&scene.login, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},%s,{\"kty\":\"new\"},%s]}", jose_scene_jwk(arena, scene.first, "one"), jose_scene_jwk(arena, scene.second, "two"));
    memset(&issuer, 0, sizeof issuer);
    issuer.status = 200;
    issuer.keys = scene.first_set;
    issuer.document = "{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":\"https://keys.example/set?v=1\",\"token_endpoint\":\"https://issuer.example/token\"}";
    login_scene_set_reach(reach);
    if (ask(&scene, VERB_WRITE, "role/app", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_subject\":\"ada\"}", &reply) != ERR_NONE) {
        abort();
    }
    return scene;
}

static void end(struct keys_scene *scene)
{
    EVP_PKEY_free(scene->first);
    EVP_PKEY_free(scene->second);
    login_scene_end(&scene->login);
}

static enum err log_in(struct keys_scene *scene, EVP_PKEY *key, const char *kid, const struct json **ret_reply)
{
    const char *algorithm = key == scene->first ? "ES256" : "EdDSA", *named = kid == NULL ? "" : scene_text(&scene->login, ",\"kid\":\"%s\"", kid);
    const char *token = jose_scene_token(scene->login.arena, key, algorithm, scene_text(&scene->login, "{\"alg\":\"%s\"%s}", algorithm, named),
                                         "{\"sub\":\"ada\",\"iss\":\"https://issuer.example:8443/realm\",\"iat\":1795435200,\"exp\":1796000000}");
    return login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", scene_text(&scene->login, "{\"role\":\"app\",\"jwt\":\"%s\"}", token), ret_reply);
}

static bool says(const struct json *reply, const char *words)
{
    bool same = slice_starts(login_scene_error(reply), slice_string(words));
    if (!same) {
        struct slice got = login_scene_error(reply);
        printf("     said \"%.*s\"\n", (int)got.len, got.data == NULL ? "" : (const char *)got.data);
    }
    return same;
}

#define FROM_SET "{\"jwks_url\":\"https://keys.example:9443/set\",\"jwks_ca_pem\":\"PEM\"}"

TEST(a_set_of_keys_is_asked_for_at_once_and_its_keys_count)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    CHECK_U64(1, issuer.asked);
    CHECK_U64(9443, issuer.last_port);
    CHECK(strcmp(issuer.last_url, "https://keys.example:9443/set") == 0 && strcmp(issuer.last_authorities, "PEM") == 0);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, NULL, &reply));
    CHECK_U64(1, issuer.asked);
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_SLICE("https://keys.example:9443/set", login_scene_text(&scene.login, reply, "data.jwks_url"));
    end(&scene);
}

TEST(a_provider_is_asked_where_its_document_says)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"oidc_discovery_url\":\"https://issuer.example:8443/realm\"}", &reply));
    CHECK_U64(2, issuer.asked);
    CHECK(strcmp(issuer.last_url, "https://keys.example/set?v=1") == 0);
    CHECK_U64(443, issuer.last_port);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    end(&scene);
}

TEST(the_provider_is_the_only_issuer_unless_another_is_bound)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    issuer.document = "{\"issuer\":\"https://issuer.example\",\"jwks_uri\":\"https://keys.example/set\"}";
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"oidc_discovery_url\":\"https://issuer.example\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.first, "one", &reply));
    CHECK(says(reply, "error validating token: invalid issuer (iss) claim"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"oidc_discovery_url\":\"https://issuer.example\",\"bound_issuer\":\"https://issuer.example:8443/realm\"}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    end(&scene);
}

TEST(an_unknown_key_makes_ask_again_once_a_minute)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    issuer.keys = scene.second_set; /* the issuer has a new key */
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "two", &reply)); /* asked less than a minute ago */
    CHECK_U64(1, issuer.asked);
    login_scene_move(&scene.login, MINUTE_MS);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.second, "two", &reply));
    CHECK_U64(2, issuer.asked);
    for (int i = 0; i < 20; i++) { /* nobody makes us ask more often with keys that do not exist */
        login_scene_move(&scene.login, MINUTE_MS + i * 1000);
        CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "three", &reply));
        CHECK(says(reply, "error validating token: error verifying token signature: no known key successfully validated the token signature"));
    }
    CHECK_U64(2, issuer.asked);
    login_scene_move(&scene.login, 2 * MINUTE_MS);
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "three", &reply));
    CHECK_U64(3, issuer.asked); /* that it was asked is remembered although the login was refused */
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "three", &reply));
    CHECK_U64(3, issuer.asked);
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "one", &reply)); /* a known key that did not sign: nothing is asked */
    CHECK_U64(3, issuer.asked);
    end(&scene);
}

TEST(a_key_that_was_withdrawn_counts_an_hour_at_most)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    issuer.keys = scene.second_set;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    issuer.keys = scene.first_set;
    login_scene_move(&scene.login, HOUR_MS - 1);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.second, "two", &reply));
    login_scene_move(&scene.login, HOUR_MS);
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.second, "two", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    CHECK_U64(2, issuer.asked);
    end(&scene);
}

TEST(an_issuer_that_is_away_is_bridged_for_a_day)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    issuer.err = ERR_UNREACHABLE;
    login_scene_move(&scene.login, 2 * HOUR_MS);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    CHECK_U64(2, issuer.asked);
    login_scene_move(&scene.login, 24 * HOUR_MS);
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.first, "one", &reply));
    CHECK(says(reply, "the server could not be reached: https://keys.example:9443/set"));
    CHECK_ERR(ERR_INVALID, log_in(&scene, scene.first, "one", &reply));
    CHECK(says(reply, "the issuer's keys could not be fetched"));
    CHECK_U64(3, issuer.asked);
    issuer.err = ERR_NONE;
    login_scene_move(&scene.login, 24 * HOUR_MS + MINUTE_MS);
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    end(&scene);
}

TEST(an_issuer_may_be_asked_later)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    issuer.err = ERR_TIMEOUT;
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    CHECK(says(reply, "the server did not answer in time"));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"jwks_url\":\"https://keys.example/set\",\"skip_jwks_validation\":true}", &reply));
    CHECK_U64(1, issuer.asked);
    issuer.err = ERR_NONE;
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.first, "one", &reply));
    CHECK_U64(2, issuer.asked);
    end(&scene);
}

TEST(another_configuration_forgets_the_keys)
{
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    issuer.keys = scene.second_set;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"jwks_url\":\"https://other.example/set\",\"skip_jwks_validation\":true}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, scene.second, "two", &reply));
    CHECK_U64(2, issuer.asked);
    end(&scene);
}

TEST(what_issuers_answer_must_be_what_it_should_be)
{
    static const struct {
        const char *keys, *words;
    } cases[] = {
        {"", "the answer is no set of keys (JWKS)"}, {"[]", "the answer is no set of keys (JWKS)"}, {"<html>", "the answer is no set of keys (JWKS)"},
        {"{\"keys\":{}}", "the answer is no set of keys (JWKS)"}, {"{\"keys\":[],\"keys\":[]}", "the answer is no set of keys (JWKS)"},
        {"{\"keys\":[]}", "the set has no key that can check signatures here"}, {"{\"keys\":[1,null,\"x\",[],{}]}", "the set has no key that can check signatures here"},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\",\"kid\":\"one\"}]}", "the set has no key that can check signatures here"},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"one\"}]}", "the set has no key that can check signatures here"},
    };
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        issuer.keys = cases[i].keys;
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
        CHECK(says(reply, cases[i].words));
    }
    cleanup_buf struct buf many = BUF_INIT(1 << 16);
    CHECK_ERR(ERR_NONE, buf_append_string(&many, "{\"keys\":[{}"));
    for (int i = 0; i < 100; i++) {
        CHECK_ERR(ERR_NONE, buf_append_string(&many, ",{}"));
    }
    CHECK_ERR(ERR_NONE, buf_append_string(&many, "]}"));
    issuer.keys = arena_string(scene.login.arena, buf_slice(&many));
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    CHECK(says(reply, "the set has more than 100 keys"));
    issuer.status = 404;
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
    CHECK(says(reply, "the server answered with an error: 404, https://keys.example:9443/set"));
    static const struct {
        enum err err;
        const char *words;
    } failures[] = {{ERR_TOO_LARGE, "the server's answer is too large"}, {ERR_FORGED, "the server's certificate is not trusted"}, {ERR_CLOSED, "the server broke off its answer"}, {ERR_INVALID, "the server could not be asked"}};
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        issuer.err = failures[i].err;
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", FROM_SET, &reply));
        CHECK(says(reply, failures[i].words));
    }
    end(&scene);
}

TEST(a_providers_document_leads_nowhere_else)
{
    static const struct {
        const char *document, *words;
    } cases[] = {
        {"", "the provider's document is no JSON object"},
        {"{\"issuer\":\"https://issuer.example:8443/realm/\",\"jwks_uri\":\"https://keys.example/set\"}", "the provider calls itself by another issuer"},
        {"{\"jwks_uri\":\"https://keys.example/set\"}", "the provider calls itself by another issuer"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\"}", "the provider's document names no keys (jwks_uri)"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":\"http://127.0.0.1:8200/v1/x\"}", "the provider's document names an address that is not taken: jwks_uri"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":\"file:///etc/passwd\"}", "the provider's document names an address that is not taken: jwks_uri"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":[\"https://keys.example\"]}", "the provider's document names an address that is not taken: jwks_uri"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":\"https://keys.example/set\",\"token_endpoint\":\"http://issuer.example/token\"}", "the provider's document names an address that is not taken: token_endpoint"},
        {"{\"issuer\":\"https://issuer.example:8443/realm\",\"jwks_uri\":\"https://user@keys.example/set\"}", "the provider's document names an address that is not taken: jwks_uri"},
    };
    struct keys_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        issuer.document = cases[i].document;
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", "{\"oidc_discovery_url\":\"https://issuer.example:8443/realm\"}", &reply));
        CHECK(says(reply, cases[i].words));
    }
    static const char *const addresses[] = {"http://issuer.example", "ftp://issuer.example", "issuer.example", "https://", "http://localhost.evil.example", "http://localhost:x@evil.example"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"oidc_discovery_url\":\"%s\"}", addresses[i]), &reply));
        CHECK(says(reply, "this must be an https address"));
    }
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", "{\"jwks_url\":\"https://a.example\",\"oidc_discovery_url\":\"https://b.example\"}", &reply));
    CHECK(says(reply, "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set"));
    end(&scene);
}

TEST(addresses_are_read_strictly)
{
    static const struct {
        const char *text;
        uint16_t port;                  /* 0: refused */
        bool is_safe;
    } cases[] = {
        {"https://a.example", 443, true}, {"https://a.example:8443/x?y=1", 8443, true}, {"https://a.example?y", 443, true}, {"http://localhost", 80, true}, {"http://127.0.0.1:8080/realms/x", 8080, true},
        {"http://[::1]:99/", 99, true}, {"https://[2001:db8::1]/", 443, true}, {"http://a.example", 80, false}, {"http://127.0.0.1.a.example", 80, false}, {"http://127.0.0.2", 80, false},
        {"https://", 0, false}, {"https:///x", 0, false}, {"https://a:0", 0, false}, {"https://a:65536", 0, false}, {"https://a:", 0, false}, {"https://a:08", 0, false}, {"https://a:1:2", 0, false}, {"https://u@a", 0, false},
        {"https://a b", 0, false}, {"https://a#x", 0, false}, {"https://a\\b", 0, false}, {"HTTPS://a", 0, false}, {"https://[::1", 0, false}, {"https://[]", 0, false}, {"https://[::1]x", 0, false}, {"https://[g::]", 0, false},
        {"https://a%2eb", 0, false}, {"javascript:alert(1)", 0, false}, {"", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_address address;
        bool good = web_address_read(slice_string(cases[i].text), &address);
        CHECK(good == (cases[i].port != 0));
        CHECK_U64(cases[i].port, good ? address.port : 0);
        CHECK(web_address_is_safe(slice_string(cases[i].text)) == cases[i].is_safe);
    }
}

TEST_MAIN
