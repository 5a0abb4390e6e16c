/* identity/entity and identity/entity-alias, identity/lookup/entity. */
#include "engine/entity.h"

#include "engine/mount.h"
#include "engine/operations.h"
#include "engine/token.h"

enum { IDS_MAX = 1000 };

static enum err not_there(struct turn *turn, struct slice id)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("entity not found", "diese Entität gibt es nicht"), id);
}

/* ---- showing ---- */

static void show_groups(struct turn *turn, const struct identity *identity, struct json *data)
{
    const struct json *direct = json_member(identity->entity, "groups");
    struct json *all = json_set_array(turn->arena, data, "group_ids"), *inherited = json_set_array(turn->arena, data, "inherited_group_ids");
    struct json *near = json_set_array(turn->arena, data, "direct_group_ids");
    for (const struct json *group = identity->groups->first; group != NULL; group = group->next) {
        struct slice id = json_text(group, "id", SLICE_NONE);
        json_append(all, json_string(turn->arena, id));
        bool is_direct = token_has(direct, arena_string(turn->arena, id));
        json_append(is_direct ? near : inherited, json_string(turn->arena, id));
    }
}

static enum err reply_entity(struct turn *turn, const struct thing *entity)
{
    struct arena *arena = turn->arena;
    const struct json *row = entity->row, *aliases = json_member(row, "aliases");
    const struct identity *identity = NULL;
    enum err err = identity_resolve(turn, entity->id, &identity);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(arena, JSON_OBJECT), *shown = json_set_array(arena, data, "aliases");
    for (const struct json *alias = aliases == NULL ? NULL : aliases->first; alias != NULL; alias = alias->next) {
        json_append(shown, alias_shown(turn, entity, alias));
    }
    json_set_string(arena, data, "id", entity->id);
    json_set_string(arena, data, "name", json_text(row, "name", SLICE_NONE));
    json_set(arena, data, "policies", thing_copy_or(turn, json_member(row, "policies"), JSON_ARRAY));
    json_set(arena, data, "metadata", thing_copy_or(turn, json_member(row, "metadata"), JSON_NULL));
    json_set_bool(arena, data, "disabled", json_bool(row, "disabled", false));
    show_groups(turn, identity, data);
    json_set(arena, data, "merged_entity_ids", thing_copy_or(turn, json_member(row, "merged"), JSON_NULL));
    json_set_string(arena, data, "namespace_id", SLICE_LITERAL("root"));
    thing_show_time(turn, data, "creation_time", row, "created_ms");
    thing_show_time(turn, data, "last_update_time", row, "updated_ms");
    return turn_reply_data(turn, data);
}

enum err operation_entity_read(struct turn *turn)
{
    struct thing entity;
    enum err err = thing_find(turn, KIND_ENTITY, turn->values[0], &entity);
    return err == ERR_NONE ? reply_entity(turn, &entity) : err;
}

enum err operation_entity_read_name(struct turn *turn)
{
    struct thing entity;
    enum err err = thing_find_name(turn, KIND_ENTITY, turn->values[0], &entity);
    return err == ERR_NONE ? reply_entity(turn, &entity) : err;
}

enum err operation_entity_lookup(struct turn *turn)
{
    struct thing entity;
    enum err err = thing_look_up(turn, KIND_ENTITY, &entity);
    return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err == ERR_NONE ? reply_entity(turn, &entity) : err; /* nothing found is no error, as with Vault */
}

enum err operation_entity_list(struct turn *turn)
{
    return thing_list_ids(turn, KIND_ENTITY);
}

enum err operation_entity_list_names(struct turn *turn)
{
    return thing_list_names(turn, KIND_ENTITY);
}

/* ---- writing ---- */

static enum err write(struct turn *turn, struct thing *entity, bool is_new, struct slice name)
{
    const struct json *disabled = json_member(turn->request->body, "disabled");
    enum err err = thing_rename(turn, entity, name);
    err = err == ERR_NONE ? thing_set_common(turn, entity) : err;
    err = err == ERR_NONE && disabled != NULL ? thing_set(turn, entity, "disabled", json_copy(turn->arena, disabled)) : err;
    err = err == ERR_NONE ? thing_put(turn, entity) : err;
    if (err != ERR_NONE || !is_new) {
        return err != ERR_NONE ? err : turn_reply_none(turn);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_null(turn->arena, data, "aliases");
    json_set_string(turn->arena, data, "id", entity->id);
    json_set_string(turn->arena, data, "name", json_text(entity->row, "name", SLICE_NONE));
    return turn_reply_data(turn, data);
}

static enum err write_by_id(struct turn *turn, struct slice id)
{
    struct thing entity;
    enum err err = thing_find(turn, KIND_ENTITY, id, &entity);
    return err == ERR_NOT_FOUND ? not_there(turn, id) : err == ERR_NONE ? write(turn, &entity, false, turn_field(turn, "name")) : err;
}

/* An entity of this name is changed, else made. */
static enum err write_by_name(struct turn *turn, struct slice name)
{
    struct thing entity;
    enum err err = thing_find_name(turn, KIND_ENTITY, name, &entity);
    bool is_new = err == ERR_NOT_FOUND;
    err = is_new ? thing_make(turn, KIND_ENTITY, name, &entity) : err;
    return err == ERR_NONE ? write(turn, &entity, is_new, SLICE_NONE) : err;
}

enum err operation_entity_write(struct turn *turn)
{
    struct slice id = turn_field(turn, "id");
    return id.len > 0 ? write_by_id(turn, id) : write_by_name(turn, turn_field(turn, "name"));
}

enum err operation_entity_write_id(struct turn *turn)
{
    return write_by_id(turn, turn->values[0]);
}

enum err operation_entity_write_name(struct turn *turn)
{
    return write_by_name(turn, turn->values[0]);
}

/* ---- deleting ---- */

static enum err leave_all(struct turn *turn, const struct thing *entity)
{
    const struct json *groups = json_member(entity->row, "groups");
    enum err all = ERR_NONE;
    for (const struct json *one = groups == NULL ? NULL : groups->first; one != NULL; one = one->next) {
        enum err err = group_leave(turn, one->text, entity->id);
        all = all == ERR_NONE || (all == ERR_NEED && err != ERR_NONE) ? err : all;
    }
    return all;
}

static enum err delete(struct turn *turn, enum err found, const struct thing *entity)
{
    enum err err = found == ERR_NONE ? leave_all(turn, entity) : found;
    err = err == ERR_NONE ? thing_delete(turn, entity) : err;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err operation_entity_delete(struct turn *turn)
{
    struct thing entity;
    enum err err = delete(turn, thing_find(turn, KIND_ENTITY, turn->values[0], &entity), &entity);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_entity_delete_name(struct turn *turn)
{
    struct thing entity;
    enum err err = delete(turn, thing_find_name(turn, KIND_ENTITY, turn->values[0], &entity), &entity);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_entity_delete_many(struct turn *turn)
{
    const struct json *ids = json_member(turn->request->body, "entity_ids");
    if (ids == NULL || ids->count == 0 || ids->count > IDS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("entity_ids names 1 to 1000 entities", "entity_ids nennt 1 bis 1000 Entitäten"), SLICE_NONE);
    }
    for (const struct json *one = ids->first; one != NULL; one = one->next) {
        struct thing entity;
        enum err err = delete(turn, thing_find(turn, KIND_ENTITY, one->text, &entity), &entity);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return turn_reply_none(turn);
}
