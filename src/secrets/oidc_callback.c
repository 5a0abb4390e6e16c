/*
 * auth/oidc/oidc/callback: the browser comes back with a code. By GET a client hands it on; by POST the provider's own form does (OAuth 2.0 Form Post Response Mode).
 * In the mode `direct` it comes back to Vogt itself, and the client asks oidc/poll; in the mode `device` (RFC 8628) nobody comes back, and the poll asks the provider.
 */
#include "secrets/oidc.h"

#include "crypto/crypto.h"
#include "engine/token.h"
#include "secrets/web.h"

static enum err refuse(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

static enum err expired(struct turn *turn)
{
    return refuse(turn, TEXT("Vault login failed. Expired or missing OAuth state.", "Anmeldung fehlgeschlagen. Der state fehlt oder ist abgelaufen."));
}

static struct slice given(const struct turn *turn, const char *name)
{
    return turn->request->verb == VERB_WRITE ? turn_field(turn, name) : turn_query(turn, name);
}

/* ---- what must be right ---- */

static enum err check_nonce(struct turn *turn, const struct json *flow)
{
    struct slice nonce = json_text(flow, "client_nonce", SLICE_NONE);
    return nonce.len == 0 || secret_equal(nonce, given(turn, "client_nonce")) ? ERR_NONE : refuse(turn, TEXT("invalid client_nonce", "client_nonce ist falsch"));
}

/* RFC 9207: a provider that names itself must be the one that was asked, or a code is about to go to somebody else. */
static enum err check_answer(struct turn *turn, const struct json *config)
{
    struct slice issuer = given(turn, "iss"), error = given(turn, "error");
    if (issuer.len > 0 && !slice_equal(issuer, json_text(config, "oidc_discovery_url", SLICE_NONE))) {
        return refuse(turn, TEXT("Vault login failed. The answer comes from another provider (iss).", "Anmeldung fehlgeschlagen. Die Antwort kommt von einem anderen Anbieter (iss)."));
    }
    if (error.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("Vault login failed. The provider refused", "Anmeldung fehlgeschlagen. Der Anbieter lehnte ab"), error);
    }
    return given(turn, "code").len > 0 ? ERR_NONE : refuse(turn, TEXT("Vault login failed. OAuth code parameter not provided", "Anmeldung fehlgeschlagen. Der Code fehlt"));
}

/* Before anybody outside is asked. */
static enum err find_role(struct turn *turn, const struct json *config, const struct json *flow, struct slice *ret_name, const struct json **ret_role)
{
    enum err err = jwt_find_role(turn, config, json_text(flow, "role", SLICE_NONE), ret_name, ret_role);
    return err == ERR_NONE && !token_cidr_allows(json_member(json_member(*ret_role, "token"), "token_bound_cidrs"), turn->request->remote) ? ERR_DENIED : err;
}

static enum err use_state(struct turn *turn, struct slice state, const struct json *claims)
{
    enum err err = oidc_state_use(turn, state, claims);
    return err == ERR_NOT_FOUND ? expired(turn) : err;
}

/* ---- who comes back ---- */

/*
 * A provider's form does not hold what the client said only to us (client_nonce), so it ends no login: it goes on to the page, which knows whether it began this one.
 * Behind a '#' no server, log or Referer sees the code. Vault's command line hands on what its own listener was sent, looks at no answer, and then asks by GET.
 */
static enum err lead_to_page(struct turn *turn)
{
    static const char *const names[] = {"state", "code", "error", "iss"};
    cleanup_buf struct buf path = BUF_INIT(3 * OIDC_STATE_MAX_BYTES);
    enum err err = buf_append_string(&path, "/ui/#");
    for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_NONE; i++) {
        struct slice value = turn_field(turn, names[i]);
        err = value.len > 0 ? web_put_parameter(&path, names[i], value) : ERR_NONE;
    }
    return err == ERR_NONE ? turn_reply_redirect(turn, arena_copy(turn->arena, buf_slice(&path))) : err;
}

/* The claims wait for the client that began the login. */
static enum err end_direct(struct turn *turn, const struct json *config, const struct json *flow)
{
    static const char page[] = "<!doctype html><title>Vogt</title><p>Signed in. You can close this page and go back to where you began.</p>"
                               "<p lang=\"de\">Angemeldet. Diese Seite kann geschlossen werden; weiter geht es, wo die Anmeldung begann.</p>\n";
    const struct json *role = NULL, *claims = NULL;
    struct slice name = SLICE_NONE;
    enum err err = jwt_find_role(turn, config, json_text(flow, "role", SLICE_NONE), &name, &role);
    err = err == ERR_NONE ? oidc_claims(turn, config, role, flow, given(turn, "code"), &claims) : err;
    err = err == ERR_NONE ? use_state(turn, given(turn, "state"), claims) : err;
    return err == ERR_NONE ? turn_reply_raw(turn, "text/html; charset=utf-8", "", slice_string(page)) : err;
}

static enum err end_login(struct turn *turn, const struct json *config, const struct json *flow)
{
    const struct json *role = NULL, *claims = NULL;
    struct slice name = SLICE_NONE;
    enum err err = find_role(turn, config, flow, &name, &role);
    err = err == ERR_NONE ? use_state(turn, given(turn, "state"), NULL) : err;
    err = err == ERR_NONE ? oidc_claims(turn, config, role, flow, given(turn, "code"), &claims) : err;
    return err == ERR_NONE ? jwt_give(turn, name, role, claims) : err;
}

enum err operation_oidc_callback(struct turn *turn)
{
    const struct json *config = NULL, *flow = NULL;
    enum err err = oidc_config(turn, &config);
    enum err opened = err == ERR_NONE ? oidc_state_open(turn, given(turn, "state"), &flow) : err;
    enum oidc_mode mode = opened == ERR_NONE ? oidc_mode(flow) : OIDC_CLIENT;
    if (turn->request->verb == VERB_WRITE && mode != OIDC_DIRECT && (opened == ERR_NONE || opened == ERR_NOT_FOUND)) {
        return lead_to_page(turn);
    }
    if (opened == ERR_NOT_FOUND || mode == OIDC_DEVICE) {
        return expired(turn);
    }
    err = opened == ERR_NONE && mode == OIDC_CLIENT ? check_nonce(turn, flow) : opened;
    err = err == ERR_NONE ? check_answer(turn, config) : err;
    if (err != ERR_NONE) {
        return err;
    }
    return mode == OIDC_DIRECT ? end_direct(turn, config, flow) : end_login(turn, config, flow);
}

/* ---- who waits ---- */

static enum err take_direct(struct turn *turn, const struct json **ret_claims)
{
    enum err err = oidc_state_take(turn, given(turn, "state"), ret_claims);
    if (err == ERR_NONE && *ret_claims == NULL) {
        return refuse(turn, TEXT("authorization_pending", "die Anmeldung ist noch nicht abgeschlossen (authorization_pending)"));
    }
    return err == ERR_NOT_FOUND ? expired(turn) : err;
}

enum err operation_oidc_poll(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *flow = NULL, *claims = NULL;
    struct slice name = SLICE_NONE;
    enum err err = oidc_config(turn, &config);
    err = err == ERR_NONE ? oidc_state_open(turn, given(turn, "state"), &flow) : err;
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && oidc_mode(flow) == OIDC_CLIENT)) {
        return expired(turn);
    }
    err = err == ERR_NONE ? check_nonce(turn, flow) : err;
    err = err == ERR_NONE ? find_role(turn, config, flow, &name, &role) : err;
    if (err == ERR_NONE && oidc_mode(flow) == OIDC_DIRECT) {
        err = take_direct(turn, &claims);
    } else if (err == ERR_NONE) {
        err = use_state(turn, given(turn, "state"), NULL);
        err = err == ERR_NONE ? oidc_claims(turn, config, role, flow, SLICE_NONE, &claims) : err;
    }
    return err == ERR_NONE ? jwt_give(turn, name, role, claims) : err;
}
