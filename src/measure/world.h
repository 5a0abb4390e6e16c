/*
 * The world as the evidence log tells it: the annex with what people said about its clauses, the subjects in scope, and of every kind and
 * subject the newest observation. It changes by entries of the evidence log alone (docs/evidence.md lists them), so keep, which loads it from
 * rows that hold the same trees, and `vogt replay`, which folds the log from its beginning, judge the same world by the same code.
 *
 * A plain value whose trees live in the arena it was started with; what is applied must live as long.
 */
#ifndef VOGT_MEASURE_WORLD_H
#define VOGT_MEASURE_WORLD_H

#include "base/json.h"

/* The newest observation of one kind and subject. */
struct seen {
    struct slice kind, subject;
    const struct json *body;            /* {"outcome","reason","values","plant"} */
    int64_t at_ms;
    uint64_t index;                     /* of its entry */
};

struct world {
    struct arena *arena;
    const struct json *annex;           /* NULL: none adopted; clauses carry promises, bindings, interpretations, attestations, deviation */
    const struct json *subjects;        /* array of {"id","kind","name","source","confirmed","attributes"}; NULL: nothing known yet */
    struct seen *seen;
    size_t seen_count, seen_capacity;
};

struct world world_empty(struct arena *arena);

/* One entry of the log: its type, its payload, when and where it stands. Types that do not change the world are ignored.
 * ERR_MALFORMED: a payload that lacks what its type must have; ERR_NOT_FOUND: a clause that the annex does not have; ERR_MEMORY. */
enum err world_apply(struct world *world, struct slice type, const struct json *payload, int64_t at_ms, uint64_t index) must_check;

/* NULL where there is none. */
const struct json *world_clause(const struct world *world, struct slice id);
const struct seen *world_seen(const struct world *world, struct slice kind, struct slice subject);

/* The world in another arena, without what is no longer needed. */
enum err world_copy(const struct world *world, struct arena *arena, struct world *ret_world) must_check;

#endif
