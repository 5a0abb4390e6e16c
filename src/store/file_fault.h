/*
 * A file layer for tests: a small file system in memory that knows what a sync has made durable and
 * what not. A crash keeps of everything unsynced a random part: single 512-byte sectors of writes,
 * truncations, new, renamed and removed directory entries, each for itself and so in any order. It
 * can fail any one operation, and it can pretend to sync. Never part of a daemon.
 */
#ifndef VOGT_STORE_FILE_FAULT_H
#define VOGT_STORE_FILE_FAULT_H

#include "store/file.h"

enum fault_syncs {
    FAULT_SYNCS_WORK,
    FAULT_SYNCS_OF_FILES_IGNORED, /* reported as done, nothing made durable */
    FAULT_SYNCS_OF_DIRECTORIES_IGNORED,
    FAULT_SYNCS_IGNORED,
};

/* The disk; it outlives the struct files over it. */
struct disk;

struct disk *disk_new(uint64_t seed, enum fault_syncs syncs);
void disk_free(struct disk *disk);
/* The layer over it; files_free leaves the disk as it is. */
enum err disk_files(struct disk *disk, struct files **ret_files) must_check;

/* The power goes out at the operation (write, truncate, sync, create, rename, remove, make) that
 * many from now; 0: never. */
void disk_crash_after(struct disk *disk, uint64_t operations);
bool disk_crashed(const struct disk *disk);
/* Comes back with what survived. */
void disk_restart(struct disk *disk);

/* The operation that many from now returns `err` once and does nothing; `syncs_only` counts syncs
 * alone. 0: never. */
void disk_fail_after(struct disk *disk, uint64_t operations, enum err err, bool syncs_only);
bool disk_failure_happened(const struct disk *disk);
uint64_t disk_random(struct disk *disk, uint64_t below);

#endif
