/*
 * The inside of the courier, shared by courier_*.c and roles/courier.c: the one process of an agent that talks to Vogt. It owns key, certificate, spool and tasks.
 * It runs nothing and reads nothing of its host but its own directory: look or reach do, for which it stands where keep stands for Vogt's own.
 *
 *   configured --token--> ENROL --certificate--> (the parent starts anew, now with look or reach) --> SERVE: tasks, work, spool, deliver, renew
 */
#ifndef VOGT_AGENT_COURIER_H
#define VOGT_AGENT_COURIER_H

#include "agent/config.h"
#include "agent/exchange.h"
#include "agent/spool.h"
#include "agent/task.h"
#include "process/role_start.h"

enum {
    COURIER_ARENA_BYTES = 64 << 20,
    COURIER_RETRY_MS = 5000,
    COURIER_TASKS_MS = 300000,
    COURIER_SPOOL_BYTES = 64 << 20,
    COURIER_SPOOL_COUNT = 20000,
    COURIER_REPORT_MAX_BYTES = 2 << 20,
    COURIER_ERROR_BYTES = 400,
};
#define COURIER_SPOOL_AGE_MS (INT64_C(7) * 24 * 3600 * 1000)
#define COURIER_RENEW_MS (INT64_C(12) * 3600 * 1000)

/* The courier's way to end that is no failure: the parent begins anew with what DIR/agent.json says now. */
enum { COURIER_EXIT_AGAIN = 73 };

struct courier {
    struct role_start start;
    int directory_fd;
    struct config config;
    struct exchange exchange;
    struct identity identity;
    struct spool *spool;
    struct tasks tasks;
    struct channel *worker;             /* NULL: not there, or gone */
    enum role worker_role;
    unsigned busy, capacity;
    uint64_t work_id;
    struct {
        int64_t unix_ms, mono_ms;
    } now;
    int64_t next_poll_mono_ms, next_tasks_mono_ms, contact_unix_ms, skew_ms;
    size_t batch_max;
    uint8_t tasks_digest[IDENTITY_ID_BYTES];
    const char *state;                  /* static: "well", "away", "denied" */
    char error[COURIER_ERROR_BYTES], said_english[COURIER_ERROR_BYTES], said_german[COURIER_ERROR_BYTES];
    const struct json *sight, *confinement; /* of the configuration; what READY and CHANNEL told */
    struct arena *lasting;
    bool stopping;
};

void courier_look_at_clock(struct courier *courier);

/* courier_talk.c: every call blocks for one exchange at most. */
enum err courier_enrol(struct courier *courier, struct slice token, struct slice hostname, struct complaint *complaint) must_check;
/* Tasks in, spool out; renews when half of the certificate's time is over. Whatever goes wrong is kept in state and error. */
void courier_poll(struct courier *courier);
void courier_recall_tasks(struct courier *courier); /* what Vogt last asked for, from DIR/tasks.json */

/* courier_work.c */
void courier_hire(struct courier *courier, struct channel *worker, enum role role, struct slice confinement); /* takes the channel */
void courier_dismiss(struct courier *courier);   /* the worker is gone: what it had is reported so */
enum err courier_dispatch(struct courier *courier) must_check;
enum err courier_hear_worker(struct courier *courier) must_check; /* ERR_BUSY: nothing more for now */

/* courier_status.c: DIR/status.json, for `vogt agent status`. */
void courier_write_status(struct courier *courier);

#endif
