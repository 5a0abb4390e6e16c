/*
 * The state as keep sees it: a bounded cache of sealed rows over what store holds, the changes not yet committed, the barrier, the set-hash and the
 * edges of both logs. It owns no key but through the barrier, does no I/O and asks nobody for anything: rows are supplied to it, batches are taken from it.
 *
 * Reading gives the newest row, committed or not; a reply that may rest on an uncommitted row must wait for state_batch_number() to be acknowledged.
 * Rows below "boot/" are stored as they are (they are needed before unsealing), all others sealed by the barrier.
 */
#ifndef VOGT_ENGINE_STATE_H
#define VOGT_ENGINE_STATE_H

#include "engine/opened.h"
#include "ledger/tree.h"
#include "store/barrier.h"
#include "store/sethash.h"
#include "store/wire.h"

struct state;

enum lookup { LOOKUP_UNKNOWN, LOOKUP_ABSENT, LOOKUP_FOUND };

struct log_edge {
    struct tree tree;               /* what the open batch will make of it */
    uint64_t published_size;        /* of the last checkpoint */
    int64_t published_at_ms;
};

struct state *state_new(size_t cache_max_bytes);
void state_free(struct state *state);                          /* wipes */

/* The barrier moves in; NULL seals. Cached rows are dropped either way. */
void state_set_barrier(struct state *state, struct barrier *barrier);
struct barrier *state_barrier(struct state *state);            /* NULL while sealed */
struct sethash *state_sethash(struct state *state);
struct log_edge *state_log(struct state *state, enum log_id log);

/* The stored form. LOOKUP_UNKNOWN: store has to be asked. Borrowed until the next call that changes the state. */
enum lookup state_row(struct state *state, struct slice path, struct stored_row *ret_row);
/* What store answered (`row` NULL: there is none); ignored where the state knows a newer one. The row's own path does not count. */
enum err state_supply(struct state *state, struct slice path, const struct stored_row *row) must_check;
/* The plain form of a stored row, appended to `out`. ERR_SEALED, ERR_FORGED. */
enum err state_open(struct state *state, const struct stored_row *row, struct buf *out) must_check;

/* Rows of mounts, policies, tokens and identities are read by every request and hold no secrets: they stay opened in the cache (opened.h) until they change, go or the
 * barrier does. */
/* *ret_opened, to be released: NULL for any other row, and for one that is too large. ERR_SEALED, ERR_FORGED, ERR_MEMORY. */
enum err state_hold(struct state *state, const struct stored_row *row, struct opened_row **ret_opened) must_check;

/* Changes, into the open batch. The row must be known (state_row not LOOKUP_UNKNOWN). nonce: XAES_NONCE_BYTES fresh random bytes. */
enum err state_put(struct state *state, struct slice path, struct slice plain, uint64_t due_unix_ms, const uint8_t *nonce) must_check;
enum err state_delete(struct state *state, struct slice path) must_check;
enum err state_append(struct state *state, enum log_id log, struct slice entry) must_check;

/* Has a path below `prefix` changed since change number `since` (as state_change_number gave it)? Says yes when it cannot know. */
uint64_t state_change_number(const struct state *state);
bool state_changed_below(const struct state *state, struct slice prefix, uint64_t since);
/* ... and is such a change still in the open batch, unseen by store? */
bool state_open_below(const struct state *state, struct slice prefix);

/* The open batch: number (grows by one with each batch taken), whether it holds anything, and its COMMIT body. */
uint64_t state_batch_number(const struct state *state);
bool state_batch_is_empty(const struct state *state);
size_t state_batch_bytes(const struct state *state);                /* of the open batch, as it would be sent */
enum err state_batch_take(struct state *state, struct buf *out) must_check;
void state_batch_committed(struct state *state, uint64_t number);   /* its rows may now be evicted */
void state_trim(struct state *state);                               /* evicts down to the maximum */
void state_set_cache(struct state *state, size_t max_bytes);
size_t state_cached_bytes(const struct state *state);

#endif
