/*
 * The inside of keep, the hub: it holds the keys, decides, and computes; no file, no socket but its channels, no text from the network.
 *
 * One loop: frames in -> turns run -> one COMMIT and one FETCH -> frames out.
 *
 *   a turn:  RUNNABLE --ERR_NEED--> WAITING (rows, lists, work) --all there--> RUNNABLE ... --ended, applied--> ENDED --its batch committed--> replied, freed
 *   start:   WAIT_STORE --channel--> LOADING (state, logs) --> STARTING (turn own_start) --> UNSEALING (seal asked, turn own_unseal) --> READY
 */
#ifndef VOGT_ROLES_KEEP_H
#define VOGT_ROLES_KEEP_H

#include "base/time.h"
#include "engine/audit.h"
#include "engine/countersign.h"
#include "engine/device.h"
#include "engine/http_settings.h"
#include "engine/steady.h"
#include "engine/turn_inside.h"
#include "engine/vault.h"
#include "process/role_start.h"
#include "process/worker.h"

#include <pthread.h>

enum {
    MEMBERS_MAX = 32,
    RUNNING_MAX = 4096,
    RUNS_A_ROUND = 4096,          /* then replies leave and the next batch goes to store: whoever waits for the disk does not wait for all that came meanwhile */
    SPARE_MAX = 128,                    /* turns kept for the next requests */
    SPARE_TURN_MAX_BYTES = 64 << 10,    /* a turn that grew larger is freed */
    ASKED_MAX = 8,
    CACHE_MAX_BYTES = 8 << 20,
    CACHE_HUNGRY_BYTES = 192 << 20,     /* while a turn needs more rows at once than the cache holds: it would fetch them for ever */
    HUNGRY_ROUNDS = 12,                 /* a turn that ran so often without an end may be such a one */
    QUEUE_MAX_BYTES = 64 << 20,
    STORE_QUEUE_MAX_BYTES = 256 << 20,  /* several full batches while store syncs one */
    BATCH_FULL_BYTES = 56 << 20,        /* past this a batch is sent before the next turn goes into it */
    CHECKPOINT_EVERY_MS = 10000,
    TICK_EVERY_MS = 60000,
    LEASES_EVERY_MS = 5000,
    ANCHOR_EVERY_MS = 3600000,
    STOP_GRACE_MS = 2000,
    RESTORE_IDLE_MS = 600000,           /* the slowest part that gate waits for comes sooner */
};

/* Tasks in the order in which they came: putting in at the end and taking out anywhere cost the same however many there are. */
struct task_queue {
    struct task *first, *last;
    size_t count;
};

struct member {
    enum role role;
    uint64_t index, pid, restarts;
    char confinement[16], features[256];
    struct channel *channel;            /* NULL: gone */
    struct task_queue at_work;          /* sent and not answered; never more than capacity */
    size_t capacity;
};

enum origin { ORIGIN_GATE, ORIGIN_PARENT, ORIGIN_OWN };
enum run_state { RUN_RUNNABLE, RUN_WAITING, RUN_ENDED };

/* Turns under way. Every one stands in the list of all; a runnable or ended one also in the queue of its state. */
struct running {
    struct running *next, *previous, *queue_next;
    struct turn *turn;
    enum origin origin;
    enum run_state state;
    struct channel *gate;               /* compared only; a channel that went is NULL here */
    uint64_t frame_id;
    const char *operation;              /* of own turns */
    unsigned waiting;                   /* answers still to come */
    uint64_t waits_for;                 /* batch to be committed before the reply leaves */
    enum err result;
};

struct running_queue {
    struct running *first, *last;
};

/* One question of a FETCH, in order. ask NULL: the row `path`. */
struct question {
    struct running *running;
    struct ask *ask;
    struct slice path;
};

struct fetch {
    struct fetch *next;
    uint64_t id;
    struct question *questions;
    size_t count, capacity;
};

struct task {
    struct task *next, *previous;
    uint64_t id;                        /* of the WORK frame, once sent */
    struct running *running;
    struct ask *ask;
    struct task *same;                  /* others that asked the same meanwhile, and get this answer */
};

/* Records on their way to one audit device, and its process (keep_tell.c). */
struct tell_queue {
    struct tell_part *first, *last;
    size_t count, bytes;
};

struct teller {
    struct tell_queue waiting, at_work;
    bool is_stuck;                      /* did not answer in time: passed over until it does */
    bool is_known;
    uint8_t device[SHA256_BYTES];       /* digest of what it was told to be */
    int64_t asked_ms;                   /* the parent was asked to start it; 0: never */
    struct {
        int64_t taken_unix_ms, failed_unix_ms; /* the newest record of each kind since this start; 0: none */
        uint64_t failures;
        char english[COMPLAINT_DETAIL_BYTES], german[COMPLAINT_DETAIL_BYTES]; /* why the newest was not taken */
    } story;
};

struct publication {
    uint64_t id, size;                  /* in flight; id 0: none */
    int64_t last_ms;
};

/* Whose checkpoint store found, and whether its log is larger than the rows. */
struct found {
    char origin[96];                    /* empty: none */
    bool is_larger;
};

enum phase { PHASE_WAIT_STORE, PHASE_LOADING, PHASE_STARTING, PHASE_UNSEALING, PHASE_READY };

struct counters {
    uint64_t requests, refused, commits, fetches, works, crashes, turns;
};

struct keep {
    struct role_start start;
    enum phase phase;
    struct state *state;
    struct vault vault;
    struct audit *audit;
    struct surroundings around;
    struct arena *around_arena;
    struct member members[MEMBERS_MAX];
    size_t member_count;
    struct channel *store, *seal;
    struct running *running;            /* all, newest first */
    struct running_queue runnable, ended; /* ended: in the order of their batches */
    size_t running_count, hungry_count;
    struct turn *spare[SPARE_MAX];
    size_t spare_count;
    uint8_t seed[32];                   /* of the loop's present round; each turn's own seed is derived from it */
    uint64_t seeded;
    struct fetch *fetches, *open_fetch;
    struct task_queue waiting[ROLE_COUNT]; /* for a free member of that role */
    struct teller tellers[DEVICES_MAX];
    struct task_queue publishing[2];    /* turns that wait for a checkpoint: evidence, audit */
    size_t task_count;                  /* waiting, at work and publishing */
    struct publication publications[2]; /* evidence, audit */
    uint64_t next_id, sent_batch, committed_batch;
    uint64_t asked[ASKED_MAX];          /* of the parent, before READY: frame ids */
    const char *asked_operation[ASKED_MAX];
    size_t asked_count;
    struct tree_hash state_digest;      /* as the newest audit entry must name it */
    struct found found[2];              /* the checkpoints that store had when keep started: evidence, audit */
    bool is_held_against_found;         /* once, after the first unsealing */
    char certificate[16384];
    size_t certificate_len;
    bool is_settled;                    /* own_settle was begun since the last unsealing */
    bool authority_told;                /* every gate of now knows the agents' authority */
    struct http_settings http;          /* what gates shall keep to */
    uint64_t http_told;                 /* the number of what every gate of now was told */
    bool asks_all_told;                 /* what every gate of now was told of whom to ask for certificates */
    struct restoring restoring;         /* once done: nothing new is taken, and the parent was told to begin anew */
    struct counters counters;
    int64_t tick_ms, anchor_ms, leases_ms, countersign_ms[2];
    struct steady steady;
    struct found_anchor found_anchor;   /* of the clocks, as own_start found it */
    char boot[BOOT_ID_BYTES];           /* which start of the machine this is */
    struct countersign_config countersign;
    struct instant now;
    int slow_fds[2];                    /* the channel to the thread: here, there; -1: taken */
    pthread_t slow_thread;
    bool has_slow_thread;
    enum err (*start_slow)(struct keep *keep); /* keep_start_slow; NULL in tests without a thread */
    bool stopping;
    int64_t stop_mono_ns;               /* when STOP came; 0: the parent is gone */
    enum err failed;                    /* not ERR_NONE: keep must end */
    struct text failure;                /* what a person is told then; english NULL: the log says it */
};

/* keep_turns.c */
enum err keep_begin_request(struct keep *keep, struct channel *gate, uint64_t frame_id, struct slice body) must_check;
enum err keep_begin_own(struct keep *keep, enum origin origin, uint64_t frame_id, const char *operation, const struct json *input) must_check;
void keep_run(struct keep *keep, size_t most);          /* runnable turns, in the order in which they came to be */
bool keep_has_runnable(const struct keep *keep);
enum err keep_send_batch(struct keep *keep) must_check; /* COMMIT, then FETCH */
enum err keep_take_fetched(struct keep *keep, uint64_t id, struct slice body) must_check;
enum err keep_take_committed(struct keep *keep, uint64_t id, struct slice body) must_check;
void keep_new_seed(struct keep *keep);                  /* once a round */
void keep_release(struct keep *keep);                   /* replies whose batch is committed */
void keep_answered(struct keep *keep, struct running *running); /* one answer less to wait for */
void keep_forget_gate(struct keep *keep, const struct channel *gate);

/* keep_work.c */
enum err keep_add_task(struct keep *keep, struct running *running, struct ask *ask) must_check;
void keep_dispatch(struct keep *keep);
enum err keep_take_worked(struct keep *keep, struct member *member, uint64_t id, struct slice body) must_check;
enum err keep_take_staged(struct keep *keep, struct member *store, uint64_t id, struct slice body) must_check;
void keep_lose_member(struct keep *keep, struct member *member);
void keep_publish(struct keep *keep, enum log_id log);
enum err keep_take_published(struct keep *keep, uint64_t id, struct slice body) must_check;

/* keep_slow.c: a thread of keep's own for what takes long (RSA). It is a member like judge, and begun when it is first needed. */
enum err keep_prepare_slow(struct keep *keep) must_check;   /* before the sandbox */
enum err keep_start_slow(struct keep *keep) must_check;
void keep_end_slow(struct keep *keep);                      /* waits until its piece of work is done */

/* keep_tell.c: audit devices */
enum err keep_tell(struct keep *keep, struct running *running, struct ask *ask, struct slice records) must_check; /* ask NULL: the record of a reply */
void keep_told(struct keep *keep, struct running *running); /* the record of its reply was taken, or its reply replaced */
void keep_dispatch_tellers(struct keep *keep);
enum err keep_take_told(struct keep *keep, struct member *member, uint64_t id, struct slice body) must_check;
void keep_lose_teller(struct keep *keep, size_t slot, enum err err, const char *reason);
void keep_drop_teller(struct keep *keep, size_t slot);
void keep_drop_idle_tellers(struct keep *keep);
void keep_read_audit_directory(struct keep *keep);
/* How each device fares, into the entry of its process among `roles`; one without a process gets an entry. */
void keep_describe_tellers(const struct keep *keep, struct arena *arena, struct json *roles);
void keep_read_lease_times(struct keep *keep);

/* keep_reopen.c: a store older than what was published. */
enum err keep_find_checkpoint(struct keep *keep, enum log_id log, struct slice note, uint64_t published_size) must_check;
void keep_unsealed(struct keep *keep);                  /* only now the logs' names are known: is the store older? */
void keep_reopened(struct keep *keep);                  /* new origins: nothing is published under them yet */

/* keep_own.c: what follows a turn of keep's own; and the surroundings that turns see. */
void keep_own_ended(struct keep *keep, struct running *running);
void keep_greet_gate(struct keep *keep, struct channel *gate);
void keep_look_around(struct keep *keep);
void keep_set_clock(struct keep *keep);                   /* every round: what the steady clock shows */
void keep_anchor_clock(struct keep *keep);                /* writes an anchor when one is due */
void keep_tell_authority(struct keep *keep);              /* to every gate, once there is one */
void keep_tell_settings(struct keep *keep);               /* to every gate, when settings of HTTP changed */
void keep_tell_clients(struct keep *keep);                /* to every gate, when a login by certificate came or went */
void keep_countersign(struct keep *keep);                /* witnesses and time-stamps of what is published, once a minute */
enum err keep_end_idle_restore(struct keep *keep) must_check; /* of a snapshot that came in part and goes on no more */
void keep_read_countersign(struct keep *keep);           /* the configuration; one line of log for each thing wrong */
const char *keep_config(const struct keep *keep, const char *name);

#endif
