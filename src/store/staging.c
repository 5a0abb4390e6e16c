#include "store/staging.h"

#include <stdlib.h>

static const char note_name[] = "restore.note", database_name[] = "vogt.db";

struct staging {
    struct files *files;
    uint64_t id;                /* 0: none */
    struct file *file;          /* while it comes */
    struct sha256 *hash;
    uint64_t size_bytes;
    bool is_approved;
};

static enum err remove_if_there(struct files *files, const char *name)
{
    bool exists = false;
    enum err err = file_exists(files, name, &exists);
    return err == ERR_NONE && exists ? file_remove(files, name) : err;
}

enum err staging_find_swapped(struct files *files, bool *ret_is_swapped)
{
    bool has_note = false;
    enum err err = file_exists(files, SWAPPED_NAME, ret_is_swapped);
    err = err == ERR_NONE && *ret_is_swapped ? file_exists(files, note_name, &has_note) : err;
    err = err == ERR_NONE && has_note ? file_rename(files, note_name, RESTORED_NAME) : err;
    return err == ERR_NONE && has_note ? file_sync_directory(files, "") : err;
}

/* Every step may have been done before. The old database without its log is used by nobody: as long as the new one has its own name, the next start begins here again. */
enum err staging_take_in(struct files *files)
{
    static const char *const beside[] = {"vogt.db-wal", "vogt.db-journal"};
    bool is_swapped = false;
    enum err err = staging_find_swapped(files, &is_swapped);
    if (err != ERR_NONE || !is_swapped) {
        return err;
    }
    for (size_t i = 0; err == ERR_NONE && i < sizeof beside / sizeof beside[0]; i++) {
        err = remove_if_there(files, beside[i]);
    }
    err = err == ERR_NONE ? file_sync_directory(files, "") : err;
    err = err == ERR_NONE ? file_rename(files, SWAPPED_NAME, database_name) : err;
    return err == ERR_NONE ? file_sync_directory(files, "") : err;
}

struct staging *staging_new(struct files *files)
{
    struct staging *staging = calloc(1, sizeof *staging);
    if (staging != NULL) {
        staging->files = files;
        (void)!remove_if_there(files, STAGING_NAME);
        (void)!remove_if_there(files, note_name);
    }
    return staging;
}

void staging_end(struct staging *staging)
{
    file_close(staging->file);
    sha256_free(staging->hash);
    if (staging->id != 0) {
        (void)!file_remove(staging->files, STAGING_NAME);
    }
    *staging = (struct staging){.files = staging->files};
}

void staging_free(struct staging *staging)
{
    if (staging != NULL) {
        staging_end(staging);
        free(staging);
    }
}

static enum err begin(struct staging *staging, uint64_t id)
{
    staging_end(staging);
    staging->id = id;
    staging->hash = sha256_new();
    enum err err = staging->hash == NULL ? ERR_MEMORY : file_open(staging->files, STAGING_NAME, FILE_CREATE, &staging->file, NULL);
    return err == ERR_NONE ? file_truncate(staging->file, 0) : err;
}

bool staging_is(const struct staging *staging, uint64_t id)
{
    return id != 0 && staging->id == id;
}

static bool is_next(const struct staging *staging, uint64_t id, uint64_t offset)
{
    return staging_is(staging, id) && staging->file != NULL && staging->size_bytes == offset;
}

static enum err ended(struct staging *staging, enum err err)
{
    if (err != ERR_NONE) {
        staging_end(staging);
    }
    return err;
}

enum err staging_write(struct staging *staging, uint64_t id, uint64_t offset, struct slice bytes)
{
    bool is_new = id != 0 && offset == 0 && staging->id != id;
    if (!is_new && !is_next(staging, id, offset)) {
        return ERR_NOT_FOUND;
    }
    enum err err = is_new ? begin(staging, id) : ERR_NONE;
    err = err == ERR_NONE ? file_write(staging->file, offset, bytes) : err;
    if (err == ERR_NONE) {
        sha256_update(staging->hash, bytes);
        staging->size_bytes += bytes.len;
    }
    return ended(staging, err);
}

enum err staging_close(struct staging *staging, uint64_t id, uint8_t ret_digest[SHA256_BYTES])
{
    if (!is_next(staging, id, staging->size_bytes)) {
        return ERR_NOT_FOUND;
    }
    enum err err = file_sync(staging->file);
    file_close(staging->file);
    staging->file = NULL;
    sha256_finish(staging->hash, ret_digest);
    return ended(staging, err);
}

void staging_approve(struct staging *staging)
{
    staging->is_approved = staging->id != 0 && staging->file == NULL;
}

enum err staging_swap(struct staging *staging, uint64_t id, struct slice note)
{
    if (!staging_is(staging, id) || !staging->is_approved) {
        return ERR_NOT_FOUND;
    }
    enum err err = file_replace(staging->files, note_name, note);
    err = err == ERR_NONE ? file_sync_directory(staging->files, "") : err;
    err = err == ERR_NONE ? file_rename(staging->files, STAGING_NAME, SWAPPED_NAME) : err;
    staging->id = err == ERR_NONE ? 0 : id; /* nothing to remove any more */
    err = err == ERR_NONE ? file_sync_directory(staging->files, "") : err;
    staging_end(staging);
    return err;
}

enum err staging_note(struct staging *staging, struct buf *note)
{
    enum err err = file_load(staging->files, RESTORED_NAME, note);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

uint64_t staging_size(const struct staging *staging)
{
    return staging->size_bytes;
}
