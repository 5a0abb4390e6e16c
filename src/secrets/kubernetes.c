/* auth/kubernetes: the configuration, roles, and what the method answers to. */
#include "secrets/kubernetes.h"

#include "secrets/web_address.h"

#include <string.h>

enum kind { KIND_TEXT, KIND_TEXTS, KIND_FALSE, KIND_TRUE, KIND_SECRET };
struct member {
    const char *name;
    enum kind kind;
};
static const struct member config_members[] = {
    {"disable_iss_validation", KIND_TRUE}, {"disable_local_ca_jwt", KIND_FALSE}, {"issuer", KIND_TEXT},           {"kubernetes_ca_cert", KIND_TEXT},
    {"kubernetes_host", KIND_TEXT},        {"pem_keys", KIND_TEXTS},             {"token_reviewer_jwt", KIND_SECRET}, {"use_annotations_as_alias_metadata", KIND_FALSE},
};
static const struct member role_members[] = {
    {"alias_name_source", KIND_TEXT}, {"audience", KIND_TEXT}, {"bound_service_account_names", KIND_TEXTS}, {"bound_service_account_namespaces", KIND_TEXTS},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *role_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "role/%.*s", (int)name.len, (const char *)name.data);
}

enum err kubernetes_config(struct turn *turn, const struct json **ret_row)
{
    return turn_json(turn, mount_path(turn, "config"), ret_row);
}

enum err kubernetes_role(struct turn *turn, struct slice name, const struct json **ret_row)
{
    return turn_json(turn, role_path(turn, name), ret_row);
}

static enum err exists(struct turn *turn)
{
    struct slice bytes;
    bool is_role = strcmp(turn->route->pattern, "role/:name") == 0;
    return is_role ? turn_row(turn, role_path(turn, secrets_lower(turn, turn->values[0])), &bytes) : turn_row(turn, mount_path(turn, "config"), &bytes);
}

/* What is given over what was there; texts without white space around them, as files bring it. */
static void merge(struct turn *turn, const struct member *members, size_t count, const struct json *before, struct json *row)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *given = json_member(turn->request->body, members[i].name), *value = given == NULL ? json_member(before, members[i].name) : given;
        bool is_text = value != NULL && value->type == JSON_STRING;
        if (value != NULL) {
            json_set(turn->arena, row, members[i].name, is_text ? json_string(turn->arena, slice_trim(value->text)) : json_copy(turn->arena, value));
        }
    }
}

static void show(struct turn *turn, const struct member *members, size_t count, const struct json *row, struct json *data)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *value = json_member(row, members[i].name);
        if (members[i].kind == KIND_SECRET) {
            json_set_bool(turn->arena, data, turn_path(turn, "%s_set", members[i].name), value != NULL && value->text.len > 0);
            continue;
        }
        struct json *empty = members[i].kind == KIND_TEXT ? json_string(turn->arena, SLICE_NONE) : members[i].kind == KIND_TEXTS ? json_new(turn->arena, JSON_ARRAY) : json_boolean(turn->arena, members[i].kind == KIND_TRUE);
        json_set(turn->arena, data, members[i].name, value == NULL ? empty : json_copy(turn->arena, value));
    }
}

/* ---- configuration ---- */

enum err operation_kubernetes_config_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = kubernetes_config(turn, &row);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    show(turn, config_members, COUNT(config_members), row, data);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* "HOST", "HOST:PORT" and addresses are all taken; what has no scheme is https. */
static struct slice address_of(struct turn *turn, struct slice host)
{
    bool has_scheme = slice_find(host, SLICE_LITERAL("://")) != SIZE_MAX;
    return has_scheme ? host : slice_string(turn_path(turn, "https://%.*s", (int)host.len, (const char *)host.data));
}

static enum err check_config(struct turn *turn, struct json **row)
{
    struct slice host = json_text(*row, "kubernetes_host", SLICE_NONE);
    if (host.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("no host provided", "kubernetes_host fehlt"), SLICE_NONE);
    }
    if (!web_address_is_safe(address_of(turn, host))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("kubernetes_host must be a host, host:port or an https address (http on this machine only)", "kubernetes_host muss ein Rechnername, Rechnername:Port oder eine https-Adresse sein (http nur auf dieser Maschine)"), SLICE_NONE);
    }
    if (json_bool(*row, "disable_local_ca_jwt", false) && json_text(*row, "kubernetes_ca_cert", SLICE_NONE).len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("kubernetes_ca_cert must be given when disable_local_ca_jwt is true", "kubernetes_ca_cert muss angegeben sein, wenn disable_local_ca_jwt gesetzt ist"), SLICE_NONE);
    }
    *row = secrets_with(turn, *row, "kubernetes_host", json_string(turn->arena, host));
    return *row == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Written whole, as in Vault: what is not given is not there. */
enum err operation_kubernetes_config_write(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT), *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *output = NULL, *pems = json_member(turn->request->body, "pem_keys");
    merge(turn, config_members, COUNT(config_members), NULL, row);
    enum err err = check_config(turn, &row);
    if (err == ERR_NONE && pems != NULL) {
        json_set(turn->arena, input, "pems", json_copy(turn->arena, pems));
        err = turn_work(turn, ROLE_JUDGE, "login.keys", input, SLICE_NONE, &output, NULL, NULL);
    }
    err = err == ERR_NONE ? turn_put_json(turn, mount_path(turn, "config"), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- roles ---- */

static enum err check_bound(struct turn *turn, const struct json *row, const char *name)
{
    const struct json *list = json_member(row, name);
    bool has_star = false;
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        has_star = has_star || slice_is(one->text, "*");
    }
    if (list == NULL || list->count == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT(turn_path(turn, "\"%s\" can not be empty", name), turn_path(turn, "„%s“ darf nicht leer sein", name)), SLICE_NONE);
    }
    return has_star && list->count > 1 ? turn_refuse(turn, ERR_INVALID, TEXT("can not mix \"*\" with values", "„*“ steht allein und nicht neben anderen Werten"), slice_string(name)) : ERR_NONE;
}

static enum err check_role(struct turn *turn, const struct json *row)
{
    struct slice source = json_text(row, "alias_name_source", SLICE_NONE);
    enum err err = check_bound(turn, row, "bound_service_account_names");
    err = err == ERR_NONE ? check_bound(turn, row, "bound_service_account_namespaces") : err;
    if (err == ERR_NONE && !slice_is(source, "serviceaccount_uid") && !slice_is(source, "serviceaccount_name")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name", "alias_name_source ist serviceaccount_uid oder serviceaccount_name"), source);
    }
    return err;
}

static bool name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= KUBERNETES_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-_.@");
}

enum err operation_kubernetes_role_write(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    const struct json *before = NULL;
    if (!name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role's name has 1 to 128 letters, digits, - _ . @", "der Name einer Rolle hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), name);
    }
    enum err err = kubernetes_role(turn, name, &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    merge(turn, role_members, COUNT(role_members), before, row);
    if (json_member(row, "alias_name_source") == NULL) {
        json_set_string(turn->arena, row, "alias_name_source", SLICE_LITERAL("serviceaccount_uid"));
    }
    err = login_token_read(turn, before, row);
    err = err == ERR_NONE ? check_role(turn, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, role_path(turn, name), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_kubernetes_role_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = kubernetes_role(turn, secrets_lower(turn, turn->values[0]), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    show(turn, role_members, COUNT(role_members), row, data);
    login_token_show(turn, row, data);
    return turn_reply_data(turn, data);
}

enum err operation_kubernetes_role_list(struct turn *turn)
{
    return secrets_list(turn, "role", SLICE_NONE);
}

enum err operation_kubernetes_role_delete(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice name = secrets_lower(turn, turn->values[0]);
    enum err err = kubernetes_role(turn, name, &row);
    err = err == ERR_NONE ? turn_delete(turn, role_path(turn, name)) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

/* ---- routes ---- */

#define CONFIG_FIELDS \
    F(kubernetes_host, FIELD_STRING, FIELD_REQUIRED, "The cluster's API: host, host:port or https address.", "Die API des Clusters: Rechnername, Rechnername:Port oder https-Adresse."), \
    F(kubernetes_ca_cert, FIELD_STRING, FIELD_LONG, "Authorities in PEM for the API's certificate; default: those of the pod that Vogt runs in, else the system's.", "Zertifizierungsstellen in PEM für das Zertifikat der API; Vorgabe: die des Pods, in dem Vogt läuft, sonst die des Systems."), \
    F(token_reviewer_jwt, FIELD_STRING, FIELD_SECRET, "Token that may make TokenReviews; default: that of the pod that Vogt runs in, else the one that logs in.", "Token, das TokenReviews anlegen darf; Vorgabe: das des Pods, in dem Vogt läuft, sonst das, das sich anmeldet."), \
    F(pem_keys, FIELD_STRINGS, FIELD_LONG, "Public keys or certificates that sign the tokens; the cluster is asked all the same.", "Öffentliche Schlüssel oder Zertifikate, die die Tokens signieren; der Cluster wird trotzdem gefragt."), \
    F(issuer, FIELD_STRING, 0, "The value of iss, where it is checked; default: kubernetes/serviceaccount.", "Der Wert von iss, wo er geprüft wird; Vorgabe: kubernetes/serviceaccount."), \
    F(disable_iss_validation, FIELD_BOOL, 0, "Does not check iss, as the cluster does that; default: true.", "Prüft iss nicht, weil der Cluster das tut; Vorgabe: ja."), \
    F(disable_local_ca_jwt, FIELD_BOOL, 0, "Takes nothing from the pod that Vogt runs in.", "Nimmt nichts aus dem Pod, in dem Vogt läuft."), \
    F(use_annotations_as_alias_metadata, FIELD_BOOL, 0, "Kept for clients that ask.", "Für Clients, die danach fragen.")

#define ROLE_FIELDS \
    F(bound_service_account_names, FIELD_STRINGS, 0, "Service accounts that may log in; * stands for any letters.", "Dienstkonten, die sich anmelden dürfen; * steht für beliebige Zeichen."), \
    F(bound_service_account_namespaces, FIELD_STRINGS, 0, "Namespaces whose service accounts may log in; * stands for any letters.", "Namensräume, deren Dienstkonten sich anmelden dürfen; * steht für beliebige Zeichen."), \
    F(audience, FIELD_STRING, 0, "The audience that the token must have.", "Der Empfänger, für den das Token bestimmt sein muss."), \
    F(alias_name_source, FIELD_STRING, 0, "serviceaccount_uid (default) or serviceaccount_name: by what identity knows it.", "serviceaccount_uid (Vorgabe) oder serviceaccount_name: woran die Identität erkannt wird."), \
    LOGIN_OLD_TOKEN_FIELDS, LOGIN_TOKEN_FIELDS

static const struct route routes[] = {
    ROUTE(kubernetes_login, VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(role, FIELD_STRING, 0, "The role.", "Die Rolle."), F(jwt, FIELD_STRING, FIELD_SECRET, "The service account's token.", "Das Token des Dienstkontos.")),
          "Logs in with a service account's token.", "Meldet mit dem Token eines Dienstkontos an.")
    ROUTE(kubernetes_config_read, VERB_READ, "config", 0, NO_FIELDS, "Which cluster is asked.", "Welcher Cluster gefragt wird.")
    ROUTE(kubernetes_config_write, VERB_WRITE, "config", ROUTE_EFFECT, FIELDS(CONFIG_FIELDS), "Says which cluster is asked.", "Sagt, welcher Cluster gefragt wird.")
    ROUTE(kubernetes_role_list, VERB_LIST, "role", 0, NO_FIELDS, "Names of roles.", "Namen der Rollen.")
    ROUTE(kubernetes_role_write, VERB_WRITE, "role/:name", ROUTE_EFFECT, FIELDS(ROLE_FIELDS), "Creates a role, or changes what is given.", "Legt eine Rolle an oder ändert, was angegeben ist.")
    ROUTE(kubernetes_role_read, VERB_READ, "role/:name", 0, NO_FIELDS, "A role.", "Eine Rolle.")
    ROUTE(kubernetes_role_delete, VERB_DELETE, "role/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a role.", "Löscht eine Rolle.")
};

const struct engine engine_kubernetes = {
    .type = "kubernetes", .class = ENGINE_AUTH, .title = TEXT_INIT("login of programs in Kubernetes", "Anmeldung von Programmen in Kubernetes"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists,
};
