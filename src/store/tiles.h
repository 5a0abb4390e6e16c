/*
 * A log as files that outsiders read (C2SP tlog-tiles), derived from the rows. Below
 * ledger/evidence/ or ledger/audit/:
 *
 *   tile/...     as tile.h has them
 *   checkpoint   the signed note
 *
 * Every file is replaced whole, and is on the disk
 * before a checkpoint speaks of it. A log that was reopened under another name leaves the files of
 * the former one in ledger/former/<its name>, as they were.
 */
#ifndef VOGT_STORE_TILES_H
#define VOGT_STORE_TILES_H

#include "store/rows.h"
#include "store/tile.h"

enum { CHECKPOINT_MAX_BYTES = 65536 };

/* "ledger/evidence/tile/0/x001/234.p/17" (width 1..256). ERR_INVALID. */
enum err tile_name(uint8_t log, uint8_t level, uint64_t number, unsigned width, char *ret_name,
                   size_t name_bytes) must_check;

/* The size that a checkpoint's text names, and its root. ERR_MALFORMED. */
enum err note_head(struct slice note, uint64_t *ret_size,
                   uint8_t ret_root[SHA256_BYTES]) must_check;

/* "ledger/evidence/checkpoint". ERR_INVALID. */
enum err tiles_checkpoint_name(uint8_t log, char *ret_name, size_t name_bytes) must_check;

/* What was published last: the file's note, or ERR_NOT_FOUND. */
enum err tiles_checkpoint(struct files *files, uint8_t log, struct buf *out,
                          uint64_t *ret_size) must_check;

/*
 * Writes what is missing up to `size`, syncs files and directories, then the checkpoint.
 * ERR_INVALID: the note names another size, or more than the rows hold, or less than was published
 * under the same name;
 * ERR_DAMAGED: the rows give another root than the note, so nothing was published.
 */
enum err tiles_publish(struct files *files, struct rows *rows, uint8_t log, uint64_t size,
                       struct slice note) must_check;

#endif
