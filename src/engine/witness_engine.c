/*
 * own_witness: asks one witness to cosign the published checkpoint of one log. Keep starts it every minute and a publication on demand
 * starts it too; the turn itself decides by the row whether anything is due.
 *
 *   not behind, or asked less than `every` ago and well --> end, no effect
 *   behind --> POST add-checkpoint (reach) --> reading (judge) --cosigned--> row; "ledger.witnessed" if this is the first time or after a failure
 *                     ^                             |--other size: once more, with the proof from there
 *                     '-----------------------------'
 *                                                   '--anything else--> row with since when and why; "ledger.witnessed" once, if it had signed before
 * A failure that goes on changes no row: else every attempt would make an entry.
 */
#include "engine/operations.h"

#include "engine/countersign.h"
#include "engine/ledger_source.h"
#include "engine/vault.h"
#include "ledger/witness.h"

enum { REQUEST_MAX_BYTES = NOTE_MAX_BYTES + 8192 };

struct asking {
    struct turn *turn;
    const struct countersigner *one;
    enum log_id log;
    struct slice note, origin;
    uint64_t size;
    char *path;
    const struct json *row;             /* NULL: none, or of a log that was reopened under another name */
};

/* How an attempt ended. */
struct ending {
    enum witness_outcome outcome;
    struct text text;                   /* why not */
    uint64_t size;                      /* what the witness holds */
    uint64_t time_unix_s;
    struct slice lines;
};

static uint64_t row_number(const struct json *row, const char *name)
{
    uint64_t number = 0;
    return json_u64(row, name, &number) == ERR_NONE ? number : 0;
}

static enum err post(struct asking *asking, uint64_t old_size, const struct json **ret_posted, struct slice *ret_body)
{
    struct turn *turn = asking->turn;
    struct ledger_source source = {turn, asking->log, asking->size};
    const struct tree_source nodes = {&source, ledger_source_node};
    struct tree_proof proof = {0};
    cleanup_buf struct buf request = BUF_INIT(REQUEST_MAX_BYTES);
    enum err err = tree_prove_consistency(&nodes, old_size, asking->size, &proof);
    err = err == ERR_NONE ? witness_request(old_size, &proof, asking->note, &request) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct slice url = asking->one->url;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const char *slash = slice_ends(url, SLICE_LITERAL("/")) ? "" : "/";
    json_set_string(turn->arena, input, "url", slice_string(turn_path(turn, "%.*s%sadd-checkpoint", (int)url.len, (const char *)url.data, slash)));
    json_set_string(turn->arena, input, "content_type", SLICE_LITERAL("text/plain; charset=utf-8"));
    json_set_u64(turn->arena, input, "max_bytes", WITNESS_REPLY_MAX_BYTES);
    if (json_set_u64(turn->arena, input, "port", asking->one->port) == NULL) {
        return ERR_MEMORY;
    }
    return turn_work(turn, ROLE_REACH, "http.post", input, buf_slice(&request), ret_posted, ret_body, NULL);
}

static enum err judge(struct asking *asking, uint64_t old_size, const struct json *posted, struct slice body, struct ending *ret_ending)
{
    struct turn *turn = asking->turn;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, input, "status", row_number(posted, "status"));
    json_set_string(turn->arena, input, "content_type", json_text(posted, "content_type", SLICE_NONE));
    json_set_u64(turn->arena, input, "old_size", old_size);
    json_set_string(turn->arena, input, "checkpoint", asking->note);
    if (json_set_string(turn->arena, input, "vkey", asking->one->vkey) == NULL) {
        return ERR_MEMORY;
    }
    const struct json *read = NULL;
    enum err err = turn_work(turn, ROLE_JUDGE, "countersign.witness", input, body, &read, NULL, NULL);
    if (err != ERR_NONE) {
        return err;
    }
    ret_ending->outcome = witness_outcome_find(json_text(read, "outcome", SLICE_NONE));
    ret_ending->text = witness_outcome_text(ret_ending->outcome);
    ret_ending->size = row_number(read, "size");
    ret_ending->time_unix_s = row_number(read, "time_unix_s");
    ret_ending->lines = json_text(read, "lines", SLICE_NONE);
    return ERR_NONE;
}

/* Only ERR_NEED and lack of memory are errors of the turn: that a witness cannot be reached is an outcome. */
static enum err attempt(struct asking *asking, uint64_t old_size, struct ending *ret_ending)
{
    const struct json *posted = NULL;
    struct slice body = SLICE_NONE;
    *ret_ending = (struct ending){.outcome = WITNESS_NO_ANSWER, .text = witness_outcome_text(WITNESS_NO_ANSWER)};
    enum err err = post(asking, old_size, &posted, &body);
    err = err == ERR_NONE ? judge(asking, old_size, posted, body, ret_ending) : err;
    if (err == ERR_NONE || err == ERR_NEED || err == ERR_MEMORY || err == ERR_DAMAGED) {
        return err;
    }
    if (asking->turn->complaint.text.english != NULL) {
        ret_ending->text = asking->turn->complaint.text;
    }
    asking->turn->complaint = (struct complaint){0};
    return ERR_NONE;
}

/* ---- the row and, when the state changed, the entry ---- */

static enum err tell(const struct asking *asking, const char *state, const struct ending *ending)
{
    struct arena *arena = asking->turn->arena;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "log", slice_string(countersign_log_name(asking->log)));
    json_set_string(arena, body, "witness", asking->one->name);
    json_set_string(arena, body, "state", slice_string(state));
    json_set_u64(arena, body, "size", asking->size);
    json_set_string(arena, body, "reason", slice_string(witness_outcome_name(ending->outcome)));
    return turn_evidence(asking->turn, "ledger.witnessed", body, NULL);
}

static enum err keep_success(const struct asking *asking, const struct ending *ending)
{
    struct arena *arena = asking->turn->arena;
    bool had_signed = row_number(asking->row, "size") > 0, had_failed = row_number(asking->row, "failed_since_ms") > 0;
    struct json *row = json_new(arena, JSON_OBJECT);
    json_set_string(arena, row, "origin", asking->origin);
    json_set_u64(arena, row, "size", asking->size);
    json_set_u64(arena, row, "at_ms", ending->time_unix_s * 1000);
    json_set_i64(arena, row, "asked_ms", asking->turn->now_ms);
    json_set_string(arena, row, "lines", ending->lines);
    enum err err = turn_put_json(asking->turn, asking->path, row, 0);
    if (err != ERR_NONE || (had_signed && !had_failed)) {
        return err;
    }
    return tell(asking, had_signed ? "back" : "first", ending);
}

static enum err keep_failure(const struct asking *asking, const struct ending *ending)
{
    struct arena *arena = asking->turn->arena;
    uint64_t since_ms = row_number(asking->row, "failed_since_ms");
    struct slice english = slice_string(ending->text.english);
    if (since_ms > 0 && slice_equal(json_text(asking->row, "english", SLICE_NONE), english)) {
        return ERR_NONE;
    }
    struct json *row = json_new(arena, JSON_OBJECT);
    json_set_string(arena, row, "origin", asking->origin);
    json_set_u64(arena, row, "size", row_number(asking->row, "size"));
    json_set_u64(arena, row, "at_ms", row_number(asking->row, "at_ms"));
    json_set_i64(arena, row, "asked_ms", asking->turn->now_ms);
    json_set_string(arena, row, "lines", json_text(asking->row, "lines", SLICE_NONE));
    json_set_u64(arena, row, "failed_since_ms", since_ms > 0 ? since_ms : (uint64_t)asking->turn->now_ms);
    json_set_string(arena, row, "reason", slice_string(witness_outcome_name(ending->outcome)));
    json_set_string(arena, row, "english", english);
    json_set_string(arena, row, "german", slice_string(ending->text.german));
    enum err err = turn_put_json(asking->turn, asking->path, row, 0);
    bool had_signed = row_number(asking->row, "size") > 0;
    return err == ERR_NONE && had_signed && since_ms == 0 ? tell(asking, "lost", ending) : err;
}

static bool is_due(const struct asking *asking)
{
    if (asking->row == NULL) {
        return true;
    }
    if (row_number(asking->row, "size") >= asking->size) {
        return false;
    }
    int64_t asked_ms = (int64_t)row_number(asking->row, "asked_ms");
    return json_bool(asking->turn->input, "now", false) || row_number(asking->row, "failed_since_ms") > 0 ||
           asking->turn->now_ms - asked_ms >= asking->one->every_ms || asking->turn->now_ms < asked_ms;
}

static enum err load(struct asking *asking)
{
    struct turn *turn = asking->turn;
    struct slice log = turn_field(turn, "log"), seed;
    struct note_key key;
    char origin[96];
    asking->log = slice_is(log, "audit") ? LOG_AUDIT : LOG_EVIDENCE;
    asking->one = countersign_find(turn->around->countersign, turn_field(turn, "witness"));
    if (asking->one == NULL || asking->one->problem.text.english != NULL || turn->around->reopen_needed) {
        return ERR_NOT_FOUND;
    }
    asking->path = turn_path(turn, "ledger/witness/%s/%.*s", countersign_log_name(asking->log), (int)asking->one->name.len, (const char *)asking->one->name.data);
    enum err err = vault_log_key(turn->around->vault, asking->log, origin, &key, &seed);
    asking->origin = err == ERR_NONE ? arena_copy(turn->arena, slice_string(origin)) : SLICE_NONE;
    err = err == ERR_NONE ? turn_checkpoint(turn, asking->log, &asking->note, &asking->size) : err;
    if (err != ERR_NONE) {
        return err;
    }
    err = turn_json(turn, asking->path, &asking->row);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !slice_equal(json_text(asking->row, "origin", SLICE_NONE), asking->origin))) {
        asking->row = NULL;
        return ERR_NONE;
    }
    return err;
}

enum err operation_own_witness(struct turn *turn)
{
    struct asking asking = {.turn = turn};
    enum err err = load(&asking);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !is_due(&asking))) {
        return turn_reply_none(turn); /* nothing published yet, no such witness, or not its time */
    }
    uint64_t old_size = row_number(asking.row, "size");
    struct ending ending = {0};
    err = err == ERR_NONE ? attempt(&asking, old_size, &ending) : err;
    if (err == ERR_NONE && ending.outcome == WITNESS_OTHER_SIZE && ending.size != old_size) {
        err = attempt(&asking, ending.size, &ending);
    }
    if (err == ERR_NONE) {
        err = ending.outcome == WITNESS_COSIGNED ? keep_success(&asking, &ending) : keep_failure(&asking, &ending);
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
