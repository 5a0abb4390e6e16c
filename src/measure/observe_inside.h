/* Between the files of observing; nobody else includes it. */
#ifndef VOGT_MEASURE_OBSERVE_INSIDE_H
#define VOGT_MEASURE_OBSERVE_INSIDE_H

#include "measure/observe.h"

/* Everything about one run that is computed before and between its pieces of work. */
struct run {
    struct watch watch;
    const struct json *subject;
    struct json *input, *options, *estate;      /* of the collector; of the judge */
    const struct json *facts, *planted, *vantage, *judged;
    int64_t collected_at_ms;
    enum err err;                               /* of a collector that refused */
    struct complaint complaint;
};

struct method {
    const char *probe;
    enum role role;                             /* ROLE_KEEP: keep's own facts */
    const char *collector;
    enum err (*prepare)(struct turn *turn, const struct world *world, struct run *run);
    enum {
        FROM_THE_HOST,                          /* look sees the machine that it runs on alone: other hosts need an agent */
        FROM_ANYWHERE,                          /* reach, from here */
        FROM_A_VANTAGE,                         /* the outside eye's reach */
    } from;
    bool (*applies)(const struct json *subject); /* NULL: to every subject of the probe's kind */
    bool of_records;                            /* judges what other probes recorded: in a turn after theirs, and again after their news */
};

const struct method *method_at(size_t index);   /* NULL past the end */
const struct method *method_of(struct slice probe);

#endif
