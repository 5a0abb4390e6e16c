/* auth/jwt/login, and what the method answers to. */
#include "secrets/jwt.h"

#include "engine/token.h"

enum err jwt_find_role(struct turn *turn, const struct json *config, struct slice given, struct slice *ret_name, const struct json **ret_role)
{
    *ret_name = secrets_lower(turn, given.len > 0 ? given : json_text(config, "default_role", SLICE_NONE));
    if (ret_name->len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing role", "role fehlt"), SLICE_NONE);
    }
    enum err err = jwt_role(turn, *ret_name, ret_role);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    return turn_refuse(turn, ERR_INVALID, TEXT(turn_path(turn, "role \"%.*s\" could not be found", (int)ret_name->len, (const char *)ret_name->data),
                                               turn_path(turn, "die Rolle „%.*s“ gibt es nicht", (int)ret_name->len, (const char *)ret_name->data)), SLICE_NONE);
}

static enum err no_signature(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: error verifying token signature: no known key successfully validated the token signature",
                                               "Token ungültig: keiner der bekannten Schlüssel passt zur Signatur"), SLICE_NONE);
}

static void copy_member(struct turn *turn, struct json *input, const char *name, const struct json *from, const char *from_name)
{
    const struct json *value = json_member(from, from_name);
    if (value != NULL) {
        json_set(turn->arena, input, name, json_copy(turn->arena, value));
    }
}

static enum err ask_judge(struct turn *turn, const struct json *config, const struct json *issuer, struct slice token, const struct json **ret_output)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    copy_member(turn, input, "algorithms", config, "jwt_supported_algs");
    copy_member(turn, input, "pems", config, "jwt_validation_pubkeys");
    copy_member(turn, input, "keys", issuer, "keys");
    return turn_work(turn, ROLE_JUDGE, "login.jwt", input, token, ret_output, NULL, NULL);
}

enum err jwt_read_token(struct turn *turn, const struct json *config, struct slice token, const struct json **ret_claims)
{
    bool is_static = json_member(config, "jwt_validation_pubkeys") != NULL;
    const struct json *issuer = NULL, *newer = NULL, *output = NULL;
    enum err err = is_static ? ERR_NONE : jwt_keys(turn, config, false, &issuer);
    err = err == ERR_NONE ? ask_judge(turn, config, issuer, token, &output) : err;
    if (err == ERR_NONE && !is_static && slice_is(json_text(output, "outcome", SLICE_NONE), "unknown-key")) {
        err = jwt_keys(turn, config, true, &newer);
        err = err == ERR_NONE && newer != issuer ? ask_judge(turn, config, newer, token, &output) : err;
    }
    if (err != ERR_NONE) {
        return err;
    }
    *ret_claims = json_member(output, "claims");
    return slice_is(json_text(output, "outcome", SLICE_NONE), "good") && *ret_claims != NULL ? ERR_NONE : no_signature(turn);
}

/* Keys of an issuer sign for it alone, unless the configuration names another. */
struct slice jwt_issuer(const struct json *config)
{
    struct slice bound = json_text(config, "bound_issuer", SLICE_NONE);
    return bound.len > 0 ? bound : json_text(config, "oidc_discovery_url", SLICE_NONE);
}

enum err jwt_give(struct turn *turn, struct slice role_name, const struct json *role, const struct json *claims)
{
    struct jwt_user user;
    enum err err = jwt_user(turn, role_name, role, claims, &user);
    err = err == ERR_NONE ? jwt_check_bound(turn, role, claims) : err;
    struct login login = {.row = role, .name = user.name, .alias = user.name, .metadata = user.metadata, .groups = user.groups};
    return err == ERR_NONE ? login_token_give(turn, &login) : err;
}

enum err operation_jwt_login(struct turn *turn)
{
    const struct json *config = NULL, *role = NULL, *claims = NULL;
    struct slice name = SLICE_NONE;
    enum err err = jwt_config(turn, &config);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("could not load configuration", "die Anmeldung ist noch nicht eingerichtet (config)"), SLICE_NONE) : err;
    }
    err = jwt_find_role(turn, config, turn_field(turn, "role"), &name, &role);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_is(json_text(role, "role_type", SLICE_NONE), "oidc")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("role with oidc role_type is not allowed", "eine Rolle mit role_type oidc meldet nur über den Browser an"), SLICE_NONE);
    }
    if (turn_field(turn, "jwt").len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing token", "jwt fehlt"), SLICE_NONE);
    }
    if (!token_cidr_allows(json_member(json_member(role, "token"), "token_bound_cidrs"), turn->request->remote)) {
        return ERR_DENIED; /* before judge is troubled */
    }
    err = jwt_read_token(turn, config, turn_field(turn, "jwt"), &claims);
    err = err == ERR_NONE ? jwt_check_token(turn, role, jwt_issuer(config), claims, false) : err;
    return err == ERR_NONE ? jwt_give(turn, name, role, claims) : err;
}

/* ---- routes ---- */

#define CONFIG_FIELDS \
    F(oidc_discovery_url, FIELD_STRING, 0, "Address of a provider, to the letter its issuer; its document is at /.well-known/openid-configuration.", "Adresse eines Anbieters, Zeichen für Zeichen sein issuer; sein Dokument liegt unter /.well-known/openid-configuration."), \
    F(oidc_discovery_ca_pem, FIELD_STRING, FIELD_LONG, "Authorities in PEM that the provider's certificate is checked with; default: the system's.", "Zertifizierungsstellen in PEM, mit denen das Zertifikat des Anbieters geprüft wird; Vorgabe: die des Systems."), \
    F(jwks_url, FIELD_STRING, 0, "Address of a set of keys (JWKS).", "Adresse eines Satzes von Schlüsseln (JWKS)."), \
    F(jwks_ca_pem, FIELD_STRING, FIELD_LONG, "Authorities in PEM for jwks_url.", "Zertifizierungsstellen in PEM für jwks_url."), \
    F(skip_jwks_validation, FIELD_BOOL, 0, "Does not ask the issuer now, but at the first login.", "Fragt den Aussteller nicht jetzt, sondern bei der ersten Anmeldung."), \
    F(jwt_validation_pubkeys, FIELD_STRINGS, FIELD_LONG, "Public keys or certificates in PEM that sign the tokens.", "Öffentliche Schlüssel oder Zertifikate in PEM, die die Tokens signieren."), \
    F(jwt_supported_algs, FIELD_STRINGS, 0, "Algorithms that are taken: RS256 to RS512, PS256 to PS512, ES256, ES384, ES512, EdDSA; none: all of these.", "Erlaubte Verfahren: RS256 bis RS512, PS256 bis PS512, ES256, ES384, ES512, EdDSA; keins: alle diese."), \
    F(bound_issuer, FIELD_STRING, 0, "The only value of iss that is taken.", "Der einzige Wert von iss, der gilt."), \
    F(default_role, FIELD_STRING, 0, "The role of logins that name none.", "Die Rolle von Anmeldungen, die keine nennen.")

#define CLIENT_FIELDS \
    F(oidc_client_id, FIELD_STRING, 0, "What the provider calls Vogt, for logins through the browser.", "Wie der Anbieter Vogt nennt, für Anmeldungen über den Browser."), \
    F(oidc_client_secret, FIELD_STRING, FIELD_SECRET, "The secret of this client.", "Das Geheimnis dieses Clients."), \
    F(oidc_response_mode, FIELD_STRING, 0, "query, or form_post: the provider's answer comes by a form.", "query, oder form_post: die Antwort des Anbieters kommt durch ein Formular."), \
    F(oidc_response_types, FIELD_STRINGS, 0, "code.", "code."), \
    F(provider_config, FIELD_OBJECT, 0, "Settings of providers with ways of their own; none is known here.", "Einstellungen für Anbieter mit eigenen Wegen; hier ist keiner bekannt."), \
    F(namespace_in_state, FIELD_BOOL, 0, "Kept for clients that ask.", "Für Clients, die danach fragen.")

#define ROLE_FIELDS \
    F(role_type, FIELD_STRING, 0, "oidc (through the browser; the default) or jwt.", "oidc (über den Browser; Vorgabe) oder jwt."), \
    F(user_claim, FIELD_STRING, 0, "The claim that says who it is.", "Die Angabe des Tokens, die sagt, wer es ist."), \
    F(user_claim_json_pointer, FIELD_BOOL, 0, "Reads user_claim as a JSON pointer.", "Liest user_claim als JSON-Zeiger."), \
    F(bound_audiences, FIELD_STRINGS, 0, "Values of aud, of which the token must have one.", "Werte von aud, von denen das Token einen haben muss."), \
    F(bound_subject, FIELD_STRING, 0, "The value that sub must have.", "Der Wert, den sub haben muss."), \
    F(bound_claims, FIELD_OBJECT, 0, "Claims and the values of which each must have one.", "Angaben und die Werte, von denen jede einen haben muss."), \
    F(bound_claims_type, FIELD_STRING, 0, "string, or glob: values may contain *.", "string, oder glob: Werte dürfen * enthalten."), \
    F(claim_mappings, FIELD_ANY, 0, "Claims that become metadata of the token: {\"claim\":\"name\"}.", "Angaben, die Metadaten des Tokens werden: {\"claim\":\"name\"}."), \
    F(groups_claim, FIELD_STRING, 0, "The claim with names of groups.", "Die Angabe mit Namen von Gruppen."), \
    F(clock_skew_leeway, FIELD_STRING, 0, "By how much clocks may differ; 0: 60 s; -1: not at all.", "Um wie viel Uhren abweichen dürfen; 0: 60 s; -1: gar nicht."), \
    F(expiration_leeway, FIELD_STRING, 0, "How long a token without exp lives; 0: 150 s.", "Wie lange ein Token ohne exp gilt; 0: 150 s."), \
    F(not_before_leeway, FIELD_STRING, 0, "How long before exp a token without nbf and iat begins; 0: 150 s.", "Wie lange vor exp ein Token ohne nbf und iat beginnt; 0: 150 s."), \
    F(allowed_redirect_uris, FIELD_STRINGS, 0, "Where a browser may come back to.", "Wohin ein Browser zurückkehren darf."), \
    F(callback_mode, FIELD_STRING, 0, "How a client learns of the end: client (the browser comes back to it; the default), direct (to Vogt) or device (RFC 8628); by the last two whoever began a login gets the token of whoever ends it.", \
      "Wie ein Client vom Ende erfährt: client (der Browser kommt zu ihm zurück; Vorgabe), direct (zu Vogt) oder device (RFC 8628); bei den letzten beiden bekommt, wer eine Anmeldung beginnt, das Token dessen, der sie beendet."), \
    F(poll_interval, FIELD_DURATION, 0, "How often a client shall ask in these modes; 0: as the provider says, or every 5 s.", "Wie oft ein Client dann fragen soll; 0: wie der Anbieter sagt, sonst alle 5 s."), \
    F(oidc_scopes, FIELD_STRINGS, 0, "What is asked for besides openid.", "Was außer openid erbeten wird."), \
    F(max_age, FIELD_DURATION, 0, "The oldest login at the provider that is taken.", "Die älteste Anmeldung beim Anbieter, die gilt."), \
    F(verbose_oidc_logging, FIELD_BOOL, 0, "Kept for clients that ask; nothing of a token is ever logged.", "Für Clients, die danach fragen; von Tokens wird nie etwas protokolliert."), \
    LOGIN_OLD_TOKEN_FIELDS, LOGIN_TOKEN_FIELDS

#define POLL_FIELDS \
    F(state, FIELD_STRING, 0, "The word of this login.", "Das Wort dieser Anmeldung."), F(client_nonce, FIELD_STRING, FIELD_SECRET, "The client's own word.", "Das eigene Wort des Clients.")

#define WAY_BACK_FIELDS \
    POLL_FIELDS, F(code, FIELD_STRING, FIELD_SECRET, "The provider's code.", "Der Code des Anbieters."), F(iss, FIELD_STRING, 0, "The provider's name.", "Der Name des Anbieters."), \
    F(error, FIELD_STRING, 0, "Why the provider refused.", "Warum der Anbieter ablehnte.")

static const struct route routes[] = {
    ROUTE(jwt_login, VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(role, FIELD_STRING, 0, "The role; default: default_role.", "Die Rolle; Vorgabe: default_role."), F(jwt, FIELD_STRING, FIELD_SECRET, "The signed token.", "Das signierte Token.")),
          "Logs in with a signed token.", "Meldet mit einem signierten Token an.")
    ROUTE(jwt_config_read, VERB_READ, "config", 0, NO_FIELDS, "Whose tokens are taken.", "Wessen Tokens gelten.")
    ROUTE(jwt_config_write, VERB_WRITE, "config", ROUTE_EFFECT, FIELDS(CONFIG_FIELDS, CLIENT_FIELDS), "Says whose tokens are taken.", "Sagt, wessen Tokens gelten.")
    ROUTE(oidc_auth_url, VERB_WRITE, "oidc/auth_url", ROUTE_PUBLIC | ROUTE_OPEN_FIELDS,
          FIELDS(F(role, FIELD_STRING, 0, "The role; default: default_role.", "Die Rolle; Vorgabe: default_role."), F(redirect_uri, FIELD_STRING, 0, "Where the browser comes back to.", "Wohin der Browser zurückkehrt."),
                 F(client_nonce, FIELD_STRING, FIELD_SECRET, "A word of the client's, which it must say again at the end.", "Ein Wort des Clients, das er am Ende wiederholen muss.")),
          "The provider's address for a login through the browser.", "Die Adresse des Anbieters für eine Anmeldung über den Browser.")
    ROUTE(oidc_callback, VERB_READ | VERB_WRITE, "oidc/callback", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(WAY_BACK_FIELDS),
          "Ends a login through the browser (queries state, code, client_nonce, iss); by POST a provider's form, which goes on to the page.",
          "Beendet eine Anmeldung über den Browser (Abfragen state, code, client_nonce, iss); als POST das Formular eines Anbieters, das zur Seite weiterführt.")
    ROUTE(oidc_poll, VERB_READ | VERB_WRITE, "oidc/poll", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(POLL_FIELDS),
          "The token, once a login by callback_mode direct or device has ended; else authorization_pending.", "Das Token, sobald eine Anmeldung mit callback_mode direct oder device beendet ist; sonst authorization_pending.")
    ROUTE(jwt_role_list, VERB_LIST, "role", 0, NO_FIELDS, "Names of roles.", "Namen der Rollen.")
    ROUTE(jwt_role_write, VERB_WRITE, "role/:name", ROUTE_EFFECT, FIELDS(ROLE_FIELDS), "Creates a role, or changes what is given.", "Legt eine Rolle an oder ändert, was angegeben ist.")
    ROUTE(jwt_role_read, VERB_READ, "role/:name", 0, NO_FIELDS, "A role.", "Eine Rolle.")
    ROUTE(jwt_role_delete, VERB_DELETE, "role/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a role.", "Löscht eine Rolle.")
};

const struct engine engine_jwt = {
    .type = "jwt", .class = ENGINE_AUTH, .title = TEXT_INIT("login with signed tokens (JWT)", "Anmeldung mit signierten Tokens (JWT)"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = jwt_role_exists,
};
const struct engine engine_oidc = {
    .type = "oidc", .class = ENGINE_AUTH, .title = TEXT_INIT("login through the browser (OpenID Connect)", "Anmeldung über den Browser (OpenID Connect)"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = jwt_role_exists,
};
