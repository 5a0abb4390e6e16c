/* How clauses, promises and verdicts look to page, command line and report: the trees that the API gives out. */
#ifndef VOGT_MEASURE_VIEW_H
#define VOGT_MEASURE_VIEW_H

#include "measure/standing.h"

/* A clause with its verdict now (`row` is verdict/CLAUSE, or NULL) and all that it rests on: promises, of each observation the subjects (the 200 worst) and counts, bindings, interpretations, attestations. ERR_NEED. */
enum err view_clause_whole(struct turn *turn, const struct world *world, const struct json *clause, const struct json *row, struct json **ret_view) must_check;
/* The whole annex, each clause in short, with counts. */
enum err view_annex(struct turn *turn, const struct world *world, struct json **ret_view) must_check;
/* Vogt about itself: [{"kind","verdict","reason"}]. */
void view_own(struct turn *turn, const struct world *world, struct json *data);
/* What probes said they did not see: [{"english","german","subject"}]. ERR_NEED. */
enum err view_not_covered(struct turn *turn, struct json *data) must_check;

#endif
