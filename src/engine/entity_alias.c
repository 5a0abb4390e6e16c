/* identity/entity-alias and identity/group-alias: by which name a mount knows an entity, or calls a group. */
#include "engine/entity.h"

#include "engine/mount.h"
#include "engine/operations.h"
#include "engine/token.h"

enum { MOUNTS_MAX = 10000, NAME_MAX_BYTES = 512, LIST_MAX = 10000 };

/* The login mount of this accessor. There is no index: aliases are seldom written by hand. */
static enum err find_mount(struct turn *turn, struct slice accessor, const struct json **ret_row, struct slice *ret_path)
{
    struct turn_names rows;
    if (slice_is(accessor, MOUNT_TOKEN_ACCESSOR)) {
        struct json *row = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, row, "accessor", accessor);
        *ret_row = row;
        *ret_path = SLICE_LITERAL("auth/token");
        return json_set_string(turn->arena, row, "type", SLICE_LITERAL("token")) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    enum err err = turn_list(turn, "mount/at/auth/", SLICE_NONE, MOUNTS_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        if (json_unpack(turn->arena, rows.bytes[i], &row) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        if (slice_equal(json_text(row, "accessor", SLICE_NONE), accessor)) {
            *ret_row = row;
            *ret_path = slice_from(rows.names[i], sizeof "mount/at/" - 1);
            return ERR_NONE;
        }
    }
    return err != ERR_NONE ? err : turn_refuse(turn, ERR_INVALID, TEXT("invalid mount accessor", "keinen Mount dieses Accessors"), accessor);
}

/* What the body says, over what the alias was. */
static enum err fill(struct turn *turn, const struct json *before, struct json **ret_alias)
{
    struct slice name = turn_field(turn, "name"), accessor = turn_field(turn, "mount_accessor"), path;
    const struct json *custom = json_member(turn->request->body, "custom_metadata"), *mount = NULL;
    name = name.len > 0 ? name : json_text(before, "name", SLICE_NONE);
    accessor = accessor.len > 0 ? accessor : json_text(before, "mount_accessor", SLICE_NONE);
    if (name.len == 0 || name.len > NAME_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing alias name (at most 512 bytes)", "es fehlt der Name des Alias (höchstens 512 Bytes)"), SLICE_NONE);
    }
    if (accessor.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing mount_accessor", "mount_accessor fehlt"), SLICE_NONE);
    }
    enum err err = find_mount(turn, accessor, &mount, &path);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *alias = alias_new(turn, name, mount, path);
    static const char *const kept[] = {"id", "created_ms"};
    for (size_t i = 0; i < 2 && before != NULL && alias != NULL; i++) {
        alias = token_with(turn, alias, kept[i], json_copy(turn->arena, json_member(before, kept[i])));
    }
    const struct json *metadata = json_member(before, "metadata");
    custom = custom == NULL ? json_member(before, "custom_metadata") : custom;
    alias = alias != NULL && metadata != NULL ? token_with(turn, alias, "metadata", json_copy(turn->arena, metadata)) : alias;
    alias = alias != NULL && custom != NULL ? token_with(turn, alias, "custom_metadata", json_copy(turn->arena, custom)) : alias;
    *ret_alias = alias;
    return alias == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Whose it will be: as the body says, else as it was, else a new entity. */
static enum err find_owner(struct turn *turn, enum identity_kind kind, const struct thing *before, struct thing *ret_owner)
{
    struct slice id = turn_field(turn, "canonical_id");
    id = id.len > 0 ? id : turn_field(turn, "entity_id");
    if (id.len == 0 && before != NULL) {
        *ret_owner = *before;
        return ERR_NONE;
    }
    if (id.len == 0 && kind == KIND_ENTITY) {
        return thing_make(turn, kind, SLICE_NONE, ret_owner);
    }
    enum err err = thing_find(turn, kind, id, ret_owner);
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid canonical ID", "zu canonical_id gibt es nichts"), id) : err;
}

static enum err check_owner(struct turn *turn, const struct thing *owner, const struct json *alias)
{
    const struct json *other = alias_at(owner, json_text(alias, "mount_accessor", SLICE_NONE)), *aliases = json_member(owner->row, "aliases");
    struct slice id = json_text(alias, "id", SLICE_NONE);
    if (owner->kind == KIND_GROUP && !slice_is(json_text(owner->row, "type", SLICE_NONE), "external")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("alias can't be set on an internal group", "nur externe Gruppen haben einen Alias"), owner->id);
    }
    if (owner->kind == KIND_GROUP && aliases->count > 0 && !slice_equal(json_text(aliases->first, "id", SLICE_NONE), id)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this group has an alias already", "diese Gruppe hat schon einen Alias"), owner->id);
    }
    if (other != NULL && !slice_equal(json_text(other, "id", SLICE_NONE), id)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this entity has an alias at this mount already", "diese Entität hat an diesem Mount schon einen Alias"), owner->id);
    }
    return ERR_NONE;
}

static enum err put(struct turn *turn, enum identity_kind kind, struct thing *before, const struct json *known)
{
    struct json *alias = NULL;
    struct thing owner, holder;
    enum err err = fill(turn, known, &alias);
    enum err taken = err == ERR_NONE ? thing_find_alias(turn, kind, json_text(alias, "mount_accessor", SLICE_NONE), json_text(alias, "name", SLICE_NONE), &holder) : err;
    if (err == ERR_NONE && taken == ERR_NONE && known != NULL && alias_of(&holder, json_text(known, "id", SLICE_NONE)) == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this mount knows somebody else by this name", "unter diesem Namen kennt der Mount jemand anderen"), json_text(alias, "name", SLICE_NONE));
    }
    err = err == ERR_NONE && taken != ERR_NOT_FOUND ? taken : err;
    err = err == ERR_NONE && known != NULL ? alias_drop(turn, before, json_text(known, "id", SLICE_NONE)) : err;
    err = err == ERR_NONE ? find_owner(turn, kind, before, &owner) : err;
    err = err == ERR_NONE ? check_owner(turn, &owner, alias) : err;
    err = err == ERR_NONE ? alias_put(turn, &owner, alias) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "id", json_text(alias, "id", SLICE_NONE));
    json_set_string(turn->arena, data, "canonical_id", owner.id);
    return turn_reply_data(turn, data);
}

/* By its id; without one, what the mount knows by this name is changed, else made. */
static enum err write(struct turn *turn, enum identity_kind kind, struct slice id)
{
    struct thing before;
    struct slice name = turn_field(turn, "name"), accessor = turn_field(turn, "mount_accessor");
    enum err err = id.len > 0 ? thing_find_alias_id(turn, kind, id, &before) : thing_find_alias(turn, kind, accessor, name, &before);
    if (err == ERR_NOT_FOUND && id.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid alias ID", "diesen Alias gibt es nicht"), id);
    }
    if (err == ERR_NOT_FOUND) {
        return put(turn, kind, NULL, NULL);
    }
    const struct json *known = err != ERR_NONE ? NULL : id.len > 0 ? alias_of(&before, id) : alias_at(&before, accessor);
    return err != ERR_NONE ? err : known == NULL ? ERR_DAMAGED : put(turn, kind, &before, known);
}

static enum err read(struct turn *turn, enum identity_kind kind)
{
    struct thing owner;
    enum err err = thing_find_alias_id(turn, kind, turn->values[0], &owner);
    const struct json *alias = err == ERR_NONE ? alias_of(&owner, turn->values[0]) : NULL;
    return err != ERR_NONE ? err : alias == NULL ? ERR_NOT_FOUND : turn_reply_data(turn, alias_shown(turn, &owner, alias));
}

static enum err delete(struct turn *turn, enum identity_kind kind)
{
    struct thing owner;
    enum err err = thing_find_alias_id(turn, kind, turn->values[0], &owner);
    err = err == ERR_NONE ? alias_drop(turn, &owner, turn->values[0]) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

enum err operation_entity_alias_write(struct turn *turn)
{
    return write(turn, KIND_ENTITY, turn_field(turn, "id"));
}

enum err operation_entity_alias_write_id(struct turn *turn)
{
    return write(turn, KIND_ENTITY, turn->values[0]);
}

enum err operation_entity_alias_read(struct turn *turn)
{
    return read(turn, KIND_ENTITY);
}

enum err operation_entity_alias_delete(struct turn *turn)
{
    return delete(turn, KIND_ENTITY);
}

enum err operation_entity_alias_list(struct turn *turn)
{
    return turn_reply_names(turn, "identity/entity-alias/", LIST_MAX);
}

enum err operation_group_alias_write(struct turn *turn)
{
    return write(turn, KIND_GROUP, turn_field(turn, "id"));
}

enum err operation_group_alias_write_id(struct turn *turn)
{
    return write(turn, KIND_GROUP, turn->values[0]);
}

enum err operation_group_alias_read(struct turn *turn)
{
    return read(turn, KIND_GROUP);
}

enum err operation_group_alias_delete(struct turn *turn)
{
    return delete(turn, KIND_GROUP);
}

enum err operation_group_alias_list(struct turn *turn)
{
    return turn_reply_names(turn, "identity/group-alias/", LIST_MAX);
}
