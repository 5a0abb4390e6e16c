/* Observing: which probes look at which subjects, how they are asked, and how their answers become entries of the log. */
#ifndef VOGT_MEASURE_OBSERVE_H
#define VOGT_MEASURE_OBSERVE_H

#include "measure/standing.h"

/* One probe on one subject. */
struct watch {
    struct slice probe, subject;
};

/* Every probe on every one of these subjects that it can look at from here. */
enum err observe_plan(struct turn *turn, const struct json *subjects, struct watch **ret_watches, size_t *ret_count) must_check;
bool observe_is_planned(const struct json *subject, struct slice probe);
/* The order of observing: what tells Vogt what there is (a machine, a source); what looks at that; what judges the records of the others. */
enum observe_phase { OBSERVE_TELLERS, OBSERVE_OTHERS, OBSERVE_RECORDS };
enum observe_phase observe_phase(struct slice probe);
/* Due at the next tick, and waited for by who asks how many are left. */
enum err observe_make_due(struct turn *turn, const struct watch *watch) must_check;
char *observe_schedule_path(struct turn *turn, const struct watch *watch);
/* Collects, judges and records them all. ERR_NEED until the last answer is there; the tallies of a world with the annex alone
 * are loaded then. Verdicts are the caller's next step. Adds to *ret_observed, and to
 * *ret_failed how many observations are no pass. */
enum err observe_run(struct turn *turn, struct world *world, const struct watch *watches, size_t count, uint64_t *ret_observed, uint64_t *ret_failed) must_check;

/* The strictest value that a promise of the annex asks for; NULL: none does. */
const struct json *observe_strictest(const struct world *world, const char *measure, const char *name);

/* What an agent on this host, or a vantage, has to look at: [{"probe","subject","collector","role":"look|reach","every_ms","input"}]. */
enum observe_place { OBSERVE_FROM_HOST, OBSERVE_FROM_VANTAGE };
enum err observe_tasks(struct turn *turn, const struct world *world, struct slice host, enum observe_place place, struct json **ret_tasks) must_check;
/* Facts that an agent brought: {"probe","subject","facts","plant":{"facts"},"collected_at_ms","vantage"}, judged and recorded as if collected here. The
 * caller has made sure that they were a task of this agent, and newer than the last. ERR_NOT_FOUND: no such subject or probe. */
enum err observe_reported(struct turn *turn, struct world *world, const struct json *report) must_check;

#endif
