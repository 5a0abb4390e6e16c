/*
 * A copy of the database while it is in use, as it is at the moment the copy is complete. SQLite's own backup copies pages in slices; what is committed between them goes
 * into the copy as well, so that nobody waits and nothing is torn. One at a time: whoever begins another ends the one before.
 *
 *   none --copy (id)--> copying --copy, until the last page--> hashing --copy, until the last byte--> ready --read (chunk or digest)--> ready ... --end--> none
 *
 * Of PostgreSQL the copy is made in one step (postgres_snapshot.c), and is the same kind of file.
 *
 * The copy is the file snapshot.db beside the database: the same sealed rows, no more. It is never synced, belongs to nobody after a restart, and is removed then.
 */
#ifndef VOGT_STORE_SNAPSHOT_H
#define VOGT_STORE_SNAPSHOT_H

#include "store/rows.h"

enum { SNAPSHOT_CHUNK_BYTES = 4 << 20 };

struct snapshot;

/* NULL: no memory. Removes what a former process left. */
struct snapshot *snapshot_new(struct files *files);
void snapshot_free(struct snapshot *snapshot);
/* Answers need SNAPSHOT (store/wire.h). What goes wrong with the copy stands in the answer; the result is an error only when there is no memory for it. */
enum err snapshot_answer(struct snapshot *snapshot, struct rows *rows, const struct need *need, struct buf *out) must_check;

#endif
