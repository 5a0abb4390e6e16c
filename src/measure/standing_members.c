/* Members and tallies: how subjects stand with kinds of observations, in parts. */
#include "measure/standing_inside.h"

#include "measure/edit.h"

#include <stdlib.h>
#include <string.h>

enum { TALLIES_MAX_BYTES = 2 << 20 };

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

/* ---- a row of tallies: u16 parts, each u8 SS and its tally ---- */

struct tallies {
    struct tally parts[TALLY_SHARDS];
};

static enum err read_tallies(struct turn *turn, struct slice kind, struct tallies *tallies)
{
    struct slice row;
    uint16_t count = 0;
    *tallies = (struct tallies){0};
    enum err err = turn_row(turn, standing_key(turn, "tally", kind), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    struct reader reader = reader_of(row);
    err = get_u16(&reader, &count);
    for (uint16_t i = 0; err == ERR_NONE && i < count; i++) {
        uint8_t shard = 0;
        err = get_u8(&reader, &shard);
        err = err == ERR_NONE ? tally_get(&reader, &tallies->parts[shard]) : err;
    }
    err = err == ERR_NONE ? reader_end(&reader) : err;
    return err == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
}

static enum err put_tallies(struct turn *turn, struct slice kind, const struct tallies *tallies)
{
    cleanup_buf struct buf row = BUF_INIT(TALLIES_MAX_BYTES);
    uint16_t count = 0;
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        count = (uint16_t)(count + (tallies->parts[shard].count > 0 ? 1 : 0));
    }
    enum err err = put_u16(&row, count);
    for (unsigned shard = 0; err == ERR_NONE && shard < TALLY_SHARDS; shard++) {
        if (tallies->parts[shard].count > 0) {
            err = put_u8(&row, (uint8_t)shard);
            err = err == ERR_NONE ? tally_put(&row, &tallies->parts[shard]) : err;
        }
    }
    return err == ERR_NONE ? turn_put(turn, standing_key(turn, "tally", kind), buf_slice(&row), 0) : err;
}

enum err standing_all(struct turn *turn, struct slice kind, struct member **ret_members, size_t *ret_count)
{
    char *folder = folder_of(turn, kind);
    const struct json *trees[TALLY_SHARDS] = {0};
    struct tallies *tallies = arena_alloc(turn->arena, sizeof *tallies);
    size_t most = 0, count = 0;
    enum err all = tallies == NULL ? ERR_MEMORY : read_tallies(turn, kind, tallies);
    for (unsigned shard = 0; shard < TALLY_SHARDS && (all == ERR_NONE || all == ERR_NEED); shard++) {
        if (tallies->parts[shard].count > 0) {
            (void)standing_goes_on(&all, turn_json(turn, standing_part_path(turn, folder, shard), &trees[shard]));
            most += trees[shard] == NULL ? 0 : trees[shard]->count;
        }
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

/* ---- the whole ---- */

static enum err stand(struct turn *turn, struct slice kind, const struct tallies *tallies, struct standing *ret_standing)
{
    struct standing standing = {.is_known = true};
    enum err err = ERR_NONE;
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        if (tallies->parts[shard].count > 0) {
            tally_merge(&standing.tally, &tallies->parts[shard]);
        }
    }
    if (standing.tally.count > 0) {
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
    struct tallies *tallies = arena_alloc(turn->arena, sizeof *tallies);
    enum err all = tallies == NULL ? ERR_MEMORY : ERR_NONE;
    for (size_t i = 0; i < kinds_count() && (all == ERR_NONE || all == ERR_NEED); i++) {
        struct slice kind = slice_string(kinds_at(i)->id);
        enum err err = read_tallies(turn, kind, tallies);
        (void)standing_goes_on(&all, err == ERR_NONE ? stand(turn, kind, tallies, &world->standings[i]) : err);
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
static enum err change_kind(struct turn *turn, struct world *world, struct member_change *changes, size_t count)
{
    struct slice kind = slice_string(changes[0].kind->id);
    char *folder = folder_of(turn, kind);
    struct tallies *tallies = arena_alloc(turn->arena, sizeof *tallies);
    enum err all = ERR_NONE;
    if (tallies == NULL || !standing_goes_on(&all, read_tallies(turn, kind, tallies))) {
        return tallies == NULL ? ERR_MEMORY : all;
    }
    for (size_t first = 0, next = 0; first < count && (all == ERR_NONE || all == ERR_NEED); first = next) {
        unsigned shard = tally_shard(changes[first].member.subject);
        for (next = first; next < count && tally_shard(changes[next].member.subject) == shard; next++) {
        }
        const struct json *before = NULL;
        struct json *part = json_new(turn->arena, JSON_OBJECT);
        char *path = standing_part_path(turn, folder, shard);
        enum err err = turn_json(turn, path, &before);
        if (!standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err) || err == ERR_NEED) {
            continue;
        }
        tallies->parts[shard] = (struct tally){0};
        err = change_part(turn, err == ERR_NONE ? before : NULL, &changes[first], next - first, part, &tallies->parts[shard]);
        (void)standing_goes_on(&all, err == ERR_NONE ? turn_put_json(turn, path, part, 0) : err);
    }
    (void)(all == ERR_NONE && standing_goes_on(&all, put_tallies(turn, kind, tallies)) && all == ERR_NONE &&
           standing_goes_on(&all, stand(turn, kind, tallies, &world->standings[kinds_index(changes[0].kind)])));
    return all;
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
        (void)standing_goes_on(&all, change_kind(turn, world, &changes[first], next - first));
    }
    return all;
}
