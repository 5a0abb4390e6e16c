/*
 * The store's tables. It owns the database and its one lock; it knows nothing of keys, requests or
 * what a row means. Two implementations, chosen by what a program links: SQLite on the file layer
 * (rows*.c), and a PostgreSQL connection (postgres*.c).
 *
 *   row    every encrypted row, by path: version, when it is due, bytes
 *   entry  the logs' entries, by log and index
 *   log    one row a log: size, root, right edge (edge.h), what was published last
 *   meta   "state": the saved set-hash; "epoch"; "state-1" between a migration and the next commit
 *
 * Their SQL is schema.def, their history schema.h; in PostgreSQL postgres_schema.def. SQLite: WAL,
 * synchronous=FULL, locked as long as it is open.
 *
 * A change is begun, made up of parts, and committed or rolled back; committed means synced. The
 * logs' heads in memory follow the commit.
 */
#ifndef VOGT_STORE_ROWS_H
#define VOGT_STORE_ROWS_H

#include "store/file.h"
#include "store/heads.h"

struct rows;
struct rows_source; /* of PostgreSQL: postgres.h */

enum { STATE_MAX_BYTES = 4096 };

/* `source`: NULL, SQLite's vogt.db; else borrowed as long as the rows are open. ERR_NEWER, ERR_LOCKED,
 * ERR_DAMAGED (also: it is not there and may not be made), ERR_READ_ONLY, ERR_FULL, ERR_INVALID
 * (another program's database). */
enum err rows_open(struct files *files, struct rows_source *source, bool may_create,
                   struct rows **ret_rows) must_check;
void rows_close(struct rows *rows);
/* What was committed last may be lost, or the database is gone: nothing may be asked any more. */
bool rows_failed(const struct rows *rows);

/* Reading: each appends its answer as store/wire.h lays it out. Between begin and end all see one
 * state. `needs`: a FETCH's count and needs, which whoever has a long way to its database may ask
 * for all at once; or nothing. They are then read in that order. */
enum err rows_read_begin(struct rows *rows, struct slice needs) must_check;
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

/* Changing. ERR_CONFLICT from a part or from commit, which may be the first to hear of it: roll back.
 * After any error but ERR_NONE of commit nothing was changed as far as this process sees; where
 * rows_failed says so, nobody knows. What the parts were given must live until then. */
enum err rows_begin(struct rows *rows,
                    uint64_t epoch) must_check; /* ERR_LOCKED: a later epoch has been here */
enum err rows_change(struct rows *rows, const struct change *change) must_check;
enum err rows_append(struct rows *rows, const struct append *append) must_check;
enum err rows_intend(struct rows *rows, const struct log_intent *intent)
    must_check; /* after the appends; ERR_INVALID: another size, or twice */
enum err rows_save_state(struct rows *rows, struct slice state) must_check;
enum err
rows_commit(struct rows *rows) must_check; /* ERR_INVALID: entries appended without an intent */
struct slice rows_conflict(const struct rows *rows); /* the path of the change that met ERR_CONFLICT last */
void rows_roll_back(struct rows *rows);
enum err rows_publish(struct rows *rows, uint8_t log, uint64_t size,
                      struct slice note) must_check; /* a transaction of its own */

/* Moves the WAL into the database once it has this many pages; best called when replies have left. */
enum err rows_tidy(struct rows *rows, int pages) must_check;

#endif
