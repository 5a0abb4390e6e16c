/* Users of userpass: their rows, and what the method answers to. */
#include "secrets/userpass.h"

#include <string.h>

char *userpass_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "user/%.*s", (int)name.len, (const char *)name.data);
}

bool userpass_name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= USERPASS_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-_.@+");
}

/* Does the path name a user? Its password and policies are there when asked for, so writing to them is an update, as in Vault. */
static enum err exists(struct turn *turn)
{
    struct slice bytes;
    bool is_user = strcmp(turn->route->pattern, "users/:name") == 0;
    return is_user ? turn_row(turn, userpass_path(turn, secrets_lower(turn, turn->values[0])), &bytes) : ERR_NONE;
}

/* ---- writing ---- */

static void keep_member(struct turn *turn, struct json *row, const struct json *before, const char *name)
{
    const struct json *value = json_member(before, name);
    if (value != NULL) {
        json_set(turn->arena, row, name, json_copy(turn->arena, value));
    }
}

static enum err take_bcrypt(struct turn *turn, struct slice bcrypt, struct json *row)
{
    if (!userpass_bcrypt_is_good(bcrypt)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("password_hash is a bcrypt hash of a cost from 4 to 14, such as $2b$10$…", "password_hash ist ein bcrypt-Hash mit Kosten von 4 bis 14, wie etwa $2b$10$…"), SLICE_NONE);
    }
    return json_set_string(turn->arena, row, "bcrypt", bcrypt) == NULL ? ERR_MEMORY : userpass_note_bcrypt(turn, bcrypt);
}

/* The password that is given, or the one before; *needs: there must be one. */
static enum err take_password(struct turn *turn, const struct json *before, bool needs, struct json *row)
{
    static const char *const kept[] = {"salt", "hash", "memory_kib", "passes", "bcrypt"};
    struct slice password = turn_field(turn, "password"), bcrypt = turn_field(turn, "password_hash");
    if (password.len > 0 && bcrypt.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("password and password_hash cannot both be given", "password und password_hash zugleich geht nicht"), SLICE_NONE);
    }
    if (password.len > USERPASS_PASSWORD_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a password has at most 4096 bytes", "ein Passwort hat höchstens 4096 Bytes"), SLICE_NONE);
    }
    if (password.len == 0 && bcrypt.len == 0 && needs) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing password", "das Passwort fehlt"), SLICE_NONE);
    }
    if (bcrypt.len > 0) {
        return take_bcrypt(turn, bcrypt, row);
    }
    for (size_t i = 0; password.len == 0 && i < sizeof kept / sizeof kept[0]; i++) {
        keep_member(turn, row, before, kept[i]);
    }
    return password.len > 0 ? userpass_hash(turn, password, row) : ERR_NONE;
}

static enum err write_user(struct turn *turn, struct slice name, const struct json *before, bool needs_password)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    enum err err = row == NULL ? ERR_MEMORY : login_token_read(turn, before, row);
    err = err == ERR_NONE ? take_password(turn, before, needs_password, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, userpass_path(turn, name), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err load(struct turn *turn, struct slice *ret_name, const struct json **ret_row)
{
    *ret_name = secrets_lower(turn, turn->values[0]);
    return turn_json(turn, userpass_path(turn, *ret_name), ret_row);
}

enum err operation_userpass_write(struct turn *turn)
{
    struct slice name;
    const struct json *before = NULL;
    enum err err = load(turn, &name, &before);
    if (!userpass_name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a user's name has 1 to 128 letters, digits, - _ . @ +", "der Name eines Benutzers hat 1 bis 128 Buchstaben, Ziffern, - _ . @ +"), name);
    }
    return err == ERR_NONE || err == ERR_NOT_FOUND ? write_user(turn, name, before, before == NULL) : err;
}

/* Of a user that must be there. */
static enum err change(struct turn *turn, bool needs_password)
{
    struct slice name;
    const struct json *before = NULL;
    enum err err = load(turn, &name, &before);
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_INVALID, TEXT("username does not exist", "diesen Benutzer gibt es nicht"), name);
    }
    return err == ERR_NONE ? write_user(turn, name, before, needs_password) : err;
}

enum err operation_userpass_password(struct turn *turn)
{
    return change(turn, true);
}

enum err operation_userpass_policies(struct turn *turn)
{
    return change(turn, false);
}

/* ---- reading, deleting ---- */

enum err operation_userpass_read(struct turn *turn)
{
    struct slice name;
    const struct json *row = NULL;
    enum err err = load(turn, &name, &row);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (err == ERR_NONE) {
        login_token_show(turn, row, data);
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_userpass_list(struct turn *turn)
{
    return secrets_list(turn, "user", SLICE_NONE);
}

enum err operation_userpass_delete(struct turn *turn)
{
    struct slice name;
    const struct json *row = NULL;
    enum err err = load(turn, &name, &row);
    err = err == ERR_NONE ? turn_delete(turn, userpass_path(turn, name)) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

/* ---- the method ---- */

#define A_PASSWORD \
    F(password, FIELD_STRING, FIELD_SECRET, "The password.", "Das Passwort."), \
    F(password_hash, FIELD_STRING, FIELD_SECRET, "In its place: a bcrypt hash made elsewhere.", "An seiner Stelle: ein anderswo erzeugter bcrypt-Hash.")
#define OLD_POLICIES F(policies, FIELD_STRINGS, FIELD_OLD, "Older name of token_policies.", "Älterer Name von token_policies.")

static const struct route routes[] = {
    ROUTE(userpass_login, VERB_WRITE, "login/:name", ROUTE_PUBLIC | ROUTE_EFFECT | ROUTE_OPEN_FIELDS,
          FIELDS(F(password, FIELD_STRING, FIELD_SECRET, "The user's password.", "Das Passwort des Benutzers.")), "Logs in with name and password.", "Meldet mit Name und Passwort an.")
    ROUTE(userpass_list, VERB_LIST, "users", 0, NO_FIELDS, "Names of users.", "Namen der Benutzer.")
    ROUTE(userpass_write, VERB_WRITE, "users/:name", ROUTE_EFFECT,
          FIELDS(A_PASSWORD, OLD_POLICIES, F(ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_ttl.", "Älterer Name von token_ttl."), F(max_ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_max_ttl.", "Älterer Name von token_max_ttl."),
                 F(bound_cidrs, FIELD_STRINGS, FIELD_OLD, "Older name of token_bound_cidrs.", "Älterer Name von token_bound_cidrs."), LOGIN_TOKEN_FIELDS),
          "Creates a user, or changes what is given.", "Legt einen Benutzer an oder ändert, was angegeben ist.")
    ROUTE(userpass_read, VERB_READ, "users/:name", 0, NO_FIELDS, "A user, without the password.", "Ein Benutzer, ohne das Passwort.")
    ROUTE(userpass_delete, VERB_DELETE, "users/:name", ROUTE_EFFECT, NO_FIELDS, "Deletes a user.", "Löscht einen Benutzer.")
    ROUTE(userpass_password, VERB_WRITE, "users/:name/password", ROUTE_EFFECT, FIELDS(A_PASSWORD), "Sets a user's password.", "Setzt das Passwort eines Benutzers.")
    ROUTE(userpass_policies, VERB_WRITE, "users/:name/policies", ROUTE_EFFECT, FIELDS(OLD_POLICIES, F(token_policies, FIELD_STRINGS, 0, "Policies of its tokens.", "Richtlinien seiner Tokens.")),
          "Sets a user's policies.", "Setzt die Richtlinien eines Benutzers.")
};

const struct engine engine_userpass = {
    .type = "userpass", .class = ENGINE_AUTH, .title = TEXT_INIT("login with name and password", "Anmeldung mit Name und Passwort"),
    .routes = routes, .route_count = sizeof routes / sizeof routes[0], .exists = exists,
};
