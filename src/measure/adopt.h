/*
 * From a document to an annex: the tree of "annex.bind" in the form that Vogt keeps and shows, and what an earlier revision gives to a later one.
 * Pure. Confirmed bindings, signed interpretations, attestations and deviations of sentences that did not change are carried over; nothing
 * a person said about an old wording speaks for a new one.
 */
#ifndef VOGT_MEASURE_ADOPT_H
#define VOGT_MEASURE_ADOPT_H

#include "base/json.h"

/* {"language","title","sections","clauses":[{"id","section","text","lead"?,"digest","promises","bindings","reason"?,"interpretations","confirmed"}],"catalogue"} */
enum err adopt_annex(struct arena *arena, const struct json *bound, struct json **ret_annex) must_check;
/* Fills in from `before` (NULL: nothing). *ret_changes: [{"clause","kind":"added|removed|changed|weakened|moved|unchanged","english","german","old","new"}] */
enum err adopt_carry(struct arena *arena, const struct json *before, const struct json *after, const struct json **ret_annex, struct json **ret_changes) must_check;
/* The promises and bindings of a clause when a person names its measures (an array of ids). ERR_NOT_FOUND with *ret_unknown: no such measure. */
enum err adopt_rebind(struct arena *arena, const struct json *clause, const struct json *measures, struct slice by, struct slice reason, int64_t now_ms, struct json **ret_payload,
                      struct slice *ret_unknown) must_check;

#endif
