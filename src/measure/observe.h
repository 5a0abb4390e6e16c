/* Observing: which probes look at which subjects, how they are asked, and how their answers become entries of the log. */
#ifndef VOGT_MEASURE_OBSERVE_H
#define VOGT_MEASURE_OBSERVE_H

#include "measure/standing.h"

/* One probe on one subject. */
struct watch {
    struct slice probe, subject;
};

/* Every probe on every subject that it can look at from here. */
enum err observe_plan(struct turn *turn, const struct world *world, struct watch **ret_watches, size_t *ret_count) must_check;
/* Collects, judges and records them all; verdicts follow. ERR_NEED until the last answer is there. *ret_failed: how many observations are no pass. */
enum err observe_run(struct turn *turn, struct world *world, const struct watch *watches, size_t count, uint64_t *ret_observed, uint64_t *ret_failed) must_check;
/* Asks look what there is on this machine, and puts what is new into the estate, unconfirmed. The world follows. */
enum err observe_discover(struct turn *turn, struct world *world) must_check;

#endif
