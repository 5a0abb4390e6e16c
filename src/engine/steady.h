/*
 * The steady clock: by which tokens and leases live. It starts as the wall's time, goes on with CLOCK_BOOTTIME, and is never moved by a step of the wall. What it shows is
 * carried over restarts by an anchor, a row that keep writes every ten minutes and whenever the wall was stepped:
 *
 *   boot/clock  {"steady_ms","wall_ms","mono_ms","boot"}: what all clocks showed at one moment, and which start of the machine that was
 *
 * After a restart of Vogt on the same start of the machine the monotonic clock tells how much time went by, whatever happened to the wall. After a restart of the
 * machine only the wall can: what lies between the anchor's wall and today's has gone by. A wall that is then behind the anchor's is wrong for certain: nothing is
 * taken off, and once it is put right the missing time is counted. So no lease is prolonged or lost by stepping the wall while Vogt runs or rests; only a wall that is wrong
 * when the machine starts, and ahead, ends leases early.
 *
 * Pure: it is told the time.
 */
#ifndef VOGT_ENGINE_STEADY_H
#define VOGT_ENGINE_STEADY_H

#include "base/time.h"

struct turn;

enum { BOOT_ID_BYTES = 37, STEADY_STEP_MS = 1000, STEADY_ANCHOR_MS = 600 * 1000 };

struct anchor {
    int64_t steady_ms, wall_ms, mono_ms;
    char boot[BOOT_ID_BYTES];           /* empty: not known, and then like no other */
};

struct found_anchor {
    bool is_there;
    struct anchor anchor;
};

struct steady {
    int64_t base_ms, mono_ms;           /* steady time at this monotonic time */
    char boot[BOOT_ID_BYTES];
    struct anchor last;                 /* the newest anchor, as read or as written */
    bool has_anchor;
    bool wall_is_behind;                /* since the machine started: the wall has not come to where it was before */
};

/* last NULL: there was none. */
void steady_start(struct steady *steady, const struct anchor *last, struct instant now, const char *boot);
/* The time. Takes up what a wall that was behind has missed. */
int64_t steady_ms(struct steady *steady, struct instant now);
/* Is a new anchor due? *ret_step_ms: how far the wall was stepped since the last one (0: it was not). */
bool steady_wants_anchor(struct steady *steady, struct instant now, int64_t *ret_step_ms);
/* Makes it; from now on it is the last. */
struct anchor steady_anchor(struct steady *steady, struct instant now);

/* The anchor of the store (steady_engine.c). ERR_NOT_FOUND: there is none yet. */
enum err steady_load(struct turn *turn, struct anchor *ret_anchor) must_check;

#endif
