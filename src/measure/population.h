/*
 * The population in memory: every subject in scope with its newest observations, found by a hash of its id. `vogt replay` and the check of a bundle
 * fold the evidence log into it; keep holds the same in rows (standing.h). Both count by tally.h, so both come to the same verdict.
 *
 * An observation counts only for a subject that was in scope when it was recorded. Whoever leaves scope takes his observations along.
 * Owns its memory but the trees it is given: they must live as long, or be moved with population_copy.
 */
#ifndef VOGT_MEASURE_POPULATION_H
#define VOGT_MEASURE_POPULATION_H

#include "measure/kinds.h"
#include "measure/tally.h"

struct population;

struct population *population_new(void);                                       /* NULL without memory */
void population_free(struct population *population);

/* A subject {"id","kind","confirmed","attributes"}: new, or with other words than before; its observations stay. */
enum err population_put(struct population *population, const struct json *subject) must_check;
void population_remove(struct population *population, struct slice id);
/* All that is not in `ids` (an array of objects with "id") leaves. */
enum err population_keep(struct population *population, const struct json *subjects) must_check;
/* Unknown subjects and kinds are passed over. */
enum err population_observe(struct population *population, const struct kind *kind, const struct member *observed) must_check;

const struct json *population_subject(const struct population *population, struct slice id);
size_t population_count(const struct population *population);
/* How everybody stands with this kind, and the member that decides (*ret_decisive, whose subject is empty when there is none). */
void population_tally(const struct population *population, const struct kind *kind, struct tally *ret_tally, struct member *ret_decisive);

/* The same population with all its trees in another arena. */
enum err population_copy(const struct population *population, struct arena *arena, struct population **ret_copy) must_check;

#endif
