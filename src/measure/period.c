#include "measure/period.h"

static int64_t clamp(int64_t value, int64_t from, int64_t to)
{
    return value < from ? from : value > to ? to : value;
}

static void add(struct period *period, int64_t from_ms, int64_t to_ms, enum verdict verdict)
{
    if (to_ms <= from_ms) {
        return;
    }
    if (verdict == VERDICT_KEPT) {
        period->kept_ms += to_ms - from_ms;
        return;
    }
    struct period_gap *last = period->gap_count == 0 ? NULL : &period->gaps[period->gap_count - 1];
    if (last != NULL && last->to_ms == from_ms && last->verdict == verdict) {
        last->to_ms = to_ms;
        return;
    }
    period->gaps[period->gap_count++] = (struct period_gap){from_ms, to_ms, verdict};
}

enum err period_of(struct arena *arena, const struct verdict_change *changes, size_t count, int64_t from_ms, int64_t to_ms, struct period *ret_period)
{
    if (to_ms < from_ms) {
        return ERR_INVALID;
    }
    struct period period = {.from_ms = from_ms, .to_ms = to_ms, .total_ms = to_ms - from_ms};
    period.gaps = arena_alloc_array(arena, count + 1, sizeof *period.gaps);
    if (period.gaps == NULL) {
        return ERR_MEMORY;
    }
    int64_t at_ms = from_ms;
    enum verdict verdict = VERDICT_UNPROVEN;
    for (size_t i = 0; i < count; i++) {
        int64_t next_ms = clamp(changes[i].at_ms, at_ms, to_ms);
        add(&period, at_ms, next_ms, verdict);
        at_ms = next_ms;
        verdict = changes[i].verdict;
        if (changes[i].at_ms >= to_ms) {
            break;
        }
    }
    add(&period, at_ms, to_ms, verdict);
    period.kept_permyriad = period.total_ms == 0 ? 0 : (unsigned)((double)period.kept_ms / (double)period.total_ms * 10000.0);
    if (period.kept_permyriad >= 10000 && period.kept_ms < period.total_ms) {
        period.kept_permyriad = 9999;
    }
    *ret_period = period;
    return ERR_NONE;
}

enum verdict period_verdict_at(const struct verdict_change *changes, size_t count, int64_t at_ms)
{
    enum verdict verdict = VERDICT_UNPROVEN;
    for (size_t i = 0; i < count && changes[i].at_ms <= at_ms; i++) {
        verdict = changes[i].verdict;
    }
    return verdict;
}
