#include "store/rows_inside.h"

static enum err run(struct rows *rows, enum statement statement)
{
    return step_done(rows, rows_statement(rows, statement));
}

void rows_roll_back(struct rows *rows)
{
    /* Nothing to roll back is no error: SQLite itself rolls back when the disk is full. */
    if (sqlite3_get_autocommit(rows->database) == 0) {
        sqlite3_stmt *statement = rows_statement(rows, STATEMENT_ROLLBACK);
        sqlite3_step(statement);
        sqlite3_reset(statement);
    }
}

static enum err save_meta(struct rows *rows, struct slice name, struct slice value)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META_SET);
    bind_text(statement, 1, name);
    bind_blob(statement, 2, value);
    return step_done(rows, statement);
}

static enum err save_epoch(struct rows *rows, uint64_t epoch)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META_SET);
    bind_text(statement, 1, SLICE_LITERAL("epoch"));
    bind_u64(statement, 2, epoch);
    return step_done(rows, statement);
}

enum err rows_begin(struct rows *rows, uint64_t epoch)
{
    if (files_failed(rows->files)) {
        return ERR_IO;
    }
    if (epoch < rows->epoch || epoch > INT64_MAX) {
        return ERR_LOCKED;
    }
    enum err err = run(rows, STATEMENT_BEGIN);
    if (err != ERR_NONE) {
        return err;
    }
    heads_begin(&rows->heads);
    rows->drops_state_1 = false;
    if (epoch > rows->epoch) {
        err = save_epoch(rows, epoch);
    }
    if (err != ERR_NONE) {
        rows_roll_back(rows);
        return err;
    }
    rows->next_epoch = epoch;
    return ERR_NONE;
}

/* A statement that touches exactly the row with the expected version touches none when somebody was
 * faster. */
static enum err step_one(struct rows *rows, sqlite3_stmt *statement)
{
    enum err err = step_done(rows, statement);
    if (err == ERR_NONE && sqlite3_changes(rows->database) != 1) {
        err = ERR_CONFLICT;
    }
    return err;
}

static enum err put(struct rows *rows, const struct change *change)
{
    bool insert = change->expected_version == 0;
    sqlite3_stmt *statement = rows_statement(rows, insert ? STATEMENT_INSERT : STATEMENT_UPDATE);
    bind_text(statement, 1, change->path);
    bind_u64(statement, 2, change->due_unix_ms);
    bind_blob(statement, 3, change->bytes);
    if (!insert) {
        bind_u64(statement, 4, change->expected_version);
    }
    return step_one(rows, statement);
}

/* Deleting what is expected not to exist is a plain condition: "nobody made it meanwhile". */
static enum err check_absent(struct rows *rows, struct slice path)
{
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_ROW);
    bind_text(statement, 1, path);
    int result = sqlite3_step(statement);
    enum err err = result == SQLITE_ROW ? ERR_CONFLICT : rows_result(rows, result);
    sqlite3_reset(statement);
    return err;
}

static enum err delete (struct rows *rows, const struct change *change) {
    if (change->expected_version == 0){return check_absent(rows, change->path);}
sqlite3_stmt *statement = rows_statement(rows, STATEMENT_DELETE);
bind_text(statement, 1, change->path);
bind_u64(statement, 2, change->expected_version);
return step_one(rows, statement);
}

enum err rows_change(struct rows *rows, const struct change *change)
{
    enum err err = change->kind == CHANGE_PUT ? put(rows, change) : delete (rows, change);
    if (err == ERR_CONFLICT) {
        rows->conflict = change->path;
    }
    return err;
}

struct slice rows_conflict(const struct rows *rows)
{
    return rows->conflict;
}

enum err rows_append(struct rows *rows, const struct append *append)
{
    enum err err = heads_may_append(&rows->heads, append);
    if (err != ERR_NONE) {
        return err;
    }
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_APPEND);
    bind_u64(statement, 1, append->log);
    bind_u64(statement, 2, append->index);
    bind_blob(statement, 3, append->entry);
    err = step_done(rows, statement);
    if (err == ERR_NONE) {
        heads_append(&rows->heads, append);
    }
    return err;
}

enum err rows_intend(struct rows *rows, const struct log_intent *intent)
{
    enum err err = heads_may_intend(&rows->heads, intent);
    if (err != ERR_NONE) {
        return err;
    }
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_INTEND);
    bind_u64(statement, 1, intent->log);
    bind_u64(statement, 2, intent->size);
    bind_blob(statement, 3, slice_of(intent->root, SHA256_BYTES));
    bind_blob(statement, 4, edge_bytes(&rows->heads.next[intent->log].edge));
    err = step_one(rows, statement);
    if (err == ERR_NONE) {
        heads_intend(&rows->heads, intent);
    }
    return err == ERR_CONFLICT ? ERR_DAMAGED : err;
}

enum err rows_save_state(struct rows *rows, struct slice state)
{
    if (state.len > STATE_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = save_meta(rows, SLICE_LITERAL("state"), state);
    if (err == ERR_NONE && rows->has_state_1) {
        sqlite3_stmt *statement = rows_statement(rows, STATEMENT_META_DROP);
        bind_text(statement, 1, SLICE_LITERAL("state-1"));
        err = step_done(rows, statement);
        rows->drops_state_1 = true;
    }
    return err;
}

static enum err commit(struct rows *rows)
{
    enum err err = run(rows, STATEMENT_COMMIT);
    if (err == ERR_NONE && files_failed(rows->files)) {
        err = ERR_IO;
    }
    if (err != ERR_NONE) {
        rows_roll_back(rows);
    }
    return err;
}

enum err rows_commit(struct rows *rows)
{
    if (!heads_are_whole(&rows->heads)) {
        rows_roll_back(rows);
        return ERR_INVALID;
    }
    enum err err = commit(rows);
    if (err == ERR_NONE) {
        heads_commit(&rows->heads);
        rows->epoch = rows->next_epoch;
        rows->has_state_1 = rows->has_state_1 && !rows->drops_state_1;
    }
    return err;
}

enum err rows_publish(struct rows *rows, uint8_t log, uint64_t size, struct slice note)
{
    if (!log_is_known(log) || size > rows->heads.logs[log].edge.size) {
        return ERR_INVALID;
    }
    enum err err = files_failed(rows->files) ? ERR_IO : run(rows, STATEMENT_BEGIN);
    if (err != ERR_NONE) {
        return err;
    }
    sqlite3_stmt *statement = rows_statement(rows, STATEMENT_PUBLISH);
    bind_u64(statement, 1, log);
    bind_u64(statement, 2, size);
    bind_blob(statement, 3, note);
    err = step_one(rows, statement);
    if (err != ERR_NONE) {
        rows_roll_back(rows);
        return err == ERR_CONFLICT ? ERR_DAMAGED : err;
    }
    err = commit(rows);
    if (err == ERR_NONE) {
        rows->heads.logs[log].published_size = size;
    }
    return err;
}
