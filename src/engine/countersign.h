/*
 * Who countersigns the logs: witnesses (C2SP tlog-witness) and a time-stamping authority (RFC 3161), as configured; what is known of each; and
 * what that says about a log. Nothing here talks to them: the own turns own_witness and own_timestamp do, through reach and judge.
 *
 *   witness "name" { url = "https://…"  vkey = "name+id+key"  every = "10m" }       several
 *   timestamp      { url = "https://…"  every = "1h"  trust = <<EOT PEM EOT }        at most one
 *
 * Rows: ledger/witness/<log>/<name>   {"size","at_ms","line","failed_since_ms","reason","known_size"}: newest checkpoint that it cosigned; 0 absent
 *       ledger/timestamp/<log>        {"size","at_ms","note","token": base64,"chained","failed_since_ms","reason"}
 */
#ifndef VOGT_ENGINE_COUNTERSIGN_H
#define VOGT_ENGINE_COUNTERSIGN_H

#include "engine/turn.h"

enum {
    WITNESSES_MAX = 16,
    COUNTERSIGN_RETRY_MS = 60000,       /* keep looks this often; nobody is asked more often */
};

/* One of them. Slices borrow from the configuration. */
struct countersigner {
    struct slice name, url, vkey, trust;
    uint16_t port;
    int64_t every_ms;
    struct complaint problem;           /* its text is NULL if all is well; else it is never asked, and counts as one that does not sign */
};

struct countersign_config {
    struct countersigner witnesses[WITNESSES_MAX];
    size_t witness_count;
    struct countersigner stamper;
    bool has_stamper;
    struct complaint problem;           /* of the whole: too many */
};

/* `config` is the configuration file as a tree; NULL: none. Never fails: what is wrong stands in the problems, for one line of log each. */
void countersign_config_read(const struct json *config, struct countersign_config *ret_config);
/* NULL: none of this name, or no configuration. */
const struct countersigner *countersign_find(const struct countersign_config *config, struct slice name);

/* "evidence", "audit". */
const char *countersign_log_name(enum log_id log);
/* The published note with the cosignatures of its own size. ERR_NOT_FOUND: nothing is published. */
enum err countersign_checkpoint(struct turn *turn, enum log_id log, struct slice *ret_note, uint64_t *ret_size) must_check;
/* The token over the newest stamped checkpoint (DER). ERR_NOT_FOUND. */
enum err countersign_token(struct turn *turn, enum log_id log, struct slice *ret_token) must_check;
/* Sets "witnesses", "unwitnessed_since" and "timestamp" of a log whose published size this is. */
enum err countersign_describe(struct turn *turn, enum log_id log, uint64_t published, struct json *out) must_check;
/* Starts own_witness for every witness, whether due or not. */
enum err countersign_ask_now(struct turn *turn, enum log_id log) must_check;

#endif
