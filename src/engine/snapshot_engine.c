/*
 * Snapshots of the store while it is in use: the database as it is, rows sealed. Begun, fetched in parts of 4 MiB, ended; the path of Vault's clients gives a small one whole.
 * Nothing is opened: whoever has a snapshot needs the unseal keys or the key file as well. It is taken back by `vogt snapshot restore`, with Vogt stopped.
 */
#include "engine/operations.h"

#include "base/encode.h"

#include <string.h>

enum { ID_BYTES = 8, PARTS_MAX = 10000, WHOLE_PARTS_MAX = 3, PART_BYTES = 4 << 20, WHOLE_MAX_BYTES = WHOLE_PARTS_MAX * PART_BYTES };

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

enum err operation_snapshot_whole(struct turn *turn)
{
    struct turn_snapshot snapshot;
    uint64_t id = new_id(turn), size = 0;
    enum err err = copy(turn, id, &size);
    if (err != ERR_NONE) {
        return err;
    }
    bool fits = size <= WHOLE_MAX_BYTES;
    uint8_t *whole = arena_alloc(turn->arena, fits ? size : 1);
    size_t at = 0;
    for (uint32_t part = 0; fits && at < size && whole != NULL; part++) {
        err = turn_snapshot(turn, SNAPSHOT_READ, id, part, &snapshot);
        if (err != ERR_NONE || snapshot.bytes.len == 0 || snapshot.bytes.len > size - at) {
            return err == ERR_NONE ? ERR_PROTOCOL : err == ERR_NEED ? err : refuse(turn, err);
        }
        memcpy(whole + at, snapshot.bytes.data, snapshot.bytes.len);
        at += snapshot.bytes.len;
    }
    err = whole == NULL ? ERR_MEMORY : turn_snapshot(turn, SNAPSHOT_END, id, 0, &snapshot);
    if (err == ERR_NONE && !fits) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("this store is larger than one reply: vogt snapshot save fetches it in parts", "dieser Bestand ist größer als eine Antwort: vogt snapshot save holt ihn in Teilen"), SLICE_NONE);
    }
    err = err == ERR_NONE ? record(turn, size) : err;
    return err == ERR_NONE ? turn_reply_raw(turn, "application/octet-stream", "vogt.snapshot", slice_of(whole, size)) : err;
}

enum err operation_snapshot_restore(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("a running Vogt is not put back: stop it, and use vogt snapshot restore FILE --dir DIRECTORY", "ein laufendes Vogt wird nicht zurückgesetzt: anhalten, dann vogt snapshot restore DATEI --dir VERZEICHNIS"), SLICE_NONE);
}
