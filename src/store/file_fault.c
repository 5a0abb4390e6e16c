#include "store/file_fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512, INODES_MAX = 8192, ENTRIES_MAX = 8192, CHANGES_MAX = 16384 };

/* One unsynced change of a file: a write, or (bytes NULL) a truncation to `offset`. */
struct pending {
    uint64_t offset;
    uint8_t *bytes;
    size_t len;
};

struct content {
    uint8_t *bytes;
    size_t len;
};

struct inode {
    bool used, directory;
    struct content now, durable;
    struct pending *pending;
    size_t pending_count;
    int64_t changes;
    bool locked;
};

struct entry {
    char name[FILE_NAME_MAX_BYTES + 1];
    size_t inode;
};

struct names {
    struct entry *entries;
    size_t count;
};

/* An unsynced change of a directory: `name` comes to mean `inode` (or nothing), and `from`, if any,
 * goes; with all that lies below it when it is a directory itself. */
struct renaming {
    char name[FILE_NAME_MAX_BYTES + 1], from[FILE_NAME_MAX_BYTES + 1];
    bool set, directory;
    size_t inode;
};

struct disk {
    struct inode *inodes;
    size_t inode_count;
    struct names now, durable;
    struct renaming *renamings;
    size_t renaming_count;
    enum fault_syncs syncs;
    uint64_t random, operations, crash_at, fail_at, fail_seen;
    enum err fail_err;
    bool fail_syncs_only, failed, crashed;
};

struct fault_files {
    struct files head;
    struct disk *disk;
};

struct fault_file {
    struct file head;
    struct disk *disk;
    size_t inode;
    bool holds_lock;
};

/* Tries twice: a test that fails single allocations means the store's, not those of the disk under
 * it. */
static void *grow(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes);
    memory = memory == NULL ? realloc(old, bytes) : memory;
    if (memory == NULL) {
        abort(); /* a test without memory proves nothing */
    }
    return memory;
}

static void *grow_new(size_t bytes)
{
    return memset(grow(NULL, bytes), 0, bytes);
}

uint64_t disk_random(struct disk *disk, uint64_t below)
{
    disk->random ^= disk->random << 13;
    disk->random ^= disk->random >> 7;
    disk->random ^= disk->random << 17;
    return disk->random % below;
}

struct disk *disk_new(uint64_t seed, enum fault_syncs syncs)
{
    struct disk *disk = grow_new(sizeof(*disk));
    disk->inodes = grow_new(INODES_MAX * sizeof(*disk->inodes));
    disk->now.entries = grow_new(ENTRIES_MAX * sizeof(struct entry));
    disk->durable.entries = grow_new(ENTRIES_MAX * sizeof(struct entry));
    disk->renamings = grow_new(CHANGES_MAX * sizeof(*disk->renamings));
    disk->random = seed * 0x9e3779b97f4a7c15U + 1;
    disk->syncs = syncs;
    return disk;
}

static void drop_pending(struct inode *inode)
{
    for (size_t i = 0; i < inode->pending_count; i++) {
        free(inode->pending[i].bytes);
    }
    free(inode->pending);
    inode->pending = NULL;
    inode->pending_count = 0;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL) {
        return;
    }
    for (size_t i = 0; i < disk->inode_count; i++) {
        drop_pending(&disk->inodes[i]);
        free(disk->inodes[i].now.bytes);
        free(disk->inodes[i].durable.bytes);
    }
    free(disk->inodes);
    free(disk->now.entries);
    free(disk->durable.entries);
    free(disk->renamings);
    free(disk);
}

void disk_crash_after(struct disk *disk, uint64_t operations)
{
    disk->crash_at = operations == 0 ? 0 : disk->operations + operations;
}

bool disk_crashed(const struct disk *disk)
{
    return disk->crashed;
}

void disk_fail_after(struct disk *disk, uint64_t operations, enum err err, bool syncs_only)
{
    disk->fail_at = operations;
    disk->fail_seen = 0;
    disk->fail_err = err;
    disk->fail_syncs_only = syncs_only;
    disk->failed = false;
}

bool disk_failure_happened(const struct disk *disk)
{
    return disk->failed;
}

static struct entry *find(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->entries[i].name, name) == 0) {
            return &names->entries[i];
        }
    }
    return NULL;
}

static void unset(struct names *names, const char *name)
{
    struct entry *entry = find(names, name);
    if (entry != NULL) {
        *entry = names->entries[--names->count];
    }
}

static void set(struct names *names, const char *name, size_t inode)
{
    struct entry *entry = find(names, name);
    if (entry == NULL) {
        if (names->count == ENTRIES_MAX) {
            abort();
        }
        entry = &names->entries[names->count++];
        snprintf(entry->name, sizeof(entry->name), "%s", name);
    }
    entry->inode = inode;
}

/* "a/b" becomes "c/b" when a moves to c. */
static void move_below(char name[FILE_NAME_MAX_BYTES + 1], const char *from, const char *to)
{
    char moved[2 * FILE_NAME_MAX_BYTES + 2];
    size_t len = strlen(from);
    if (strncmp(name, from, len) == 0 && name[len] == '/') {
        int moved_len = snprintf(moved, sizeof(moved), "%s%s", to, name + len);
        if (moved_len > FILE_NAME_MAX_BYTES) {
            abort();
        }
        memcpy(name, moved, (size_t)moved_len + 1);
    }
}

static void apply_renaming(struct names *names, const struct renaming *renaming)
{
    for (size_t i = 0; renaming->directory && i < names->count; i++) {
        move_below(names->entries[i].name, renaming->from, renaming->name);
    }
    if (renaming->from[0] != '\0') {
        unset(names, renaming->from);
    }
    if (renaming->set) {
        set(names, renaming->name, renaming->inode);
    } else {
        unset(names, renaming->name);
    }
}

/* Happens now, and on the disk once its directory is synced. */
static void change_names(struct disk *disk, const struct renaming *renaming)
{
    apply_renaming(&disk->now, renaming);
    if (disk->renaming_count == CHANGES_MAX) {
        abort();
    }
    disk->renamings[disk->renaming_count++] = *renaming;
}

static void resize(struct content *content, size_t len)
{
    content->bytes = grow(content->bytes, len == 0 ? 1 : len);
    if (len > content->len) {
        memset(content->bytes + content->len, 0, len - content->len);
    }
    content->len = len;
}

static void write_to(struct content *content, uint64_t offset, const uint8_t *bytes, size_t len)
{
    if (offset + len > content->len) {
        resize(content, (size_t)offset + len);
    }
    memcpy(content->bytes + offset, bytes, len);
}

static void apply_pending(struct content *content, const struct pending *pending)
{
    if (pending->bytes == NULL) {
        resize(content, (size_t)pending->offset);
    } else {
        write_to(content, pending->offset, pending->bytes, pending->len);
    }
}

static void add_pending(struct inode *inode, uint64_t offset, struct slice bytes, bool truncation)
{
    inode->pending = grow(inode->pending, (inode->pending_count + 1) * sizeof(*inode->pending));
    struct pending pending = {offset, NULL, bytes.len};
    if (!truncation) {
        pending.bytes = grow(NULL, bytes.len + 1);
        memcpy(pending.bytes, bytes.data, bytes.len);
    }
    apply_pending(&inode->now, &pending);
    inode->changes++;
    inode->pending[inode->pending_count++] = pending;
}

/* Counts an operation. Once the power is out everything fails; the operation that it went out at
 * may still have begun (*ret_begun). */
static enum err operation(struct disk *disk, bool is_sync, bool *ret_begun)
{
    *ret_begun = false;
    if (disk->crashed) {
        return ERR_IO;
    }
    disk->operations++;
    if (disk->crash_at != 0 && disk->operations >= disk->crash_at) {
        disk->crashed = true;
        *ret_begun = true;
        return ERR_IO;
    }
    if (disk->fail_at != 0 && (is_sync || !disk->fail_syncs_only) &&
        ++disk->fail_seen == disk->fail_at) {
        disk->failed = true;
        return disk->fail_err;
    }
    *ret_begun = true;
    return ERR_NONE;
}

static struct disk *disk_of(const struct files *files)
{
    return ((const struct fault_files *)files)->disk;
}

static struct inode *inode_of(struct file *file)
{
    struct fault_file *fault = (struct fault_file *)file;
    return &fault->disk->inodes[fault->inode];
}

static void parent_name(const char *name, char out[FILE_NAME_MAX_BYTES + 1])
{
    const char *slash = strrchr(name, '/');
    snprintf(out, FILE_NAME_MAX_BYTES + 1, "%.*s", slash == NULL ? 0 : (int)(slash - name), name);
}

static bool directory_exists(const struct disk *disk, const char *name)
{
    const struct entry *entry = name[0] == '\0' ? NULL : find(&disk->now, name);
    return name[0] == '\0' || (entry != NULL && disk->inodes[entry->inode].directory);
}

static enum err create(struct disk *disk, const char *name, bool directory, size_t *ret_inode)
{
    char parent[FILE_NAME_MAX_BYTES + 1];
    parent_name(name, parent);
    if (!directory_exists(disk, parent)) {
        return ERR_NOT_FOUND;
    }
    bool begun;
    enum err err = operation(disk, false, &begun);
    if (!begun) {
        return err;
    }
    if (disk->inode_count == INODES_MAX) {
        abort();
    }
    size_t inode = disk->inode_count++;
    disk->inodes[inode] = (struct inode){.used = true, .directory = directory};
    struct renaming renaming = {.set = true, .inode = inode};
    snprintf(renaming.name, sizeof(renaming.name), "%s", name);
    change_names(disk, &renaming);
    *ret_inode = inode;
    return err;
}

static enum err fault_open(struct files *files, const char *name, enum file_mode mode,
                           struct file **ret_file, bool *ret_created)
{
    struct disk *disk = disk_of(files);
    const struct entry *entry = find(&disk->now, name);
    size_t inode = entry == NULL ? 0 : entry->inode;
    enum err err = disk->crashed ? ERR_IO : ERR_NONE;
    if (err == ERR_NONE && entry == NULL) {
        err = mode == FILE_CREATE ? create(disk, name, false, &inode) : ERR_NOT_FOUND;
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct fault_file *file = grow_new(sizeof(*file));
    file->head.files = files;
    file->disk = disk;
    file->inode = inode;
    *ret_file = &file->head;
    if (ret_created != NULL) {
        *ret_created = entry == NULL;
    }
    return ERR_NONE;
}

static void fault_close(struct file *file)
{
    struct fault_file *fault = (struct fault_file *)file;
    if (fault->holds_lock) {
        inode_of(file)->locked = false;
    }
    free(fault);
}

static enum err fault_read(struct file *file, uint64_t offset, void *out, size_t len,
                           size_t *ret_len)
{
    const struct content *content = &inode_of(file)->now;
    if (((struct fault_file *)file)->disk->crashed) {
        return ERR_IO;
    }
    size_t left = offset < content->len ? content->len - (size_t)offset : 0;
    size_t got = left < len ? left : len;
    if (got > 0) {
        memcpy(out, content->bytes + offset, got);
    }
    *ret_len = got;
    return ERR_NONE;
}

static enum err fault_write(struct file *file, uint64_t offset, struct slice bytes)
{
    bool begun;
    enum err err = operation(((struct fault_file *)file)->disk, false, &begun);
    if (begun && bytes.len > 0) {
        add_pending(inode_of(file), offset, bytes, false);
    }
    return err;
}

static enum err fault_truncate(struct file *file, uint64_t size_bytes)
{
    bool begun;
    enum err err = operation(((struct fault_file *)file)->disk, false, &begun);
    if (begun) {
        add_pending(inode_of(file), size_bytes, SLICE_NONE, true);
    }
    return err;
}

static enum err fault_sync(struct file *file)
{
    struct disk *disk = ((struct fault_file *)file)->disk;
    bool begun;
    enum err err = operation(disk, true, &begun);
    if (err != ERR_NONE || disk->syncs == FAULT_SYNCS_IGNORED ||
        disk->syncs == FAULT_SYNCS_OF_FILES_IGNORED) {
        return err;
    }
    struct inode *inode = inode_of(file);
    for (size_t i = 0; i < inode->pending_count; i++) {
        apply_pending(&inode->durable, &inode->pending[i]);
    }
    drop_pending(inode);
    return ERR_NONE;
}

static enum err fault_size(struct file *file, uint64_t *ret_size_bytes)
{
    *ret_size_bytes = inode_of(file)->now.len;
    return ERR_NONE;
}

static enum err fault_lock(struct file *file)
{
    struct fault_file *fault = (struct fault_file *)file;
    if (inode_of(file)->locked) {
        return ERR_LOCKED;
    }
    inode_of(file)->locked = fault->holds_lock = true;
    return ERR_NONE;
}

static enum err fault_remove(struct files *files, const char *name)
{
    struct disk *disk = disk_of(files);
    if (find(&disk->now, name) == NULL) {
        return ERR_NOT_FOUND;
    }
    bool begun;
    enum err err = operation(disk, false, &begun);
    if (begun) {
        struct renaming renaming = {.set = false};
        snprintf(renaming.name, sizeof(renaming.name), "%s", name);
        change_names(disk, &renaming);
    }
    return err;
}

static enum err fault_rename(struct files *files, const char *from, const char *to)
{
    struct disk *disk = disk_of(files);
    const struct entry *entry = find(&disk->now, from);
    if (entry == NULL) {
        return ERR_NOT_FOUND;
    }
    struct renaming renaming = {
        .set = true, .inode = entry->inode, .directory = disk->inodes[entry->inode].directory};
    snprintf(renaming.name, sizeof(renaming.name), "%s", to);
    snprintf(renaming.from, sizeof(renaming.from), "%s", from);
    bool begun;
    enum err err = operation(disk, false, &begun);
    /* What is unsynced in a directory stays so under its new name. */
    for (size_t i = 0; begun && renaming.directory && i < disk->renaming_count; i++) {
        move_below(disk->renamings[i].name, from, to);
        move_below(disk->renamings[i].from, from, to);
    }
    if (begun) {
        change_names(disk, &renaming);
    }
    return err;
}

static enum err fault_make_directory(struct files *files, const char *name)
{
    struct disk *disk = disk_of(files);
    size_t inode;
    return find(&disk->now, name) != NULL ? ERR_EXISTS : create(disk, name, true, &inode);
}

/* Only the entries of that directory become durable, in their order. */
static enum err fault_sync_directory(struct files *files, const char *name)
{
    struct disk *disk = disk_of(files);
    if (!directory_exists(disk, name)) {
        return ERR_NOT_FOUND;
    }
    bool begun;
    enum err err = operation(disk, true, &begun);
    if (err != ERR_NONE || disk->syncs == FAULT_SYNCS_IGNORED ||
        disk->syncs == FAULT_SYNCS_OF_DIRECTORIES_IGNORED) {
        return err;
    }
    size_t kept = 0;
    for (size_t i = 0; i < disk->renaming_count; i++) {
        char parent[FILE_NAME_MAX_BYTES + 1];
        parent_name(disk->renamings[i].name, parent);
        if (strcmp(parent, name) == 0) {
            apply_renaming(&disk->durable, &disk->renamings[i]);
        } else {
            disk->renamings[kept++] = disk->renamings[i];
        }
    }
    disk->renaming_count = kept;
    return ERR_NONE;
}

static enum err fault_stamp(struct files *files, const char *name, struct file_stamp *ret_stamp)
{
    const struct disk *disk = disk_of(files);
    const struct entry *entry = find(&disk->now, name);
    *ret_stamp = (struct file_stamp){.exists = entry != NULL};
    if (entry != NULL) {
        const struct inode *inode = &disk->inodes[entry->inode];
        ret_stamp->inode = entry->inode;
        ret_stamp->size_bytes = inode->now.len;
        ret_stamp->changed_ns = inode->changes;
    }
    return disk->crashed ? ERR_IO : ERR_NONE;
}

static void fault_free(struct files *files)
{
    free(files);
}

static const struct file_layer fault_layer = {
    .open = fault_open,
    .close = fault_close,
    .read = fault_read,
    .write = fault_write,
    .truncate = fault_truncate,
    .sync = fault_sync,
    .size = fault_size,
    .lock = fault_lock,
    .remove = fault_remove,
    .rename = fault_rename,
    .make_directory = fault_make_directory,
    .sync_directory = fault_sync_directory,
    .stamp = fault_stamp,
    .free = fault_free,
};

enum err disk_files(struct disk *disk, struct files **ret_files)
{
    struct fault_files *files = grow_new(sizeof(*files));
    files->head.layer = &fault_layer;
    files->disk = disk;
    *ret_files = &files->head;
    return ERR_NONE;
}

/* Each sector of a write arrives or not, by itself: torn, and out of order with the sectors before
 * and after. */
static void survive(struct disk *disk, struct inode *inode, unsigned keep_percent)
{
    for (size_t i = 0; i < inode->pending_count; i++) {
        const struct pending *pending = &inode->pending[i];
        if (pending->bytes == NULL) {
            if (disk_random(disk, 100) < keep_percent) {
                apply_pending(&inode->durable, pending);
            }
            continue;
        }
        for (size_t done = 0; done < pending->len;) {
            size_t in_sector = SECTOR_BYTES - (size_t)((pending->offset + done) % SECTOR_BYTES);
            size_t len = pending->len - done < in_sector ? pending->len - done : in_sector;
            if (disk_random(disk, 100) < keep_percent) {
                write_to(&inode->durable, pending->offset + done, pending->bytes + done, len);
            }
            done += len;
        }
    }
    drop_pending(inode);
}

/* What lies in a directory whose own entry was lost cannot be reached any more. */
static void drop_unreachable(struct disk *disk)
{
    for (size_t i = 0; i < disk->now.count;) {
        char parent[FILE_NAME_MAX_BYTES + 1];
        parent_name(disk->now.entries[i].name, parent);
        if (directory_exists(disk, parent)) {
            i++;
        } else {
            disk->now.entries[i] = disk->now.entries[--disk->now.count];
            i = 0;
        }
    }
    memcpy(disk->durable.entries, disk->now.entries, disk->now.count * sizeof(struct entry));
    disk->durable.count = disk->now.count;
}

void disk_restart(struct disk *disk)
{
    /* Some crashes lose nearly everything, some nearly nothing: both ends hide bugs of their own.
     */
    unsigned keep_percent = (unsigned)disk_random(disk, 101);
    for (size_t i = 0; i < disk->renaming_count; i++) {
        if (disk_random(disk, 100) < keep_percent) {
            apply_renaming(&disk->durable, &disk->renamings[i]);
        }
    }
    disk->renaming_count = 0;
    for (size_t i = 0; i < disk->inode_count; i++) {
        struct inode *inode = &disk->inodes[i];
        inode->locked = false;
        survive(disk, inode, keep_percent);
        resize(&inode->now, inode->durable.len);
        if (inode->durable.len > 0) {
            memcpy(inode->now.bytes, inode->durable.bytes, inode->durable.len);
        }
    }
    memcpy(disk->now.entries, disk->durable.entries, disk->durable.count * sizeof(struct entry));
    disk->now.count = disk->durable.count;
    drop_unreachable(disk);
    disk->crashed = false;
    disk->crash_at = disk->fail_at = 0;
}
