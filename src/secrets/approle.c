/* Roles of AppRole: their rows, their single fields, their role ids, and what the method answers to. */
#include "secrets/approle.h"

#include "base/encode.h"
#include "engine/token.h"
#include "engine/vault.h"
#include "secrets/login_lockout.h"

#include <string.h>

/* What a role says besides its tokens. */
enum kind { KIND_NUMBER, KIND_BOOL, KIND_NETWORKS };
static const struct {
    const char *name, *old;
    enum kind kind;
} members[] = {
    {"bind_secret_id", NULL, KIND_BOOL}, {"secret_id_num_uses", NULL, KIND_NUMBER},                  {"secret_id_ttl", NULL, KIND_NUMBER},
    {"local_secret_ids", NULL, KIND_BOOL}, {"secret_id_bound_cidrs", "bound_cidr_list", KIND_NETWORKS},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

/* ---- rows ---- */

static char *role_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "role/%.*s", (int)name.len, (const char *)name.data);
}

enum err approle_hmac(struct turn *turn, struct slice id, struct slice text, char **ret_hex)
{
    uint8_t key[KEY_BYTES], mac[SHA256_BYTES];
    enum err err = turn->around->vault->token_key.len == 0 ? ERR_SEALED : ERR_NONE;
    err = err == ERR_NONE ? hkdf_sha256(secret_slice(&turn->around->vault->token_key), id, SLICE_LITERAL("vogt/approle/v1"), key, sizeof key) : err;
    if (err != ERR_NONE) {
        return err;
    }
    hmac_sha256(slice_of(key, sizeof key), text, mac);
    wipe(key, sizeof key);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof mac);
    err = hex_encode(&hex, slice_of(mac, sizeof mac));
    *ret_hex = arena_string(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : *ret_hex == NULL ? ERR_MEMORY : ERR_NONE;
}

struct slice approle_uuid(struct turn *turn)
{
    uint8_t random[16];
    turn_random(turn, random, sizeof random);
    random[6] = (uint8_t)(0x40 | (random[6] & 0x0f));
    random[8] = (uint8_t)(0x80 | (random[8] & 0x3f));
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof random);
    enum err err = hex_encode(&hex, slice_of(random, sizeof random));
    wipe(random, sizeof random);
    const char *text = (const char *)hex.data;
    return err != ERR_NONE ? SLICE_NONE : slice_string(turn_path(turn, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16, text + 20));
}

static enum err load(struct turn *turn, struct slice given, struct approle *ret_role)
{
    struct slice name = secrets_lower(turn, given);
    const struct json *row = NULL;
    enum err err = turn_json(turn, role_path(turn, name), &row);
    if (err == ERR_NONE) {
        *ret_role = (struct approle){.name = name, .id = json_text(row, "id", SLICE_NONE), .row = row};
    }
    return err;
}

enum err approle_load(struct turn *turn, struct approle *ret_role)
{
    return load(turn, turn->values[0], ret_role);
}

enum err approle_need(struct turn *turn, struct approle *ret_role)
{
    enum err err = approle_load(turn, ret_role);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("role does not exist", "diese Rolle gibt es nicht"), turn->values[0]) : err;
}

static enum err role_id_path(struct turn *turn, struct slice role_id, char **ret_path)
{
    char *hex = NULL;
    enum err err = approle_hmac(turn, SLICE_NONE, role_id, &hex);
    *ret_path = err == ERR_NONE ? mount_path(turn, "role-id/%s", hex) : NULL;
    return err;
}

enum err approle_find(struct turn *turn, struct slice role_id, struct approle *ret_role)
{
    char *path = NULL;
    const struct json *pointer = NULL;
    enum err err = role_id_path(turn, role_id, &path);
    err = err == ERR_NONE ? turn_json(turn, path, &pointer) : err;
    return err == ERR_NONE ? load(turn, json_text(pointer, "role", SLICE_NONE), ret_role) : err;
}

/* Does the path name a role itself? Its parts are there when asked for, so writing to them is an update, as in Vault. */
static enum err exists(struct turn *turn)
{
    struct slice bytes;
    bool is_role = strcmp(turn->route->pattern, "role/:name") == 0;
    return is_role ? turn_row(turn, role_path(turn, secrets_lower(turn, turn->values[0])), &bytes) : ERR_NONE;
}

/* ---- writing ---- */

static enum err check_networks(struct turn *turn, const struct json *cidrs)
{
    for (const struct json *one = cidrs == NULL ? NULL : cidrs->first; one != NULL; one = one->next) {
        if (!token_cidr_is_good(one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("invalid CIDR blocks", "das ist kein Netz wie etwa 10.0.0.0/8"), one->text);
        }
    }
    return ERR_NONE;
}

static bool is_empty(const struct json *array)
{
    return array == NULL || array->count == 0;
}

static enum err check_role(struct turn *turn, const struct json *row, const struct json *before)
{
    if (before != NULL && json_bool(row, "local_secret_ids", false) != json_bool(before, "local_secret_ids", false)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("local_secret_ids can only be modified during role creation", "local_secret_ids lässt sich nur beim Anlegen der Rolle setzen"), SLICE_NONE);
    }
    if (!json_bool(row, "bind_secret_id", true) && is_empty(json_member(row, "secret_id_bound_cidrs")) && is_empty(json_member(json_member(row, "token"), "token_bound_cidrs"))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("at least one constraint should be enabled on the role", "die Rolle braucht mindestens eine Bedingung: bind_secret_id oder Netze"), SLICE_NONE);
    }
    return check_networks(turn, json_member(row, "secret_id_bound_cidrs"));
}

static const struct json *given(const struct json *body, size_t i)
{
    const struct json *value = json_member(body, members[i].name);
    return value == NULL && members[i].old != NULL ? json_member(body, members[i].old) : value;
}

/* The role id stands in a row of its own, by which a login finds the role. */
static enum err move_role_id(struct turn *turn, struct slice name, struct slice before, struct slice now)
{
    char *old_path = NULL, *path = NULL;
    struct slice bytes;
    enum err err = role_id_path(turn, now, &path);
    if (err != ERR_NONE || slice_equal(before, now)) {
        return err;
    }
    err = turn_row(turn, path, &bytes);
    if (err != ERR_NOT_FOUND) {
        return err == ERR_NONE ? turn_refuse(turn, ERR_INVALID, TEXT("role_id already in use", "diese role_id ist vergeben"), SLICE_NONE) : err;
    }
    struct json *pointer = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, pointer, "role", name);
    err = turn_put_json(turn, path, pointer, 0);
    if (err == ERR_NONE && before.len > 0) {
        err = role_id_path(turn, before, &old_path);
        err = err == ERR_NONE ? turn_delete(turn, old_path) : err;
    }
    return err;
}

static struct json *new_row(struct turn *turn, const struct json *before, struct slice role_id)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    uint8_t id[16];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof id);
    turn_random(turn, id, sizeof id);
    if (hex_encode(&hex, slice_of(id, sizeof id)) != ERR_NONE) {
        return NULL;
    }
    json_set_string(turn->arena, row, "id", json_text(before, "id", buf_slice(&hex)));
    json_set_string(turn->arena, row, "role_id", role_id);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = given(turn->request->body, i) == NULL ? json_member(before, members[i].name) : given(turn->request->body, i);
        if (value != NULL) {
            json_set(turn->arena, row, members[i].name, json_copy(turn->arena, value));
        }
    }
    return row;
}

static enum err write_role(struct turn *turn, struct slice name, const struct json *before)
{
    struct slice had = json_text(before, "role_id", SLICE_NONE), wanted = turn_field(turn, "role_id");
    struct slice role_id = wanted.len > 0 ? wanted : had.len > 0 ? had : approle_uuid(turn);
    if (role_id.len > APPROLE_SECRET_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role_id has at most 1024 bytes", "eine role_id hat höchstens 1024 Bytes"), SLICE_NONE);
    }
    struct json *row = new_row(turn, before, role_id);
    enum err err = row == NULL ? ERR_MEMORY : login_token_read(turn, before, row);
    err = err == ERR_NONE ? check_role(turn, row, before) : err;
    err = err == ERR_NONE ? move_role_id(turn, name, had, role_id) : err;
    return err == ERR_NONE ? turn_put_json(turn, role_path(turn, name), row, 0) : err;
}

static bool name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= APPROLE_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-_.@");
}

enum err operation_approle_write(struct turn *turn)
{
    struct approle role = {.name = secrets_lower(turn, turn->values[0])};
    if (!name_is_good(role.name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role's name has 1 to 128 letters, digits, - _ . @", "der Name einer Rolle hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), role.name);
    }
    enum err err = approle_load(turn, &role);
    err = err == ERR_NONE || err == ERR_NOT_FOUND ? write_role(turn, role.name, role.row) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- reading, deleting ---- */

static struct json *value_of(struct turn *turn, const struct json *row, size_t i)
{
    const struct json *value = json_member(row, members[i].name);
    if (value != NULL) {
        return json_copy(turn->arena, value);
    }
    switch (members[i].kind) {
    case KIND_NUMBER:
        return json_number_u64(turn->arena, 0);
    case KIND_BOOL:
        return json_boolean(turn->arena, i == 0); /* bind_secret_id */
    case KIND_NETWORKS:
        break;
    }
    return json_new(turn->arena, JSON_NULL);
}

enum err operation_approle_read(struct turn *turn)
{
    struct approle role;
    enum err err = approle_load(turn, &role);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        json_set(turn->arena, data, members[i].name, value_of(turn, role.row, i));
    }
    login_token_show(turn, role.row, data);
    return turn_reply_data(turn, data);
}

enum err operation_approle_list(struct turn *turn)
{
    return secrets_list(turn, "role", SLICE_NONE);
}

/* Its secret ids end at once, because they hang on the id in the row that goes; their rows are swept in slices. */
enum err operation_approle_delete(struct turn *turn)
{
    struct approle role;
    char *pointer = NULL;
    enum err err = approle_load(turn, &role);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    err = role_id_path(turn, json_text(role.row, "role_id", SLICE_NONE), &pointer);
    err = err == ERR_NONE ? turn_delete(turn, pointer) : err;
    err = err == ERR_NONE ? turn_delete(turn, role_path(turn, role.name)) : err;
    err = err == ERR_NONE ? mount_sweep_below(turn, role.id, slice_string(mount_path(turn, "of/%.*s/", (int)role.id.len, (const char *)role.id.data))) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- single fields ---- */

/* "secret-id-ttl" is the member secret_id_ttl. */
static char *field_name(struct turn *turn)
{
    char *name = arena_string(turn->arena, turn->values[1]);
    for (char *at = name; at != NULL && *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    return name;
}

static size_t member_of(const char *name)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && strcmp(name, members[i].name) != 0 && (members[i].old == NULL || strcmp(name, members[i].old) != 0)) {
        i++;
    }
    return i;
}

static enum err no_such_field(struct turn *turn)
{
    return turn_refuse(turn, ERR_NOT_FOUND, TEXT("unsupported path", "diesen Pfad kennt die Engine nicht"), SLICE_NONE);
}

/* The routes say which names there are, but for those of tokens that have no path of their own. */
static struct json *field_value(struct turn *turn, const struct json *row, const char *name)
{
    static const char *const alone[] = {"token_bound_cidrs", "token_num_uses", "token_ttl", "token_max_ttl", "policies", "period"};
    size_t i = member_of(name);
    if (i < MEMBER_COUNT) {
        return value_of(turn, row, i);
    }
    for (size_t k = 0; k < sizeof alone / sizeof alone[0]; k++) {
        if (strcmp(name, alone[k]) == 0) {
            return login_token_value(turn, row, slice_string(name));
        }
    }
    return NULL;
}

enum err operation_approle_field_read(struct turn *turn)
{
    struct approle role;
    char *name = field_name(turn);
    enum err err = approle_load(turn, &role);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *value = field_value(turn, role.row, name), *data = json_new(turn->arena, JSON_OBJECT);
    if (value == NULL) {
        return no_such_field(turn);
    }
    json_set(turn->arena, data, name, value);
    if (strcmp(name, "policies") == 0 || strcmp(name, "period") == 0) {
        json_set(turn->arena, data, turn_path(turn, "token_%s", name), json_copy(turn->arena, value));
    }
    return turn_reply_data(turn, data);
}

enum err operation_approle_field_write(struct turn *turn)
{
    struct approle role;
    char *name = field_name(turn);
    enum err err = approle_load(turn, &role);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && field_value(turn, role.row, name) == NULL)) {
        return no_such_field(turn);
    }
    const struct json *body = turn->request->body;
    if (err == ERR_NONE && (body == NULL || body->count != 1 || (json_member(body, name) == NULL && json_member(body, turn_path(turn, "token_%s", name)) == NULL))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this path takes the field of its own name, and no other", "dieser Pfad nimmt nur das Feld seines eigenen Namens"), slice_string(name));
    }
    err = err == ERR_NONE ? write_role(turn, role.name, role.row) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_approle_field_delete(struct turn *turn)
{
    struct approle role;
    char *name = field_name(turn);
    enum err err = approle_load(turn, &role);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    if (field_value(turn, role.row, name) == NULL) {
        return no_such_field(turn);
    }
    size_t i = member_of(name);
    struct json *row = i < MEMBER_COUNT ? secrets_with(turn, role.row, members[i].name, NULL) : login_token_without(turn, role.row, slice_string(name));
    err = row == NULL ? ERR_MEMORY : check_role(turn, row, role.row);
    err = err == ERR_NONE ? turn_put_json(turn, role_path(turn, role.name), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_approle_role_id_read(struct turn *turn)
{
    struct approle role;
    enum err err = approle_load(turn, &role);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "role_id", err == ERR_NONE ? json_text(role.row, "role_id", SLICE_NONE) : SLICE_NONE);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_approle_role_id_write(struct turn *turn)
{
    struct approle role;
    enum err err = approle_load(turn, &role);
    if (err == ERR_NOT_FOUND) {
        return no_such_field(turn);
    }
    if (err == ERR_NONE && turn_field(turn, "role_id").len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing role_id", "role_id fehlt"), SLICE_NONE);
    }
    err = err == ERR_NONE ? write_role(turn, role.name, role.row) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- the method ---- */

#define ROLE_FIELDS \
    F(role_id, FIELD_STRING, 0, "The role's id; default: a random one.", "Die Kennung der Rolle; sonst eine zufällige."), \
    F(bind_secret_id, FIELD_BOOL, 0, "A login needs a secret id; default: true.", "Zur Anmeldung gehört eine secret_id; sonst: ja."), \
    F(secret_id_bound_cidrs, FIELD_STRINGS, 0, "Networks that may log in.", "Netze, aus denen angemeldet werden darf."), \
    F(bound_cidr_list, FIELD_STRINGS, FIELD_OLD, "Older name of secret_id_bound_cidrs.", "Älterer Name von secret_id_bound_cidrs."), \
    F(secret_id_num_uses, FIELD_NUMBER, 0, "Logins with one secret id; 0: no limit.", "Anmeldungen mit einer secret_id; 0: unbegrenzt."), \
    F(secret_id_ttl, FIELD_DURATION, 0, "Life of a secret id; 0: no end.", "Lebensdauer einer secret_id; 0: kein Ende."), \
    F(local_secret_ids, FIELD_BOOL, FIELD_OLD, "Set at creation only; kept for clients that ask.", "Nur beim Anlegen; für Clients, die danach fragen."), \
    F(policies, FIELD_STRINGS, FIELD_OLD, "Older name of token_policies.", "Älterer Name von token_policies."), \
    F(period, FIELD_DURATION, FIELD_OLD, "Older name of token_period.", "Älterer Name von token_period."), LOGIN_TOKEN_FIELDS

#define SECRET_FIELDS \
    F(metadata, FIELD_ANY, 0, "JSON object of texts, as a text; stands in the token's metadata.", "JSON-Objekt von Texten, als Text; steht in den Metadaten des Tokens."), \
    F(cidr_list, FIELD_STRINGS, 0, "Networks that may log in with it; within the role's.", "Netze, aus denen damit angemeldet werden darf; innerhalb derer der Rolle."), \
    F(token_bound_cidrs, FIELD_STRINGS, 0, "Networks for the token; within the role's.", "Netze für das Token; innerhalb derer der Rolle."), \
    F(num_uses, FIELD_NUMBER, 0, "Logins with it; not more than the role's.", "Anmeldungen damit; nicht mehr als die der Rolle."), \
    F(ttl, FIELD_DURATION, 0, "Its life; not more than the role's.", "Ihre Lebensdauer; nicht mehr als die der Rolle.")

#define A_SECRET_ID F(secret_id, FIELD_STRING, FIELD_REQUIRED | FIELD_SECRET, "The secret id.", "Die secret_id.")
#define AN_ACCESSOR F(secret_id_accessor, FIELD_STRING, FIELD_REQUIRED, "Its accessor.", "Ihr accessor.")

static const struct route routes[] = {
    ROUTE(approle_login, VERB_WRITE, "login", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(role_id, FIELD_STRING, 0, "The role's id.", "Die Kennung der Rolle."), F(secret_id, FIELD_STRING, FIELD_SECRET, "A secret id of the role.", "Eine secret_id der Rolle.")),
          "Logs in with role_id and secret_id.", "Meldet mit role_id und secret_id an.")
    ROUTE(approle_list, VERB_LIST, "role", 0, NO_FIELDS, "Names of roles.", "Namen der Rollen.")
    ROUTE(approle_write, VERB_WRITE, "role/:name", ROUTE_EFFECT, FIELDS(ROLE_FIELDS), "Creates a role, or changes what is given.", "Legt eine Rolle an oder ändert, was angegeben ist.")
    ROUTE(approle_read, VERB_READ, "role/:name", 0, NO_FIELDS, "A role.", "Eine Rolle.")
    ROUTE(approle_delete, VERB_DELETE, "role/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a role and its secret ids.", "Löscht eine Rolle und ihre secret_ids.")
    ROUTE(approle_role_id_read, VERB_READ, "role/:name/role-id", 0, NO_FIELDS, "The role's id.", "Die Kennung der Rolle.")
    ROUTE(approle_role_id_write, VERB_WRITE, "role/:name/role-id", ROUTE_EFFECT, FIELDS(F(role_id, FIELD_STRING, FIELD_REQUIRED, "The new id.", "Die neue Kennung.")),
          "Sets the role's id.", "Setzt die Kennung der Rolle.")
    ROUTE(approle_secret_make, VERB_WRITE, "role/:name/secret-id", ROUTE_EFFECT, FIELDS(SECRET_FIELDS), "Makes a secret id, and shows it this once.", "Erzeugt eine secret_id und zeigt sie dieses eine Mal.")
    ROUTE(approle_secret_list, VERB_LIST, "role/:name/secret-id", 0, NO_FIELDS, "Accessors of the role's secret ids.", "Die accessors der secret_ids der Rolle.")
    ROUTE(approle_secret_custom, VERB_WRITE, "role/:name/custom-secret-id", ROUTE_EFFECT, FIELDS(A_SECRET_ID, SECRET_FIELDS), "Takes a secret id of the caller's choice.", "Nimmt eine selbst gewählte secret_id.")
    ROUTE(approle_secret_lookup, VERB_WRITE, "role/:name/secret-id/lookup", ROUTE_SECRET, FIELDS(A_SECRET_ID), "What is known of a secret id.", "Was über eine secret_id bekannt ist.")
    ROUTE(approle_secret_destroy, VERB_WRITE | VERB_DELETE, "role/:name/secret-id/destroy", ROUTE_EFFECT, FIELDS(A_SECRET_ID), "Ends a secret id.", "Beendet eine secret_id.")
    ROUTE(approle_accessor_lookup, VERB_WRITE, "role/:name/secret-id-accessor/lookup", ROUTE_SECRET, FIELDS(AN_ACCESSOR), "What is known of the secret id with this accessor.", "Was über die secret_id mit diesem accessor bekannt ist.")
    ROUTE(approle_accessor_destroy, VERB_WRITE | VERB_DELETE, "role/:name/secret-id-accessor/destroy", ROUTE_EFFECT, FIELDS(AN_ACCESSOR), "Ends the secret id with this accessor.", "Beendet die secret_id mit diesem accessor.")
    ROUTE(approle_field_read, VERB_READ, "role/:name/:field", 0, NO_FIELDS,
          "One field of a role: policies, bind-secret-id, secret-id-num-uses, secret-id-ttl, secret-id-bound-cidrs, token-ttl, token-max-ttl, token-num-uses, token-bound-cidrs, period, local-secret-ids.",
          "Ein Feld einer Rolle: policies, bind-secret-id, secret-id-num-uses, secret-id-ttl, secret-id-bound-cidrs, token-ttl, token-max-ttl, token-num-uses, token-bound-cidrs, period, local-secret-ids.")
    ROUTE(approle_field_write, VERB_WRITE, "role/:name/:field", ROUTE_EFFECT, FIELDS(ROLE_FIELDS), "Sets one field of a role.", "Setzt ein Feld einer Rolle.")
    ROUTE(approle_field_delete, VERB_DELETE, "role/:name/:field", ROUTE_EFFECT, NO_FIELDS, "Gives one field of a role its default again.", "Setzt ein Feld einer Rolle auf seinen Vorgabewert zurück.")
    ROUTE(approle_tidy, VERB_WRITE, "tidy/secret-id", ROUTE_EFFECT, NO_FIELDS, "Clears away what is left of secret ids that have ended.", "Räumt Reste beendeter secret_ids weg.")
};

static enum err tune(struct turn *turn, const struct mount *mount, struct json *row)
{
    (void)mount;
    return lockout_warn(turn, row);
}

/* For rate limits: whose role id does a login bring? */
static enum err login_role(struct turn *turn, struct slice *ret_role)
{
    struct approle role;
    struct slice role_id = turn_field(turn, "role_id");
    enum err err = slice_ends(turn->request->path, SLICE_LITERAL("/login")) && role_id.len > 0 ? approle_find(turn, role_id, &role) : ERR_NOT_FOUND;
    if (err == ERR_NONE) {
        *ret_role = role.name;
    }
    return err;
}

const struct engine engine_approle = {
    .type = "approle", .class = ENGINE_AUTH, .title = TEXT_INIT("login of programs (AppRole)", "Anmeldung von Programmen (AppRole)"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists, .tune = tune, .login_role = login_role,
};
