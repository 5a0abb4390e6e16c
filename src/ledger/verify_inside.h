/* What verify_rows.c and its parts (verify_database.c, verify_logs.c, verify_state.c) share; nobody else
 * includes it. */
#ifndef VOGT_LEDGER_VERIFY_INSIDE_H
#define VOGT_LEDGER_VERIFY_INSIDE_H

#include "ledger/verify.h"

#include <sqlite3.h>

#define DATABASE_NAME "vogt.db"

enum { CLAIMS_MAX = 8 };

/* Somebody says that the log had this root at this size. */
struct claim {
    uint64_t size;
    struct tree_hash root;
    struct text text;
    const char *place;
    bool met, is_former; /* of a former name of the log */
};

struct check {
    const struct verify_store *store;
    const struct verify_options *options;
    struct verify_report *report;
    sqlite3 *database;
    char copy[64];                 /* the private directory, or empty */
    uint64_t sizes[LOG_AUDIT + 1]; /* entries in rows */
    int64_t schema;
    bool has_state;
    struct tree_hash state_digest; /* of the newest audit entry */
    uint64_t kept_from;
    struct claim claims[CLAIMS_MAX];
    size_t claim_count;
};

void check_broken(struct check *check, uint8_t log, struct text text, const char *place,
                  uint64_t index);
struct slice row_column(sqlite3_stmt *statement, int number);
enum err check_sqlite_err(int result) must_check;
enum err check_prepare(struct check *check, const char *sql, sqlite3_stmt **ret_statement) must_check;
/* A row: *ret_more is true. */
enum err row_step(sqlite3_stmt *statement, bool *ret_more) must_check;

/* The first column of the first row; -1 without one. */
enum err check_number(struct check *check, const char *sql, int64_t *ret_value) must_check;

/* verify_database.c. Opens without a trace; remove_copy after closing, whatever happened. */
enum err check_open(struct check *check) must_check;
enum err check_integrity(struct check *check) must_check;
void check_remove_copy(struct check *check);
/* verify_logs.c */
enum err check_log(struct check *check, uint8_t log) must_check;
enum err check_other_logs(struct check *check) must_check;
/* verify_state.c: before the logs, what was pruned; after them, the rows. */
enum err check_kept_from(struct check *check) must_check;
enum err check_state(struct check *check) must_check;

#endif
