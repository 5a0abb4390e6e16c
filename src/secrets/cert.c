/* Entries of cert: their rows, the method's configuration, and what it answers to. */
#include "secrets/cert.h"

#include "base/encode.h"
#include "engine/vault.h"
#include "secrets/cert_judge.h"
#include "secrets/web_address.h"

#include <string.h>

/* What an entry says besides its tokens. */
enum kind { KIND_TEXT, KIND_PEM, KIND_TEXTS, KIND_BOOL, KIND_NUMBER };
static const struct {
    const char *name;
    enum kind kind;
} members[] = {
    {"certificate", KIND_TEXT},           {"display_name", KIND_TEXT},          {"allowed_names", KIND_TEXTS},       {"allowed_common_names", KIND_TEXTS},
    {"allowed_dns_sans", KIND_TEXTS},     {"allowed_email_sans", KIND_TEXTS},   {"allowed_uri_sans", KIND_TEXTS},    {"allowed_organizational_units", KIND_TEXTS},
    {"required_extensions", KIND_TEXTS},  {"allowed_metadata_extensions", KIND_TEXTS},
    {"ocsp_enabled", KIND_BOOL},          {"ocsp_fail_open", KIND_BOOL},        {"ocsp_query_all_servers", KIND_BOOL}, {"ocsp_this_update_max_age", KIND_NUMBER},
    {"ocsp_servers_override", KIND_TEXTS}, {"ocsp_ca_certificates", KIND_PEM},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

char *cert_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "cert/%.*s", (int)name.len, (const char *)name.data);
}

bool cert_name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= CERT_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-_.@");
}

/* Does the path name an entry? */
static enum err exists(struct turn *turn)
{
    struct slice bytes;
    bool is_entry = strcmp(turn->route->pattern, "certs/:name") == 0;
    return is_entry ? turn_row(turn, cert_path(turn, secrets_lower(turn, turn->values[0])), &bytes) : ERR_NONE;
}

/* ---- who is asked for certificates ---- */

/* The row core/clients with this mount among the others, or without it; gates hear of it after the commit. */
static enum err note_mount(struct turn *turn, struct slice uuid, bool is_there)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, "core/clients", &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *fresh = json_new(turn->arena, JSON_OBJECT), *value = is_there ? json_boolean(turn->arena, true) : NULL;
    json_set(turn->arena, fresh, "mounts", secrets_with(turn, json_member(row, "mounts"), arena_string(turn->arena, uuid), value));
    err = turn_put_json(turn, "core/clients", fresh, 0);
    return err == ERR_NONE ? turn_start(turn, "cert_clients", NULL) : err;
}

static enum err enable(struct turn *turn, const struct mount *mount)
{
    return note_mount(turn, mount->uuid, true);
}

static enum err disable(struct turn *turn)
{
    return note_mount(turn, turn->mount->uuid, false);
}

/* Keep's own, after a mount came or went. */
enum err operation_cert_clients(struct turn *turn)
{
    return vault_clients_load(turn->around->vault, turn);
}

/* ---- writing ---- */

static enum err check_extensions(struct turn *turn, const struct json *row)
{
    const struct json *wanted = json_member(row, "required_extensions");
    for (const struct json *one = wanted == NULL ? NULL : wanted->first; one != NULL; one = one->next) {
        struct slice rest = slice_starts(one->text, SLICE_LITERAL("hex:")) ? slice_from(one->text, 4) : one->text;
        size_t colon = slice_find_byte(rest, ':');
        if (colon == SIZE_MAX || colon == 0) {
            return turn_refuse(turn, ERR_INVALID, TEXT("a required extension is OID:VALUE or hex:OID:VALUE", "eine verlangte Erweiterung ist OID:WERT oder hex:OID:WERT"), one->text);
        }
    }
    return ERR_NONE;
}

static enum err check_servers(struct turn *turn, const struct json *row)
{
    const struct json *servers = json_member(row, "ocsp_servers_override");
    struct web_address address;
    for (const struct json *one = servers == NULL ? NULL : servers->first; one != NULL; one = one->next) {
        if (!web_address_read(one->text, &address)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("an OCSP server is an address such as http://ocsp.example.org/", "ein OCSP-Server ist eine Adresse wie http://ocsp.example.org/"), one->text);
        }
    }
    return ERR_NONE;
}

/* PEM, or, as Vault has it here, base64 of that. */
static struct json *pem_of(struct turn *turn, const struct json *value)
{
    cleanup_buf struct buf decoded = BUF_INIT(CERT_PEM_MAX_BYTES);
    bool is_encoded = base64_decode(&decoded, slice_trim(value->text)) == ERR_NONE;
    return json_string(turn->arena, is_encoded ? buf_slice(&decoded) : value->text);
}

static struct json *new_row(struct turn *turn, const struct json *before)
{
    const struct json *body = turn->request->body;
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *name = members[i].name;
        const struct json *value = json_member(body, name) == NULL ? json_member(before, name) : json_member(body, name);
        if (value != NULL) {
            json_set(turn->arena, row, name, members[i].kind == KIND_PEM ? pem_of(turn, value) : json_copy(turn->arena, value));
        }
    }
    return row;
}

static enum err check_certificates(struct turn *turn, const struct json *row)
{
    const struct json *output = NULL;
    struct slice pem = json_text(row, "certificate", SLICE_NONE), others = json_text(row, "ocsp_ca_certificates", SLICE_NONE);
    if (pem.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("failed to parse certificate: it is missing", "das Zertifikat fehlt"), SLICE_NONE);
    }
    enum err first = turn_work(turn, ROLE_JUDGE, "cert.entry", NULL, pem, &output, NULL, NULL);
    enum err second = others.len == 0 ? ERR_NONE : turn_work(turn, ROLE_JUDGE, "cert.entry", NULL, others, &output, NULL, NULL);
    return first != ERR_NONE ? first : second;
}

enum err operation_cert_write(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    const struct json *before = NULL;
    if (!cert_name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("an entry's name has 1 to 128 letters, digits, - _ . @", "der Name eines Eintrags hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), name);
    }
    enum err err = turn_json(turn, cert_path(turn, name), &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *row = new_row(turn, before);
    err = login_token_read(turn, before, row);
    err = err == ERR_NONE ? check_extensions(turn, row) : err;
    err = err == ERR_NONE ? check_servers(turn, row) : err;
    err = err == ERR_NONE ? check_certificates(turn, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, cert_path(turn, name), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- reading, deleting ---- */

static struct json *empty(struct turn *turn, enum kind kind)
{
    switch (kind) {
    case KIND_TEXTS:
        return json_new(turn->arena, JSON_ARRAY);
    case KIND_BOOL:
        return json_boolean(turn->arena, false);
    case KIND_NUMBER:
        return json_number_u64(turn->arena, 0);
    case KIND_TEXT:
    case KIND_PEM:
        break;
    }
    return json_string(turn->arena, SLICE_NONE);
}

enum err operation_cert_read(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    const struct json *row = NULL;
    enum err err = turn_json(turn, cert_path(turn, name), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = json_member(row, members[i].name);
        bool is_named = value != NULL || strcmp(members[i].name, "display_name") != 0;
        json_set(turn->arena, data, members[i].name, !is_named ? json_string(turn->arena, name) : value == NULL ? empty(turn, members[i].kind) : json_copy(turn->arena, value));
    }
    login_token_show(turn, row, data);
    return turn_reply_data(turn, data);
}

enum err operation_cert_list(struct turn *turn)
{
    return secrets_list(turn, "cert", SLICE_NONE);
}

enum err operation_cert_delete(struct turn *turn)
{
    struct slice bytes;
    char *path = cert_path(turn, secrets_lower(turn, turn->values[0]));
    enum err err = turn_row(turn, path, &bytes);
    err = err == ERR_NONE ? turn_delete(turn, path) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

/* ---- configuration ---- */

static const char *const switches[] = {"disable_binding", "enable_identity_alias_metadata"};

static struct json *settings_of(struct turn *turn, const struct json *body)
{
    const struct json *before = mount_settings(turn->mount);
    struct json *settings = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < 2; i++) {
        json_set_bool(turn->arena, settings, switches[i], json_bool(json_member(body, switches[i]) == NULL ? before : body, switches[i], false));
    }
    return settings;
}

enum err operation_cert_config_read(struct turn *turn)
{
    return turn_reply_data(turn, settings_of(turn, NULL));
}

enum err operation_cert_config_write(struct turn *turn)
{
    enum err err = mount_put_settings(turn, settings_of(turn, turn->request->body));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- the method ---- */

#define ENTRY_FIELDS \
    F(certificate, FIELD_STRING, FIELD_LONG, "PEM of the authorities that sign clients, or of one client.", "PEM der Aussteller von Clients, oder eines Clients."), \
    F(allowed_names, FIELD_STRINGS, 0, "Patterns, one of which fits the common name, a DNS name or an address of mail.", "Muster, von denen eines auf den CN, einen DNS-Namen oder eine Mailadresse passt."), \
    F(allowed_common_names, FIELD_STRINGS, 0, "Patterns for the common name.", "Muster für den CN."), \
    F(allowed_dns_sans, FIELD_STRINGS, 0, "Patterns for DNS names.", "Muster für DNS-Namen."), \
    F(allowed_email_sans, FIELD_STRINGS, 0, "Patterns for addresses of mail.", "Muster für Mailadressen."), \
    F(allowed_uri_sans, FIELD_STRINGS, 0, "Patterns for URIs.", "Muster für URIs."), \
    F(allowed_organizational_units, FIELD_STRINGS, 0, "Patterns for organizational units.", "Muster für Organisationseinheiten (OU)."), \
    F(required_extensions, FIELD_STRINGS, 0, "OID:VALUE or hex:OID:VALUE, all of which must fit.", "OID:WERT oder hex:OID:WERT, die alle passen müssen."), \
    F(allowed_metadata_extensions, FIELD_STRINGS, 0, "OIDs whose values stand in the token's metadata.", "OIDs, deren Werte in den Metadaten des Tokens stehen."), \
    F(display_name, FIELD_STRING, 0, "Shown in tokens; default: the entry's name.", "Steht in Tokens; sonst der Name des Eintrags."), \
    F(ocsp_enabled, FIELD_BOOL, 0, "Asks at each login whether the certificate was revoked (OCSP).", "Fragt bei jeder Anmeldung, ob das Zertifikat gesperrt wurde (OCSP)."), \
    F(ocsp_servers_override, FIELD_STRINGS, 0, "Whom to ask; default: whom the certificate names. At most 4 are asked.", "Wer gefragt wird; sonst, wen das Zertifikat nennt. Höchstens 4 werden gefragt."), \
    F(ocsp_ca_certificates, FIELD_STRING, FIELD_LONG, "PEM of others than the issuer whose answers count.", "PEM derer, deren Antworten außer denen des Ausstellers gelten."), \
    F(ocsp_fail_open, FIELD_BOOL, 0, "Lets in where nobody gives an answer that counts.", "Lässt ein, wo niemand eine gültige Antwort gibt."), \
    F(ocsp_query_all_servers, FIELD_BOOL, 0, "Asks all, who must agree; default: the first that answers.", "Fragt alle, die sich einig sein müssen; sonst den ersten, der antwortet."), \
    F(ocsp_this_update_max_age, FIELD_DURATION, 0, "How old an answer may be; 0: as it says itself, or 5 minutes.", "Wie alt eine Antwort sein darf; 0: wie sie selbst sagt, oder 5 Minuten."), \
    F(policies, FIELD_STRINGS, FIELD_OLD, "Older name of token_policies.", "Älterer Name von token_policies."), \
    F(ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_ttl.", "Älterer Name von token_ttl."), \
    F(max_ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_max_ttl.", "Älterer Name von token_max_ttl."), \
    F(period, FIELD_DURATION, FIELD_OLD, "Older name of token_period.", "Älterer Name von token_period."), \
    F(bound_cidrs, FIELD_STRINGS, FIELD_OLD, "Older name of token_bound_cidrs.", "Älterer Name von token_bound_cidrs."), LOGIN_TOKEN_FIELDS

static const struct route routes[] = {
    ROUTE(cert_login, VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS, FIELDS(F(name, FIELD_STRING, 0, "The entry to log in by; default: the first that fits.", "Der Eintrag für die Anmeldung; sonst der erste passende.")),
          "Logs in with the connection's client certificate.", "Meldet mit dem Client-Zertifikat der Verbindung an.")
    ROUTE(cert_list, VERB_LIST, "certs", 0, NO_FIELDS, "Names of entries.", "Namen der Einträge.")
    ROUTE(cert_write, VERB_WRITE, "certs/:name", ROUTE_EFFECT, FIELDS(ENTRY_FIELDS), "Creates an entry, or changes what is given.", "Legt einen Eintrag an oder ändert, was angegeben ist.")
    ROUTE(cert_read, VERB_READ, "certs/:name", 0, NO_FIELDS, "An entry.", "Ein Eintrag.")
    ROUTE(cert_delete, VERB_DELETE, "certs/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes an entry.", "Löscht einen Eintrag.")
    ROUTE(cert_config_read, VERB_READ, "config", 0, NO_FIELDS, "The method's settings.", "Einstellungen des Verfahrens.")
    ROUTE(cert_config_write, VERB_WRITE, "config", ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(disable_binding, FIELD_BOOL, 0, "A renewal needs no certificate.", "Eine Verlängerung braucht kein Zertifikat."),
                 F(enable_identity_alias_metadata, FIELD_BOOL, FIELD_OLD, "Kept for clients that ask.", "Für Clients, die danach fragen.")),
          "Changes the method's settings.", "Ändert Einstellungen des Verfahrens.")
    ROUTE(cert_crl_list, VERB_LIST, "crls", 0, NO_FIELDS, "Names of revocation lists.", "Namen der Sperrlisten.")
    ROUTE(cert_crl_write, VERB_WRITE, "crls/:name", ROUTE_EFFECT, FIELDS(F(crl, FIELD_STRING, FIELD_LONG, "The list, PEM.", "Die Liste, PEM."), F(url, FIELD_STRING, 0, "Or where it is fetched, now and every hour: https.", "Oder wo sie geholt wird, jetzt und stündlich: https.")),
          "Sets a revocation list.", "Setzt eine Sperrliste.")
    ROUTE(cert_crl_read, VERB_READ, "crls/:name", 0, NO_FIELDS, "The serial numbers of a revocation list.", "Die Seriennummern einer Sperrliste.")
    ROUTE(cert_crl_delete, VERB_DELETE, "crls/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a revocation list.", "Löscht eine Sperrliste.")
};

const struct engine engine_cert = {
    .type = "cert", .class = ENGINE_AUTH, .title = TEXT_INIT("login with a client certificate", "Anmeldung mit Client-Zertifikat"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .enable = enable, .disable = disable, .exists = exists,
};
