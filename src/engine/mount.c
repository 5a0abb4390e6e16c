#include "engine/mount.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "engine/namespace.h"

enum { SEGMENTS_MAX = 8, PATH_BYTES_MAX = 200, UUID_BYTES = 16, MOVES_MAX = 32 };

static size_t segments(struct slice path)
{
    size_t count = 1;
    for (size_t i = 0; i < path.len; i++) {
        count += path.data[i] == '/' ? 1 : 0;
    }
    return count;
}

/* The first `count` segments; the whole path when it has no more. */
static struct slice first_segments(struct slice path, size_t count)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] == '/' && --count == 0) {
            return slice_first(path, i);
        }
    }
    return path;
}

static char *row_path(struct turn *turn, const char *folder, struct slice name)
{
    return namespace_row(turn, turn->space, "mount/%s/%.*s", folder, (int)name.len, (const char *)name.data);
}

/* Of all namespaces: uuids are drawn at random. */
static char *live_path(struct turn *turn, struct slice uuid)
{
    return turn_path(turn, "mount/live/%.*s", (int)uuid.len, (const char *)uuid.data);
}

static struct slice trimmed(struct slice path)
{
    while (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

static enum err mount_of(struct turn *turn, struct slice path, const struct json *row, struct mount *ret_mount)
{
    bool is_auth = slice_is(json_text(row, "class", SLICE_NONE), "auth");
    const struct engine *engine = engine_find(is_auth ? ENGINE_AUTH : ENGINE_SECRET, json_text(row, "type", SLICE_NONE));
    if (engine == NULL) {
        return ERR_NOT_FOUND; /* of a newer release */
    }
    if (engine->variant != NULL) {
        engine = engine->variant(row);
    }
    *ret_mount = (struct mount){.path = arena_copy(turn->arena, path), .uuid = json_text(row, "uuid", SLICE_NONE), .rows = turn->space.rows, .row = row, .engine = engine};
    return ret_mount->path.data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err mount_at(struct turn *turn, struct slice path, struct mount *ret_mount)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path(turn, "at", path), &row);
    return err != ERR_NONE ? err : mount_of(turn, path, row, ret_mount);
}

/* Where it was moved to, or in which namespace it is. */
static enum err moved_mount(struct turn *turn, struct slice uuid, struct mount *ret_mount)
{
    const struct json *live = NULL;
    enum err err = turn_json(turn, live_path(turn, uuid), &live);
    struct slice at = json_text(live, "at", SLICE_NONE), rows = json_text(live, "space", SLICE_NONE);
    struct namespace here = turn->space;
    if (err != ERR_NONE || at.len == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    turn->space = (struct namespace){.rows = slice_string(arena_string(turn->arena, rows))};
    err = mount_at(turn, at, ret_mount);
    turn->space = here;
    return err == ERR_NONE && !slice_equal(ret_mount->uuid, uuid) ? ERR_NOT_FOUND : err;
}

enum err mount_remains(struct turn *turn, struct slice path, struct slice uuid, struct mount *ret_mount)
{
    const struct json *sweep = NULL;
    enum err err = mount_at(turn, path, ret_mount);
    if (err == ERR_NEED || (err == ERR_NONE && slice_equal(ret_mount->uuid, uuid))) {
        return err;
    }
    err = moved_mount(turn, uuid, ret_mount);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = turn_json(turn, turn_path(turn, "sweep/%.*s", (int)uuid.len, (const char *)uuid.data), &sweep);
    return err != ERR_NONE ? err : mount_of(turn, path, json_member(sweep, "row"), ret_mount);
}

enum err mount_find(struct turn *turn, struct slice path, struct mount *ret_mount, struct slice *ret_rest)
{
    const struct json *row = NULL;
    enum err all = turn_json(turn, row_path(turn, "depth", first_segments(path, 1)), &row);
    if (all != ERR_NONE) {
        return all;
    }
    const struct json *depths = json_member(row, "depths");
    struct mount found = {0};
    for (const struct json *depth = depths == NULL ? NULL : depths->first; depth != NULL; depth = depth->next) {
        uint64_t count = 0;
        struct slice prefix = slice_to_u64(depth->text, &count) == ERR_NONE ? first_segments(path, (size_t)count) : SLICE_NONE;
        if (prefix.len == 0 || segments(prefix) != count) {
            continue;
        }
        struct mount mount;
        enum err err = mount_at(turn, prefix, &mount);
        if (err == ERR_NONE) {
            found = mount;
        } else if (err == ERR_NEED) {
            all = ERR_NEED;
        } else if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    if (all != ERR_NONE || found.engine == NULL) {
        return all != ERR_NONE ? all : ERR_NOT_FOUND;
    }
    *ret_mount = found;
    *ret_rest = path.len > found.path.len ? slice_from(path, found.path.len + 1) : SLICE_NONE;
    return ERR_NONE;
}

char *mount_path_of(const struct turn *turn, const char *rest)
{
    const struct slice *uuid = &turn->mount->uuid;
    return rest == NULL ? NULL : turn_path(turn, "m/%.*s/%s", (int)uuid->len, (const char *)uuid->data, rest);
}

static uint64_t ttl_of(const struct mount *mount, const char *name, uint64_t fallback)
{
    uint64_t seconds = 0;
    bool is_set = json_u64(json_member(mount->row, "config"), name, &seconds) == ERR_NONE && seconds > 0;
    return is_set ? seconds : fallback;
}

uint64_t mount_max_ttl_s(const struct turn *turn, const struct mount *mount)
{
    return ttl_of(mount, "max_lease_ttl", turn_max_ttl_s(turn));
}

uint64_t mount_default_ttl_s(const struct turn *turn, const struct mount *mount)
{
    uint64_t own = ttl_of(mount, "default_lease_ttl", turn_default_ttl_s(turn)), max = mount_max_ttl_s(turn, mount);
    return own < max ? own : max;
}

const struct json *mount_settings(const struct mount *mount)
{
    return json_member(mount->row, "settings");
}

enum err mount_put_settings(struct turn *turn, const struct json *settings)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = turn->mount->row->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "settings")) {
            json_set(turn->arena, row, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    struct json *copy = settings == NULL ? NULL : json_set(turn->arena, row, "settings", json_copy(turn->arena, settings));
    return copy == NULL ? ERR_MEMORY : turn_put_json(turn, turn_path(turn, "%.*smount/at/%.*s", (int)turn->mount->rows.len, (const char *)turn->mount->rows.data, (int)turn->mount->path.len, (const char *)turn->mount->path.data), row, 0);
}

/* ---- mounting ---- */

/* Names that Vault takes for a type with an option. */
static const struct {
    const char *name, *type, *version;
} type_aliases[] = {{"kv-v1", "kv", "1"}, {"kv-v2", "kv", "2"}, {"generic", "kv", "1"}};
enum { TYPE_ALIAS_COUNT = sizeof type_aliases / sizeof type_aliases[0] };

static struct slice type_of(struct slice given, struct slice *ret_version)
{
    for (size_t i = 0; i < TYPE_ALIAS_COUNT; i++) {
        if (slice_is(given, type_aliases[i].name)) {
            *ret_version = slice_string(type_aliases[i].version);
            return slice_string(type_aliases[i].type);
        }
    }
    return given;
}

static bool path_is_good(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        uint8_t byte = path.data[i];
        bool slash = byte == '/' && i > 0 && path.data[i - 1] != '/';
        if (!slash && !byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-_.:")) {
            return false;
        }
    }
    return path.len > 0 && path.len <= PATH_BYTES_MAX && segments(path) <= SEGMENTS_MAX;
}

enum err mount_check_free(struct turn *turn, enum engine_class class, struct slice path)
{
    struct mount other;
    struct slice rest;
    struct turn_names below;
    if (!path_is_good(path)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a mount's path has 1 to 8 segments of letters, digits, - _ . :", "der Pfad eines Mounts hat 1 bis 8 Segmente aus Buchstaben, Ziffern, - _ . :"), path);
    }
    bool is_auth = slice_is(path, "auth") || slice_starts(path, SLICE_LITERAL("auth/"));
    if (route_is_taken(path) || (class == ENGINE_SECRET && is_auth)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this path belongs to Vogt itself", "dieser Pfad gehört Vogt selbst"), path);
    }
    enum err err = mount_find(turn, path, &other, &rest);
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("path is already in use at", "unter diesem Pfad liegt schon"), other.path);
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    struct slice space = namespace_whole(turn, first_segments(path, 1));
    err = turn_exists(turn, turn_path(turn, "space/at/%.*s", (int)space.len, (const char *)space.data));
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this path belongs to a namespace", "dieser Pfad gehört einem Namensraum"), space);
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = turn_names(turn, namespace_row(turn, turn->space, "mount/at/%.*s/", (int)path.len, (const char *)path.data), SLICE_NONE, 1, &below);
    if (err == ERR_NONE && below.count > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("existing mount below this path", "unter diesem Pfad gibt es schon einen Mount"), path);
    }
    return err;
}

static enum err note_depth(struct turn *turn, struct slice path)
{
    char *name = row_path(turn, "depth", first_segments(path, 1));
    const struct json *row = NULL;
    enum err err = turn_json(turn, name, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    const struct json *known = err == ERR_NONE ? json_member(row, "depths") : NULL;
    struct json *fresh = json_new(turn->arena, JSON_OBJECT), *depths = json_set_array(turn->arena, fresh, "depths");
    uint64_t own = segments(path), depth = 0;
    bool is_known = false;
    for (const struct json *one = known == NULL ? NULL : known->first; one != NULL; one = one->next) {
        is_known = is_known || (slice_to_u64(one->text, &depth) == ERR_NONE && depth == own);
        json_append(depths, json_copy(turn->arena, one));
    }
    if (is_known) {
        return ERR_NONE;
    }
    json_append(depths, json_number_u64(turn->arena, own));
    return turn_put_json(turn, name, fresh, 0);
}

enum err mount_put_at(struct turn *turn, const struct mount *mount, struct slice to)
{
    struct json *live = json_new(turn->arena, JSON_OBJECT), *row = json_new(turn->arena, JSON_OBJECT);
    const struct json *before = json_member(mount->row, "moved_from");
    json_set_string(turn->arena, live, "at", to);
    json_set_string(turn->arena, live, "space", turn->space.rows);
    for (const struct json *member = mount->row->first; member != NULL; member = member->next) {
        if (member != before) {
            json_set(turn->arena, row, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    struct json *from = json_set_array(turn->arena, row, "moved_from"); /* leases given there may still have to be ended */
    for (const struct json *path = before == NULL || before->count >= MOVES_MAX ? NULL : before->first; path != NULL; path = path->next) {
        json_append(from, json_copy(turn->arena, path));
    }
    if (before != NULL && before->count >= MOVES_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this mount was moved 32 times: mount a new one", "dieser Mount wurde 32-mal verlegt: bitte einen neuen einbinden"), mount->path);
    }
    json_append(from, json_string(turn->arena, namespace_whole(turn, mount->path)));
    enum err err = from == NULL ? ERR_MEMORY : turn_delete(turn, row_path(turn, "at", mount->path));
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, "at", to), row, 0) : err;
    err = err == ERR_NONE ? turn_put_json(turn, live_path(turn, mount->uuid), live, 0) : err;
    return err == ERR_NONE ? note_depth(turn, to) : err;
}

static struct slice random_hex(struct turn *turn, const char *prefix, size_t bytes)
{
    uint8_t random[UUID_BYTES];
    cleanup_buf struct buf text = BUF_INIT(128);
    turn_random(turn, random, bytes);
    enum err err = buf_append_string(&text, prefix);
    err = err == ERR_NONE ? hex_encode(&text, slice_of(random, bytes)) : err;
    return err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&text)) : SLICE_NONE;
}

/* ---- what is tuned ---- */

#define F(name, type) {#name, (type), 0, {NULL, NULL}}
static const struct field config_fields[] = {
    F(default_lease_ttl, FIELD_DURATION), F(max_lease_ttl, FIELD_DURATION), F(token_type, FIELD_STRING), F(listing_visibility, FIELD_STRING),
    F(force_no_cache, FIELD_BOOL), F(passthrough_request_headers, FIELD_STRINGS), F(allowed_response_headers, FIELD_STRINGS),
    F(audit_non_hmac_request_keys, FIELD_STRINGS), F(audit_non_hmac_response_keys, FIELD_STRINGS), F(user_lockout_config, FIELD_OBJECT), {NULL, FIELD_ANY, 0, {NULL, NULL}},
};
static const struct field lockout_fields[] = {
    F(lockout_threshold, FIELD_NUMBER), F(lockout_duration, FIELD_DURATION), F(lockout_counter_reset, FIELD_DURATION), F(lockout_counter_reset_duration, FIELD_DURATION),
    F(lockout_disable, FIELD_BOOL), {NULL, FIELD_ANY, 0, {NULL, NULL}},
};
#undef F

/* Checked as bodies are: a description of fields that belongs to no path. */
static const struct route config_route = {.operation = "config", .flags = ROUTE_OPEN_FIELDS, .fields = config_fields};
static const struct route lockout_route = {.operation = "lockout", .fields = lockout_fields};

static bool is_one_of(struct slice text, const char *const *words)
{
    while (*words != NULL && !slice_is(text, *words)) {
        words++;
    }
    return *words != NULL;
}

static enum err check_words(struct turn *turn, const struct json *config)
{
    static const char *const types[] = {"default-service", "default-batch", "service", "batch", "", NULL}, *const visibilities[] = {"", "hidden", "unauth", NULL};
    struct slice type = json_text(config, "token_type", SLICE_NONE), visibility = json_text(config, "listing_visibility", SLICE_NONE);
    if (!is_one_of(type, types)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("token_type is default-service, default-batch, service or batch", "token_type ist default-service, default-batch, service oder batch"), type);
    }
    if (!is_one_of(visibility, visibilities)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("listing_visibility is hidden or unauth", "listing_visibility ist hidden oder unauth"), visibility);
    }
    uint64_t own = 0, max = 0;
    bool has_own = json_u64(config, "default_lease_ttl", &own) == ERR_NONE, has_max = json_u64(config, "max_lease_ttl", &max) == ERR_NONE && max > 0;
    if (has_own && own > (has_max ? max : turn_max_ttl_s(turn))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("given default lease TTL greater than the max lease TTL", "default_lease_ttl ist größer als max_lease_ttl"), SLICE_NONE);
    }
    return ERR_NONE;
}

enum err mount_config_members(struct turn *turn, const struct json *given, struct json **ret_config)
{
    const struct json *checked = NULL, *lockout = NULL;
    enum err err = route_check(&config_route, turn->arena, given, &checked, &turn->complaint);
    const struct json *member = err == ERR_NONE ? json_member(checked, "user_lockout_config") : NULL;
    err = err == ERR_NONE && member != NULL ? route_check(&lockout_route, turn->arena, member, &lockout, &turn->complaint) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *config = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *one = checked->first; one != NULL; one = one->next) {
        bool is_beside = slice_is(one->name, "description") || slice_is(one->name, "options"); /* the mount's own; clients send them here as well */
        if (is_beside || one->type == JSON_NULL) {
            continue;
        }
        const struct json *value = lockout != NULL && slice_is(one->name, "user_lockout_config") ? lockout : one;
        json_set(turn->arena, config, arena_string(turn->arena, one->name), json_copy(turn->arena, value));
    }
    *ret_config = config;
    return config == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err mount_config(struct turn *turn, const struct json *given, struct json **ret_config)
{
    enum err err = mount_config_members(turn, given, ret_config);
    return err == ERR_NONE ? check_words(turn, *ret_config) : err;
}

/* ---- mounting ---- */

static struct json *object_of(struct turn *turn, const char *name)
{
    const struct json *given = json_member(turn->request->body, name);
    return given == NULL || given->type != JSON_OBJECT ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, given);
}

static struct json *new_row(struct turn *turn, const struct engine *engine, struct slice version, struct json *config)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "type", slice_string(engine->type));
    json_set_string(turn->arena, row, "class", slice_string(engine->class == ENGINE_AUTH ? "auth" : "secret"));
    json_set_string(turn->arena, row, "uuid", random_hex(turn, "", UUID_BYTES));
    json_set_string(turn->arena, row, "accessor", random_hex(turn, turn_path(turn, "%s%s_", engine->class == ENGINE_AUTH ? "auth_" : "", engine->type), 4));
    json_set_string(turn->arena, row, "description", turn_field(turn, "description"));
    json_set(turn->arena, row, "config", config);
    struct json *options = json_set(turn->arena, row, "options", object_of(turn, "options"));
    if (version.len > 0 && json_member(options, "version") == NULL) {
        json_set_string(turn->arena, options, "version", version);
    }
    return options == NULL ? NULL : row;
}

static enum err record(struct turn *turn, const char *what, struct slice path, const struct json *row)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "path", namespace_whole(turn, path));
    json_set_string(turn->arena, body, "engine", json_text(row, "type", SLICE_NONE));
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, what, body, NULL);
}

enum err mount_enable(struct turn *turn, enum engine_class class, struct slice given)
{
    struct slice path = trimmed(given);
    struct slice version = SLICE_NONE, type = type_of(turn_field(turn, "type"), &version);
    const struct engine *engine = engine_find(class, type);
    if (engine == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unknown backend type", "diese Art von Engine gibt es nicht"), turn_field(turn, "type"));
    }
    struct json *config = NULL;
    enum err err = mount_check_free(turn, class, path);
    err = err == ERR_NONE ? mount_config(turn, object_of(turn, "config"), &config) : err;
    struct json *row = err == ERR_NONE ? new_row(turn, engine, version, config) : NULL;
    if (err != ERR_NONE || row == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    engine = engine->variant == NULL ? engine : engine->variant(row);
    struct mount mount = {.path = path, .uuid = json_text(row, "uuid", SLICE_NONE), .rows = turn->space.rows, .row = row, .engine = engine};
    turn->mount = &mount;
    err = engine->enable == NULL ? ERR_NONE : engine->enable(turn, &mount);
    turn->mount = NULL;
    struct json *where = json_new(turn->arena, JSON_OBJECT);
    if (turn->space.id.len > 0) {
        json_set_string(turn->arena, where, "at", path);
        json_set_string(turn->arena, where, "space", turn->space.rows);
    }
    char *live = live_path(turn, mount.uuid);
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, "at", path), row, 0) : err;
    err = err == ERR_NONE ? turn_is_new(turn, live) : err;
    err = err == ERR_NONE ? turn_put_json(turn, live, where, 0) : err;
    err = err == ERR_NONE ? note_depth(turn, path) : err;
    return err == ERR_NONE ? record(turn, "mount.enabled", path, row) : err;
}
