/* The two machines that the volume collector can look at: the real one, and a planted one that lives in the tables below. */
#include "collect/fact.h"
#include "collect/luks.h"
#include "collect/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NAMES_MAX = 256, TABLE_BYTES = 16384 };

/* -- the real machine ----------------------------------------------------------------------------------------------- */

static enum err host_read(struct arena *arena, const char *path, size_t max_bytes, struct slice *ret_text)
{
    return fact_read_text(arena, AT_FDCWD, path, max_bytes, ret_text);
}

static enum err host_list(struct arena *arena, const char *path, struct json *names)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    if (directory == NULL) {
        return err_from_errno(errno);
    }
    for (size_t count = 0; count < NAMES_MAX && (entry = readdir(directory)) != NULL; count++) {
        if (entry->d_name[0] != '.') {
            json_append(names, json_string(arena, fact_text(arena, slice_string(entry->d_name), NAME_MAX)));
        }
    }
    closedir(directory);
    return ERR_NONE;
}

static enum err host_resolve(struct arena *arena, struct slice path, struct slice *ret_path)
{
    char resolved[PATH_MAX];
    const char *text = arena_string(arena, path);
    if (text == NULL || realpath(text, resolved) == NULL) {
        return text == NULL ? ERR_MEMORY : err_from_errno(errno);
    }
    *ret_path = arena_copy(arena, slice_string(resolved));
    return ERR_NONE;
}

static enum err host_number(struct arena *arena, struct slice device_path, struct slice *ret_number)
{
    struct stat status;
    const char *path = arena_string(arena, device_path);
    if (path == NULL || stat(path, &status) != 0) {
        return path == NULL ? ERR_MEMORY : err_from_errno(errno);
    }
    if (!S_ISBLK(status.st_mode)) {
        return ERR_INVALID;
    }
    *ret_number = slice_string(arena_printf(arena, "%u:%u", major(status.st_rdev), minor(status.st_rdev)));
    return ERR_NONE;
}

static enum err host_header(const char *device_name, struct buf *out)
{
    char path[PATH_MAX];
    bool was_cut = false;
    int length = snprintf(path, sizeof(path), "/dev/%s", device_name);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return ERR_INVALID;
    }
    return fact_read_file(AT_FDCWD, path, out, &was_cut);
}

/* The answer holds the key itself for mappings that do not use the kernel's keyring: read here, measured, wiped. */
static enum err read_table(struct arena *arena, const uint8_t *answer, struct json *crypt)
{
    struct dm_ioctl head;
    struct dm_target_spec target;
    memcpy(&head, answer, sizeof(head));
    if ((head.flags & DM_BUFFER_FULL_FLAG) != 0 || head.target_count != 1 || head.data_start > TABLE_BYTES - sizeof(target) - 1) {
        return ERR_TOO_LARGE;
    }
    memcpy(&target, answer + head.data_start, sizeof(target));
    const char *parameters = (const char *)answer + head.data_start + sizeof(target);
    size_t length = strnlen(parameters, TABLE_BYTES - head.data_start - sizeof(target));
    if (strncmp(target.target_type, "crypt", sizeof(target.target_type)) != 0) {
        return ERR_INVALID;
    }
    return luks_read_table(arena, slice_of(parameters, length), crypt);
}

static enum err host_table(struct arena *arena, const char *number, struct json *crypt)
{
    unsigned major_number = 0, minor_number = 0;
    if (sscanf(number, "%u:%u", &major_number, &minor_number) != 2) {
        return ERR_INVALID;
    }
    int fd = open("/dev/mapper/control", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    _Alignas(struct dm_ioctl) uint8_t answer[TABLE_BYTES] = {0};
    struct dm_ioctl head = {.version = {DM_VERSION_MAJOR, 0, 0}, .data_size = sizeof(answer), .data_start = sizeof(head),
                            .flags = DM_STATUS_TABLE_FLAG, .dev = makedev(major_number, minor_number)};
    memcpy(answer, &head, sizeof(head));
    enum err err = ioctl(fd, DM_TABLE_STATUS, answer) == 0 ? read_table(arena, answer, crypt) : err_from_errno(errno);
    explicit_bzero(answer, sizeof(answer));
    close(fd);
    return err;
}

const struct volume_view volume_host = {host_read, host_list, host_resolve, host_number, host_header, host_table};

/* -- the planted machine: a file system on LVM on a mapping that calls itself AES-256 in its name only ---------------- */

struct planted_file {
    const char *path, *text;
};

static const struct planted_file planted_files[] = {
    {"/proc/self/mountinfo", "21 1 254:0 / / rw - ext4 /dev/planted0 rw\n"
                             "22 21 253:1 / /planted rw,relatime - ext4 /dev/mapper/planted-lv rw\n"},
    {"/sys/dev/block/253:1/uevent", "MAJOR=253\nMINOR=1\nDEVNAME=dm-1"},
    {"/sys/dev/block/253:1/dm/uuid", "LVM-planted"},
    {"/sys/dev/block/253:1/slaves/dm-0/dev", "253:0"},
    {"/sys/dev/block/253:0/uevent", "MAJOR=253\nMINOR=0\nDEVNAME=dm-0"},
    {"/sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-aes256"},
    {"/sys/dev/block/253:0/slaves/planted1/dev", "254:1"},
    {"/sys/dev/block/254:1/uevent", "MAJOR=254\nMINOR=1\nDEVNAME=planted1"},
};

static const struct planted_file planted_directories[] = {
    {"/sys/dev/block/253:1/slaves", "dm-0"},
    {"/sys/dev/block/253:0/slaves", "planted1"},
};

static enum err look_up(const struct planted_file *files, size_t count, const char *path, struct slice *ret_text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].path, path) == 0) {
            *ret_text = slice_string(files[i].text);
            return ERR_NONE;
        }
    }
    return ERR_NOT_FOUND;
}

static enum err planted_read(struct arena *arena, const char *path, size_t max_bytes, struct slice *ret_text)
{
    (void)arena, (void)max_bytes;
    return look_up(planted_files, sizeof(planted_files) / sizeof(planted_files[0]), path, ret_text);
}

static enum err planted_list(struct arena *arena, const char *path, struct json *names)
{
    struct slice name;
    enum err err = look_up(planted_directories, sizeof(planted_directories) / sizeof(planted_directories[0]), path, &name);
    if (err == ERR_NONE) {
        json_append(names, json_string(arena, name));
    }
    return err;
}

static enum err planted_resolve(struct arena *arena, struct slice path, struct slice *ret_path)
{
    (void)arena;
    *ret_path = path;
    return ERR_NONE;
}

static enum err planted_number(struct arena *arena, struct slice device_path, struct slice *ret_number)
{
    (void)arena, (void)device_path, (void)ret_number;
    return ERR_NOT_FOUND;
}

static enum err planted_header(const char *device_name, struct buf *out)
{
    (void)device_name, (void)out;
    return ERR_NOT_FOUND;
}

static enum err planted_table(struct arena *arena, const char *number, struct json *crypt)
{
    (void)number;
    return luks_read_table(arena, SLICE_LITERAL("aes-xts-plain64 :32:logon:cryptsetup:planted-d0 0 254:1 32768"), crypt);
}

const struct volume_view volume_planted = {planted_read, planted_list, planted_resolve, planted_number, planted_header,
                                           planted_table};
