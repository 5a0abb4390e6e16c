/* auth/oidc/oidc/auth_url: where a browser is sent. */
#include "secrets/oidc.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "secrets/web.h"
#include "secrets/web_address.h"

enum { NONCE_BYTES = 20, VERIFIER_BYTES = 32, PARAMETER_MAX_BYTES = 1024, POLL_INTERVAL_S = 5 };

static enum err refuse(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

enum err oidc_config(struct turn *turn, const struct json **ret_config)
{
    enum err err = jwt_config(turn, ret_config);
    bool is_flow = err == ERR_NONE && json_text(*ret_config, "oidc_client_id", SLICE_NONE).len > 0;
    return err != ERR_NONE && err != ERR_NOT_FOUND ? err : is_flow ? ERR_NONE : refuse(turn, TEXT("OIDC login is not configured for this mount", "die Anmeldung über den Browser ist hier nicht eingerichtet (oidc_client_id)"));
}

enum oidc_mode oidc_mode(const struct json *object)
{
    struct slice mode = json_text(object, "callback_mode", SLICE_NONE);
    return slice_is(mode, "direct") ? OIDC_DIRECT : slice_is(mode, "device") ? OIDC_DEVICE : OIDC_CLIENT;
}

static bool is_form(const struct json *config)
{
    return slice_is(json_text(config, "oidc_response_mode", SLICE_NONE), "form_post");
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

/* A provider that answers with a form sends it to the API; what Vault's own page calls itself is said of that, as Vault does. */
static struct slice redirect_of(struct turn *turn, const struct json *config)
{
    struct slice given = turn_field(turn, "redirect_uri"), page = SLICE_LITERAL("/ui/vault/"), space = turn->space.path;
    size_t at = is_form(config) ? slice_find(given, page) : SIZE_MAX;
    if (at == SIZE_MAX) {
        return given;
    }
    struct slice rest = slice_from(given, at + page.len);
    return slice_string(turn_path(turn, "%.*s/v1/%.*s%s%.*s", (int)at, (const char *)given.data, (int)space.len, (const char *)space.data, space.len > 0 ? "/" : "", (int)rest.len, (const char *)rest.data));
}

/* What every login under way remembers. */
static enum err new_flow(struct turn *turn, struct slice role_name, const struct json *role, struct json **ret_flow)
{
    struct json *flow = json_new(turn->arena, JSON_OBJECT);
    struct slice verifier;
    enum err err = random_text(turn, VERIFIER_BYTES, &verifier);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, flow, "role", role_name);
    json_set_string(turn->arena, flow, "callback_mode", json_text(role, "callback_mode", SLICE_NONE));
    json_set_string(turn->arena, flow, "client_nonce", turn_field(turn, "client_nonce"));
    json_set_string(turn->arena, flow, "verifier", verifier);
    *ret_flow = flow;
    return json_set_i64(turn->arena, flow, "until_ms", turn->steady_ms + OIDC_LIFE_MS) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ... and one whose browser comes back. */
static enum err make_flow(struct turn *turn, struct slice role_name, const struct json *role, struct slice redirect, struct json **ret_flow)
{
    struct slice nonce;
    enum err err = new_flow(turn, role_name, role, ret_flow);
    err = err == ERR_NONE ? random_text(turn, NONCE_BYTES, &nonce) : err;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, *ret_flow, "redirect_uri", redirect);
    return json_set_string(turn->arena, *ret_flow, "nonce", nonce) == NULL ? ERR_MEMORY : ERR_NONE;
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

static enum err write_url(struct turn *turn, const struct json *config, const struct json *role, const struct json *flow, struct slice endpoint, struct slice state, struct buf *out)
{
    uint64_t max_age_s = 0;
    enum err err = buf_append(out, endpoint);
    err = err == ERR_NONE ? buf_append_byte(out, slice_find_byte(endpoint, '?') == SIZE_MAX ? '?' : '&') : err;
    err = err == ERR_NONE ? web_put_parameter(out, "client_id", json_text(config, "oidc_client_id", SLICE_NONE)) : err;
    err = err == ERR_NONE ? put_challenge(out, flow) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "nonce", json_text(flow, "nonce", SLICE_NONE)) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "redirect_uri", json_text(flow, "redirect_uri", SLICE_NONE)) : err;
    err = err == ERR_NONE && is_form(config) ? web_put_parameter(out, "response_mode", SLICE_LITERAL("form_post")) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "response_type", SLICE_LITERAL("code")) : err;
    err = err == ERR_NONE ? put_scope(out, role) : err;
    err = err == ERR_NONE ? web_put_parameter(out, "state", state) : err;
    if (err == ERR_NONE && json_u64(role, "max_age", &max_age_s) == ERR_NONE && max_age_s > 0) {
        err = web_put_parameter(out, "max_age", slice_string(turn_path(turn, "%llu", (unsigned long long)max_age_s)));
    }
    return err;
}

/* Who waits is told by what word and how often to ask (oidc/poll). */
static enum err reply_url(struct turn *turn, struct slice url, const struct json *role, struct slice state, const struct json *grant)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    uint64_t interval_s = 0;
    json_set_string(turn->arena, data, "auth_url", url);
    if (grant != NULL) {
        json_set_string(turn->arena, data, "user_code", json_text(grant, "user_code", SLICE_NONE));
    }
    if (state.len > 0 && oidc_mode(role) != OIDC_CLIENT) {
        bool is_known = (json_u64(role, "poll_interval", &interval_s) == ERR_NONE && interval_s > 0) || json_u64(grant, "interval", &interval_s) == ERR_NONE;
        json_set_string(turn->arena, data, "state", state);
        json_set_u64(turn->arena, data, "poll_interval", is_known ? interval_s : POLL_INTERVAL_S);
    }
    return turn_reply_data(turn, data);
}

static enum err check_request(struct turn *turn, const struct json *role)
{
    if (!slice_is(json_text(role, "role_type", SLICE_NONE), "oidc")) {
        return refuse(turn, TEXT("role with jwt role_type is not allowed", "eine Rolle mit role_type jwt meldet nur mit einem Token an"));
    }
    if (oidc_mode(role) != OIDC_DEVICE && turn_field(turn, "redirect_uri").len == 0) {
        return refuse(turn, TEXT("missing redirect_uri", "redirect_uri fehlt"));
    }
    return turn_field(turn, "redirect_uri").len > PARAMETER_MAX_BYTES || turn_field(turn, "client_nonce").len > PARAMETER_MAX_BYTES / 4
               ? refuse(turn, TEXT("redirect_uri or client_nonce is too long", "redirect_uri oder client_nonce ist zu lang"))
               : ERR_NONE;
}

static enum err find_endpoint(struct turn *turn, const struct json *config, const char *name, const struct json **ret_provider)
{
    enum err err = jwt_keys(turn, config, false, ret_provider);
    return err == ERR_NONE && json_text(*ret_provider, name, SLICE_NONE).len == 0
               ? turn_refuse(turn, ERR_INVALID, TEXT("the provider's document does not name this address", "das Dokument des Anbieters nennt diese Adresse nicht"), slice_string(name)) : err;
}

/* RFC 8628, 3.1: the provider gives a code that a person enters there, and one for us. With a proof key as well: Keycloak wants it of a client that must always have one,
 * and who knows none passes it over (RFC 6749, 3.1). */
static enum err begin_device(struct turn *turn, const struct json *config, struct slice name, const struct json *role)
{
    const struct json *provider = NULL, *grant = NULL;
    struct json *flow = NULL;
    struct slice state = SLICE_NONE;
    cleanup_buf struct buf form = BUF_INIT(16384);
    enum err err = find_endpoint(turn, config, "device_authorization_endpoint", &provider);
    err = err == ERR_NONE ? new_flow(turn, name, role, &flow) : err;
    err = err == ERR_NONE ? put_scope(&form, role) : err;
    err = err == ERR_NONE ? put_challenge(&form, flow) : err;
    err = err == ERR_NONE && !json_bool(provider, "secret_in_form", false) ? web_put_parameter(&form, "client_id", json_text(config, "oidc_client_id", SLICE_NONE)) : err; /* beside a header, too */
    err = err == ERR_NONE ? oidc_ask(turn, config, provider, "device_authorization_endpoint", "login.device", &form, &grant) : err;
    err = err == ERR_NONE && json_set_string(turn->arena, flow, "device_code", json_text(grant, "device_code", SLICE_NONE)) == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE ? oidc_state_seal(turn, flow, &state) : err;
    return err == ERR_NONE ? reply_url(turn, json_text(grant, "url", SLICE_NONE), role, state, grant) : err;
}

/* Vault answers an empty address where the browser may not come back to; its clients say what that means. */
enum err operation_oidc_auth_url(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *provider = NULL;
    struct json *flow = NULL;
    struct slice name = SLICE_NONE, state = SLICE_NONE;
    cleanup_buf struct buf url = BUF_INIT(16384);
    enum err err = oidc_config(turn, &config);
    err = err == ERR_NONE ? jwt_find_role(turn, config, turn_field(turn, "role"), &name, &role) : err;
    err = err == ERR_NONE ? check_request(turn, role) : err;
    if (err == ERR_NONE && oidc_mode(role) == OIDC_DEVICE) {
        return begin_device(turn, config, name, role);
    }
    struct slice redirect = redirect_of(turn, config);
    if (err == ERR_NONE && !is_allowed(json_member(role, "allowed_redirect_uris"), redirect)) {
        return reply_url(turn, SLICE_NONE, role, SLICE_NONE, NULL);
    }
    err = err == ERR_NONE ? find_endpoint(turn, config, "authorization_endpoint", &provider) : err;
    err = err == ERR_NONE ? make_flow(turn, name, role, redirect, &flow) : err;
    err = err == ERR_NONE ? oidc_state_seal(turn, flow, &state) : err;
    err = err == ERR_NONE ? write_url(turn, config, role, flow, json_text(provider, "authorization_endpoint", SLICE_NONE), state, &url) : err;
    return err == ERR_NONE ? reply_url(turn, buf_slice(&url), role, state, NULL) : err;
}
