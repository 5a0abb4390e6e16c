/*
 * A row in plain, with its JSON as a tree, for many turns at once. Whoever holds one keeps it as it was, whatever becomes of the row; the last one wipes it. Nobody may
 * change it.
 */
#ifndef VOGT_ENGINE_OPENED_H
#define VOGT_ENGINE_OPENED_H

#include "base/json.h"

struct opened_row {
    size_t users;
    struct arena *arena;
    struct slice bytes;             /* plain */
    const struct json *tree;        /* NULL: not packed JSON */
};

/* A copy, with one user. NULL: no memory, or a tree of more than 512 KiB. */
struct opened_row *opened_new(struct slice plain);
void opened_release(struct opened_row *opened);                 /* NULL is harmless */
size_t opened_bytes(const struct opened_row *opened);           /* of memory */

#endif
