#include "engine/turn.h"

#include "base/check.h"
#include "engine/audit.h"
#include "engine/turn_driver.h"
#include "ledger/commitment.h"

static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */

/* ---- small operations ---- */

/* Puts the text `value` at `path`. */
static enum err operation_put(struct turn *turn)
{
    char *path = arena_string(turn->arena, turn_field(turn, "path"));
    enum err err = turn_put(turn, path, turn_field(turn, "value"), 0);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err operation_delete(struct turn *turn)
{
    enum err err = turn_delete(turn, arena_string(turn->arena, turn_field(turn, "path")));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* Adds one to the number in the row n/counter. */
static enum err operation_count(struct turn *turn)
{
    const struct json *row = NULL;
    uint64_t number = 0;
    enum err err = turn_json(turn, "n/counter", &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    err = err == ERR_NONE ? json_u64(row, "number", &number) : ERR_NONE;
    struct json *next = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, next, "number", number + 1);
    err = err == ERR_NONE ? turn_put_json(turn, "n/counter", next, 0) : err;
    return err == ERR_NONE ? turn_reply_data(turn, next) : err;
}

/* Wants three rows at once, then reads them. */
static enum err operation_wants(struct turn *turn)
{
    bool all = turn_want(turn, "n/one");
    all = turn_want(turn, "n/two") && all;
    all = turn_want(turn, "n/three") && all;
    if (!all) {
        return ERR_NEED;
    }
    struct slice bytes;
    return turn_row(turn, "n/one", &bytes) == ERR_NOT_FOUND ? turn_reply_none(turn) : ERR_INTERNAL;
}

/* Writes, reads its own writing, deletes, reads again: the reply says what it saw. */
static enum err operation_own_writes(struct turn *turn)
{
    struct slice first, second;
    enum err err = turn_put(turn, "n/own", SLICE_LITERAL("first"), 0);
    err = err == ERR_NONE ? turn_row(turn, "n/own", &first) : err;
    err = err == ERR_NONE ? turn_put(turn, "n/own", SLICE_LITERAL("second"), 0) : err;
    err = err == ERR_NONE ? turn_row(turn, "n/own", &second) : err;
    err = err == ERR_NONE ? turn_delete(turn, "n/own") : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct slice gone;
    bool is_gone = turn_row(turn, "n/own", &gone) == ERR_NOT_FOUND;
    struct json *seen = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, seen, "first", first);
    json_set_string(turn->arena, seen, "second", second);
    json_set_bool(turn->arena, seen, "gone", is_gone);
    return turn_reply_data(turn, seen);
}

/* How many rows are below list/ ? */
static enum err operation_list(struct turn *turn)
{
    struct turn_names rows, names;
    enum err err = turn_list(turn, "list/", SLICE_NONE, 100, &rows);
    enum err second = turn_names(turn, "list/", SLICE_NONE, 100, &names);
    if (err != ERR_NONE || second != ERR_NONE) {
        return err != ERR_NONE ? err : second;
    }
    struct json *reply = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, reply, "rows", rows.count);
    json_set_u64(turn->arena, reply, "names", names.count);
    json_set_string(turn->arena, reply, "last", rows.count == 0 ? SLICE_NONE : rows.bytes[rows.count - 1]);
    return turn_reply_data(turn, reply);
}

enum { DRAWS_MAX = 8 };
static uint8_t drawn[DRAWS_MAX][48];
static size_t draw_count;

/* Draws before and after something that has to be fetched. */
static enum err operation_random(struct turn *turn)
{
    uint8_t bytes[48];
    struct slice row;
    turn_random(turn, bytes, 16);
    enum err err = turn_row(turn, "n/absent", &row);
    turn_random(turn, bytes + 16, 32);
    if (draw_count < DRAWS_MAX) {
        memcpy(drawn[draw_count++], bytes, sizeof bytes);
    }
    return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

/* Two records; the reply holds their indexes. */
static enum err operation_records(struct turn *turn)
{
    uint64_t first = 0, second = 0;
    struct json *body = json_new(turn->arena, JSON_OBJECT), *reply = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "what", turn_field(turn, "what"));
    enum err err = turn_evidence(turn, "test.first", body, &first);
    err = err == ERR_NONE ? turn_evidence(turn, "test.second", body, &second) : err;
    json_set_u64(turn->arena, reply, "first", first);
    json_set_u64(turn->arena, reply, "second", second);
    return err == ERR_NONE ? turn_reply_data(turn, reply) : err;
}

/* Writes and records, and refuses in the end. */
static enum err operation_refuse(struct turn *turn)
{
    enum err err = turn_put(turn, "n/refused", SLICE_LITERAL("x"), 0);
    err = err == ERR_NONE ? turn_evidence(turn, "test.refused", NULL, NULL) : err;
    err = err == ERR_NONE ? turn_start(turn, "count", NULL) : err;
    return err == ERR_NONE ? turn_refuse(turn, ERR_INVALID, TEXT("no", "nein"), SLICE_LITERAL("because")) : err;
}

/* Takes all the memory that a run may have. */
static enum err operation_fill(struct turn *turn)
{
    enum err err = turn_refuse(turn, ERR_MEMORY, TEXT("too much", "zu viel"), SLICE_LITERAL("the detail"));
    for (size_t bytes = 16 << 20; bytes > 16; bytes /= 2) {
        while (arena_alloc(turn->arena, bytes) != NULL) {
        }
    }
    while (arena_alloc(turn->arena, 1) != NULL) {
    }
    return err;
}

static enum err operation_works(struct turn *turn)
{
    const struct json *first = NULL, *second = NULL;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "host", turn_field(turn, "host"));
    enum err err = turn_work(turn, ROLE_REACH, "collect.test", input, SLICE_NONE, &first, NULL, NULL);
    err = err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "judge.test", first, SLICE_NONE, &second, NULL, NULL) : err;
    return err == ERR_NONE ? turn_reply_data(turn, second) : err;
}

static enum err operation_due(struct turn *turn)
{
    struct turn_names rows;
    enum err err = turn_due(turn, turn->now_ms, 10, &rows);
    struct json *reply = json_new(turn->arena, JSON_OBJECT), *paths = json_set_array(turn->arena, reply, "paths");
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        json_append(paths, json_string(turn->arena, rows.names[i]));
    }
    return err == ERR_NONE ? turn_reply_data(turn, reply) : err;
}

static enum err operation_due_put(struct turn *turn)
{
    enum err err = turn_put(turn, "n/late", SLICE_LITERAL("x"), turn->now_ms + 5000);
    enum err second = turn_put(turn, "n/early", SLICE_LITERAL("x"), turn->now_ms - 5000);
    enum err third = turn_put(turn, "n/now", SLICE_LITERAL("x"), turn->now_ms);
    return err != ERR_NONE ? err : second != ERR_NONE ? second : third != ERR_NONE ? third : turn_reply_none(turn);
}

static unsigned works_run;

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    works_run++;
    if (slice_is(json_text(input, "host", SLICE_NONE), "down")) {
        return ERR_CLOSED;
    }
    struct json *output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, output, "by", slice_string(role == ROLE_JUDGE ? "judge" : "reach"));
    json_set_string(arena, output, "name", slice_string(name));
    *ret_output = output;
    return ERR_NONE;
}

static struct turn_driver *start(uint64_t seed)
{
    static const struct {
        const char *name;
        operation_fn run;
    } operations[] = {
        {"put", operation_put},       {"delete", operation_delete}, {"count", operation_count},   {"wants", operation_wants},
        {"own", operation_own_writes}, {"list", operation_list},     {"random", operation_random}, {"records", operation_records},
        {"refuse", operation_refuse}, {"works", operation_works},   {"due", operation_due},       {"due_put", operation_due_put},
        {"fill", operation_fill},
    };
    struct turn_driver *driver = driver_new(seed, NOON_MS);
    for (size_t i = 0; driver != NULL && i < sizeof operations / sizeof operations[0]; i++) {
        driver_add_operation(driver, operations[i].name, operations[i].run);
    }
    if (driver != NULL) {
        driver_set_work(driver, work);
    }
    works_run = 0;
    draw_count = 0;
    return driver;
}

static struct json *pair(struct arena *arena, const char *path, const char *value)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "path", slice_string(path));
    json_set_string(arena, input, "value", slice_string(value));
    return input;
}

static uint64_t reply_number(const struct turn *turn, const char *name)
{
    uint64_t number = UINT64_MAX;
    return json_u64(json_member(turn->reply.tree, "data"), name, &number) == ERR_NONE ? number : UINT64_MAX;
}

static struct slice reply_text(const struct turn *turn, const char *name)
{
    return json_text(json_member(turn->reply.tree, "data"), name, SLICE_NONE);
}

/* ---- asking ---- */

TEST(a_row_that_is_not_there_is_needed_then_read)
{
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    struct turn *turn = driver_begin(driver, "count", NULL);
    CHECK(turn != NULL);
    CHECK_ERR(ERR_NEED, driver_run_once(driver, turn));
    CHECK_ERR(ERR_NEED, driver_run_once(driver, turn)); /* nothing was served: it asks again, and has no effect */
    CHECK(turn->inside->effects == NULL);
    CHECK_ERR(ERR_NONE, driver_serve(driver, turn));
    CHECK_ERR(ERR_NONE, driver_run_once(driver, turn));
    CHECK_U64(1, reply_number(turn, "number"));
    CHECK_ERR(ERR_NONE, driver_apply(driver, turn, ERR_NONE));
    CHECK(!memory_has_row(driver_rows(driver), "n/counter")); /* not before the commit */
    CHECK_ERR(ERR_NONE, driver_commit(driver));
    CHECK_U64(1, memory_row_version(driver_rows(driver), "n/counter"));
    driver_end(turn);
    driver_free(driver);
}

TEST(several_wants_cost_one_fetch)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "wants", NULL, &turn));
    CHECK_U64(2, driver_runs(turn));
    driver_end(turn);
    driver_free(driver);
}

TEST(work_is_done_once_and_its_answer_kept)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "host", SLICE_LITERAL("up"));
    CHECK_ERR(ERR_NONE, driver_run(driver, "works", input, &turn));
    CHECK_U64(3, driver_runs(turn));
    CHECK_U64(2, works_run); /* not again in every run */
    CHECK_SLICE("judge", reply_text(turn, "by"));
    driver_end(turn);
    json_set_string(arena, input = json_new(arena, JSON_OBJECT), "host", SLICE_LITERAL("down"));
    CHECK_ERR(ERR_CLOSED, driver_run(driver, "works", input, &turn));
    CHECK_U64(err_http_status(ERR_CLOSED), turn->reply.status);
    driver_end(turn);
    driver_free(driver);
}

TEST(a_turn_that_asks_forever_is_ended)
{
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    struct turn *turn = driver_begin(driver, "count", NULL);
    CHECK(turn != NULL);
    enum err err = ERR_NEED;
    unsigned runs = 0;
    while (err == ERR_NEED && runs <= TURN_ROUNDS_MAX + 1) {
        err = driver_run_once(driver, turn);
        runs++;
    }
    CHECK_ERR(ERR_TOO_LARGE, err);
    CHECK_U64(TURN_ROUNDS_MAX + 1, runs);
    driver_end(turn);
    driver_free(driver);
}

/* ---- effects ---- */

TEST(own_writes_are_seen)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "own", NULL, &turn));
    CHECK_SLICE("first", reply_text(turn, "first"));
    CHECK_SLICE("second", reply_text(turn, "second"));
    CHECK(json_bool(json_member(turn->reply.tree, "data"), "gone", false));
    CHECK(!memory_has_row(driver_rows(driver), "n/own"));
    driver_end(turn);
    driver_free(driver);
}

TEST(a_refused_turn_leaves_nothing)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    uint8_t before[SHA256_BYTES], after[SHA256_BYTES];
    CHECK(driver != NULL);
    memory_fingerprint(driver_rows(driver), before);
    CHECK_ERR(ERR_INVALID, driver_run(driver, "refuse", NULL, &turn));
    memory_fingerprint(driver_rows(driver), after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    CHECK(turn->inside->started == NULL);
    CHECK_U64(400, turn->reply.status);
    CHECK_SLICE("no: because", json_path(turn->reply.tree, "complaint")->first->text);
    CHECK_SLICE("nein: because", json_text(json_member(turn->reply.tree, "complaint"), "german", SLICE_NONE));
    driver_end(turn);
    driver_free(driver);
}

TEST(what_was_stored_is_sealed)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "n/plain", "not to be read"), NULL));
    CHECK(slice_find(memory_row_bytes(driver_rows(driver), "n/plain"), SLICE_LITERAL("not to be read")) == SIZE_MAX);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "boot/plain", "to be read"), NULL));
    CHECK_SLICE("to be read", memory_row_bytes(driver_rows(driver), "boot/plain"));
    driver_free(driver);
}

TEST(too_long_a_path_is_refused)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    char path[PATH_MAX_BYTES + 2];
    CHECK(driver != NULL);
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_ERR(ERR_TOO_LARGE, driver_run(driver, "put", pair(arena, path, "x"), NULL));
    driver_free(driver);
}

/* Nobody hears nothing: the words of a refusal have room of their own. */
TEST(a_run_that_filled_its_memory_is_refused_in_words)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_MEMORY, driver_run(driver, "fill", NULL, &turn));
    CHECK_U64(500, turn->reply.status);
    CHECK_SLICE("zu viel: the detail", json_text(json_member(turn->reply.tree, "complaint"), "german", SLICE_NONE));
    CHECK_SLICE("the detail", json_text(json_member(turn->reply.tree, "complaint"), "detail", SLICE_NONE));
    driver_end(turn);
    driver_free(driver);
}

/* ---- lists ---- */

TEST(lists_stay_fresh_after_changes)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "list/a", "1"), NULL));
    struct turn *turn = driver_begin(driver, "list", NULL);
    CHECK(turn != NULL);
    CHECK_ERR(ERR_NEED, driver_run_once(driver, turn));
    CHECK_ERR(ERR_NONE, driver_serve(driver, turn));
    /* another turn changes the folder between the answer and the next run */
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "list/b", "2"), NULL));
    CHECK_ERR(ERR_NEED, driver_run_once(driver, turn));
    CHECK_ERR(ERR_NONE, driver_serve(driver, turn));
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "elsewhere", "3"), NULL));
    CHECK_ERR(ERR_NONE, driver_run_once(driver, turn)); /* a change elsewhere does not matter */
    CHECK_U64(2, reply_number(turn, "rows"));
    CHECK_U64(2, reply_number(turn, "names"));
    CHECK_SLICE("2", reply_text(turn, "last"));
    driver_end(turn);
    driver_free(driver);
}

TEST(a_list_sees_the_open_batch)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    struct turn *list = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "list/a", "1"), NULL));
    struct turn *change = driver_begin(driver, "delete", pair(arena, "list/a", ""));
    CHECK(change != NULL);
    CHECK_ERR(ERR_NONE, driver_run_once(driver, change));
    CHECK_ERR(ERR_NONE, driver_apply(driver, change, ERR_NONE)); /* applied, not committed */
    CHECK(state_open_below(driver_state(driver), SLICE_LITERAL("list/")));
    CHECK(!state_open_below(driver_state(driver), SLICE_LITERAL("other/")));
    CHECK_ERR(ERR_NONE, driver_run(driver, "list", NULL, &list));
    CHECK_U64(0, reply_number(list, "rows"));
    driver_end(list);
    driver_end(change);
    driver_free(driver);
}

TEST(due_rows_come_oldest_first_up_to_now)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "due_put", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "due", NULL, &turn));
    const struct json *paths = json_path(turn->reply.tree, "data.paths");
    CHECK_U64(2, paths->count);
    CHECK_SLICE("n/early", paths->first->text);
    CHECK_SLICE("n/now", paths->last->text);
    driver_end(turn);
    driver_free(driver);
}

/* ---- randomness, replay ---- */

TEST(randomness_is_the_same_in_every_run)
{
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "random", NULL, NULL));
    CHECK_U64(2, draw_count);
    CHECK(memcmp(drawn[0], drawn[1], sizeof drawn[0]) == 0);
    CHECK(memcmp(drawn[0], drawn[0] + 16, 16) != 0); /* two draws of one run differ */
    CHECK_ERR(ERR_NONE, driver_run(driver, "random", NULL, NULL));
    CHECK_U64(3, draw_count);
    CHECK(memcmp(drawn[0], drawn[2], sizeof drawn[0]) != 0); /* another turn has its own */
    driver_free(driver);
}

static enum err play(uint64_t seed, uint8_t ret_fingerprint[SHA256_BYTES])
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(seed);
    enum err err = driver == NULL ? ERR_MEMORY : ERR_NONE;
    for (int i = 0; i < 5 && err == ERR_NONE; i++) {
        err = driver_run(driver, "count", NULL, NULL);
        err = err == ERR_NONE ? driver_run(driver, "records", pair(arena, "a", "b"), NULL) : err;
        err = err == ERR_NONE ? driver_run(driver, "put", pair(arena, i % 2 == 0 ? "list/a" : "list/b", "x"), NULL) : err;
        err = err == ERR_NONE && i == 2 ? driver_restart(driver) : err;
    }
    if (err == ERR_NONE) {
        memory_fingerprint(driver_rows(driver), ret_fingerprint);
    }
    driver_free(driver);
    return err;
}

TEST(a_sequence_replayed_gives_the_same_bytes)
{
    uint8_t first[SHA256_BYTES], again[SHA256_BYTES], other[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, play(7, first));
    CHECK_ERR(ERR_NONE, play(7, again));
    CHECK_ERR(ERR_NONE, play(8, other));
    CHECK(memcmp(first, again, sizeof first) == 0);
    CHECK(memcmp(first, other, sizeof first) != 0);
}

/* ---- evidence, batches ---- */

TEST(evidence_indexes_follow_the_log)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    size_t before = memory_entry_count(driver_rows(driver), LOG_EVIDENCE);
    for (size_t i = 0; i < 3; i++) {
        CHECK_ERR(ERR_NONE, driver_run(driver, "records", pair(arena, "a", "b"), &turn));
        CHECK_U64(before + 2 * i, reply_number(turn, "first"));
        CHECK_U64(before + 2 * i + 1, reply_number(turn, "second"));
        driver_end(turn);
    }
    CHECK_U64(before + 6, memory_entry_count(driver_rows(driver), LOG_EVIDENCE));
    CHECK_U64(EVIDENCE_ENTRY_BYTES, memory_entry(driver_rows(driver), LOG_EVIDENCE, before).len);
    CHECK(!slice_equal(memory_entry(driver_rows(driver), LOG_EVIDENCE, before), memory_entry(driver_rows(driver), LOG_EVIDENCE, before + 2))); /* the salt */
    driver_free(driver);
}

TEST(two_turns_of_a_batch_see_each_other_in_order)
{
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    struct turn *turns[2] = {driver_begin(driver, "count", NULL), driver_begin(driver, "count", NULL)};
    CHECK(turns[0] != NULL && turns[1] != NULL);
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(ERR_NEED, driver_run_once(driver, turns[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(ERR_NONE, driver_serve(driver, turns[i]));
    }
    uint64_t commits = driver_commit_count(driver);
    size_t audits = memory_entry_count(driver_rows(driver), LOG_AUDIT);
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(ERR_NONE, driver_run_once(driver, turns[i]));
        CHECK_ERR(ERR_NONE, driver_apply(driver, turns[i], ERR_NONE));
        CHECK_U64(i + 1, reply_number(turns[i], "number")); /* the second counts on from the first */
    }
    CHECK_ERR(ERR_NONE, driver_commit(driver));
    CHECK_U64(commits + 1, driver_commit_count(driver));
    CHECK_U64(audits + 1, memory_entry_count(driver_rows(driver), LOG_AUDIT)); /* one entry a batch */
    CHECK_U64(2, memory_row_version(driver_rows(driver), "n/counter"));
    driver_end(turns[0]);
    driver_end(turns[1]);
    driver_free(driver);
}

TEST(the_audit_entry_names_rows_and_evidence)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start(1);
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "put", pair(arena, "n/a", "1"), NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "records", pair(arena, "n/a", "1"), NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "delete", pair(arena, "n/a", ""), NULL));
    size_t last = memory_entry_count(driver_rows(driver), LOG_AUDIT) - 1;
    struct audit_entry entry;
    CHECK_ERR(ERR_NONE, audit_entry_decode(memory_entry(driver_rows(driver), LOG_AUDIT, last), &entry));
    uint8_t digest[SHA256_BYTES], blob[SHA256_BYTES];
    CHECK_ERR(ERR_NONE, memory_state_digest(driver_rows(driver), digest));
    CHECK(memcmp(digest, entry.state_digest.bytes, sizeof digest) == 0);
    CHECK_U64(memory_entry_count(driver_rows(driver), LOG_EVIDENCE), entry.evidence_size);
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("audit", last, path);
    sha256(memory_row_bytes(driver_rows(driver), path), blob);
    CHECK(memcmp(blob, entry.blob_digest.bytes, sizeof blob) == 0);
    driver_free(driver);
}

/* ---- requests ---- */

TEST(requests_are_refused_before_their_operation)
{
    struct turn_driver *driver = start(1);
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    struct request request = {.verb = VERB_READ, .path = SLICE_LITERAL("sys/status"), .remote = SLICE_LITERAL("127.0.0.1:1")};
    CHECK_ERR(ERR_DENIED, driver_request(driver, &request, &turn)); /* no token */
    CHECK_U64(403, turn->reply.status);
    driver_end(turn);
    request.path = SLICE_LITERAL("sys/no/such/path");
    CHECK_ERR(ERR_NOT_FOUND, driver_request(driver, &request, NULL));
    request.path = SLICE_LITERAL("no/such/mount");
    CHECK_ERR(ERR_DENIED, driver_request(driver, &request, NULL)); /* whether something is mounted there is said only to those who may ask */
    request.path = SLICE_LITERAL("sys/seal-status");
    CHECK_ERR(ERR_NONE, driver_request(driver, &request, NULL));
    request.verb = VERB_DELETE;
    CHECK_ERR(ERR_METHOD, driver_request(driver, &request, NULL));
    driver_surroundings(driver)->sealed = true;
    request = (struct request){.verb = VERB_READ, .path = SLICE_LITERAL("sys/status")};
    CHECK_ERR(ERR_SEALED, driver_request(driver, &request, NULL));
    driver_free(driver);
}

TEST_MAIN
