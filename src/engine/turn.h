/*
 * A turn: one execution of one request as a pure function of the request, rows, answers of workers, time and randomness.
 *
 * An operation asks for what it needs; whatever is not there yet makes the call return ERR_NEED, and the operation returns that at once. Keep fetches the rows of
 * a whole batch of turns in one message (or hands work to judge, reach, look) and runs the operation again from its beginning; everything it asked for before is
 * there then, time and randomness are the same as before. Only a run that ends with another result than ERR_NEED has effects: its changes, ledger records and
 * reply are taken together, in one transaction, and the reply leaves after the commit. So an operation reads like straight code, never waits and never sees half of
 * another's change. See README.md for a worked example.
 */
#ifndef VOGT_ENGINE_TURN_H
#define VOGT_ENGINE_TURN_H

#include "engine/route.h"
#include "engine/state.h"
#include "process/role.h"

struct turn;
struct vault;
struct mount;
struct countersign_config;
struct found_anchor;
struct limiter;
struct http_settings;
struct identity;
typedef enum err (*operation_fn)(struct turn *turn);

enum capability {
    CAPABILITY_CREATE = 1,
    CAPABILITY_READ = 2,
    CAPABILITY_UPDATE = 4,
    CAPABILITY_DELETE = 8,
    CAPABILITY_LIST = 16,
    CAPABILITY_SUDO = 32,
    CAPABILITY_PATCH = 64,
    CAPABILITY_DENY = 128,
    CAPABILITY_SCAN = 256,
};

/* A part of the path space with mounts, policies and tokens of its own (namespace.h); all empty: the root. */
struct namespace {
    struct slice path;              /* "team/dev" */
    struct slice id;
    struct slice rows;              /* "n/ID/", ends with a NUL byte */
    bool is_by_path;                /* of a request: its path names it, at least in part, so gate did not know the route */
};

/* Who asks, once the token was found good. */
struct caller {
    struct slice token_id;          /* the row's name: an HMAC of the token, never the token */
    struct slice accessor;
    struct slice name;              /* the person or service, as shown and recorded */
    const struct json *token;       /* its row; NULL when a certificate called */
    const struct json *policies;    /* names: the token's, and those of its identity */
    struct slice certificate;       /* name of the certificate's row: hex of its SHA-256; empty with a token */
    const struct identity *identity; /* who is behind the token (engine/entity.h); NULL: nobody is known */
    bool is_root;
    struct namespace space;         /* that of the token: its policies are those of it, and speak of paths from there on */
};

/* A snapshot that is being put back: looked at and recorded, then done. In keep's memory only. */
struct restoring {
    uint64_t coming;                /* what store has, or is being sent, parts of; 0: nothing */
    int64_t heard_ms;               /* when something was last done with it, of the steady clock */
    uint64_t id;                    /* of what was looked at and recorded; 0: nothing */
    uint64_t index;                 /* of its record in the evidence log */
    bool is_other_key;              /* the root key of now does not open it */
    const struct turn *done;        /* the turn in which it took the store's place; NULL: not yet */
};

/* What keep knows that is in no row: set once a turn, read only. */
struct surroundings {
    bool initialized, sealed, reopen_needed;
    int64_t started_ms;
    int64_t steady_ahead_ms;        /* of the clock of leases before the wall's (engine/steady.h) */
    const struct json *roles;       /* status of every role, as READY and ENDED told */
    const struct json *counters;
    const char *address;            /* "https://localhost:8200" */
    const char *directory;          /* for messages */
    const char *storage;            /* "sqlite", "postgresql"; NULL: a test's */
    const char *audit_directory;    /* where file devices write, as paths name it */
    const struct countersign_config *countersign; /* witnesses and time-stamps as configured; NULL: none */
    struct found_anchor *anchor;    /* own_start puts here what the store knows of the clocks; NULL: nobody asks */
    uint64_t default_lease_s, max_lease_s; /* as configured; 0: 32 days */
    struct limiter *limiter;        /* rate limits (quota.h); NULL: none are held to */
    struct http_settings *http;     /* what gates are told (http_settings.h); NULL: nobody is */
    struct restoring *restoring;    /* NULL: nothing is put back */
    struct vault *vault;            /* the key that names tokens; and for the operations that initialise, unseal, seal and rotate */
};

struct turn {
    struct arena *arena;
    struct state *state;
    const struct request *request;
    const struct route *route;
    struct slice values[ROUTE_VALUES_MAX];
    struct namespace space;         /* of the request; its path begins there */
    const struct mount *mount;      /* of a request below one; else NULL */
    const struct json *input;       /* of a turn that keep started itself */
    struct caller caller;
    int64_t now_ms;                 /* of the wall: what people see, evidence, certificates */
    int64_t steady_ms;              /* of the clock that no step of the wall moves: tokens and leases live by it */
    const struct surroundings *around;

    struct reply reply;
    struct complaint complaint;
    uint32_t retry_after_s;         /* of a refusal for now: when to come again; 0: not said */
    struct turn_private *inside;
};

/* How long tokens and leases live where nothing says less, and how long at most, in seconds: as configured, else 32 days. */
uint64_t turn_default_ttl_s(const struct turn *turn);
uint64_t turn_max_ttl_s(const struct turn *turn);

/* Rows. ERR_NEED, ERR_NOT_FOUND, ERR_SEALED, ERR_FORGED (the row is damaged). The bytes live as long as the run. */
enum err turn_row(struct turn *turn, const char *path, struct slice *ret_bytes) must_check;
enum err turn_json(struct turn *turn, const char *path, const struct json **ret_tree) must_check;
bool turn_want(struct turn *turn, const char *path);      /* asks without reading, so that one fetch brings several; true if it is there */
/* Says that no row of this path can exist, because its name was drawn at random just now: spares a fetch. */
enum err turn_is_new(struct turn *turn, const char *path) must_check;
struct turn_names {
    struct slice *names;            /* LIST: whole paths; NAMES: segments, folders with '/' */
    struct slice *bytes;            /* LIST: plain row, may be NULL for NAMES */
    size_t count;
};
enum err turn_list(struct turn *turn, const char *prefix, struct slice after, uint32_t limit, struct turn_names *ret_rows) must_check;
enum err turn_names(struct turn *turn, const char *prefix, struct slice after, uint32_t limit, struct turn_names *ret_names) must_check;
enum err turn_due(struct turn *turn, int64_t before_ms, uint32_t limit, struct turn_names *ret_rows) must_check;        /* by the wall's clock */
enum err turn_due_leases(struct turn *turn, uint32_t limit, struct turn_names *ret_rows) must_check;                    /* by the steady clock, now */
/* Is there such a row? ERR_NONE, ERR_NOT_FOUND, ERR_NEED: without opening it. */
enum err turn_exists(struct turn *turn, const char *path) must_check;
enum err turn_entries(struct turn *turn, enum log_id log, uint64_t first, uint32_t count, struct slice **ret_entries, size_t *ret_count) must_check;
enum err turn_tile(struct turn *turn, enum log_id log, uint8_t level, uint64_t number, uint16_t width, struct slice *ret_bytes) must_check;
enum err turn_checkpoint(struct turn *turn, enum log_id log, struct slice *ret_note, uint64_t *ret_size) must_check;

/* A copy of the database (store/snapshot.h): what is SNAPSHOT_COPY, _READ or _END, number a step or a part. The error is the copy's own. */
struct turn_snapshot {
    bool is_ready;
    uint64_t size_bytes;
    struct slice bytes;
};
enum err turn_snapshot(struct turn *turn, uint8_t what, uint64_t id, uint32_t number, struct turn_snapshot *ret_snapshot) must_check;

/* A part of a database that shall take the store's place, or what is done with it (store/wire.h). The error in the answer is the store's own. */
enum err turn_stage(struct turn *turn, const struct stage_ask *stage, struct stage_answer *ret_staged) must_check;

/* The wall's time of a moment of the steady clock, for people. */
int64_t turn_wall_ms(const struct turn *turn, int64_t steady_ms);

/* Changes, seen by later reads of the same turn. due_ms 0: none; of the wall's clock, or turn_due_steady(…) of the steady one. */
int64_t turn_due_steady(int64_t steady_ms);
enum err turn_put(struct turn *turn, const char *path, struct slice bytes, int64_t due_ms) must_check;
enum err turn_put_json(struct turn *turn, const char *path, const struct json *tree, int64_t due_ms) must_check;
enum err turn_delete(struct turn *turn, const char *path) must_check;
/* What this turn changed so far is done even if it ends with an error: the use of a token is used up by a refused request too. */
void turn_keep_changes(struct turn *turn);

/* A record in the evidence log: {"type":type,"time":now, members of `body`…}. *ret_index (may be NULL) is its index. */
enum err turn_evidence(struct turn *turn, const char *type, const struct json *body, uint64_t *ret_index) must_check;

/* Work by judge, reach or look. ERR_NEED until it is done; then its own error and complaint, or its output. */
enum err turn_work(struct turn *turn, enum role role, const char *name, const struct json *input, struct slice raw,
                   const struct json **ret_output, struct slice *ret_raw, int64_t *ret_at_ms) must_check;

/* A publication of the log up to its present size: ERR_NEED until store has synced tiles and checkpoint. */
enum err turn_publish(struct turn *turn, enum log_id log) must_check;

/* The same bytes in every run of the turn. */
void turn_random(struct turn *turn, void *out, size_t len);

/* Starts another turn of keep's own after this one has committed: the operation's name and its input. */
enum err turn_start(struct turn *turn, const char *operation, const struct json *input) must_check;

/* Replies. `data` goes into Vault's envelope; `top` is the whole body. Each returns ERR_NONE or ERR_MEMORY. */
enum err turn_reply_data(struct turn *turn, const struct json *data) must_check;
/* {"keys":[…]}; NULL: no memory. */
struct json *turn_keys(struct turn *turn, const struct turn_names *names);
/* The names below a prefix, behind the query's `after`, at most `limit`. ERR_NOT_FOUND when there are none: Vault's clients expect 404. */
enum err turn_reply_names(struct turn *turn, const char *prefix, uint32_t limit) must_check;
enum err turn_reply_both(struct turn *turn, const struct json *data) must_check; /* and its members at the top beside the envelope, as sys/mounts has it */
enum err turn_reply_auth(struct turn *turn, const struct json *auth) must_check;
enum err turn_reply_top(struct turn *turn, uint16_t status, const struct json *top) must_check;
enum err turn_reply_raw(struct turn *turn, const char *content_type, const char *file_name, struct slice raw) must_check;
/* Sets lease id, renewable and duration of the reply that was just made. */
enum err turn_reply_lease(struct turn *turn, struct slice lease_id, bool renewable, uint64_t seconds) must_check;
/* 303: the browser goes on to this path of ours, which only the caller of this function may have made: it stands in a header. */
enum err turn_reply_redirect(struct turn *turn, struct slice path) must_check;
enum err turn_reply_none(struct turn *turn) must_check;                        /* 204 */
/* An envelope without data that says one thing to the caller. */
enum err turn_reply_warning(struct turn *turn, uint16_t status, const char *warning) must_check;
/* Adds a warning to the envelope that was just made. */
enum err turn_reply_warn(struct turn *turn, const char *warning) must_check;
/* A refusal with one clear message; returns `err`. */
enum err turn_refuse(struct turn *turn, enum err err, struct text text, struct slice detail) must_check;

struct slice turn_field(const struct turn *turn, const char *name);            /* a string of the body; empty if absent */
struct slice turn_query(const struct turn *turn, const char *name);

/* A path in the arena: "token/%s"; aborts never, NULL is refused by every call above as ERR_MEMORY. */
#define turn_path(turn, ...) arena_printf((turn)->arena, __VA_ARGS__)

#endif
