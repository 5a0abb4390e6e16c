/* auth/oidc/oidc/auth_url and callback: a browser is sent to the provider, and comes back with a code. */
#include "secrets/oidc.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/token.h"
#include "secrets/web.h"
#include "secrets/web_address.h"

enum { NONCE_BYTES = 20, VERIFIER_BYTES = 32, PARAMETER_MAX_BYTES = 1024 };

static enum err refuse(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

static enum err load(struct turn *turn, const struct json **ret_config)
{
    enum err err = jwt_config(turn, ret_config);
    bool is_flow = err == ERR_NONE && json_text(*ret_config, "oidc_client_id", SLICE_NONE).len > 0;
    return err != ERR_NONE && err != ERR_NOT_FOUND ? err : is_flow ? ERR_NONE : refuse(turn, TEXT("OIDC login is not configured for this mount", "die Anmeldung über den Browser ist hier nicht eingerichtet (oidc_client_id)"));
}

/* ---- where the browser may come back to ---- */

static struct slice without_port(struct slice url, const struct web_address *address, struct slice *ret_rest)
{
    size_t head = (size_t)(address->host.data - url.data) + address->host.len;
    struct slice rest = slice_from(url, head);
    size_t digits = rest.len > 0 && rest.data[0] == ':' ? 1 : 0;
    while (digits > 0 && digits < rest.len && rest.data[digits] >= '0' && rest.data[digits] <= '9') {
        digits++;
    }
    *ret_rest = slice_from(rest, digits);
    return slice_first(url, head);
}

/* To the letter; on this machine the port may be any, because a command line takes the one that is free (RFC 8252, 7.3). */
static bool is_allowed(const struct json *allowed, struct slice url)
{
    struct web_address asked, known;
    bool is_web = web_address_read(url, &asked);
    for (const struct json *one = allowed == NULL ? NULL : allowed->first; one != NULL; one = one->next) {
        if (slice_equal(one->text, url)) {
            return true;
        }
        if (is_web && asked.is_plain && asked.is_local && web_address_read(one->text, &known)) {
            struct slice asked_rest, known_rest, asked_head = without_port(url, &asked, &asked_rest), known_head = without_port(one->text, &known, &known_rest);
            if (slice_equal(asked_head, known_head) && slice_equal(asked_rest, known_rest)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- auth_url ---- */

static enum err random_text(struct turn *turn, size_t len, struct slice *ret_text)
{
    uint8_t bytes[VERIFIER_BYTES];
    cleanup_buf struct buf text = BUF_INIT(64);
    turn_random(turn, bytes, len);
    enum err err = base64url_encode(&text, slice_of(bytes, len));
    wipe(bytes, sizeof bytes);
    *ret_text = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&text)) : SLICE_NONE;
    return err == ERR_NONE && ret_text->data == NULL ? ERR_MEMORY : err;
}

static enum err make_flow(struct turn *turn, struct slice role_name, struct json **ret_flow)
{
    struct json *flow = json_new(turn->arena, JSON_OBJECT);
    struct slice nonce, verifier;
    enum err err = random_text(turn, NONCE_BYTES, &nonce);
    err = err == ERR_NONE ? random_text(turn, VERIFIER_BYTES, &verifier) : err;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, flow, "role", role_name);
    json_set_string(turn->arena, flow, "redirect_uri", turn_field(turn, "redirect_uri"));
    json_set_string(turn->arena, flow, "client_nonce", turn_field(turn, "client_nonce"));
    json_set_string(turn->arena, flow, "nonce", nonce);
    json_set_string(turn->arena, flow, "verifier", verifier);
    *ret_flow = json_set_i64(turn->arena, flow, "until_ms", turn->steady_ms + OIDC_LIFE_MS) == NULL ? NULL : flow;
    return *ret_flow == NULL ? ERR_MEMORY : ERR_NONE;
}

/* RFC 7636: S256 of the verifier. */
static enum err put_challenge(struct buf *out, const struct json *flow)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf text = BUF_INIT(64);
    sha256(json_text(flow, "verifier", SLICE_NONE), digest);
    enum err err = base64url_encode(&text, slice_of(digest, sizeof digest));
    err = err == ERR_NONE ? web_put_parameter(out, "code_challenge", buf_slice(&text)) : err;
    return err == ERR_NONE ? web_put_parameter(out, "code_challenge_method", SLICE_LITERAL("S256")) : err;
}

static enum err put_scope(struct buf *out, const struct json *role)
{
    const struct json *scopes = json_member(role, "oidc_scopes");
    cleanup_buf struct buf text = BUF_INIT(4096);
    enum err err = buf_append_string(&text, "openid");
    for (const struct json *one = scopes == NULL ? NULL : scopes->first; one != NULL && err == ERR_NONE; one = one->next) {
        bool is_new = !slice_is(one->text, "openid");
        err = is_new ? buf_append_byte(&text, ' ') : err;
        err = is_new && err == ERR_NONE ? buf_append(&text, one->text) : err;
    }
    return err == ERR_NONE ? web_put_parameter(out, "scope", buf_slice(&text)) : err;
}

static enum err write_url(struct turn *turn, const struct json *config, const struct json *role, const struct json *flow, struct slice endpoint, struct buf *out)
{
    struct slice state = SLICE_NONE;
    uint64_t max_age_s = 0;
    enum err err = oidc_state_seal(turn, flow, &state);
    err = err == ERR_NONE ? buf_append(out, endpoint) : err;
    err = err == ERR_NONE ? buf_append_byte(out, slice_find_byte(endpoint, '?') == SIZE_MAX ? '?' : '&') : err;
    err = err == ERR_NONE ? web_put_parameter(out, "client_id", json_text(config, "oidc_client_id", SLICE_NONE)) : err;
    err = err == ERR_NONE ? put_challenge(out, flow) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "nonce", json_text(flow, "nonce", SLICE_NONE)) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "redirect_uri", json_text(flow, "redirect_uri", SLICE_NONE)) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "response_type", SLICE_LITERAL("code")) : err;
    err = err == ERR_NONE ? put_scope(out, role) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "state", state) : err;
    if (err == ERR_NONE && json_u64(role, "max_age", &max_age_s) == ERR_NONE && max_age_s > 0) {
        err = web_put_parameter(out, "max_age", slice_string(turn_path(turn, "%llu", (unsigned long long)max_age_s)));
    }
    return err;
}

static enum err reply_url(struct turn *turn, struct slice url)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "auth_url", url);
    return turn_reply_data(turn, data);
}

static enum err check_request(struct turn *turn, const struct json *role)
{
    if (!slice_is(json_text(role, "role_type", SLICE_NONE), "oidc")) {
        return refuse(turn, TEXT("role with jwt role_type is not allowed", "eine Rolle mit role_type jwt meldet nur mit einem Token an"));
    }
    if (turn_field(turn, "redirect_uri").len == 0) {
        return refuse(turn, TEXT("missing redirect_uri", "redirect_uri fehlt"));
    }
    return turn_field(turn, "redirect_uri").len > PARAMETER_MAX_BYTES || turn_field(turn, "client_nonce").len > PARAMETER_MAX_BYTES / 4
               ? refuse(turn, TEXT("redirect_uri or client_nonce is too long", "redirect_uri oder client_nonce ist zu lang"))
               : ERR_NONE;
}

/* Vault answers an empty address where the browser may not come back to; its clients say what that means. */
enum err operation_oidc_auth_url(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *provider = NULL;
    struct json *flow = NULL;
    struct slice name = SLICE_NONE;
    cleanup_buf struct buf url = BUF_INIT(16384);
    enum err err = load(turn, &config);
    err = err == ERR_NONE ? jwt_find_role(turn, config, turn_field(turn, "role"), &name, &role) : err;
    err = err == ERR_NONE ? check_request(turn, role) : err;
    if (err == ERR_NONE && !is_allowed(json_member(role, "allowed_redirect_uris"), turn_field(turn, "redirect_uri"))) {
        return reply_url(turn, SLICE_NONE);
    }
    err = err == ERR_NONE ? jwt_keys(turn, config, false, &provider) : err;
    struct slice endpoint = json_text(provider, "authorization_endpoint", SLICE_NONE);
    if (err == ERR_NONE && endpoint.len == 0) {
        return refuse(turn, TEXT("the provider's document names no authorization_endpoint", "das Dokument des Anbieters nennt keinen authorization_endpoint"));
    }
    err = err == ERR_NONE ? make_flow(turn, name, &flow) : err;
    err = err == ERR_NONE ? write_url(turn, config, role, flow, endpoint, &url) : err;
    return err == ERR_NONE ? reply_url(turn, buf_slice(&url)) : err;
}

/* ---- callback ---- */

/* RFC 9207: a provider that names itself must be the one that was asked, or a code is about to go to somebody else. */
static bool is_from(struct slice issuer, const struct json *config)
{
    return issuer.len == 0 || slice_equal(issuer, json_text(config, "oidc_discovery_url", SLICE_NONE));
}

static enum err open_flow(struct turn *turn, const struct json *config, const struct json **ret_flow)
{
    struct slice state = turn_query(turn, "state"), error = turn_query(turn, "error");
    enum err err = oidc_state_open(turn, state, ret_flow);
    if (err == ERR_NOT_FOUND) {
        return refuse(turn, TEXT("Vault login failed. Expired or missing OAuth state.", "Anmeldung fehlgeschlagen. Der state fehlt oder ist abgelaufen."));
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct slice nonce = json_text(*ret_flow, "client_nonce", SLICE_NONE);
    if (nonce.len > 0 && !secret_equal(nonce, turn_query(turn, "client_nonce"))) {
        return refuse(turn, TEXT("invalid client_nonce", "client_nonce ist falsch"));
    }
    if (!is_from(turn_query(turn, "iss"), config)) {
        return refuse(turn, TEXT("Vault login failed. The answer comes from another provider (iss).", "Anmeldung fehlgeschlagen. Die Antwort kommt von einem anderen Anbieter (iss)."));
    }
    if (error.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("Vault login failed. The provider refused", "Anmeldung fehlgeschlagen. Der Anbieter lehnte ab"), error);
    }
    return turn_query(turn, "code").len > 0 ? ERR_NONE : refuse(turn, TEXT("Vault login failed. OAuth code parameter not provided", "Anmeldung fehlgeschlagen. Der Code fehlt"));
}

enum err operation_oidc_callback(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *flow = NULL, *claims = NULL;
    struct slice name = SLICE_NONE;
    enum err err = load(turn, &config);
    err = err == ERR_NONE ? open_flow(turn, config, &flow) : err;
    err = err == ERR_NONE ? jwt_find_role(turn, config, json_text(flow, "role", SLICE_NONE), &name, &role) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (!token_cidr_allows(json_member(json_member(role, "token"), "token_bound_cidrs"), turn->request->remote)) {
        return ERR_DENIED;
    }
    err = oidc_state_use(turn, turn_query(turn, "state"));
    if (err == ERR_NOT_FOUND) {
        return refuse(turn, TEXT("Vault login failed. Expired or missing OAuth state.", "Anmeldung fehlgeschlagen. Der state fehlt oder ist abgelaufen."));
    }
    err = err == ERR_NONE ? oidc_claims(turn, config, role, flow, turn_query(turn, "code"), &claims) : err;
    return err == ERR_NONE ? jwt_give(turn, name, role, claims) : err;
}
