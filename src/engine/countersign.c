/* What rows of witnesses and time-stamps say about a log: the cosigned checkpoint, the token, the part of ledger/status. */
#include "engine/countersign.h"

#include "base/encode.h"
#include "base/time.h"
#include "engine/vault.h"
#include "ledger/commitment.h"
#include "ledger/timestamp.h"

enum { WITNESS_ROWS_MAX = 64 };

const char *countersign_log_name(enum log_id log)
{
    return log == LOG_AUDIT ? "audit" : "evidence";
}

static uint64_t row_number(const struct json *row, const char *name)
{
    uint64_t number = 0;
    return json_u64(row, name, &number) == ERR_NONE ? number : 0;
}

static void set_time(struct turn *turn, struct json *out, const char *name, uint64_t unix_ms)
{
    char time[RFC3339_BYTES];
    if (unix_ms == 0) {
        json_set_null(turn->arena, out, name);
        return;
    }
    rfc3339_format((int64_t)unix_ms, time);
    json_set_string(turn->arena, out, name, slice_string(time));
}

static enum err origin_of(struct turn *turn, enum log_id log, struct slice *ret_origin)
{
    char origin[96];
    enum err err = vault_log_origin(turn->around->vault, log, origin);
    *ret_origin = err == ERR_NONE ? arena_copy(turn->arena, slice_string(origin)) : SLICE_NONE;
    return err;
}

enum err countersign_checkpoint(struct turn *turn, enum log_id log, struct slice *ret_note, uint64_t *ret_size)
{
    struct slice note, origin;
    struct turn_names rows;
    enum err first = turn_checkpoint(turn, log, &note, ret_size);
    enum err second = turn_list(turn, turn_path(turn, "ledger/witness/%s/", countersign_log_name(log)), SLICE_NONE, WITNESS_ROWS_MAX, &rows);
    enum err err = first != ERR_NONE ? first : second;
    err = err == ERR_NONE ? origin_of(turn, log, &origin) : err;
    cleanup_buf struct buf text = BUF_INIT(NOTE_MAX_BYTES);
    err = err == ERR_NONE ? buf_append(&text, note) : err;
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err == ERR_NONE && row_number(row, "size") == *ret_size && slice_equal(json_text(row, "origin", SLICE_NONE), origin)) {
            err = buf_append(&text, json_text(row, "lines", SLICE_NONE));
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    *ret_note = arena_copy(turn->arena, buf_slice(&text));
    return ret_note->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err countersign_token(struct turn *turn, enum log_id log, struct slice *ret_token)
{
    const struct json *row = NULL;
    cleanup_buf struct buf token = BUF_INIT(TIMESTAMP_REPLY_MAX_BYTES);
    enum err err = turn_json(turn, turn_path(turn, "ledger/timestamp/%s", countersign_log_name(log)), &row);
    err = err == ERR_NONE ? base64_decode(&token, json_text(row, "token", SLICE_NONE)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    *ret_token = arena_copy(turn->arena, buf_slice(&token));
    return token.len == 0 ? ERR_NOT_FOUND : ret_token->data == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- status ---- */

struct log_view {
    struct turn *turn;
    enum log_id log;
    uint64_t published;
    struct slice origin;
    uint64_t initialized_ms;
    uint64_t since_ms;                  /* 0: every witness cosigned the published size */
};

/* When did this witness stop covering the log? At the first entry that it has not seen; where that cannot be read (audit entries bear no time of
 * their own, payloads can be erased) at its last cosignature; at the beginning, if it never signed. */
static enum err uncovered_since(const struct log_view *view, const struct json *row, uint64_t *ret_ms)
{
    uint64_t size = row_number(row, "size");
    struct turn *turn = view->turn;
    *ret_ms = size == 0 ? view->initialized_ms : row_number(row, "at_ms");
    if (size == 0 || view->log != LOG_EVIDENCE) {
        return ERR_NONE;
    }
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("evidence", size, path);
    struct slice opened;
    struct json *payload = NULL;
    int64_t unix_ms = 0;
    enum err err = turn_row(turn, arena_string(turn->arena, slice_string(path)), &opened);
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    if (err == ERR_NONE && json_read(turn->arena, slice_from(opened, COMMITMENT_SALT_BYTES), &payload, NULL) == ERR_NONE &&
        rfc3339_parse(json_text(payload, "time", SLICE_NONE), &unix_ms) == ERR_NONE && unix_ms > 0) {
        *ret_ms = (uint64_t)unix_ms;
    }
    return ERR_NONE;
}

static void set_reason(struct turn *turn, struct json *out, struct slice id, struct slice english, struct slice german)
{
    if (english.len == 0) {
        json_set_null(turn->arena, out, "reason");
        return;
    }
    struct json *reason = json_set_object(turn->arena, out, "reason");
    json_set_string(turn->arena, reason, "id", id);
    json_set_string(turn->arena, reason, "english", english);
    json_set_string(turn->arena, reason, "german", german);
}

static void set_row_reason(struct turn *turn, struct json *out, const struct countersigner *one, const struct json *row)
{
    struct text problem = one->problem.text;
    if (problem.english != NULL) {
        set_reason(turn, out, SLICE_LITERAL("misconfigured"), slice_string(problem.english), slice_string(problem.german));
    } else {
        set_reason(turn, out, json_text(row, "reason", SLICE_LITERAL("no-answer")), json_text(row, "english", SLICE_NONE), json_text(row, "german", SLICE_NONE));
    }
}

static enum err describe_witness(struct log_view *view, const struct countersigner *one, struct json *list)
{
    struct turn *turn = view->turn;
    const struct json *row = NULL;
    enum err err = ERR_NOT_FOUND;
    if (one->problem.text.english == NULL) {
        err = turn_json(turn, turn_path(turn, "ledger/witness/%s/%.*s", countersign_log_name(view->log), (int)one->name.len, (const char *)one->name.data), &row);
    }
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    row = err == ERR_NONE && slice_equal(json_text(row, "origin", SLICE_NONE), view->origin) ? row : NULL;
    uint64_t size = row_number(row, "size"), since_ms = 0;
    bool is_behind = size < view->published || size == 0;
    err = is_behind ? uncovered_since(view, row, &since_ms) : ERR_NONE;
    if (err != ERR_NONE) {
        return err;
    }
    view->since_ms = is_behind && (view->since_ms == 0 || since_ms < view->since_ms) ? since_ms : view->since_ms;
    struct json *out = json_append(list, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, out, "name", one->name);
    json_set_string(turn->arena, out, "url", one->url);
    json_set_string(turn->arena, out, "vkey", one->vkey);
    json_set_u64(turn->arena, out, "size", size);
    set_time(turn, out, "at", row_number(row, "at_ms"));
    json_set_u64(turn->arena, out, "behind", view->published > size ? view->published - size : 0);
    set_time(turn, out, "failed_since", row_number(row, "failed_since_ms"));
    set_row_reason(turn, out, one, row);
    return ERR_NONE;
}

static enum err describe_stamp(const struct log_view *view, struct json *out)
{
    struct turn *turn = view->turn;
    const struct countersign_config *config = turn->around->countersign;
    const struct json *row = NULL;
    enum err err = turn_json(turn, turn_path(turn, "ledger/timestamp/%s", countersign_log_name(view->log)), &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    if (row == NULL && (config == NULL || !config->has_stamper)) {
        json_set_null(turn->arena, out, "timestamp");
        return ERR_NONE;
    }
    struct json *one = json_set_object(turn->arena, out, "timestamp");
    set_time(turn, one, "at", row_number(row, "at_ms"));
    json_set_u64(turn->arena, one, "size", row_number(row, "size"));
    json_set_bool(turn->arena, one, "chained", json_bool(row, "chained", false));
    json_set_string(turn->arena, one, "checkpoint", json_text(row, "note", SLICE_NONE));
    set_time(turn, one, "failed_since", row_number(row, "failed_since_ms"));
    static const struct countersigner nobody;
    set_row_reason(turn, one, config != NULL ? &config->stamper : &nobody, row);
    return ERR_NONE;
}

enum err countersign_describe(struct turn *turn, enum log_id log, uint64_t published, struct json *out)
{
    const struct countersign_config *config = turn->around->countersign;
    struct log_view view = {.turn = turn, .log = log, .published = published};
    const struct json *seal = NULL;
    enum err err = origin_of(turn, log, &view.origin);
    err = err == ERR_NONE ? turn_json(turn, "boot/seal", &seal) : err;
    if (err != ERR_NONE) {
        return err;
    }
    view.initialized_ms = row_number(seal, "initialized_ms");
    struct json *list = json_set_array(turn->arena, out, "witnesses");
    enum err all = ERR_NONE;
    for (size_t i = 0; config != NULL && i < config->witness_count; i++) {
        err = describe_witness(&view, &config->witnesses[i], list);
        all = all == ERR_NONE ? err : all; /* goes on: one fetch for all */
    }
    if (config == NULL || config->witness_count == 0) {
        view.since_ms = view.initialized_ms;
    }
    set_time(turn, out, "unwitnessed_since", view.since_ms);
    err = describe_stamp(&view, out);
    return all == ERR_NONE ? err : all;
}

enum err countersign_ask_now(struct turn *turn, enum log_id log)
{
    const struct countersign_config *config = turn->around->countersign;
    enum err err = ERR_NONE;
    for (size_t i = 0; config != NULL && err == ERR_NONE && i < config->witness_count; i++) {
        struct json *input = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, input, "log", slice_string(countersign_log_name(log)));
        json_set_string(turn->arena, input, "witness", config->witnesses[i].name);
        json_set_bool(turn->arena, input, "now", true);
        err = turn_start(turn, "own_witness", input);
    }
    return err;
}
