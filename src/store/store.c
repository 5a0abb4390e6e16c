#include "store/store.h"

#include "store/notes.h"
#include "store/snapshot.h"
#include "store/staging.h"
#include "store/tiles.h"

#include <stdlib.h>
#include <string.h>

/* Put there by a restore: more than this store has may have been published. Gone with the first checkpoint under another name. */
static const char restored_name[] = RESTORED_NAME;

struct store {
    struct files *files;
    struct rows *rows;
    struct notes notes;
    struct snapshot *snapshot;
    struct staging *staging;
    bool damaged, is_restored;
};

/* An empty database beside a published ledger is a lost one; to start afresh would let the loss
 * pass as a beginning. */
static enum err find_published(struct files *files, bool *ret_found)
{
    static const char *const names[] = {"ledger/evidence/checkpoint", "ledger/audit/checkpoint"};
    bool exists = false;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && !exists && i < sizeof(names) / sizeof(names[0]); i++) {
        err = file_exists(files, names[i], &exists);
    }
    *ret_found = exists;
    return err;
}

enum err store_open(struct files *files, struct rows_source *source, struct store **ret_store)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        files_free(files);
        return ERR_MEMORY;
    }
    store->files = files;
    store->notes = notes_new();
    bool is_published = true, is_coming = false;
    enum err err = staging_find_swapped(files, &is_coming);
    err = err == ERR_NONE ? find_published(files, &is_published) : err;
    if (err == ERR_NONE) {
        err = rows_open(files, source, !is_published || is_coming, &store->rows);
    }
    if (err == ERR_NONE) {
        err = file_exists(files, restored_name, &store->is_restored);
    }
    if (err == ERR_NONE) {
        store->snapshot = snapshot_new(files);
        store->staging = staging_new(files);
        err = store->snapshot == NULL || store->staging == NULL ? ERR_MEMORY : ERR_NONE;
    }
    if (err != ERR_NONE) {
        store_close(store);
        return err;
    }
    *ret_store = store;
    return ERR_NONE;
}

void store_close(struct store *store)
{
    if (store != NULL) {
        snapshot_free(store->snapshot);
        staging_free(store->staging);
        rows_close(store->rows);
        files_free(store->files);
        notes_free(&store->notes);
        free(store);
    }
}

struct staging *store_staging(struct store *store)
{
    return store->staging;
}

struct files *store_files(struct store *store)
{
    return store->files;
}

struct rows *store_rows(struct store *store)
{
    return store->rows;
}

enum err store_ended(const struct store *store)
{
    if (files_failed(store->files) || rows_failed(store->rows)) {
        return ERR_IO;
    }
    return store->damaged ? ERR_DAMAGED : ERR_NONE;
}

static enum err done(struct store *store, enum err err)
{
    if (err == ERR_DAMAGED) {
        store->damaged = true;
    }
    return err;
}

/* --- FETCH --- */

static enum err answer_log(struct store *store, const struct need *need, struct buf *out)
{
    const struct log_head *head = rows_log(store->rows, need->log);
    struct slice note = SLICE_NONE;
    uint64_t published_size = 0;
    enum err err =
        notes_get(&store->notes, store->files, store->rows, need->log, &note, &published_size);
    if (err == ERR_NONE && store->is_restored && note.len > 0 && published_size <= head->edge.size) {
        published_size = head->edge.size + 1;
    }
    if (err == ERR_NONE) {
        err = put_u64(out, head->edge.size);
    }
    if (err == ERR_NONE) {
        err = put_u64(out, published_size);
    }
    if (err == ERR_NONE) {
        err = put_bytes(out, note);
    }
    if (err == ERR_NONE) {
        err = put_u32(out, edge_count(&head->edge));
    }
    return err == ERR_NONE ? buf_append(out, edge_bytes(&head->edge)) : err;
}

static enum err answer_tile(struct store *store, const struct need *need, struct buf *out)
{
    char name[FILE_NAME_MAX_BYTES + 1];
    bool exists = false;
    cleanup_buf struct buf tile = BUF_INIT(BUNDLE_MAX_BYTES);
    enum err err = tile_name(need->log, need->level, need->number, need->width, name, sizeof(name));
    if (err == ERR_NONE) {
        err = file_exists(store->files, name, &exists);
    }
    if (err == ERR_NONE && exists) {
        err = file_load(store->files, name, &tile);
    }
    if (err == ERR_NONE) {
        err = put_u8(out, exists);
    }
    return err == ERR_NONE ? put_bytes(out, buf_slice(&tile)) : err;
}

static enum err answer_state(struct store *store, struct buf *out)
{
    cleanup_buf struct buf state = BUF_INIT(STATE_MAX_BYTES);
    cleanup_buf struct buf state_1 = BUF_INIT(STATE_MAX_BYTES);
    enum err err = rows_state(store->rows, &state);
    if (err == ERR_NONE) {
        err = put_bytes(out, buf_slice(&state));
    }
    /* Whoever has this database open holds its lock, so nobody else can have moved the epoch. */
    if (err == ERR_NONE) {
        err = put_u8(out, 1);
    }
    if (err == ERR_NONE) {
        err = rows_state_1(store->rows, &state_1);
    }
    return err == ERR_NONE ? put_bytes(out, buf_slice(&state_1)) : err;
}

static enum err answer(struct store *store, const struct need *need, struct buf *out)
{
    struct rows *rows = store->rows;
    switch (need->kind) {
    case NEED_ROW:
        return rows_row(rows, need->path, out);
    case NEED_LIST:
        return rows_list(rows, need->path, need->after, need->limit, out);
    case NEED_DUE:
        return rows_due(rows, need->number, need->limit, out);
    case NEED_ENTRIES:
        return rows_entries(rows, need->log, need->number, need->limit, out);
    case NEED_LOG:
        return answer_log(store, need, out);
    case NEED_NAMES:
        return rows_names(rows, need->path, need->after, need->limit, out);
    case NEED_TILE:
        return answer_tile(store, need, out);
    case NEED_STATE:
        return answer_state(store, out);
    case NEED_SNAPSHOT:
        return snapshot_answer(store->snapshot, rows, need, out);
    }
    return ERR_INVALID;
}

static enum err answer_all(struct store *store, struct slice needs, struct reader *reader,
                           uint32_t count, struct buf *out)
{
    enum err err = rows_read_begin(store->rows, needs);
    if (err != ERR_NONE) {
        return err;
    }
    notes_begin(&store->notes);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct need need;
        err = need_get(reader, &need);
        if (err == ERR_NONE) {
            err = answer(store, &need, out);
        }
    }
    rows_read_end(store->rows);
    return err == ERR_NONE ? reader_end(reader) : err;
}

static enum err fetch(struct store *store, struct slice body, struct buf *out)
{
    struct reader reader = reader_of(body);
    uint32_t count;
    enum err err = get_u32(&reader, &count);
    if (err == ERR_NONE) {
        err = put_u16(out, ERR_NONE);
    }
    if (err == ERR_NONE) {
        err = put_u32(out, count);
    }
    return err == ERR_NONE ? answer_all(store, body, &reader, count, out) : err;
}

enum err store_fetch(struct store *store, struct slice body, struct buf *out)
{
    size_t before = out->len;
    enum err err = done(store, fetch(store, body, out));
    if (err != ERR_NONE) {
        out->len = before;
        enum err put_err = put_u16(out, (uint16_t)err);
        if (put_err == ERR_NONE) {
            put_err = put_u32(out, 0);
        }
        if (put_err != ERR_NONE) {
            return put_err;
        }
    }
    return err;
}

/* --- COMMIT --- */

static enum err apply_changes(struct store *store, struct reader *reader)
{
    uint32_t count = 0;
    enum err err = get_u32(reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct change change;
        err = change_get(reader, &change);
        if (err == ERR_NONE) {
            err = rows_change(store->rows, &change);
        }
    }
    return err;
}

static enum err apply_appends(struct store *store, struct reader *reader)
{
    uint32_t count = 0;
    enum err err = get_u32(reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct append append;
        err = append_get(reader, &append);
        if (err == ERR_NONE) {
            err = rows_append(store->rows, &append);
        }
    }
    return err;
}

static enum err apply_intents(struct store *store, struct reader *reader)
{
    uint32_t count = 0;
    enum err err = get_u32(reader, &count);
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct log_intent intent;
        struct slice root;
        err = get_u8(reader, &intent.log);
        if (err == ERR_NONE) {
            err = get_u64(reader, &intent.size);
        }
        if (err == ERR_NONE) {
            err = get_raw(reader, sizeof(intent.root), &root);
        }
        if (err == ERR_NONE) {
            memcpy(intent.root, root.data, sizeof(intent.root));
            err = rows_intend(store->rows, &intent);
        }
    }
    return err;
}

static enum err apply(struct store *store, struct reader *reader)
{
    struct slice state;
    enum err err = apply_changes(store, reader);
    if (err == ERR_NONE) {
        err = apply_appends(store, reader);
    }
    if (err == ERR_NONE) {
        err = apply_intents(store, reader);
    }
    if (err == ERR_NONE) {
        err = get_bytes(reader, STATE_MAX_BYTES, &state);
    }
    if (err == ERR_NONE) {
        err = reader_end(reader);
    }
    return err == ERR_NONE && state.len > 0 ? rows_save_state(store->rows, state) : err;
}

static enum err commit(struct store *store, struct slice body)
{
    struct reader reader = reader_of(body);
    uint64_t epoch;
    enum err err = get_u64(&reader, &epoch);
    if (err == ERR_NONE) {
        err = rows_begin(store->rows, epoch);
    }
    if (err != ERR_NONE) {
        return err;
    }
    err = apply(store, &reader);
    if (err != ERR_NONE) {
        rows_roll_back(store->rows);
        return err;
    }
    return rows_commit(store->rows);
}

enum err store_commit(struct store *store, struct slice body, struct buf *out)
{
    /* Room for the answer first: what is committed must not fail to be said. */
    enum err err = buf_reserve(out, 2 + 4 + PATH_MAX_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    err = done(store, commit(store, body));
    enum err put_err = put_u16(out, (uint16_t)err);
    if (put_err == ERR_NONE) {
        put_err = put_bytes(out, err == ERR_CONFLICT ? rows_conflict(store->rows) : SLICE_NONE);
    }
    return put_err == ERR_NONE ? err : put_err;
}

/* --- PUBLISH --- */

static struct slice name_in(struct slice note)
{
    return slice_first(note, slice_find_byte(note, '\n'));
}

/* Was the log published under another name until now? Then it was reopened since it was restored. */
static bool names_another(struct store *store, uint8_t log, struct slice note)
{
    struct slice before = SLICE_NONE;
    uint64_t size = 0;
    notes_begin(&store->notes);
    return notes_get(&store->notes, store->files, store->rows, log, &before, &size) == ERR_NONE && before.len > 0 && !slice_equal(name_in(before), name_in(note));
}

static enum err forget_restored(struct store *store)
{
    enum err err = file_remove(store->files, restored_name);
    if (err == ERR_NONE || err == ERR_NOT_FOUND) {
        store->is_restored = false;
        return file_sync_directory(store->files, "");
    }
    return err;
}

static enum err publish(struct store *store, struct slice body)
{
    struct reader reader = reader_of(body);
    uint8_t log;
    uint64_t size;
    struct slice note;
    enum err err = get_u8(&reader, &log);
    if (err == ERR_NONE) {
        err = get_u64(&reader, &size);
    }
    if (err == ERR_NONE) {
        err = get_bytes(&reader, CHECKPOINT_MAX_BYTES, &note);
    }
    if (err == ERR_NONE) {
        err = reader_end(&reader);
    }
    bool is_renamed = err == ERR_NONE && store->is_restored && names_another(store, log, note);
    if (err == ERR_NONE) {
        err = tiles_publish(store->files, store->rows, log, size, note);
    }
    if (err == ERR_NONE && is_renamed) {
        err = forget_restored(store);
    }
    return err;
}

/* A root that differs from keep's makes this publication fail, not the store: what is damaged is
 * one side's idea of the tree. */
enum err store_publish(struct store *store, struct slice body, struct buf *out)
{
    enum err err = publish(store, body);
    enum err put_err = put_u16(out, (uint16_t)err);
    return put_err == ERR_NONE ? err : put_err;
}

enum err store_tidy(struct store *store, int pages)
{
    return done(store, rows_tidy(store->rows, pages));
}
