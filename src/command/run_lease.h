/*
 * What must stay alive while a program runs: the token made for it and the leases of its secrets. A thread of its own renews each at half of its time, so that a
 * slow server never holds up a signal. It owns the thread and the ids; the client is its alone between renewer_start and renewer_stop.
 */
#ifndef VOGT_COMMAND_RUN_LEASE_H
#define VOGT_COMMAND_RUN_LEASE_H

#include "command/command.h"

#include <pthread.h>

enum { LEASES_MAX = 64, LEASE_ID_BYTES = 512 };

struct renewed {
    char id[LEASE_ID_BYTES]; /* "": the token itself */
    uint64_t seconds;        /* what it was granted */
    int64_t due_ms, end_ms;  /* by the clock that does not step */
    bool is_late, is_ended;  /* said already */
};

struct renewer {
    struct run *run;
    struct renewed items[LEASES_MAX + 1];
    size_t count;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool is_started, is_stopping;
};

/* Before the thread begins. `id` empty: the token. False: there are too many, or the id is too long. */
bool renewer_add(struct renewer *renewer, struct slice id, uint64_t seconds);
enum err renewer_start(struct renewer *renewer, struct run *run) must_check;
/* Waits until the thread ended, which is at most one request. */
void renewer_stop(struct renewer *renewer);

#endif
