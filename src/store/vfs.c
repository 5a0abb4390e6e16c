#include "store/vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct vfs {
    sqlite3_vfs base; /* first: SQLite hands this pointer back */
    struct files *files;
    char name[40];
};

enum { GATHER_MAX_BYTES = 256 << 10 };

struct vfs_file {
    sqlite3_file base; /* first likewise */
    struct file *file;
    bool gathers; /* the WAL: SQLite writes a frame's head and its page by themselves, one after the other, and syncs then */
    struct buf gathered;
    uint64_t gathered_at;
    bool entry_unsynced; /* made just now, or by a process that may have died before it synced the
                            entry */
    bool remove_on_close;
    char name[64];
};

static int result_of(enum err err, int otherwise)
{
    if (err == ERR_NONE) {
        return SQLITE_OK;
    }
    if (err == ERR_FULL) {
        return SQLITE_FULL;
    }
    return err == ERR_MEMORY ? SQLITE_IOERR_NOMEM : otherwise;
}

/* What was gathered goes to the file, in one piece. */
static enum err scatter(struct vfs_file *file)
{
    if (file->gathered.len == 0) {
        return ERR_NONE;
    }
    enum err err = file_write(file->file, file->gathered_at, buf_slice(&file->gathered));
    buf_clear(&file->gathered);
    return err;
}

static enum err gather(struct vfs_file *file, uint64_t offset, struct slice bytes)
{
    bool goes_on = offset == file->gathered_at + file->gathered.len && file->gathered.len + bytes.len <= GATHER_MAX_BYTES;
    enum err err = goes_on ? ERR_NONE : scatter(file);
    if (err != ERR_NONE || bytes.len > GATHER_MAX_BYTES) {
        return err != ERR_NONE ? err : file_write(file->file, offset, bytes);
    }
    file->gathered_at = file->gathered.len == 0 ? offset : file->gathered_at;
    return buf_append(&file->gathered, bytes);
}

static int vfs_file_close(sqlite3_file *base)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct files *files = file->file->files;
    enum err err = scatter(file);
    buf_free(&file->gathered);
    file_close(file->file);
    file->file = NULL;
    if (file->remove_on_close) {
        return result_of(file_remove(files, file->name), SQLITE_IOERR_DELETE);
    }
    return result_of(err, SQLITE_IOERR_WRITE);
}

static int vfs_file_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;
    size_t got = 0;
    if (scatter(file) != ERR_NONE || file_read(file->file, (uint64_t)offset, out, (size_t)amount, &got) != ERR_NONE) {
        return SQLITE_IOERR_READ;
    }
    if (got < (size_t)amount) {
        memset((uint8_t *)out + got, 0, (size_t)amount - got);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int vfs_file_write(sqlite3_file *base, const void *data, int amount, sqlite3_int64 offset)
{
    struct vfs_file *file = (struct vfs_file *)base;
    struct slice bytes = slice_of(data, (size_t)amount);
    enum err err = file->gathers ? gather(file, (uint64_t)offset, bytes) : file_write(file->file, (uint64_t)offset, bytes);
    return result_of(err, SQLITE_IOERR_WRITE);
}

static int vfs_file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct vfs_file *file = (struct vfs_file *)base;
    enum err err = scatter(file);
    err = err == ERR_NONE ? file_truncate(file->file, (uint64_t)size) : err;
    return result_of(err, SQLITE_IOERR_TRUNCATE);
}

/* All files lie in the top directory, so a new one's entry is there. A full disk during a sync is a
 * failed sync like any other. */
static int vfs_file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct vfs_file *file = (struct vfs_file *)base;
    enum err err = scatter(file);
    if (err != ERR_NONE) {
        return result_of(err, SQLITE_IOERR_WRITE);
    }
    if (file_sync(file->file) != ERR_NONE) {
        return SQLITE_IOERR_FSYNC;
    }
    if (file->entry_unsynced) {
        if (file_sync_directory(file->file->files, "") != ERR_NONE) {
            return SQLITE_IOERR_DIR_FSYNC;
        }
        file->entry_unsynced = false;
    }
    return SQLITE_OK;
}

static int vfs_file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    struct vfs_file *file = (struct vfs_file *)base;
    uint64_t size;
    if (scatter(file) != ERR_NONE || file_size(file->file, &size) != ERR_NONE) {
        return SQLITE_IOERR_FSTAT;
    }
    *ret_size = (sqlite3_int64)size;
    return SQLITE_OK;
}

/* The lock that matters is taken once in vfs_open and covers all of SQLite's levels. */
static int vfs_file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int vfs_file_reserved(sqlite3_file *base, int *ret_reserved)
{
    (void)base;
    *ret_reserved = 0;
    return SQLITE_OK;
}

static int vfs_file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int vfs_file_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

/* A torn write leaves its neighbours whole: what SQLite assumes of disks by default too. */
static int vfs_file_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods vfs_methods = {
    .iVersion = 1,
    .xClose = vfs_file_close,
    .xRead = vfs_file_read,
    .xWrite = vfs_file_write,
    .xTruncate = vfs_file_truncate,
    .xSync = vfs_file_sync,
    .xFileSize = vfs_file_size,
    .xLock = vfs_file_lock,
    .xUnlock = vfs_file_lock,
    .xCheckReservedLock = vfs_file_reserved,
    .xFileControl = vfs_file_control,
    .xSectorSize = vfs_file_sector,
    .xDeviceCharacteristics = vfs_file_device,
};

static struct files *files_of(sqlite3_vfs *base)
{
    return ((struct vfs *)base)->files;
}

static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *base_file, int flags,
                    int *ret_flags)
{
    struct vfs_file *file = (struct vfs_file *)base_file;
    file->base.pMethods = NULL;
    /* Nameless files are SQLite's temporary ones; rows keeps those in memory, so none may come. */
    if (name == NULL || strlen(name) >= sizeof(file->name)) {
        return SQLITE_CANTOPEN;
    }
    enum file_mode mode = flags & SQLITE_OPEN_CREATE     ? FILE_CREATE
                          : flags & SQLITE_OPEN_READONLY ? FILE_READ
                                                         : FILE_WRITE;
    enum err err = file_open(files_of(base), name, mode, &file->file, NULL);
    if (err == ERR_NONE && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
        err = file_lock(file->file);
        if (err != ERR_NONE) {
            file_close(file->file);
        }
    }
    if (err != ERR_NONE) {
        return err == ERR_LOCKED ? SQLITE_BUSY : result_of(err, SQLITE_CANTOPEN);
    }
    file->gathers = (flags & SQLITE_OPEN_WAL) != 0;
    file->gathered = BUF_INIT(GATHER_MAX_BYTES);
    file->gathered_at = 0;
    file->entry_unsynced = mode == FILE_CREATE;
    file->remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    snprintf(file->name, sizeof(file->name), "%s", name);
    file->base.pMethods = &vfs_methods;
    if (ret_flags != NULL) {
        *ret_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_directory)
{
    enum err err = file_remove(files_of(base), name);
    if (err == ERR_NOT_FOUND) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (err == ERR_NONE && sync_directory != 0) {
        err = file_sync_directory(files_of(base), "");
    }
    return err == ERR_NONE ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

static int vfs_access(sqlite3_vfs *base, const char *name, int flags, int *ret_result)
{
    (void)flags;
    bool exists = false;
    if (file_exists(files_of(base), name, &exists) != ERR_NONE) {
        return SQLITE_IOERR_ACCESS;
    }
    *ret_result = exists;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int out_bytes, char *out)
{
    (void)base;
    int len = snprintf(out, (size_t)out_bytes, "%s", name);
    return len >= 0 && len < out_bytes ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* SQLite salts its WAL with it; nothing secret comes of it. */
static int vfs_randomness(sqlite3_vfs *base, int bytes, char *out)
{
    (void)base;
    ssize_t got = getrandom(out, (size_t)bytes, 0);
    return got < 0 ? 0 : (int)got;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
    (void)base;
    usleep((useconds_t)microseconds);
    return microseconds;
}

static int vfs_time(sqlite3_vfs *base, double *ret_julian_day)
{
    (void)base;
    *ret_julian_day = 2440587.5 + (double)time(NULL) / 86400.0;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int out_bytes, char *out)
{
    (void)base;
    (void)out_bytes;
    (void)out;
    return 0;
}

enum err vfs_new(struct files *files, struct vfs **ret_vfs)
{
    struct vfs *vfs = calloc(1, sizeof(*vfs));
    if (vfs == NULL) {
        return ERR_MEMORY;
    }
    vfs->files = files;
    snprintf(vfs->name, sizeof(vfs->name), "vogt-%p", (void *)vfs);
    vfs->base = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = 64,
        .zName = vfs->name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    if (sqlite3_vfs_register(&vfs->base, 0) != SQLITE_OK) {
        free(vfs);
        return ERR_MEMORY;
    }
    *ret_vfs = vfs;
    return ERR_NONE;
}

const char *vfs_name(const struct vfs *vfs)
{
    return vfs->name;
}

void vfs_free(struct vfs *vfs)
{
    if (vfs != NULL) {
        sqlite3_vfs_unregister(&vfs->base);
        free(vfs);
    }
}

struct result_row {
    int result;
    enum err err;
};

static const struct result_row result_rows[] = {
    {SQLITE_OK, ERR_NONE},
    {SQLITE_ROW, ERR_NONE},
    {SQLITE_DONE, ERR_NONE},
    {SQLITE_NOMEM, ERR_MEMORY},
    {SQLITE_BUSY, ERR_LOCKED},
    {SQLITE_LOCKED, ERR_LOCKED},
    {SQLITE_FULL, ERR_FULL},
    {SQLITE_CORRUPT, ERR_DAMAGED},
    {SQLITE_NOTADB, ERR_DAMAGED},
    {SQLITE_TOOBIG, ERR_TOO_LARGE},
    {SQLITE_READONLY, ERR_READ_ONLY},
    {SQLITE_CONSTRAINT, ERR_CONFLICT},
};

enum err vfs_err(const struct vfs *vfs, int sqlite_result)
{
    if (sqlite_result == SQLITE_IOERR_NOMEM) {
        return ERR_MEMORY;
    }
    int primary = sqlite_result & 0xff;
    for (size_t i = 0; i < sizeof(result_rows) / sizeof(result_rows[0]); i++) {
        if (result_rows[i].result == primary) {
            return result_rows[i].err;
        }
    }
    enum err known = vfs->files->last_err;
    if ((primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR) && known != ERR_NONE &&
        known != ERR_NOT_FOUND) {
        return known;
    }
    return ERR_IO;
}
