/*
 * The store as keep sees it: three questions, each a body in and a body out, laid out in
 * store/wire.h. It owns the file layer and the rows. It has no loop, no channel and no keys.
 */
#ifndef VOGT_STORE_STORE_H
#define VOGT_STORE_STORE_H

#include "store/rows.h"

struct staging;
struct store;

/* Takes `files`, on failure too; `source` as rows_open has it. ERR_DAMAGED: the database is gone though
 * a ledger was published here. Else see rows_open. */
enum err store_open(struct files *files, struct rows_source *source,
                    struct store **ret_store) must_check;
void store_close(struct store *store);

/*
 * Each appends a whole answer to `out`, whose first field says how it went; the result is that same
 * error (ERR_MALFORMED, ERR_INVALID: keep broke the protocol). When store_ended() says so
 * afterwards, the answer may still be sent, and nothing more may be asked.
 */
enum err store_fetch(struct store *store, struct slice body,
                     struct buf *out) must_check; /* FETCH -> FETCHED */
enum err store_commit(struct store *store, struct slice body,
                      struct buf *out) must_check; /* COMMIT -> COMMITTED */
enum err store_publish(struct store *store, struct slice body,
                       struct buf *out) must_check; /* PUBLISH -> PUBLISHED */
/* 2 MiB. The longer the WAL, the more rows each page that is moved and synced stands for; but nothing is committed while it moves: 4 MiB made one write in a hundred wait
 * for more than 10 ms. */
enum { STORE_TIDY_PAGES = 512 };
/* When replies have left: moves the WAL if it has this many pages. */
enum err store_tidy(struct store *store, int pages) must_check;
/* A sync failed or the database is damaged: ERR_IO or ERR_DAMAGED; else ERR_NONE. */
enum err store_ended(const struct store *store) must_check;
/* What shall take the rows' place (staging.h); owned by the store. */
struct staging *store_staging(struct store *store);
struct files *store_files(struct store *store);
/* For checks; owned by the store. */
struct rows *store_rows(struct store *store);

#endif
