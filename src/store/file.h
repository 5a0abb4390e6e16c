/*
 * The file layer: every write of store, SQLite's and that of tiles and checkpoints, goes through
 * here and nowhere else. So there is one place that knows whether a sync ever failed, and tests can
 * put a layer in its place that loses, tears and reorders what was not synced.
 *
 * struct files is a directory and everything below it; names are relative, with '/' between them,
 * and never leave it ("..", a leading
 * '/' and symbolic links are refused). struct file is one open file. A failed sync is final: the
 * kernel may have dropped the data and will not say so a second time, so from then on every write
 * and sync of this layer returns ERR_IO and the store must end.
 */
#ifndef VOGT_STORE_FILE_H
#define VOGT_STORE_FILE_H

#include "base/bytes.h"

enum file_mode { FILE_READ, FILE_WRITE /* must exist */, FILE_CREATE /* if absent */ };

enum { FILE_NAME_MAX_BYTES = 255 };

struct files;
struct file;

/* Differs after a file was replaced or changed: whoever kept its bytes looks here whether they are
 * still those. */
struct file_stamp {
    bool exists;
    uint64_t inode, size_bytes;
    int64_t changed_ns; /* by the kernel's own hand: nobody can set it back */
};

/* What a layer must be able to do. Offsets and lengths are bytes. */
struct file_layer {
    enum err (*open)(struct files *files, const char *name, enum file_mode mode,
                     struct file **ret_file, bool *ret_created);
    void (*close)(struct file *file);
    enum err (*read)(struct file *file, uint64_t offset, void *out, size_t len,
                     size_t *ret_len); /* short at the end of the file only */
    enum err (*write)(struct file *file, uint64_t offset, struct slice bytes);
    enum err (*truncate)(struct file *file, uint64_t size_bytes);
    enum err (*sync)(struct file *file);
    enum err (*size)(struct file *file, uint64_t *ret_size_bytes);
    enum err (*lock)(struct file *file);
    enum err (*remove)(struct files *files, const char *name);
    enum err (*rename)(struct files *files, const char *from, const char *to);
    enum err (*make_directory)(struct files *files, const char *name);
    enum err (*sync_directory)(struct files *files, const char *name);
    enum err (*stamp)(struct files *files, const char *name, struct file_stamp *ret_stamp);
    void (*free)(struct files *files);
};

/* The head of every layer's own structures. */
struct files {
    const struct file_layer *layer;
    bool sync_failed;
    enum err last_err; /* of the last call that failed: SQLite's own codes are coarser */
};

struct file {
    struct files *files;
};

/* The kernel's files below a directory. Takes the descriptor. */
enum err files_new(int directory_fd, struct files **ret_files) must_check;
void files_free(struct files *files);
bool files_failed(
    const struct files *files); /* a sync failed: nothing may be acknowledged any more */

/* ERR_NOT_FOUND, ERR_READ_ONLY, ERR_RIGHTS, ERR_FULL, ERR_IO. */
enum err file_open(struct files *files, const char *name, enum file_mode mode,
                   struct file **ret_file, bool *ret_created) must_check;
void file_close(struct file *file);
enum err file_read(struct file *file, uint64_t offset, void *out, size_t len,
                   size_t *ret_len) must_check;
enum err file_write(struct file *file, uint64_t offset, struct slice bytes) must_check;
enum err file_truncate(struct file *file, uint64_t size_bytes) must_check;
enum err file_sync(struct file *file) must_check;
enum err file_size(struct file *file, uint64_t *ret_size_bytes) must_check;
/* Keeps every other opener out, SQLite's own tools included, until closed. ERR_LOCKED. */
enum err file_lock(struct file *file) must_check;
enum err file_remove(struct files *files,
                     const char *name) must_check; /* a file or an empty directory */
enum err file_rename(struct files *files, const char *from, const char *to) must_check;
enum err file_make_directory(struct files *files, const char *name) must_check; /* ERR_EXISTS */
enum err file_sync_directory(struct files *files, const char *name) must_check; /* "" is the top */
enum err file_exists(struct files *files, const char *name, bool *ret_exists) must_check;
enum err file_stamp(struct files *files, const char *name,
                    struct file_stamp *ret_stamp) must_check; /* absent is no error */
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* A whole small file into a buf (cleared first); its maximum bounds it. */
enum err file_load(struct files *files, const char *name, struct buf *out) must_check;
/* Replaces or creates a whole file so that a crash leaves the old or the new one: `name`.tmp, sync,
 * rename. The caller syncs the directory. */
enum err file_replace(struct files *files, const char *name, struct slice bytes) must_check;

#endif
