/*
 * own_timestamp: has the published checkpoint of one log stamped by the configured authority (RFC 3161). The digest is that of the note's
 * text, so that cosignatures added later do not change it. The reply (DER) is read by judge, never here; the row keeps it beside the note it
 * is over. As with witnesses, a failure that goes on changes no row.
 */
#include "engine/operations.h"

#include "base/encode.h"
#include "engine/countersign.h"
#include "ledger/note.h"
#include "ledger/timestamp.h"

struct stamping {
    struct turn *turn;
    const struct countersigner *one;
    const char *log_name, *path;
    struct slice note;
    uint64_t size, nonce;
    uint8_t digest[SHA256_BYTES];
    const struct json *row;             /* NULL: none */
};

static uint64_t row_number(const struct json *row, const char *name)
{
    uint64_t number = 0;
    return json_u64(row, name, &number) == ERR_NONE ? number : 0;
}

static enum err load(struct stamping *stamping, enum log_id log)
{
    struct turn *turn = stamping->turn;
    const struct countersign_config *config = turn->around->countersign;
    if (config == NULL || !config->has_stamper || config->stamper.problem.text.english != NULL || turn->around->reopen_needed) {
        return ERR_NOT_FOUND;
    }
    stamping->one = &config->stamper;
    stamping->log_name = countersign_log_name(log);
    stamping->path = turn_path(turn, "ledger/timestamp/%s", stamping->log_name);
    enum err err = turn_checkpoint(turn, log, &stamping->note, &stamping->size);
    struct note note;
    err = err == ERR_NONE ? note_parse(stamping->note, &note) : err;
    if (err != ERR_NONE) {
        return err;
    }
    sha256(note.text, stamping->digest);
    uint8_t nonce[8];
    turn_random(turn, nonce, sizeof nonce);
    stamping->nonce = load_u64_little(nonce);
    err = turn_json(turn, stamping->path, &stamping->row);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static bool is_due(const struct stamping *stamping)
{
    if (stamping->row == NULL || row_number(stamping->row, "failed_since_ms") > 0) {
        return true;
    }
    int64_t past_ms = stamping->turn->now_ms - (int64_t)row_number(stamping->row, "asked_ms");
    return !slice_equal(json_text(stamping->row, "note", SLICE_NONE), stamping->note) && (past_ms >= stamping->one->every_ms || past_ms < 0);
}

static enum err post(struct stamping *stamping, struct slice *ret_token)
{
    struct arena *arena = stamping->turn->arena;
    cleanup_buf struct buf request = BUF_INIT(4096);
    enum err err = timestamp_request(stamping->digest, stamping->nonce, &request);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "url", stamping->one->url);
    json_set_string(arena, input, "content_type", SLICE_LITERAL("application/timestamp-query"));
    json_set_u64(arena, input, "max_bytes", TIMESTAMP_REPLY_MAX_BYTES);
    if (json_set_u64(arena, input, "port", stamping->one->port) == NULL || err != ERR_NONE) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    const struct json *posted = NULL;
    err = turn_work(stamping->turn, ROLE_REACH, "http.post", input, buf_slice(&request), &posted, ret_token, NULL);
    if (err == ERR_NONE && row_number(posted, "status") != 200) {
        return turn_refuse(stamping->turn, ERR_UNREACHABLE, TEXT("the authority answered with an error", "die Zeitstempelstelle antwortete mit einem Fehler"), SLICE_NONE);
    }
    return err;
}

static enum err judge(struct stamping *stamping, struct slice token, const struct json **ret_read)
{
    struct arena *arena = stamping->turn->arena;
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    enum err err = hex_encode(&hex, slice_of(stamping->digest, SHA256_BYTES));
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "digest", buf_slice(&hex));
    struct json *last = json_set_u64(arena, input, "nonce", stamping->nonce);
    if (stamping->one->trust.len > 0) {
        last = json_set_string(arena, input, "trust", stamping->one->trust);
    }
    if (last == NULL || err != ERR_NONE) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    return turn_work(stamping->turn, ROLE_JUDGE, "countersign.stamp", input, token, ret_read, NULL, NULL);
}

static enum err tell(const struct stamping *stamping, const char *state)
{
    struct arena *arena = stamping->turn->arena;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "log", slice_string(stamping->log_name));
    json_set_string(arena, body, "authority", stamping->one->url);
    json_set_string(arena, body, "state", slice_string(state));
    json_set_u64(arena, body, "size", stamping->size);
    return turn_evidence(stamping->turn, "ledger.stamped", body, NULL);
}

static enum err keep_token(const struct stamping *stamping, struct slice token, const struct json *read)
{
    struct arena *arena = stamping->turn->arena;
    cleanup_buf struct buf text = BUF_INIT(2 * TIMESTAMP_REPLY_MAX_BYTES);
    enum err err = base64_encode(&text, token);
    struct json *row = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, row, "size", stamping->size);
    json_set_u64(arena, row, "at_ms", row_number(read, "time_unix_s") * 1000);
    json_set_i64(arena, row, "asked_ms", stamping->turn->now_ms);
    json_set_bool(arena, row, "chained", json_bool(read, "chained", false));
    json_set_string(arena, row, "note", stamping->note);
    json_set_string(arena, row, "token", buf_slice(&text));
    err = err == ERR_NONE ? turn_put_json(stamping->turn, stamping->path, row, 0) : err;
    bool had_one = row_number(stamping->row, "size") > 0, had_failed = row_number(stamping->row, "failed_since_ms") > 0;
    return err != ERR_NONE || (had_one && !had_failed) ? err : tell(stamping, had_one ? "back" : "first");
}

static enum err keep_failure(const struct stamping *stamping)
{
    struct arena *arena = stamping->turn->arena;
    struct complaint *complaint = &stamping->turn->complaint;
    struct text why = complaint->text.english != NULL ? complaint->text : TEXT("the authority gave no usable answer", "die Zeitstempelstelle gab keine brauchbare Antwort");
    *complaint = (struct complaint){0};
    uint64_t since_ms = row_number(stamping->row, "failed_since_ms");
    if (since_ms > 0 && slice_is(json_text(stamping->row, "english", SLICE_NONE), why.english)) {
        return ERR_NONE;
    }
    static const char *const replaced[] = {"asked_ms", "failed_since_ms", "english", "german"};
    struct json *row = json_new(arena, JSON_OBJECT);
    for (const struct json *member = stamping->row == NULL ? NULL : stamping->row->first; member != NULL; member = member->next) {
        bool kept = true;
        for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
            kept = kept && !slice_is(member->name, replaced[i]);
        }
        if (kept) {
            json_set(arena, row, arena_string(arena, member->name), json_copy(arena, member));
        }
    }
    json_set_i64(arena, row, "asked_ms", stamping->turn->now_ms);
    json_set_u64(arena, row, "failed_since_ms", since_ms > 0 ? since_ms : (uint64_t)stamping->turn->now_ms);
    json_set_string(arena, row, "english", slice_string(why.english));
    json_set_string(arena, row, "german", slice_string(why.german));
    enum err err = turn_put_json(stamping->turn, stamping->path, row, 0);
    return err == ERR_NONE && since_ms == 0 && row_number(stamping->row, "size") > 0 ? tell(stamping, "lost") : err;
}

enum err operation_own_timestamp(struct turn *turn)
{
    struct stamping stamping = {.turn = turn};
    enum err err = load(&stamping, slice_is(turn_field(turn, "log"), "audit") ? LOG_AUDIT : LOG_EVIDENCE);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !is_due(&stamping))) {
        return turn_reply_none(turn);
    }
    struct slice token = SLICE_NONE;
    const struct json *read = NULL;
    if (err != ERR_NONE) {
        return err;
    }
    err = post(&stamping, &token);
    err = err == ERR_NONE ? judge(&stamping, token, &read) : err;
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    err = err == ERR_NONE ? keep_token(&stamping, token, read) : keep_failure(&stamping);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
