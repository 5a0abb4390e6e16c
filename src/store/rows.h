/*
 * The store's tables in SQLite, on the file layer. It owns the database and its one lock; it knows
 * nothing of keys, requests or what a row means.
 *
 *   row    every encrypted row, by path: version, when it is due, bytes
 *   entry  the logs' entries, by log and index
 *   log    one row a log: size, root, right edge (edge.h), what was published last
 *   meta   "state": the saved set-hash; "epoch"; "state-1" between a migration and the next commit
 *
 * Their SQL is schema.def, their history schema.h. WAL, synchronous=FULL, locked as long as it is
 * open.
 *
 * A change is begun, made up of parts, and committed or rolled back; committed means synced. The
 * logs' heads in memory follow the commit.
 */
#ifndef VOGT_STORE_ROWS_H
#define VOGT_STORE_ROWS_H

#include "store/edge.h"
#include "store/file.h"
#include "store/wire.h"

struct rows;

enum { STATE_MAX_BYTES = 4096 };

struct log_head {
    struct edge edge;           /* holds the size */
    uint8_t root[SHA256_BYTES]; /* as intended by keep at that size */
    uint64_t published_size;
};

/* ERR_NEWER, ERR_LOCKED, ERR_DAMAGED, ERR_READ_ONLY, ERR_FULL, ERR_INVALID (another program's
 * database). *ret_created: it was not there before. */
enum err rows_open(struct files *files, const char *name, struct rows **ret_rows,
                   bool *ret_created) must_check;
void rows_close(struct rows *rows);

/* Reading: each appends its answer as store/wire.h lays it out. Between begin and end all see one
 * state. */
enum err rows_read_begin(struct rows *rows) must_check;
void rows_read_end(struct rows *rows);
enum err rows_row(struct rows *rows, struct slice path, struct buf *out) must_check;
enum err rows_list(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit,
                   struct buf *out) must_check;
enum err rows_due(struct rows *rows, uint64_t before_unix_ms, uint32_t limit,
                  struct buf *out) must_check; /* at or before */
enum err rows_names(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit,
                    struct buf *out) must_check;
enum err rows_entries(struct rows *rows, uint8_t log, uint64_t first, uint32_t count,
                      struct buf *out) must_check;
enum err rows_state(struct rows *rows,
                    struct buf *out) must_check; /* the saved set-hash alone, no length */
/* As schema 1 had it: there after a migration, until the next commit; else nothing is appended. */
enum err rows_state_1(struct rows *rows, struct buf *out) must_check;
const struct log_head *rows_log(const struct rows *rows, uint8_t log);
enum err rows_checkpoint(struct rows *rows, uint8_t log,
                         struct buf *out) must_check; /* the note last published, alone */
/* Every row in order of path, for checks. */
typedef enum err (*row_visit_fn)(void *context, const struct stored_row *row);
enum err rows_visit(struct rows *rows, row_visit_fn visit, void *context) must_check;
/* SQLite's own check of every page and index. ERR_DAMAGED. */
enum err rows_integrity(struct rows *rows) must_check;

/* Changing. ERR_CONFLICT from a part: roll back. After any error but ERR_NONE of commit nothing was
 * changed as far as this process sees. */
enum err rows_begin(struct rows *rows,
                    uint64_t epoch) must_check; /* ERR_LOCKED: a later epoch has been here */
enum err rows_change(struct rows *rows, const struct change *change) must_check;
enum err rows_append(struct rows *rows, const struct append *append) must_check;
enum err rows_intend(struct rows *rows, const struct log_intent *intent)
    must_check; /* after the appends; ERR_INVALID: another size, or twice */
enum err rows_save_state(struct rows *rows, struct slice state) must_check;
enum err
rows_commit(struct rows *rows) must_check; /* ERR_INVALID: entries appended without an intent */
void rows_roll_back(struct rows *rows);
enum err rows_publish(struct rows *rows, uint8_t log, uint64_t size,
                      struct slice note) must_check; /* a transaction of its own */

/* Moves the WAL into the database once it has this many pages; best called when replies have left. */
enum err rows_tidy(struct rows *rows, int pages) must_check;

#endif
