/* Numbers that a clause sets: periods ("quarterly", "30 Tage", "48 hours"), key sizes ("AES-256"), versions ("TLS 1.3"). Pure. */
#ifndef VOGT_MEASURE_PROMISE_VALUE_H
#define VOGT_MEASURE_PROMISE_VALUE_H

#include "measure/words_match.h"

enum { VERSION_MAX_BYTES = 8 };

struct clause_values {
    uint64_t period_s;                  /* the first period named; 0: none */
    uint64_t bits;                      /* 0: none */
    char version[VERSION_MAX_BYTES];    /* the lowest TLS version named, "1.2"; empty: none */
};

struct clause_values clause_values_read(const struct words *words, struct word_range range);

/* The parameter's value ("days": the period in whole days, rounded up) as JSON text. False: the clause does not set it. */
bool clause_value(const struct clause_values *values, const char *parameter, char *out, size_t out_bytes);

#endif
