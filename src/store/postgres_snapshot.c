/*
 * From PostgreSQL: a database as a store with a file has it, written in one step, because what comes from the one connection is one state only as long as nobody commits
 * over it. Nothing else is answered meanwhile.
 */
#include "store/postgres_inside.h"
#include "store/schema.h"
#include "store/snapshot_inside.h"

#include <stdio.h>

struct copying {
    sqlite3 *target;
    sqlite3_stmt *row, *entry, *log, *meta;
};

static void bind_bytes(sqlite3_stmt *statement, int index, struct slice bytes)
{
    sqlite3_bind_blob64(statement, index, bytes.len == 0 ? "" : (const void *)bytes.data, bytes.len, SQLITE_STATIC);
}

static int put(sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int make_tables(sqlite3 *target)
{
    char sql[128];
    int result = sqlite3_exec(target, "BEGIN", NULL, NULL, NULL);
    for (size_t i = 0; result == SQLITE_OK && i < SCHEMA_OBJECT_COUNT; i++) {
        result = schema_objects[i].sql == NULL ? SQLITE_OK : sqlite3_exec(target, schema_objects[i].sql, NULL, NULL, NULL);
    }
    snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d", (int)APPLICATION_ID, (int)SCHEMA_VERSION);
    return result == SQLITE_OK ? sqlite3_exec(target, sql, NULL, NULL, NULL) : result;
}

static int prepare(struct copying *copying)
{
    const struct {
        const char *sql;
        sqlite3_stmt **statement;
    } statements[] = {
        {"INSERT INTO row VALUES (?1, ?2, ?3, ?4)", &copying->row},
        {"INSERT INTO entry VALUES (?1, ?2, ?3)", &copying->entry},
        {"INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &copying->log},
        {"INSERT INTO meta VALUES (?1, ?2)", &copying->meta},
    };
    int result = SQLITE_OK;
    for (size_t i = 0; result == SQLITE_OK && i < sizeof(statements) / sizeof(statements[0]); i++) {
        result = sqlite3_prepare_v2(copying->target, statements[i].sql, -1, statements[i].statement, NULL);
    }
    return result;
}

struct visit {
    struct copying *copying;
    struct snapshot *snapshot;
};

static enum err put_row(void *context, const struct stored_row *row)
{
    struct visit *visit = context;
    sqlite3_stmt *statement = visit->copying->row;
    sqlite3_bind_text64(statement, 1, (const char *)row->path.data, row->path.len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->version);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)row->due_unix_ms);
    bind_bytes(statement, 4, row->bytes);
    return vfs_err(visit->snapshot->vfs, put(statement));
}

static enum err put_entries(struct copying *copying, struct snapshot *snapshot, struct rows *rows)
{
    struct answer answer = {.rows = rows};
    enum err err = postgres_send(rows, STATEMENT_ALL_ENTRIES, NULL);
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    if (err != ERR_NONE) {
        return err;
    }
    while (err == ERR_NONE && (err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) {
        sqlite3_bind_int64(copying->entry, 1, (sqlite3_int64)answer_u64(&answer, 0));
        sqlite3_bind_int64(copying->entry, 2, (sqlite3_int64)answer_u64(&answer, 1));
        bind_bytes(copying->entry, 3, answer_column(&answer, 2));
        err = vfs_err(snapshot->vfs, put(copying->entry));
    }
    err = answer_end(&answer, err);
    enum err synced = rows->failed ? ERR_IO : postgres_take_sync(rows);
    return err == ERR_NONE ? synced : err;
}

static int put_heads(struct copying *copying, const struct rows *rows)
{
    int result = SQLITE_OK;
    for (uint8_t log = LOG_EVIDENCE; result == SQLITE_OK && log < LOGS; log++) {
        const struct log_head *head = &rows->heads.logs[log];
        sqlite3_bind_int(copying->log, 1, log);
        sqlite3_bind_int64(copying->log, 2, (sqlite3_int64)head->edge.size);
        bind_bytes(copying->log, 3, slice_of(head->root, SHA256_BYTES));
        bind_bytes(copying->log, 4, edge_bytes(&head->edge));
        sqlite3_bind_int64(copying->log, 5, (sqlite3_int64)head->published_size);
        bind_bytes(copying->log, 6, buf_slice(&rows->checkpoints[log]));
        result = put(copying->log);
    }
    sqlite3_bind_text(copying->meta, 1, "state", -1, SQLITE_STATIC);
    bind_bytes(copying->meta, 2, buf_slice(&rows->state));
    result = result == SQLITE_OK ? put(copying->meta) : result;
    sqlite3_bind_text(copying->meta, 1, "epoch", -1, SQLITE_STATIC);
    sqlite3_bind_int64(copying->meta, 2, (sqlite3_int64)rows->epoch);
    return result == SQLITE_OK ? put(copying->meta) : result;
}

enum err snapshot_copy(struct snapshot *snapshot, struct rows *rows, bool *ret_whole)
{
    struct copying copying = {.target = snapshot->target};
    struct visit visit = {&copying, snapshot};
    int result = make_tables(snapshot->target);
    result = result == SQLITE_OK ? prepare(&copying) : result;
    result = result == SQLITE_OK ? put_heads(&copying, rows) : result;
    enum err err = vfs_err(snapshot->vfs, result);
    err = err == ERR_NONE ? rows_visit(rows, put_row, &visit) : err;
    err = err == ERR_NONE ? put_entries(&copying, snapshot, rows) : err;
    sqlite3_finalize(copying.row);
    sqlite3_finalize(copying.entry);
    sqlite3_finalize(copying.log);
    sqlite3_finalize(copying.meta);
    if (err == ERR_NONE) {
        err = vfs_err(snapshot->vfs, sqlite3_exec(snapshot->target, "COMMIT", NULL, NULL, NULL));
    }
    *ret_whole = err == ERR_NONE;
    return err;
}

void snapshot_copy_end(struct snapshot *snapshot)
{
    (void)snapshot;
}
