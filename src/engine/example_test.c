/*
 * The worked example of README.md: a duty of people. "duty_done" says that somebody did what they had to do. It reads the duty's
 * row, lets judge check the report that came with it, puts the row with its next due time, and leaves a record in the evidence log.
 */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "ledger/commitment.h"

enum { DAY_MS = 24 * 3600 * 1000 };
static const int64_t NOON_MS = 1795435200000; /* 2026-11-23T12:00:00Z */

/* ---- the operation, as it would stand in a domain ---- */

/* The row's next form: who did it, when it is due again. */
static struct json *done_row(struct turn *turn, const struct json *duty, int64_t due_ms)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, row, "every_days", json_copy(turn->arena, json_member(duty, "every_days")));
    json_set_string(turn->arena, row, "done_by", turn_field(turn, "by"));
    json_set_i64(turn->arena, row, "due_ms", due_ms);
    return row;
}

static enum err operation_duty_done(struct turn *turn)
{
    struct slice name = turn_field(turn, "duty");
    char *path = turn_path(turn, "duty/%.*s", (int)name.len, (const char *)name.data);
    const struct json *duty = NULL, *outcome = NULL;
    enum err err = turn_json(turn, path, &duty); /* first run: ERR_NEED, keep fetches the row and runs this again */
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, err, TEXT("there is no such duty", "diese Pflicht gibt es nicht"), name) : err;
    }
    err = turn_work(turn, ROLE_JUDGE, "judge.report", turn->input, SLICE_NONE, &outcome, NULL, NULL);
    if (err != ERR_NONE) {
        return err; /* second run: ERR_NEED, keep hands the work to judge; later judge's own error, if it had one */
    }
    if (!slice_is(json_text(outcome, "outcome", SLICE_NONE), "pass")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the report is not complete", "der Bericht ist unvollständig"), json_text(outcome, "reason", SLICE_NONE));
    }
    uint64_t days = 0, index = 0;
    err = json_u64(duty, "every_days", &days);
    int64_t due_ms = turn->now_ms + (int64_t)days * DAY_MS;
    struct json *record = json_new(turn->arena, JSON_OBJECT), *reply = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "duty", name);
    json_set_string(turn->arena, record, "by", turn_field(turn, "by"));
    err = err == ERR_NONE ? turn_put_json(turn, path, done_row(turn, duty, due_ms), due_ms) : err;
    err = err == ERR_NONE ? turn_evidence(turn, "duty.done", record, &index) : err;
    json_set_u64(turn->arena, reply, "evidence", index);
    return err == ERR_NONE ? turn_reply_data(turn, reply) : err; /* third run: everything is there; only this run has effects */
}

/* ---- around it ---- */

static enum err operation_duty_create(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, row, "every_days", 30);
    enum err err = turn_put_json(turn, "duty/restore-test", row, turn->now_ms);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* A judge for this test: a report needs ten characters. */
static enum err judge(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    if (role != ROLE_JUDGE || !slice_is(slice_string(name), "judge.report")) {
        return ERR_NOT_FOUND;
    }
    bool complete = json_text(input, "report", SLICE_NONE).len >= 10;
    struct json *outcome = json_new(arena, JSON_OBJECT);
    json_set_string(arena, outcome, "outcome", complete ? SLICE_LITERAL("pass") : SLICE_LITERAL("fail"));
    json_set_string(arena, outcome, "reason", complete ? SLICE_LITERAL("report.complete") : SLICE_LITERAL("report.too-short"));
    *ret_output = outcome;
    return ERR_NONE;
}

static struct turn_driver *start(void)
{
    struct turn_driver *driver = driver_new(1, NOON_MS);
    if (driver != NULL) {
        driver_add_operation(driver, "duty_create", operation_duty_create);
        driver_add_operation(driver, "duty_done", operation_duty_done);
        driver_set_work(driver, judge);
    }
    return driver;
}

static struct json *report(struct arena *arena, const char *duty, const char *text)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "duty", slice_string(duty));
    json_set_string(arena, input, "by", SLICE_LITERAL("ada"));
    json_set_string(arena, input, "report", slice_string(text));
    return input;
}

TEST(a_duty_done_is_a_row_and_a_record)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start();
    struct turn *turn = NULL;
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "duty_create", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_restart(driver)); /* so that the row has to be fetched */
    size_t before = memory_entry_count(driver_rows(driver), LOG_EVIDENCE);
    CHECK_ERR(ERR_NONE, driver_run(driver, "duty_done", report(arena, "restore-test", "restored in 41 minutes"), &turn));
    CHECK_U64(3, driver_runs(turn)); /* without anything, with the row, with judge's answer */
    CHECK_U64(2, memory_row_version(driver_rows(driver), "duty/restore-test"));
    CHECK_U64(before + 1, memory_entry_count(driver_rows(driver), LOG_EVIDENCE));
    uint64_t index = 0;
    CHECK_ERR(ERR_NONE, json_u64(json_path(turn->reply.tree, "data"), "evidence", &index));
    CHECK_U64(before, index);
    driver_end(turn);
    driver_free(driver);
}

TEST(the_record_says_what_happened)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start();
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "duty_create", NULL, NULL));
    CHECK_ERR(ERR_NONE, driver_run(driver, "duty_done", report(arena, "restore-test", "restored in 41 minutes"), NULL));
    size_t last = memory_entry_count(driver_rows(driver), LOG_EVIDENCE) - 1;
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("evidence", last, path);
    struct stored_row row;
    struct slice payload;
    cleanup_buf struct buf opened = BUF_INIT(ROW_MAX_BYTES);
    CHECK(state_row(driver_state(driver), slice_string(path), &row) == LOOKUP_FOUND);
    CHECK_ERR(ERR_NONE, state_open(driver_state(driver), &row, &opened));
    CHECK_ERR(ERR_NONE, evidence_open(memory_entry(driver_rows(driver), LOG_EVIDENCE, last), buf_slice(&opened), &payload));
    CHECK_SLICE("{\"type\":\"duty.done\",\"time\":\"2026-11-23T12:00:00.000Z\",\"duty\":\"restore-test\",\"by\":\"ada\"}", payload);
    driver_free(driver);
}

TEST(a_refused_report_changes_nothing)
{
    struct arena *arena cleanup_arena = arena_new(1 << 16);
    struct turn_driver *driver = start();
    struct turn *turn = NULL;
    uint8_t before[SHA256_BYTES], after[SHA256_BYTES];
    CHECK(driver != NULL);
    CHECK_ERR(ERR_NONE, driver_run(driver, "duty_create", NULL, NULL));
    memory_fingerprint(driver_rows(driver), before);
    CHECK_ERR(ERR_INVALID, driver_run(driver, "duty_done", report(arena, "restore-test", "done"), &turn));
    memory_fingerprint(driver_rows(driver), after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    CHECK_U64(400, turn->reply.status);
    CHECK_SLICE("the report is not complete: report.too-short", json_path(turn->reply.tree, "complaint")->first->text);
    driver_end(turn);
    CHECK_ERR(ERR_NOT_FOUND, driver_run(driver, "duty_done", report(arena, "tea", "restored in 41 minutes"), NULL));
    driver_free(driver);
}

TEST_MAIN
