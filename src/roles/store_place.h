/*
 * Where vogt-store's rows lie: a file of its directory (store_file.c), or a PostgreSQL database (store_postgres.c, in a program of its own, so that no other store
 * has that client in it). Each confines the process in its own way.
 */
#ifndef VOGT_ROLES_STORE_PLACE_H
#define VOGT_ROLES_STORE_PLACE_H

#include "process/role_start.h"
#include "store/store.h"

struct store_place {
    struct store *store;
    struct rows_source *source; /* PostgreSQL's connection */
    struct text refusal;        /* for a person, after a failure; lives as long as the role's arena */
};

/* What a person reads when the store cannot be opened: one row an error, the last (ERR_NONE) for all others. */
struct store_refusal {
    enum err err;
    struct text text;
};
struct text store_refusal_text(const struct store_refusal *refusals, enum err err); /* store.c */

/* Descriptors: 5 the data directory, 6 (PostgreSQL) the file with the connection. Confines, then opens. */
enum err store_place_open(struct role_start *start, struct store_place *place) must_check;
void store_place_close(struct store_place *place);
/* STAGE -> STAGED (store/wire.h). */
enum err store_place_stage(struct store *store, struct slice body, struct buf *out) must_check;
/* -1, or what is readable when the database has something to say though nothing was asked; then heed. */
int store_place_fd(const struct store_place *place);
void store_place_heed(struct store_place *place);
/* The rows cannot be reached any more, but another process may later: nothing here is damaged. The refusal says it. */
bool store_place_is_away(struct role_start *start, struct store_place *place);

#endif
