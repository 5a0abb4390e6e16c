/*
 * The world as the evidence log tells it: the annex with what people said about its clauses, and how the subjects in scope stand with every kind of
 * observation. It changes by entries of the evidence log alone (docs/evidence.md lists them). `vogt replay` folds the log into a population in memory;
 * keep holds the same in rows and loads tallies of it (standing.h). Both judge by the same code, and must agree byte for byte.
 *
 * A plain value whose trees live in the arena it was started with; what is applied must live as long.
 */
#ifndef VOGT_MEASURE_WORLD_H
#define VOGT_MEASURE_WORLD_H

#include "measure/population.h"

/* How everybody stands with one kind: the tally, and the member that decides (its subject is empty when there is none). */
struct standing {
    bool is_known;
    struct tally tally;
    struct member decisive;
};

struct world {
    struct arena *arena;
    const struct json *annex;           /* NULL: none adopted; clauses carry promises, bindings, interpretations, attestations, deviation */
    struct standing *standings;         /* one for each kind of the table; of a population they are counted when asked for */
    struct population *population;      /* NULL: the standings come from rows */
};

/* A world without anything, whose standings somebody else fills. ERR_MEMORY. */
enum err world_start(struct arena *arena, struct world *ret_world) must_check;
/* The same with a population of its own, freed by world_end. */
enum err world_start_population(struct arena *arena, struct world *ret_world) must_check;
void world_end(struct world *world);
#define cleanup_world __attribute__((cleanup(world_end)))

/* One entry of the log: its type, its payload, when and where it stands. Types that do not change the world are ignored; what is about subjects changes
 * a population only. ERR_MALFORMED: a payload that lacks what its type must have; ERR_NOT_FOUND: a clause that the annex does not have; ERR_MEMORY. */
enum err world_apply(struct world *world, struct slice type, const struct json *payload, int64_t at_ms, uint64_t index) must_check;

/* NULL where there is none. */
const struct json *world_clause(const struct world *world, struct slice id);
/* NULL: this release has no probe for it. */
const struct standing *world_standing(const struct world *world, struct slice kind);

/* An observation of a payload as a member: what rows and population hold of it. Trees come from `arena`. NULL observation: the arena is full. */
struct member world_member(struct arena *arena, const struct json *payload, const struct json *observation, int64_t at_ms, uint64_t index);
/* The kinds that one observation speaks for at this subject: its own, and of a teller those of the populations that it feeds. At most KINDS_MAX. */
size_t world_kinds_of(struct slice kind, const struct json *subject, const struct kind **ret_kinds);

/* The world in another arena, without what is no longer needed. */
enum err world_copy(const struct world *world, struct arena *arena, struct world *ret_world) must_check;

#endif
