/* What worker.c and worker_reach.c share. */
#ifndef VOGT_PROCESS_WORKER_INTERNAL_H
#define VOGT_PROCESS_WORKER_INTERNAL_H

#include "process/role_start.h"
#include "process/work.h"
#include "process/worker.h"

enum {
    WORKER_ARENA_BYTES = 96 << 20,
    WORKER_BODY_BYTES = 16 << 20,
};

struct worker {
    struct role_start start;
    const struct work *works;
    size_t work_count;
    bool stopping;
};

/* Runs one WORK body and appends the WORKED body to *out. Only ERR_MEMORY and ERR_TOO_LARGE of
 * `out` come back: whatever the work itself says is inside. */
enum err worker_answer(const struct worker *worker, struct arena *arena, struct slice body,
                       struct buf *out) must_check;
/* A WORKED body that says only this error. */
enum err worker_refuse(struct buf *out, enum err err, struct text text,
                       const char *detail) must_check;
/* Looks at the parent's channel; sets stopping when it is time to go. */
void worker_hear_parent(struct worker *worker);
/* reach's loop: a child a task. */
enum err worker_reach_loop(struct worker *worker) must_check;

#endif
