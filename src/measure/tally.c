#include "measure/tally.h"

#include "measure/edit.h"

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

struct json *tally_tree(struct arena *arena, const struct tally *tally)
{
    struct json *tree = json_new(arena, JSON_OBJECT), *classes = NULL;
    json_set_u64(arena, tree, "count", tally->count);
    if (tally->newest_ms != 0) {
        json_set_i64(arena, tree, "oldest_ms", tally->oldest_ms);
        json_set_i64(arena, tree, "newest_ms", tally->newest_ms);
        json_set_string(arena, tree, "newest", tally->newest);
    }
    classes = json_set_object(arena, tree, "classes");
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        const struct tally_class *class = &tally->classes[i];
        if (class->count > 0) {
            struct json *item = json_set_object(arena, classes, class_names[i]);
            json_set_u64(arena, item, "count", class->count);
            json_set_string(arena, item, "subject", class->subject);
            json_set_i64(arena, item, "at_ms", class->at_ms);
        }
    }
    return classes == NULL ? NULL : tree;
}

enum err tally_of_tree(const struct json *tree, struct tally *ret_tally)
{
    struct tally tally = {.oldest_ms = edit_number(tree, "oldest_ms", 0), .newest_ms = edit_number(tree, "newest_ms", 0), .newest = json_text(tree, "newest", SLICE_NONE)};
    const struct json *classes = json_member(tree, "classes");
    if (classes == NULL || classes->type != JSON_OBJECT || json_u64(tree, "count", &tally.count) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        const struct json *item = json_member(classes, class_names[i]);
        struct tally_class class = {.subject = json_text(item, "subject", SLICE_NONE), .at_ms = edit_number(item, "at_ms", 0)};
        if (item != NULL && (json_u64(item, "count", &class.count) != ERR_NONE || class.subject.len == 0)) {
            return ERR_MALFORMED;
        }
        tally.classes[i] = class;
    }
    *ret_tally = tally;
    return ERR_NONE;
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
