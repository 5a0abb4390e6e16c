/*
 * Rows and log entries in memory: what store is to keep, for tests of turns. It takes COMMIT bodies, holds them to their conditions
 * (versions, indexes, intended sizes and roots), and answers needs in store's words (store/wire.h).
 * It owns its rows. Nothing here is durable, and it is never part of a daemon.
 */
#ifndef VOGT_ENGINE_MEMORY_ROWS_H
#define VOGT_ENGINE_MEMORY_ROWS_H

#include "ledger/tree.h"
#include "store/sethash.h"
#include "store/wire.h"

struct memory_row {
    struct buf path, bytes;
    uint64_t version, due_ms;
};

struct memory_rows {
    struct memory_row *list;                            /* sorted by path */
    size_t row_count, row_capacity;
    struct buf *entries[2];                             /* evidence, audit */
    size_t entry_count[2], entry_capacity[2];
    struct tree trees[2];                               /* over those entries */
    uint64_t published[2];
};

void memory_rows_free(struct memory_rows *rows);
/* ERR_CONFLICT: a version, an index or a root is not what the rows hold. Earlier changes of the body stay: the test is over. */
enum err memory_rows_commit(struct memory_rows *rows, struct slice body) must_check;
/* Every kind of need but ROW and STATE. No note is signed: a log answers its size, and no checkpoint; no tile exists. */
enum err memory_rows_answer(const struct memory_rows *rows, const struct need *need, struct buf *out) must_check;

const struct memory_row *memory_row(const struct memory_rows *rows, struct slice path);       /* NULL: absent */
struct stored_row memory_stored(const struct memory_row *row);                               /* borrows; NULL: nothing */
size_t memory_row_count(const struct memory_rows *rows);
bool memory_has_row(const struct memory_rows *rows, const char *path);
uint64_t memory_row_version(const struct memory_rows *rows, const char *path);               /* 0: absent */
struct slice memory_row_bytes(const struct memory_rows *rows, const char *path);             /* as stored, sealed */
size_t memory_entry_count(const struct memory_rows *rows, enum log_id log);
struct slice memory_entry(const struct memory_rows *rows, enum log_id log, size_t index);
/* The set-hash, counted anew from the rows themselves. */
enum err memory_state_digest(const struct memory_rows *rows, uint8_t ret_digest[SHA256_BYTES]) must_check;
/* SHA-256 over every row and entry: equal for equal histories. */
void memory_fingerprint(const struct memory_rows *rows, uint8_t ret_digest[SHA256_BYTES]);

#endif
