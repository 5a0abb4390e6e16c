#include "store/postgres_inside.h"

#include <string.h>

static enum err send_row(struct rows *rows, struct slice path)
{
    struct parameters parameters = {0};
    give_bytes(&parameters, path);
    return postgres_send(rows, STATEMENT_ROW, &parameters);
}

/* The greatest path with a prefix: as many of the greatest character as a path has room for. */
static struct slice last_with(struct slice prefix, uint8_t out[2 * PATH_MAX_BYTES])
{
    static const uint8_t greatest[] = {0xf4, 0x8f, 0xbf, 0xbf};
    size_t len = prefix.len;
    if (len > 0) {
        memcpy(out, prefix.data, len);
    }
    for (; len < prefix.len + PATH_MAX_BYTES; len += sizeof(greatest)) {
        memcpy(out + len, greatest, sizeof(greatest));
    }
    return slice_of(out, len);
}

static enum err send_list(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit)
{
    struct parameters parameters = {0};
    uint8_t last[2 * PATH_MAX_BYTES];
    bool from_prefix = after.len == 0 || slice_compare(after, prefix) < 0;
    if (prefix.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    give_bytes(&parameters, from_prefix ? prefix : after);
    give_bytes(&parameters, last_with(prefix, last));
    give_u64(&parameters, limit);
    return postgres_send(rows, from_prefix ? STATEMENT_LIST_FROM : STATEMENT_LIST_AFTER, &parameters);
}

static enum err send_due(struct rows *rows, uint64_t before_unix_ms, uint32_t limit)
{
    struct parameters parameters = {0};
    give_u64(&parameters, before_unix_ms);
    give_u64(&parameters, limit);
    give_u64(&parameters, before_unix_ms & DUE_STEADY);
    return postgres_send(rows, STATEMENT_DUE, &parameters);
}

static enum err send_names(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit)
{
    struct parameters parameters = {0};
    uint8_t start[2 * PATH_MAX_BYTES];
    size_t len = prefix.len + after.len;
    bool is_folder = after.len > 0 && after.data[after.len - 1] == '/';
    if (prefix.len > PATH_MAX_BYTES || after.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    if (prefix.len > 0) {
        memcpy(start, prefix.data, prefix.len);
    }
    if (after.len > 0) {
        memcpy(start + prefix.len, after.data, after.len);
    }
    if (is_folder) {
        start[len - 1] = '/' + 1;
    }
    give_bytes(&parameters, slice_of(start, len));
    give_u64(&parameters, is_folder ? 0 : 1);
    give_bytes(&parameters, prefix);
    give_u64(&parameters, limit);
    return postgres_send(rows, STATEMENT_NAMES, &parameters);
}

static enum err send_entries(struct rows *rows, uint8_t log, uint64_t first, uint32_t count)
{
    struct parameters parameters = {0};
    give_u64(&parameters, log);
    give_u64(&parameters, first);
    give_u64(&parameters, count);
    return postgres_send(rows, STATEMENT_ENTRIES, &parameters);
}

/* *ret_sent: it is a need that the database answers; the others are in memory or in files. */
static enum err send_need(struct rows *rows, const struct need *need, bool *ret_sent)
{
    *ret_sent = true;
    switch (need->kind) {
    case NEED_ROW:
        return send_row(rows, need->path);
    case NEED_LIST:
        return send_list(rows, need->path, need->after, need->limit);
    case NEED_DUE:
        return send_due(rows, need->number, need->limit);
    case NEED_ENTRIES:
        return send_entries(rows, need->log, need->number, need->limit);
    case NEED_NAMES:
        return send_names(rows, need->path, need->after, need->limit);
    case NEED_LOG:
    case NEED_TILE:
    case NEED_STATE:
    case NEED_SNAPSHOT:
        break;
    }
    *ret_sent = false;
    return ERR_NONE;
}

/* A snapshot reads on its own account, so nothing may be under way. */
static bool may_go_ahead(struct slice needs, uint32_t *ret_count)
{
    struct reader reader = reader_of(needs);
    uint32_t count = 0;
    bool may = get_u32(&reader, &count) == ERR_NONE;
    for (uint32_t i = 0; may && i < count; i++) {
        struct need need;
        may = need_get(&reader, &need) == ERR_NONE && need.kind != NEED_SNAPSHOT;
    }
    *ret_count = count;
    return may;
}

enum err rows_read_begin(struct rows *rows, struct slice needs)
{
    uint32_t count = 0;
    enum err err = rows->failed ? ERR_IO : ERR_NONE;
    if (err != ERR_NONE || needs.len == 0 || !may_go_ahead(needs, &count)) {
        return err;
    }
    rows->ahead = reader_of(needs);
    err = get_u32(&rows->ahead, &count);
    struct reader reader = rows->ahead;
    for (uint32_t i = 0; err == ERR_NONE && i < count; i++) {
        struct need need;
        bool is_sent = false;
        err = need_get(&reader, &need);
        err = err == ERR_NONE ? send_need(rows, &need, &is_sent) : err;
    }
    enum err synced = postgres_sync(rows);
    rows->is_ahead = err == ERR_NONE && synced == ERR_NONE;
    if (!rows->is_ahead && synced == ERR_NONE) {
        postgres_drop(rows);
    }
    return err == ERR_NONE ? synced : err;
}

void rows_read_end(struct rows *rows)
{
    if (rows->is_ahead) {
        rows->is_ahead = false;
        postgres_drop(rows);
    }
}

/* The next answer is that of this need: it was sent ahead, or goes out now. */
static enum err ask(struct rows *rows, const struct need *need)
{
    bool is_sent = false;
    if (!rows->is_ahead) {
        enum err err = send_need(rows, need, &is_sent);
        return err == ERR_NONE ? postgres_sync(rows) : err;
    }
    struct need next;
    enum err err = ERR_NONE;
    do {
        err = need_get(&rows->ahead, &next);
    } while (err == ERR_NONE && (next.kind == NEED_LOG || next.kind == NEED_TILE || next.kind == NEED_STATE));
    bool is_same = err == ERR_NONE && next.kind == need->kind && slice_equal(next.path, need->path) && slice_equal(next.after, need->after) && next.number == need->number &&
                   next.limit == need->limit && next.log == need->log;
    return is_same ? ERR_NONE : ERR_INTERNAL; /* an answer would be taken for another's */
}

/* What was sent ahead has its end after the last of all. */
static enum err end_ask(struct answer *answer, enum err err)
{
    err = answer_end(answer, err);
    if (answer->rows->is_ahead || answer->rows->failed) {
        return err;
    }
    enum err synced = postgres_take_sync(answer->rows);
    return err == ERR_NONE ? synced : err;
}

enum err rows_row(struct rows *rows, struct slice path, struct buf *out)
{
    struct need need = {.kind = NEED_ROW, .path = path};
    struct answer answer = {.rows = rows};
    enum err err = ask(rows, &need);
    if (err != ERR_NONE) {
        return err;
    }
    err = answer_next(&answer);
    bool found = err == ERR_NONE && answer.result != NULL;
    err = err == ERR_NONE ? put_u8(out, found) : err;
    err = err == ERR_NONE ? put_u64(out, found ? answer_u64(&answer, 0) : 0) : err;
    err = err == ERR_NONE ? put_u64(out, found ? answer_u64(&answer, 1) : 0) : err;
    err = err == ERR_NONE ? put_bytes(out, found ? answer_column(&answer, 2) : SLICE_NONE) : err;
    return end_ask(&answer, err);
}

typedef enum err (*put_fn)(const struct answer *answer, const struct need *need, struct buf *out);

/* A list's count stands before its items and is known after them. No more than the need's limit. */
static enum err put_list(struct rows *rows, const struct need *need, put_fn put, struct buf *out)
{
    struct answer answer = {.rows = rows};
    size_t offset = out->len;
    uint32_t count = 0;
    enum err err = ask(rows, need);
    if (err != ERR_NONE) {
        return err;
    }
    err = put_u32(out, 0);
    while (err == ERR_NONE && (err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) {
        if (count < need->limit) {
            err = put(&answer, need, out);
            count++;
        }
    }
    if (err == ERR_NONE) {
        store_u32_little(out->data + offset, count);
    }
    return end_ask(&answer, err);
}

static enum err put_row(const struct answer *answer, const struct need *need, struct buf *out)
{
    (void)need;
    enum err err = put_bytes(out, answer_column(answer, 0));
    err = err == ERR_NONE ? put_u64(out, answer_u64(answer, 1)) : err;
    err = err == ERR_NONE ? put_u64(out, answer_u64(answer, 2)) : err;
    return err == ERR_NONE ? put_bytes(out, answer_column(answer, 3)) : err;
}

static enum err put_name(const struct answer *answer, const struct need *need, struct buf *out)
{
    struct slice name = slice_from(answer_column(answer, 0), need->path.len);
    size_t slash = slice_find_byte(name, '/');
    return put_bytes(out, slash == SIZE_MAX ? name : slice_first(name, slash + 1));
}

static enum err put_entry(const struct answer *answer, const struct need *need, struct buf *out)
{
    (void)need;
    return put_bytes(out, answer_column(answer, 0));
}

enum err rows_list(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit, struct buf *out)
{
    return put_list(rows, &(struct need){.kind = NEED_LIST, .path = prefix, .after = after, .limit = limit}, put_row, out);
}

enum err rows_due(struct rows *rows, uint64_t before_unix_ms, uint32_t limit, struct buf *out)
{
    return put_list(rows, &(struct need){.kind = NEED_DUE, .number = before_unix_ms, .limit = limit}, put_row, out);
}

enum err rows_names(struct rows *rows, struct slice prefix, struct slice after, uint32_t limit, struct buf *out)
{
    return put_list(rows, &(struct need){.kind = NEED_NAMES, .path = prefix, .after = after, .limit = limit}, put_name, out);
}

enum err rows_entries(struct rows *rows, uint8_t log, uint64_t first, uint32_t limit, struct buf *out)
{
    return put_list(rows, &(struct need){.kind = NEED_ENTRIES, .log = log, .number = first, .limit = limit}, put_entry, out);
}

enum err rows_state(struct rows *rows, struct buf *out)
{
    return buf_append(out, buf_slice(&rows->state));
}

enum err rows_state_1(struct rows *rows, struct buf *out)
{
    (void)rows, (void)out; /* there never was a schema 1 here */
    return ERR_NONE;
}

enum err rows_checkpoint(struct rows *rows, uint8_t log, struct buf *out)
{
    return log_is_known(log) ? buf_append(out, buf_slice(&rows->checkpoints[log])) : ERR_DAMAGED;
}

const struct log_head *rows_log(const struct rows *rows, uint8_t log)
{
    return log_is_known(log) ? &rows->heads.logs[log] : NULL;
}

enum err rows_visit(struct rows *rows, row_visit_fn visit, void *context)
{
    struct answer answer = {.rows = rows};
    enum err err = postgres_send(rows, STATEMENT_ALL, NULL);
    err = err == ERR_NONE ? postgres_sync(rows) : err;
    if (err != ERR_NONE) {
        return err;
    }
    while (err == ERR_NONE && (err = answer_next(&answer)) == ERR_NONE && answer.result != NULL) {
        struct stored_row row = {answer_column(&answer, 0), answer_u64(&answer, 1), answer_u64(&answer, 2), answer_column(&answer, 3)};
        err = visit(context, &row);
    }
    return end_ask(&answer, err);
}
