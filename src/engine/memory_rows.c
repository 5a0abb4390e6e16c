#include "engine/memory_rows.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first row whose path is not before `path`. */
static size_t lower_bound(const struct memory_rows *rows, struct slice path)
{
    size_t low = 0, high = rows->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool before = slice_compare(buf_slice(&rows->list[middle].path), path) < 0;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low;
}

const struct memory_row *memory_row(const struct memory_rows *rows, struct slice path)
{
    size_t at = lower_bound(rows, path);
    return at < rows->row_count && slice_equal(buf_slice(&rows->list[at].path), path) ? &rows->list[at] : NULL;
}

struct stored_row memory_stored(const struct memory_row *row)
{
    return row == NULL ? (struct stored_row){.version = 0}
                       : (struct stored_row){buf_slice(&row->path), row->version, row->due_ms, buf_slice(&row->bytes)};
}

static void remove_row(struct memory_rows *rows, size_t at)
{
    buf_free(&rows->list[at].path);
    buf_free(&rows->list[at].bytes);
    memmove(&rows->list[at], &rows->list[at + 1], (rows->row_count - at - 1) * sizeof rows->list[0]);
    rows->row_count--;
}

static enum err insert_row(struct memory_rows *rows, size_t at, struct slice path)
{
    struct memory_row *list = array_room(rows->list, rows->row_count, &rows->row_capacity, sizeof *list);
    if (list == NULL) {
        return ERR_MEMORY;
    }
    rows->list = list;
    memmove(&rows->list[at + 1], &rows->list[at], (rows->row_count - at) * sizeof rows->list[0]);
    rows->list[at] = (struct memory_row){.path = BUF_INIT(PATH_MAX_BYTES), .bytes = BUF_INIT(ROW_MAX_BYTES)};
    rows->row_count++;
    return buf_append(&rows->list[at].path, path);
}

static enum err apply_change(struct memory_rows *rows, const struct change *change)
{
    size_t at = lower_bound(rows, change->path);
    bool exists = at < rows->row_count && slice_equal(buf_slice(&rows->list[at].path), change->path);
    if ((exists ? rows->list[at].version : 0) != change->expected_version) {
        return ERR_CONFLICT;
    }
    if (change->kind == CHANGE_DELETE) {
        if (exists) {
            remove_row(rows, at);
        }
        return ERR_NONE;
    }
    enum err err = exists ? ERR_NONE : insert_row(rows, at, change->path);
    if (err != ERR_NONE) {
        return err;
    }
    struct memory_row *row = &rows->list[at];
    row->version = change->expected_version + 1;
    row->due_ms = change->due_unix_ms;
    buf_clear(&row->bytes);
    return buf_append(&row->bytes, change->bytes);
}

/* ---- committing: the COMMIT body, as store reads it ---- */

static enum err apply_append(struct memory_rows *rows, const struct append *append)
{
    size_t log = append->log - 1u;
    if (log > 1 || append->index != rows->entry_count[log]) {
        return ERR_CONFLICT;
    }
    struct buf *entries = array_room(rows->entries[log], rows->entry_count[log], &rows->entry_capacity[log], sizeof *entries);
    if (entries == NULL) {
        return ERR_MEMORY;
    }
    rows->entries[log] = entries;
    if (tree_append(&rows->trees[log], append->entry) != ERR_NONE) {
        return ERR_TOO_LARGE;
    }
    struct buf *entry = &rows->entries[log][rows->entry_count[log]++];
    *entry = BUF_INIT(ROW_MAX_BYTES);
    return buf_append(entry, append->entry);
}

static enum err check_intent(const struct memory_rows *rows, struct reader *reader)
{
    uint8_t log = 0;
    uint64_t size = 0;
    struct slice root;
    struct tree_hash counted;
    enum err err = get_u8(reader, &log);
    err = err == ERR_NONE ? get_u64(reader, &size) : err;
    err = err == ERR_NONE ? get_raw(reader, SHA256_BYTES, &root) : err;
    if (err != ERR_NONE || log < LOG_EVIDENCE || log > LOG_AUDIT) {
        return ERR_PROTOCOL;
    }
    tree_root(&rows->trees[log - 1], &counted);
    return size == rows->entry_count[log - 1] && slice_equal(root, tree_hash_slice(&counted)) ? ERR_NONE : ERR_CONFLICT;
}

enum err memory_rows_commit(struct memory_rows *rows, struct slice body)
{
    struct reader reader = reader_of(body);
    uint64_t epoch = 0;
    uint32_t changes = 0, appends = 0, logs = 0;
    struct slice lanes;
    enum err err = get_u64(&reader, &epoch);
    err = err == ERR_NONE ? get_u32(&reader, &changes) : err;
    for (uint32_t i = 0; i < changes && err == ERR_NONE; i++) {
        struct change change;
        err = change_get(&reader, &change);
        err = err == ERR_NONE ? apply_change(rows, &change) : err;
    }
    err = err == ERR_NONE ? get_u32(&reader, &appends) : err;
    for (uint32_t i = 0; i < appends && err == ERR_NONE; i++) {
        struct append append;
        err = append_get(&reader, &append);
        err = err == ERR_NONE ? apply_append(rows, &append) : err;
    }
    err = err == ERR_NONE ? get_u32(&reader, &logs) : err;
    for (uint32_t i = 0; i < logs && err == ERR_NONE; i++) {
        err = check_intent(rows, &reader);
    }
    err = err == ERR_NONE ? get_bytes(&reader, SETHASH_BYTES, &lanes) : err;
    return err == ERR_NONE ? reader_end(&reader) : err;
}

/* ---- answers, as store/wire.h has them ---- */

static enum err put_row(struct buf *out, const struct memory_row *row)
{
    enum err err = put_bytes(out, buf_slice(&row->path));
    err = err == ERR_NONE ? put_u64(out, row->version) : err;
    err = err == ERR_NONE ? put_u64(out, row->due_ms) : err;
    return err == ERR_NONE ? put_bytes(out, buf_slice(&row->bytes)) : err;
}

/* Puts `count` where the answer began with a zero. */
static void set_count(struct buf *out, uint32_t count)
{
    store_u32_little(out->data, count);
}

static enum err answer_list(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    enum err err = put_u32(out, 0);
    for (size_t i = 0; i < rows->row_count && count < need->limit && err == ERR_NONE; i++) {
        struct slice path = buf_slice(&rows->list[i].path);
        if (slice_starts(path, need->path) && (need->after.len == 0 || slice_compare(path, need->after) > 0)) {
            err = put_row(out, &rows->list[i]);
            count++;
        }
    }
    set_count(out, count);
    return err;
}

/* Oldest first, as store gives them. */
static enum err answer_due(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    uint64_t at = need->number & DUE_STEADY;
    enum err err = put_u32(out, 0);
    while (count < need->limit && err == ERR_NONE) {
        uint64_t next = UINT64_MAX;
        for (size_t i = 0; i < rows->row_count; i++) {
            uint64_t due = rows->list[i].due_ms;
            next = due > at && due < next ? due : next;
        }
        if (next > need->number) {
            break;
        }
        for (size_t i = 0; i < rows->row_count && count < need->limit && err == ERR_NONE; i++) {
            if (rows->list[i].due_ms == next) {
                err = put_row(out, &rows->list[i]);
                count++;
            }
        }
        at = next;
    }
    set_count(out, count);
    return err;
}

static enum err answer_names(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    struct slice last = SLICE_NONE;
    enum err err = put_u32(out, 0);
    for (size_t i = 0; i < rows->row_count && count < need->limit && err == ERR_NONE; i++) {
        struct slice path = buf_slice(&rows->list[i].path);
        if (!slice_starts(path, need->path)) {
            continue;
        }
        struct slice name = slice_from(path, need->path.len);
        size_t slash = slice_find_byte(name, '/');
        name = slash == SIZE_MAX ? name : slice_first(name, slash + 1);
        if (slice_equal(name, last) || (need->after.len > 0 && slice_compare(name, need->after) <= 0)) {
            continue;
        }
        last = name;
        err = put_bytes(out, name);
        count++;
    }
    set_count(out, count);
    return err;
}

static enum err answer_entries(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    enum err err = put_u32(out, 0);
    for (uint64_t i = need->number; i < rows->entry_count[need->log - 1] && count < need->limit && err == ERR_NONE; i++) {
        err = put_bytes(out, buf_slice(&rows->entries[need->log - 1][i]));
        count++;
    }
    set_count(out, count);
    return err;
}

/* No note is signed here: the log answers its size, and no checkpoint. */
static enum err answer_log(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    enum err err = put_u64(out, rows->entry_count[need->log - 1]);
    err = err == ERR_NONE ? put_u64(out, rows->published[need->log - 1]) : err;
    err = err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
    return err == ERR_NONE ? put_u32(out, 0) : err;
}

static enum err answer_tile(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    (void)rows;
    (void)need;
    enum err err = put_u8(out, 0); /* nothing is published: no tile exists */
    return err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
}

typedef enum err (*answer_fn)(const struct memory_rows *rows, const struct need *need, struct buf *out);

enum err memory_rows_answer(const struct memory_rows *rows, const struct need *need, struct buf *out)
{
    static const struct {
        enum need_kind kind;
        answer_fn answer;
    } answers[] = {
        {NEED_LIST, answer_list}, {NEED_DUE, answer_due}, {NEED_NAMES, answer_names}, {NEED_ENTRIES, answer_entries}, {NEED_LOG, answer_log}, {NEED_TILE, answer_tile},
    };
    enum err err = ERR_PROTOCOL;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].kind == need->kind) {
            err = answers[i].answer(rows, need, out);
        }
    }
    return err;
}

/* ---- what was committed ---- */

size_t memory_row_count(const struct memory_rows *rows)
{
    return rows->row_count;
}

bool memory_has_row(const struct memory_rows *rows, const char *path)
{
    return memory_row(rows, slice_string(path)) != NULL;
}

uint64_t memory_row_version(const struct memory_rows *rows, const char *path)
{
    const struct memory_row *row = memory_row(rows, slice_string(path));
    return row == NULL ? 0 : row->version;
}

struct slice memory_row_bytes(const struct memory_rows *rows, const char *path)
{
    const struct memory_row *row = memory_row(rows, slice_string(path));
    return row == NULL ? SLICE_NONE : buf_slice(&row->bytes);
}

size_t memory_entry_count(const struct memory_rows *rows, enum log_id log)
{
    return rows->entry_count[log - 1];
}

struct slice memory_entry(const struct memory_rows *rows, enum log_id log, size_t index)
{
    return index < rows->entry_count[log - 1] ? buf_slice(&rows->entries[log - 1][index]) : SLICE_NONE;
}

enum err memory_state_digest(const struct memory_rows *rows, uint8_t ret_digest[SHA256_BYTES])
{
    struct sethash sethash;
    sethash_clear(&sethash);
    for (size_t i = 0; i < rows->row_count; i++) {
        struct stored_row row = memory_stored(&rows->list[i]);
        if (!sethash_covers(row.path)) {
            continue;
        }
        enum err err = sethash_add(&sethash, &row);
        if (err != ERR_NONE) {
            return err;
        }
    }
    sethash_digest(&sethash, ret_digest);
    return ERR_NONE;
}

void memory_fingerprint(const struct memory_rows *rows, uint8_t ret_digest[SHA256_BYTES])
{
    struct sha256 *sha = sha256_new();
    if (sha == NULL) {
        abort();
    }
    for (size_t i = 0; i < rows->row_count; i++) {
        sha256_update(sha, buf_slice(&rows->list[i].path));
        sha256_update(sha, buf_slice(&rows->list[i].bytes));
    }
    for (size_t log = 0; log < 2; log++) {
        for (size_t i = 0; i < rows->entry_count[log]; i++) {
            sha256_update(sha, buf_slice(&rows->entries[log][i]));
        }
    }
    sha256_finish(sha, ret_digest);
    sha256_free(sha);
}

void memory_rows_free(struct memory_rows *rows)
{
    while (rows->row_count > 0) {
        remove_row(rows, rows->row_count - 1);
    }
    for (size_t log = 0; log < 2; log++) {
        for (size_t i = 0; i < rows->entry_count[log]; i++) {
            buf_free(&rows->entries[log][i]);
        }
        free(rows->entries[log]);
    }
    free(rows->list);
    *rows = (struct memory_rows){0};
}
