/* Logins with signed tokens: configuration, roles, what claims must say, who they say it is. */
#include "secrets/login_scene.h"

#include "secrets/jose_scene.h"

#include <stdlib.h>

extern const struct engine engine_jwt;

/* A login method that takes the tokens of one key. */
struct jwt_scene {
    struct login_scene login;
    EVP_PKEY *key;
    const char *pem;                    /* as a JSON text without quotes */
};

static const char *escaped(struct arena *arena, const char *pem)
{
    cleanup_buf struct buf out = BUF_INIT(1 << 14);
    if (json_write_string(&out, slice_string(pem)) != ERR_NONE) {
        return "";
    }
    return arena_string(arena, buf_slice(&out));
}

static enum err ask(struct jwt_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, scene->login.root, verb, scene_text(&scene->login, "auth/jwt/%s", path), body, ret_reply);
}

static struct jwt_scene start(const char *config)
{
    struct jwt_scene scene = {.login = login_scene_start(&engine_jwt, "jwt", NULL), .key = jose_scene_key("ES256")};
    const struct json *reply = NULL;
    scene.pem = escaped(scene.login.arena, jose_scene_pem(scene.login.arena, scene.key));
    if (ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"jwt_validation_pubkeys\":[%s]%s}", scene.pem, config), &reply) != ERR_NONE) {
        abort();
    }
    return scene;
}

static void end(struct jwt_scene *scene)
{
    EVP_PKEY_free(scene->key);
    login_scene_end(&scene->login);
}

static enum err log_in(struct jwt_scene *scene, const char *role, const char *claims, const struct json **ret_reply)
{
    const char *token = jose_scene_token(scene->login.arena, scene->key, "ES256", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", claims);
    const char *body = scene_text(&scene->login, "{\"role\":\"%s\",\"jwt\":\"%s\"}", role, token);
    return login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", body, ret_reply);
}

/* Claims with times around the scene's clock, 2026-11-23T12:00:00Z. */
#define NOW_S INT64_C(1795435200)
static const char *claims(struct jwt_scene *scene, const char *more)
{
    return scene_text(&scene->login, "{\"iss\":\"https://issuer.example\",\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "%s}", NOW_S - 10, NOW_S + 300, more);
}

static bool says(const struct json *reply, const char *words)
{
    bool same = slice_is(login_scene_error(reply), words);
    if (!same) {
        struct slice got = login_scene_error(reply);
        printf("     said \"%.*s\"\n", (int)got.len, got.data == NULL ? "" : (const char *)got.data);
    }
    return same;
}

#define ROLE(more) "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":\"vogt,other\"" more "}"

TEST(a_configuration_is_written_whole_and_read_back)
{
    struct jwt_scene scene = start(",\"bound_issuer\":\"https://issuer.example\",\"default_role\":\"app\",\"jwt_supported_algs\":[\"ES256\"]");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_SLICE("https://issuer.example", login_scene_text(&scene.login, reply, "data.bound_issuer"));
    CHECK_SLICE("app", login_scene_text(&scene.login, reply, "data.default_role"));
    CHECK_SLICE("[\"ES256\"]", login_scene_text(&scene.login, reply, "data.jwt_supported_algs"));
    CHECK(slice_is(login_scene_text(&scene.login, reply, "data.jwt_validation_pubkeys"), scene_text(&scene.login, "[%s]", scene.pem)));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"jwt_validation_pubkeys\":%s}", scene.pem), &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_SLICE("", login_scene_text(&scene.login, reply, "data.bound_issuer"));
    end(&scene);
}

TEST(a_configuration_without_good_keys_is_refused)
{
    static const char *const bad[] = {"{}", "{\"jwt_validation_pubkeys\":[]}", "{\"jwt_validation_pubkeys\":[\"no key\"]}", "{\"jwt_validation_pubkeys\":\"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\"}"};
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", bad[i], &reply));
    }
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", scene_text(&scene.login, "{\"jwt_validation_pubkeys\":[%s],\"jwt_supported_algs\":[\"HS256\"]}", scene.pem), &reply));
    CHECK(says(reply, "unsupported signing algorithm: HS256"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply)); /* the one before stays */
    end(&scene);
}

TEST(a_role_is_written_read_changed_listed_and_deleted)
{
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/App", ROLE(",\"token_policies\":\"dev\",\"token_ttl\":\"10m\",\"expiration_leeway\":\"2m\",\"clock_skew_leeway\":-1,"
                                                                 "\"bound_claims\":{\"team\":[\"blue\",\"red\"]},\"claim_mappings\":{\"email\":\"mail\"},\"groups_claim\":\"groups\""), &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    static const struct {
        const char *member, *value;
    } shown[] = {
        {"role_type", "jwt"}, {"user_claim", "sub"}, {"bound_audiences", "[\"vogt\",\"other\"]"}, {"bound_claims", "{\"team\":[\"blue\",\"red\"]}"}, {"bound_claims_type", "string"},
        {"claim_mappings", "{\"email\":\"mail\"}"}, {"groups_claim", "groups"}, {"expiration_leeway", "120"}, {"clock_skew_leeway", "-1"}, {"not_before_leeway", "0"},
        {"allowed_redirect_uris", "null"}, {"oidc_scopes", "null"}, {"bound_subject", ""}, {"user_claim_json_pointer", "false"}, {"verbose_oidc_logging", "false"}, {"max_age", "0"},
        {"token_policies", "[\"dev\"]"}, {"token_ttl", "600"}, {"token_type", "default"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        CHECK(slice_is(login_scene_text(&scene.login, reply, scene_text(&scene.login, "data.%s", shown[i].member)), shown[i].value));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"bound_subject\":\"ada\",\"claim_mappings\":\"a=b, /c/d=e\"}", &reply)); /* the rest stays */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    CHECK_SLICE("ada", login_scene_text(&scene.login, reply, "data.bound_subject"));
    CHECK_SLICE("{\"a\":\"b\",\"/c/d\":\"e\"}", login_scene_text(&scene.login, reply, "data.claim_mappings"));
    CHECK_SLICE("[\"vogt\",\"other\"]", login_scene_text(&scene.login, reply, "data.bound_audiences"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_LIST, "role", NULL, &reply));
    CHECK_SLICE("[\"app\"]", login_scene_text(&scene.login, reply, "data.keys"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_DELETE, "role/app", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    end(&scene);
}

TEST(what_a_role_cannot_be_is_refused)
{
    static const struct {
        const char *body, *words;
    } bad[] = {
        {"{\"role_type\":\"saml\",\"user_claim\":\"sub\"}", "invalid 'role_type': saml"},
        {"{\"role_type\":\"jwt\",\"bound_subject\":\"a\"}", "a user claim must be defined on the role"},
        {"{\"role_type\":\"jwt\",\"user_claim\":\"sub\"}", "must have at least one bound constraint when creating/updating a role"},
        {"{\"user_claim\":\"sub\"}", "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified."},
        {ROLE(",\"bound_claims_type\":\"regex\""), "invalid 'bound_claims_type': regex"},
        {ROLE(",\"bound_claims\":{\"a\":{\"b\":1}}"), "claim is not a string or list: a"},
        {ROLE(",\"bound_claims_type\":\"glob\",\"bound_claims\":{\"a\":1}"), "claim is not a string or list: a"},
        {ROLE(",\"claim_mappings\":{\"x\":\"role\"}"), "metadata key is reserved and may not be a mapping destination: role"},
        {ROLE(",\"claim_mappings\":{\"x\":\"m\",\"y\":\"m\"}"), "multiple keys are mapped to the same metadata key: m"},
        {ROLE(",\"claim_mappings\":{\"x\":1}"), "this field takes an object of texts, or texts such as claim=name: claim_mappings"},
        {ROLE(",\"expiration_leeway\":\"soon\""), "this field takes a duration, such as 90, \"5m\" or -1: expiration_leeway"},
        {ROLE(",\"token_ttl\":20,\"token_max_ttl\":10"), "'token_ttl' cannot be greater than 'token_max_ttl'"},
    };
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/app", bad[i].body, &reply));
        CHECK(says(reply, bad[i].words));
    }
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, VERB_READ, "role/app", NULL, &reply));
    end(&scene);
}

TEST(a_login_gives_a_token_that_says_who_it_is)
{
    struct jwt_scene scene = start(",\"bound_issuer\":\"https://issuer.example\",\"default_role\":\"app\"");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", ROLE(",\"token_policies\":[\"dev\"],\"token_ttl\":\"1h\",\"claim_mappings\":{\"email\":\"mail\",\"level\":\"level\",\"/real/m\":\"machine\",\"no\":\"no\"}"), &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "", claims(&scene, ",\"email\":\"ada@example.org\",\"level\":3,\"real\":{\"m\":true}"), &reply));
    CHECK_SLICE("3600", login_scene_text(&scene.login, reply, "auth.lease_duration"));
    CHECK_SLICE("[\"default\",\"dev\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    CHECK_SLICE("{\"role\":\"app\",\"mail\":\"ada@example.org\",\"level\":\"3\",\"machine\":\"true\"}", login_scene_text(&scene.login, reply, "auth.metadata"));
    struct slice token = login_scene_text(&scene.login, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("jwt-ada", login_scene_text(&scene.login, reply, "data.display_name"));
    CHECK_SLICE("auth/jwt/login", login_scene_text(&scene.login, reply, "data.path"));
    end(&scene);
}

TEST(what_claims_must_say)
{
    static const struct {
        const char *claims, *words;     /* words NULL: a token is given */
    } cases[] = {
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", NULL},
        {"{\"sub\":\"ada\",\"aud\":[\"x\",\"other\"],\"iat\":1795435190,\"exp\":1795435500.75,\"iss\":\"i\"}", NULL},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iss\":\"i\"}", "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795435000,\"exp\":1795435141,\"iss\":\"i\"}", NULL}, /* within the skew of a minute */
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795435000,\"exp\":1795435140,\"iss\":\"i\"}", "error validating token: invalid expiration time (exp) claim: token is expired"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":\"1795435500\",\"iss\":\"i\"}", "error validating token: iat, nbf and exp claims must be numbers"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":-5,\"iss\":\"i\"}", "error validating token: iat, nbf and exp claims must be numbers"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":1e99,\"iss\":\"i\"}", "error validating token: iat, nbf and exp claims must be numbers"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":99999999999999999999,\"iss\":\"i\"}", "error validating token: iat, nbf and exp claims must be numbers"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":1795439999,\"nbf\":1795435261,\"iss\":\"i\"}", "error validating token: invalid not before (nbf) claim: token not yet valid"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":1795439999,\"nbf\":1795435260,\"iss\":\"i\"}", NULL},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"nbf\":1795435000,\"iat\":1795435261,\"iss\":\"i\"}", "error validating token: invalid issued at (iat) claim: token issued in the future"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795434991,\"iss\":\"i\"}", NULL}, /* without exp: 150 s, and the minute */
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795434990,\"iss\":\"i\"}", "error validating token: invalid expiration time (exp) claim: token is expired"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"I\"}", "error validating token: invalid issuer (iss) claim"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500}", "error validating token: invalid issuer (iss) claim"},
        {"{\"sub\":\"ada\",\"aud\":\"vogts\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"},
        {"{\"sub\":\"ada\",\"aud\":{\"vogt\":1},\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"},
        {"{\"sub\":\"ada\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"},
        {"{\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "claim \"sub\" not found in token"},
        {"{\"sub\":7,\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "claim \"sub\" could not be converted to string"},
        {"{\"sub\":\"\",\"aud\":\"vogt\",\"iat\":1795435190,\"exp\":1795435500,\"iss\":\"i\"}", "claim \"sub\" could not be converted to string"},
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":1795435410,\"iss\":\"i\"}", NULL}, /* exp alone: it begins 150 s before */
        {"{\"sub\":\"ada\",\"aud\":\"vogt\",\"exp\":1795435411,\"iss\":\"i\"}", "error validating token: invalid not before (nbf) claim: token not yet valid"},
        {"[]", "the token's claims are no JSON object"},
    };
    struct jwt_scene scene = start(",\"bound_issuer\":\"i\"");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", ROLE(""), &reply));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(cases[i].words == NULL ? ERR_NONE : ERR_INVALID, log_in(&scene, "app", cases[i].claims, &reply));
        CHECK(cases[i].words == NULL || says(reply, cases[i].words));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/bare", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_subject\":\"ada\",\"clock_skew_leeway\":-1}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "bare", cases[0].claims, &reply));
    CHECK(says(reply, "audience claim found in JWT but no audiences bound to the role"));
    CHECK_ERR(ERR_NONE, log_in(&scene, "bare", "{\"sub\":\"ada\",\"exp\":1795435201,\"iss\":\"i\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "bare", "{\"sub\":\"ada\",\"exp\":1795435200,\"iss\":\"i\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "bare", "{\"sub\":\"eve\",\"exp\":1795435201,\"iss\":\"i\"}", &reply));
    CHECK(says(reply, "error validating token: invalid subject (sub) claim"));
    end(&scene);
}

TEST(bound_claims_match_as_texts_or_globs)
{
    static const struct {
        const char *type, *bound, *claims, *words;
    } cases[] = {
        {"string", "{\"team\":\"blue\"}", ",\"team\":\"blue\"", NULL},
        {"string", "{\"team\":\"blue\"}", ",\"team\":[\"red\",\"blue\"]", NULL},
        {"string", "{\"team\":[\"red\",\"blue\"]}", ",\"team\":\"blue\"", NULL},
        {"string", "{\"team\":\"b*\"}", ",\"team\":\"blue\"", "error validating claims: claim \"team\" does not match any associated bound claim values"},
        {"string", "{\"team\":\"blue\"}", "", "error validating claims: claim \"team\" is missing"},
        {"string", "{\"team\":\"blue\"}", ",\"team\":null", "error validating claims: claim \"team\" is missing"},
        {"string", "{\"team\":\"blue\"}", ",\"team\":{\"blue\":1}", "error validating claims: claim \"team\" does not match any associated bound claim values"},
        {"string", "{\"team\":\"blue\",\"a\":true,\"n\":5}", ",\"team\":\"blue\",\"a\":true,\"n\":5", NULL},
        {"string", "{\"a\":true}", ",\"a\":\"true\"", "error validating claims: claim \"a\" does not match any associated bound claim values"},
        {"string", "{\"/org/teams/1\":\"blue\"}", ",\"org\":{\"teams\":[\"red\",\"blue\"]}", NULL},
        {"string", "{\"/org/a~1b\":\"x\"}", ",\"org\":{\"a/b\":\"x\"}", NULL},
        {"string", "{\"/org/teams/2\":\"blue\"}", ",\"org\":{\"teams\":[\"red\",\"blue\"]}", "error validating claims: claim \"/org/teams/2\" is missing"},
        {"glob", "{\"ref\":\"refs/heads/*\"}", ",\"ref\":\"refs/heads/main\"", NULL},
        {"glob", "{\"ref\":[\"x\",\"*main*\"]}", ",\"ref\":\"main\"", NULL},
        {"glob", "{\"ref\":\"a*b*c\"}", ",\"ref\":\"aXbXbXc\"", NULL},
        {"glob", "{\"ref\":\"a*b*c\"}", ",\"ref\":\"aXcXb\"", "error validating claims: claim \"ref\" does not match any associated bound claim values"},
        {"glob", "{\"ref\":\"refs/heads/*\"}", ",\"ref\":\"xrefs/heads/main\"", "error validating claims: claim \"ref\" does not match any associated bound claim values"},
        {"glob", "{\"ref\":\"main\"}", ",\"ref\":\"main2\"", "error validating claims: claim \"ref\" does not match any associated bound claim values"},
        {"glob", "{\"ref\":\"*\"}", ",\"ref\":5", "error validating claims: claim \"ref\" does not match any associated bound claim values"},
    };
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *body = scene_text(&scene.login, "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_audiences\":[\"vogt\"],\"bound_claims_type\":\"%s\",\"bound_claims\":%s}", cases[i].type, cases[i].bound);
        CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", body, &reply));
        CHECK_ERR(cases[i].words == NULL ? ERR_NONE : ERR_INVALID, log_in(&scene, "app", claims(&scene, cases[i].claims), &reply));
        CHECK(cases[i].words == NULL || says(reply, cases[i].words));
    }
    end(&scene);
}

TEST(groups_and_pointers_are_read)
{
    static const struct {
        const char *claims, *words;
    } cases[] = {
        {",\"g\":[\"a\",\"\",\"b\"]", NULL}, {",\"g\":\"a\"", NULL}, {",\"g\":[]", NULL},
        {"", "\"g\" claim not found in token"}, {",\"g\":[\"a\",1]", "\"g\" claim could not be converted to string list"}, {",\"g\":{}", "\"g\" claim could not be converted to string list"},
    };
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", ROLE(",\"groups_claim\":\"g\""), &reply));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(cases[i].words == NULL ? ERR_NONE : ERR_INVALID, log_in(&scene, "app", claims(&scene, cases[i].claims), &reply));
        CHECK(cases[i].words == NULL || says(reply, cases[i].words));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"user_claim\":\"/who/name\",\"groups_claim\":\"/who/in\"}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "app", claims(&scene, ",\"who\":{\"name\":\"grace\",\"in\":[\"x\"]}"), &reply)); /* a pointer only when the role says so */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", "{\"user_claim_json_pointer\":true}", &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", claims(&scene, ",\"who\":{\"name\":\"grace\",\"in\":[\"x\"]}"), &reply));
    end(&scene);
}

TEST(groups_of_the_token_are_external_groups_of_identity)
{
    struct jwt_scene scene = start("");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", ROLE(",\"groups_claim\":\"g\""), &reply));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, scene.login.root, VERB_READ, "sys/auth/jwt", NULL, &reply));
    struct slice accessor = json_text(json_member(reply, "data"), "accessor", SLICE_NONE);
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, scene.login.root, VERB_WRITE, "identity/group", "{\"name\":\"staff\",\"type\":\"external\",\"policies\":[\"of-staff\"]}", &reply));
    struct slice id = json_text(json_member(reply, "data"), "id", SLICE_NONE);
    const char *alias = scene_text(&scene.login, "{\"name\":\"/staff\",\"canonical_id\":\"%.*s\",\"mount_accessor\":\"%.*s\"}", (int)id.len, (const char *)id.data, (int)accessor.len, (const char *)accessor.data);
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, scene.login.root, VERB_WRITE, "identity/group-alias", alias, &reply));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", claims(&scene, ",\"g\":[\"/staff\"]"), &reply));
    CHECK_SLICE("[\"of-staff\"]", login_scene_text(&scene.login, reply, "auth.identity_policies"));
    CHECK_ERR(ERR_NONE, log_in(&scene, "app", claims(&scene, ",\"g\":[\"/other\"]"), &reply));
    CHECK_SLICE("[]", login_scene_text(&scene.login, reply, "auth.identity_policies"));
    end(&scene);
}

TEST(logins_that_are_refused_before_the_claims_count)
{
    struct jwt_scene scene = start(",\"jwt_supported_algs\":[\"ES256\",\"RS256\"]");
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/app", ROLE(",\"token_bound_cidrs\":\"10.0.0.0/8,127.0.0.1\""), &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/web", "{\"user_claim\":\"sub\",\"allowed_redirect_uris\":[\"http://localhost:8250/oidc/callback\"]}", &reply));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "none", claims(&scene, ""), &reply));
    CHECK(says(reply, "role \"none\" could not be found"));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "", claims(&scene, ""), &reply));
    CHECK(says(reply, "missing role"));
    CHECK_ERR(ERR_INVALID, log_in(&scene, "web", claims(&scene, ""), &reply));
    CHECK(says(reply, "role with oidc role_type is not allowed"));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", "{\"role\":\"app\"}", &reply));
    CHECK(says(reply, "missing token"));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", "{\"role\":\"app\",\"jwt\":\"abc\"}", &reply));
    CHECK(says(reply, "malformed token: it must have three parts"));
    EVP_PKEY *own = scene.key, *other = jose_scene_key("ES256"), *edwards = jose_scene_key("EdDSA");
    scene.key = other;
    CHECK_ERR(ERR_INVALID, log_in(&scene, "app", claims(&scene, ""), &reply));
    CHECK(says(reply, "error validating token: error verifying token signature: no known key successfully validated the token signature"));
    scene.key = own;
    const char *token = jose_scene_token(scene.login.arena, edwards, "EdDSA", "{\"alg\":\"EdDSA\"}", claims(&scene, ""));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", scene_text(&scene.login, "{\"role\":\"app\",\"jwt\":\"%s\"}", token), &reply));
    CHECK(says(reply, "token is signed with an unexpected algorithm: EdDSA"));
    scene.login.remote = "192.0.2.7:5000";
    CHECK_ERR(ERR_DENIED, log_in(&scene, "app", claims(&scene, ""), &reply));
    scene.login.remote = "10.1.2.3:5000";
    CHECK_ERR(ERR_NONE, log_in(&scene, "APP", claims(&scene, ""), &reply));
    EVP_PKEY_free(other);
    EVP_PKEY_free(edwards);
    end(&scene);
}

TEST(nothing_is_given_before_there_is_a_configuration)
{
    struct login_scene login = login_scene_start(&engine_jwt, "jwt", NULL);
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, login_scene_ask(&login, login.root, VERB_READ, "auth/jwt/config", NULL, &reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&login, SLICE_NONE, VERB_WRITE, "auth/jwt/login", "{\"role\":\"app\",\"jwt\":\"a.b.c\"}", &reply));
    CHECK(says(reply, "could not load configuration"));
    login_scene_end(&login);
}

TEST_MAIN
