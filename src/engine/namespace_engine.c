/* sys/namespaces: those directly below the request's own. */
#include "engine/operations.h"

#include "engine/ceremony.h"
#include "engine/lease.h"
#include "engine/mount.h"
#include "engine/namespace.h"
#include "engine/policy.h"
#include "engine/token.h"

#include <string.h>

enum { ID_CHARACTERS = 10, LIST_MAX = 10000, MOUNTS_AT_ONCE = 100, METADATA_MAX = 64 };

static char *row_of(struct turn *turn, struct slice whole)
{
    return turn_path(turn, "space/at/%.*s", (int)whole.len, (const char *)whole.data);
}

static struct slice named(struct turn *turn)
{
    struct slice name = turn->values[0];
    while (name.len > 0 && name.data[name.len - 1] == '/') {
        name.len--;
    }
    return name;
}

static struct json *shown(struct turn *turn, struct slice whole, const struct json *row)
{
    const struct json *metadata = json_member(row, "custom_metadata");
    struct json *item = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, item, "id", json_text(row, "id", SLICE_NONE));
    json_set_string(turn->arena, item, "uuid", json_text(row, "uuid", SLICE_NONE));
    json_set_string(turn->arena, item, "path", slice_string(turn_path(turn, "%.*s/", (int)whole.len, (const char *)whole.data)));
    json_set_bool(turn->arena, item, "locked", false);
    json_set(turn->arena, item, "custom_metadata", metadata == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, metadata));
    return item;
}

/* Those below this one: directly, or (SCAN) all. */
enum err operation_namespace_list(struct turn *turn)
{
    bool is_deep = turn->request->verb == VERB_SCAN;
    char *prefix = turn->space.path.len == 0 ? turn_path(turn, "space/at/") : turn_path(turn, "space/at/%.*s/", (int)turn->space.path.len, (const char *)turn->space.path.data);
    struct slice after = turn_query(turn, "after");
    after = after.len == 0 ? SLICE_NONE : slice_string(turn_path(turn, "%s%.*s", prefix, (int)(after.len - slice_ends(after, SLICE_LITERAL("/"))), (const char *)after.data));
    struct turn_names rows;
    uint64_t limit = 0;
    bool has_limit = slice_to_u64(turn_query(turn, "limit"), &limit) == ERR_NONE && limit > 0;
    enum err err = prefix == NULL ? ERR_MEMORY : turn_list(turn, prefix, after, LIST_MAX, &rows);
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *infos = json_set_object(turn->arena, data, "key_info");
    for (size_t i = 0; err == ERR_NONE && i < rows.count && (!has_limit || keys->count < limit); i++) {
        struct json *row = NULL;
        struct slice name = slice_from(rows.names[i], strlen(prefix));
        if (!is_deep && slice_find_byte(name, '/') != SIZE_MAX) {
            continue;
        }
        err = json_unpack(turn->arena, rows.bytes[i], &row) == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
        char *key = turn_path(turn, "%.*s/", (int)name.len, (const char *)name.data);
        json_append(keys, json_string(turn->arena, slice_string(key)));
        json_set(turn->arena, infos, key, shown(turn, slice_from(rows.names[i], sizeof "space/at/" - 1), row));
    }
    return err != ERR_NONE ? err : keys->count == 0 ? ERR_NOT_FOUND : turn_reply_data(turn, data);
}

/* All below this one in which the token may do anything. Without a grant of its own, as Vault has it: who may do nothing below one does not hear of it. */
enum err operation_sys_ui_namespaces(struct turn *turn)
{
    char *prefix = turn->space.path.len == 0 ? turn_path(turn, "space/at/") : turn_path(turn, "space/at/%.*s/", (int)turn->space.path.len, (const char *)turn->space.path.data);
    struct turn_names rows;
    enum err err = turn->request->token.len == 0 ? ERR_DENIED : token_identify(turn);
    err = err == ERR_NONE && turn->caller.token == NULL ? ERR_DENIED : err;
    err = err == ERR_NONE && prefix == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE ? turn_list(turn, prefix, SLICE_NONE, LIST_MAX, &rows) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct grant grant = {0};
        struct slice whole = slice_from(rows.names[i], sizeof "space/at/" - 1), name = slice_from(rows.names[i], strlen(prefix));
        struct slice space = turn->caller.space.path, seen = space.len == 0 ? whole : slice_from(whole, space.len + 1);
        err = turn->caller.is_root ? ERR_NONE : policy_grant_below(turn, turn->caller.policies, seen, &grant);
        if (err == ERR_NONE && (turn->caller.is_root || grant.capabilities != 0)) {
            json_append(keys, json_string(turn->arena, slice_string(turn_path(turn, "%.*s/", (int)name.len, (const char *)name.data))));
        }
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_namespace_read(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice whole = namespace_whole(turn, named(turn));
    enum err err = turn_json(turn, row_of(turn, whole), &row);
    return err == ERR_NONE ? turn_reply_data(turn, shown(turn, whole, row)) : err;
}

/* ---- making ---- */

static bool name_is_good(struct slice name)
{
    return name.len > 0 && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "_-.") && !byte_is_among(name.data[0], "-.") && !slice_is(name, "root") && !slice_is(name, "audit") &&
           !slice_is(name, "identity") && !slice_is(name, "auth") && !route_is_taken(name);
}

static size_t depth_of(struct slice whole)
{
    size_t depth = 1;
    for (size_t i = 0; i < whole.len; i++) {
        depth += whole.data[i] == '/';
    }
    return depth;
}

static enum err check_name(struct turn *turn, struct slice name, struct slice whole)
{
    if (!name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a namespace's name has letters, digits, _ - . and is none of Vogt's own paths", "der Name eines Namensraums hat Buchstaben, Ziffern, _ - . und ist kein eigener Pfad von Vogt"), name);
    }
    if (whole.len > NAMESPACE_PATH_MAX_BYTES || depth_of(whole) > NAMESPACE_DEPTH_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("namespaces lie 7 deep at most, with 200 bytes of path", "Namensräume liegen höchstens 7 tief, mit 200 Bytes Pfad"), whole);
    }
    return mount_check_free(turn, ENGINE_SECRET, name);
}

static enum err take_metadata(struct turn *turn, const struct json *before, bool is_patch, struct json *row)
{
    const struct json *given = json_member(turn->request->body, "custom_metadata");
    struct json *metadata = json_new(turn->arena, JSON_OBJECT);
    if (given != NULL && (given->type != JSON_OBJECT || given->count > METADATA_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("custom_metadata is an object of at most 64 texts", "custom_metadata ist ein Objekt mit höchstens 64 Texten"), SLICE_NONE);
    }
    for (const struct json *one = is_patch && before != NULL ? before->first : NULL; one != NULL; one = one->next) {
        char *name = arena_string(turn->arena, one->name);
        if (json_member(given, name) == NULL) {
            json_set(turn->arena, metadata, name, json_copy(turn->arena, one));
        }
    }
    for (const struct json *one = given == NULL ? NULL : given->first; one != NULL; one = one->next) {
        if (one->type == JSON_NULL && is_patch) {
            continue;
        }
        if (one->type != JSON_STRING) {
            return turn_refuse(turn, ERR_INVALID, TEXT("custom_metadata is an object of at most 64 texts", "custom_metadata ist ein Objekt mit höchstens 64 Texten"), one->name);
        }
        json_set(turn->arena, metadata, arena_string(turn->arena, one->name), json_copy(turn->arena, one));
    }
    return json_set(turn->arena, row, "custom_metadata", metadata) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err record(struct turn *turn, const char *type, struct slice whole)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "path", whole);
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

static struct json *with_identity(struct turn *turn, const struct json *before)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (before != NULL) {
        int64_t created_ms = 0;
        json_set_string(turn->arena, row, "id", json_text(before, "id", SLICE_NONE));
        json_set_string(turn->arena, row, "uuid", json_text(before, "uuid", SLICE_NONE));
        return json_i64(before, "created_ms", &created_ms) != ERR_NONE ? NULL : json_set_i64(turn->arena, row, "created_ms", created_ms) == NULL ? NULL : row;
    }
    char id[ID_CHARACTERS + 1];
    struct ceremony uuid = {.count = 0};
    base62_random(turn, id, ID_CHARACTERS);
    ceremony_begin(turn, &uuid); /* a UUID is a UUID */
    json_set_string(turn->arena, row, "id", slice_string(id));
    json_set_string(turn->arena, row, "uuid", slice_string(uuid.nonce));
    return json_set_i64(turn->arena, row, "created_ms", turn->now_ms) == NULL ? NULL : row;
}

enum err operation_namespace_write(struct turn *turn)
{
    const struct json *before = NULL;
    struct slice name = named(turn), whole = namespace_whole(turn, name);
    bool is_patch = turn->request->verb == VERB_PATCH;
    enum err err = turn_json(turn, row_of(turn, whole), &before);
    bool is_new = err == ERR_NOT_FOUND;
    if (err != ERR_NONE && (err != ERR_NOT_FOUND || is_patch)) {
        return err;
    }
    err = is_new ? check_name(turn, name, whole) : ERR_NONE;
    struct json *row = err == ERR_NONE ? with_identity(turn, before) : NULL;
    err = err == ERR_NONE && row == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE ? take_metadata(turn, json_member(before, "custom_metadata"), is_patch, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, row_of(turn, whole), row, 0) : err;
    err = err == ERR_NONE && is_new ? record(turn, "namespace.created", whole) : err;
    return err == ERR_NONE ? turn_reply_data(turn, shown(turn, whole, row)) : err;
}

/* ---- deleting ---- */

/* In the namespace itself: its mounts go as if somebody had unmounted each. */
static enum err disable_mounts(struct turn *turn)
{
    struct turn_names rows;
    char *prefix = namespace_row(turn, turn->space, "mount/at/");
    enum err all = turn_list(turn, prefix, SLICE_NONE, MOUNTS_AT_ONCE + 1, &rows);
    if (all == ERR_NONE && rows.count > MOUNTS_AT_ONCE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this namespace has more than 100 mounts: unmount them first", "dieser Namensraum hat mehr als 100 Mounts: bitte zuerst lösen"), turn->space.path);
    }
    for (size_t i = 0; all == ERR_NONE && i < rows.count; i++) {
        struct mount mount;
        all = mount_at(turn, slice_from(rows.names[i], strlen(prefix)), &mount);
        all = all == ERR_NONE ? mount_disable(turn, &mount) : all;
    }
    return all;
}

/* At once for everybody: its tokens are those of a namespace that is gone. Its rows and leases follow in slices. */
static enum err drop(struct turn *turn, struct slice whole, const struct json *row)
{
    struct namespace outer = turn->space;
    struct slice id = json_text(row, "id", SLICE_NONE);
    char *rows = turn_path(turn, "n/%.*s/", (int)id.len, (const char *)id.data);
    if (rows == NULL || id.len == 0) {
        return ERR_DAMAGED;
    }
    turn->space = (struct namespace){.path = whole, .id = id, .rows = slice_string(rows)};
    enum err err = disable_mounts(turn);
    turn->space = outer;
    err = err == ERR_NONE ? lease_cut(turn, whole, false) : err;
    err = err == ERR_NONE ? turn_delete(turn, row_of(turn, whole)) : err;
    err = err == ERR_NONE ? mount_sweep_below(turn, id, slice_string(rows)) : err;
    return err == ERR_NONE ? record(turn, "namespace.deleted", whole) : err;
}

enum err operation_namespace_delete(struct turn *turn)
{
    const struct json *row = NULL;
    struct turn_names below;
    struct slice whole = namespace_whole(turn, named(turn));
    enum err err = turn_json(turn, row_of(turn, whole), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    err = turn_names(turn, turn_path(turn, "space/at/%.*s/", (int)whole.len, (const char *)whole.data), SLICE_NONE, 1, &below);
    if (err == ERR_NONE && below.count > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot delete a namespace that contains child namespaces", "unter diesem Namensraum liegen andere: bitte zuerst diese löschen"), whole);
    }
    err = err == ERR_NONE ? drop(turn, whole, row) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
