/*
 * verify_rows: the database as the truth that the tiles were derived from. Every row with its version, due
 * time and bytes is in the set-hash that the newest audit entry names, or (audit blobs) named by digest in
 * its entry; what stands in log and meta follows from the entries and rows, or is checked to be what this
 * program writes.
 *
 * The row path ledger/audit-kept/<index, 16 hex digits> says that audit blobs below that index were pruned
 * on purpose.
 */
#include "ledger/verify_inside.h"

void check_broken(struct check *check, uint8_t log, struct text text, const char *place,
                   uint64_t index)
{
    verify_find(check->report, VERIFY_BROKEN, log, text, place, index);
}

struct slice row_column(sqlite3_stmt *statement, int number)
{
    const void *data = sqlite3_column_blob(statement, number);
    return slice_of(data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, number));
}

enum err check_sqlite_err(int result)
{
    int primary = result & 0xff;
    if (primary == SQLITE_NOMEM) {
        return ERR_MEMORY;
    }
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR
               ? ERR_DAMAGED
               : ERR_IO;
}

enum err check_prepare(struct check *check, const char *sql, sqlite3_stmt **ret_statement)
{
    int result = sqlite3_prepare_v2(check->database, sql, -1, ret_statement, NULL);
    return result == SQLITE_OK ? ERR_NONE : check_sqlite_err(result);
}

enum err row_step(sqlite3_stmt *statement, bool *ret_more)
{
    int result = sqlite3_step(statement);
    *ret_more = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE ? ERR_NONE : check_sqlite_err(result);
}

enum err check_number(struct check *check, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = check_prepare(check, sql, &statement);
    if (err == ERR_NONE) {
        err = row_step(statement, &more);
    }
    *ret_value = more ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return err;
}

enum err verify_rows(const struct verify_store *store, const struct verify_options *options,
                     struct verify_report *report)
{
    struct check check = {.store = store, .options = options, .report = report};
    enum err err = check_open(&check);
    if (err == ERR_NONE) {
        err = check_integrity(&check);
    }
    if (err == ERR_NONE) {
        err = check_kept_from(&check);
    }
    if (err == ERR_NONE) {
        err = check_log(&check, LOG_EVIDENCE);
    }
    if (err == ERR_NONE) {
        err = check_log(&check, LOG_AUDIT);
    }
    if (err == ERR_NONE) {
        err = check_other_logs(&check);
    }
    if (err == ERR_NONE) {
        err = check_state(&check);
    }
    sqlite3_close(check.database);
    check_remove_copy(&check);
    return err;
}

enum err verify_row(const struct verify_store *store, const char *path, struct buf *out)
{
    struct check check = {.store = store};
    sqlite3_stmt *statement = NULL;
    bool more = false;
    enum err err = check_open(&check);
    err = err == ERR_NONE ? check_prepare(&check, "SELECT bytes FROM row WHERE path = ?1", &statement) : err;
    if (err == ERR_NONE) {
        sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        err = row_step(statement, &more);
    }
    err = err == ERR_NONE && !more ? ERR_NOT_FOUND : err;
    err = err == ERR_NONE ? buf_append(out, row_column(statement, 0)) : err;
    sqlite3_finalize(statement);
    sqlite3_close(check.database);
    check_remove_copy(&check);
    return err;
}
