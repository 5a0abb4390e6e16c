/*
 * Where a changed clause promises less than before: limits, modal verbs, scope, hedges, exceptions, words that went.
 * A table of rules over marked words (tokens_compare); each finding names its reason and the words. Pure.
 */
#ifndef VOGT_MEASURE_REVISION_WEAKEN_H
#define VOGT_MEASURE_REVISION_WEAKEN_H

#include "base/json.h"
#include "measure/revision_words.h"

/* Appends the findings to the array `out`. ERR_TOO_LARGE: the arena is full. */
enum err revision_weaken(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out) must_check;

#endif
