/* The copy as a file, whatever it is copied from (snapshot_file.c, postgres_snapshot.c). */
#include "store/snapshot_inside.h"

#include "crypto/crypto.h"

#include <stdlib.h>

enum { HASH_BLOCK_BYTES = 1 << 20, HASH_SLICE_BLOCKS = 16 };

static const char copy_name[] = "snapshot.db";

static void end(struct snapshot *snapshot)
{
    snapshot_copy_end(snapshot);
    sqlite3_close(snapshot->target);
    vfs_free(snapshot->vfs);
    file_close(snapshot->file);
    sha256_free(snapshot->hash);
    if (snapshot->id != 0) {
        (void)!file_remove(snapshot->files, copy_name);
    }
    *snapshot = (struct snapshot){.files = snapshot->files};
}

struct snapshot *snapshot_new(struct files *files)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    bool exists = false;
    if (snapshot == NULL) {
        return NULL;
    }
    snapshot->files = files;
    if (file_exists(files, copy_name, &exists) == ERR_NONE && exists) {
        (void)!file_remove(files, copy_name);
    }
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot != NULL) {
        end(snapshot);
        free(snapshot);
    }
}

static enum err begin(struct snapshot *snapshot, uint64_t id)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    end(snapshot);
    snapshot->id = id;
    snapshot->files->last_err = ERR_NONE;
    enum err err = vfs_new(snapshot->files, &snapshot->vfs);
    if (err != ERR_NONE) {
        return err;
    }
    int result = sqlite3_open_v2(copy_name, &snapshot->target, flags, vfs_name(snapshot->vfs));
    if (result == SQLITE_OK) {
        result = sqlite3_exec(snapshot->target, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1024;", NULL, NULL, NULL);
    }
    return vfs_err(snapshot->vfs, result);
}

/* The copy is whole: from now on it is a file like any other. */
static enum err complete(struct snapshot *snapshot)
{
    int closed = sqlite3_close(snapshot->target);
    snapshot->target = NULL;
    enum err err = vfs_err(snapshot->vfs, closed);
    err = err == ERR_NONE ? file_open(snapshot->files, copy_name, FILE_READ, &snapshot->file, NULL) : err;
    err = err == ERR_NONE ? file_size(snapshot->file, &snapshot->size_bytes) : err;
    snapshot->hash = sha256_new();
    return err == ERR_NONE && snapshot->hash == NULL ? ERR_MEMORY : err;
}

/* Some of the whole copy; with the last byte it is ready. */
static enum err hash(struct snapshot *snapshot)
{
    cleanup_buf struct buf block = BUF_INIT(HASH_BLOCK_BYTES);
    enum err err = snapshot->hash == NULL ? ERR_NOT_FOUND : buf_reserve(&block, HASH_BLOCK_BYTES);
    for (unsigned i = 0; i < HASH_SLICE_BLOCKS && err == ERR_NONE && snapshot->hashed_bytes < snapshot->size_bytes; i++) {
        size_t got = 0;
        err = file_read(snapshot->file, snapshot->hashed_bytes, block.data, HASH_BLOCK_BYTES, &got);
        err = err == ERR_NONE && got == 0 ? ERR_IO : err;
        if (err == ERR_NONE) {
            sha256_update(snapshot->hash, slice_of(block.data, got));
            snapshot->hashed_bytes += got;
        }
    }
    if (err == ERR_NONE && snapshot->hashed_bytes == snapshot->size_bytes) {
        sha256_finish(snapshot->hash, snapshot->digest);
        snapshot->is_ready = true;
    }
    return err;
}

static enum err copy(struct snapshot *snapshot, struct rows *rows, uint64_t id)
{
    enum err err = id == 0 ? ERR_INVALID : snapshot->id == id ? ERR_NONE : begin(snapshot, id);
    if (err != ERR_NONE || snapshot->file != NULL) {
        return err != ERR_NONE || snapshot->is_ready ? err : hash(snapshot);
    }
    if (snapshot->target == NULL) {
        return ERR_NOT_FOUND; /* it failed before */
    }
    bool is_whole = false;
    err = snapshot_copy(snapshot, rows, &is_whole);
    if (err == ERR_NONE && is_whole) {
        err = complete(snapshot);
        return err == ERR_NONE ? hash(snapshot) : err;
    }
    return err;
}

static enum err read_chunk(struct snapshot *snapshot, const struct need *need, struct buf *chunk)
{
    uint64_t offset = (uint64_t)need->limit * SNAPSHOT_CHUNK_BYTES;
    if (snapshot->id != need->number || !snapshot->is_ready || need->number == 0) {
        return ERR_NOT_FOUND;
    }
    if (need->limit == SNAPSHOT_DIGEST) {
        return buf_append(chunk, slice_of(snapshot->digest, sizeof snapshot->digest));
    }
    uint64_t left = offset >= snapshot->size_bytes ? 0 : snapshot->size_bytes - offset;
    size_t len = left < SNAPSHOT_CHUNK_BYTES ? (size_t)left : SNAPSHOT_CHUNK_BYTES, got = 0;
    enum err err = buf_reserve(chunk, len + 1);
    err = err == ERR_NONE ? file_read(snapshot->file, offset, chunk->data, len, &got) : err;
    chunk->len = err == ERR_NONE ? got : 0;
    return err == ERR_NONE && got != len ? ERR_IO : err;
}

enum err snapshot_answer(struct snapshot *snapshot, struct rows *rows, const struct need *need, struct buf *out)
{
    cleanup_buf struct buf chunk = BUF_INIT(SNAPSHOT_CHUNK_BYTES + 1);
    enum err failed = ERR_NONE, last_err = snapshot->files->last_err; /* of the rows' own file: theirs to judge by */
    if (need->level == SNAPSHOT_COPY) {
        failed = copy(snapshot, rows, need->number);
    } else if (need->level == SNAPSHOT_READ) {
        failed = read_chunk(snapshot, need, &chunk);
    } else if (snapshot->id == need->number) {
        end(snapshot);
    }
    if (failed != ERR_NONE && need->level == SNAPSHOT_COPY) {
        end(snapshot);
    }
    snapshot->files->last_err = last_err;
    enum err err = put_u16(out, (uint16_t)failed);
    err = err == ERR_NONE ? put_u8(out, snapshot->is_ready) : err;
    err = err == ERR_NONE ? put_u64(out, snapshot->size_bytes) : err;
    return err == ERR_NONE ? put_bytes(out, buf_slice(&chunk)) : err;
}
