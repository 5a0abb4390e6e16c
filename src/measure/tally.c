/*
 * A tally in a row, little-endian: u64 count, i64 oldest_ms, i64 newest_ms, bytes newest, u8 classes (bit i: class i has members); then for each of
 * those, in order: u64 count, i64 at_ms, bytes subject. bytes: u32 length and as many bytes.
 */
#include "measure/tally.h"

#include "measure/edit.h"

enum { NAME_MAX_BYTES = 512 };

static const char *const class_names[CLASS_COUNT] = {
    [CLASS_PASS] = "pass",     [CLASS_UNPROVABLE] = "unprovable", [CLASS_UNCONFIRMED] = "unconfirmed", [CLASS_UNSEEN] = "unseen",
    [CLASS_ERROR] = "error",   [CLASS_PLANT] = "plant",           [CLASS_FAIL] = "fail",
};

const char *standing_class_name(enum standing_class class)
{
    return class_names[class];
}

enum standing_class member_class(const struct member *member)
{
    struct slice outcome = json_text(member->observation, "outcome", SLICE_NONE);
    if (member->observation != NULL && !json_bool(member->observation, "plant", false)) {
        return CLASS_PLANT;
    }
    if (slice_is(outcome, "fail")) {
        return CLASS_FAIL; /* confirmed or not: what is broken is broken */
    }
    if (member->observation != NULL && !slice_is(outcome, "pass") && !slice_is(outcome, "unprovable")) {
        return CLASS_ERROR;
    }
    if (!member->confirmed) {
        return CLASS_UNCONFIRMED;
    }
    return member->observation == NULL ? CLASS_UNSEEN : slice_is(outcome, "pass") ? CLASS_PASS : CLASS_UNPROVABLE;
}

/* Does the second take the first's place as the one that is named? */
static bool goes_before(enum standing_class class, const struct tally_class *first, const struct tally_class *second)
{
    if (class == CLASS_PASS && first->at_ms != second->at_ms) {
        return second->at_ms < first->at_ms;
    }
    return slice_compare(second->subject, first->subject) < 0;
}

static void add_class(struct tally *tally, enum standing_class class, const struct tally_class *more)
{
    struct tally_class *own = &tally->classes[class];
    if (more->count == 0) {
        return;
    }
    uint64_t count = own->count + more->count;
    if (own->count == 0 || goes_before(class, own, more)) {
        *own = *more;
    }
    own->count = count;
}

static void add_times(struct tally *tally, int64_t oldest_ms, int64_t newest_ms, struct slice newest)
{
    if (oldest_ms != 0 && (tally->oldest_ms == 0 || oldest_ms < tally->oldest_ms)) {
        tally->oldest_ms = oldest_ms;
    }
    bool is_newer = newest_ms > tally->newest_ms || (newest_ms == tally->newest_ms && slice_compare(newest, tally->newest) < 0);
    if (newest_ms != 0 && (tally->newest_ms == 0 || is_newer)) {
        tally->newest_ms = newest_ms;
        tally->newest = newest;
    }
}

void tally_add(struct tally *tally, const struct member *member)
{
    struct tally_class one = {.count = 1, .subject = member->subject, .at_ms = member->observation == NULL ? 0 : member->at_ms};
    tally->count++;
    add_class(tally, member_class(member), &one);
    if (member->observation != NULL) {
        add_times(tally, member->at_ms, member->at_ms, member->subject);
    }
}

void tally_merge(struct tally *tally, const struct tally *part)
{
    tally->count += part->count;
    add_times(tally, part->oldest_ms, part->newest_ms, part->newest);
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        add_class(tally, (enum standing_class)i, &part->classes[i]);
    }
}

enum standing_class tally_decisive(const struct tally *tally)
{
    unsigned class = CLASS_COUNT - 1;
    while (class > 0 && tally->classes[class].count == 0) {
        class--;
    }
    return (enum standing_class)class;
}

enum err tally_put(struct buf *out, const struct tally *tally)
{
    uint8_t present = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        present |= (uint8_t)(tally->classes[i].count > 0 ? 1u << i : 0);
    }
    enum err err = put_u64(out, tally->count);
    err = err == ERR_NONE ? put_u64(out, (uint64_t)tally->oldest_ms) : err;
    err = err == ERR_NONE ? put_u64(out, (uint64_t)tally->newest_ms) : err;
    err = err == ERR_NONE ? put_bytes(out, tally->newest) : err;
    err = err == ERR_NONE ? put_u8(out, present) : err;
    for (unsigned i = 0; err == ERR_NONE && i < CLASS_COUNT; i++) {
        const struct tally_class *class = &tally->classes[i];
        if (class->count > 0) {
            err = put_u64(out, class->count);
            err = err == ERR_NONE ? put_u64(out, (uint64_t)class->at_ms) : err;
            err = err == ERR_NONE ? put_bytes(out, class->subject) : err;
        }
    }
    return err;
}

enum err tally_get(struct reader *reader, struct tally *ret_tally)
{
    struct tally tally = {0};
    uint64_t oldest_ms = 0, newest_ms = 0, at_ms = 0;
    uint8_t present = 0;
    enum err err = get_u64(reader, &tally.count);
    err = err == ERR_NONE ? get_u64(reader, &oldest_ms) : err;
    err = err == ERR_NONE ? get_u64(reader, &newest_ms) : err;
    err = err == ERR_NONE ? get_bytes(reader, NAME_MAX_BYTES, &tally.newest) : err;
    err = err == ERR_NONE ? get_u8(reader, &present) : err;
    for (unsigned i = 0; err == ERR_NONE && i < CLASS_COUNT; i++) {
        struct tally_class *class = &tally.classes[i];
        if ((present & (1u << i)) != 0) {
            err = get_u64(reader, &class->count);
            err = err == ERR_NONE ? get_u64(reader, &at_ms) : err;
            err = err == ERR_NONE ? get_bytes(reader, NAME_MAX_BYTES, &class->subject) : err;
            class->at_ms = (int64_t)at_ms;
        }
    }
    tally.oldest_ms = (int64_t)oldest_ms;
    tally.newest_ms = (int64_t)newest_ms;
    if (err == ERR_NONE) {
        *ret_tally = tally;
    }
    return err == ERR_NONE ? ERR_NONE : ERR_MALFORMED;
}

struct json *member_tree(struct arena *arena, const struct member *member)
{
    struct json *tree = json_new(arena, JSON_OBJECT), *last = json_set_bool(arena, tree, "confirmed", member->confirmed);
    if (member->observation != NULL) {
        json_set(arena, tree, "observation", json_copy(arena, member->observation));
        json_set_i64(arena, tree, "at_ms", member->at_ms);
        last = json_set_u64(arena, tree, "index", member->index);
    }
    return last == NULL ? NULL : tree;
}

enum err member_of_tree(const struct json *tree, struct member *ret_member)
{
    struct member member = {.subject = tree->name, .confirmed = json_bool(tree, "confirmed", false), .observation = json_member(tree, "observation")};
    if (member.observation != NULL && (json_i64(tree, "at_ms", &member.at_ms) != ERR_NONE || json_u64(tree, "index", &member.index) != ERR_NONE)) {
        return ERR_MALFORMED;
    }
    *ret_member = member;
    return member.subject.len == 0 ? ERR_MALFORMED : ERR_NONE;
}

unsigned tally_shard(struct slice subject)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < subject.len; i++) {
        hash = (hash ^ subject.data[i]) * 16777619u;
    }
    return (hash ^ (hash >> 16)) % TALLY_SHARDS;
}
