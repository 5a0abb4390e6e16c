/*
 * A small ledger for tests of verification, made with SQL and plain files and nothing of store: both logs
 * with their rows, blobs and tiles, published twice. Never part of a daemon. What cannot be made aborts.
 */
#ifndef VOGT_LEDGER_VERIFY_WORLD_H
#define VOGT_LEDGER_VERIFY_WORLD_H

#include "ledger/verify.h"
#include "store/sethash.h"

#include <sqlite3.h>

enum { FILE_MAX_BYTES = 1 << 20, FILES_MAX = 64 };

struct world {
    char directory[32];
    int directory_fd, log_fd[LOG_AUDIT + 1];
    uint8_t seed[LOG_AUDIT + 1][ED25519_SEED_BYTES];
    struct note_key keys[LOG_AUDIT + 1];
    struct tree trees[LOG_AUDIT + 1];
    struct buf checkpoints[LOG_AUDIT + 1];
    struct buf entries[LOG_AUDIT + 1];
    struct tree_hash *leaves[LOG_AUDIT + 1];
    struct sethash sethash;
    sqlite3 *database;
    int schema;
    uint64_t pruned_below;
    size_t file_count; /* as world_list found them */
    char files[FILES_MAX][TILE_PATH_BYTES];
};

/* `size` entries in each log, published at first_size (0: not) and at the end. Without a database there is
 * the evidence log alone. */
void world_make(struct world *world, bool with_database, uint64_t first_size, uint64_t size);
/* As a Vogt of schema 1 left it: the set-hash without due times. */
void world_make_schema_1(struct world *world, uint64_t size);
/* With the records of the audit log pruned below an entry, and the row that says so. */
void world_make_pruned(struct world *world, uint64_t size, uint64_t below);
void world_free(struct world *world);
/* Every file of a log. */
void world_list(struct world *world, uint8_t log);
void world_write(int directory_fd, const char *path, struct slice bytes);
void world_read(int directory_fd, const char *path, struct buf *bytes);
/* Opens vogt.db, runs this, closes it. False: SQLite refused. */
bool world_sql(struct world *world, const char *text);

/* Nothing is wrong; an error is as loud as a finding. `known` may be empty. */
bool world_tiles_good(struct world *world, uint8_t log, struct slice known);
bool world_rows_good(struct world *world);
enum err world_rows_check(struct world *world, struct slice known,
                          struct verify_report *report) must_check;

/* For whatever a test needs and cannot go on without. */
void world_must(bool good, const char *what);
#define MUST(expression) world_must((expression), #expression)

#endif
