/*
 * A tally: how all subjects stand with one kind of observation, as far as a verdict needs it. It is counted from members (a subject with its newest
 * observation), and tallies of parts add up to that of the whole, so that one changed observation costs its part and not the population.
 *
 * Classes are free of clock and greatest age: which class decides, and whether a pass has grown old, follows from the tally, the greatest age and the
 * time. Plain values; the trees and names that they point to live as long as what was counted.
 */
#ifndef VOGT_MEASURE_TALLY_H
#define VOGT_MEASURE_TALLY_H

#include "base/encode.h"
#include "base/json.h"

/* From harmless to worst: the worst class that has a member decides. */
enum standing_class {
    CLASS_PASS,
    CLASS_UNPROVABLE,                   /* the outside offers no way to see it */
    CLASS_UNCONFIRMED,                  /* discovered; no person has said yet that it belongs to the estate */
    CLASS_UNSEEN,                       /* in scope, never observed */
    CLASS_ERROR,                        /* observed, without a result */
    CLASS_PLANT,                        /* the probe missed its planted failure */
    CLASS_FAIL,
    CLASS_COUNT
};

/* A subject as one kind of observation sees it. */
struct member {
    struct slice subject;               /* id */
    bool confirmed;
    const struct json *observation;     /* {"outcome","reason","values","plant"}; NULL: never observed */
    int64_t at_ms;                      /* of the observation */
    uint64_t index;                     /* of its entry in the evidence log */
};

enum standing_class member_class(const struct member *member);
const char *standing_class_name(enum standing_class class);                    /* "pass" */

/* One class: how many, and who is named for it: of passes the oldest, else the first by id. */
struct tally_class {
    uint64_t count;
    struct slice subject;
    int64_t at_ms;
};

struct tally {
    uint64_t count;
    int64_t oldest_ms, newest_ms;       /* of all observations; 0: none */
    struct slice newest;                /* whose it is */
    struct tally_class classes[CLASS_COUNT];
};

void tally_add(struct tally *tally, const struct member *member);
void tally_merge(struct tally *tally, const struct tally *part);
enum standing_class tally_decisive(const struct tally *tally);                 /* CLASS_PASS when it is empty, too */

/* As a row holds it (format in tally.c). The names borrow from what is read. ERR_MALFORMED. */
enum err tally_put(struct buf *out, const struct tally *tally) must_check;
enum err tally_get(struct reader *reader, struct tally *ret_tally) must_check;
/* A member as a row holds it; its subject is the member's name in the row. NULL: the arena is full. ERR_MALFORMED. */
struct json *member_tree(struct arena *arena, const struct member *member);
enum err member_of_tree(const struct json *tree, struct member *ret_member) must_check;

/* The part of the population that this subject belongs to: 0 to TALLY_SHARDS - 1, FNV-1a over its id. */
enum { TALLY_SHARDS = 256 };
unsigned tally_shard(struct slice subject);

#endif
