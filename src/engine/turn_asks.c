/* What a turn asked for and what outlives its runs: lists, log entries, tiles, checkpoints, pieces of work, publications. Each stands once in the turn's list of
 * asks, named by its encoded question; keep answers it there (turn_inside.h), and the next run finds it. */
#include "engine/turn_inside.h"

#include <string.h>

static struct ask *find_ask(struct turn *turn, struct slice key)
{
    struct ask *ask = turn->inside->asks;
    while (ask != NULL && !slice_equal(ask->key, key)) {
        ask = ask->next;
    }
    return ask;
}

static struct ask *new_ask(struct turn *turn, struct slice key)
{
    struct ask *ask = arena_alloc(turn->inside->lasting, sizeof *ask);
    if (ask == NULL) {
        return NULL;
    }
    ask->key = arena_copy(turn->inside->lasting, key);
    ask->next = turn->inside->asks;
    turn->inside->asks = ask;
    return ask->key.data == NULL ? NULL : ask;
}

static bool is_fresh(const struct turn *turn, const struct ask *ask)
{
    if (ask->need.kind == NEED_DUE) {
        return state_change_number(turn->state) == ask->change_number;
    }
    bool is_list = ask->need.kind == NEED_LIST || ask->need.kind == NEED_NAMES;
    return !is_list || !state_changed_below(turn->state, ask->need.path, ask->change_number);
}

/* Gives the answer's bytes, or asks. */
static enum err ask_store(struct turn *turn, const struct need *need, struct slice *ret_answer)
{
    cleanup_buf struct buf key = BUF_INIT(4096);
    enum err err = need_put(&key, need);
    if (err != ERR_NONE) {
        return err;
    }
    struct ask *ask = find_ask(turn, buf_slice(&key));
    if (ask == NULL) {
        ask = new_ask(turn, buf_slice(&key));
        if (ask == NULL) {
            return ERR_MEMORY;
        }
        struct reader reader = reader_of(ask->key);
        err = need_get(&reader, &ask->need); /* the same need, borrowing from the lasting key */
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (ask->state == ASK_DONE && !is_fresh(turn, ask)) {
        ask->state = ASK_OPEN;
    }
    if (ask->state != ASK_DONE) {
        turn->inside->needs = true;
        return ERR_NEED;
    }
    *ret_answer = ask->output;
    return ask->err;
}

static enum err read_rows(struct turn *turn, struct slice answer, struct turn_names *ret_rows)
{
    struct reader reader = reader_of(answer);
    uint32_t count = 0;
    enum err err = get_u32(&reader, &count);
    if (err != ERR_NONE || count > LIST_LIMIT_MAX) {
        return ERR_PROTOCOL;
    }
    struct turn_names rows = {.names = arena_alloc_array(turn->arena, (size_t)count + 1, sizeof(struct slice)),
                              .bytes = arena_alloc_array(turn->arena, (size_t)count + 1, sizeof(struct slice))};
    if (rows.names == NULL || rows.bytes == NULL) {
        return ERR_MEMORY;
    }
    for (; rows.count < count; rows.count++) {
        struct stored_row row;
        err = stored_row_get(&reader, &row);
        if (err != ERR_NONE) {
            return ERR_PROTOCOL;
        }
        rows.names[rows.count] = row.path;
        err = turn_open_row(turn, &row, &rows.bytes[rows.count]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_rows = rows;
    return ERR_NONE;
}

enum err turn_list(struct turn *turn, const char *prefix, struct slice after, uint32_t limit, struct turn_names *ret_rows)
{
    struct need need = {.kind = NEED_LIST, .path = slice_string(prefix), .after = after, .limit = limit};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    return err != ERR_NONE ? err : read_rows(turn, answer, ret_rows);
}

static enum err list_due(struct turn *turn, uint64_t before, uint32_t limit, struct turn_names *ret_rows)
{
    struct need need = {.kind = NEED_DUE, .number = before, .limit = limit};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    return err != ERR_NONE ? err : read_rows(turn, answer, ret_rows);
}

enum err turn_due(struct turn *turn, int64_t before_ms, uint32_t limit, struct turn_names *ret_rows)
{
    return list_due(turn, (uint64_t)before_ms, limit, ret_rows);
}

enum err turn_due_leases(struct turn *turn, uint32_t limit, struct turn_names *ret_rows)
{
    return list_due(turn, (uint64_t)turn_due_steady(turn->steady_ms), limit, ret_rows);
}

static enum err read_slices(struct turn *turn, struct slice answer, struct slice **ret_items, size_t *ret_count)
{
    struct reader reader = reader_of(answer);
    uint32_t count = 0;
    enum err err = get_u32(&reader, &count);
    if (err != ERR_NONE || count > LIST_LIMIT_MAX) {
        return ERR_PROTOCOL;
    }
    struct slice *items = arena_alloc_array(turn->arena, (size_t)count + 1, sizeof *items);
    if (items == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (get_bytes(&reader, ROW_MAX_BYTES, &items[i]) != ERR_NONE) {
            return ERR_PROTOCOL;
        }
    }
    *ret_items = items;
    *ret_count = count;
    return ERR_NONE;
}

enum err turn_names(struct turn *turn, const char *prefix, struct slice after, uint32_t limit, struct turn_names *ret_names)
{
    struct need need = {.kind = NEED_NAMES, .path = slice_string(prefix), .after = after, .limit = limit};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    ret_names->bytes = NULL;
    return read_slices(turn, answer, &ret_names->names, &ret_names->count);
}

enum err turn_entries(struct turn *turn, enum log_id log, uint64_t first, uint32_t count, struct slice **ret_entries, size_t *ret_count)
{
    struct need need = {.kind = NEED_ENTRIES, .log = (uint8_t)log, .number = first, .limit = count};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    return err != ERR_NONE ? err : read_slices(turn, answer, ret_entries, ret_count);
}

enum err turn_tile(struct turn *turn, enum log_id log, uint8_t level, uint64_t number, uint16_t width, struct slice *ret_bytes)
{
    struct need need = {.kind = NEED_TILE, .log = (uint8_t)log, .level = level, .number = number, .width = width};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(answer);
    uint8_t found = 0;
    err = get_u8(&reader, &found);
    if (err == ERR_NONE) {
        err = get_bytes(&reader, ROW_MAX_BYTES, ret_bytes);
    }
    return err != ERR_NONE ? ERR_PROTOCOL : found == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

enum err turn_snapshot(struct turn *turn, uint8_t what, uint64_t id, uint32_t number, struct turn_snapshot *ret_snapshot)
{
    struct need need = {.kind = NEED_SNAPSHOT, .level = what, .number = id, .limit = number};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(answer);
    uint16_t code = 0;
    uint8_t is_ready = 0;
    err = get_u16(&reader, &code);
    err = err == ERR_NONE ? get_u8(&reader, &is_ready) : err;
    err = err == ERR_NONE ? get_u64(&reader, &ret_snapshot->size_bytes) : err;
    err = err == ERR_NONE ? get_bytes(&reader, ROW_MAX_BYTES, &ret_snapshot->bytes) : err;
    ret_snapshot->is_ready = is_ready != 0;
    return err != ERR_NONE || code >= ERR_COUNT ? ERR_PROTOCOL : code == ERR_NEED ? ERR_PROTOCOL : (enum err)code;
}

static struct ask *new_stage(struct turn *turn, struct slice key, const struct stage_ask *stage)
{
    cleanup_buf struct buf body = BUF_INIT(STAGE_MAX_BYTES + 64);
    struct ask *ask = new_ask(turn, key);
    if (ask == NULL || buf_reserve(&body, stage->bytes.len + 64) != ERR_NONE || stage_ask_put(&body, stage) != ERR_NONE) {
        return NULL;
    }
    ask->role = ROLE_STORE;
    ask->work = "stage";
    ask->raw = arena_copy(turn->inside->lasting, buf_slice(&body));
    return ask->raw.data == NULL ? NULL : ask;
}

/* Within one turn what, id and offset name the bytes. */
enum err turn_stage(struct turn *turn, const struct stage_ask *stage, struct stage_answer *ret_staged)
{
    cleanup_buf struct buf key = BUF_INIT(64);
    struct stage_ask question = {stage->what, stage->id, stage->offset, SLICE_NONE};
    enum err err = put_u8(&key, 0xf3);
    err = err == ERR_NONE ? stage_ask_put(&key, &question) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct ask *ask = find_ask(turn, buf_slice(&key));
    ask = ask == NULL ? new_stage(turn, buf_slice(&key), stage) : ask;
    if (ask == NULL) {
        return ERR_MEMORY;
    }
    if (ask->state != ASK_DONE) {
        turn->inside->needs = true;
        return ERR_NEED;
    }
    if (ask->err != ERR_NONE) {
        return ask->err;
    }
    struct reader reader = reader_of(ask->output);
    err = stage_answer_get(&reader, ret_staged);
    err = err == ERR_NONE ? reader_end(&reader) : err;
    return err != ERR_NONE || ret_staged->err == ERR_NEED ? ERR_PROTOCOL : ret_staged->err;
}

enum err turn_checkpoint(struct turn *turn, enum log_id log, struct slice *ret_note, uint64_t *ret_size)
{
    struct need need = {.kind = NEED_LOG, .log = (uint8_t)log};
    struct slice answer;
    enum err err = ask_store(turn, &need, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    struct reader reader = reader_of(answer);
    uint64_t size = 0, published = 0;
    err = get_u64(&reader, &size);
    err = err == ERR_NONE ? get_u64(&reader, &published) : err;
    err = err == ERR_NONE ? get_bytes(&reader, ROW_MAX_BYTES, ret_note) : err;
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    *ret_size = published;
    return ret_note->len == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

static enum err work_key(struct buf *key, enum role role, const char *name, const struct json *input, struct slice raw)
{
    uint8_t digest[SHA256_BYTES];
    sha256(raw, digest);
    enum err err = put_u8(key, (uint8_t)(0x80u | (unsigned)role));
    err = err == ERR_NONE ? put_bytes(key, slice_string(name)) : err;
    err = err == ERR_NONE && input != NULL ? json_pack(key, input) : err;
    return err == ERR_NONE ? buf_append(key, slice_of(digest, sizeof digest)) : err;
}

static enum err begin_work(struct turn *turn, struct slice key, enum role role, const char *name, const struct json *input, struct slice raw)
{
    struct arena *lasting = turn->inside->lasting;
    struct ask *ask = new_ask(turn, key);
    cleanup_buf struct buf packed = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    struct json empty = {.type = JSON_OBJECT};
    enum err err = json_pack(&packed, input == NULL ? &empty : input);
    if (err != ERR_NONE || ask == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    ask->role = role;
    ask->work = arena_string(lasting, slice_string(name));
    ask->input = arena_copy(lasting, buf_slice(&packed));
    ask->raw = arena_copy(lasting, raw);
    if (ask->work == NULL || ask->input.data == NULL || (raw.len > 0 && ask->raw.data == NULL)) {
        return ERR_MEMORY;
    }
    turn->inside->needs = true;
    return ERR_NEED;
}

enum err turn_work(struct turn *turn, enum role role, const char *name, const struct json *input, struct slice raw,
                   const struct json **ret_output, struct slice *ret_raw, int64_t *ret_at_ms)
{
    cleanup_buf struct buf key = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    enum err err = work_key(&key, role, name, input, raw);
    if (err != ERR_NONE) {
        return err;
    }
    struct ask *ask = find_ask(turn, buf_slice(&key));
    if (ask == NULL) {
        return begin_work(turn, buf_slice(&key), role, name, input, raw);
    }
    if (ask->state != ASK_DONE) {
        turn->inside->needs = true;
        return ERR_NEED;
    }
    if (ret_at_ms != NULL) {
        *ret_at_ms = ask->at_ms;
    }
    if (ask->err != ERR_NONE) {
        turn->complaint = ask->complaint;
        return ask->err;
    }
    struct json *output = NULL;
    err = json_unpack(turn->arena, ask->output, &output);
    if (err != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    *ret_output = output;
    if (ret_raw != NULL) {
        *ret_raw = ask->output_raw;
    }
    return ERR_NONE;
}

static const uint8_t tell_key[] = {0xf1}, tell_again_key[] = {0xf2};

static const struct ask *told(const struct turn *turn)
{
    const struct ask *ask = turn->inside->asks;
    while (ask != NULL && !slice_equal(ask->key, slice_of(tell_key, sizeof tell_key))) {
        ask = ask->next;
    }
    return ask;
}

bool turn_told_already(const struct turn *turn)
{
    return told(turn) != NULL;
}

bool turn_tell_failed(const struct turn *turn)
{
    const struct ask *ask = told(turn);
    return ask != NULL && ask->state == ASK_DONE && ask->err != ERR_NONE;
}

static enum err tell(struct turn *turn, struct slice key, struct slice records)
{
    struct ask *ask = find_ask(turn, key);
    if (ask == NULL) {
        ask = new_ask(turn, key);
        if (ask == NULL) {
            return ERR_MEMORY;
        }
        ask->role = ROLE_TELL;
        ask->raw = arena_copy(turn->inside->lasting, records);
        if (ask->raw.data == NULL) {
            return ERR_MEMORY;
        }
    }
    if (ask->state != ASK_DONE) {
        turn->inside->needs = true;
        return ERR_NEED;
    }
    if (ask->err != ERR_NONE) {
        turn->complaint = ask->complaint;
    }
    return ask->err;
}

enum err turn_tell(struct turn *turn, struct slice records)
{
    return tell(turn, slice_of(tell_key, sizeof tell_key), records);
}

enum err turn_tell_again(struct turn *turn, struct slice records)
{
    return tell(turn, slice_of(tell_again_key, sizeof tell_again_key), records);
}

enum err turn_publish(struct turn *turn, enum log_id log)
{
    uint8_t key[] = {0xf0, (uint8_t)log};
    struct ask *ask = find_ask(turn, slice_of(key, sizeof key));
    if (ask == NULL) {
        ask = new_ask(turn, slice_of(key, sizeof key));
        if (ask == NULL) {
            return ERR_MEMORY;
        }
        ask->role = ROLE_STORE;
        ask->need.log = (uint8_t)log;
    }
    if (ask->state != ASK_DONE) {
        turn->inside->needs = true;
        return ERR_NEED;
    }
    return ask->err;
}
