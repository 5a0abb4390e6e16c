#include "agent/spool.h"

#include "agent/file.h"
#include "base/array.h"
#include "base/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 48, GAP_MAX_BYTES = 256, DIGITS = 16 };

struct item {
    uint64_t sequence, bytes;
    int64_t at_ms;
};

struct spool {
    struct spool_limits limits;
    int fd;
    struct item *items;                 /* by sequence */
    size_t count, capacity;
    uint64_t bytes, next, dropped, upto;
};

static void name_of(const struct item *item, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%016llx-%016llx.json", (unsigned long long)item->sequence, (unsigned long long)item->at_ms);
}

static bool read_hex(struct slice text, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'))) {
            return false;
        }
        value = value << 4 | (uint64_t)(byte <= '9' ? byte - '0' : byte - 'a' + 10);
    }
    *ret_value = value;
    return text.len == DIGITS;
}

static bool read_name(const char *name, struct item *ret_item)
{
    struct slice text = slice_string(name);
    uint64_t at_ms = 0;
    struct item item = {0};
    bool good = text.len == 2 * DIGITS + 6 && text.data[DIGITS] == '-' && slice_ends(text, SLICE_LITERAL(".json")) &&
                read_hex(slice_first(text, DIGITS), &item.sequence) && read_hex(slice_first(slice_from(text, DIGITS + 1), DIGITS), &at_ms);
    item.at_ms = (int64_t)at_ms;
    if (good) {
        *ret_item = item;
    }
    return good;
}

static enum err add(struct spool *spool, const struct item *item)
{
    struct item *items = array_room(spool->items, spool->count, &spool->capacity, sizeof *items);
    if (items == NULL) {
        return ERR_MEMORY;
    }
    spool->items = items;
    spool->items[spool->count++] = *item;
    spool->bytes += item->bytes;
    return ERR_NONE;
}

static int by_sequence(const void *left, const void *right)
{
    uint64_t a = ((const struct item *)left)->sequence, b = ((const struct item *)right)->sequence;
    return a < b ? -1 : a > b;
}

/* ---- the gap ---- */

static enum err write_gap(const struct spool *spool)
{
    char text[GAP_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "{\"total\":%llu,\"upto\":%llu,\"next\":%llu}\n", (unsigned long long)spool->dropped,
                       (unsigned long long)spool->upto, (unsigned long long)spool->next);
    return file_write(spool->fd, "gap", slice_of(text, (size_t)len));
}

/* A gap file that cannot be read is said, not passed over: a count that begins anew at zero would hide what was lost. */
static enum err read_gap(struct spool *spool)
{
    cleanup_buf struct buf text = BUF_INIT(GAP_MAX_BYTES);
    struct arena *arena cleanup_arena = arena_new(65536);
    struct json *tree = NULL;
    enum err err = arena == NULL ? ERR_MEMORY : file_read(spool->fd, "gap", &text);
    if (err == ERR_NOT_FOUND) {
        return ERR_NONE;
    }
    err = err == ERR_NONE ? json_read(arena, buf_slice(&text), &tree, NULL) : err;
    err = err == ERR_NONE ? json_u64(tree, "total", &spool->dropped) : err;
    err = err == ERR_NONE ? json_u64(tree, "upto", &spool->upto) : err;
    err = err == ERR_NONE ? json_u64(tree, "next", &spool->next) : err;
    return err == ERR_NONE || err == ERR_MEMORY ? err : ERR_DAMAGED;
}

/* ---- opening ---- */

static enum err take_entry(struct spool *spool, const char *name)
{
    struct item item;
    struct stat status;
    if (!read_name(name, &item)) {
        return slice_ends(slice_string(name), SLICE_LITERAL(".new")) && unlinkat(spool->fd, name, 0) != 0 ? err_from_errno(errno) : ERR_NONE;
    }
    if (item.sequence <= spool->upto || fstatat(spool->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
        (void)unlinkat(spool->fd, name, 0); /* dropped and counted before the crash */
        return ERR_NONE;
    }
    item.bytes = (uint64_t)status.st_size;
    spool->next = item.sequence >= spool->next ? item.sequence + 1 : spool->next;
    return add(spool, &item);
}

static enum err read_folder(struct spool *spool)
{
    int fd = dup(spool->fd);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        return err_from_errno(errno);
    }
    enum err err = ERR_NONE;
    errno = 0;
    for (const struct dirent *entry = readdir(folder); err == ERR_NONE && entry != NULL; entry = readdir(folder)) {
        err = take_entry(spool, entry->d_name);
    }
    closedir(folder);
    if (spool->count > 0) {
        qsort(spool->items, spool->count, sizeof(*spool->items), by_sequence);
    }
    return err;
}

enum err spool_open(int directory_fd, const struct spool_limits *limits, struct spool **ret_spool)
{
    struct spool *spool = calloc(1, sizeof(*spool));
    if (spool == NULL) {
        return ERR_MEMORY;
    }
    *spool = (struct spool){.limits = *limits, .fd = -1, .next = 1};
    if (mkdirat(directory_fd, "spool", 0700) != 0 && errno != EEXIST) {
        enum err err = err_from_errno(errno);
        free(spool);
        return err;
    }
    spool->fd = openat(directory_fd, "spool", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum err err = spool->fd < 0 ? err_from_errno(errno) : read_gap(spool);
    err = err == ERR_NONE ? read_folder(spool) : err;
    if (err != ERR_NONE) {
        spool_free(spool);
        return err;
    }
    *ret_spool = spool;
    return ERR_NONE;
}

void spool_free(struct spool *spool)
{
    if (spool == NULL) {
        return;
    }
    if (spool->fd >= 0) {
        close(spool->fd);
    }
    free(spool->items);
    free(spool);
}

/* ---- in and out ---- */

void spool_remove(struct spool *spool, size_t count)
{
    count = count < spool->count ? count : spool->count;
    for (size_t i = 0; i < count; i++) {
        char name[NAME_BYTES];
        name_of(&spool->items[i], name);
        (void)unlinkat(spool->fd, name, 0); /* one that comes back after a crash is sent again, and Vogt knows it */
        spool->bytes -= spool->items[i].bytes;
    }
    spool->count -= count;
    memmove(spool->items, spool->items + count, spool->count * sizeof(*spool->items));
}

/* Counted first, removed then. */
enum err spool_drop(struct spool *spool, size_t count)
{
    count = count < spool->count ? count : spool->count;
    if (count == 0) {
        return ERR_NONE;
    }
    spool->dropped += count;
    spool->upto = spool->items[count - 1].sequence;
    enum err err = write_gap(spool);
    if (err != ERR_NONE) {
        return err;
    }
    spool_remove(spool, count);
    return ERR_NONE;
}

static size_t surplus(const struct spool *spool, uint64_t more_bytes)
{
    size_t count = 0;
    uint64_t bytes = spool->bytes + more_bytes;
    while (count < spool->count && (bytes > spool->limits.bytes_max || spool->count - count >= spool->limits.count_max)) {
        bytes -= spool->items[count].bytes;
        count++;
    }
    return count;
}

enum err spool_put(struct spool *spool, struct slice report, int64_t collected_at_ms)
{
    if (report.len > spool->limits.bytes_max) {
        spool->dropped++;
        enum err err = write_gap(spool);
        return err == ERR_NONE ? ERR_TOO_LARGE : err;
    }
    enum err err = spool_drop(spool, surplus(spool, report.len));
    struct item item = {.sequence = spool->next, .bytes = report.len, .at_ms = collected_at_ms < 0 ? 0 : collected_at_ms};
    char name[NAME_BYTES];
    name_of(&item, name);
    err = err == ERR_NONE ? file_write(spool->fd, name, report) : err;
    if (err != ERR_NONE) {
        return err;
    }
    spool->next++;
    return add(spool, &item);
}

enum err spool_expire(struct spool *spool, int64_t now_ms)
{
    size_t count = 0;
    while (count < spool->count && now_ms - spool->items[count].at_ms > spool->limits.age_max_ms) {
        count++;
    }
    return spool_drop(spool, count);
}

enum err spool_read(struct spool *spool, size_t index, struct buf *out)
{
    char name[NAME_BYTES];
    if (index >= spool->count) {
        return ERR_NOT_FOUND;
    }
    name_of(&spool->items[index], name);
    return file_read(spool->fd, name, out);
}

size_t spool_count(const struct spool *spool)
{
    return spool->count;
}

uint64_t spool_bytes(const struct spool *spool)
{
    return spool->bytes;
}

uint64_t spool_size(const struct spool *spool, size_t index)
{
    return index < spool->count ? spool->items[index].bytes : 0;
}

uint64_t spool_dropped(const struct spool *spool)
{
    return spool->dropped;
}
