/*
 * Readings proposed for a clause: a vague word ("regularly", "minimal", "region") or a number that a promise needs and the clause
 * does not give. A person confirms or changes them; then they are signed and shown beside the verdict. Pure.
 */
#ifndef VOGT_MEASURE_INTERPRETATION_H
#define VOGT_MEASURE_INTERPRETATION_H

#include "measure/promise.h"

enum { INTERPRETATIONS_MAX = 16, PROPOSAL_MAX_BYTES = 400 };

struct interpretation {
    const struct term *term;
    struct word_range words;            /* the vague word; empty where the clause has none */
    uint32_t promises;                  /* bit i: the clause's i-th promise is read so */
    const char *parameter;              /* what is set, "days"; NULL: a reading in words alone */
    const char *value;                  /* JSON text; borrowed from the promise or the catalogue */
};

struct clause_interpretations {
    struct interpretation items[INTERPRETATIONS_MAX];
    size_t count;
};

/* Numbers that the clause does not state are read as the catalogue proposes for each promise. */
void interpretations_find(const struct words_reading *clause, const struct clause_bindings *bindings,
                          const struct clause_promises *promises, struct clause_interpretations *ret_interpretations);
/* The proposal with {days} and the like filled in. */
struct slice interpretation_text(struct arena *arena, const struct interpretation *interpretation, enum language language);

#endif
