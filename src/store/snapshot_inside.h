/* What snapshot.c and its two ways of copying share; nobody else includes it. */
#ifndef VOGT_STORE_SNAPSHOT_INSIDE_H
#define VOGT_STORE_SNAPSHOT_INSIDE_H

#include "store/snapshot.h"
#include "store/vfs.h"

#include <sqlite3.h>

struct snapshot {
    struct files *files;
    uint64_t id;                /* 0: none */
    struct vfs *vfs;
    sqlite3 *target;            /* while copying */
    sqlite3_backup *backup;     /* of SQLite's own */
    struct file *file;          /* when all of it is copied */
    uint64_t size_bytes, hashed_bytes;
    struct sha256 *hash;
    bool is_ready;
    uint8_t digest[SHA256_BYTES]; /* when ready */
};

/* A step of the copy into the target; *ret_whole: it was the last. */
enum err snapshot_copy(struct snapshot *snapshot, struct rows *rows, bool *ret_whole) must_check;
void snapshot_copy_end(struct snapshot *snapshot); /* lets go of what a copy holds; harmless without one */

#endif
