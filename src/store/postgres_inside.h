/* What the postgres*.c share; nobody else includes it. */
#ifndef VOGT_STORE_POSTGRES_INSIDE_H
#define VOGT_STORE_POSTGRES_INSIDE_H

#include "store/postgres.h"

#include <libpq-fe.h>

/* Prepared once, when the rows are opened; all run in pipeline mode. */
enum statement {
#define STATEMENT(name, parameters, sql) STATEMENT_##name,
#include "store/postgres_statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

enum { WORDS_BYTES = 256, PARAMETERS_MAX = 4 };

struct rows_source {
    PGconn *connection;
    char words[WORDS_BYTES];
};

struct rows {
    struct rows_source *source;
    PGconn *connection; /* the source's */
    struct heads heads;
    struct buf state, checkpoints[LOGS];  /* as committed */
    struct buf next_state;                /* as the running change leaves it; empty: the same */
    uint64_t epoch, next_epoch;
    bool failed;        /* the connection is lost */
    bool changing;      /* since rows_begin */
    bool shows_single;  /* the running statement's rows come one by one */
    /* Of the running change: what was sent, in this order; conflicts are found when the answers come. */
    struct sent *sent;
    size_t sent_count, sent_room;
    struct slice conflict;
    /* Of the running FETCH: the needs that were sent ahead and not taken yet. */
    struct reader ahead;
    bool is_ahead;
};

/* What a change's statement says by failing: another version was there, or the tables are damaged. */
struct sent {
    struct slice path; /* of a row; empty for the others */
    bool is_row;
};

/* Parameters in PostgreSQL's binary forms. */
struct parameters {
    int count;
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    uint8_t numbers[PARAMETERS_MAX][8];
};
void give_u64(struct parameters *parameters, uint64_t value);
void give_bytes(struct parameters *parameters, struct slice bytes); /* text too */

/* Queues a statement; nothing is waited for. */
enum err postgres_send(struct rows *rows, enum statement statement, const struct parameters *parameters) must_check;
enum err postgres_sync(struct rows *rows) must_check;      /* ends the pipeline's part: all queued goes out */
enum err postgres_take_sync(struct rows *rows) must_check; /* after the answers of all statements */
/* Throws away what is under way up to the next end of a part. */
void postgres_drop(struct rows *rows);

/*
 * The answer of the next statement, row by row:
 *     struct answer answer = {.rows = rows};
 *     while ((err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) { ... answer_column(&answer, 0) ... }
 *     err = answer_end(&answer, err);
 */
struct answer {
    struct rows *rows;
    PGresult *result; /* one row; NULL: no more */
    bool begun, ended;
};
enum err answer_next(struct answer *answer) must_check;
enum err answer_end(struct answer *answer, enum err err) must_check; /* takes what is left; the first error */
struct slice answer_column(const struct answer *answer, int column); /* until the next row */
uint64_t answer_u64(const struct answer *answer, int column);

/* A server's error as ours; its words go into the source. */
enum err postgres_err(struct rows *rows, const PGresult *result) must_check;
enum err postgres_lost(struct rows *rows) must_check;
/* SQLSTATE to err; ERR_IO for all others. */
enum err state_err(const char *sqlstate) must_check;
void source_say(struct rows_source *source, const char *state, const char *words);

/* postgres_schema.c: before pipeline mode. Makes, if it may, and checks. ERR_NEWER, ERR_INVALID, ERR_DAMAGED. */
enum err postgres_check_schema(struct rows_source *source, bool may_create) must_check;
/* postgres_load.c: before pipeline mode. Takes in a swapped database. ERR_EXISTS: this directory had its rows elsewhere, and the database is not empty. */
enum err postgres_take_in(struct rows_source *source, struct files *files) must_check;
/* One statement without parameters, in text; NULL: *ret_err. The caller clears. */
PGresult *postgres_ask(struct rows_source *source, const char *sql, enum err *ret_err);

#endif
