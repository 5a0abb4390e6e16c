/* Members and tallies: how subjects stand with kinds of observations, in parts. */
#include "measure/standing_inside.h"

#include "measure/edit.h"

#include <stdlib.h>
#include <string.h>

const struct json *standing_named(const struct json *object, struct slice name)
{
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        if (slice_equal(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

char *standing_part_path(struct turn *turn, const char *folder, unsigned shard)
{
    return turn_path(turn, "%s/%02x", folder, shard);
}

enum err standing_part(struct turn *turn, struct standing_parts *parts, const char *folder, unsigned shard, const struct json **ret_tree)
{
    if (!parts->is_read[shard]) {
        enum err err = turn_json(turn, standing_part_path(turn, folder, shard), &parts->trees[shard]);
        if (err != ERR_NONE && err != ERR_NOT_FOUND) {
            return err;
        }
        parts->trees[shard] = err == ERR_NONE ? parts->trees[shard] : NULL;
        parts->is_read[shard] = true;
    }
    *ret_tree = parts->trees[shard];
    return ERR_NONE;
}

static char *folder_of(struct turn *turn, struct slice kind)
{
    return standing_key(turn, "standing", kind);
}

/* ---- reading ---- */

static enum err read_member(const struct json *tree, struct slice subject, struct member *ret_member)
{
    const struct json *found = standing_named(tree, subject);
    if (found == NULL) {
        return ERR_NOT_FOUND;
    }
    enum err err = member_of_tree(found, ret_member);
    return err == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
}

enum err standing_member(struct turn *turn, struct slice kind, struct slice subject, struct member *ret_member)
{
    const struct json *tree = NULL;
    enum err err = turn_json(turn, standing_part_path(turn, folder_of(turn, kind), tally_shard(subject)), &tree);
    return err == ERR_NONE ? read_member(tree, subject, ret_member) : err;
}

enum err standing_all(struct turn *turn, struct slice kind, struct member **ret_members, size_t *ret_count)
{
    char *folder = folder_of(turn, kind);
    const struct json *trees[TALLY_SHARDS] = {0}, *tally = NULL;
    size_t most = 0, count = 0;
    enum err all = ERR_NONE, err = turn_json(turn, standing_key(turn, "tally", kind), &tally);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    for (const struct json *part = err == ERR_NONE ? tally->first : NULL; part != NULL; part = part->next) {
        unsigned shard = (unsigned)strtoul(arena_string(turn->arena, part->name), NULL, 16) % TALLY_SHARDS;
        if (!standing_goes_on(&all, turn_json(turn, standing_part_path(turn, folder, shard), &trees[shard]))) {
            return all;
        }
        most += trees[shard] == NULL ? 0 : trees[shard]->count;
    }
    struct member *members = all == ERR_NONE ? arena_alloc_array(turn->arena, most + 1, sizeof *members) : NULL;
    if (members == NULL) {
        return all == ERR_NONE ? ERR_MEMORY : all;
    }
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        for (const struct json *one = trees[shard] == NULL ? NULL : trees[shard]->first; one != NULL; one = one->next) {
            if (member_of_tree(one, &members[count++]) != ERR_NONE) {
                return ERR_DAMAGED;
            }
        }
    }
    *ret_members = members;
    *ret_count = count;
    return ERR_NONE;
}

/* ---- tallies ---- */

static enum err sum(const struct json *row, struct tally *ret_tally)
{
    struct tally whole = {0}, part;
    for (const struct json *one = row == NULL ? NULL : row->first; one != NULL; one = one->next) {
        if (tally_of_tree(one, &part) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        tally_merge(&whole, &part);
    }
    *ret_tally = whole;
    return ERR_NONE;
}

static enum err load_standing(struct turn *turn, struct slice kind, struct standing *ret_standing)
{
    const struct json *row = NULL;
    struct standing standing = {.is_known = true};
    enum err err = turn_json(turn, standing_key(turn, "tally", kind), &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    err = sum(err == ERR_NONE ? row : NULL, &standing.tally);
    if (err == ERR_NONE && standing.tally.count > 0) {
        struct slice named = standing.tally.classes[tally_decisive(&standing.tally)].subject;
        err = standing_member(turn, kind, named, &standing.decisive);
        err = err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
    }
    if (err == ERR_NONE) {
        *ret_standing = standing;
    }
    return err;
}

enum err standing_load_tallies(struct turn *turn, struct world *world)
{
    enum err all = ERR_NONE;
    for (size_t i = 0; i < world->kinds->count; i++) {
        if (!standing_goes_on(&all, load_standing(turn, slice_string(world->kinds->items[i].id), &world->standings[i]))) {
            return all;
        }
    }
    return all;
}

/* ---- changing ---- */

static int by_place(const void *left, const void *right)
{
    const struct member_change *a = left, *b = right;
    unsigned of_a = tally_shard(a->member.subject), of_b = tally_shard(b->member.subject);
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return of_a != of_b ? (of_a < of_b ? -1 : 1) : slice_compare(a->member.subject, b->member.subject);
}

/* The last change of this subject within one part; NULL: none. Sorted by subject. */
static struct member_change *change_of(struct member_change *changes, size_t count, struct slice subject)
{
    struct member_change *found = NULL;
    for (size_t low = 0, high = count; low < high && found == NULL;) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(changes[middle].member.subject, subject);
        found = order == 0 ? &changes[middle] : NULL;
        low = order < 0 ? middle + 1 : low;
        high = order > 0 ? middle : high;
    }
    return found;
}

static bool says_else(const struct member *before, const struct json *observation)
{
    static const char *const members[] = {"outcome", "reason", "plant"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct json *old = json_member(before->observation, members[i]), *new = json_member(observation, members[i]);
        if (old == NULL || new == NULL || !json_equal(old, new)) {
            return true;
        }
    }
    return false;
}

static enum err add_member(struct turn *turn, struct json *part, struct tally *tally, const struct member *member)
{
    struct json *tree = member_tree(turn->arena, member);
    if (tree == NULL || json_set(turn->arena, part, arena_string(turn->arena, member->subject), tree) == NULL) {
        return ERR_MEMORY;
    }
    tally_add(tally, member);
    return ERR_NONE;
}

/* One part as it stands after its changes, and its tally. */
static enum err change_part(struct turn *turn, const struct json *before, struct member_change *changes, size_t count, struct json *part, struct tally *tally)
{
    enum err err = ERR_NONE;
    for (const struct json *one = before == NULL ? NULL : before->first; err == ERR_NONE && one != NULL; one = one->next) {
        struct member member;
        struct member_change *change = change_of(changes, count, one->name);
        err = member_of_tree(one, &member) == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
        if (err == ERR_NONE && change != NULL && change->type == MEMBER_OBSERVED) {
            change->is_new = says_else(&member, change->member.observation);
            bool confirmed = member.confirmed;
            member = change->member;
            member.confirmed = confirmed;
        } else if (err == ERR_NONE && change != NULL) {
            member.confirmed = change->member.confirmed;
        }
        if (err == ERR_NONE && (change == NULL || change->type != MEMBER_GONE)) {
            err = add_member(turn, part, tally, &member);
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        if (changes[i].type == MEMBER_IN_SCOPE && standing_named(before, changes[i].member.subject) == NULL) {
            struct member fresh = {.subject = changes[i].member.subject, .confirmed = changes[i].member.confirmed};
            err = add_member(turn, part, tally, &fresh);
        }
    }
    return err;
}

/* All changes of one kind, which lie next to each other. */
static enum err change_kind(struct turn *turn, struct member_change *changes, size_t count)
{
    struct slice kind = slice_string(changes[0].kind->id);
    char *folder = folder_of(turn, kind), *tally_path = standing_key(turn, "tally", kind);
    const struct json *row = NULL;
    enum err all = ERR_NONE, err = turn_json(turn, tally_path, &row);
    (void)standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err);
    const struct json *tallies = err == ERR_NONE ? row : json_new(turn->arena, JSON_OBJECT);
    for (size_t first = 0, next = 0; first < count && (all == ERR_NONE || all == ERR_NEED); first = next) {
        unsigned shard = tally_shard(changes[first].member.subject);
        for (next = first; next < count && tally_shard(changes[next].member.subject) == shard; next++) {
        }
        const struct json *before = NULL;
        struct json *part = json_new(turn->arena, JSON_OBJECT);
        struct tally tally = {0};
        char *path = standing_part_path(turn, folder, shard);
        err = turn_json(turn, path, &before);
        if (!standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err) || err == ERR_NEED || err == ERR_MEMORY) {
            continue;
        }
        err = change_part(turn, err == ERR_NONE ? before : NULL, &changes[first], next - first, part, &tally);
        err = err == ERR_NONE ? turn_put_json(turn, path, part, 0) : err;
        tallies = edit_with(turn->arena, tallies, turn_path(turn, "%02x", shard), tally.count == 0 ? NULL : tally_tree(turn->arena, &tally));
        (void)standing_goes_on(&all, err);
    }
    return all != ERR_NONE ? all : turn_put_json(turn, tally_path, tallies, 0);
}

enum err standing_apply(struct turn *turn, struct world *world, struct member_change *changes, size_t count)
{
    enum err all = ERR_NONE;
    if (count > 0) {
        qsort(changes, count, sizeof *changes, by_place);
    }
    for (size_t first = 0, next = 0; first < count && (all == ERR_NONE || all == ERR_NEED); first = next) {
        for (next = first; next < count && changes[next].kind == changes[first].kind; next++) {
        }
        enum err err = change_kind(turn, &changes[first], next - first);
        if (standing_goes_on(&all, err) && err == ERR_NONE) {
            (void)standing_goes_on(&all, load_standing(turn, slice_string(changes[first].kind->id), &world->standings[changes[first].kind - world->kinds->items]));
        }
    }
    return all;
}
