/* identity/group and identity/lookup/group. An internal group's members are written here, an external group's come from its login mount. */
#include "engine/entity.h"

#include "engine/operations.h"
#include "engine/token.h"

#include <stdlib.h>

enum { CHANGES_MAX = 1000 };

static bool is_external(const struct thing *group)
{
    return slice_is(json_text(group->row, "type", SLICE_NONE), "external");
}

static void join_err(enum err *all, enum err err)
{
    *all = *all == ERR_NONE || (*all == ERR_NEED && err != ERR_NONE) ? err : *all;
}

/* ---- membership: both rows say it ---- */

/* Puts `text` into, or takes it out of, a list of the row of a thing; nothing is written when it is so already. */
static enum err change_list(struct turn *turn, enum identity_kind kind, struct slice id, const char *list, struct slice text, bool is_in)
{
    struct thing thing;
    enum err err = thing_find(turn, kind, id, &thing);
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *texts = json_member(thing.row, list);
    if (token_has(texts, arena_string(turn->arena, text)) == is_in) {
        return ERR_NONE;
    }
    if (is_in && texts != NULL && texts->count >= IDENTITY_GROUPS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("nobody is directly in more than 256 groups, and no group in more", "niemand ist unmittelbar in mehr als 256 Gruppen, auch keine Gruppe"), id);
    }
    err = thing_set(turn, &thing, list, is_in ? thing_texts_with(turn, texts, text) : thing_texts_without(turn, texts, text));
    return err == ERR_NONE ? thing_put(turn, &thing) : err;
}

static char *members_path(struct turn *turn, struct slice group_id)
{
    return turn_path(turn, "identity/group-members/%.*s", (int)group_id.len, (const char *)group_id.data);
}

/* *ret_entities: an array; NULL: nobody. */
static enum err read_members(struct turn *turn, struct slice group_id, const struct json **ret_entities)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, members_path(turn, group_id), &row);
    *ret_entities = err == ERR_NONE ? json_member(row, "entities") : NULL;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* Writes the list, and into the group's row how long it is. */
static enum err put_members(struct turn *turn, struct thing *group, struct json *entities)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (entities == NULL || json_set(turn->arena, row, "entities", entities) == NULL) {
        return ERR_MEMORY;
    }
    enum err err = entities->count == 0 ? turn_delete(turn, members_path(turn, group->id)) : turn_put_json(turn, members_path(turn, group->id), row, 0);
    return err == ERR_NONE ? thing_set(turn, group, "members", json_number_u64(turn->arena, entities->count)) : err;
}

static enum err change_members(struct turn *turn, struct slice group_id, struct slice entity_id, bool is_in)
{
    struct thing group;
    const struct json *entities = NULL;
    enum err err = thing_find(turn, KIND_GROUP, group_id, &group);
    err = err == ERR_NONE ? read_members(turn, group_id, &entities) : err;
    if (err != ERR_NONE || token_has(entities, arena_string(turn->arena, entity_id)) == is_in) {
        return err;
    }
    if (is_in && entities != NULL && entities->count >= IDENTITY_MEMBERS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a group has at most 10000 members", "eine Gruppe hat höchstens 10000 Mitglieder"), group_id);
    }
    err = put_members(turn, &group, is_in ? thing_texts_with(turn, entities, entity_id) : thing_texts_without(turn, entities, entity_id));
    return err == ERR_NONE ? thing_put(turn, &group) : err;
}

enum err group_join(struct turn *turn, struct slice group_id, struct slice entity_id)
{
    enum err all = change_list(turn, KIND_ENTITY, entity_id, "groups", group_id, true);
    join_err(&all, change_members(turn, group_id, entity_id, true));
    return all;
}

enum err group_leave(struct turn *turn, struct slice group_id, struct slice entity_id)
{
    enum err all = change_members(turn, group_id, entity_id, false);
    all = all == ERR_NOT_FOUND ? ERR_NONE : all;
    enum err own = change_list(turn, KIND_ENTITY, entity_id, "groups", group_id, false);
    join_err(&all, own == ERR_NOT_FOUND ? ERR_NONE : own);
    return all;
}

/* ---- showing ---- */

static enum err reply_group(struct turn *turn, const struct thing *group)
{
    struct arena *arena = turn->arena;
    const struct json *row = group->row, *aliases = json_member(row, "aliases"), *entities = NULL;
    struct json *data = json_new(arena, JSON_OBJECT);
    enum err err = read_members(turn, group->id, &entities);
    if (err != ERR_NONE) {
        return err;
    }
    json_set(arena, data, "alias", aliases != NULL && aliases->first != NULL ? alias_shown(turn, group, aliases->first) : json_new(arena, JSON_OBJECT));
    json_set_string(arena, data, "id", group->id);
    json_set_string(arena, data, "name", json_text(row, "name", SLICE_NONE));
    json_set_string(arena, data, "type", json_text(row, "type", SLICE_NONE));
    json_set(arena, data, "policies", thing_copy_or(turn, json_member(row, "policies"), JSON_ARRAY));
    json_set(arena, data, "metadata", thing_copy_or(turn, json_member(row, "metadata"), JSON_NULL));
    json_set(arena, data, "member_entity_ids", thing_copy_or(turn, entities, JSON_ARRAY));
    json_set(arena, data, "member_group_ids", thing_copy_or(turn, json_member(row, "groups"), JSON_ARRAY));
    json_set(arena, data, "parent_group_ids", thing_copy_or(turn, json_member(row, "parents"), JSON_NULL));
    json_set_string(arena, data, "namespace_id", SLICE_LITERAL("root"));
    json_set_u64(arena, data, "modify_index", 1);
    thing_show_time(turn, data, "creation_time", row, "created_ms");
    thing_show_time(turn, data, "last_update_time", row, "updated_ms");
    return turn_reply_data(turn, data);
}

enum err operation_group_read(struct turn *turn)
{
    struct thing group;
    enum err err = thing_find(turn, KIND_GROUP, turn->values[0], &group);
    return err == ERR_NONE ? reply_group(turn, &group) : err;
}

enum err operation_group_read_name(struct turn *turn)
{
    struct thing group;
    enum err err = thing_find_name(turn, KIND_GROUP, turn->values[0], &group);
    return err == ERR_NONE ? reply_group(turn, &group) : err;
}

enum err operation_group_lookup(struct turn *turn)
{
    struct thing group;
    enum err err = thing_look_up(turn, KIND_GROUP, &group);
    return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err == ERR_NONE ? reply_group(turn, &group) : err;
}

enum err operation_group_list(struct turn *turn)
{
    return thing_list_ids(turn, KIND_GROUP);
}

enum err operation_group_list_names(struct turn *turn)
{
    return thing_list_names(turn, KIND_GROUP);
}

/* ---- writing ---- */

/* Is `wanted` the group itself, or one that stands above it? Then it cannot be a member. */
static enum err check_ring(struct turn *turn, const struct thing *group, const struct json *members)
{
    struct json *above = thing_texts_with(turn, NULL, group->id);
    for (const struct json *one = above == NULL ? NULL : above->first; one != NULL; one = one->next) {
        struct thing parent;
        if (token_has(members, arena_string(turn->arena, one->text))) {
            return turn_refuse(turn, ERR_INVALID, TEXT("cyclic relationship detected for member group ID", "die Gruppe läge in sich selbst"), one->text);
        }
        enum err err = thing_find(turn, KIND_GROUP, one->text, &parent);
        const struct json *parents = err == ERR_NONE ? json_member(parent.row, "parents") : NULL;
        for (const struct json *next = parents == NULL ? NULL : parents->first; next != NULL && above->count < IDENTITY_GROUPS_MAX; next = next->next) {
            if (!token_has(above, arena_string(turn->arena, next->text))) {
                json_append(above, json_string(turn->arena, next->text));
            }
        }
        if (err != ERR_NONE && err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return above == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Ids in order, each once. */
struct ids {
    struct slice *list;
    size_t count;
};

static int by_id(const void *left, const void *right)
{
    return slice_compare(*(const struct slice *)left, *(const struct slice *)right);
}

static enum err sort_ids(struct turn *turn, const struct json *texts, struct ids *ret_ids)
{
    size_t count = 0, kept = 0;
    struct slice *list = arena_alloc_array(turn->arena, (texts == NULL ? 0 : texts->count) + 1, sizeof *list);
    for (const struct json *one = list == NULL || texts == NULL ? NULL : texts->first; one != NULL; one = one->next) {
        list[count++] = one->text;
    }
    if (list == NULL) {
        return ERR_MEMORY;
    }
    qsort(list, count, sizeof *list, by_id);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !slice_equal(list[kept - 1], list[i])) {
            list[kept++] = list[i];
        }
    }
    *ret_ids = (struct ids){list, kept};
    return ERR_NONE;
}

static bool has_id(const struct ids *ids, struct slice id)
{
    return bsearch(&id, ids->list, ids->count, sizeof *ids->list, by_id) != NULL;
}

struct membership {
    enum identity_kind kind;
    const char *theirs;         /* the list in a member's row that names the group */
    size_t changes;
};

/* Those of `some` that are not among `others` hear of it in their own rows. */
static enum err tell_members(struct turn *turn, const struct thing *group, struct membership *membership, const struct ids *some, const struct ids *others, bool is_in)
{
    enum err all = ERR_NONE;
    for (size_t i = 0; i < some->count; i++) {
        if (has_id(others, some->list[i])) {
            continue;
        }
        if (++membership->changes > CHANGES_MAX) {
            return turn_refuse(turn, ERR_INVALID, TEXT("more than 1000 members change: please in several steps", "es ändern sich mehr als 1000 Mitglieder: bitte in mehreren Schritten"), SLICE_NONE);
        }
        enum err err = change_list(turn, membership->kind, some->list[i], membership->theirs, group->id, is_in);
        if (err == ERR_NOT_FOUND && is_in) {
            return turn_refuse(turn, ERR_INVALID, membership->kind == KIND_GROUP ? TEXT("invalid group ID", "diese Gruppe gibt es nicht") : TEXT("invalid entity ID", "diese Entität gibt es nicht"), some->list[i]);
        }
        join_err(&all, err == ERR_NOT_FOUND ? ERR_NONE : err);
    }
    return all;
}

/* Members as the body names them. */
static enum err set_members(struct turn *turn, struct thing *group, struct membership membership, const struct json *before, const struct json *wanted)
{
    struct ids old, fresh;
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    if (wanted->count > IDENTITY_MEMBERS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a group has at most 10000 members", "eine Gruppe hat höchstens 10000 Mitglieder"), SLICE_NONE);
    }
    enum err all = sort_ids(turn, before, &old);
    all = all == ERR_NONE ? sort_ids(turn, wanted, &fresh) : all;
    if (all != ERR_NONE) {
        return all;
    }
    all = tell_members(turn, group, &membership, &fresh, &old, true);
    join_err(&all, tell_members(turn, group, &membership, &old, &fresh, false));
    for (size_t i = 0; all == ERR_NONE && i < fresh.count; i++) {
        json_append(list, json_string(turn->arena, fresh.list[i]));
    }
    return all != ERR_NONE ? all : membership.kind == KIND_ENTITY ? put_members(turn, group, list) : thing_set(turn, group, "groups", list);
}

static enum err set_all_members(struct turn *turn, struct thing *group)
{
    const struct json *entities = json_member(turn->request->body, "member_entity_ids"), *groups = json_member(turn->request->body, "member_group_ids");
    if (entities != NULL && entities->count > 0 && is_external(group)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("member entities can't be set manually for external groups", "die Mitglieder einer externen Gruppe nennt ihr Anmeldeverfahren"), SLICE_NONE);
    }
    const struct json *present = NULL;
    enum err err = groups == NULL ? ERR_NONE : check_ring(turn, group, groups);
    err = err == ERR_NONE && groups != NULL ? set_members(turn, group, (struct membership){.kind = KIND_GROUP, .theirs = "parents"}, json_member(group->row, "groups"), groups) : err;
    bool sets = err == ERR_NONE && entities != NULL && !is_external(group);
    err = sets ? read_members(turn, group->id, &present) : err;
    return sets && err == ERR_NONE ? set_members(turn, group, (struct membership){.kind = KIND_ENTITY, .theirs = "groups"}, present, entities) : err;
}

static enum err set_type(struct turn *turn, struct thing *group)
{
    struct slice type = turn_field(turn, "type"), known = json_text(group->row, "type", SLICE_NONE);
    if (type.len > 0 && !slice_is(type, "internal") && !slice_is(type, "external")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid group type", "type ist internal oder external"), type);
    }
    if (known.len > 0) {
        bool is_same = type.len == 0 || slice_equal(type, known);
        return is_same ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT("group type cannot be changed", "die Art einer Gruppe lässt sich nicht ändern"), known);
    }
    return thing_set(turn, group, "type", json_string(turn->arena, type.len > 0 ? type : SLICE_LITERAL("internal")));
}

static enum err write(struct turn *turn, struct thing *group, bool is_new, struct slice name)
{
    enum err err = thing_rename(turn, group, name);
    err = err == ERR_NONE ? set_type(turn, group) : err;
    err = err == ERR_NONE ? thing_set_common(turn, group) : err;
    err = err == ERR_NONE ? set_all_members(turn, group) : err;
    err = err == ERR_NONE ? thing_put(turn, group) : err;
    if (err != ERR_NONE || !is_new) {
        return err != ERR_NONE ? err : turn_reply_none(turn);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "id", group->id);
    json_set_string(turn->arena, data, "name", json_text(group->row, "name", SLICE_NONE));
    return turn_reply_data(turn, data);
}

static enum err write_by_id(struct turn *turn, struct slice id)
{
    struct thing group;
    enum err err = thing_find(turn, KIND_GROUP, id, &group);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid group ID", "diese Gruppe gibt es nicht"), id)
           : err == ERR_NONE    ? write(turn, &group, false, turn_field(turn, "name"))
                                : err;
}

static enum err write_by_name(struct turn *turn, struct slice name)
{
    struct thing group;
    enum err err = thing_find_name(turn, KIND_GROUP, name, &group);
    bool is_new = err == ERR_NOT_FOUND;
    err = is_new ? thing_make(turn, KIND_GROUP, name, &group) : err;
    return err == ERR_NONE ? write(turn, &group, is_new, SLICE_NONE) : err;
}

enum err operation_group_write(struct turn *turn)
{
    struct slice id = turn_field(turn, "id");
    return id.len > 0 ? write_by_id(turn, id) : write_by_name(turn, turn_field(turn, "name"));
}

enum err operation_group_write_id(struct turn *turn)
{
    return write_by_id(turn, turn->values[0]);
}

enum err operation_group_write_name(struct turn *turn)
{
    return write_by_name(turn, turn->values[0]);
}

/* ---- deleting ---- */

/* Of a very large group not every member hears of its end: an id that names nothing means nothing in their rows (identity_resolve). */
static enum err part(struct turn *turn, const struct thing *group, const struct json *members, enum identity_kind kind, const char *theirs)
{
    enum err all = ERR_NONE;
    size_t changes = 0;
    for (const struct json *one = members == NULL ? NULL : members->first; one != NULL && changes < CHANGES_MAX; one = one->next, changes++) {
        enum err err = change_list(turn, kind, one->text, theirs, group->id, false);
        join_err(&all, err == ERR_NOT_FOUND ? ERR_NONE : err);
    }
    return all;
}

static enum err delete(struct turn *turn, enum err found, const struct thing *group)
{
    if (found != ERR_NONE) {
        return found == ERR_NOT_FOUND ? turn_reply_none(turn) : found;
    }
    const struct json *entities = NULL;
    enum err all = read_members(turn, group->id, &entities);
    join_err(&all, part(turn, group, entities, KIND_ENTITY, "groups"));
    join_err(&all, part(turn, group, json_member(group->row, "groups"), KIND_GROUP, "parents"));
    join_err(&all, part(turn, group, json_member(group->row, "parents"), KIND_GROUP, "groups"));
    join_err(&all, turn_delete(turn, members_path(turn, group->id)));
    all = all == ERR_NONE ? thing_delete(turn, group) : all;
    return all == ERR_NONE ? turn_reply_none(turn) : all;
}

enum err operation_group_delete(struct turn *turn)
{
    struct thing group;
    enum err err = thing_find(turn, KIND_GROUP, turn->values[0], &group);
    return delete(turn, err, &group);
}

enum err operation_group_delete_name(struct turn *turn)
{
    struct thing group;
    enum err err = thing_find_name(turn, KIND_GROUP, turn->values[0], &group);
    return delete(turn, err, &group);
}
