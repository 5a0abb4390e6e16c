/*
 * A database that was swapped (staging.h), into the tables in the place of all that is there: one transaction, by COPY in its binary format. Cut short before the file is
 * removed it is done again with the next start, and gives the same. A directory that never had its rows in PostgreSQL takes an empty database only.
 */
#include "store/postgres_inside.h"
#include "store/schema.h"
#include "store/staging.h"
#include "store/vfs.h"

#include <sqlite3.h>

enum { FLUSH_BYTES = 256 << 10, COPY_MAX_BYTES = (16 << 20) + FLUSH_BYTES + 4096 };

static const char kind_name[] = "postgresql";
static const char copy_head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* signature, no flags, no extension; its last zero is the string's own */

/* Integers of both are 64 bits wide; the epoch is kept as its bytes. */
static const struct {
    const char *select, *copy;
} tables[] = {
    {"SELECT path, version, due_unix_ms, bytes FROM row", "COPY vogt.row (path, version, due_unix_ms, bytes) FROM STDIN (FORMAT binary)"},
    {"SELECT log, idx, bytes FROM entry", "COPY vogt.entry (log, idx, bytes) FROM STDIN (FORMAT binary)"},
    {"SELECT log, size, root, edge, published_size, checkpoint FROM log", "COPY vogt.log (log, size, root, edge, published_size, checkpoint) FROM STDIN (FORMAT binary)"},
    {"SELECT name, value FROM meta WHERE name IN ('state', 'epoch')", "COPY vogt.meta (name, value) FROM STDIN (FORMAT binary)"},
};

static enum err run(struct rows_source *source, const char *sql)
{
    enum err err = ERR_NONE;
    PQclear(postgres_ask(source, sql, &err));
    return err;
}

static enum err lost(struct rows_source *source)
{
    source_say(source, NULL, PQerrorMessage(source->connection));
    return ERR_UNREACHABLE;
}

static enum err put_big(struct buf *out, size_t count, uint64_t value)
{
    uint8_t bytes[8];
    store_u64_big(bytes, value);
    return buf_append(out, slice_of(bytes + sizeof bytes - count, count));
}

static enum err put_field(sqlite3_stmt *from, int column, struct buf *out)
{
    if (sqlite3_column_type(from, column) == SQLITE_INTEGER) {
        uint8_t number[8];
        store_u64_big(number, (uint64_t)sqlite3_column_int64(from, column));
        enum err err = put_big(out, 4, sizeof number);
        return err == ERR_NONE ? buf_append(out, slice_of(number, sizeof number)) : err;
    }
    const void *data = sqlite3_column_blob(from, column);
    size_t len = (size_t)sqlite3_column_bytes(from, column);
    enum err err = put_big(out, 4, len);
    return err == ERR_NONE && len > 0 ? buf_append(out, slice_of(data, len)) : err;
}

static enum err flush(struct rows_source *source, struct buf *out, size_t until)
{
    if (out->len < until) {
        return ERR_NONE;
    }
    bool is_sent = PQputCopyData(source->connection, (const char *)out->data, (int)out->len) == 1;
    buf_clear(out);
    return is_sent ? ERR_NONE : lost(source);
}

static enum err send_rows(struct rows_source *source, struct vfs *vfs, sqlite3_stmt *from)
{
    cleanup_buf struct buf out = BUF_INIT(COPY_MAX_BYTES);
    int columns = sqlite3_column_count(from), result = SQLITE_ROW;
    enum err err = buf_append(&out, slice_of(copy_head, sizeof copy_head));
    while (err == ERR_NONE && (result = sqlite3_step(from)) == SQLITE_ROW) {
        err = put_big(&out, 2, (uint64_t)columns);
        for (int i = 0; err == ERR_NONE && i < columns; i++) {
            err = put_field(from, i, &out);
        }
        err = err == ERR_NONE ? flush(source, &out, FLUSH_BYTES) : err;
    }
    err = err == ERR_NONE ? vfs_err(vfs, result) : err;
    err = err == ERR_NONE ? put_big(&out, 2, UINT16_MAX) : err; /* no more */
    return err == ERR_NONE ? flush(source, &out, 0) : err;
}

/* The answer to a COPY: it, then nothing. */
static enum err end_copy(struct rows_source *source, enum err err)
{
    if (PQputCopyEnd(source->connection, err == ERR_NONE ? NULL : "the snapshot could not be read") != 1) {
        return lost(source);
    }
    for (PGresult *result = PQgetResult(source->connection); result != NULL; result = PQgetResult(source->connection)) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && err == ERR_NONE) {
            const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            source_say(source, state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
            err = state_err(state);
        }
        PQclear(result);
    }
    return PQstatus(source->connection) == CONNECTION_OK ? err : lost(source);
}

static enum err copy_table(struct rows_source *source, struct vfs *vfs, sqlite3 *from, size_t table)
{
    sqlite3_stmt *statement = NULL;
    enum err err = vfs_err(vfs, sqlite3_prepare_v2(from, tables[table].select, -1, &statement, NULL));
    if (err == ERR_NONE) {
        PGresult *begun = PQexec(source->connection, tables[table].copy);
        err = PQresultStatus(begun) == PGRES_COPY_IN ? end_copy(source, send_rows(source, vfs, statement)) : lost(source);
        PQclear(begun);
    }
    sqlite3_finalize(statement);
    return err;
}

static enum err replace_all(struct rows_source *source, struct vfs *vfs, sqlite3 *from)
{
    enum err err = run(source, "BEGIN");
    err = err == ERR_NONE ? run(source, "TRUNCATE vogt.row, vogt.entry, vogt.log, vogt.meta") : err;
    for (size_t i = 0; err == ERR_NONE && i < sizeof tables / sizeof tables[0]; i++) {
        err = copy_table(source, vfs, from, i);
    }
    err = err == ERR_NONE ? run(source, "COMMIT") : err;
    if (err != ERR_NONE && PQstatus(source->connection) == CONNECTION_OK) {
        (void)!run(source, "ROLLBACK");
    }
    return err;
}

static enum err load(struct rows_source *source, struct files *files)
{
    struct vfs *vfs = NULL;
    sqlite3 *from = NULL;
    sqlite3_stmt *version = NULL;
    enum err err = vfs_new(files, &vfs);
    if (err != ERR_NONE) {
        return err;
    }
    err = vfs_err(vfs, sqlite3_open_v2("file:" SWAPPED_NAME "?immutable=1", &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, vfs_name(vfs)));
    err = err == ERR_NONE ? vfs_err(vfs, sqlite3_prepare_v2(from, "PRAGMA user_version", -1, &version, NULL)) : err;
    bool is_ours = err == ERR_NONE && sqlite3_step(version) == SQLITE_ROW && sqlite3_column_int64(version, 0) == SCHEMA_VERSION;
    sqlite3_finalize(version);
    err = err == ERR_NONE && !is_ours ? ERR_INVALID : err;
    err = err == ERR_NONE ? replace_all(source, vfs, from) : err;
    sqlite3_close(from);
    vfs_free(vfs);
    return err;
}

/* From now on what is in the database is this directory's. */
static enum err claim(struct rows_source *source, struct files *files)
{
    struct file *file = NULL;
    bool is_claimed = false;
    enum err err = file_exists(files, kind_name, &is_claimed);
    if (err != ERR_NONE || is_claimed) {
        return err;
    }
    PGresult *found = postgres_ask(source, "SELECT 1 FROM vogt.entry LIMIT 1", &err);
    err = found != NULL && PQntuples(found) > 0 ? ERR_EXISTS : err;
    PQclear(found);
    err = err == ERR_NONE ? file_open(files, kind_name, FILE_CREATE, &file, NULL) : err;
    file_close(file);
    return err == ERR_NONE ? file_sync_directory(files, "") : err;
}

enum err postgres_take_in(struct rows_source *source, struct files *files)
{
    bool is_swapped = false;
    enum err err = staging_find_swapped(files, &is_swapped);
    if (err != ERR_NONE || !is_swapped) {
        return err;
    }
    err = claim(source, files);
    err = err == ERR_NONE ? load(source, files) : err;
    err = err == ERR_NONE ? file_remove(files, SWAPPED_NAME) : err;
    return err == ERR_NONE ? file_sync_directory(files, "") : err;
}
