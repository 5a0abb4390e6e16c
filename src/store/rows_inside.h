/* What rows.c, rows_read.c and rows_write.c share; nobody else includes it. */
#ifndef VOGT_STORE_ROWS_INSIDE_H
#define VOGT_STORE_ROWS_INSIDE_H

#include "store/rows.h"
#include "store/vfs.h"

#include <sqlite3.h>

/* The statements, prepared once when the database is opened. */
enum statement {
#define STATEMENT(name, sql) STATEMENT_##name,
#include "store/statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

struct rows {
    struct files *files;
    struct vfs *vfs;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct heads heads;
    struct slice conflict;      /* borrowed from the change */
    uint64_t epoch, next_epoch; /* the greatest that ever wrote; as the running change leaves it */
    bool drops_state_1;         /* the running change */
    bool has_state_1;           /* since a migration: the set-hash that the newest audit entry names */
    int wal_pages;
};

/* rows_schema.c: makes, if it may, checks, migrates. ERR_NEWER, ERR_INVALID, ERR_DAMAGED. */
enum err rows_check_schema(struct rows *rows, bool may_create) must_check;

enum err rows_result(const struct rows *rows, int sqlite_result) must_check;

/* Binding and stepping. A statement is reset by whoever stepped it. */
sqlite3_stmt *rows_statement(struct rows *rows, enum statement statement);
void bind_text(sqlite3_stmt *statement, int index, struct slice text);
void bind_blob(sqlite3_stmt *statement, int index, struct slice bytes);
void bind_u64(sqlite3_stmt *statement, int index, uint64_t value);
struct slice column_slice(sqlite3_stmt *statement, int column);
uint64_t column_u64(sqlite3_stmt *statement, int column);
enum err step_done(struct rows *rows,
                   sqlite3_stmt *statement) must_check; /* runs to the end and resets */

#endif
