#include "store/rows_inside.h"

#include <string.h>

enum err rows_read_begin(struct rows *rows, struct slice needs)
{
    (void)needs; /* the way to SQLite is short */
    return step_done(rows, rows_statement(rows, STATEMENT_BEGIN_READ));
}

void rows_read_end(struct rows *rows)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_COMMIT);
    sqlite3_step(statement); /* ends a transaction that wrote nothing: there is nothing to lose */
    sqlite3_reset(statement);
}

enum err rows_row(struct rows *rows, struct slice path, struct buf *out)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_ROW);
    bind_text(statement, 1, path);
    int result = sqlite3_step(statement);
    bool found = result == SQLITE_ROW;
    enum err err = rows_result(rows, result);
    if (err == ERR_NONE) {
        err = put_u8(out, found);
    }
    if (err == ERR_NONE) {
        err = put_u64(out, found ? column_u64(statement, 0) : 0);
    }
    if (err == ERR_NONE) {
        err = put_u64(out, found ? column_u64(statement, 1) : 0);
    }
    if (err == ERR_NONE) {
        err = put_bytes(out, found ? column_slice(statement, 2) : SLICE_NONE);
    }
    sqlite3_reset(statement);
    return err;
}

/* A list's count stands before its items and is known after them. */
static enum err count_begin(struct buf *out, size_t *ret_offset)
{
    *ret_offset = out->len;
    return put_u32(out, 0);
}

static void count_end(struct buf *out, size_t offset, uint32_t count)
{
    store_u32_little(out->data + offset, count);
}

static enum err put_row(sqlite3_stmt *statement, struct buf *out)
{
    enum err err = put_bytes(out, column_slice(statement, 0));
    if (err == ERR_NONE) {
        err = put_u64(out, column_u64(statement, 1));
    }
    if (err == ERR_NONE) {
        err = put_u64(out, column_u64(statement, 2));
    }
    return err == ERR_NONE ? put_bytes(out, column_slice(statement, 3)) : err;
}

/* Steps through rows (path, version, due, bytes) as long as they begin with the prefix. */
static enum err put_rows(struct rows *rows, sqlite3_stmt *statement, struct slice prefix,
                         uint32_t limit, struct buf *out)
{
    size_t offset;
    uint32_t count = 0;
    enum err err = count_begin(out, &offset);
    while (err == ERR_NONE && count < limit) {
        int result = sqlite3_step(statement);
        if (result != SQLITE_ROW) {
            err = rows_result(rows, result);
            break;
        }
        if (!slice_starts(column_slice(statement, 0), prefix)) {
            break;
        }
        err = put_row(statement, out);
        count++;
    }
    sqlite3_reset(statement);
    if (err == ERR_NONE) {
        count_end(out, offset, count);
    }
    return err;
}

enum err rows_list(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit,
                   struct buf *out)
{
    bool from_prefix = after.len == 0 || slice_compare(after, prefix) < 0;
    sqlite3_stmt *statement =
        rows_statement(rows, from_prefix ? STATEMENT_LIST_FROM : STATEMENT_LIST_AFTER);
    bind_text(statement, 1, from_prefix ? prefix : after);
    return put_rows(rows, statement, prefix, limit, out);
}

enum err rows_due(struct rows *rows, uint64_t before_unix_ms, uint32_t limit, struct buf *out)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_DUE);
    bind_u64(statement, 1, before_unix_ms);
    bind_u64(statement, 2, limit);
    bind_u64(statement, 3, before_unix_ms & DUE_STEADY); /* the statement's first term, so that the index is entered there */
    return put_rows(rows, statement, SLICE_NONE, limit, out);
}

/* Where the next name is looked for: at the key itself or strictly after it. */
struct seek {
    uint8_t key[2 * PATH_MAX_BYTES + 1];
    size_t len;
    bool inclusive;
};

static void seek_add(struct seek *seek, struct slice part)
{
    if (part.len > 0) {
        memcpy(seek->key + seek->len, part.data, part.len);
        seek->len += part.len;
    }
}

/* After the folder "a/" comes what sorts after everything inside: the byte after '/' is '0'. */
static void seek_after(struct seek *seek, struct slice prefix, struct slice name)
{
    seek->len = 0;
    seek->inclusive = false;
    seek_add(seek, prefix);
    seek_add(seek, name);
    if (name.len > 0 && name.data[name.len - 1] == '/') {
        seek->key[seek->len - 1] = '/' + 1;
        seek->inclusive = true;
    }
}

static enum err next_name(struct rows *rows, struct slice prefix, struct seek *seek,
                          struct buf *out, bool *ret_found)
{
    sqlite3_stmt *statement =
        rows_statement(rows, seek->inclusive ? STATEMENT_NAME_FROM : STATEMENT_NAME_AFTER);
    bind_text(statement, 1, slice_of(seek->key, seek->len));
    int result = sqlite3_step(statement);
    enum err err = rows_result(rows, result);
    struct slice path = result == SQLITE_ROW ? column_slice(statement, 0) : SLICE_NONE;
    bool found = err == ERR_NONE && result == SQLITE_ROW && path.len <= PATH_MAX_BYTES &&
                 slice_starts(path, prefix);
    if (found) {
        struct slice name = slice_from(path, prefix.len);
        size_t slash = slice_find_byte(name, '/');
        name = slash == SIZE_MAX ? name : slice_first(name, slash + 1);
        err = put_bytes(out, name);
        seek_after(seek, prefix, name);
    }
    sqlite3_reset(statement);
    *ret_found = found;
    return err;
}

enum err rows_names(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit,
                    struct buf *out)
{
    struct seek seek;
    if (prefix.len > PATH_MAX_BYTES || after.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    seek_after(&seek, prefix, after);
    size_t offset;
    uint32_t count = 0;
    bool found = true;
    enum err err = count_begin(out, &offset);
    while (err == ERR_NONE && count < limit) {
        err = next_name(rows, prefix, &seek, out, &found);
        if (!found) {
            break;
        }
        count++;
    }
    if (err == ERR_NONE) {
        count_end(out, offset, count);
    }
    return err;
}

enum err rows_entries(struct rows *rows, uint8_t log, uint64_t first, uint32_t limit,
                      struct buf *out)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_ENTRIES);
    bind_u64(statement, 1, log);
    bind_u64(statement, 2, first);
    bind_u64(statement, 3, limit);
    size_t offset;
    uint32_t count = 0;
    enum err err = count_begin(out, &offset);
    int result = SQLITE_ROW;
    while (err == ERR_NONE && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        err = put_bytes(out, column_slice(statement, 0));
        count++;
    }
    if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_reset(statement);
    if (err == ERR_NONE) {
        count_end(out, offset, count);
    }
    return err;
}

/* One column of one row that must be there. */
static enum err append_column(struct rows *rows, sqlite3_stmt *statement, struct buf *out)
{
    int result = sqlite3_step(statement);
    enum err err = result == SQLITE_DONE ? ERR_DAMAGED : rows_result(rows, result);
    if (err == ERR_NONE) {
        err = buf_append(out, column_slice(statement, 0));
    }
    sqlite3_reset(statement);
    return err;
}

enum err rows_state(struct rows *rows, struct buf *out)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META);
    bind_text(statement, 1, SLICE_LITERAL("state"));
    return append_column(rows, statement, out);
}

enum err rows_state_1(struct rows *rows, struct buf *out)
{
    if (!rows->has_state_1) {
        return ERR_NONE;
    }
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META);
    bind_text(statement, 1, SLICE_LITERAL("state-1"));
    return append_column(rows, statement, out);
}

enum err rows_checkpoint(struct rows *rows, uint8_t log, struct buf *out)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_CHECKPOINT);
    bind_u64(statement, 1, log);
    return append_column(rows, statement, out);
}

const struct log_head *rows_log(const struct rows *rows, uint8_t log)
{
    return log_is_known(log) ? &rows->heads.logs[log] : NULL;
}

enum err rows_visit(struct rows *rows, row_visit_fn visit, void *context)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_ALL);
    enum err err = ERR_NONE;
    int result = SQLITE_ROW;
    while (err == ERR_NONE && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct stored_row row = {column_slice(statement, 0), column_u64(statement, 1),
                                 column_u64(statement, 2), column_slice(statement, 3)};
        err = visit(context, &row);
    }
    if (err == ERR_NONE) {
        err = rows_result(rows, result);
    }
    sqlite3_reset(statement);
    return err;
}
