/*
 * What there is to do, best first: of every sentence that is not green each reason at each deciding subject, with the sentences that wait for it and the
 * minutes it takes. The morning shows the first three, `vogt fix` all.
 */
#ifndef VOGT_MEASURE_FIX_LIST_H
#define VOGT_MEASURE_FIX_LIST_H

#include "measure/standing.h"

struct fix_item {
    struct judgement sample;            /* where it was decided first */
    struct json *clauses;               /* ids of the sentences that wait */
    uint64_t minutes;
};

struct fix_list {
    struct fix_item *items;             /* sorted: most sentences first, then the fewest minutes */
    size_t count;
};

/* `clause` empty: of all sentences. */
enum err fix_list_gather(struct turn *turn, const struct world *world, struct slice clause, struct fix_list *ret_list) must_check;
/* Appends {"english","german","minutes","why","subject","reason_id","clauses"} and, with `changes`, "changes" (fix.h). ERR_NEED. */
enum err fix_list_put(struct turn *turn, const struct world *world, const struct fix_item *item, bool changes, struct json *list) must_check;

#endif
