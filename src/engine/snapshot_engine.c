/*
 * Snapshots of the store while it is in use: the database as it is, rows sealed. Begun, fetched in parts of 4 MiB, ended. The path of Vault's clients gives an archive
 * (.tar.gz: meta.json, state.bin, SHA256SUMS, SHA256SUMS.sealed) of any size: each part is members of gzip of its own, so that a part needs to know nothing of those
 * before; gate asks for one after the other while it writes (`next`, engine/request.h).
 * Nothing is opened: whoever has a snapshot needs the unseal keys or the key file as well. The way back: restore_engine.c.
 */
#include "engine/operations.h"

#include "base/archive.h"
#include "base/encode.h"
#include "store/barrier.h"

#include <string.h>

enum { ID_BYTES = 8, PARTS_MAX = SNAPSHOT_DIGEST, PART_BYTES = 4 << 20, FRAME_MAX_BYTES = 64 << 10 };

static enum err refuse(struct turn *turn, enum err err)
{
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, err, TEXT("this snapshot is not there any more: it ended, or another one was begun", "diese Sicherung gibt es nicht mehr: sie endete, oder eine andere begann"), SLICE_NONE);
    }
    return err == ERR_FULL ? turn_refuse(turn, err, TEXT("there is no room for a copy of the database beside it", "neben der Datenbank ist kein Platz für eine Kopie"), SLICE_NONE) : err;
}

/* Copies to the end: some pages in each run, others' changes between them. */
static enum err copy(struct turn *turn, uint64_t id, uint64_t *ret_size)
{
    struct turn_snapshot snapshot = {.is_ready = false};
    for (uint32_t step = 0; step < PARTS_MAX; step++) {
        enum err err = turn_snapshot(turn, SNAPSHOT_COPY, id, step, &snapshot);
        if (err != ERR_NONE) {
            return err == ERR_NEED ? err : refuse(turn, err);
        }
        if (snapshot.is_ready) {
            *ret_size = snapshot.size_bytes;
            return ERR_NONE;
        }
    }
    return ERR_TOO_LARGE;
}

static enum err record(struct turn *turn, uint64_t size)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, body, "bytes", size);
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, "snapshot.taken", body, NULL);
}

static uint64_t new_id(struct turn *turn)
{
    uint64_t id = 0;
    turn_random(turn, &id, sizeof id);
    return id == 0 ? 1 : id;
}

enum err operation_snapshot_begin(struct turn *turn)
{
    uint64_t id = new_id(turn), size = 0;
    uint8_t bytes[ID_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * ID_BYTES);
    enum err err = copy(turn, id, &size);
    store_u64_little(bytes, id);
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(bytes, sizeof bytes)) : err;
    err = err == ERR_NONE ? record(turn, size) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "id", buf_slice(&hex));
    json_set_u64(turn->arena, data, "size_bytes", size);
    json_set_u64(turn->arena, data, "part_bytes", PART_BYTES);
    return turn_reply_data(turn, data);
}

static enum err id_of(struct turn *turn, uint64_t *ret_id)
{
    cleanup_buf struct buf bytes = BUF_INIT(ID_BYTES);
    if (hex_decode(&bytes, turn->values[0]) != ERR_NONE || bytes.len != ID_BYTES) {
        return refuse(turn, ERR_NOT_FOUND);
    }
    struct reader reader = reader_of(buf_slice(&bytes));
    return get_u64(&reader, ret_id);
}

enum err operation_snapshot_part(struct turn *turn)
{
    struct turn_snapshot snapshot;
    uint64_t id = 0, number = 0;
    enum err err = id_of(turn, &id);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_to_u64(turn->values[1], &number) != ERR_NONE || number >= PARTS_MAX) {
        return refuse(turn, ERR_NOT_FOUND);
    }
    err = turn_snapshot(turn, SNAPSHOT_READ, id, (uint32_t)number, &snapshot);
    return err == ERR_NONE ? turn_reply_raw(turn, "application/octet-stream", "snapshot.part", snapshot.bytes) : err == ERR_NEED ? err : refuse(turn, err);
}

enum err operation_snapshot_end(struct turn *turn)
{
    struct turn_snapshot snapshot;
    uint64_t id = 0;
    enum err err = id_of(turn, &id);
    err = err == ERR_NONE ? turn_snapshot(turn, SNAPSHOT_END, id, 0, &snapshot) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- as Vault's clients take it: one archive ---- */

struct archive {
    uint64_t id, size;
    uint32_t part;                  /* which of the database's, from 0 */
    uint8_t digest[SHA256_BYTES];   /* of the database */
    struct slice meta;              /* meta.json */
};

static struct slice meta_of(struct turn *turn, const struct archive *archive)
{
    char *text = turn_path(turn, "{\"Version\":1,\"ID\":\"vogt-%016llx\",\"Size\":%llu,\"Format\":\"SQLite database of Vogt, rows sealed\"}\n", (unsigned long long)archive->id,
                           (unsigned long long)archive->size);
    return slice_string(text);
}

/* What is in SHA256SUMS; and sealed by the active key, which says that it left a Vogt with this ring. */
static enum err put_sums(struct turn *turn, const struct archive *archive, struct buf *sums, struct buf *sealed)
{
    uint8_t meta[SHA256_BYTES], nonce[XAES_NONCE_BYTES];
    sha256(archive->meta, meta);
    turn_random(turn, nonce, sizeof nonce);
    enum err err = sums_put(sums, slice_of(meta, sizeof meta), "meta.json");
    err = err == ERR_NONE ? sums_put(sums, slice_of(archive->digest, sizeof archive->digest), "state.bin") : err;
    return err == ERR_NONE ? barrier_seal(state_barrier(turn->state), SLICE_LITERAL("snapshot/sums"), 1, nonce, buf_slice(sums), sealed) : err;
}

static enum err put_file(struct buf *tar, const char *name, struct slice content, int64_t now_ms)
{
    enum err err = tar_put_header(tar, name, content.len, now_ms / 1000);
    err = err == ERR_NONE ? buf_append(tar, content) : err;
    return err == ERR_NONE ? tar_put_padding(tar, content.len) : err;
}

/* What stands before the first part of the database. */
static enum err put_head(struct turn *turn, const struct archive *archive, struct buf *out)
{
    cleanup_buf struct buf tar = BUF_INIT(FRAME_MAX_BYTES);
    enum err err = put_file(&tar, "meta.json", archive->meta, turn->now_ms);
    err = err == ERR_NONE ? tar_put_header(&tar, "state.bin", archive->size, turn->now_ms / 1000) : err;
    return err == ERR_NONE ? gzip_put_stored(out, buf_slice(&tar)) : err;
}

/* What stands behind the last. */
static enum err put_tail(struct turn *turn, const struct archive *archive, struct buf *out)
{
    cleanup_buf struct buf tar = BUF_INIT(FRAME_MAX_BYTES), sums = BUF_INIT(FRAME_MAX_BYTES), sealed = BUF_INIT(FRAME_MAX_BYTES);
    enum err err = tar_put_padding(&tar, archive->size);
    err = err == ERR_NONE ? put_sums(turn, archive, &sums, &sealed) : err;
    err = err == ERR_NONE ? put_file(&tar, "SHA256SUMS", buf_slice(&sums), turn->now_ms) : err;
    err = err == ERR_NONE ? put_file(&tar, "SHA256SUMS.sealed", buf_slice(&sealed), turn->now_ms) : err;
    err = err == ERR_NONE ? tar_put_end(&tar) : err;
    return err == ERR_NONE ? gzip_put_stored(out, buf_slice(&tar)) : err;
}

static enum err read_digest(struct turn *turn, struct archive *archive)
{
    struct turn_snapshot snapshot;
    enum err err = turn_snapshot(turn, SNAPSHOT_READ, archive->id, SNAPSHOT_DIGEST, &snapshot);
    if (err == ERR_NONE && snapshot.bytes.len == sizeof archive->digest) {
        memcpy(archive->digest, snapshot.bytes.data, sizeof archive->digest);
    }
    return err == ERR_NONE && snapshot.bytes.len != sizeof archive->digest ? ERR_PROTOCOL : err;
}

/* A part of the database, and what stands before the first and behind the last. */
static enum err reply_part(struct turn *turn, struct archive *archive)
{
    struct turn_snapshot snapshot, ended;
    cleanup_buf struct buf out = BUF_INIT(PART_BYTES + 3 * FRAME_MAX_BYTES);
    enum err err = turn_snapshot(turn, SNAPSHOT_READ, archive->id, archive->part, &snapshot);
    if (err != ERR_NONE || snapshot.bytes.len == 0) {
        return err == ERR_NEED ? err : refuse(turn, err == ERR_NONE ? ERR_NOT_FOUND : err);
    }
    archive->size = snapshot.size_bytes;
    archive->meta = meta_of(turn, archive);
    bool is_last = (uint64_t)archive->part * PART_BYTES + snapshot.bytes.len >= archive->size;
    err = is_last ? read_digest(turn, archive) : ERR_NONE;
    err = is_last && err == ERR_NONE ? turn_snapshot(turn, SNAPSHOT_END, archive->id, 0, &ended) : err;
    err = err == ERR_NONE && archive->part == 0 ? put_head(turn, archive, &out) : err;
    err = err == ERR_NONE ? gzip_put_stored(&out, snapshot.bytes) : err;
    err = err == ERR_NONE && is_last ? put_tail(turn, archive, &out) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct slice bytes = arena_copy(turn->arena, buf_slice(&out));
    const char *next = is_last ? "" : turn_path(turn, "%016llx-%u", (unsigned long long)archive->id, archive->part + 1);
    err = bytes.data == NULL || next == NULL ? ERR_MEMORY : turn_reply_raw(turn, "application/gzip", "vogt.snapshot", bytes);
    turn->reply.next = slice_string(next);
    return err;
}

static enum err read_next(struct slice next, struct archive *ret_archive)
{
    cleanup_buf struct buf bytes = BUF_INIT(ID_BYTES);
    struct slice id;
    uint64_t part = 0;
    bool is_good = slice_split(&next, '-', &id) && hex_decode(&bytes, id) == ERR_NONE && bytes.len == ID_BYTES && slice_to_u64(next, &part) == ERR_NONE && part < PARTS_MAX;
    if (is_good) {
        ret_archive->id = load_u64_big(bytes.data);
        ret_archive->part = (uint32_t)part;
    }
    return is_good ? ERR_NONE : ERR_NOT_FOUND;
}

enum err operation_snapshot_whole(struct turn *turn)
{
    struct archive archive = {.part = 0};
    struct slice next = turn_query(turn, "next");
    if (next.len > 0) {
        return read_next(next, &archive) == ERR_NONE ? reply_part(turn, &archive) : refuse(turn, ERR_NOT_FOUND);
    }
    archive.id = new_id(turn);
    enum err err = copy(turn, archive.id, &archive.size);
    err = err == ERR_NONE ? reply_part(turn, &archive) : err;
    return err == ERR_NONE ? record(turn, archive.size) : err;
}
