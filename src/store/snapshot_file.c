/* From SQLite: its own backup, some pages a step. */
#include "store/rows_inside.h"
#include "store/snapshot_inside.h"

enum { SLICE_PAGES = 1024 };

enum err snapshot_copy(struct snapshot *snapshot, struct rows *rows, bool *ret_whole)
{
    if (snapshot->backup == NULL) {
        snapshot->backup = sqlite3_backup_init(snapshot->target, "main", rows->database, "main");
    }
    if (snapshot->backup == NULL) {
        return vfs_err(snapshot->vfs, sqlite3_errcode(snapshot->target));
    }
    int result = sqlite3_backup_step(snapshot->backup, SLICE_PAGES);
    *ret_whole = result == SQLITE_DONE;
    if (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) {
        return ERR_NONE;
    }
    int finished = sqlite3_backup_finish(snapshot->backup);
    snapshot->backup = NULL;
    return vfs_err(snapshot->vfs, result != SQLITE_DONE ? result : finished);
}

void snapshot_copy_end(struct snapshot *snapshot)
{
    sqlite3_backup_finish(snapshot->backup); /* harmless with NULL */
    snapshot->backup = NULL;
}
