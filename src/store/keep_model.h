/*
 * What keep does to a store, as far as tests need it: a small set of rows, two logs and the
 * set-hash, changed at random, with the bodies of COMMIT and PUBLISH for it; and the check that a
 * store holds exactly a given model. Never part of a daemon.
 */
#ifndef VOGT_STORE_KEEP_MODEL_H
#define VOGT_STORE_KEEP_MODEL_H

#include "store/sethash.h"
#include "store/store.h"
#include "store/tiles.h"

enum { MODEL_ROWS = 48, MODEL_ROW_BYTES = 3000, MODEL_BODY_BYTES = 1 << 20 };

struct model_row {
    uint64_t version; /* 0: not there */
    uint64_t due_unix_ms;
    size_t len;
    uint8_t fill;
};

struct model {
    struct model_row rows[MODEL_ROWS];
    struct edge logs[3];
    uint64_t published[3]; /* acknowledged */
    struct sethash state;
    uint64_t random;
};

void model_start(struct model *model, uint64_t seed);
uint64_t model_random(struct model *model, uint64_t below);
/* Changes the model at random and writes the body of the commit that does the same to a store. */
enum err model_commit(struct model *model, struct buf *body) must_check;
enum err model_publication(const struct model *model, uint8_t log, struct buf *body) must_check;
/* NULL if the store holds this model: rows, set-hash, entries, roots, and tiles that cover the
 * checkpoint. Else what differs. */
const char *model_difference(const struct model *model, struct store *store, struct files *files);

#endif
