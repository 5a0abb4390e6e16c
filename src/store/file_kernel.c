/* The layer that the daemon runs on: the kernel's files, each opened beneath one directory. */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct kernel_files {
    struct files head;
    int directory_fd;
};

struct kernel_file {
    struct file head;
    int fd;
};

static int directory_of(const struct files *files)
{
    return ((const struct kernel_files *)files)->directory_fd;
}

static int fd_of(const struct file *file)
{
    return ((const struct kernel_file *)file)->fd;
}

/* A directory that cannot be written is one thing to its owner, whatever kept it from being
 * writable. */
static enum err write_err(int number)
{
    return number == EACCES || number == EPERM || number == EROFS ? ERR_READ_ONLY
                                                                  : err_from_errno(number);
}

static enum err kernel_open(struct files *files, const char *name, enum file_mode mode,
                            struct file **ret_file, bool *ret_created)
{
    const int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | (mode == FILE_READ ? O_RDONLY : O_RDWR);
    bool created = false;
    int fd = openat(directory_of(files), name, flags);
    if (fd < 0 && errno == ENOENT && mode == FILE_CREATE) {
        fd = openat(directory_of(files), name, flags | O_CREAT | O_EXCL, 0600);
        created = true;
    }
    if (fd < 0) {
        return mode == FILE_READ ? err_from_errno(errno) : write_err(errno);
    }
    struct stat status;
    struct kernel_file *file = calloc(1, sizeof(*file));
    if (file == NULL || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        enum err err = file == NULL ? ERR_MEMORY : ERR_INVALID;
        free(file);
        close(fd);
        return err;
    }
    file->head.files = files;
    file->fd = fd;
    *ret_file = &file->head;
    if (ret_created != NULL) {
        *ret_created = created;
    }
    return ERR_NONE;
}

static void kernel_close(struct file *file)
{
    close(fd_of(file));
    free(file);
}

static enum err kernel_read(struct file *file, uint64_t offset, void *out, size_t len,
                            size_t *ret_len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd_of(file), (uint8_t *)out + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_from_errno(errno);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *ret_len = done;
    return ERR_NONE;
}

static enum err kernel_write(struct file *file, uint64_t offset, struct slice bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t put =
            pwrite(fd_of(file), bytes.data + done, bytes.len - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put == 0 ? ERR_FULL : write_err(errno);
        }
        done += (size_t)put;
    }
    return ERR_NONE;
}

static enum err kernel_truncate(struct file *file, uint64_t size_bytes)
{
    return ftruncate(fd_of(file), (off_t)size_bytes) == 0 ? ERR_NONE : write_err(errno);
}

/* fdatasync writes the size too when it changed; times are of no interest here. */
static enum err kernel_sync(struct file *file)
{
    return fdatasync(fd_of(file)) == 0 ? ERR_NONE : err_from_errno(errno);
}

static enum err kernel_size(struct file *file, uint64_t *ret_size_bytes)
{
    struct stat status;
    if (fstat(fd_of(file), &status) != 0) {
        return err_from_errno(errno);
    }
    *ret_size_bytes = (uint64_t)status.st_size;
    return ERR_NONE;
}

/* The bytes that SQLite's own unix files lock (pending, reserved, shared): its shell and libraries
 * elsewhere see this store as busy. An open file description's lock, so that closing another
 * descriptor of the same file in this process does not drop it. */
static enum err kernel_lock(struct file *file)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    if (fcntl(fd_of(file), F_OFD_SETLK, &lock) == 0) {
        return ERR_NONE;
    }
    return errno == EAGAIN || errno == EACCES ? ERR_LOCKED : err_from_errno(errno);
}

static enum err kernel_remove(struct files *files, const char *name)
{
    if (unlinkat(directory_of(files), name, 0) == 0) {
        return ERR_NONE;
    }
    if (errno == EISDIR && unlinkat(directory_of(files), name, AT_REMOVEDIR) == 0) {
        return ERR_NONE;
    }
    return write_err(errno);
}

static enum err kernel_rename(struct files *files, const char *from, const char *to)
{
    int directory = directory_of(files);
    return renameat(directory, from, directory, to) == 0 ? ERR_NONE : write_err(errno);
}

static enum err kernel_make_directory(struct files *files, const char *name)
{
    return mkdirat(directory_of(files), name, 0700) == 0 ? ERR_NONE : write_err(errno);
}

static enum err kernel_sync_directory(struct files *files, const char *name)
{
    int fd = openat(directory_of(files), name[0] == '\0' ? "." : name,
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = fsync(fd) == 0 ? ERR_NONE : err_from_errno(errno);
    close(fd);
    return err;
}

static enum err kernel_stamp(struct files *files, const char *name, struct file_stamp *ret_stamp)
{
    struct stat status;
    if (fstatat(directory_of(files), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_stamp = (struct file_stamp){
            .exists = true,
            .inode = status.st_ino,
            .size_bytes = (uint64_t)status.st_size,
            .changed_ns = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec};
        return ERR_NONE;
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        return err_from_errno(errno);
    }
    *ret_stamp = (struct file_stamp){.exists = false};
    return ERR_NONE;
}

static void kernel_free(struct files *files)
{
    close(directory_of(files));
    free(files);
}

static const struct file_layer kernel_layer = {
    .open = kernel_open,
    .close = kernel_close,
    .read = kernel_read,
    .write = kernel_write,
    .truncate = kernel_truncate,
    .sync = kernel_sync,
    .size = kernel_size,
    .lock = kernel_lock,
    .remove = kernel_remove,
    .rename = kernel_rename,
    .make_directory = kernel_make_directory,
    .sync_directory = kernel_sync_directory,
    .stamp = kernel_stamp,
    .free = kernel_free,
};

enum err files_new(int directory_fd, struct files **ret_files)
{
    struct kernel_files *files = calloc(1, sizeof(*files));
    if (files == NULL) {
        return ERR_MEMORY;
    }
    files->head.layer = &kernel_layer;
    files->directory_fd = directory_fd;
    *ret_files = &files->head;
    return ERR_NONE;
}
