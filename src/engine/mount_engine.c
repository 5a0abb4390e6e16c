/* sys/mounts, sys/auth, sys/remount, sys/internal/ui/mounts: what is mounted where, as Vault shows it. */
#include "engine/mount.h"

#include "engine/lease.h"
#include "engine/namespace.h"
#include "engine/operations.h"
#include "engine/policy.h"
#include "engine/token.h"

#include <string.h>

enum { MOUNTS_MAX = 10000, SWEEP_ROWS = 100, SWEEP_AGAIN_MS = 5000 };

static const char *class_name(enum engine_class class)
{
    return class == ENGINE_AUTH ? "auth" : "secret";
}

/* "sys/auth/NAME" speaks of what lies at "auth/NAME". */
static struct slice path_of(struct turn *turn, enum engine_class class, struct slice given)
{
    while (given.len > 0 && given.data[given.len - 1] == '/') {
        given.len--;
    }
    char *path = class == ENGINE_AUTH ? turn_path(turn, "auth/%.*s", (int)given.len, (const char *)given.data) : arena_string(turn->arena, given);
    return path == NULL ? SLICE_NONE : slice_string(path);
}

static bool takes_tune(struct slice *path)
{
    struct slice tail = SLICE_LITERAL("/tune");
    bool is_tune = path->len > tail.len && slice_ends(*path, tail);
    path->len -= is_tune ? tail.len : 0;
    return is_tune;
}

/* Of a login method, Vault always says which kind of tokens it gives. */
static struct json *config_with_type(struct turn *turn, const struct json *config)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = config == NULL ? NULL : config->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "token_type")) {
            json_set(turn->arena, copy, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    json_set_string(turn->arena, copy, "token_type", SLICE_LITERAL("default-service"));
    return copy;
}

static struct json *config_of(struct turn *turn, const struct mount *mount)
{
    const struct json *own = json_member(mount->row, "config");
    struct json *config = own == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, own);
    static const char *const times[] = {"default_lease_ttl", "max_lease_ttl"};
    for (size_t i = 0; i < 2; i++) {
        if (json_member(config, times[i]) == NULL) {
            json_set_u64(turn->arena, config, times[i], 0);
        }
    }
    if (json_member(config, "force_no_cache") == NULL) {
        json_set_bool(turn->arena, config, "force_no_cache", false);
    }
    if (slice_is(json_text(mount->row, "class", SLICE_NONE), "auth") && json_text(config, "token_type", SLICE_NONE).len == 0) {
        config = config_with_type(turn, config);
    }
    return config;
}

static struct json *shown(struct turn *turn, const struct json *row)
{
    struct mount mount = {.row = row};
    struct json *item = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, item, "type", json_text(row, "type", SLICE_NONE));
    json_set_string(turn->arena, item, "description", json_text(row, "description", SLICE_NONE));
    json_set_string(turn->arena, item, "accessor", json_text(row, "accessor", SLICE_NONE));
    json_set_string(turn->arena, item, "uuid", json_text(row, "uuid", SLICE_NONE));
    json_set(turn->arena, item, "config", config_of(turn, &mount));
    const struct json *options = json_member(row, "options");
    if (options == NULL || options->count == 0) {
        json_set_null(turn->arena, item, "options");
    } else {
        json_set(turn->arena, item, "options", json_copy(turn->arena, options));
    }
    json_set_bool(turn->arena, item, "local", false);
    json_set_bool(turn->arena, item, "seal_wrap", false);
    return json_set_bool(turn->arena, item, "external_entropy_access", false) == NULL ? NULL : item;
}

/* What is there without being mounted, as clients look for it in lists. The paths belong to routes.def, so nothing can be mounted there. */
static const struct {
    const char *path, *type, *accessor, *uuid, *description;
    enum engine_class class;
} built_in[] = {
    {"cubbyhole", "cubbyhole", "cubbyhole_00000001", "00000000000000000000000000000001", "per-token private secret storage", ENGINE_SECRET},
    {"identity", "identity", "identity_00000002", "00000000000000000000000000000002", "identity store", ENGINE_SECRET},
    {"sys", "system", "system_00000003", "00000000000000000000000000000003", "system endpoints used for control, policy and debugging", ENGINE_SECRET},
    {"auth/token", "token", MOUNT_TOKEN_ACCESSOR, "00000000000000000000000000000004", "token based credentials", ENGINE_AUTH},
};
enum { BUILT_IN_COUNT = sizeof built_in / sizeof built_in[0] };

static struct json *built_in_row(struct turn *turn, size_t i)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "type", slice_string(built_in[i].type));
    json_set_string(turn->arena, row, "class", slice_string(class_name(built_in[i].class)));
    json_set_string(turn->arena, row, "accessor", slice_string(built_in[i].accessor));
    json_set_string(turn->arena, row, "uuid", slice_string(built_in[i].uuid));
    return json_set_string(turn->arena, row, "description", slice_string(built_in[i].description)) == NULL ? NULL : row;
}

/* "cubbyhole/note": which of them; BUILT_IN_COUNT: none. */
static size_t built_in_at(struct slice path)
{
    size_t i = 0;
    for (; i < BUILT_IN_COUNT; i++) {
        struct slice own = slice_string(built_in[i].path);
        if (slice_starts(path, own) && (path.len == own.len || path.data[own.len] == '/')) {
            break;
        }
    }
    return i;
}

/* Vault repeats what stands in `data` beside the envelope. */
static enum err reply_both(struct turn *turn, const struct json *data)
{
    return turn_reply_both(turn, data);
}

static enum err list_class(struct turn *turn, enum engine_class class, struct json *data)
{
    struct turn_names rows;
    enum err err = turn_list(turn, namespace_row(turn, turn->space, "mount/at/"), SLICE_NONE, MOUNTS_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < BUILT_IN_COUNT; i++) {
        const char *path = class == ENGINE_AUTH ? built_in[i].path + sizeof "auth/" - 1 : built_in[i].path;
        if (built_in[i].class == class) {
            json_set(turn->arena, data, turn_path(turn, "%s/", path), shown(turn, built_in_row(turn, i)));
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        struct slice path = slice_from(rows.names[i], turn->space.rows.len + sizeof "mount/at/" - 1);
        path = class == ENGINE_AUTH && path.len > 5 ? slice_from(path, 5) : path;
        if (err == ERR_NONE && slice_is(json_text(row, "class", SLICE_NONE), class_name(class))) {
            json_set(turn->arena, data, turn_path(turn, "%.*s/", (int)path.len, (const char *)path.data), shown(turn, row));
        }
    }
    return err == ERR_MALFORMED ? ERR_DAMAGED : err;
}

static enum err list(struct turn *turn, enum engine_class class)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = list_class(turn, class, data);
    return err == ERR_NONE ? reply_both(turn, data) : err;
}

static enum err find(struct turn *turn, enum engine_class class, struct slice path, struct mount *ret_mount)
{
    enum err err = mount_at(turn, path_of(turn, class, path), ret_mount);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("no mount at this path", "unter diesem Pfad liegt kein Mount"), path) : err;
}

/* Vault shows under tune what was set of the lockout in names of its own. */
static void show_lockout(struct turn *turn, const struct json *lockout, struct json *data)
{
    static const struct {
        const char *name, *shown;
    } names[] = {{"lockout_threshold", "user_lockout_threshold"}, {"lockout_duration", "user_lockout_duration"}, {"lockout_counter_reset", "user_lockout_counter_reset_duration"},
                 {"lockout_counter_reset_duration", "user_lockout_counter_reset_duration"}, {"lockout_disable", "user_lockout_disable"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json *value = json_member(lockout, names[i].name);
        if (value != NULL && json_member(data, names[i].shown) == NULL) {
            json_set(turn->arena, data, names[i].shown, json_copy(turn->arena, value));
        }
    }
}

static enum err read(struct turn *turn, enum engine_class class)
{
    struct slice path = turn->values[0];
    bool is_tune = takes_tune(&path);
    struct slice whole = path_of(turn, class, path);
    size_t own = built_in_at(whole);
    bool is_own = own < BUILT_IN_COUNT && slice_is(whole, built_in[own].path);
    struct mount mount = {.path = whole, .row = is_own ? built_in_row(turn, own) : NULL};
    enum err err = is_own ? ERR_NONE : find(turn, class, path, &mount);
    if (err != ERR_NONE) {
        return err;
    }
    if (!is_tune) {
        return reply_both(turn, shown(turn, mount.row));
    }
    struct json *data = config_of(turn, &mount), *lean = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = data == NULL ? NULL : data->first; member != NULL; member = member->next) {
        bool is_time = slice_is(member->name, "default_lease_ttl") || slice_is(member->name, "max_lease_ttl");
        if (!is_time) {
            json_set(turn->arena, lean, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    show_lockout(turn, json_member(data, "user_lockout_config"), lean);
    json_set_u64(turn->arena, lean, "default_lease_ttl", mount_default_ttl_s(turn, &mount));
    json_set_u64(turn->arena, lean, "max_lease_ttl", mount_max_ttl_s(turn, &mount));
    json_set_string(turn->arena, lean, "description", json_text(mount.row, "description", SLICE_NONE));
    const struct json *options = json_member(mount.row, "options");
    json_set(turn->arena, lean, "options", options == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, options));
    return reply_both(turn, lean);
}

/* The options as they will be: what is given replaces, what is given empty goes, the rest stays. */
static struct json *merged_options(struct turn *turn, const struct json *before, const struct json *given)
{
    struct json *options = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = before == NULL ? NULL : before->first; member != NULL; member = member->next) {
        if (json_member(given, arena_string(turn->arena, member->name)) == NULL) {
            json_set(turn->arena, options, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    for (const struct json *member = given->first; member != NULL; member = member->next) {
        if (member->type == JSON_STRING && member->text.len > 0) {
            json_set(turn->arena, options, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    return options;
}

/* The members of user_lockout_config that are not given stay as they were. */
static struct json *merged_lockout(struct turn *turn, const struct json *before, const struct json *given)
{
    struct json *merged = json_copy(turn->arena, given);
    for (const struct json *member = before == NULL || given->type != JSON_OBJECT ? NULL : before->first; member != NULL; member = member->next) {
        if (json_member(given, arena_string(turn->arena, member->name)) == NULL) {
            json_set(turn->arena, merged, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    return merged;
}

/* What tune may change: the members of config that are given, description, options. */
static enum err tune(struct turn *turn, enum engine_class class, struct slice path)
{
    struct mount mount;
    enum err err = find(turn, class, path, &mount);
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *body = turn->request->body, *before = json_member(mount.row, "config");
    struct json *row = json_new(turn->arena, JSON_OBJECT), *config = json_new(turn->arena, JSON_OBJECT), *changes = NULL;
    err = mount_config_members(turn, body, &changes);
    for (const struct json *member = before == NULL || err != ERR_NONE ? NULL : before->first; member != NULL; member = member->next) {
        if (json_member(changes, arena_string(turn->arena, member->name)) == NULL) {
            json_set(turn->arena, config, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    for (const struct json *member = err == ERR_NONE ? changes->first : NULL; member != NULL; member = member->next) {
        const struct json *value = slice_is(member->name, "user_lockout_config") ? merged_lockout(turn, json_member(before, "user_lockout_config"), member) : member;
        json_set(turn->arena, config, arena_string(turn->arena, member->name), json_copy(turn->arena, value));
    }
    err = err != ERR_NONE ? err : config == NULL ? ERR_MEMORY : mount_config(turn, config, &config); /* and the whole must fit together */
    if (err != ERR_NONE) {
        return err;
    }
    for (const struct json *member = mount.row->first; member != NULL; member = member->next) {
        const char *name = arena_string(turn->arena, member->name);
        const struct json *given = json_member(body, name), *value = member;
        given = given != NULL && given->type == JSON_NULL ? NULL : given;
        if (slice_is(member->name, "config")) {
            value = config;
        } else if (slice_is(member->name, "options") && given != NULL) {
            value = merged_options(turn, member, given);
        } else if (slice_is(member->name, "description") && given != NULL) {
            value = given;
        }
        json_set(turn->arena, row, name, json_copy(turn->arena, value));
    }
    err = row == NULL ? ERR_MEMORY : turn_reply_none(turn);
    err = err == ERR_NONE && mount.engine->tune != NULL ? mount.engine->tune(turn, &mount, row) : err; /* may reply something else */
    return err == ERR_NONE ? turn_put_json(turn, namespace_row(turn, turn->space, "mount/at/%.*s", (int)mount.path.len, (const char *)mount.path.data), row, 0) : err;
}

static enum err write(struct turn *turn, enum engine_class class)
{
    struct slice path = turn->values[0];
    if (takes_tune(&path)) {
        return tune(turn, class, path);
    }
    enum err err = mount_enable(turn, class, path_of(turn, class, path));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static char *sweep_path(struct turn *turn, struct slice name)
{
    return turn_path(turn, "sweep/%.*s", (int)name.len, (const char *)name.data);
}

/* Due at once, so that own_lease_sweep begins it again when a restart came between. */
static enum err start_sweep(struct turn *turn, struct slice name, struct slice prefix, const struct mount *mount)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "name", name);
    json_set_string(turn->arena, input, "prefix", prefix);
    if (mount != NULL) {
        json_set_string(turn->arena, input, "path", namespace_whole(turn, mount->path));
        json_set(turn->arena, input, "row", json_copy(turn->arena, mount->row));
    }
    enum err err = turn_put_json(turn, sweep_path(turn, name), input, turn_due_steady(turn->steady_ms));
    return err == ERR_NONE ? turn_start(turn, "mount_sweep", input) : err;
}

enum err mount_sweep_below(struct turn *turn, struct slice name, struct slice prefix)
{
    return start_sweep(turn, name, prefix, NULL);
}

enum err mount_disable(struct turn *turn, const struct mount *mount)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "path", namespace_whole(turn, mount->path));
    json_set_string(turn->arena, body, "engine", json_text(mount->row, "type", SLICE_NONE));
    json_set_string(turn->arena, body, "by", turn->caller.name);
    turn->mount = mount;
    enum err err = mount->engine->disable == NULL ? ERR_NONE : mount->engine->disable(turn);
    turn->mount = NULL;
    err = err != ERR_NONE ? err : turn_delete(turn, namespace_row(turn, turn->space, "mount/at/%.*s", (int)mount->path.len, (const char *)mount->path.data));
    err = err == ERR_NONE ? turn_delete(turn, turn_path(turn, "mount/live/%.*s", (int)mount->uuid.len, (const char *)mount->uuid.data)) : err;
    err = err == ERR_NONE ? start_sweep(turn, mount->uuid, slice_string(turn_path(turn, "m/%.*s/", (int)mount->uuid.len, (const char *)mount->uuid.data)), mount) : err;
    bool is_auth = slice_is(json_text(mount->row, "class", SLICE_NONE), "auth");
    err = err == ERR_NONE && is_auth ? lease_cut(turn, namespace_whole(turn, mount->path), false) : err; /* its logins' rows go, too */
    return err == ERR_NONE ? turn_evidence(turn, "mount.disabled", body, NULL) : err;
}

static enum err disable(struct turn *turn, enum engine_class class)
{
    struct mount mount;
    enum err err = mount_at(turn, path_of(turn, class, turn->values[0]), &mount);
    if (err == ERR_NOT_FOUND) {
        return turn_reply_none(turn); /* as Vault: what is not there is disabled */
    }
    err = err == ERR_NONE ? mount_disable(turn, &mount) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err delete_slice(struct turn *turn, struct slice prefix, size_t *ret_count)
{
    struct turn_names rows;
    enum err all = turn_list(turn, arena_string(turn->arena, prefix), SLICE_NONE, SWEEP_ROWS, &rows);
    *ret_count = all == ERR_NONE ? rows.count : 0;
    for (size_t i = 0, count = *ret_count; i < count; i++) {
        enum err err = turn_delete(turn, arena_string(turn->arena, rows.names[i]));
        all = err == ERR_NONE ? all : err;
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
    }
    return all;
}

/* Below its path, and below those that it had before it was moved. */
static enum err end_leases(struct turn *turn, const struct json *row, struct slice uuid, size_t *ret_left)
{
    const struct json *before = json_member(row, "moved_from");
    enum err all = lease_end_of_mount(turn, json_text(turn->input, "path", SLICE_NONE), uuid, LEASE_SWEEP_ROWS, ret_left);
    for (const struct json *path = before == NULL ? NULL : before->first; path != NULL; path = path->next) {
        size_t left = 0;
        enum err err = lease_end_of_mount(turn, path->text, uuid, LEASE_SWEEP_ROWS, &left);
        all = all == ERR_NONE || (all == ERR_NEED && err != ERR_NONE) ? err : all;
        *ret_left += left;
    }
    return all;
}

/* Keep's own, with what stands in sweep/NAME: {"name","prefix"} and of a mount {"path","row"}. Its leases end first, because the engine may need its rows for that;
 * then a slice of the rows below `prefix` a turn. The row brings the rest back later, and after a restart. */
enum err operation_mount_sweep(struct turn *turn)
{
    struct slice name = json_text(turn->input, "name", SLICE_NONE), prefix = json_text(turn->input, "prefix", SLICE_NONE);
    size_t left = 0, deleted = 0;
    if (name.len == 0 || prefix.len == 0) {
        return ERR_INTERNAL; /* an empty prefix would be every row there is */
    }
    const struct json *row = json_member(turn->input, "row");
    enum err err = row != NULL ? end_leases(turn, row, name, &left) : ERR_NONE;
    if (err == ERR_NONE && left > 0) {
        err = turn_put_json(turn, sweep_path(turn, name), turn->input, turn_due_steady(turn->steady_ms + SWEEP_AGAIN_MS));
        return err == ERR_NONE ? turn_start(turn, "own_lease_sweep", NULL) : err;
    }
    err = err == ERR_NONE ? delete_slice(turn, prefix, &deleted) : err;
    if (err != ERR_NONE) {
        return err;
    }
    return deleted == SWEEP_ROWS ? turn_start(turn, "mount_sweep", turn->input) : turn_delete(turn, sweep_path(turn, name));
}

enum err operation_sys_mounts(struct turn *turn)
{
    return list(turn, ENGINE_SECRET);
}

enum err operation_sys_mount_read(struct turn *turn)
{
    return read(turn, ENGINE_SECRET);
}

enum err operation_sys_mount_write(struct turn *turn)
{
    return write(turn, ENGINE_SECRET);
}

enum err operation_sys_mount_delete(struct turn *turn)
{
    return disable(turn, ENGINE_SECRET);
}

enum err operation_sys_auths(struct turn *turn)
{
    return list(turn, ENGINE_AUTH);
}

enum err operation_sys_auth_read(struct turn *turn)
{
    return read(turn, ENGINE_AUTH);
}

enum err operation_sys_auth_write(struct turn *turn)
{
    return write(turn, ENGINE_AUTH);
}

enum err operation_sys_auth_delete(struct turn *turn)
{
    return disable(turn, ENGINE_AUTH);
}

/* What the caller may see: of one mount its kind, before the first request goes there; 403 whether it is missing or forbidden. */
enum err operation_sys_ui_mount(struct turn *turn)
{
    struct mount mount;
    struct slice rest;
    struct grant grant = {0};
    size_t own = built_in_at(turn->values[0]);
    enum err err = ERR_NONE;
    if (own < BUILT_IN_COUNT) {
        mount = (struct mount){.path = slice_string(built_in[own].path), .row = built_in_row(turn, own)};
    } else {
        err = mount_find(turn, turn->values[0], &mount, &rest);
    }
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    err = turn->caller.is_root ? ERR_NONE : policy_grant_below(turn, turn->caller.policies, mount.path, &grant);
    if (err != ERR_NONE || (!turn->caller.is_root && grant.capabilities == 0)) {
        return err != ERR_NONE ? err : ERR_DENIED;
    }
    struct json *data = shown(turn, mount.row);
    json_set_string(turn->arena, data, "path", slice_string(turn_path(turn, "%.*s/", (int)mount.path.len, (const char *)mount.path.data)));
    return turn_reply_data(turn, data);
}

/* May the caller see that this mount is there? Everybody may who can do anything below it, and anybody where its listing_visibility says so. */
static enum err sees(struct turn *turn, struct slice path, const struct json *row)
{
    struct grant grant = {0};
    bool is_open = slice_is(json_text(json_member(row, "config"), "listing_visibility", SLICE_NONE), "unauth");
    if (is_open || turn->caller.is_root) {
        return ERR_NONE;
    }
    enum err err = turn->caller.token == NULL ? ERR_NONE : policy_grant_below(turn, turn->caller.policies, path, &grant);
    return err != ERR_NONE ? err : grant.capabilities != 0 ? ERR_NONE : ERR_NOT_FOUND;
}

enum err operation_sys_ui_mounts(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *secret = json_set_object(turn->arena, data, "secret"), *auth = json_set_object(turn->arena, data, "auth");
    struct turn_names rows;
    enum err err = turn->request->token.len == 0 ? ERR_NONE : token_identify(turn);
    err = err == ERR_NONE ? turn_list(turn, namespace_row(turn, turn->space, "mount/at/"), SLICE_NONE, MOUNTS_MAX, &rows) : err;
    for (size_t i = 0; err == ERR_NONE && i < BUILT_IN_COUNT; i++) {
        struct slice path = slice_string(built_in[i].path);
        struct json *row = built_in_row(turn, i);
        enum err seen = sees(turn, path, row);
        bool is_auth = built_in[i].class == ENGINE_AUTH;
        if (seen == ERR_NONE) {
            path = is_auth ? slice_from(path, sizeof "auth/" - 1) : path;
            json_set(turn->arena, is_auth ? auth : secret, turn_path(turn, "%.*s/", (int)path.len, (const char *)path.data), shown(turn, row));
        }
        err = seen == ERR_NOT_FOUND ? ERR_NONE : seen;
    }
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        struct slice path = slice_from(rows.names[i], turn->space.rows.len + sizeof "mount/at/" - 1);
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        enum err seen = err == ERR_NONE ? sees(turn, path, row) : ERR_NOT_FOUND;
        if (seen == ERR_NONE) {
            bool is_auth = slice_is(json_text(row, "class", SLICE_NONE), "auth");
            path = is_auth ? slice_from(path, sizeof "auth/" - 1) : path;
            json_set(turn->arena, is_auth ? auth : secret, turn_path(turn, "%.*s/", (int)path.len, (const char *)path.data), shown(turn, row));
        } else if (seen != ERR_NOT_FOUND) {
            err = seen;
        }
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err == ERR_MALFORMED ? ERR_DAMAGED : err;
}
