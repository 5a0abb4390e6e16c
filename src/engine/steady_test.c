/* The steady clock under moved walls, restarts and new starts of the machine. */
#include "engine/steady.h"

#include "base/check.h"

static const int64_t NOON_MS = INT64_C(1795435200000);
enum { HOUR_MS = 3600 * 1000 };

static struct instant at(int64_t wall_ms, int64_t mono)
{
    return (struct instant){.unix_ms = wall_ms, .mono_ns = mono * 1000000};
}

static struct steady started(void)
{
    struct steady steady;
    steady_start(&steady, NULL, at(NOON_MS, 5000), "boot-1");
    return steady;
}

TEST(it_starts_as_the_wall_and_no_step_moves_it)
{
    struct steady steady = started();
    int64_t step_ms = 0;
    CHECK(steady_ms(&steady, at(NOON_MS, 5000)) == NOON_MS);
    CHECK(steady_ms(&steady, at(NOON_MS + HOUR_MS, 5000 + HOUR_MS)) == NOON_MS + HOUR_MS);
    CHECK(steady_ms(&steady, at(NOON_MS + 50 * (int64_t)HOUR_MS, 6000)) == NOON_MS + 1000); /* forward by two days */
    CHECK(steady_ms(&steady, at(NOON_MS - 50 * (int64_t)HOUR_MS, 7000)) == NOON_MS + 2000); /* back by two days */
    CHECK(steady_wants_anchor(&steady, at(NOON_MS, 5000), &step_ms) && step_ms == 0);
    (void)steady_anchor(&steady, at(NOON_MS, 5000));
    CHECK(!steady_wants_anchor(&steady, at(NOON_MS + 999, 5000), &step_ms)); /* slewing is no step */
    CHECK(steady_wants_anchor(&steady, at(NOON_MS - HOUR_MS, 5000), &step_ms) && step_ms == -HOUR_MS);
    CHECK(steady_wants_anchor(&steady, at(NOON_MS + HOUR_MS, 5000), &step_ms) && step_ms == HOUR_MS);
    CHECK(steady_wants_anchor(&steady, at(NOON_MS + STEADY_ANCHOR_MS, 5000 + STEADY_ANCHOR_MS), &step_ms) && step_ms == 0);
}

TEST(a_restart_goes_by_the_monotonic_clock_whatever_the_wall_did)
{
    struct steady first = started(), second;
    struct anchor anchor = steady_anchor(&first, at(NOON_MS, 5000));
    steady_start(&second, &anchor, at(NOON_MS - 9 * HOUR_MS, 5000 + HOUR_MS), "boot-1"); /* stepped back while Vogt was down */
    CHECK(steady_ms(&second, at(NOON_MS - 9 * HOUR_MS, 5000 + HOUR_MS)) == NOON_MS + HOUR_MS);
    steady_start(&second, &anchor, at(NOON_MS + 90 * HOUR_MS, 5000 + HOUR_MS), "boot-1"); /* and forward */
    CHECK(steady_ms(&second, at(NOON_MS + 90 * HOUR_MS, 5000 + 2 * HOUR_MS)) == NOON_MS + 2 * HOUR_MS);
}

TEST(a_new_start_of_the_machine_goes_by_what_the_wall_says_has_passed)
{
    struct steady first = started(), second;
    (void)steady_ms(&first, at(NOON_MS + HOUR_MS, 5000));
    struct anchor anchor = steady_anchor(&first, at(NOON_MS + HOUR_MS, 5000)); /* the wall was put an hour forward: steady is an hour behind it */
    CHECK(anchor.steady_ms == NOON_MS && anchor.wall_ms == NOON_MS + HOUR_MS);
    steady_start(&second, &anchor, at(NOON_MS + 3 * HOUR_MS, 10), "boot-2"); /* two hours off */
    CHECK(steady_ms(&second, at(NOON_MS + 3 * HOUR_MS, 10)) == NOON_MS + 2 * HOUR_MS);
    steady_start(&second, &anchor, at(NOON_MS + 3 * HOUR_MS, 4000), "boot-1"); /* the same id with an earlier monotonic clock: a machine put back */
    CHECK(steady_ms(&second, at(NOON_MS + 3 * HOUR_MS, 4000)) == NOON_MS + 2 * HOUR_MS);
    steady_start(&second, &anchor, at(NOON_MS + 3 * HOUR_MS, 9000), ""); /* not known: as a new start */
    CHECK(steady_ms(&second, at(NOON_MS + 3 * HOUR_MS, 9000)) == NOON_MS + 2 * HOUR_MS);
}

TEST(a_wall_that_is_behind_after_a_start_takes_nothing_off_and_is_made_up_for_when_put_right)
{
    struct steady first = started(), second;
    int64_t step_ms = 0;
    struct anchor anchor = steady_anchor(&first, at(NOON_MS, 5000));
    steady_start(&second, &anchor, at(0, 10), "boot-2"); /* no battery: 1970 */
    CHECK(steady_ms(&second, at(0, 10)) == NOON_MS);
    CHECK(steady_ms(&second, at(1000, 1010)) == NOON_MS + 1000);
    CHECK(!steady_wants_anchor(&second, at(HOUR_MS, 10 + HOUR_MS), &step_ms)); /* the last anchor has the only good wall */
    CHECK(steady_ms(&second, at(NOON_MS + 5 * HOUR_MS, 2010)) == NOON_MS + 5 * HOUR_MS); /* five hours off, now known */
    CHECK(steady_ms(&second, at(NOON_MS + 50 * HOUR_MS, 3010)) == NOON_MS + 5 * HOUR_MS + 1000); /* a later step is a step */
    CHECK(steady_wants_anchor(&second, at(NOON_MS + 50 * HOUR_MS, 3010), &step_ms));
}

TEST(it_never_goes_back)
{
    struct steady first = started(), second;
    struct anchor anchor = steady_anchor(&first, at(NOON_MS, 5000));
    steady_start(&second, &anchor, at(NOON_MS - HOUR_MS, 10), "boot-2");
    int64_t last_ms = 0;
    for (int64_t i = 0; i < 200; i++) {
        int64_t wall_ms = NOON_MS - HOUR_MS + (i * 7919 % 211) * 60000, now_ms = steady_ms(&second, at(wall_ms, 10 + i * 60000));
        CHECK(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

TEST_MAIN
