/*
 * SQLite on the file layer: a VFS whose every file is a struct file. Only what a store in WAL mode
 * with an exclusive lock needs: no shared memory, no memory mapping, the lock taken when the
 * database is opened and kept until it is closed. The VFS belongs to one struct files; it never
 * reaches outside it, so it works in an empty root.
 */
#ifndef VOGT_STORE_VFS_H
#define VOGT_STORE_VFS_H

#include "store/file.h"

struct vfs;

/* Registers under a name of its own; files must outlive it. */
enum err vfs_new(struct files *files, struct vfs **ret_vfs) must_check;
const char *vfs_name(const struct vfs *vfs);
void vfs_free(struct vfs *vfs); /* after every database on it is closed */

/* SQLite's result in our terms; what the file layer knew better wins. */
enum err vfs_err(const struct vfs *vfs, int sqlite_result) must_check;

#endif
