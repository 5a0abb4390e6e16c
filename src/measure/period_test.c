#include "measure/period.h"

#include "base/check.h"

enum { ARENA_BYTES = 1 << 20 };

TEST(period_counts_kept_time_and_names_gaps)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct verdict_change changes[] = {{1000, VERDICT_KEPT}, {4000, VERDICT_BROKEN}, {5000, VERDICT_KEPT}};
    struct period period;
    CHECK_ERR(ERR_NONE, period_of(arena, changes, 3, 0, 10000, &period));
    CHECK_U64(8000, period.kept_ms);
    CHECK_U64(10000, period.total_ms);
    CHECK_U64(8000, period.kept_permyriad);
    CHECK_U64(2, period.gap_count);
    CHECK(period.gaps[0].from_ms == 0 && period.gaps[0].to_ms == 1000 && period.gaps[0].verdict == VERDICT_UNPROVEN);
    CHECK(period.gaps[1].from_ms == 4000 && period.gaps[1].to_ms == 5000 && period.gaps[1].verdict == VERDICT_BROKEN);
}

TEST(period_takes_the_verdict_that_stood_when_it_began)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct verdict_change changes[] = {{10, VERDICT_BROKEN}, {20, VERDICT_KEPT}, {900, VERDICT_STALE}};
    struct period period;
    CHECK_ERR(ERR_NONE, period_of(arena, changes, 3, 100, 200, &period));
    CHECK_U64(100, period.kept_ms);
    CHECK_U64(10000, period.kept_permyriad);
    CHECK_U64(0, period.gap_count);
}

TEST(period_without_verdicts_is_unproven)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct period period;
    CHECK_ERR(ERR_NONE, period_of(arena, NULL, 0, 5, 105, &period));
    CHECK_U64(0, period.kept_ms);
    CHECK_U64(1, period.gap_count);
    CHECK_ERR(ERR_NONE, period_of(arena, NULL, 0, 5, 5, &period));
    CHECK_U64(0, period.kept_permyriad);
    CHECK_ERR(ERR_INVALID, period_of(arena, NULL, 0, 6, 5, &period));
}

/* A clock that was set back gives changes out of order; no time may count twice or become negative. */
TEST(period_bears_a_clock_that_went_back)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct verdict_change changes[] = {{100, VERDICT_KEPT}, {600, VERDICT_BROKEN}, {300, VERDICT_KEPT}};
    struct period period;
    CHECK_ERR(ERR_NONE, period_of(arena, changes, 3, 0, 1000, &period));
    CHECK_U64(900, period.kept_ms);
    CHECK_U64(1, period.gap_count);
}

TEST(period_one_lost_millisecond_is_not_a_hundred_percent)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct verdict_change changes[] = {{0, VERDICT_KEPT}, {INT64_C(31536000000) - 1, VERDICT_BROKEN}};
    struct period period;
    CHECK_ERR(ERR_NONE, period_of(arena, changes, 2, 0, INT64_C(31536000000), &period));
    CHECK_U64(9999, period.kept_permyriad);
}

TEST(period_verdict_at_a_moment)
{
    const struct verdict_change changes[] = {{10, VERDICT_BROKEN}, {20, VERDICT_KEPT}};
    CHECK(period_verdict_at(changes, 2, 9) == VERDICT_UNPROVEN);
    CHECK(period_verdict_at(changes, 2, 10) == VERDICT_BROKEN);
    CHECK(period_verdict_at(changes, 2, 25) == VERDICT_KEPT);
}

TEST_MAIN
