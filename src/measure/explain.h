/*
 * Why, in words: the sentence of a reason, in English and German, filled from its values. Reasons of observations stand in collect/reason.def,
 * those of verdicts in explain.def. Placeholders {subject} and {kind} are always there.
 */
#ifndef VOGT_MEASURE_EXPLAIN_H
#define VOGT_MEASURE_EXPLAIN_H

#include "measure/verdict.h"

/* Sets member `name` of `object` to {"english","german"}. An unknown reason is shown by its id. */
void explain_set(struct arena *arena, struct json *object, const char *name, const struct judgement *judgement);
void explain_set_reason(struct arena *arena, struct json *object, const char *name, struct slice reason, const struct json *values, struct slice subject, struct slice kind);
/* The same of a fixed text. */
void explain_set_text(struct arena *arena, struct json *object, const char *name, struct text text);
/* What to do about it: {"english","german","minutes"}, or false when there is nothing to do. */
bool explain_fix(struct arena *arena, struct json *ret_fix, struct slice reason, const struct json *values, struct slice subject, struct slice kind);

#endif
