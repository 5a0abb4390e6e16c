/* Who is behind a token: its entity, the groups above it, their policies; and the entity of who logs in. */
#include "engine/entity.h"

#include "engine/mount.h"
#include "engine/token.h"

/* ---- entity and groups of a token ---- */

struct walk {
    struct slice ids[IDENTITY_GROUPS_MAX];
    size_t count;
};

static void add(struct walk *walk, const struct json *ids)
{
    for (const struct json *one = ids == NULL ? NULL : ids->first; one != NULL && walk->count < IDENTITY_GROUPS_MAX; one = one->next) {
        size_t i = 0;
        while (i < walk->count && !slice_equal(walk->ids[i], one->text)) {
            i++;
        }
        if (i == walk->count) {
            walk->ids[walk->count++] = one->text;
        }
    }
}

/* Groups of a level are asked for together; each is visited once, so that a ring ends. */
static enum err collect_groups(struct turn *turn, const struct json *direct, struct json *groups)
{
    if (direct == NULL || direct->count == 0) {
        return ERR_NONE; /* most are in none, and the walk is large */
    }
    struct walk *walk = arena_alloc(turn->arena, sizeof *walk);
    if (walk == NULL) {
        return ERR_MEMORY;
    }
    walk->count = 0;
    add(walk, direct);
    for (size_t done = 0; done < walk->count;) {
        size_t level = walk->count;
        bool waits = false;
        for (size_t i = done; i < level; i++) {
            struct thing group;
            enum err err = thing_find(turn, KIND_GROUP, walk->ids[i], &group);
            waits = waits || err == ERR_NEED;
            if (err == ERR_NONE) {
                struct json *shown = json_append(groups, json_copy(turn->arena, group.row));
                json_set_string(turn->arena, shown, "id", group.id);
                add(walk, json_member(group.row, "parents"));
            } else if (err != ERR_NEED && err != ERR_NOT_FOUND) {
                return err;
            }
        }
        if (waits) {
            return ERR_NEED;
        }
        done = level;
    }
    return ERR_NONE;
}

enum err identity_resolve(struct turn *turn, struct slice entity_id, const struct identity **ret_identity)
{
    struct identity *identity = arena_alloc(turn->arena, sizeof *identity);
    struct json *groups = json_new(turn->arena, JSON_ARRAY);
    struct thing entity;
    if (identity == NULL || groups == NULL) {
        return ERR_MEMORY;
    }
    *identity = (struct identity){.id = entity_id, .groups = groups, .is_barred = true};
    enum err err = thing_find(turn, KIND_ENTITY, entity_id, &entity);
    if (err == ERR_NONE) {
        identity->id = entity.id;
        identity->entity = entity.row;
        identity->is_barred = json_bool(entity.row, "disabled", false);
        err = collect_groups(turn, json_member(entity.row, "groups"), groups);
    }
    *ret_identity = identity;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static void add_policies(struct turn *turn, struct json *all, const struct json *policies)
{
    for (const struct json *one = policies == NULL ? NULL : policies->first; one != NULL; one = one->next) {
        if (!token_has(all, arena_string(turn->arena, one->text))) {
            json_append(all, json_string(turn->arena, one->text));
        }
    }
}

const struct json *identity_policies(struct turn *turn, const struct json *own, const struct identity *identity)
{
    if (identity == NULL || identity->is_barred) {
        return own;
    }
    struct json *all = own == NULL ? json_new(turn->arena, JSON_ARRAY) : json_copy(turn->arena, own);
    add_policies(turn, all, json_member(identity->entity, "policies"));
    for (const struct json *group = identity->groups->first; group != NULL; group = group->next) {
        add_policies(turn, all, json_member(group, "policies"));
    }
    return all;
}

/* ---- logging in ---- */

static enum err make_entity(struct turn *turn, const struct json *mount_row, struct slice mount_path, const struct identity_login *login, struct thing *ret_entity)
{
    struct json *alias = alias_new(turn, login->alias, mount_row, mount_path);
    if (alias != NULL && login->metadata != NULL) {
        json_set(turn->arena, alias, "metadata", json_copy(turn->arena, login->metadata));
    }
    enum err err = alias == NULL ? ERR_MEMORY : thing_make(turn, KIND_ENTITY, SLICE_NONE, ret_entity);
    return err == ERR_NONE ? alias_put(turn, ret_entity, alias) : err;
}

/* The alias keeps what the mount said at the newest login. */
static enum err refresh_alias(struct turn *turn, struct thing *entity, struct slice accessor, const struct identity_login *login)
{
    const struct json *alias = alias_at(entity, accessor), *known = json_member(alias, "metadata");
    bool is_same = login->metadata == NULL ? known == NULL : known != NULL && json_equal(known, login->metadata);
    if (alias == NULL || is_same) {
        return ERR_NONE;
    }
    struct json *fresh = token_with(turn, alias, "metadata", thing_copy_or(turn, login->metadata, JSON_OBJECT));
    fresh = fresh == NULL ? NULL : token_with(turn, fresh, "updated_ms", json_number_i64(turn->arena, turn->now_ms));
    return fresh == NULL ? ERR_MEMORY : alias_put(turn, entity, fresh);
}

/* Out of the groups that this mount vouches for no more. */
static enum err leave_groups(struct turn *turn, const struct thing *entity, struct slice accessor, const struct json *stays)
{
    const struct json *groups = json_member(entity->row, "groups");
    bool waits = false;
    for (const struct json *one = groups == NULL ? NULL : groups->first; one != NULL; one = one->next) {
        struct thing group;
        enum err err = thing_find(turn, KIND_GROUP, one->text, &group);
        const struct json *alias = err == ERR_NONE ? alias_at(&group, accessor) : NULL;
        if (alias != NULL && !token_has(stays, arena_string(turn->arena, group.id))) {
            err = group_leave(turn, group.id, entity->id);
        }
        waits = waits || err == ERR_NEED;
        if (err != ERR_NONE && err != ERR_NEED && err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return waits ? ERR_NEED : ERR_NONE;
}

static enum err refresh_groups(struct turn *turn, const struct thing *entity, struct slice accessor, const struct json *names)
{
    struct json *stays = json_new(turn->arena, JSON_ARRAY);
    bool waits = false;
    for (const struct json *name = names->first; name != NULL; name = name->next) {
        struct thing group;
        enum err err = thing_find_alias(turn, KIND_GROUP, accessor, name->text, &group);
        if (err == ERR_NONE) {
            json_append(stays, json_string(turn->arena, group.id));
            err = group_join(turn, group.id, entity->id);
        }
        waits = waits || err == ERR_NEED;
        if (err != ERR_NONE && err != ERR_NEED && err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return waits ? ERR_NEED : leave_groups(turn, entity, accessor, stays);
}

enum err identity_of_alias(struct turn *turn, const struct json *mount_row, struct slice mount_path, const struct identity_login *login, struct slice *ret_entity_id)
{
    struct slice accessor = json_text(mount_row, "accessor", SLICE_NONE);
    struct thing entity;
    enum err err = thing_find_alias(turn, KIND_ENTITY, accessor, login->alias, &entity);
    err = err == ERR_NOT_FOUND ? make_entity(turn, mount_row, mount_path, login, &entity) : err == ERR_NONE ? refresh_alias(turn, &entity, accessor, login) : err;
    if (err != ERR_NONE || json_bool(entity.row, "disabled", false)) {
        return err != ERR_NONE ? err : ERR_DENIED;
    }
    *ret_entity_id = entity.id;
    return login->groups == NULL ? ERR_NONE : refresh_groups(turn, &entity, accessor, login->groups);
}

enum err identity_of_login(struct turn *turn, const struct identity_login *login, struct slice *ret_entity_id)
{
    return identity_of_alias(turn, turn->mount->row, turn->mount->path, login, ret_entity_id);
}
