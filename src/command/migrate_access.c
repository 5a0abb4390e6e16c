/* What is not a secret itself: policies, AppRole roles, users without their passwords, transit keys by their backup. */
#include "command/migrate.h"

#include "base/encode.h"

#include <string.h>

enum { PASSWORD_BYTES = 32 };

static const char token_members[] = "token_ttl token_max_ttl token_policies token_bound_cidrs token_explicit_max_ttl token_no_default_policy token_num_uses token_period token_type";
static const char role_members[] = "bind_secret_id local_secret_ids secret_id_bound_cidrs secret_id_num_uses secret_id_ttl "
                                   "token_ttl token_max_ttl token_policies token_bound_cidrs token_explicit_max_ttl token_no_default_policy token_num_uses token_period token_type";

/* The three parts of most paths here, in memory that outlives the item. */
static const char *path_of(struct migrate *migrate, const char *folder, struct slice name, const char *more)
{
    const char *text = arena_string(migrate->own, name), *escaped = text == NULL ? NULL : path_segment(migrate->run, text);
    return escaped == NULL ? NULL : arena_printf(migrate->own, "%s%s%s", folder, escaped, more);
}

/* ---- policies ---- */

static void move_policy(struct migrate *migrate, struct slice name)
{
    const struct json *theirs = NULL, *mine = NULL;
    const char *path = path_of(migrate, "sys/policies/acl/", name, ""), *shown = arena_string(migrate->own, name);
    if (path == NULL || !migrate_read(migrate, MIGRATE_SOURCE, path, "policy", &theirs) || theirs == NULL || !migrate_read(migrate, MIGRATE_TARGET, path, "policy", &mine)) {
        return;
    }
    struct slice text = json_text(theirs, "policy", SLICE_NONE);
    if (mine != NULL) {
        bool is_same = slice_equal(slice_trim(text), slice_trim(json_text(mine, "policy", SLICE_NONE))), is_default = slice_is(name, "default");
        if (is_same) {
            migrate_count(migrate, MIGRATE_POLICY, true);
        } else {
            migrate_leave(migrate, !is_default, "policy", shown, TEXT("a policy of this name stands here with another text; it was not replaced", "eine Richtlinie dieses Namens steht hier mit anderem Text; sie wurde nicht ersetzt"), "");
        }
        return;
    }
    struct json *body = json_new(migrate->item, JSON_OBJECT);
    json_set_string(migrate->item, body, "policy", text);
    if (migrate_write(migrate, "PUT", path, body, "policy", shown)) {
        migrate_count(migrate, MIGRATE_POLICY, false);
    }
}

void migrate_policies(struct migrate *migrate)
{
    const struct json *names = migrate_list(migrate, MIGRATE_SOURCE, "sys/policies/acl", "policy");
    for (const struct json *name = names->first; name != NULL && migrate->stop == OUTCOME_OK; name = name->next) {
        if (!slice_is(name->text, "root")) {
            move_policy(migrate, name->text);
        }
        migrate_next(migrate);
    }
}

/* ---- AppRole ---- */

static void move_role(struct migrate *migrate, const char *folder, struct slice name)
{
    const struct json *theirs = NULL, *mine = NULL, *id = NULL;
    const char *path = path_of(migrate, folder, name, ""), *id_path = path_of(migrate, folder, name, "/role-id");
    if (path == NULL || id_path == NULL || !migrate_read(migrate, MIGRATE_SOURCE, path, "role", &theirs) || theirs == NULL || !migrate_read(migrate, MIGRATE_SOURCE, id_path, "role", &id) ||
        !migrate_read(migrate, MIGRATE_TARGET, id_path, "role", &mine)) {
        return;
    }
    struct slice role_id = json_text(id, "role_id", SLICE_NONE);
    if (mine != NULL) {
        bool is_same = slice_equal(role_id, json_text(mine, "role_id", SLICE_NONE));
        migrate_count(migrate, MIGRATE_ROLE, true);
        if (!is_same) {
            migrate->there[MIGRATE_ROLE]--;
            migrate_leave(migrate, true, "role", path, TEXT("a role of this name stands here with another role_id; it was not replaced", "eine Rolle dieses Namens steht hier mit anderer role_id; sie wurde nicht ersetzt"), "");
        }
        return;
    }
    struct json *body = migrate_members(migrate, theirs, role_members);
    json_set_string(migrate->item, body, "role_id", role_id);
    if (migrate_write(migrate, "POST", path, body, "role", path)) {
        migrate_count(migrate, MIGRATE_ROLE, false);
        migrate_leave(migrate, false, "role", path, TEXT("its secret ids are not moved (nobody can read them): give its programs new ones", "ihre secret_ids werden nicht übernommen (niemand kann sie lesen): Ihre Programme brauchen neue"), "");
    }
}

static void each_name(struct migrate *migrate, const char *folder, const char *what, void (*move)(struct migrate *migrate, const char *folder, struct slice name))
{
    const char *list = folder == NULL ? NULL : arena_string(migrate->own, slice_first(slice_string(folder), strlen(folder) - 1));
    const struct json *names = list == NULL ? NULL : migrate_list(migrate, MIGRATE_SOURCE, list, what);
    for (const struct json *name = names == NULL ? NULL : names->first; name != NULL && migrate->stop == OUTCOME_OK; name = name->next) {
        move(migrate, folder, name->text);
        migrate_next(migrate);
    }
}

void migrate_approle(struct migrate *migrate, const struct json *mount)
{
    each_name(migrate, arena_printf(migrate->own, "auth/%s/role/", migrate_mount_name(migrate, mount)), "role", move_role);
}

/* ---- users ---- */

/* Nobody learns it: an account without a password that anybody knows, until somebody sets one. */
static struct slice unknown_password(struct migrate *migrate)
{
    struct secret random cleanup_secret = SECRET_NONE;
    cleanup_buf struct buf text = BUF_INIT(256);
    if (secret_random(PASSWORD_BYTES, &random) != ERR_NONE || hex_encode(&text, secret_slice(&random)) != ERR_NONE) {
        return SLICE_NONE;
    }
    return arena_copy(migrate->item, buf_slice(&text));
}

static void move_user(struct migrate *migrate, const char *folder, struct slice name)
{
    const struct json *theirs = NULL, *mine = NULL;
    const char *path = path_of(migrate, folder, name, "");
    if (path == NULL || !migrate_read(migrate, MIGRATE_SOURCE, path, "user", &theirs) || theirs == NULL || !migrate_read(migrate, MIGRATE_TARGET, path, "user", &mine)) {
        return;
    }
    if (mine != NULL) {
        migrate_count(migrate, MIGRATE_USER, true);
        return;
    }
    struct json *body = migrate_members(migrate, theirs, token_members);
    struct slice password = unknown_password(migrate);
    if (password.len == 0) {
        migrate->stop = run_fail_err(migrate->run, ERR_MEMORY, "");
        return;
    }
    json_set_string(migrate->item, body, "password", password);
    if (migrate_write(migrate, "POST", path, body, "user", path)) {
        migrate_count(migrate, MIGRATE_USER, false);
        migrate_leave(migrate, false, "user", path, TEXT("the password is not moved (nobody can read it): set a new one", "das Passwort wird nicht übernommen (niemand kann es lesen): ein neues setzen"), "");
    }
}

void migrate_userpass(struct migrate *migrate, const struct json *mount)
{
    each_name(migrate, arena_printf(migrate->own, "auth/%s/users/", migrate_mount_name(migrate, mount)), "user", move_user);
}

/* ---- transit ---- */

static void move_key(struct migrate *migrate, const char *folder, struct slice name)
{
    const char *key = path_of(migrate, folder, name, "");
    const char *mount = arena_string(migrate->own, slice_first(slice_string(folder), strlen(folder) - strlen("keys/")));
    const char *backup = mount == NULL ? NULL : path_of(migrate, arena_printf(migrate->own, "%sbackup/", mount), name, "");
    const char *restore = mount == NULL ? NULL : path_of(migrate, arena_printf(migrate->own, "%srestore/", mount), name, "");
    const struct json *theirs = NULL, *mine = NULL, *data = NULL;
    if (restore == NULL || !migrate_read(migrate, MIGRATE_SOURCE, key, "key", &theirs) || theirs == NULL || !migrate_read(migrate, MIGRATE_TARGET, key, "key", &mine)) {
        return;
    }
    if (mine != NULL) {
        bool is_same = json_member(mine, "latest_version") != NULL && json_equal(json_member(mine, "latest_version"), json_member(theirs, "latest_version")) && json_equal(json_member(mine, "type"), json_member(theirs, "type"));
        if (is_same) {
            migrate_count(migrate, MIGRATE_KEY, true);
        } else {
            migrate_leave(migrate, true, "key", key, TEXT("a key of this name stands here, of another type or at another version", "ein Schlüssel dieses Namens steht hier, von anderer Art oder in anderer Version"), "");
        }
        return;
    }
    if (!json_bool(theirs, "exportable", false) || !json_bool(theirs, "allow_plaintext_backup", false)) {
        migrate_leave(migrate, true, "key", key, TEXT("it may not leave the source: set exportable and allow_plaintext_backup there (keys/NAME/config), or decrypt and encrypt anew", "er darf die Quelle nicht verlassen: dort exportable und allow_plaintext_backup setzen (keys/NAME/config) oder neu verschlüsseln"), "");
        return;
    }
    if (migrate->is_dry) {
        migrate_count(migrate, MIGRATE_KEY, false);
        return;
    }
    if (migrate_read(migrate, MIGRATE_SOURCE, backup, "key", &data) && data != NULL && migrate_write(migrate, "POST", restore, migrate_members(migrate, data, "backup"), "key", key)) {
        migrate_count(migrate, MIGRATE_KEY, false);
    }
}

void migrate_transit(struct migrate *migrate, const struct json *mount)
{
    each_name(migrate, arena_printf(migrate->own, "%s/keys/", migrate_mount_name(migrate, mount)), "key", move_key);
}
