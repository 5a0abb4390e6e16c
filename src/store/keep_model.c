#include "store/keep_model.h"

#include "base/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_start(struct model *model, uint64_t seed)
{
    memset(model, 0, sizeof(*model));
    model->random = seed * 0x9e3779b97f4a7c15U + 7;
}

uint64_t model_random(struct model *model, uint64_t below)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return model->random % below;
}

static struct slice row_path(size_t index, char out[32])
{
    /* Some lie under audit/, which the set-hash leaves out. */
    snprintf(out, 32, "%s/%zu", index % 5 == 0 ? "audit" : "rows", index);
    return slice_string(out);
}

static struct slice row_bytes(const struct model_row *row, uint8_t out[MODEL_ROW_BYTES])
{
    memset(out, row->fill, row->len);
    return slice_of(out, row->len);
}

static enum err change_row(struct model *model, size_t index, struct buf *body)
{
    char name[32];
    uint8_t bytes[MODEL_ROW_BYTES];
    struct model_row *row = &model->rows[index];
    struct slice path = row_path(index, name);
    struct change change = {.kind = CHANGE_PUT, .path = path, .expected_version = row->version};
    enum err err = ERR_NONE;
    struct stored_row old = {path, row->version, row->due_unix_ms, row_bytes(row, bytes)};
    if (row->version > 0 && sethash_covers(path)) {
        err = sethash_remove(&model->state, &old);
    }
    if (row->version > 0 && model_random(model, 4) == 0) {
        change.kind = CHANGE_DELETE;
        row->version = 0;
        return err == ERR_NONE ? change_put(body, &change) : err;
    }
    row->version++;
    row->fill = (uint8_t)model_random(model, 256);
    row->len = (size_t)model_random(model, model_random(model, 4) == 0 ? MODEL_ROW_BYTES : 200);
    row->due_unix_ms = model_random(model, 3) * 1000;
    change.due_unix_ms = row->due_unix_ms;
    change.bytes = row_bytes(row, bytes);
    struct stored_row new = {path, row->version, row->due_unix_ms, change.bytes};
    if (err == ERR_NONE && sethash_covers(path)) {
        err = sethash_add(&model->state, &new);
    }
    return err == ERR_NONE ? change_put(body, &change) : err;
}

static struct slice entry_bytes(uint8_t log, uint64_t index, uint8_t out[40])
{
    store_u64_big(out, index * 0x9e3779b97f4a7c15U);
    memset(out + 8, log, 32);
    return slice_of(out, 33 + (size_t)(index % 7));
}

static enum err append_entries(struct model *model, const uint32_t counts[3], struct buf *body)
{
    enum err err = put_u32(body, counts[1] + counts[2]);
    for (uint8_t log = 1; log <= 2; log++) {
        for (uint32_t i = 0; err == ERR_NONE && i < counts[log]; i++) {
            uint8_t bytes[40];
            struct append append = {log, model->logs[log].size,
                                    entry_bytes(log, model->logs[log].size, bytes)};
            edge_append(&model->logs[log], append.entry);
            err = append_put(body, &append);
        }
    }
    return err;
}

static enum err put_intents(const struct model *model, struct buf *body)
{
    enum err err = put_u32(body, 2);
    for (uint8_t log = 1; err == ERR_NONE && log <= 2; log++) {
        uint8_t root[SHA256_BYTES];
        edge_root(&model->logs[log], root);
        err = put_u8(body, log);
        if (err == ERR_NONE) {
            err = put_u64(body, model->logs[log].size);
        }
        if (err == ERR_NONE) {
            err = buf_append(body, slice_of(root, sizeof(root)));
        }
    }
    return err;
}

enum err model_commit(struct model *model, struct buf *body)
{
    uint32_t changes = 1 + (uint32_t)model_random(model, 6);
    const uint32_t counts[3] = {0, (uint32_t)model_random(model, 30), 1};
    size_t first = (size_t)model_random(model, MODEL_ROWS);
    uint8_t state[SETHASH_BYTES];
    enum err err = put_u64(body, 1);
    if (err == ERR_NONE) {
        err = put_u32(body, changes);
    }
    for (uint32_t i = 0; err == ERR_NONE && i < changes; i++) {
        err = change_row(model, (first + i * 7) % MODEL_ROWS, body);
    }
    if (err == ERR_NONE) {
        err = append_entries(model, counts, body);
    }
    if (err == ERR_NONE) {
        err = put_intents(model, body);
    }
    sethash_save(&model->state, state);
    return err == ERR_NONE ? put_bytes(body, slice_of(state, sizeof(state))) : err;
}

enum err model_publication(const struct model *model, uint8_t log, struct buf *body)
{
    uint8_t root[SHA256_BYTES];
    cleanup_buf struct buf note = BUF_INIT(4096);
    edge_root(&model->logs[log], root);
    enum err err = buf_printf(&note, "vogt.example/%u\n%llu\n", (unsigned)log,
                              (unsigned long long)model->logs[log].size);
    if (err == ERR_NONE) {
        err = base64_encode(&note, slice_of(root, sizeof(root)));
    }
    if (err == ERR_NONE) {
        err = buf_append_string(&note, "\n\n- a signature\n");
    }
    if (err == ERR_NONE) {
        err = put_u8(body, log);
    }
    if (err == ERR_NONE) {
        err = put_u64(body, model->logs[log].size);
    }
    return err == ERR_NONE ? put_bytes(body, buf_slice(&note)) : err;
}

/* --- what a store holds --- */

struct tally {
    struct sethash all;
    const struct model *model;
    size_t count;
};

static enum err tally_row(void *context, const struct stored_row *row)
{
    struct tally *tally = context;
    tally->count++;
    return sethash_covers(row->path) ? sethash_add(&tally->all, row) : ERR_NONE;
}

static const char *rows_difference(const struct model *model, struct store *store)
{
    struct tally tally = {.model = model};
    cleanup_buf struct buf state = BUF_INIT(STATE_MAX_BYTES);
    uint8_t saved[SETHASH_BYTES];
    size_t expected = 0;
    for (size_t i = 0; i < MODEL_ROWS; i++) {
        expected += model->rows[i].version > 0;
    }
    if (rows_visit(store_rows(store), tally_row, &tally) != ERR_NONE ||
        rows_state(store_rows(store), &state) != ERR_NONE) {
        return "rows cannot be read";
    }
    sethash_save(&tally.all, saved);
    if (memcmp(&tally.all, &model->state, sizeof(tally.all)) != 0 || tally.count != expected) {
        return "other rows than committed";
    }
    /* Before the first commit nothing is saved. */
    if (state.len != 0 && !slice_equal(buf_slice(&state), slice_of(saved, sizeof(saved)))) {
        return "the saved set-hash is not that of the rows";
    }
    return state.len == 0 && expected > 0 ? "no set-hash" : NULL;
}

static const char *log_difference(const struct model *model, struct store *store, uint8_t log)
{
    const struct log_head *head = rows_log(store_rows(store), log);
    cleanup_buf struct buf entries = BUF_INIT(4 << 20);
    uint8_t root[SHA256_BYTES];
    struct edge edge = {0};
    uint32_t count = 0;
    edge_root(&model->logs[log], root);
    if (head->edge.size != model->logs[log].size || memcmp(head->root, root, sizeof(root)) != 0) {
        return "another log size or root than committed";
    }
    if (rows_entries(store_rows(store), log, 0, UINT32_MAX, &entries) != ERR_NONE) {
        return "entries cannot be read";
    }
    struct reader reader = reader_of(buf_slice(&entries));
    enum err err = get_u32(&reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct slice entry;
        err = get_bytes(&reader, UINT16_MAX, &entry);
        if (err == ERR_NONE) {
            edge_append(&edge, entry);
        }
    }
    return err != ERR_NONE || edge.size != head->edge.size ||
                   memcmp(&edge_bytes(&edge).data[0], edge_bytes(&head->edge).data,
                          edge_bytes(&edge).len) != 0
               ? "entries do not give the log's edge"
               : NULL;
}

/* One file of the published log against the entries that the model knows by heart. */
static const char *tile_difference(struct files *files, uint8_t log, uint8_t level, uint64_t number,
                                   unsigned width)
{
    char name[FILE_NAME_MAX_BYTES + 1];
    cleanup_buf struct buf tile = BUF_INIT(1 << 20);
    cleanup_buf struct buf expected = BUF_INIT(1 << 20);
    if (tile_name(log, level, number, width, name, sizeof(name)) != ERR_NONE ||
        file_load(files, name, &tile) != ERR_NONE) {
        return "a tile under the checkpoint is missing";
    }
    uint64_t span = level == 1 ? TILE_WIDTH : 1;
    for (uint64_t i = number * TILE_WIDTH; i < number * TILE_WIDTH + width; i++) {
        uint8_t bytes[40], root[SHA256_BYTES];
        struct edge edge = {0};
        enum err err = ERR_NONE;
        for (uint64_t entry = i * span; entry < (i + 1) * span; entry++) {
            edge_append(&edge, entry_bytes(log, entry, bytes));
        }
        edge_root(&edge, root);
        if (level == TILE_LEVEL_ENTRIES) {
            struct slice entry = entry_bytes(log, i, bytes);
            err = bundle_append(&expected, entry);
        } else {
            err = buf_append(&expected, slice_of(root, sizeof(root)));
        }
        if (err != ERR_NONE) {
            return "out of memory";
        }
    }
    return slice_equal(buf_slice(&tile), buf_slice(&expected))
               ? NULL
               : "a tile under the checkpoint differs from the entries";
}

static const char *level_difference(struct files *files, uint8_t log, uint8_t level, uint64_t count)
{
    const char *difference = NULL;
    for (uint64_t number = 0; difference == NULL && number * TILE_WIDTH < count; number++) {
        uint64_t left = count - number * TILE_WIDTH;
        difference = tile_difference(files, log, level, number,
                                     left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH);
    }
    return difference;
}

static const char *published_difference(const struct model *model, struct files *files, uint8_t log)
{
    cleanup_buf struct buf note = BUF_INIT(CHECKPOINT_MAX_BYTES);
    uint64_t size = 0;
    enum err err = tiles_checkpoint(files, log, &note, &size);
    if (err == ERR_NOT_FOUND) {
        return model->published[log] == 0 ? NULL : "the checkpoint is gone";
    }
    if (err != ERR_NONE) {
        return "the checkpoint cannot be read";
    }
    if (size > model->logs[log].size || size < model->published[log]) {
        return "the checkpoint's size is neither what was published nor held";
    }
    const char *difference = level_difference(files, log, TILE_LEVEL_ENTRIES, size);
    if (difference == NULL) {
        difference = level_difference(files, log, 0, size);
    }
    return difference == NULL ? level_difference(files, log, 1, size / TILE_WIDTH) : difference;
}

const char *model_difference(const struct model *model, struct store *store, struct files *files)
{
    const char *difference = rows_difference(model, store);
    for (uint8_t log = 1; difference == NULL && log <= 2; log++) {
        difference = log_difference(model, store, log);
        if (difference == NULL) {
            difference = published_difference(model, files, log);
        }
    }
    return difference;
}
