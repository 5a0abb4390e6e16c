/*
 * The way back: a database that comes in parts while another one is in use, and takes its place with the next start of the store.
 *
 *   none --write (offset 0)--> coming --write ...--> coming --close--> closed --approve--> approved --swap--> none (restore.db)        end, or another id: none
 *
 * Files beside vogt.db: "restore.part" until the swap, nobody's after a restart; "restore.db" from then on. That one rename, synced, is the moment at which the store is
 * another. staging_take_in does what is left, at every start, however often it was cut short: the file "restored" (store.c), with the swap's note ("restore.note" until then),
 * the old database's write-ahead log away, vogt.db replaced (or PostgreSQL's tables: postgres_load.c). So whatever ends the process leaves the old store or the new one, and the new one says that it was restored.
 */
#ifndef VOGT_STORE_STAGING_H
#define VOGT_STORE_STAGING_H

#include "crypto/crypto.h"
#include "store/file.h"
#include "store/wire.h"

#define STAGING_NAME "restore.part"
#define RESTORED_NAME "restored"
#define SWAPPED_NAME "restore.db"

struct staging;

/* Is there a swapped database? Then the file "restored" stands from now on. */
enum err staging_find_swapped(struct files *files, bool *ret_is_swapped) must_check;
/* Puts a swapped database in the place of vogt.db, before that is opened. For PostgreSQL: postgres_load.c. */
enum err staging_take_in(struct files *files) must_check;

/* NULL: no memory. Removes what a former process left. */
struct staging *staging_new(struct files *files);
void staging_free(struct staging *staging);
/* Each ends what was there when it fails. ERR_NOT_FOUND: another one was begun, it ended, or this is not its next offset; then it goes on. */
enum err staging_write(struct staging *staging, uint64_t id, uint64_t offset, struct slice bytes) must_check;
/* No more comes; what came is on the disk, and this is its digest. */
enum err staging_close(struct staging *staging, uint64_t id, uint8_t ret_digest[SHA256_BYTES]) must_check;
/* Whoever looked at it found it good. */
void staging_approve(struct staging *staging);
/* The note is kept until the logs go on under another name. */
enum err staging_swap(struct staging *staging, uint64_t id, struct slice note) must_check;
/* Of the restore that this store comes from; empty: none. */
enum err staging_note(struct staging *staging, struct buf *note) must_check;
void staging_end(struct staging *staging);
bool staging_is(const struct staging *staging, uint64_t id);
uint64_t staging_size(const struct staging *staging);

#endif
