/* Tasks become pieces of work for look or reach, their answers become reports in the spool. */
#include "agent/courier.h"

#include "base/log.h"
#include "process/work.h"

#include <stdio.h>

enum { REACH_AT_ONCE = 4, WORKER_QUEUE_BYTES = 32 << 20 };

void courier_hire(struct courier *courier, struct channel *worker, enum role role, struct slice confinement)
{
    courier_dismiss(courier);
    courier->worker = worker;
    courier->worker_role = role;
    courier->capacity = role == ROLE_REACH ? REACH_AT_ONCE : 1;
    struct json *told = json_new(courier->lasting, JSON_OBJECT);
    json_set_string(courier->lasting, told, "courier", slice_string(confinement_name(courier->start.level)));
    courier->confinement = json_set_string(courier->lasting, told, role_name(role), confinement) == NULL ? courier->confinement : told;
}

/* ---- reports ---- */

static void put_failure(struct arena *arena, struct json *report, enum err err, const struct complaint *complaint)
{
    char english[COURIER_ERROR_BYTES], german[COURIER_ERROR_BYTES];
    struct json *failure = json_set_object(arena, report, "error");
    snprintf(english, sizeof(english), "%s", err_text(err, LANGUAGE_ENGLISH));
    snprintf(german, sizeof(german), "%s", err_text(err, LANGUAGE_GERMAN));
    if (complaint->text.english != NULL) {
        complaint_format(complaint, LANGUAGE_ENGLISH, english, sizeof(english));
        complaint_format(complaint, LANGUAGE_GERMAN, german, sizeof(german));
    }
    json_set_string(arena, failure, "name", slice_string(err_name(err)));
    json_set_string(arena, failure, "english", slice_string(english));
    json_set_string(arena, failure, "german", slice_string(german));
}

static struct json *report_of(struct arena *arena, const struct task *task)
{
    struct json *report = json_new(arena, JSON_OBJECT);
    json_set_string(arena, report, "probe", slice_string(task->probe));
    json_set_string(arena, report, "subject", slice_string(task->subject));
    json_set_string(arena, report, "collector", slice_string(task->collector));
    return json_set_i64(arena, report, "collected_at_ms", task->begun_unix_ms) == NULL ? NULL : report;
}

static void carry(struct arena *arena, struct json *to, const struct json *from, const char *name)
{
    const struct json *member = json_member(from, name);
    if (member != NULL) {
        json_set(arena, to, name, json_copy(arena, member));
    }
}

static enum err spool_report(struct courier *courier, const struct task *task, const struct json *report)
{
    cleanup_buf struct buf text = BUF_INIT(COURIER_REPORT_MAX_BYTES);
    enum err err = report == NULL ? ERR_MEMORY : json_write(&text, report, 0);
    return err == ERR_NONE ? spool_put(courier->spool, buf_slice(&text), task->begun_unix_ms) : err;
}

static enum err report_failure(struct courier *courier, const struct task *task, enum err failed, const struct complaint *complaint)
{
    struct arena *arena cleanup_arena = arena_new(1 << 18);
    struct json *report = arena == NULL ? NULL : report_of(arena, task);
    put_failure(arena, report, failed, complaint);
    return spool_report(courier, task, report);
}

static void rest(struct courier *courier, struct task *task)
{
    task->running = false;
    int64_t most_ms = (int64_t)courier->config.every_s * 1000;
    task->due_mono_ms = courier->now.mono_ms + (task->every_ms < most_ms ? task->every_ms : most_ms);
}

static enum err take_result(struct courier *courier, struct task *task, struct arena *arena, struct slice body)
{
    static const char *const carried[] = {"facts", "plant", "proposals", NULL};
    struct work_result result;
    enum err err = work_get_result(arena, body, &result);
    if (err != ERR_NONE) {
        return err == ERR_MEMORY ? err : ERR_PROTOCOL;
    }
    struct json *report = result.err == ERR_NONE ? report_of(arena, task) : NULL;
    for (size_t i = 0; report != NULL && carried[i] != NULL; i++) {
        carry(arena, report, result.output, carried[i]);
    }
    err = result.err != ERR_NONE ? report_failure(courier, task, result.err, &result.complaint) : spool_report(courier, task, report);
    if (err == ERR_TOO_LARGE && result.err == ERR_NONE) {
        struct complaint complaint = {.text = {NULL, NULL}};
        err = report_failure(courier, task, ERR_TOO_LARGE, &complaint);
    }
    rest(courier, task);
    return err;
}

/* ---- the worker ---- */

void courier_dismiss(struct courier *courier)
{
    if (courier->worker == NULL) {
        return;
    }
    struct complaint complaint = {.text = TEXT("the collector's process ended while it ran", "der Prozess des Sammlers endete währenddessen")};
    channel_free(courier->worker);
    courier->worker = NULL;
    courier->busy = 0;
    for (size_t i = 0; i < courier->tasks.count; i++) {
        struct task *task = &courier->tasks.list[i];
        if (task->running) {
            enum err err = report_failure(courier, task, ERR_CLOSED, &complaint);
            if (err != ERR_NONE) {
                LOG(LOG_ERROR, "agent.report-lost", LOG_ERR(err), LOG_TEXT("probe", task->probe));
            }
            rest(courier, task);
        }
    }
}

static enum err begin(struct courier *courier, struct task *task)
{
    struct buf *out = channel_begin(courier->worker, MESSAGE_WORK, courier->work_id + 1);
    enum err err = put_bytes(out, slice_string(task->collector));
    err = err == ERR_NONE ? put_bytes(out, buf_slice(&task->input)) : err;
    err = err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
    enum err ended = channel_end(courier->worker);
    if (err != ERR_NONE || ended != ERR_NONE) {
        return err != ERR_NONE ? err : ended;
    }
    task->id = ++courier->work_id;
    task->running = true;
    task->begun_unix_ms = courier->now.unix_ms;
    courier->busy++;
    return ERR_NONE;
}

enum err courier_dispatch(struct courier *courier)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && courier->worker != NULL && courier->busy < courier->capacity) {
        struct task *task = tasks_due(&courier->tasks, courier->worker_role, courier->now.mono_ms);
        if (task == NULL) {
            break;
        }
        err = begin(courier, task);
    }
    return err == ERR_NONE && courier->worker != NULL ? channel_flush(courier->worker) : err;
}

enum err courier_hear_worker(struct courier *courier)
{
    struct frame frame;
    struct arena *arena cleanup_arena = arena_new(COURIER_ARENA_BYTES);
    enum err err = arena == NULL ? ERR_MEMORY : channel_receive(courier->worker, &frame);
    if (err != ERR_NONE) {
        return err;
    }
    if (frame.kind != MESSAGE_WORKED || courier->busy == 0) {
        return ERR_PROTOCOL;
    }
    courier->busy--;
    struct task *task = tasks_running(&courier->tasks, frame.id);
    return task == NULL ? ERR_NONE : take_result(courier, task, arena, frame.body); /* NULL: Vogt no longer wants it */
}
