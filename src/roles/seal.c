/*
 * seal: holds one half of the root key for as long as it takes to answer once. The key file's
 * descriptor comes from the parent; it holds 32 bytes, or 64 hex digits with at most one newline.
 * UNWRAP carries the wrapped value (at most 4 KiB; its digest is the salt) and UNWRAPPED gives 32
 * bytes: HKDF-SHA-256 over the file's key, info "vogt/seal/key-file/v1". An empty value gives the
 * same as a salt of no bytes.
 */
#include "base/encode.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "process/role_start.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_BYTES = 2 * KEY_BYTES, UNWRAP_WAIT_MS = 30000 };

/* Read into guarded memory, one byte more than the longest form, so that a longer file shows. */
static enum err read_file(int fd, struct secret *ret_bytes)
{
    cleanup_secret struct secret bytes = SECRET_NONE;
    size_t used = 0;
    enum err err = secret_new(HEX_BYTES + 2, &bytes);
    while (err == ERR_NONE && used < bytes.len) {
        ssize_t got = pread(fd, bytes.data + used, bytes.len - used, (off_t)used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_from_errno(errno);
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return err != ERR_NONE ? err : secret_copy(slice_of(bytes.data, used), ret_bytes);
}

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static enum err decode(const struct secret *file, struct secret *ret_key)
{
    if (file->len == KEY_BYTES) {
        return secret_copy(secret_slice(file), ret_key);
    }
    if (file->len != HEX_BYTES && !(file->len == HEX_BYTES + 1 && file->data[HEX_BYTES] == '\n')) {
        return ERR_MALFORMED;
    }
    cleanup_secret struct secret key = SECRET_NONE;
    enum err err = secret_new(KEY_BYTES, &key);
    for (size_t i = 0; err == ERR_NONE && i < KEY_BYTES; i++) {
        int high = hex_value(file->data[2 * i]), low = hex_value(file->data[2 * i + 1]);
        err = high < 0 || low < 0 ? ERR_MALFORMED : ERR_NONE;
        key.data[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    if (err == ERR_NONE) {
        *ret_key = secret_take(&key);
    }
    return err;
}

static enum err read_key(int fd, struct secret *ret_key)
{
    struct stat status;
    cleanup_secret struct secret file = SECRET_NONE;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) {
        return ERR_RIGHTS;
    }
    enum err err = read_file(fd, &file);
    return err != ERR_NONE ? err : decode(&file, ret_key);
}

/* UNWRAP, or the parent's wish that it end before one came. */
static enum err wait_for_unwrap(struct role_start *start, struct frame *ret_frame)
{
    struct pollfd wait[2] = {{channel_fd(start->parent), POLLIN, 0},
                             {channel_fd(start->keep), POLLIN, 0}};
    for (;;) {
        enum err err = channel_receive(start->keep, ret_frame);
        if (err != ERR_BUSY) {
            return err;
        }
        int ready = poll(wait, 2, UNWRAP_WAIT_MS);
        if (ready < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (ready == 0) {
            return ERR_TIMEOUT;
        }
        if (ready > 0 && wait[0].revents != 0) {
            return ERR_CLOSED;
        }
    }
}

static enum err answer(struct role_start *start, const struct secret *key)
{
    struct frame frame;
    uint8_t salt[SHA256_BYTES];
    cleanup_secret struct secret remote = SECRET_NONE;
    enum err err = wait_for_unwrap(start, &frame);
    if (err == ERR_NONE && frame.kind != MESSAGE_UNWRAP) {
        err = ERR_PROTOCOL;
    }
    if (err == ERR_NONE) {
        err = secret_new(KEY_BYTES, &remote);
    }
    if (err == ERR_NONE) {
        sha256(frame.body, salt);
        err = hkdf_sha256(secret_slice(key),
                          frame.body.len == 0 ? SLICE_NONE : slice_of(salt, sizeof(salt)),
                          SLICE_LITERAL("vogt/seal/key-file/v1"), remote.data, remote.len);
    }
    if (err == ERR_NONE) {
        err = channel_send(start->keep, MESSAGE_UNWRAPPED, frame.id, secret_slice(&remote));
    }
    return err == ERR_NONE ? channel_flush_all(start->keep, UNWRAP_WAIT_MS) : err;
}

int main(void)
{
    struct role_start start;
    cleanup_secret struct secret key = SECRET_NONE;
    if (role_start(ROLE_SEAL, &start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    enum err err = crypto_start();
    if (err == ERR_NONE) {
        err = role_confine(&start, -1);
    }
    if (err == ERR_NONE) {
        err = start.fd_count == 1 ? read_key(start.fds[0], &key) : ERR_INVALID;
    }
    if (err == ERR_NONE) {
        err = role_ready(&start);
    }
    if (err != ERR_NONE) {
        return role_fail(&start, err,
                         TEXT("the key file must hold 32 bytes or 64 hex digits and be readable by "
                              "its owner only (chmod 600)",
                              "die Schlüsseldatei muss 32 Bytes oder 64 Hexziffern enthalten und "
                              "nur für ihren Eigentümer lesbar sein (chmod 600)"));
    }
    err = answer(&start, &key);
    if (err != ERR_NONE && err != ERR_CLOSED) {
        LOG(LOG_ERROR, "seal.unanswered", LOG_ERR(err));
    }
    role_end(&start);
    return err == ERR_NONE ? ROLE_EXIT_STOPPED : 1;
}
