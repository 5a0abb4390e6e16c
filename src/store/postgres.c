#include "store/postgres_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement_row {
    const char *name, *parameters, *sql;
};

static const struct statement_row statements[] = {
#define STATEMENT(name, parameters, sql) [STATEMENT_##name] = {#name, parameters, sql},
#include "store/postgres_statements.def"
#undef STATEMENT
};

/* Numbers of types in PostgreSQL's catalogue: they never change. */
enum { TYPE_BYTEA = 17, TYPE_BIGINT = 20, TYPE_TEXT = 25, BINARY = 1, CHECKPOINT_BYTES = 65536, STATE_NAME_BYTES = 5 };

/* ---- errors ---- */

/* SQLSTATE (PostgreSQL, appendix A), by as many characters as stand here; the first that fits. */
static const struct {
    const char *state;
    enum err err;
} states[] = {
    {"22012", ERR_CONFLICT}, {"23505", ERR_CONFLICT}, {"53100", ERR_FULL},      {"53200", ERR_MEMORY},   {"53300", ERR_UNREACHABLE}, {"57P01", ERR_UNREACHABLE},
    {"57P02", ERR_UNREACHABLE}, {"57P03", ERR_UNREACHABLE}, {"08", ERR_UNREACHABLE}, {"28", ERR_DENIED}, {"3D000", ERR_NOT_FOUND}, {"42501", ERR_RIGHTS},
    {"42", ERR_DAMAGED},     {"XX001", ERR_DAMAGED},  {"XX002", ERR_DAMAGED},   {"22", ERR_INVALID},
};

enum err state_err(const char *sqlstate)
{
    for (size_t i = 0; sqlstate != NULL && i < sizeof(states) / sizeof(states[0]); i++) {
        if (strncmp(sqlstate, states[i].state, strlen(states[i].state)) == 0) {
            return states[i].err;
        }
    }
    return ERR_IO;
}

/* The primary message only: a detail may quote a row. */
void source_say(struct rows_source *source, const char *state, const char *words)
{
    snprintf(source->words, sizeof(source->words), "%s%s%s", state == NULL ? "" : state, state == NULL || words == NULL ? "" : " ", words == NULL ? "" : words);
    source->words[strcspn(source->words, "\r\n")] = '\0'; /* what follows are hints of libpq's */
}

enum err postgres_lost(struct rows *rows)
{
    if (!rows->failed) {
        source_say(rows->source, NULL, PQerrorMessage(rows->connection));
    }
    rows->failed = true;
    return ERR_IO;
}

enum err postgres_err(struct rows *rows, const PGresult *result)
{
    if (result == NULL || PQstatus(rows->connection) != CONNECTION_OK) {
        return postgres_lost(rows);
    }
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    source_say(rows->source, state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    enum err err = state_err(state);
    return err == ERR_UNREACHABLE || err == ERR_NONE ? postgres_lost(rows) : err;
}

/* ---- parameters ---- */

void give_u64(struct parameters *parameters, uint64_t value)
{
    int at = parameters->count++;
    store_u64_big(parameters->numbers[at], value > INT64_MAX ? INT64_MAX : value);
    parameters->values[at] = NULL; /* its place may still move: see postgres_send */
    parameters->lengths[at] = -1;
}

void give_bytes(struct parameters *parameters, struct slice bytes)
{
    int at = parameters->count++;
    parameters->values[at] = bytes.len == 0 ? "" : (const char *)bytes.data;
    parameters->lengths[at] = (int)bytes.len; /* a row has at most 16 MiB */
}

/* ---- the pipeline ---- */

enum err postgres_send(struct rows *rows, enum statement statement, const struct parameters *parameters)
{
    static const int formats[PARAMETERS_MAX] = {BINARY, BINARY, BINARY, BINARY};
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], count = parameters == NULL ? 0 : parameters->count;
    for (int i = 0; i < count; i++) {
        bool is_number = parameters->lengths[i] < 0;
        values[i] = is_number ? (const char *)parameters->numbers[i] : parameters->values[i];
        lengths[i] = is_number ? 8 : parameters->lengths[i];
    }
    if (rows->failed) {
        return ERR_IO;
    }
    int sent = PQsendQueryPrepared(rows->connection, statements[statement].name, count, values, lengths, formats, BINARY);
    return sent == 1 ? ERR_NONE : postgres_lost(rows);
}

enum err postgres_sync(struct rows *rows)
{
    return !rows->failed && PQpipelineSync(rows->connection) == 1 ? ERR_NONE : postgres_lost(rows);
}

enum err postgres_take_sync(struct rows *rows)
{
    PGresult *result = rows->failed ? NULL : PQgetResult(rows->connection);
    bool good = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return good ? ERR_NONE : postgres_lost(rows);
}

void postgres_drop(struct rows *rows)
{
    unsigned nothing = 0; /* a statement's answers end with one NULL */
    while (!rows->failed && nothing < 2) {
        PGresult *result = PQgetResult(rows->connection);
        ExecStatusType status = PQresultStatus(result);
        nothing = result == NULL ? nothing + 1 : 0;
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) {
            return;
        }
        if (PQstatus(rows->connection) != CONNECTION_OK) {
            break;
        }
    }
    (void)!postgres_lost(rows);
}

enum err answer_next(struct answer *answer)
{
    struct rows *rows = answer->rows;
    if (!answer->begun) {
        answer->begun = true;
        if (rows->failed || PQsetSingleRowMode(rows->connection) != 1) {
            answer->ended = true;
            return postgres_lost(rows);
        }
    }
    PQclear(answer->result);
    answer->result = PQgetResult(rows->connection);
    switch ((unsigned)PQresultStatus(answer->result)) {
    case PGRES_SINGLE_TUPLE:
        return ERR_NONE;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        PQclear(answer->result);
        answer->result = NULL;
        return ERR_NONE;
    case PGRES_PIPELINE_ABORTED:
        return ERR_CLOSED; /* one before it failed */
    default:
        return postgres_err(rows, answer->result);
    }
}

enum err answer_end(struct answer *answer, enum err err)
{
    struct rows *rows = answer->rows;
    PQclear(answer->result);
    answer->result = NULL;
    while (!answer->ended && !rows->failed) {
        PGresult *result = PQgetResult(rows->connection);
        answer->ended = result == NULL;
        PQclear(result);
        if (PQstatus(rows->connection) != CONNECTION_OK) {
            err = postgres_lost(rows);
        }
    }
    return rows->failed ? ERR_IO : err;
}

struct slice answer_column(const struct answer *answer, int column)
{
    return slice_of(PQgetvalue(answer->result, 0, column), (size_t)PQgetlength(answer->result, 0, column));
}

uint64_t answer_u64(const struct answer *answer, int column)
{
    struct slice bytes = answer_column(answer, column);
    uint64_t value = bytes.len == 8 ? load_u64_big(bytes.data) : 0;
    return value > INT64_MAX ? 0 : value; /* a negative one is none of ours */
}

/* ---- opening ---- */

static enum err prepare(struct rows *rows)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < STATEMENT_COUNT; i++) {
        const struct statement_row *row = &statements[i];
        Oid types[PARAMETERS_MAX];
        int count = 0;
        for (const char *at = row->parameters; *at != '\0'; at++) {
            types[count++] = *at == 'i' ? TYPE_BIGINT : *at == 't' ? TYPE_TEXT : TYPE_BYTEA;
        }
        PGresult *result = PQprepare(rows->connection, row->name, row->sql, count, types);
        err = PQresultStatus(result) == PGRES_COMMAND_OK ? ERR_NONE : postgres_err(rows, result);
        PQclear(result);
    }
    return err;
}

static enum err load_heads(struct rows *rows)
{
    struct answer answer = {.rows = rows};
    unsigned count = 0;
    enum err err = postgres_send(rows, STATEMENT_HEADS, NULL);
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    while (err == ERR_NONE && (err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) {
        uint64_t log = answer_u64(&answer, 0);
        err = heads_load(&rows->heads, log, answer_u64(&answer, 1), answer_column(&answer, 2), answer_column(&answer, 3), answer_u64(&answer, 4));
        err = err == ERR_NONE ? buf_append(&rows->checkpoints[log], answer_column(&answer, 5)) : err;
        count++;
    }
    err = answer_end(&answer, err);
    err = err == ERR_NONE ? postgres_take_sync(rows) : err;
    return err == ERR_NONE && count != LOGS - 1 ? ERR_DAMAGED : err;
}

static enum err load_meta(struct rows *rows, const char *name, struct buf *out)
{
    struct answer answer = {.rows = rows};
    struct parameters parameters = {0};
    unsigned count = 0;
    give_bytes(&parameters, slice_string(name));
    enum err err = postgres_send(rows, STATEMENT_META, &parameters);
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    while (err == ERR_NONE && (err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) {
        err = buf_append(out, answer_column(&answer, 0));
        count++;
    }
    err = answer_end(&answer, err);
    err = err == ERR_NONE ? postgres_take_sync(rows) : err;
    return err == ERR_NONE && count != 1 ? ERR_DAMAGED : err;
}

static enum err load(struct rows *rows)
{
    cleanup_buf struct buf epoch = BUF_INIT(8);
    enum err err = load_heads(rows);
    err = err == ERR_NONE ? load_meta(rows, "state", &rows->state) : err;
    err = err == ERR_NONE ? load_meta(rows, "epoch", &epoch) : err;
    if (err == ERR_NONE && epoch.len != 8) {
        err = ERR_DAMAGED;
    }
    if (err == ERR_NONE) {
        rows->epoch = load_u64_big(epoch.data);
    }
    return err == ERR_TOO_LARGE ? ERR_DAMAGED : err;
}

enum err rows_open(struct files *files, struct rows_source *source, bool may_create, struct rows **ret_rows)
{
    struct rows *rows = source == NULL ? NULL : calloc(1, sizeof(*rows));
    if (rows == NULL) {
        return source == NULL ? ERR_INVALID : ERR_MEMORY;
    }
    *rows = (struct rows){.source = source, .connection = source->connection, .state = BUF_INIT(STATE_MAX_BYTES), .next_state = BUF_INIT(STATE_MAX_BYTES)};
    for (size_t i = 0; i < LOGS; i++) {
        rows->checkpoints[i] = BUF_INIT(CHECKPOINT_BYTES);
    }
    enum err err = postgres_check_schema(source, may_create);
    err = err == ERR_NONE ? postgres_take_in(source, files) : err;
    err = err == ERR_NONE ? prepare(rows) : err;
    if (err == ERR_NONE && PQenterPipelineMode(rows->connection) != 1) {
        err = postgres_lost(rows);
    }
    err = err == ERR_NONE ? load(rows) : err;
    if (err != ERR_NONE) {
        rows_close(rows);
        return err;
    }
    *ret_rows = rows;
    return ERR_NONE;
}

void rows_close(struct rows *rows)
{
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < LOGS; i++) {
        buf_free(&rows->checkpoints[i]);
    }
    buf_free(&rows->state);
    buf_free(&rows->next_state);
    free(rows->sent);
    free(rows);
}

bool rows_failed(const struct rows *rows)
{
    return rows->failed;
}

/* A server that ends says so before it closes; both are read here, in one look or two. */
void rows_heed(struct rows *rows)
{
    if (!rows->failed && (PQconsumeInput(rows->connection) != 1 || (PQisBusy(rows->connection), PQstatus(rows->connection) != CONNECTION_OK))) {
        (void)!postgres_lost(rows);
    }
}

/* The server checks its own pages where its cluster was made with checksums, and moves its own log. */
enum err rows_tidy(struct rows *rows, int pages)
{
    (void)pages;
    return rows->failed ? ERR_IO : ERR_NONE;
}
