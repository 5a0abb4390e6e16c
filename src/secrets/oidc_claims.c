/* From a code to claims: the token endpoint, the ID token's signature and claims, userinfo. */
#include "secrets/oidc.h"

#include "base/encode.h"
#include "secrets/web.h"

enum { SKEW_S = 60 };

static enum err fail(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

/* ---- the token endpoint ---- */

/* RFC 6749, 2.3.1: both parts are encoded as in a form before they are put together. */
static enum err basic(struct turn *turn, const struct json *config, struct slice *ret_header)
{
    cleanup_buf struct buf pair = BUF_INIT(8192), text = BUF_INIT(16384);
    enum err err = web_encode(&pair, json_text(config, "oidc_client_id", SLICE_NONE));
    err = err == ERR_NONE ? buf_append_byte(&pair, ':') : err;
    err = err == ERR_NONE ? web_encode(&pair, json_text(config, "oidc_client_secret", SLICE_NONE)) : err;
    err = err == ERR_NONE ? buf_append_string(&text, "Basic ") : err;
    err = err == ERR_NONE ? base64_encode(&text, buf_slice(&pair)) : err;
    *ret_header = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&text)) : SLICE_NONE;
    return err == ERR_NONE && ret_header->data == NULL ? ERR_MEMORY : err;
}

enum err oidc_ask(struct turn *turn, const struct json *config, const struct json *provider, const char *endpoint, const char *work, struct buf *form, const struct json **ret_output)
{
    struct slice header = SLICE_NONE, body = SLICE_NONE;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    uint64_t status = 0;
    enum err err = ERR_NONE;
    if (json_bool(provider, "secret_in_form", false)) {
        err = web_put_parameter(form, "client_id", json_text(config, "oidc_client_id", SLICE_NONE));
        err = err == ERR_NONE ? web_put_parameter(form, "client_secret", json_text(config, "oidc_client_secret", SLICE_NONE)) : err;
    } else {
        err = basic(turn, config, &header);
    }
    const struct web_ask ask = {.url = json_text(provider, endpoint, SLICE_NONE), .authorities_pem = json_text(config, "oidc_discovery_ca_pem", SLICE_NONE), .authorization = header,
                                .content_type = "application/x-www-form-urlencoded", .body = buf_slice(form)};
    err = err == ERR_NONE ? web_exchange(turn, &ask, &status, &body) : err;
    json_set_u64(turn->arena, input, "status", status);
    return err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, work, input, body, ret_output, NULL, NULL) : err;
}

static enum err write_form(const struct json *flow, struct slice code, struct buf *out)
{
    enum err err;
    if (oidc_mode(flow) == OIDC_DEVICE) { /* RFC 8628, 3.4 */
        err = web_put_parameter(out, "grant_type", SLICE_LITERAL("urn:ietf:params:oauth:grant-type:device_code"));
        err = err == ERR_NONE ? web_put_parameter(out, "device_code", json_text(flow, "device_code", SLICE_NONE)) : err;
    } else {
        err = web_put_parameter(out, "grant_type", SLICE_LITERAL("authorization_code"));
        err = err == ERR_NONE ? web_put_parameter(out, "code", code) : err;
        err = err == ERR_NONE ? web_put_parameter(out, "redirect_uri", json_text(flow, "redirect_uri", SLICE_NONE)) : err;
    }
    return err == ERR_NONE ? web_put_parameter(out, "code_verifier", json_text(flow, "verifier", SLICE_NONE)) : err;
}

/* {"id_token","access_token"} for the code, or once the device was let in. */
static enum err exchange(struct turn *turn, const struct json *config, const struct json *provider, const struct json *flow, struct slice code, const struct json **ret_tokens)
{
    cleanup_buf struct buf form = BUF_INIT(32 << 10);
    enum err err = write_form(flow, code, &form);
    err = err == ERR_NONE ? oidc_ask(turn, config, provider, "token_endpoint", "login.exchange", &form, ret_tokens) : err;
    if (err == ERR_TOO_LARGE) {
        return fail(turn, TEXT("Vault login failed. The code is too long.", "Anmeldung fehlgeschlagen. Der Code ist zu lang."));
    }
    struct slice pending = err == ERR_NONE ? json_text(*ret_tokens, "pending", SLICE_NONE) : SLICE_NONE;
    const char *word = pending.len > 0 ? arena_string(turn->arena, pending) : NULL;
    return pending.len > 0 ? fail(turn, (struct text){word, word}) : err;
}

/* ---- the ID token (OpenID Connect Core 1.0, 3.1.3.7) ---- */

static enum err check_age(struct turn *turn, const struct json *role, const struct json *claims)
{
    uint64_t max_age_s = 0, at_s = 0;
    if (json_u64(role, "max_age", &max_age_s) != ERR_NONE || max_age_s == 0) {
        return ERR_NONE;
    }
    bool good = json_u64(claims, "auth_time", &at_s) == ERR_NONE && at_s < INT64_MAX / 2 && max_age_s < INT64_MAX / 2 && turn->now_ms / 1000 <= (int64_t)(at_s + max_age_s) + SKEW_S;
    return good ? ERR_NONE : fail(turn, TEXT("Vault login failed. Token verification failed. The login at the provider is older than max_age.", "Anmeldung fehlgeschlagen. Die Anmeldung beim Anbieter ist älter als max_age."));
}

/* The token is for this client alone, and an answer to this very login. */
static enum err check_client(struct turn *turn, const struct json *config, const struct json *flow, const struct json *claims)
{
    struct slice client = json_text(config, "oidc_client_id", SLICE_NONE), party = json_text(claims, "azp", SLICE_NONE);
    const struct json *audience = json_member(claims, "aud");
    bool has_others = audience != NULL && audience->type == JSON_ARRAY && audience->count > 1;
    if (!jwt_has_audience(audience, client) || (has_others && !slice_equal(party, client)) || (party.len > 0 && !slice_equal(party, client))) {
        return fail(turn, TEXT("Vault login failed. Token verification failed. The token is meant for another client.", "Anmeldung fehlgeschlagen. Das Token ist für einen anderen Client bestimmt."));
    }
    struct slice nonce = json_text(flow, "nonce", SLICE_NONE);
    bool has_nonce = oidc_mode(flow) != OIDC_DEVICE; /* RFC 8628 has none: the device code went to the token endpoint by us alone */
    if (has_nonce && (nonce.len == 0 || !slice_equal(json_text(claims, "nonce", SLICE_NONE), nonce))) {
        return fail(turn, TEXT("Vault login failed. Token verification failed. The token belongs to another login (nonce).", "Anmeldung fehlgeschlagen. Das Token gehört zu einer anderen Anmeldung (nonce)."));
    }
    return json_member(claims, "exp") != NULL && json_text(claims, "sub", SLICE_NONE).len > 0
               ? ERR_NONE
               : fail(turn, TEXT("Vault login failed. Token verification failed. The token lacks exp or sub.", "Anmeldung fehlgeschlagen. Dem Token fehlt exp oder sub."));
}

/* ---- userinfo ---- */

/* What the provider tells besides; the ID token's own claims count first. That it cannot be had ends no login. */
static enum err add_userinfo(struct turn *turn, const struct json *config, const struct json *provider, struct slice access_token, const struct json **claims)
{
    struct slice url = json_text(provider, "userinfo_endpoint", SLICE_NONE), body = SLICE_NONE;
    const struct json *output = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    uint64_t status = 0;
    if (url.len == 0 || access_token.len == 0) {
        return ERR_NONE;
    }
    const struct web_ask ask = {.url = url, .authorities_pem = json_text(config, "oidc_discovery_ca_pem", SLICE_NONE),
                                .authorization = slice_string(turn_path(turn, "Bearer %.*s", (int)access_token.len, (const char *)access_token.data))};
    enum err err = web_exchange(turn, &ask, &status, &body);
    json_set_string(turn->arena, input, "sub", json_text(*claims, "sub", SLICE_NONE));
    json_set(turn->arena, input, "claims", json_copy(turn->arena, *claims));
    err = err == ERR_NONE && status == 200 ? turn_work(turn, ROLE_JUDGE, "login.userinfo", input, body, &output, NULL, NULL) : err;
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    turn->complaint = (struct complaint){0};
    *claims = output != NULL && json_member(output, "claims") != NULL ? json_member(output, "claims") : *claims;
    return ERR_NONE;
}

enum err oidc_claims(struct turn *turn, const struct json *config, const struct json *role, const struct json *flow, struct slice code, const struct json **ret_claims)
{
    const struct json *provider = NULL, *tokens = NULL, *claims = NULL;
    enum err err = jwt_keys(turn, config, false, &provider);
    err = err == ERR_NONE ? exchange(turn, config, provider, flow, code, &tokens) : err;
    err = err == ERR_NONE ? jwt_read_token(turn, config, json_text(tokens, "id_token", SLICE_NONE), &claims) : err;
    err = err == ERR_NONE ? check_client(turn, config, flow, claims) : err;
    err = err == ERR_NONE ? jwt_check_token(turn, role, jwt_issuer(config), claims, true) : err;
    err = err == ERR_NONE ? check_age(turn, role, claims) : err;
    err = err == ERR_NONE ? add_userinfo(turn, config, provider, json_text(tokens, "access_token", SLICE_NONE), &claims) : err;
    *ret_claims = claims;
    return err;
}
