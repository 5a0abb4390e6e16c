/*
 * Jobs: what keep has to do later, or in several turns, and must not forget when it is restarted. A job is a row with a due time; the tick of each minute starts
 * what is due, and the operation ends its job when it is done. One that failed or was interrupted is due again after ten minutes.
 *
 *   job/OPERATION/KEY   packed JSON: the operation's input
 *
 * Operations of jobs stand in a const table (job.c): no row names another.
 */
#ifndef VOGT_ENGINE_JOB_H
#define VOGT_ENGINE_JOB_H

#include "engine/turn.h"

enum job {
    JOB_KV2_END,
    JOB_KV2_UPGRADE,
    JOB_ROTATE,
    JOB_TRANSIT_ROTATE,
    JOB_SECRET_ROTATE,
    JOB_CRL_FETCH,
};

/* Due at `due_ms`; at once when that is not later than now. */
enum err job_put(struct turn *turn, enum job job, struct slice key, const struct json *input, int64_t due_ms) must_check;
enum err job_end(struct turn *turn, enum job job, struct slice key) must_check;
/* From the tick: starts what this due row names. Rows of other kinds are passed over. */
enum err job_due(struct turn *turn, struct slice path, struct slice row) must_check;

#endif
