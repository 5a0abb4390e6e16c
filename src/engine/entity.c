/* Rows of entities and groups: found by id, name and alias, made, renamed, deleted, listed. */
#include "engine/entity.h"

#include "base/encode.h"
#include "base/time.h"
#include "base/utf8.h"
#include "engine/token.h"

#include <string.h>

enum { NAME_MAX_BYTES = 400, SEGMENT_MAX_BYTES = 128, METADATA_MAX = 64, LIST_MAX = 10000, HASH_BYTES = 16, ID_BYTES = 16, ID_MAX_BYTES = 64, POLICIES_MAX = 128 };

static const char *const words[] = {[KIND_ENTITY] = "entity", [KIND_GROUP] = "group"};

static char *row_path(struct turn *turn, enum identity_kind kind, struct slice id)
{
    return turn_path(turn, "identity/%s/%.*s", words[kind], (int)id.len, (const char *)id.data);
}

/* A row's name is one segment, so that all are listed as they are: a slash stands as byte 1, which no name has. */
static void swap_slashes(char *text, char from, char to)
{
    for (; text != NULL && *text != '\0'; text++) {
        *text = *text == from ? to : *text;
    }
}

static char *name_path(struct turn *turn, enum identity_kind kind, struct slice name)
{
    char *key = arena_lower(turn->arena, name);
    swap_slashes(key, '/', 1);
    return key == NULL ? NULL : turn_path(turn, "identity/%s-name/%s", words[kind], key);
}

static char *alias_path(struct turn *turn, enum identity_kind kind, struct slice alias_id)
{
    return turn_path(turn, "identity/%s-alias/%.*s", words[kind], (int)alias_id.len, (const char *)alias_id.data);
}

static char *alias_at_path(struct turn *turn, enum identity_kind kind, struct slice accessor, struct slice name)
{
    uint8_t digest[SHA256_BYTES];
    sha256(name, digest);
    cleanup_buf struct buf hex = BUF_INIT(2 * HASH_BYTES);
    enum err err = hex_encode(&hex, slice_of(digest, HASH_BYTES));
    return err != ERR_NONE ? NULL : turn_path(turn, "identity/%s-at/%.*s/%.*s", words[kind], (int)accessor.len, (const char *)accessor.data, (int)hex.len, (const char *)hex.data);
}

static bool name_is_good(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < 0x20 || name.data[i] == 0x7f) {
            return false;
        }
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES && utf8_valid(name);
}

/* What comes from outside names a row only when it is one segment. */
static bool is_segment(struct slice text)
{
    return text.len > 0 && text.len <= SEGMENT_MAX_BYTES && slice_find_byte(text, '/') == SIZE_MAX;
}

/* ---- finding ---- */

enum err thing_find(struct turn *turn, enum identity_kind kind, struct slice id, struct thing *ret_thing)
{
    const struct json *row = NULL;
    for (unsigned i = 0; i <= IDENTITY_MERGES_MAX; i++) {
        enum err err = is_segment(id) ? turn_json(turn, row_path(turn, kind, id), &row) : ERR_NOT_FOUND;
        if (err != ERR_NONE) {
            return err;
        }
        struct slice into = json_text(row, "merged_into", SLICE_NONE);
        if (into.len == 0) {
            *ret_thing = (struct thing){.kind = kind, .id = arena_copy(turn->arena, id), .row = row};
            return ret_thing->id.data == NULL ? ERR_MEMORY : ERR_NONE;
        }
        id = into;
    }
    return ERR_DAMAGED;
}

static enum err follow(struct turn *turn, enum identity_kind kind, char *path, struct thing *ret_thing)
{
    const struct json *pointer = NULL;
    enum err err = turn_json(turn, path, &pointer);
    return err == ERR_NONE ? thing_find(turn, kind, json_text(pointer, "id", SLICE_NONE), ret_thing) : err;
}

enum err thing_find_name(struct turn *turn, enum identity_kind kind, struct slice name, struct thing *ret_thing)
{
    return name_is_good(name) ? follow(turn, kind, name_path(turn, kind, name), ret_thing) : ERR_NOT_FOUND;
}

enum err thing_find_alias_id(struct turn *turn, enum identity_kind kind, struct slice alias_id, struct thing *ret_thing)
{
    return is_segment(alias_id) ? follow(turn, kind, alias_path(turn, kind, alias_id), ret_thing) : ERR_NOT_FOUND;
}

enum err thing_find_alias(struct turn *turn, enum identity_kind kind, struct slice accessor, struct slice name, struct thing *ret_thing)
{
    return is_segment(accessor) && name.len > 0 ? follow(turn, kind, alias_at_path(turn, kind, accessor, name), ret_thing) : ERR_NOT_FOUND;
}

enum err thing_look_up(struct turn *turn, enum identity_kind kind, struct thing *ret_thing)
{
    struct slice id = turn_field(turn, "id"), name = turn_field(turn, "name"), alias_id = turn_field(turn, "alias_id");
    struct slice alias = turn_field(turn, "alias_name"), accessor = turn_field(turn, "alias_mount_accessor");
    if ((id.len > 0) + (name.len > 0) + (alias_id.len > 0) + (alias.len > 0 || accessor.len > 0) != 1) {
        return turn_refuse(turn, ERR_INVALID, TEXT("give one of id, name, alias_id, or alias_name with alias_mount_accessor", "genau eins von id, name, alias_id oder alias_name mit alias_mount_accessor angeben"), SLICE_NONE);
    }
    if ((alias.len > 0) != (accessor.len > 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("both 'alias_name' and 'alias_mount_accessor' must be set", "alias_name und alias_mount_accessor gehören zusammen"), SLICE_NONE);
    }
    return id.len > 0         ? thing_find(turn, kind, id, ret_thing)
           : name.len > 0     ? thing_find_name(turn, kind, name, ret_thing)
           : alias_id.len > 0 ? thing_find_alias_id(turn, kind, alias_id, ret_thing)
                              : thing_find_alias(turn, kind, accessor, alias, ret_thing);
}

/* ---- changing ---- */

struct json *thing_texts_with(struct turn *turn, const struct json *texts, struct slice text)
{
    struct json *list = texts == NULL ? json_new(turn->arena, JSON_ARRAY) : json_copy(turn->arena, texts);
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        if (slice_equal(one->text, text)) {
            return list;
        }
    }
    return json_append(list, json_string(turn->arena, text)) == NULL ? NULL : list;
}

struct json *thing_texts_without(struct turn *turn, const struct json *texts, struct slice text)
{
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    for (const struct json *one = texts == NULL ? NULL : texts->first; one != NULL; one = one->next) {
        if (!slice_equal(one->text, text)) {
            json_append(list, json_string(turn->arena, one->text));
        }
    }
    return list;
}

enum err thing_set(struct turn *turn, struct thing *thing, const char *name, struct json *value)
{
    thing->row = token_with(turn, thing->row, name, value);
    return thing->row == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err thing_put(struct turn *turn, const struct thing *thing)
{
    struct json *row = token_with(turn, thing->row, "updated_ms", json_number_i64(turn->arena, turn->now_ms));
    return row == NULL ? ERR_MEMORY : turn_put_json(turn, row_path(turn, thing->kind, thing->id), row, 0);
}

static struct slice new_id(struct turn *turn)
{
    uint8_t random[ID_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * ID_BYTES);
    turn_random(turn, random, sizeof random);
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
    if (hex_encode(&hex, slice_of(random, sizeof random)) != ERR_NONE) {
        return SLICE_NONE;
    }
    const char *text = (const char *)hex.data;
    return slice_string(turn_path(turn, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16, text + 20));
}

static struct json *pointer_to(struct turn *turn, struct slice id)
{
    struct json *pointer = json_new(turn->arena, JSON_OBJECT);
    return json_set_string(turn->arena, pointer, "id", id) == NULL ? NULL : pointer;
}

static enum err bad_name(struct turn *turn, struct slice name)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("a name has 1 to 400 bytes and no control characters", "ein Name hat 1 bis 400 Bytes und keine Steuerzeichen"), name);
}

enum err thing_make(struct turn *turn, enum identity_kind kind, struct slice name, struct thing *ret_thing)
{
    struct slice id = new_id(turn);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    name = name.len > 0 ? name : slice_string(turn_path(turn, "%s_%.8s", words[kind], (const char *)new_id(turn).data));
    if (!name_is_good(name)) {
        return bad_name(turn, name);
    }
    json_set_string(turn->arena, row, "name", name);
    json_set_array(turn->arena, row, "policies");
    json_set_object(turn->arena, row, "metadata");
    json_set_i64(turn->arena, row, "created_ms", turn->now_ms);
    *ret_thing = (struct thing){.kind = kind, .id = id, .row = row};
    enum err err = json_set_array(turn->arena, row, "aliases") == NULL || id.len == 0 ? ERR_MEMORY : turn_is_new(turn, row_path(turn, kind, id));
    err = err == ERR_NONE ? turn_put_json(turn, name_path(turn, kind, name), pointer_to(turn, id), 0) : err;
    return err == ERR_NONE ? thing_put(turn, ret_thing) : err;
}

enum err thing_rename(struct turn *turn, struct thing *thing, struct slice name)
{
    struct slice before = json_text(thing->row, "name", SLICE_NONE);
    struct thing other;
    if (name.len == 0 || slice_equal(name, before)) {
        return ERR_NONE;
    }
    if (!name_is_good(name)) {
        return bad_name(turn, name);
    }
    enum err err = thing_find_name(turn, thing->kind, name, &other);
    if (err == ERR_NONE && !slice_equal(other.id, thing->id)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this name is already in use", "dieser Name ist schon vergeben"), name);
    }
    err = err == ERR_NONE || err == ERR_NOT_FOUND ? turn_delete(turn, name_path(turn, thing->kind, before)) : err;
    err = err == ERR_NONE ? turn_put_json(turn, name_path(turn, thing->kind, name), pointer_to(turn, thing->id), 0) : err;
    return err == ERR_NONE ? thing_set(turn, thing, "name", json_string(turn->arena, name)) : err;
}

enum err thing_delete(struct turn *turn, const struct thing *thing)
{
    const struct json *aliases = json_member(thing->row, "aliases");
    enum err err = turn_delete(turn, row_path(turn, thing->kind, thing->id));
    err = err == ERR_NONE ? turn_delete(turn, name_path(turn, thing->kind, json_text(thing->row, "name", SLICE_NONE))) : err;
    for (const struct json *one = aliases == NULL ? NULL : aliases->first; one != NULL && err == ERR_NONE; one = one->next) {
        err = alias_forget(turn, thing->kind, one);
    }
    return err;
}

enum err thing_set_common(struct turn *turn, struct thing *thing)
{
    const struct json *policies = json_member(turn->request->body, "policies"), *metadata = json_member(turn->request->body, "metadata");
    struct json *clean = policies == NULL ? NULL : token_clean_policies(turn, policies, true);
    bool is_good = metadata == NULL || metadata->count <= METADATA_MAX;
    for (const struct json *one = metadata == NULL ? NULL : metadata->first; one != NULL; one = one->next) {
        is_good = is_good && one->type == JSON_STRING;
    }
    if (!is_good) {
        return turn_refuse(turn, ERR_INVALID, TEXT("metadata is an object of at most 64 strings", "Metadaten sind ein Objekt aus höchstens 64 Texten"), SLICE_NONE);
    }
    if (policies != NULL && (clean == NULL || clean->count > POLICIES_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("more than 128 policies", "mehr als 128 Richtlinien"), SLICE_NONE);
    }
    if (token_has(clean, "root")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("policies cannot contain root", "root lässt sich hier nicht vergeben"), SLICE_NONE);
    }
    enum err err = policies == NULL ? ERR_NONE : thing_set(turn, thing, "policies", clean);
    return err == ERR_NONE && metadata != NULL ? thing_set(turn, thing, "metadata", json_copy(turn->arena, metadata)) : err;
}

/* ---- aliases ---- */

const struct json *alias_of(const struct thing *thing, struct slice alias_id)
{
    const struct json *aliases = json_member(thing->row, "aliases"), *one = aliases == NULL ? NULL : aliases->first;
    while (one != NULL && !slice_equal(json_text(one, "id", SLICE_NONE), alias_id)) {
        one = one->next;
    }
    return one;
}

const struct json *alias_at(const struct thing *thing, struct slice accessor)
{
    const struct json *aliases = json_member(thing->row, "aliases"), *one = aliases == NULL ? NULL : aliases->first;
    while (one != NULL && !slice_equal(json_text(one, "mount_accessor", SLICE_NONE), accessor)) {
        one = one->next;
    }
    return one;
}

struct json *alias_new(struct turn *turn, struct slice name, const struct json *mount_row, struct slice mount_path)
{
    struct json *alias = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, alias, "id", new_id(turn));
    json_set_string(turn->arena, alias, "name", name);
    json_set_string(turn->arena, alias, "mount_accessor", json_text(mount_row, "accessor", SLICE_NONE));
    json_set_string(turn->arena, alias, "mount_type", json_text(mount_row, "type", SLICE_NONE));
    json_set_string(turn->arena, alias, "mount_path", slice_string(turn_path(turn, "%.*s/", (int)mount_path.len, (const char *)mount_path.data)));
    json_set_i64(turn->arena, alias, "created_ms", turn->now_ms);
    return json_set_i64(turn->arena, alias, "updated_ms", turn->now_ms) == NULL ? NULL : alias;
}

enum err alias_forget(struct turn *turn, enum identity_kind kind, const struct json *alias)
{
    enum err err = turn_delete(turn, alias_path(turn, kind, json_text(alias, "id", SLICE_NONE)));
    return err == ERR_NONE ? turn_delete(turn, alias_at_path(turn, kind, json_text(alias, "mount_accessor", SLICE_NONE), json_text(alias, "name", SLICE_NONE))) : err;
}

static struct json *aliases_without(struct turn *turn, const struct thing *thing, struct slice alias_id)
{
    const struct json *aliases = json_member(thing->row, "aliases");
    struct json *left = json_new(turn->arena, JSON_ARRAY);
    for (const struct json *one = aliases == NULL ? NULL : aliases->first; one != NULL; one = one->next) {
        if (!slice_equal(json_text(one, "id", SLICE_NONE), alias_id)) {
            json_append(left, json_copy(turn->arena, one));
        }
    }
    return left;
}

enum err alias_put(struct turn *turn, struct thing *thing, const struct json *alias)
{
    struct slice id = json_text(alias, "id", SLICE_NONE), accessor = json_text(alias, "mount_accessor", SLICE_NONE), name = json_text(alias, "name", SLICE_NONE);
    struct json *aliases = aliases_without(turn, thing, id);
    json_append(aliases, json_copy(turn->arena, alias));
    enum err err = thing_set(turn, thing, "aliases", aliases);
    err = err == ERR_NONE ? thing_put(turn, thing) : err;
    err = err == ERR_NONE ? turn_put_json(turn, alias_path(turn, thing->kind, id), pointer_to(turn, thing->id), 0) : err;
    return err == ERR_NONE ? turn_put_json(turn, alias_at_path(turn, thing->kind, accessor, name), pointer_to(turn, thing->id), 0) : err;
}

enum err alias_drop(struct turn *turn, struct thing *thing, struct slice alias_id)
{
    const struct json *alias = alias_of(thing, alias_id);
    enum err err = alias == NULL ? ERR_NOT_FOUND : alias_forget(turn, thing->kind, alias);
    err = err == ERR_NONE ? thing_set(turn, thing, "aliases", aliases_without(turn, thing, alias_id)) : err;
    return err == ERR_NONE ? thing_put(turn, thing) : err;
}

/* ---- showing ---- */

void thing_show_time(struct turn *turn, struct json *data, const char *name, const struct json *row, const char *member)
{
    char text[RFC3339_BYTES];
    rfc3339_format((int64_t)token_number(row, member), text);
    json_set_string(turn->arena, data, name, slice_string(text));
}

struct json *thing_copy_or(struct turn *turn, const struct json *value, enum json_type empty)
{
    return value == NULL ? json_new(turn->arena, empty) : json_copy(turn->arena, value);
}

struct json *alias_shown(struct turn *turn, const struct thing *thing, const struct json *alias)
{
    static const char *const texts[] = {"id", "name", "mount_accessor", "mount_path", "mount_type"};
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "canonical_id", thing->id);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_set_string(turn->arena, data, texts[i], json_text(alias, texts[i], SLICE_NONE));
    }
    json_set(turn->arena, data, "metadata", thing_copy_or(turn, json_member(alias, "metadata"), JSON_NULL));
    json_set(turn->arena, data, "custom_metadata", thing_copy_or(turn, json_member(alias, "custom_metadata"), JSON_NULL));
    json_set_null(turn->arena, data, "merged_from_canonical_ids");
    json_set_bool(turn->arena, data, "local", false);
    thing_show_time(turn, data, "creation_time", alias, "created_ms");
    thing_show_time(turn, data, "last_update_time", alias, "updated_ms");
    return data;
}

static uint32_t limit_of(const struct turn *turn)
{
    uint64_t limit = 0;
    bool is_set = slice_to_u64(turn_query(turn, "limit"), &limit) == ERR_NONE && limit > 0 && limit < LIST_MAX;
    return is_set ? (uint32_t)limit : LIST_MAX;
}

static void show_key(struct turn *turn, const struct thing *thing, struct json *keys, struct json *info)
{
    const struct json *aliases = json_member(thing->row, "aliases");
    json_append(keys, json_string(turn->arena, thing->id));
    struct json *one = json_set_object(turn->arena, info, arena_string(turn->arena, thing->id));
    json_set_string(turn->arena, one, "name", json_text(thing->row, "name", SLICE_NONE));
    if (thing->kind == KIND_GROUP) {
        json_set_u64(turn->arena, one, "num_member_entities", token_number(thing->row, "members"));
        json_set_u64(turn->arena, one, "num_parent_groups", json_member(thing->row, "parents") == NULL ? 0 : json_member(thing->row, "parents")->count);
        return;
    }
    struct json *shown = json_set_array(turn->arena, one, "aliases");
    for (const struct json *alias = aliases == NULL ? NULL : aliases->first; alias != NULL; alias = alias->next) {
        json_append(shown, alias_shown(turn, thing, alias));
    }
}

enum err thing_list_ids(struct turn *turn, enum identity_kind kind)
{
    struct turn_names rows;
    char *prefix = row_path(turn, kind, SLICE_LITERAL(""));
    if (prefix == NULL) {
        return ERR_MEMORY;
    }
    struct slice after = turn_query(turn, "after");
    after = after.len == 0 || after.len > ID_MAX_BYTES ? SLICE_NONE : slice_string(row_path(turn, kind, after));
    enum err err = turn_list(turn, prefix, after, limit_of(turn), &rows);
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *info = json_set_object(turn->arena, data, "key_info");
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        struct thing thing = {.kind = kind, .id = slice_from(rows.names[i], strlen(prefix)), .row = row};
        if (err == ERR_NONE && json_member(row, "merged_into") == NULL) {
            show_key(turn, &thing, keys, info);
        }
    }
    if (err != ERR_NONE) {
        return err == ERR_MALFORMED ? ERR_DAMAGED : err;
    }
    return keys != NULL && keys->count == 0 ? ERR_NOT_FOUND : turn_reply_data(turn, data);
}

enum err thing_list_names(struct turn *turn, enum identity_kind kind)
{
    struct turn_names names;
    char *after = arena_string(turn->arena, turn_query(turn, "after"));
    swap_slashes(after, '/', 1);
    enum err err = turn_names(turn, name_path(turn, kind, SLICE_LITERAL("")), slice_string(after), limit_of(turn), &names);
    if (err != ERR_NONE || names.count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < names.count; i++) {
        char *name = arena_string(turn->arena, names.names[i]);
        swap_slashes(name, 1, '/');
        names.names[i] = slice_string(name);
    }
    return turn_reply_data(turn, turn_keys(turn, &names));
}
