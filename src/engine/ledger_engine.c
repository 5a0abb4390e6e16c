/* ledger/ and evidence/entries: tiles, checkpoints, proofs, payloads; reopening after a restore; erasing a payload. */
#include "engine/operations.h"

#include "base/encode.h"
#include "base/time.h"
#include "engine/countersign.h"
#include "engine/ledger_source.h"
#include "engine/vault.h"
#include "ledger/checkpoint.h"
#include "ledger/commitment.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

enum { ENTRIES_MAX = 500 };

static enum err log_of(struct turn *turn, struct slice name, enum log_id *ret_log)
{
    bool is_evidence = slice_is(name, "evidence");
    if (!is_evidence && !slice_is(name, "audit")) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the logs are called evidence and audit", "die Logbücher heißen evidence und audit"), name);
    }
    *ret_log = is_evidence ? LOG_EVIDENCE : LOG_AUDIT;
    return ERR_NONE;
}

enum err operation_ledger_tile(struct turn *turn)
{
    enum log_id log = LOG_EVIDENCE;
    enum err err = log_of(turn, turn->values[0], &log);
    struct slice rest = turn->values[1], bytes;
    if (err == ERR_NONE && slice_is(rest, "checkpoint")) {
        uint64_t size = 0;
        err = countersign_checkpoint(turn, log, &bytes, &size);
        return err == ERR_NONE ? turn_reply_raw(turn, "text/plain; charset=utf-8", NULL, bytes) : err;
    }
    if (err == ERR_NONE && slice_is(rest, "checkpoint.tsr")) {
        err = countersign_token(turn, log, &bytes);
        return err == ERR_NONE ? turn_reply_raw(turn, "application/timestamp-reply", NULL, bytes) : err;
    }
    struct tile tile;
    char *path = turn_path(turn, "tile/%.*s", (int)rest.len, (const char *)rest.data);
    err = err == ERR_NONE ? tile_path_parse(slice_string(path), &tile) : err;
    if (err != ERR_NONE) {
        return err == ERR_MALFORMED ? ERR_NOT_FOUND : err;
    }
    err = turn_tile(turn, log, (uint8_t)tile.level, tile.number, (uint16_t)tile.width, &bytes);
    if (err == ERR_NOT_FOUND && tile.width < TILE_WIDTH) {
        /* a partial tile goes once its full one is there, and begins like it */
        err = turn_tile(turn, log, (uint8_t)tile.level, tile.number, TILE_WIDTH, &bytes);
        if (err == ERR_NONE && tile.level != TILE_LEVEL_ENTRIES) {
            bytes = slice_first(bytes, (size_t)tile.width * SHA256_BYTES);
        }
    }
    return err == ERR_NONE ? turn_reply_raw(turn, "application/octet-stream", NULL, bytes) : err;
}

static enum err describe_log(struct turn *turn, struct json *data, const char *name, enum log_id log)
{
    struct arena *arena = turn->arena;
    const struct log_edge *edge = state_log(turn->state, log);
    char origin[96];
    struct note_key key;
    struct slice seed, note = SLICE_NONE;
    enum err err = vault_log_key(turn->around->vault, log, origin, &key, &seed);
    cleanup_buf struct buf vkey = BUF_INIT(512), hex = BUF_INIT(2 * SHA256_BYTES);
    err = err == ERR_NONE ? note_key_write(&key, &vkey) : err;
    struct tree_hash root;
    tree_root(&edge->tree, &root);
    err = err == ERR_NONE ? hex_encode(&hex, tree_hash_slice(&root)) : err;
    uint64_t published = 0;
    enum err note_err = err == ERR_NONE ? turn_checkpoint(turn, log, &note, &published) : err;
    if (note_err != ERR_NONE && note_err != ERR_NOT_FOUND) {
        return note_err;
    }
    struct json *one = json_set_object(arena, data, name);
    json_set_string(arena, one, "origin", slice_string(origin));
    json_set_u64(arena, one, "size", edge->tree.size);
    json_set_string(arena, one, "root", buf_slice(&hex));
    json_set_u64(arena, one, "published_size", published);
    if (edge->published_at_ms > 0) {
        char time[RFC3339_BYTES];
        rfc3339_format(edge->published_at_ms, time);
        json_set_string(arena, one, "published_at", slice_string(time));
    } else {
        json_set_null(arena, one, "published_at");
    }
    json_set_string(arena, one, "vkey", buf_slice(&vkey));
    json_set_string(arena, one, "checkpoint", note);
    return countersign_describe(turn, log, published, one);
}

enum err operation_ledger_status(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err first = describe_log(turn, data, "evidence", LOG_EVIDENCE);
    enum err second = describe_log(turn, data, "audit", LOG_AUDIT);
    json_set_bool(turn->arena, data, "reopen_needed", turn->around->reopen_needed);
    return first != ERR_NONE ? first : second != ERR_NONE ? second : turn_reply_data(turn, data);
}

enum err operation_ledger_publish(struct turn *turn)
{
    enum log_id log = LOG_EVIDENCE;
    enum err err = log_of(turn, turn->values[0], &log);
    err = err == ERR_NONE ? turn_publish(turn, log) : err;
    struct slice note;
    uint64_t size = 0;
    err = err == ERR_NONE ? turn_checkpoint(turn, log, &note, &size) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, data, "size", size);
    json_set_string(turn->arena, data, "checkpoint", err == ERR_NONE ? note : SLICE_NONE);
    err = err == ERR_NONE ? countersign_ask_now(turn, log) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* ---- proofs, from the published tiles ---- */

enum err ledger_source_node(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash)
{
    const struct ledger_source *source = context;
    unsigned tile_level = 0, offset = 0, count = 0;
    uint64_t number = 0;
    tile_of_node(level, index, &tile_level, &number, &offset, &count);
    unsigned width = tile_width_at(tile_level, number, source->size);
    struct slice bytes;
    enum err err = turn_tile(source->turn, source->log, (uint8_t)tile_level, number, (uint16_t)width, &bytes);
    if (err == ERR_NOT_FOUND && width < TILE_WIDTH) {
        err = turn_tile(source->turn, source->log, (uint8_t)tile_level, number, TILE_WIDTH, &bytes);
    }
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
    }
    if (bytes.len < ((size_t)offset + count) * SHA256_BYTES) {
        return ERR_DAMAGED;
    }
    struct tree_hash hashes[TILE_WIDTH];
    for (unsigned i = 0; i < count; i++) {
        for (size_t j = 0; j < SHA256_BYTES; j++) {
            hashes[i].bytes[j] = bytes.data[(offset + i) * SHA256_BYTES + j];
        }
    }
    tile_fold(hashes, count, ret_hash);
    return ERR_NONE;
}

/* The entry's row, opened: salt and payload. Erased: ERR_NOT_FOUND. */
static enum err opened_row(struct turn *turn, uint64_t index, struct slice *ret_row)
{
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("evidence", index, path);
    return turn_row(turn, arena_string(turn->arena, slice_string(path)), ret_row);
}

static enum err add_payload(struct turn *turn, struct json *out, struct slice entry, uint64_t index)
{
    struct slice row;
    cleanup_buf struct buf text = BUF_INIT(128);
    enum err err = opened_row(turn, index, &row);
    if (err == ERR_NOT_FOUND) {
        json_set_null(turn->arena, out, "salt");
        json_set_null(turn->arena, out, "payload");
        return ERR_NONE;
    }
    if (err != ERR_NONE || row.len < COMMITMENT_SALT_BYTES) {
        return err != ERR_NONE ? err : ERR_DAMAGED;
    }
    struct slice payload;
    err = evidence_open(entry, row, &payload);
    err = err == ERR_NONE ? base64_encode(&text, slice_first(row, COMMITMENT_SALT_BYTES)) : ERR_DAMAGED;
    json_set_string(turn->arena, out, "salt", buf_slice(&text));
    json_set_string(turn->arena, out, "payload", payload);
    return err;
}

static enum err describe_entry(struct turn *turn, struct json *out, enum log_id log, struct slice entry, uint64_t index)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    enum err err = base64_encode(&text, entry);
    json_set_u64(turn->arena, out, "index", index);
    json_set_string(turn->arena, out, "entry", buf_slice(&text));
    return err == ERR_NONE && log == LOG_EVIDENCE ? add_payload(turn, out, entry, index) : err;
}

enum err operation_ledger_prove(struct turn *turn)
{
    enum log_id log = LOG_EVIDENCE;
    uint64_t index = 0, size = 0;
    struct slice note, *entries = NULL;
    size_t count = 0;
    enum err err = log_of(turn, turn->values[0], &log);
    err = err == ERR_NONE ? slice_to_u64(turn->values[1], &index) : err;
    if (err == ERR_NONE && index >= state_log(turn->state, log)->published_size) {
        err = index < state_log(turn->state, log)->tree.size ? turn_publish(turn, log) : ERR_NOT_FOUND;
    }
    err = err == ERR_NONE ? turn_checkpoint(turn, log, &note, &size) : err;
    err = err == ERR_NONE ? turn_entries(turn, log, index, 1, &entries, &count) : err;
    if (err != ERR_NONE || count != 1 || index >= size) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    struct ledger_source source = {turn, log, size};
    struct tree_source nodes = {&source, ledger_source_node};
    struct tree_proof path;
    err = tree_prove_inclusion(&nodes, index, size, &path);
    cleanup_buf struct buf text = BUF_INIT(PROOF_MAX_BYTES);
    err = err == ERR_NONE ? proof_write(SLICE_NONE, index, &path, note, &text) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    err = err == ERR_NONE ? describe_entry(turn, data, log, entries[0], index) : err;
    json_set_string(turn->arena, data, "proof", buf_slice(&text));
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* A page ends early where payloads are long: whoever asks goes on after what came. Rows are asked for few at a time, because nobody knows how long they are. */
enum { PAGE_MAX_BYTES = 4 << 20, ROWS_AT_ONCE = 6 };

enum err operation_evidence_entries(struct turn *turn)
{
    uint64_t after = 0, limit = ENTRIES_MAX;
    struct slice text = turn_query(turn, "after"), limit_text = turn_query(turn, "limit");
    if ((text.len > 0 && slice_to_u64(text, &after) != ERR_NONE) || (limit_text.len > 0 && slice_to_u64(limit_text, &limit) != ERR_NONE)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("after and limit are whole numbers", "after und limit sind ganze Zahlen"), SLICE_NONE);
    }
    struct slice *entries = NULL;
    size_t count = 0;
    uint32_t wanted = limit == 0 || limit > ENTRIES_MAX ? ENTRIES_MAX : (uint32_t)limit;
    enum err err = turn_entries(turn, LOG_EVIDENCE, after, wanted, &entries, &count);
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "entries");
    size_t missing = 0, bytes = 0;
    for (size_t i = 0; i < count && err == ERR_NONE && missing < ROWS_AT_ONCE && bytes < PAGE_MAX_BYTES; i++) {
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        err = describe_entry(turn, item, LOG_EVIDENCE, entries[i], after + i);
        bytes += json_text(item, "payload", SLICE_NONE).len;
        if (err == ERR_NEED) {
            missing++; /* go on: one fetch for several */
            err = ERR_NONE;
        }
    }
    json_set_u64(turn->arena, data, "size", state_log(turn->state, LOG_EVIDENCE)->tree.size);
    return err != ERR_NONE ? err : missing > 0 ? ERR_NEED : turn_reply_data(turn, data);
}

enum err operation_evidence_erase(struct turn *turn)
{
    uint64_t index = 0;
    struct slice row;
    enum err err = json_u64(turn->request->body, "index", &index);
    err = err == ERR_NONE ? opened_row(turn, index, &row) : err;
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("there is no payload of this index", "zu dieser Nummer gibt es keinen Inhalt"), SLICE_NONE);
    }
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("evidence", index, path);
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, body, "index", index);
    json_set_string(turn->arena, body, "reason", turn_field(turn, "reason"));
    json_set_string(turn->arena, body, "by", turn->caller.name);
    err = err == ERR_NONE ? turn_delete(turn, arena_string(turn->arena, slice_string(path))) : err;
    err = err == ERR_NONE ? turn_evidence(turn, "erasure", body, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* The store went back in time (a restore): go on under new names, so that no two different trees are ever signed under one. The old entries stay; the first
 * entry after them says what is known of the old log. */
enum err operation_ledger_reopen(struct turn *turn)
{
    if (!turn->around->reopen_needed) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the ledger is whole: there is nothing to reopen", "das Logbuch ist vollständig: es gibt nichts wiederzueröffnen"), SLICE_NONE);
    }
    struct slice evidence = SLICE_NONE, audit = SLICE_NONE;
    uint64_t evidence_size = 0, audit_size = 0;
    enum err first = turn_checkpoint(turn, LOG_EVIDENCE, &evidence, &evidence_size);
    enum err second = turn_checkpoint(turn, LOG_AUDIT, &audit, &audit_size);
    if (first == ERR_NEED || second == ERR_NEED) {
        return ERR_NEED;
    }
    struct stage_answer staged;
    struct json *restored = NULL;
    enum err asked = turn_stage(turn, &(struct stage_ask){.what = STAGE_NOTE}, &staged);
    if (asked == ERR_NEED) {
        return ERR_NEED;
    }
    if (asked == ERR_NONE && staged.note.len > 0 && json_unpack(turn->arena, staged.note, &restored) != ERR_NONE) {
        restored = NULL;
    }
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "reason", turn_field(turn, "reason"));
    json_set_string(turn->arena, body, "by", turn->caller.name);
    json_set_string(turn->arena, body, "last_evidence_checkpoint", evidence);
    json_set_string(turn->arena, body, "last_audit_checkpoint", audit);
    if (restored != NULL) {
        json_set(turn->arena, body, "restored", restored);
    }
    enum err err = turn_evidence(turn, "ledger.reopened", body, NULL);
    err = err == ERR_NONE ? vault_rename(turn->around->vault, turn) : err;
    return err == ERR_NONE ? turn_reply_data(turn, body) : err;
}
