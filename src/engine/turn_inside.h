/*
 * The inside of a turn: what keep's loop needs to drive it. Operations never include this.
 *
 *   turn_new -> turn_begin_request / turn_begin_input -> turn_run --ERR_NEED--> asks and works are served -> turn_run ... -> turn_apply -> turn_free
 */
#ifndef VOGT_ENGINE_TURN_INSIDE_H
#define VOGT_ENGINE_TURN_INSIDE_H

#include "engine/turn.h"

enum {
    TURN_ARENA_MAX_BYTES = 640 << 20,   /* of one run, and of what outlives runs: an estate of 20,000 subjects, all of them told by one source */
    TURN_ROUNDS_MAX = 4096,             /* runs of one turn: a report over long logs asks in slices */
    TURN_EFFECTS_MAX_BYTES = 48 << 20,  /* what a source with 10,000 people brings at its first run; a batch holds one such turn */
    TURN_REFUSAL_MAX_BYTES = 64 << 10,  /* of the reply that says what went wrong, when the run itself left no room */
};

enum ask_state { ASK_OPEN, ASK_SENT, ASK_DONE };

/* One thing that an operation asked for and that outlives its runs: a list, log entries, a tile; or a piece of work. Rows go to the state instead. */
struct ask {
    struct ask *next;
    enum ask_state state;
    struct slice key;                   /* the encoded question */
    struct need need;                   /* role == ROLE_NONE */
    enum role role;                     /* ROLE_STORE: publish need.log, or with a work: stage */
    const char *work;
    struct slice input, raw;            /* packed */
    /* the answer */
    uint64_t change_number;             /* of the state, when a list was fetched */
    enum err err;
    struct complaint complaint;
    struct slice output, output_raw;
    int64_t at_ms;
};

struct effect {
    struct effect *next;
    struct slice path, bytes;
    int64_t due_ms;
    bool is_delete;
};

struct started {
    struct started *next;
    const char *operation;
    struct slice input;                 /* packed */
};

/* In the run's arena: let go of before that is. */
struct held_row {
    struct held_row *next;
    struct opened_row *opened;
};

struct turn_private {
    struct arena *lasting;              /* the request, answers; until the turn ends */
    struct arena *refusal;              /* NULL until a refusal found no room in the run's arena */
    uint8_t seed[32];
    uint64_t random_count;
    unsigned rounds;
    bool needs;                         /* this run asked for something that is not there */
    struct slice *row_asks;             /* paths to fetch, of this run */
    size_t row_ask_count, row_ask_capacity;
    struct held_row *held;              /* opened rows that this run reads and the reply may rest on */
    struct ask *asks;
    struct effect *effects, *last_effect;
    struct effect *last_kept;           /* up to here an error takes nothing back */
    size_t effect_bytes;
    struct slice *evidence;             /* payload texts, of this run */
    size_t evidence_count, evidence_capacity;
    struct started *started;
    struct slice ignored;               /* names in the body that the engine's route does not know; of this run */
    struct buf scratch;
    operation_fn operation;
    const struct request *request;      /* as gate sent it; a run below a mount sees a copy whose body was checked */
    const struct json *devices;         /* audit devices of a request that is told; NULL: none */
    bool is_mounted;                    /* no row of the table knows the path: the mount decides in every run anew */
    bool may_be_mounted;                /* the path as it came lies outside of the table (namespace.c) */
    bool is_counted;                    /* against a rate limit: once a request */
    uint64_t id;                        /* keep's: frame id, gate */
    size_t gate;
    uint64_t waits_for;                 /* batch number */
};

struct turn *turn_new(struct state *state, const struct surroundings *around);
void turn_free(struct turn *turn);
/* Makes an ended turn as good as new, so that keep need not allocate one for every request. */
void turn_reset(struct turn *turn);
size_t turn_memory(const struct turn *turn);         /* bytes that this turn came to hold */
/* `body` is copied. ERR_MALFORMED: gate broke the protocol. Not finding the route is a reply, not an error. */
enum err turn_begin_request(struct turn *turn, struct slice body, int64_t now_ms, const uint8_t seed[32]) must_check;
enum err turn_begin_input(struct turn *turn, const char *operation, struct slice packed_input, int64_t now_ms, const uint8_t seed[32]) must_check;

/* Runs the operation. ERR_NEED: serve the asks and run again. Anything else ends the turn with turn->reply set. */
enum err turn_run(struct turn *turn) must_check;
/* Takes the turn's changes and records into the state's open batch. Only after turn_run ended; if it ended with an error, only what turn_keep_changes kept. */
enum err turn_apply(struct turn *turn) must_check;
/* Ends a turn that can not be run again because what it asked for failed: nothing of its last run remains. */
void turn_fail(struct turn *turn, enum err err);

/* A stored row in plain; the bytes live as long as the run. */
enum err turn_open_row(struct turn *turn, const struct stored_row *row, struct slice *ret_bytes) must_check;

/* Lets go of the opened rows that the run held (turn_rows.c). */
void turn_release_rows(struct turn *turn);

/* The operation of a route or of keep's own turns, by name; NULL if there is none (operations.c). */
operation_fn operation_find(const char *name);

/* The envelope around data or auth, with the request's id (reply.c). */
struct json *reply_envelope(struct turn *turn, const struct json *data, const struct json *auth);
/* Turns an error of the operation into the reply (reply.c). */
void reply_error(struct turn *turn, enum err err);

/* The record of the request, told to the audit devices (device.h) once a turn, whatever its later runs see: ERR_NEED until one took it or all failed. */
enum err turn_tell(struct turn *turn, struct slice records) must_check;
/* A second telling in the same turn: a device that is being made is tried. */
enum err turn_tell_again(struct turn *turn, struct slice records) must_check;
bool turn_told_already(const struct turn *turn);
bool turn_tell_failed(const struct turn *turn);   /* no device took the request: its refusal would find none either */

/* Token and policies of the request against its route: fills turn->caller (policy.c, token.c). */
enum err turn_authorize(struct turn *turn) must_check;

#endif
