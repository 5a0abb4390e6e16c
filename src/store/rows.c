#include "store/rows.h"

#include "store/rows_inside.h"
#include "store/staging.h"

#include <stdlib.h>
#include <string.h>

static const char *const statement_sql[] = {
#define STATEMENT(name, sql) [STATEMENT_##name] = (sql),
#include "store/statements.def"
#undef STATEMENT
};

/* Before anything is read: the exclusive lock keeps WAL from wanting shared memory; little memory
 * when idle; erased bytes are overwritten. */
static const char settings_sql[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY;"
    "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
    "PRAGMA secure_delete=ON;";
static const char durable_sql[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
    "PRAGMA journal_size_limit=4194304;";

enum err rows_result(const struct rows *rows, int sqlite_result)
{
    return vfs_err(rows->vfs, sqlite_result);
}

sqlite3_stmt *rows_statement(struct rows *rows, enum statement statement)
{
    return rows->statements[statement];
}

/* Bindings to a prepared statement fail only with a wrong index or type: a bug that the step that
 * follows reports as misuse. */
void bind_text(sqlite3_stmt *statement, int index, struct slice text)
{
    sqlite3_bind_text64(statement, index, text.len == 0 ? "" : (const char *)text.data, text.len,
                        SQLITE_STATIC, SQLITE_UTF8);
}

void bind_blob(sqlite3_stmt *statement, int index, struct slice bytes)
{
    sqlite3_bind_blob64(statement, index, bytes.len == 0 ? "" : (const void *)bytes.data, bytes.len,
                        SQLITE_STATIC);
}

void bind_u64(sqlite3_stmt *statement, int index, uint64_t value)
{
    sqlite3_bind_int64(statement, index, value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value);
}

struct slice column_slice(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return slice_of(data, (size_t)sqlite3_column_bytes(statement, column));
}

uint64_t column_u64(sqlite3_stmt *statement, int column)
{
    sqlite3_int64 value = sqlite3_column_int64(statement, column);
    return value < 0 ? 0 : (uint64_t)value;
}

enum err step_done(struct rows *rows, sqlite3_stmt *statement)
{
    int result;
    do {
        result = sqlite3_step(statement);
    } while (result == SQLITE_ROW);
    enum err err = rows_result(rows, result);
    sqlite3_reset(statement);
    return err;
}

static enum err execute(struct rows *rows, const char *sql)
{
    return rows_result(rows, sqlite3_exec(rows->database, sql, NULL, NULL, NULL));
}

static enum err load_heads(struct rows *rows)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_HEADS);
    enum err err = ERR_NONE;
    unsigned count = 0;
    int result = sqlite3_step(statement);
    for (; err == ERR_NONE && result == SQLITE_ROW; result = sqlite3_step(statement)) {
        err = heads_load(&rows->heads, column_u64(statement, 0), column_u64(statement, 1),
                         column_slice(statement, 2), column_slice(statement, 3),
                         column_u64(statement, 4));
        count++;
    }
    if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_reset(statement);
    if (err == ERR_NONE && count != LOGS - 1) {
        err = ERR_DAMAGED;
    }
    return err;
}

static enum err load_epoch(struct rows *rows)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META);
    bind_text(statement, 1, SLICE_LITERAL("epoch"));
    int result = sqlite3_step(statement);
    enum err err = result == SQLITE_DONE ? ERR_DAMAGED : rows_result(rows, result);
    if (err == ERR_NONE) {
        rows->epoch = column_u64(statement, 0);
    }
    sqlite3_reset(statement);
    return err;
}

static enum err load_migrated(struct rows *rows)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META);
    bind_text(statement, 1, SLICE_LITERAL("state-1"));
    int result = sqlite3_step(statement);
    rows->has_state_1 = result == SQLITE_ROW;
    enum err err = rows_result(rows, result);
    sqlite3_reset(statement);
    return err;
}

static enum err prepare(struct rows *rows)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        int result = sqlite3_prepare_v3(rows->database, statement_sql[i], -1,
                                        SQLITE_PREPARE_PERSISTENT, &rows->statements[i], NULL);
        if (result != SQLITE_OK) {
            /* SQL that no longer fits its tables means that somebody changed them. */
            return (result & 0xff) == SQLITE_ERROR ? ERR_DAMAGED : rows_result(rows, result);
        }
    }
    return ERR_NONE;
}

static int count_pages(void *context, sqlite3 *database, const char *name, int pages)
{
    (void)database;
    (void)name;
    ((struct rows *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static const char database_name[] = "vogt.db";

/* Not even an empty file is left where none may be made. */
static enum err check_there(struct files *files, bool may_create)
{
    bool exists = false;
    enum err err = may_create ? ERR_NONE : file_exists(files, database_name, &exists);
    return err == ERR_NONE && !may_create && !exists ? ERR_DAMAGED : err;
}

static enum err open_database(struct rows *rows, bool may_create)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    rows->files->last_err = ERR_NONE;
    int result = sqlite3_open_v2(database_name, &rows->database, flags, vfs_name(rows->vfs));
    if (result != SQLITE_OK) {
        return rows_result(rows, result);
    }
    sqlite3_extended_result_codes(rows->database, 1);
    sqlite3_limit(rows->database, SQLITE_LIMIT_LENGTH, ROW_MAX_BYTES + PATH_MAX_BYTES + 4096);
    enum err err = execute(rows, settings_sql);
    if (err == ERR_NONE) {
        err = execute(rows, durable_sql);
    }
    if (err == ERR_NONE) {
        sqlite3_wal_hook(rows->database, count_pages, rows);
        err = rows_check_schema(rows, may_create);
    }
    if (err == ERR_NONE) {
        err = prepare(rows);
    }
    if (err == ERR_NONE) {
        err = load_heads(rows);
    }
    if (err == ERR_NONE) {
        err = load_epoch(rows);
    }
    return err == ERR_NONE ? load_migrated(rows) : err;
}

enum err rows_open(struct files *files, struct rows_source *source, bool may_create,
                   struct rows **ret_rows)
{
    struct rows *rows = source == NULL ? calloc(1, sizeof(*rows)) : NULL;
    if (rows == NULL) {
        return source == NULL ? ERR_MEMORY : ERR_INVALID;
    }
    rows->files = files;
    enum err err = staging_take_in(files);
    err = err == ERR_NONE ? check_there(files, may_create) : err;
    if (err == ERR_NONE) {
        err = vfs_new(files, &rows->vfs);
    }
    if (err == ERR_NONE) {
        err = open_database(rows, may_create);
    }
    if (err != ERR_NONE) {
        rows_close(rows);
        return err;
    }
    *ret_rows = rows;
    return ERR_NONE;
}

bool rows_failed(const struct rows *rows)
{
    return files_failed(rows->files);
}

void rows_close(struct rows *rows)
{
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(rows->statements[i]);
    }
    sqlite3_close(rows->database);
    vfs_free(rows->vfs);
    free(rows);
}

enum err rows_integrity(struct rows *rows)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(rows->database, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    enum err err = rows_result(rows, result);
    if (err == ERR_NONE && !slice_is(column_slice(statement, 0), "ok")) {
        err = ERR_DAMAGED;
    }
    sqlite3_finalize(statement);
    return err;
}

enum err rows_tidy(struct rows *rows, int pages)
{
    if (rows->wal_pages < pages) {
        return ERR_NONE;
    }
    int result =
        sqlite3_wal_checkpoint_v2(rows->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (result == SQLITE_OK) {
        rows->wal_pages = 0;
    }
    return files_failed(rows->files) ? ERR_IO : rows_result(rows, result);
}
