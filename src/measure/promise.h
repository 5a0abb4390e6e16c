/*
 * Splitting a clause into the single promises that it makes. The clause is cut at commas, semicolons, brackets, "and", "und",
 * "sowie", "including" and the like, but a cut stays only where what follows makes a promise of its own. A number stands for
 * the promise in whose part it stands, and for those of the same measure that name none. Pure.
 */
#ifndef VOGT_MEASURE_PROMISE_H
#define VOGT_MEASURE_PROMISE_H

#include "measure/binding.h"
#include "measure/promise_value.h"

enum { CLAUSE_PROMISES_MAX = 24, PROMISE_VALUES_MAX = 3, VALUE_TEXT_BYTES = 24 };

struct promise_value {
    const struct parameter *parameter;
    char value[VALUE_TEXT_BYTES];       /* JSON text */
    bool stated;                        /* by the clause; otherwise the catalogue's proposal */
};

struct clause_promise {
    const struct promise *promise;
    struct word_range range;            /* its part of the clause */
    struct promise_value values[PROMISE_VALUES_MAX];
    size_t value_count;
};

struct clause_promises {
    struct clause_promise items[CLAUSE_PROMISES_MAX];
    size_t count;
};

/* The reading is of the clause without its lead-in sentence. Every bound measure gives at least one promise. */
void clause_promises_find(const struct words_reading *clause, const struct clause_bindings *bindings,
                          struct clause_promises *ret_promises);
/* The part of the clause's text that a range of words covers, with a closing bracket or quotation mark of its own. */
struct slice clause_part(const struct words *words, struct word_range range);

#endif
