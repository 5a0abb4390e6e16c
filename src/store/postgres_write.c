/*
 * A change: BEGIN, its parts and COMMIT go out as one part of the pipeline, and are answered together. A part whose condition is not met fails on the server, which
 * then passes over all that follows, COMMIT included. A connection that is lost before COMMIT is answered leaves open whether it happened: rows_failed.
 */
#include "store/postgres_inside.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static enum err send_part(struct rows *rows, enum statement statement, const struct parameters *parameters, struct sent sent)
{
    struct sent *all = array_room(rows->sent, rows->sent_count, &rows->sent_room, sizeof *all);
    if (all == NULL) {
        return ERR_MEMORY;
    }
    rows->sent = all;
    enum err err = postgres_send(rows, statement, parameters);
    if (err == ERR_NONE) {
        rows->sent[rows->sent_count++] = sent;
    }
    return err;
}

static enum err send_meta(struct rows *rows, const char *name, struct slice value)
{
    struct parameters parameters = {0};
    give_bytes(&parameters, slice_string(name));
    give_bytes(&parameters, value);
    return send_part(rows, STATEMENT_META_SET, &parameters, (struct sent){SLICE_NONE, false});
}

/* The answers of all parts, in order: the first error, and whose it was. */
static enum err take_parts(struct rows *rows)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < rows->sent_count && !rows->failed; i++) {
        PGresult *result = PQgetResult(rows->connection);
        ExecStatusType status = PQresultStatus(result);
        bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!good && err == ERR_NONE) {
            err = postgres_err(rows, result);
            bool is_condition = err == ERR_CONFLICT;
            err = is_condition && !rows->sent[i].is_row ? ERR_DAMAGED : err;
            rows->conflict = is_condition ? rows->sent[i].path : rows->conflict;
        }
        PQclear(result);
        result = rows->failed ? NULL : PQgetResult(rows->connection); /* each ends with NULL */
        if (result != NULL) {
            PQclear(result);
            err = postgres_lost(rows);
        }
    }
    rows->sent_count = 0;
    return rows->failed ? ERR_IO : err;
}

/* ... to the end of this part of the pipeline. */
static enum err end_parts(struct rows *rows)
{
    enum err err = take_parts(rows), synced = rows->failed ? ERR_IO : postgres_take_sync(rows);
    return err == ERR_NONE ? synced : err;
}

static void forget(struct rows *rows)
{
    rows->changing = false;
    rows->sent_count = 0;
    buf_clear(&rows->next_state);
}

/* Whatever was sent is answered first; what failed on the server then waits for nothing but this. */
void rows_roll_back(struct rows *rows)
{
    if (rows->changing && !rows->failed && postgres_sync(rows) == ERR_NONE) {
        postgres_drop(rows);
    }
    if (!rows->failed && PQtransactionStatus(rows->connection) != PQTRANS_IDLE && postgres_send(rows, STATEMENT_ROLLBACK, NULL) == ERR_NONE && postgres_sync(rows) == ERR_NONE) {
        postgres_drop(rows);
    }
    forget(rows);
}

enum err rows_begin(struct rows *rows, uint64_t epoch)
{
    if (rows->failed) {
        return ERR_IO;
    }
    if (epoch < rows->epoch || epoch > INT64_MAX) {
        return ERR_LOCKED;
    }
    heads_begin(&rows->heads);
    forget(rows);
    rows->next_epoch = epoch;
    enum err err = send_part(rows, STATEMENT_BEGIN, NULL, (struct sent){SLICE_NONE, false});
    rows->changing = err == ERR_NONE;
    if (err == ERR_NONE && epoch > rows->epoch) {
        uint8_t bytes[8];
        store_u64_big(bytes, epoch);
        err = send_meta(rows, "epoch", slice_of(bytes, sizeof(bytes)));
    }
    if (err != ERR_NONE) {
        rows_roll_back(rows);
    }
    return err;
}

enum err rows_change(struct rows *rows, const struct change *change)
{
    bool is_put = change->kind == CHANGE_PUT, is_new = change->expected_version == 0;
    struct parameters parameters = {0};
    give_bytes(&parameters, change->path);
    if (is_put) {
        give_u64(&parameters, change->due_unix_ms);
        give_bytes(&parameters, change->bytes);
    }
    if (!is_new) {
        give_u64(&parameters, change->expected_version);
    }
    /* Deleting what is expected not to exist is a plain condition: "nobody made it meanwhile". */
    enum statement statement = is_put ? is_new ? STATEMENT_INSERT : STATEMENT_UPDATE : is_new ? STATEMENT_ABSENT : STATEMENT_DELETE;
    return send_part(rows, statement, &parameters, (struct sent){change->path, true});
}

struct slice rows_conflict(const struct rows *rows)
{
    return rows->conflict;
}

enum err rows_append(struct rows *rows, const struct append *append)
{
    struct parameters parameters = {0};
    enum err err = heads_may_append(&rows->heads, append);
    if (err != ERR_NONE) {
        return err;
    }
    give_u64(&parameters, append->log);
    give_u64(&parameters, append->index);
    give_bytes(&parameters, append->entry);
    err = send_part(rows, STATEMENT_APPEND, &parameters, (struct sent){SLICE_NONE, false});
    if (err == ERR_NONE) {
        heads_append(&rows->heads, append);
    }
    return err;
}

enum err rows_intend(struct rows *rows, const struct log_intent *intent)
{
    struct parameters parameters = {0};
    enum err err = heads_may_intend(&rows->heads, intent);
    if (err != ERR_NONE) {
        return err;
    }
    give_u64(&parameters, intent->log);
    give_u64(&parameters, intent->size);
    give_bytes(&parameters, slice_of(intent->root, SHA256_BYTES));
    give_bytes(&parameters, edge_bytes(&rows->heads.next[intent->log].edge));
    err = send_part(rows, STATEMENT_INTEND, &parameters, (struct sent){SLICE_NONE, false});
    if (err == ERR_NONE) {
        heads_intend(&rows->heads, intent);
    }
    return err;
}

enum err rows_save_state(struct rows *rows, struct slice state)
{
    if (state.len > STATE_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    buf_clear(&rows->next_state);
    enum err err = buf_append(&rows->next_state, state);
    return err == ERR_NONE ? send_meta(rows, "state", state) : err;
}

static enum err commit(struct rows *rows)
{
    enum err err = send_part(rows, STATEMENT_COMMIT, NULL, (struct sent){SLICE_NONE, false});
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    if (err != ERR_NONE) {
        return err;
    }
    rows->changing = false; /* nothing of it waits to be sent */
    return end_parts(rows);
}

enum err rows_commit(struct rows *rows)
{
    /* Room first: what is committed must not fail to be remembered. */
    enum err err = heads_are_whole(&rows->heads) ? buf_reserve(&rows->state, STATE_MAX_BYTES - rows->state.len) : ERR_INVALID;
    err = err == ERR_NONE ? commit(rows) : err;
    if (err != ERR_NONE) {
        rows_roll_back(rows);
        return err;
    }
    heads_commit(&rows->heads);
    rows->epoch = rows->next_epoch;
    if (rows->next_state.len > 0) {
        buf_clear(&rows->state);
        err = buf_append(&rows->state, buf_slice(&rows->next_state));
    }
    forget(rows);
    return err;
}

enum err rows_publish(struct rows *rows, uint8_t log, uint64_t size, struct slice note)
{
    struct parameters parameters = {0};
    if (!log_is_known(log) || size > rows->heads.logs[log].edge.size || note.len > rows->checkpoints[log].max) {
        return ERR_INVALID;
    }
    enum err err = buf_reserve(&rows->checkpoints[log], note.len);
    give_u64(&parameters, log);
    give_u64(&parameters, size);
    give_bytes(&parameters, note);
    forget(rows);
    err = err == ERR_NONE ? send_part(rows, STATEMENT_PUBLISH, &parameters, (struct sent){SLICE_NONE, false}) : err;
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    if (err != ERR_NONE) {
        return err;
    }
    err = end_parts(rows);
    if (err == ERR_NONE) {
        rows->heads.logs[log].published_size = size;
        buf_clear(&rows->checkpoints[log]);
        err = buf_append(&rows->checkpoints[log], note);
    }
    return err;
}
