/* Logins through the browser: the provider's address, the way back, the ID token, and everything that must end such a login. */
#include "secrets/login_scene.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "secrets/jose_scene.h"

#include <stdlib.h>

extern const struct engine engine_oidc;

enum { MINUTE_MS = 60 * 1000 };
#define REDIRECT "http://localhost:8250/oidc/callback"

/* What answers in the place of reach. */
static struct {
    const char *document, *keys, *tokens, *userinfo, *device;
    unsigned tokens_status, userinfo_status, device_status, exchanged;
    enum err tokens_err;
    char form[2048], authorization[512], bearer[2048];
} provider;

static void keep(char *out, size_t out_bytes, struct slice text)
{
    snprintf(out, out_bytes, "%.*s", (int)text.len, text.data == NULL ? "" : (const char *)text.data);
}

static enum err answer(struct arena *arena, struct work_reply *reply, unsigned status, const char *body)
{
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "status", status);
    return buf_append_string(reply->raw, body);
}

static enum err reach(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct slice url = json_text(input, "url", SLICE_NONE);
    if (slice_is(url, "https://login.example/.well-known/openid-configuration")) {
        return answer(arena, reply, 200, provider.document);
    }
    if (slice_is(url, "https://login.example/keys")) {
        return answer(arena, reply, 200, provider.keys);
    }
    if (slice_is(url, "https://login.example/me")) {
        keep(provider.bearer, sizeof provider.bearer, json_text(input, "authorization", SLICE_NONE));
        return answer(arena, reply, provider.userinfo_status, provider.userinfo);
    }
    if (slice_is(url, "https://login.example/device")) {
        keep(provider.form, sizeof provider.form, raw);
        return answer(arena, reply, provider.device_status, provider.device);
    }
    if (!slice_is(url, "https://login.example/token") || strcmp(name, "http.post") != 0 || !slice_is(json_text(input, "content_type", SLICE_NONE), "application/x-www-form-urlencoded")) {
        return ERR_INTERNAL;
    }
    provider.exchanged++;
    keep(provider.form, sizeof provider.form, raw);
    keep(provider.authorization, sizeof provider.authorization, json_text(input, "authorization", SLICE_NONE));
    return provider.tokens_err != ERR_NONE ? provider.tokens_err : answer(arena, reply, provider.tokens_status, provider.tokens);
}

struct oidc_scene {
    struct login_scene login;
    EVP_PKEY *key;
    const char *url, *state, *nonce, *challenge; /* of the newest auth_url */
};

static enum err ask(struct oidc_scene *scene, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, scene->login.root, verb, scene_text(&scene->login, "auth/oidc/%s", path), body, ret_reply);
}

#define DOCUMENT(more) "{\"issuer\":\"https://login.example\",\"jwks_uri\":\"https://login.example/keys\",\"authorization_endpoint\":\"https://login.example/authorize\"," \
                       "\"token_endpoint\":\"https://login.example/token\",\"userinfo_endpoint\":\"https://login.example/me\"" more "}"
#define CLIENT_MEMBERS "\"oidc_discovery_url\":\"https://login.example\",\"oidc_client_id\":\"vogt app\",\"oidc_client_secret\":\"s:3cret&\",\"default_role\":\"dev\""
#define CLIENT "{" CLIENT_MEMBERS "}"

static struct oidc_scene start(void)
{
    struct oidc_scene scene = {.login = login_scene_start(&engine_oidc, "oidc", NULL), .key = jose_scene_key("ES256")};
    const struct json *reply = NULL;
    memset(&provider, 0, sizeof provider);
    provider.document = DOCUMENT("");
    provider.keys = scene_text(&scene.login, "{\"keys\":[%s]}", jose_scene_jwk(scene.login.arena, scene.key, "one"));
    provider.tokens_status = 200;
    provider.userinfo_status = 404;
    provider.userinfo = "{}";
    login_scene_set_reach(reach);
    if (ask(&scene, VERB_WRITE, "config", CLIENT, &reply) != ERR_NONE ||
        ask(&scene, VERB_WRITE, "role/dev", "{\"user_claim\":\"sub\",\"allowed_redirect_uris\":[\"" REDIRECT "\",\"https://vogt.example/ui/callback\"],\"oidc_scopes\":[\"email\",\"openid\",\"groups\"],\"token_policies\":\"dev\"}", &reply) != ERR_NONE) {
        abort();
    }
    return scene;
}

static void end(struct oidc_scene *scene)
{
    EVP_PKEY_free(scene->key);
    login_scene_end(&scene->login);
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

static const char *parameter(struct oidc_scene *scene, const char *name)
{
    struct slice url = slice_string(scene->url);
    size_t at = slice_find(url, slice_string(scene_text(&scene->login, "&%s=", name)));
    struct slice rest = at == SIZE_MAX ? SLICE_NONE : slice_from(url, at + strlen(name) + 2);
    return arena_string(scene->login.arena, slice_first(rest, slice_find_byte(rest, '&')));
}

static enum err begin(struct oidc_scene *scene, const char *body)
{
    const struct json *reply = NULL;
    enum err err = login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", body, &reply);
    scene->url = arena_string(scene->login.arena, login_scene_text(&scene->login, reply, "data.auth_url"));
    scene->state = parameter(scene, "state");
    scene->nonce = parameter(scene, "nonce");
    scene->challenge = parameter(scene, "code_challenge");
    return err;
}

#define PLAIN "{\"role\":\"dev\",\"redirect_uri\":\"" REDIRECT "\"}"

/* The provider gives an ID token with these claims (a %s stands for the nonce). */
static void issue(struct oidc_scene *scene, const char *claims)
{
    provider.tokens = scene_text(&scene->login, "{\"token_type\":\"Bearer\",\"access_token\":\"acc\",\"id_token\":\"%s\"}",
                                 jose_scene_token(scene->login.arena, scene->key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"one\"}", claims));
}

static const char *good_claims(struct oidc_scene *scene, const char *more)
{
    return scene_text(&scene->login, "{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"%s}", scene->nonce, more);
}

static enum err come_back(struct oidc_scene *scene, const char *query, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, SLICE_NONE, VERB_READ, scene_text(&scene->login, "auth/oidc/oidc/callback?state=%s%s", scene->state, query), NULL, ret_reply);
}

TEST(a_browser_is_sent_to_the_provider_and_comes_back_with_a_token)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, begin(&scene, "{\"redirect_uri\":\"" REDIRECT "\",\"client_nonce\":\"mine\"}"));
    CHECK(slice_starts(slice_string(scene.url), SLICE_LITERAL("https://login.example/authorize?client_id=vogt%20app&code_challenge=")));
    CHECK(strstr(scene.url, "&code_challenge_method=S256&") != NULL && strstr(scene.url, "&response_type=code&") != NULL && strstr(scene.url, "&scope=openid%20email%20groups&") != NULL);
    CHECK(strstr(scene.url, "&redirect_uri=http%3A%2F%2Flocalhost%3A8250%2Foidc%2Fcallback&") != NULL && strlen(scene.nonce) == 27 && strlen(scene.challenge) == 43);
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=abc&client_nonce=mine&iss=https://login.example", &reply));
    CHECK_SLICE("[\"default\",\"dev\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    CHECK_SLICE("{\"role\":\"dev\"}", login_scene_text(&scene.login, reply, "auth.metadata"));
    struct slice token = login_scene_text(&scene.login, reply, "auth.client_token");
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, token, VERB_READ, "auth/token/lookup-self", NULL, &reply));
    CHECK_SLICE("oidc-ada", login_scene_text(&scene.login, reply, "data.display_name"));
    /* the exchange: the client named, and the proof key that the challenge was made of */
    CHECK(strcmp(provider.authorization, "Basic dm9ndCUyMGFwcDpzJTNBM2NyZXQlMjY=") == 0); /* vogt%20app:s%3A3cret%26 */
    struct slice form = slice_string(provider.form), head = SLICE_LITERAL("grant_type=authorization_code&code=abc&redirect_uri=http%3A%2F%2Flocalhost%3A8250%2Foidc%2Fcallback&code_verifier=");
    uint8_t digest[SHA256_BYTES];
    CHECK(slice_starts(form, head));
    sha256(slice_from(form, head.len), digest);
    CHECK(strcmp(jose_scene_base64(scene.login.arena, slice_of(digest, sizeof digest)), scene.challenge) == 0);
    CHECK(strstr(provider.form, "cret") == NULL && strcmp(provider.bearer, "Bearer acc") == 0);
    /* a state is good once */
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=abc&client_nonce=mine", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    CHECK_U64(1, provider.exchanged);
    end(&scene);
}

TEST(a_secret_goes_into_the_form_where_the_provider_takes_it_nowhere_else)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    provider.document = DOCUMENT(",\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\",\"client_secret_post\"]");
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", CLIENT, &reply));
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=a", &reply));
    CHECK(strcmp(provider.authorization, "") == 0 && strstr(provider.form, "&client_id=vogt%20app&client_secret=s%3A3cret%26") != NULL);
    end(&scene);
}

TEST(a_browser_may_come_back_where_the_role_says_only)
{
    static const struct {
        const char *url;
        bool is_allowed;
    } cases[] = {
        {REDIRECT, true}, {"https://vogt.example/ui/callback", true}, {"http://localhost:9999/oidc/callback", true}, {"http://localhost/oidc/callback", true},
        {"http://localhost:8250/oidc/callback/", false}, {"http://localhost:8250/oidc/callback?x=1", false}, {"https://localhost:8250/oidc/callback", false}, {"http://127.0.0.1:8250/oidc/callback", false},
        {"https://vogt.example:444/ui/callback", false}, {"https://vogt.example/ui/callback2", false}, {"https://evil.example/oidc/callback", false}, {"http://localhost:8250@evil.example/oidc/callback", false},
        {"http://localhost.evil.example:8250/oidc/callback", false},
    };
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(ERR_NONE, begin(&scene, scene_text(&scene.login, "{\"role\":\"dev\",\"redirect_uri\":\"%s\"}", cases[i].url)));
        CHECK((strlen(scene.url) > 0) == cases[i].is_allowed);
    }
    static const struct {
        const char *body, *words;
    } bad[] = {{"{\"role\":\"dev\"}", "missing redirect_uri"}, {"{\"role\":\"x\",\"redirect_uri\":\"" REDIRECT "\"}", "role \"x\" could not be found"}, {"{\"role\":\"program\",\"redirect_uri\":\"" REDIRECT "\"}", "role with jwt role_type is not allowed"}};
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/program", "{\"role_type\":\"jwt\",\"user_claim\":\"sub\",\"bound_subject\":\"x\"}", &reply));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", bad[i].body, &reply));
        CHECK(says(reply, bad[i].words));
    }
    end(&scene);
}

TEST(a_way_back_that_nobody_began_leads_nowhere)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, begin(&scene, "{\"role\":\"dev\",\"redirect_uri\":\"" REDIRECT "\",\"client_nonce\":\"mine\"}"));
    static const struct {
        const char *query, *words;
    } cases[] = {
        {"&code=a", "invalid client_nonce"}, {"&code=a&client_nonce=yours", "invalid client_nonce"}, {"&client_nonce=mine", "Vault login failed. OAuth code parameter not provided"},
        {"&client_nonce=mine&error=access_denied", "Vault login failed. The provider refused: access_denied"},
        {"&code=a&client_nonce=mine&iss=https://honest.example", "Vault login failed. The answer comes from another provider (iss)."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(ERR_INVALID, come_back(&scene, cases[i].query, &reply));
        CHECK(says(reply, cases[i].words));
    }
    const char *good = scene.state;
    static const char *const states[] = {"", "x", "AAAA"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        scene.state = states[i];
        CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a&client_nonce=mine", &reply));
        CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    }
    for (size_t at = 0; at < strlen(good); at += 7) { /* nobody writes a state of his own */
        char *changed = arena_string(scene.login.arena, slice_string(good));
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        scene.state = changed;
        CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a&client_nonce=mine", &reply));
    }
    scene.state = good;
    login_scene_move(&scene.login, 10 * MINUTE_MS);
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a&client_nonce=mine", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    CHECK_U64(0, provider.exchanged);
    end(&scene);
}

TEST(id_tokens_that_are_not_for_this_login_are_refused)
{
    static const struct {
        const char *claims, *words;     /* a %s stands for the nonce */
    } cases[] = {
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500}", "Vault login failed. Token verification failed. The token belongs to another login (nonce)."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"x%s\"}", "Vault login failed. Token verification failed. The token belongs to another login (nonce)."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"other\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token is meant for another client."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token is meant for another client."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":[\"vogt app\",\"b\"],\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token is meant for another client."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"azp\":\"b\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token is meant for another client."},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token lacks exp or sub."},
        {"{\"iss\":\"https://login.example\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "Vault login failed. Token verification failed. The token lacks exp or sub."},
        {"{\"iss\":\"https://other.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500,\"nonce\":\"%s\"}", "error validating token: invalid issuer (iss) claim"},
        {"{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795434000,\"exp\":1795435000,\"nonce\":\"%s\"}", "error validating token: invalid expiration time (exp) claim: token is expired"},
    };
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *percent = strstr(cases[i].claims, "%s");
        size_t head = percent == NULL ? strlen(cases[i].claims) : (size_t)(percent - cases[i].claims);
        issue(&scene, scene_text(&scene.login, "%.*s%s%s", (int)head, cases[i].claims, percent == NULL ? "" : scene.nonce, percent == NULL ? "" : percent + 2));
        CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
        CHECK(says(reply, cases[i].words));
    }
    EVP_PKEY *own = scene.key, *other = jose_scene_key("ES256");
    scene.key = other;
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
    CHECK(says(reply, "error validating token: error verifying token signature: no known key successfully validated the token signature"));
    scene.key = own;
    issue(&scene, good_claims(&scene, ",\"azp\":\"vogt app\""));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=a", &reply)); /* what failed before has not used the state up */
    EVP_PKEY_free(other);
    end(&scene);
}

TEST(what_the_role_binds_holds_here_too)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/dev", "{\"bound_claims\":{\"team\":\"blue\"},\"bound_audiences\":[\"second\"],\"max_age\":\"1h\"}", &reply));
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    CHECK(strcmp(parameter(&scene, "max_age"), "3600") == 0);
    issue(&scene, good_claims(&scene, ",\"team\":\"blue\",\"auth_time\":1795435000"));
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
    CHECK(says(reply, "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/dev", "{\"bound_audiences\":[\"vogt app\"]}", &reply));
    issue(&scene, good_claims(&scene, ",\"team\":\"blue\",\"auth_time\":1795431500"));
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
    CHECK(says(reply, "Vault login failed. Token verification failed. The login at the provider is older than max_age."));
    issue(&scene, good_claims(&scene, ",\"team\":\"red\",\"auth_time\":1795435000"));
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
    CHECK(says(reply, "error validating claims: claim \"team\" does not match any associated bound claim values"));
    issue(&scene, good_claims(&scene, ",\"team\":\"blue\",\"auth_time\":1795435000"));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=a", &reply));
    end(&scene);
}

TEST(what_the_token_endpoint_answers_is_told)
{
    static const struct {
        unsigned status;
        const char *body, *words;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"x\"}", "Vault login failed. Error exchanging oidc code: invalid_grant"}, {500, "<html>", "Vault login failed. Error exchanging oidc code"},
        {302, "{\"id_token\":\"a.b.c\"}", "Vault login failed. Error exchanging oidc code"}, {200, "{\"access_token\":\"x\"}", "Vault login failed. Token verification failed. No id_token found in response."},
        {200, "<html>", "Vault login failed. Token verification failed. No id_token found in response."}, {200, "{\"id_token\":\"abc\"}", "malformed token: it must have three parts"},
        {200, "{\"id_token\":\"eyJhbGciOiJub25lIn0.e30.\"}", "token is signed with an unsupported algorithm: none"},
    };
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        provider.tokens_status = cases[i].status;
        provider.tokens = cases[i].body;
        CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
        CHECK(says(reply, cases[i].words));
    }
    provider.tokens_err = ERR_TIMEOUT;
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a", &reply));
    CHECK(says(reply, "the server did not answer in time: https://login.example/token"));
    end(&scene);
}

TEST(userinfo_adds_what_the_token_lacks_and_changes_nothing)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/dev", "{\"claim_mappings\":{\"email\":\"mail\",\"level\":\"level\"}}", &reply));
    static const struct {
        unsigned status;
        const char *userinfo, *metadata;
    } cases[] = {
        {200, "{\"sub\":\"ada\",\"email\":\"ada@example.org\",\"level\":\"9\"}", "{\"role\":\"dev\",\"mail\":\"ada@example.org\",\"level\":\"1\"}"},
        {200, "{\"sub\":\"eve\",\"email\":\"eve@example.org\"}", "{\"role\":\"dev\",\"level\":\"1\"}"},
        {200, "{\"email\":\"eve@example.org\"}", "{\"role\":\"dev\",\"level\":\"1\"}"},
        {500, "{\"sub\":\"ada\",\"email\":\"ada@example.org\"}", "{\"role\":\"dev\",\"level\":\"1\"}"},
        {200, "<html>", "{\"role\":\"dev\",\"level\":\"1\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        provider.userinfo_status = cases[i].status;
        provider.userinfo = cases[i].userinfo;
        CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
        issue(&scene, good_claims(&scene, ",\"level\":\"1\""));
        CHECK_ERR(ERR_NONE, come_back(&scene, "&code=a", &reply));
        CHECK(slice_is(login_scene_text(&scene.login, reply, "auth.metadata"), cases[i].metadata));
    }
    end(&scene);
}

TEST(a_clients_configuration_is_checked_and_its_secret_not_shown)
{
    static const struct {
        const char *body, *words;
    } bad[] = {
        {"{\"oidc_discovery_url\":\"https://login.example\",\"oidc_client_id\":\"a\"}", "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC"},
        {"{\"jwks_url\":\"https://login.example/keys\",\"oidc_client_id\":\"a\",\"oidc_client_secret\":\"b\"}", "'oidc_discovery_url' must be set for OIDC"},
        {"{\"oidc_discovery_url\":\"https://login.example\",\"oidc_response_mode\":\"fragment\"}", "invalid response_mode: fragment"},
        {"{\"oidc_discovery_url\":\"https://login.example\",\"oidc_response_types\":[\"id_token\"]}", "unsupported response_type: only 'code' is supported"},
        {"{\"oidc_discovery_url\":\"https://login.example\",\"provider_config\":{\"provider\":\"gsuite\"}}", "unsupported provider in provider_config: gsuite"},
    };
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_READ, "config", NULL, &reply));
    CHECK_SLICE("vogt app", login_scene_text(&scene.login, reply, "data.oidc_client_id"));
    CHECK_SLICE("(absent)", login_scene_text(&scene.login, reply, "data.oidc_client_secret"));
    CHECK_SLICE("{}", login_scene_text(&scene.login, reply, "data.provider_config"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "config", bad[i].body, &reply));
        CHECK(says(reply, bad[i].words));
    }
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"oidc_discovery_url\":\"https://login.example\"}", &reply));
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", PLAIN, &reply));
    CHECK(says(reply, "OIDC login is not configured for this mount"));
    end(&scene);
}

TEST(a_providers_form_goes_on_to_the_page_which_ends_the_login)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", "{\"oidc_response_mode\":\"form_post\"," CLIENT_MEMBERS "}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/dev", "{\"allowed_redirect_uris\":[\"" REDIRECT "\",\"https://vogt.example/v1/auth/oidc/oidc/callback\"]}", &reply));
    /* what Vault's own page calls itself is meant for the API; what names another place stays */
    CHECK_ERR(ERR_NONE, begin(&scene, "{\"redirect_uri\":\"https://vogt.example/ui/vault/auth/oidc/oidc/callback\",\"client_nonce\":\"mine\"}"));
    CHECK(strstr(scene.url, "&redirect_uri=https%3A%2F%2Fvogt.example%2Fv1%2Fauth%2Foidc%2Foidc%2Fcallback&response_mode=form_post&response_type=code&") != NULL);
    const char *form = scene_text(&scene.login, "{\"state\":\"%s\",\"code\":\"a b#&\",\"session_state\":\"x\",\"iss\":\"https://login.example\"}", scene.state);
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/callback", form, &reply));
    CHECK(slice_is(reply->text, scene_text(&scene.login, "/ui/#state=%s&code=a%%20b%%23%%26&iss=https%%3A%%2F%%2Flogin.example", scene.state)));
    CHECK_U64(0, provider.exchanged);
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=abc", &reply));
    CHECK(says(reply, "invalid client_nonce"));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=abc&client_nonce=mine", &reply));
    CHECK_SLICE("[\"default\",\"dev\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    /* a state that nobody made, and a refusal, are the page's to tell */
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/callback", "{\"state\":\"\\r\\nx\",\"error\":\"access_denied\"}", &reply));
    CHECK_SLICE("/ui/#state=%0D%0Ax&error=access_denied", reply->text);
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    CHECK(strstr(scene.url, "&redirect_uri=http%3A%2F%2Flocalhost%3A8250%2Foidc%2Fcallback&response_mode=form_post&") != NULL);
    end(&scene);
}

static enum err poll(struct oidc_scene *scene, const char *state, const char *nonce, const struct json **ret_reply)
{
    return login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/poll", scene_text(&scene->login, "{\"state\":\"%s\",\"client_nonce\":\"%s\"}", state, nonce), ret_reply);
}

/* auth_url with what it says to those who wait. */
static const char *begin_waiting(struct oidc_scene *scene, const char *body, const struct json **ret_reply)
{
    if (login_scene_ask(&scene->login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", body, ret_reply) != ERR_NONE) {
        abort();
    }
    scene->url = arena_string(scene->login.arena, login_scene_text(&scene->login, *ret_reply, "data.auth_url"));
    return arena_string(scene->login.arena, login_scene_text(&scene->login, *ret_reply, "data.state"));
}

TEST(a_browser_that_comes_back_to_us_ends_the_login_of_whoever_waits)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_INVALID, ask(&scene, VERB_WRITE, "role/dev", "{\"callback_mode\":\"other\"}", &reply));
    CHECK(says(reply, "invalid 'callback_mode': other"));
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/dev", "{\"callback_mode\":\"direct\"}", &reply));
    const char *state = begin_waiting(&scene, "{\"redirect_uri\":\"" REDIRECT "\",\"client_nonce\":\"mine\"}", &reply);
    CHECK_SLICE("5", login_scene_text(&scene.login, reply, "data.poll_interval"));
    scene.state = parameter(&scene, "state");
    scene.nonce = parameter(&scene, "nonce");
    CHECK(strcmp(scene.state, state) == 0);
    uint64_t before = driver_commit_count(scene.login.driver);
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply));
    CHECK(says(reply, "authorization_pending"));
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "yours", &reply));
    CHECK(says(reply, "invalid client_nonce"));
    CHECK_ERR(ERR_INVALID, poll(&scene, "guessed", "mine", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    /* whom the provider does not know makes no row */
    provider.tokens_status = 400;
    provider.tokens = "{\"error\":\"invalid_grant\"}";
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=guessed", &reply));
    CHECK_U64(before, driver_commit_count(scene.login.driver));
    provider.tokens_status = 200;
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=abc", &reply));
    CHECK(slice_starts(reply->text, SLICE_LITERAL("<!doctype html>")) && slice_find(reply->text, SLICE_LITERAL("Signed in.")) != SIZE_MAX);
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=abc", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "yours", &reply));
    CHECK_ERR(ERR_NONE, poll(&scene, state, "mine", &reply));
    CHECK_SLICE("[\"default\",\"dev\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply)); /* once */
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    /* by a form as well; it ends here and leads nowhere */
    state = begin_waiting(&scene, PLAIN, &reply);
    scene.nonce = parameter(&scene, "nonce");
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_NONE, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/callback", scene_text(&scene.login, "{\"state\":\"%s\",\"code\":\"abc\"}", state), &reply));
    CHECK(slice_find(reply->text, SLICE_LITERAL("Signed in.")) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, poll(&scene, state, "", &reply));
    /* who waits too long */
    state = begin_waiting(&scene, PLAIN, &reply);
    scene.state = parameter(&scene, "state");
    scene.nonce = parameter(&scene, "nonce");
    issue(&scene, good_claims(&scene, ""));
    CHECK_ERR(ERR_NONE, come_back(&scene, "&code=abc", &reply));
    login_scene_move(&scene.login, 10 * MINUTE_MS);
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "", &reply));
    end(&scene);
}

TEST(a_login_that_the_client_ends_has_no_poll)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    CHECK_ERR(ERR_INVALID, poll(&scene, scene.state, "", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    end(&scene);
}

#define DEVICE "{\"device_code\":\"dev1\",\"user_code\":\"WDJB-MJHT\",\"verification_uri\":\"https://login.example/enter\",\"expires_in\":1800,\"interval\":7}"

TEST(a_device_waits_until_its_code_was_entered)
{
    struct oidc_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/tv", "{\"callback_mode\":\"device\",\"user_claim\":\"sub\",\"token_policies\":\"tv\"}", &reply)); /* no redirect */
    CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", "{\"role\":\"tv\"}", &reply));
    CHECK(says(reply, "the provider's document does not name this address: device_authorization_endpoint"));
    provider.document = DOCUMENT(",\"device_authorization_endpoint\":\"https://login.example/device\"");
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "config", CLIENT, &reply));
    provider.device_status = 200;
    static const char *const wrong[] = {"", "[]", "{\"device_code\":\"d\",\"verification_uri\":\"https://login.example/enter\"}", "{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"javascript:x\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        provider.device = wrong[i];
        CHECK_ERR(ERR_INVALID, login_scene_ask(&scene.login, SLICE_NONE, VERB_WRITE, "auth/oidc/oidc/auth_url", "{\"role\":\"tv\"}", &reply));
        CHECK(says(reply, "the provider gives no code for a device"));
    }
    provider.device = DEVICE;
    const char *state = begin_waiting(&scene, "{\"role\":\"tv\",\"client_nonce\":\"mine\"}", &reply);
    CHECK(slice_starts(slice_string(provider.form), SLICE_LITERAL("scope=openid&code_challenge=")) && strstr(provider.form, "&code_challenge_method=S256&client_id=vogt%20app") != NULL && strcmp(scene.url, "https://login.example/enter") == 0);
    CHECK_SLICE("WDJB-MJHT", login_scene_text(&scene.login, reply, "data.user_code"));
    CHECK_SLICE("7", login_scene_text(&scene.login, reply, "data.poll_interval"));
    static const char *const words[] = {"authorization_pending", "slow_down"};
    for (size_t i = 0; i < 2; i++) {
        provider.tokens_status = 400;
        provider.tokens = scene_text(&scene.login, "{\"error\":\"%s\"}", words[i]);
        CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply));
        CHECK(says(reply, words[i]));
    }
    CHECK(slice_starts(slice_string(provider.form), SLICE_LITERAL("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dev1&code_verifier=")));
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "yours", &reply));
    provider.tokens = "{\"error\":\"expired_token\"}";
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply));
    CHECK(says(reply, "Vault login failed. Error exchanging oidc code: expired_token"));
    scene.state = state;
    CHECK_ERR(ERR_INVALID, come_back(&scene, "&code=a&client_nonce=mine", &reply)); /* nobody comes back */
    provider.tokens_status = 200;
    issue(&scene, "{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"other\",\"iat\":1795435200,\"exp\":1795435500}");
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply));
    CHECK(says(reply, "Vault login failed. Token verification failed. The token is meant for another client."));
    issue(&scene, "{\"iss\":\"https://login.example\",\"sub\":\"ada\",\"aud\":\"vogt app\",\"iat\":1795435200,\"exp\":1795435500}");
    CHECK_ERR(ERR_NONE, poll(&scene, state, "mine", &reply));
    CHECK_SLICE("[\"default\",\"tv\"]", login_scene_text(&scene.login, reply, "auth.policies"));
    CHECK_ERR(ERR_INVALID, poll(&scene, state, "mine", &reply));
    CHECK(says(reply, "Vault login failed. Expired or missing OAuth state."));
    /* where the address holds the code already, and the role says how often */
    CHECK_ERR(ERR_NONE, ask(&scene, VERB_WRITE, "role/tv", "{\"poll_interval\":2}", &reply));
    provider.device = "{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"https://login.example/enter\",\"verification_uri_complete\":\"https://login.example/enter?c=A\"}";
    (void)begin_waiting(&scene, "{\"role\":\"tv\"}", &reply);
    CHECK(strcmp(scene.url, "https://login.example/enter?c=A") == 0);
    CHECK_SLICE("2", login_scene_text(&scene.login, reply, "data.poll_interval"));
    end(&scene);
}

/* Nobody who is not known yet makes rows by beginning logins. */
TEST(a_login_that_is_only_begun_leaves_nothing_behind)
{
    struct oidc_scene scene = start();
    uint64_t before = driver_commit_count(scene.login.driver);
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(ERR_NONE, begin(&scene, PLAIN));
    }
    CHECK_U64(before, driver_commit_count(scene.login.driver));
    end(&scene);
}

TEST_MAIN
