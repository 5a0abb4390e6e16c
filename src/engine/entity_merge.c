/* identity/entity/merge: several entities become one. Their aliases and memberships move to it, their tokens mean it from now on; their policies do not move, so
 * that nobody gains any by it. */
#include "engine/entity.h"

#include "engine/operations.h"
#include "engine/token.h"

/* The alias of the mount is taken at both: which one stays? */
static enum err settle_conflict(struct turn *turn, struct thing *to, const struct json *ours, const struct json *theirs, bool *ret_moves)
{
    const struct json *kept = json_member(turn->request->body, "conflicting_alias_ids_to_keep");
    bool is_chosen = token_has(kept, arena_string(turn->arena, json_text(theirs, "id", SLICE_NONE)));
    if (!json_bool(turn->request->body, "force", false) && !is_chosen) {
        return turn_refuse(turn, ERR_INVALID, TEXT("both entities have an alias at this mount; force keeps the target's, conflicting_alias_ids_to_keep the one named", "beide haben einen Alias an diesem Mount; force behält den des Ziels, conflicting_alias_ids_to_keep den genannten"),
                           json_text(theirs, "mount_accessor", SLICE_NONE));
    }
    *ret_moves = is_chosen;
    return is_chosen ? alias_drop(turn, to, json_text(ours, "id", SLICE_NONE)) : alias_forget(turn, KIND_ENTITY, theirs);
}

static enum err move_aliases(struct turn *turn, const struct thing *from, struct thing *to)
{
    const struct json *aliases = json_member(from->row, "aliases");
    for (const struct json *one = aliases == NULL ? NULL : aliases->first; one != NULL; one = one->next) {
        const struct json *ours = alias_at(to, json_text(one, "mount_accessor", SLICE_NONE));
        bool moves = true;
        enum err err = ours == NULL ? ERR_NONE : settle_conflict(turn, to, ours, one, &moves);
        err = err == ERR_NONE && moves ? alias_put(turn, to, one) : err;
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err move_memberships(struct turn *turn, const struct thing *from, struct slice to)
{
    const struct json *groups = json_member(from->row, "groups");
    enum err all = ERR_NONE;
    for (const struct json *one = groups == NULL ? NULL : groups->first; one != NULL; one = one->next) {
        enum err err = group_leave(turn, one->text, from->id);
        err = err == ERR_NONE ? group_join(turn, one->text, to) : err;
        err = err == ERR_NOT_FOUND ? ERR_NONE : err;
        all = all == ERR_NONE || (all == ERR_NEED && err != ERR_NONE) ? err : all;
    }
    return all;
}

/* The row becomes a pointer, so that tokens find their way. */
static enum err merge_one(struct turn *turn, struct slice from_id, struct slice to_id)
{
    struct thing from, to;
    enum err err = thing_find(turn, KIND_ENTITY, from_id, &from), also = thing_find(turn, KIND_ENTITY, to_id, &to);
    if (err == ERR_NOT_FOUND || also == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_INVALID, TEXT("entity not found", "diese Entität gibt es nicht"), err == ERR_NOT_FOUND ? from_id : to_id);
    }
    err = err == ERR_NONE ? also : err;
    if (err == ERR_NONE && slice_equal(from.id, to.id)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("to_entity_id should not be present in from_entity_ids", "das Ziel steht unter denen, die aufgehen sollen"), from_id);
    }
    err = err == ERR_NONE ? move_memberships(turn, &from, to.id) : err;
    err = err == ERR_NONE ? thing_find(turn, KIND_ENTITY, to_id, &to) : err; /* as its memberships left it */
    err = err == ERR_NONE ? move_aliases(turn, &from, &to) : err;
    struct json *merged = err == ERR_NONE ? thing_texts_with(turn, json_member(to.row, "merged"), from.id) : NULL;
    err = err == ERR_NONE ? thing_set(turn, &to, "merged", merged) : err;
    err = err == ERR_NONE ? thing_put(turn, &to) : err;
    struct thing gone = {.kind = KIND_ENTITY, .id = from.id, .row = json_new(turn->arena, JSON_OBJECT)};
    struct thing bare = from;
    err = err == ERR_NONE ? thing_set(turn, &bare, "aliases", json_new(turn->arena, JSON_ARRAY)) : err; /* they are another's now */
    err = err == ERR_NONE ? thing_delete(turn, &bare) : err;
    err = err == ERR_NONE ? thing_set(turn, &gone, "merged_into", json_string(turn->arena, to.id)) : err;
    return err == ERR_NONE ? thing_put(turn, &gone) : err;
}

enum err operation_entity_merge(struct turn *turn)
{
    const struct json *from = json_member(turn->request->body, "from_entity_ids");
    struct slice to = turn_field(turn, "to_entity_id");
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    if (from == NULL || from->count == 0 || from->count > IDENTITY_GROUPS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("from_entity_ids names 1 to 256 entities", "from_entity_ids nennt 1 bis 256 Entitäten"), SLICE_NONE);
    }
    for (const struct json *one = from->first; one != NULL; one = one->next) {
        enum err err = merge_one(turn, one->text, to);
        if (err != ERR_NONE) {
            return err;
        }
    }
    json_set(turn->arena, record, "from", json_copy(turn->arena, from));
    json_set_string(turn->arena, record, "to", to);
    json_set_string(turn->arena, record, "by", turn->caller.name);
    enum err err = turn_evidence(turn, "entity.merged", record, NULL);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
