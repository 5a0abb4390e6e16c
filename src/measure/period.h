/*
 * Verdicts over a time: how long a clause was kept, and when it was not. Pure. What happened before the first known verdict counts as
 * unproven; attested time is listed as such and is not kept time.
 */
#ifndef VOGT_MEASURE_PERIOD_H
#define VOGT_MEASURE_PERIOD_H

#include "measure/verdict.h"

struct verdict_change {
    int64_t at_ms;
    enum verdict verdict;
};

struct period_gap {
    int64_t from_ms, to_ms;
    enum verdict verdict;
};

struct period {
    int64_t from_ms, to_ms, kept_ms, total_ms;
    unsigned kept_permyriad;            /* of 10,000, rounded down: 100 % only if there was no gap */
    struct period_gap *gaps;
    size_t gap_count;
};

/* `changes` in order of time; those out of order count from the time of the one before. ERR_INVALID: to_ms before from_ms; ERR_MEMORY. */
enum err period_of(struct arena *arena, const struct verdict_change *changes, size_t count, int64_t from_ms, int64_t to_ms, struct period *ret_period) must_check;
/* The verdict at a moment. */
enum verdict period_verdict_at(const struct verdict_change *changes, size_t count, int64_t at_ms);

#endif
