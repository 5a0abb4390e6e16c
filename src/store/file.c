#include "store/file.h"

#include <stdio.h>
#include <string.h>

/* Remembers what went wrong; SQLite turns most of it into its own coarser codes. */
static enum err note(struct files *files, enum err err)
{
    if (err != ERR_NONE) {
        files->last_err = err;
    }
    return err;
}

void files_free(struct files *files)
{
    if (files != NULL) {
        files->layer->free(files);
    }
}

bool files_failed(const struct files *files)
{
    return files->sync_failed;
}

/* Names come from this program's own constants and numbers; a name that climbs out is a bug,
 * refused all the same. */
static bool name_allowed(const char *name)
{
    size_t len = strnlen(name, FILE_NAME_MAX_BYTES + 1);
    return len > 0 && len <= FILE_NAME_MAX_BYTES && name[0] != '/' && strstr(name, "..") == NULL;
}

enum err file_open(struct files *files, const char *name, enum file_mode mode,
                   struct file **ret_file, bool *ret_created)
{
    if (!name_allowed(name)) {
        return note(files, ERR_INVALID);
    }
    if (mode != FILE_READ && files->sync_failed) {
        return note(files, ERR_IO);
    }
    return note(files, files->layer->open(files, name, mode, ret_file, ret_created));
}

void file_close(struct file *file)
{
    if (file != NULL) {
        file->files->layer->close(file);
    }
}

enum err file_read(struct file *file, uint64_t offset, void *out, size_t len, size_t *ret_len)
{
    return note(file->files, file->files->layer->read(file, offset, out, len, ret_len));
}

enum err file_write(struct file *file, uint64_t offset, struct slice bytes)
{
    if (file->files->sync_failed) {
        return note(file->files, ERR_IO);
    }
    return note(file->files, file->files->layer->write(file, offset, bytes));
}

enum err file_truncate(struct file *file, uint64_t size_bytes)
{
    if (file->files->sync_failed) {
        return note(file->files, ERR_IO);
    }
    return note(file->files, file->files->layer->truncate(file, size_bytes));
}

static enum err synced(struct files *files, enum err err)
{
    if (err != ERR_NONE) {
        files->sync_failed = true;
    }
    return note(files, err);
}

enum err file_sync(struct file *file)
{
    if (file->files->sync_failed) {
        return note(file->files, ERR_IO);
    }
    return synced(file->files, file->files->layer->sync(file));
}

enum err file_size(struct file *file, uint64_t *ret_size_bytes)
{
    return note(file->files, file->files->layer->size(file, ret_size_bytes));
}

enum err file_lock(struct file *file)
{
    return note(file->files, file->files->layer->lock(file));
}

enum err file_remove(struct files *files, const char *name)
{
    if (!name_allowed(name)) {
        return note(files, ERR_INVALID);
    }
    return note(files, files->sync_failed ? ERR_IO : files->layer->remove(files, name));
}

enum err file_rename(struct files *files, const char *from, const char *to)
{
    if (!name_allowed(from) || !name_allowed(to)) {
        return note(files, ERR_INVALID);
    }
    return note(files, files->sync_failed ? ERR_IO : files->layer->rename(files, from, to));
}

enum err file_make_directory(struct files *files, const char *name)
{
    if (!name_allowed(name)) {
        return note(files, ERR_INVALID);
    }
    return note(files, files->sync_failed ? ERR_IO : files->layer->make_directory(files, name));
}

enum err file_sync_directory(struct files *files, const char *name)
{
    if (name[0] != '\0' && !name_allowed(name)) {
        return note(files, ERR_INVALID);
    }
    if (files->sync_failed) {
        return note(files, ERR_IO);
    }
    return synced(files, files->layer->sync_directory(files, name));
}

enum err file_stamp(struct files *files, const char *name, struct file_stamp *ret_stamp)
{
    if (!name_allowed(name)) {
        return note(files, ERR_INVALID);
    }
    return note(files, files->layer->stamp(files, name, ret_stamp));
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->exists == b->exists && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           a->changed_ns == b->changed_ns;
}

enum err file_exists(struct files *files, const char *name, bool *ret_exists)
{
    struct file_stamp stamp;
    enum err err = file_stamp(files, name, &stamp);
    if (err == ERR_NONE) {
        *ret_exists = stamp.exists;
    }
    return err;
}

enum err file_load(struct files *files, const char *name, struct buf *out)
{
    struct file *file = NULL;
    uint64_t size = 0;
    size_t len = 0;
    buf_clear(out);
    enum err err = file_open(files, name, FILE_READ, &file, NULL);
    if (err == ERR_NONE) {
        err = file_size(file, &size);
    }
    if (err == ERR_NONE && size > out->max) {
        err = ERR_TOO_LARGE;
    }
    if (err == ERR_NONE) {
        err = buf_reserve(out, (size_t)size);
    }
    if (err == ERR_NONE && size > 0) {
        err = file_read(file, 0, out->data, (size_t)size, &len);
    }
    file_close(file);
    if (err == ERR_NONE) {
        out->len = len;
    }
    return err;
}

enum err file_replace(struct files *files, const char *name, struct slice bytes)
{
    char temporary[FILE_NAME_MAX_BYTES + 1];
    int written = snprintf(temporary, sizeof(temporary), "%s.tmp", name);
    if (written < 0 || (size_t)written >= sizeof(temporary)) {
        return ERR_TOO_LARGE;
    }
    struct file *file = NULL;
    enum err err = file_open(files, temporary, FILE_CREATE, &file, NULL);
    if (err == ERR_NONE) {
        err = file_truncate(file, 0);
    }
    if (err == ERR_NONE) {
        err = file_write(file, 0, bytes);
    }
    if (err == ERR_NONE) {
        err = file_sync(file);
    }
    file_close(file);
    if (err == ERR_NONE) {
        err = file_rename(files, temporary, name);
    }
    return err;
}
