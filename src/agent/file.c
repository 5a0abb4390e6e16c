#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { CHUNK_BYTES = 65536, NAME_BYTES = 80 };

enum err file_read(int directory_fd, const char *name, struct buf *out)
{
    int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = ERR_NONE;
    ssize_t got = 1;
    while (err == ERR_NONE && got > 0) {
        uint8_t chunk[CHUNK_BYTES];
        got = read(fd, chunk, sizeof(chunk));
        err = got < 0 ? err_from_errno(errno) : buf_append(out, slice_of(chunk, (size_t)got));
    }
    close(fd);
    return err;
}

static enum err write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? err_from_errno(errno) : ERR_FULL;
        }
        bytes = slice_from(bytes, (size_t)written);
    }
    return fsync(fd) == 0 ? ERR_NONE : err_from_errno(errno);
}

enum err file_write(int directory_fd, const char *name, struct slice bytes)
{
    char beside[NAME_BYTES];
    if (snprintf(beside, sizeof(beside), "%s.new", name) >= (int)sizeof(beside)) {
        return ERR_INVALID;
    }
    int fd = openat(directory_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = write_all(fd, bytes);
    if (close(fd) != 0 && err == ERR_NONE) {
        err = err_from_errno(errno);
    }
    if (err == ERR_NONE && (renameat(directory_fd, beside, directory_fd, name) != 0 || fsync(directory_fd) != 0)) {
        err = err_from_errno(errno);
    }
    if (err != ERR_NONE) {
        (void)unlinkat(directory_fd, beside, 0);
    }
    return err;
}
