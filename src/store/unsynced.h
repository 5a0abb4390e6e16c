/*
 * Directories with entries that are not on the disk yet. Files are written whole below them, and all are
 * synced together before anything speaks of these files. It owns nothing.
 */
#ifndef VOGT_STORE_UNSYNCED_H
#define VOGT_STORE_UNSYNCED_H

#include "store/file.h"

enum { UNSYNCED_MAX = 32, DIRECTORY_MAX_BYTES = 128 };

struct unsynced {
    struct files *files;
    char directories[UNSYNCED_MAX][DIRECTORY_MAX_BYTES];
    size_t count;
};

/* "a/b" of "a/b/c"; empty: the top. */
void directory_of(const char *name, char out[DIRECTORY_MAX_BYTES]);
/* Makes every directory above `name` that is missing, topmost first. */
enum err unsynced_make_directories(struct unsynced *unsynced, const char *name) must_check;
/* The whole file, with the directories above it. */
enum err unsynced_write(struct unsynced *unsynced, const char *name, struct slice bytes) must_check;
/* Afterwards all of it is on the disk. */
enum err unsynced_sync(struct unsynced *unsynced) must_check;

#endif
