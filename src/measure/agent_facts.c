/*
 * What an agent is asked and what it brings. A report counts only if it is about a task of this very agent, from no future, and newer than the newest that was taken
 * of the same probe and subject: an old proof cannot be shown again. What comes late (Vogt or the network was away) is recorded as such and judged by nobody: an
 * entry of today must not make facts of last week fresh.
 */
#include "measure/agent_rows.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "measure/edit.h"
#include "measure/observe.h"
#include "measure/operations.h"

#include <stdio.h>

enum { REPORT_TEXT_MAX_BYTES = 512, HEALTH_LIST_MAX = 32, HEALTH_TEXT_MAX_BYTES = 128 };

static enum observe_place place_of(const struct json *row)
{
    return slice_is(json_text(row, "kind", SLICE_NONE), "vantage") ? OBSERVE_FROM_VANTAGE : OBSERVE_FROM_HOST;
}

static enum err tasks_of(struct turn *turn, const struct json *row, struct world *world, struct json **ret_tasks)
{
    enum err err = standing_load(turn, world);
    return err == ERR_NONE ? observe_tasks(turn, world, json_text(row, "name", SLICE_NONE), place_of(row), ret_tasks) : err;
}

enum err operation_agent_tasks(struct turn *turn)
{
    const struct json *row = NULL;
    struct world world;
    struct json *tasks = NULL;
    enum err err = agent_calling(turn, &row);
    err = err == ERR_NONE ? tasks_of(turn, row, &world, &tasks) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, data, "tasks", tasks);
    edit_carry(turn->arena, data, row, "every_s");
    json_set_i64(turn->arena, data, "now_ms", turn->now_ms);
    return turn_reply_data(turn, data);
}

/* ---- one report ---- */

enum fate { TAKEN, REPEATED, LATE, FUTURE, OLDER, NOT_YOURS, BROKEN };
static const struct {
    const char *id;
    bool taken;
} fates[] = {
    [TAKEN] = {"taken", true},    [REPEATED] = {"repeated", true},     [LATE] = {"late", true},     [FUTURE] = {"future", false},
    [OLDER] = {"older", false},   [NOT_YOURS] = {"not-yours", false},  [BROKEN] = {"malformed", false},
};

struct report {
    const struct json *tree;
    struct slice probe, subject;
    int64_t collected_at_ms;
    char *newest_path;
    struct slice digest;
};

static bool is_text(struct slice text)
{
    return text.len > 0 && text.len <= REPORT_TEXT_MAX_BYTES;
}

static bool is_own_task(const struct json *tasks, const struct report *report)
{
    for (const struct json *task = tasks->first; task != NULL; task = task->next) {
        if (slice_equal(json_text(task, "probe", SLICE_NONE), report->probe) && slice_equal(json_text(task, "subject", SLICE_NONE), report->subject)) {
            return true;
        }
    }
    return false;
}

/* A name for the row whatever the subject's own name is: its digest. */
static enum err newest_path(struct turn *turn, struct report *report)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES), text = BUF_INIT(2 * REPORT_TEXT_MAX_BYTES + 2);
    enum err err = buf_append(&text, report->probe);
    err = err == ERR_NONE ? buf_append_byte(&text, 0) : err;
    err = err == ERR_NONE ? buf_append(&text, report->subject) : err;
    sha256(buf_slice(&text), digest);
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(digest, sizeof digest)) : err;
    struct slice name = turn->caller.name;
    report->newest_path = turn_path(turn, "agent/newest/%.*s/%.*s", (int)name.len, (const char *)name.data, (int)hex.len, (const char *)hex.data);
    return err;
}

static enum err digest_report(struct turn *turn, struct report *report)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES), packed = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    enum err err = json_pack(&packed, report->tree);
    sha256(buf_slice(&packed), digest);
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(digest, sizeof digest)) : err;
    report->digest = arena_copy(turn->arena, buf_slice(&hex));
    return err;
}

/* Everything that can be said without judging. TAKEN: go on. */
static enum err weigh(struct turn *turn, const struct json *tasks, struct report *report, enum fate *ret_fate)
{
    const struct json *newest = NULL;
    report->probe = json_text(report->tree, "probe", SLICE_NONE);
    report->subject = json_text(report->tree, "subject", SLICE_NONE);
    if (!is_text(report->probe) || !is_text(report->subject) || json_i64(report->tree, "collected_at_ms", &report->collected_at_ms) != ERR_NONE) {
        *ret_fate = BROKEN;
        return ERR_NONE;
    }
    if (!is_own_task(tasks, report)) {
        *ret_fate = NOT_YOURS;
        return ERR_NONE;
    }
    if (report->collected_at_ms > turn->now_ms + AGENT_FUTURE_MAX_MS) {
        *ret_fate = FUTURE;
        return ERR_NONE;
    }
    enum err err = newest_path(turn, report);
    err = err == ERR_NONE ? digest_report(turn, report) : err;
    err = err == ERR_NONE ? turn_json(turn, report->newest_path, &newest) : err;
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    int64_t newest_ms = err == ERR_NOT_FOUND ? INT64_MIN : edit_number(newest, "collected_at_ms", 0);
    if (report->collected_at_ms <= newest_ms) {
        bool same = report->collected_at_ms == newest_ms && slice_equal(json_text(newest, "digest", SLICE_NONE), report->digest);
        *ret_fate = same ? REPEATED : OLDER;
        return ERR_NONE;
    }
    *ret_fate = turn->now_ms - report->collected_at_ms > AGENT_LATE_MS ? LATE : TAKEN;
    return ERR_NONE;
}

/* The agent's word for where it looked from is never taken: the certificate says it. */
static struct json *vantage_of(struct turn *turn, const struct json *row, const struct json *tree)
{
    struct json *vantage = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, vantage, "kind", SLICE_LITERAL("agent"));
    json_set_string(turn->arena, vantage, "name", json_text(row, "name", SLICE_NONE));
    json_set_string(turn->arena, vantage, "place", json_text(row, "kind", SLICE_NONE));
    struct slice failure = json_text(json_member(tree, "error"), "english", SLICE_NONE);
    if (failure.len > 0) {
        json_set_string(turn->arena, vantage, "error", slice_first(failure, REPORT_TEXT_MAX_BYTES));
    }
    return vantage;
}

static struct json *cleaned(struct turn *turn, const struct json *row, const struct report *report)
{
    struct json *clean = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, clean, "probe", report->probe);
    json_set_string(turn->arena, clean, "subject", report->subject);
    edit_carry(turn->arena, clean, report->tree, "facts");
    edit_carry(turn->arena, clean, report->tree, "plant");
    json_set_i64(turn->arena, clean, "collected_at_ms", report->collected_at_ms);
    return json_set(turn->arena, clean, "vantage", vantage_of(turn, row, report->tree)) == NULL ? NULL : clean;
}

static enum err put_newest(struct turn *turn, const struct report *report)
{
    struct json *newest = json_new(turn->arena, JSON_OBJECT);
    json_set_i64(turn->arena, newest, "collected_at_ms", report->collected_at_ms);
    return json_set_string(turn->arena, newest, "digest", report->digest) == NULL ? ERR_MEMORY : turn_put_json(turn, report->newest_path, newest, 0);
}

static enum err take(struct turn *turn, const struct json *row, struct world *world, const struct json *tasks, struct report *report, enum fate *ret_fate)
{
    enum err err = weigh(turn, tasks, report, ret_fate);
    if (err != ERR_NONE || (*ret_fate != TAKEN && *ret_fate != LATE)) {
        return err;
    }
    const struct json *clean = cleaned(turn, row, report);
    err = clean == NULL ? ERR_MEMORY : put_newest(turn, report);
    if (err != ERR_NONE) {
        return err;
    }
    err = *ret_fate == LATE ? turn_evidence(turn, "agent.late", clean, NULL) : observe_reported(turn, world, clean);
    if (err == ERR_NOT_FOUND) {
        *ret_fate = NOT_YOURS; /* it left the estate meanwhile */
        return ERR_NONE;
    }
    return err;
}

/* ---- health ---- */

/* Short texts only, and not many: this is shown to people as the agent said it. */
static void carry_list(struct turn *turn, struct json *seen, const char *name)
{
    struct json *list = json_set_array(turn->arena, seen, name);
    for (const struct json *one = edit_items(turn->request->body, name); one != NULL && list != NULL && list->count < HEALTH_LIST_MAX; one = one->next) {
        if (one->type == JSON_STRING) {
            json_append(list, json_string(turn->arena, slice_first(one->text, HEALTH_TEXT_MAX_BYTES)));
        } else if (one->type == JSON_OBJECT) {
            struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
            json_set_string(turn->arena, item, "collector", slice_first(json_text(one, "collector", SLICE_NONE), HEALTH_TEXT_MAX_BYTES));
            json_set_string(turn->arena, item, "why", slice_first(json_text(one, "why", SLICE_NONE), HEALTH_TEXT_MAX_BYTES));
        }
    }
}

static void carry_number(struct turn *turn, struct json *seen, const char *name)
{
    uint64_t number = 0;
    json_set_u64(turn->arena, seen, name, json_u64(turn->request->body, name, &number) == ERR_NONE ? number : 0);
}

static void carry_confinement(struct turn *turn, struct json *seen)
{
    static const char *const roles[] = {"courier", "look", "reach"};
    const struct json *given = json_member(turn->request->body, "confinement");
    struct json *confinement = json_set_object(turn->arena, seen, "confinement");
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct slice level = json_text(given, roles[i], SLICE_NONE);
        if (level.len > 0) {
            json_set_string(turn->arena, confinement, roles[i], slice_first(level, HEALTH_TEXT_MAX_BYTES));
        }
    }
}

/* Reports that the agent had to drop: said once, with how many they were. A total that shrank means a new directory: it begins anew. */
static enum err record_gap(struct turn *turn, const struct json *row, const struct json *seen, uint64_t total)
{
    uint64_t before = (uint64_t)edit_number(seen, "lost_total", 0);
    if (total == before || total == 0) {
        return ERR_NONE;
    }
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    edit_carry(turn->arena, body, row, "name");
    json_set_u64(turn->arena, body, "lost", total > before ? total - before : total);
    json_set_i64(turn->arena, body, "since_ms", edit_number(seen, "at_ms", edit_number(row, "enrolled_ms", 0)));
    return turn_evidence(turn, "agent.gap", body, NULL);
}

static enum err put_health(struct turn *turn, const struct json *row)
{
    char *path = agent_path(turn, "seen", json_text(row, "name", SLICE_NONE));
    const struct json *before = NULL;
    int64_t sent_ms = turn->now_ms;
    uint64_t total = 0;
    enum err err = turn_json(turn, path, &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *seen = json_new(turn->arena, JSON_OBJECT);
    json_set_i64(turn->arena, seen, "at_ms", turn->now_ms);
    json_set_string(turn->arena, seen, "version", slice_first(turn_field(turn, "version"), HEALTH_TEXT_MAX_BYTES));
    (void)!json_i64(turn->request->body, "sent_ms", &sent_ms);
    json_set_i64(turn->arena, seen, "skew_ms", sent_ms - turn->now_ms);
    carry_number(turn, seen, "spooled");
    carry_number(turn, seen, "spooled_bytes");
    carry_number(turn, seen, "lost_total");
    carry_list(turn, seen, "cannot_see");
    carry_list(turn, seen, "refused");
    carry_confinement(turn, seen);
    (void)!json_u64(seen, "lost_total", &total);
    err = record_gap(turn, row, err == ERR_NONE ? before : NULL, total);
    return err == ERR_NONE ? turn_put_json(turn, path, seen, 0) : err;
}

/* ---- a delivery ---- */

static void answer(struct turn *turn, struct json *results, const struct report *report, enum fate fate)
{
    struct json *one = json_append(results, json_new(turn->arena, JSON_OBJECT));
    json_set_bool(turn->arena, one, "taken", fates[fate].taken);
    json_set_string(turn->arena, one, "reason", slice_string(fates[fate].id));
    if (!fates[fate].taken) {
        json_set_string(turn->arena, one, "probe", slice_first(report->probe, REPORT_TEXT_MAX_BYTES));
        json_set_string(turn->arena, one, "subject", slice_first(report->subject, REPORT_TEXT_MAX_BYTES));
    }
}

/* Judged one after the other, in the order in which they were collected; verdicts follow once. */
static enum err take_all(struct turn *turn, const struct json *row, const struct json *reports, struct json *results)
{
    struct world world;
    struct json *tasks = NULL;
    enum err all = tasks_of(turn, row, &world, &tasks);
    bool judged = false;
    for (const struct json *one = all == ERR_NONE ? reports->first : NULL; one != NULL; one = one->next) {
        struct report report = {.tree = one};
        enum fate fate = BROKEN;
        if (!standing_goes_on(&all, take(turn, row, &world, tasks, &report, &fate))) {
            return all;
        }
        judged = judged || fate == TAKEN;
        answer(turn, results, &report, fate);
    }
    if (judged) {
        (void)standing_goes_on(&all, standing_refresh(turn, &world));
    }
    return all;
}

enum err operation_agent_facts(struct turn *turn)
{
    const struct json *row = NULL, *reports = json_member(turn->request->body, "reports");
    enum err err = agent_calling(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (reports == NULL || reports->type != JSON_ARRAY || reports->count > AGENT_REPORTS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("reports is an array of at most 32", "reports ist eine Liste von höchstens 32"), SLICE_NONE);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *results = json_set_array(turn->arena, data, "results");
    err = reports->count > 0 ? take_all(turn, row, reports, results) : ERR_NONE;
    err = err == ERR_NONE ? put_health(turn, row) : err;
    json_set_i64(turn->arena, data, "now_ms", turn->now_ms);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}
