#include "agent/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_HOST = 1, KIND_VANTAGE = 2, EVERY_MIN_MS = 1000, EVERY_MAX_MS = 24 * 3600 * 1000 };

/* The whole of what an agent can do. A host's agent looks at its own machine and connects nowhere; a vantage connects and looks at nothing of its machine. */
static const struct collector {
    const char *name;
    enum role role;
    unsigned kinds;
} collectors[] = {
    {"collect.docker", ROLE_LOOK, KIND_HOST},  {"collect.host", ROLE_LOOK, KIND_HOST},    {"collect.nft", ROLE_LOOK, KIND_HOST},
    {"collect.sockets", ROLE_LOOK, KIND_HOST}, {"collect.volumes", ROLE_LOOK, KIND_HOST}, {"collect.ports", ROLE_REACH, KIND_VANTAGE},
    {"collect.secrets", ROLE_LOOK, KIND_HOST}, {"collect.connect", ROLE_REACH, KIND_VANTAGE}, {"collect.tls", ROLE_REACH, KIND_VANTAGE},
};

static const struct collector *find(struct slice name)
{
    for (size_t i = 0; i < sizeof(collectors) / sizeof(collectors[0]); i++) {
        if (slice_is(name, collectors[i].name)) {
            return &collectors[i];
        }
    }
    return NULL;
}

enum role task_role(struct slice name, struct slice kind, bool *ret_known)
{
    const struct collector *collector = find(name);
    unsigned wanted = slice_is(kind, "host") ? KIND_HOST : slice_is(kind, "vantage") ? KIND_VANTAGE : 0;
    *ret_known = collector != NULL;
    return collector != NULL && (collector->kinds & wanted) != 0 ? collector->role : ROLE_NONE;
}

static void task_free(struct task *task)
{
    free(task->probe);
    free(task->subject);
    buf_free(&task->input);
}

void tasks_free(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++) {
        task_free(&tasks->list[i]);
    }
    free(tasks->list);
    *tasks = (struct tasks){.list = NULL};
}

static void refuse(struct tasks *tasks, struct slice collector, const char *why)
{
    if (tasks->refused_count == TASKS_REFUSED_MAX) {
        return;
    }
    snprintf(tasks->refused[tasks->refused_count].collector, sizeof(tasks->refused[0].collector), "%.*s", (int)(collector.len < 63 ? collector.len : 63),
             collector.len > 0 ? (const char *)collector.data : "");
    snprintf(tasks->refused[tasks->refused_count].why, sizeof(tasks->refused[0].why), "%s", why);
    tasks->refused_count++;
}

static char *copy_text(struct slice text)
{
    bool good = text.len > 0 && text.len <= TASK_TEXT_MAX_BYTES && memchr(text.data, 0, text.len) == NULL;
    return good ? strndup((const char *)text.data, text.len) : NULL;
}

/* ERR_INVALID: refused, and said so. */
static enum err read_task(struct tasks *tasks, const struct json *tree, struct slice kind, struct task *ret_task)
{
    struct slice name = json_text(tree, "collector", SLICE_NONE);
    const struct json *input = json_member(tree, "input");
    bool known = false;
    enum role role = task_role(name, kind, &known);
    if (role == ROLE_NONE) {
        refuse(tasks, name, known ? "not-for-this-kind" : "unknown-collector");
        return ERR_INVALID;
    }
    struct task task = {.probe = copy_text(json_text(tree, "probe", SLICE_NONE)), .subject = copy_text(json_text(tree, "subject", SLICE_NONE)),
                        .collector = find(name)->name, .role = role, .input = BUF_INIT(TASK_INPUT_MAX_BYTES)};
    if (json_i64(tree, "every_ms", &task.every_ms) != ERR_NONE || task.every_ms < EVERY_MIN_MS || task.every_ms > EVERY_MAX_MS) {
        task.every_ms = EVERY_MAX_MS;
    }
    bool good = task.probe != NULL && task.subject != NULL && input != NULL && input->type == JSON_OBJECT &&
                slice_is(json_text(tree, "role", SLICE_NONE), role_name(role)) && json_pack(&task.input, input) == ERR_NONE;
    if (!good) {
        task_free(&task);
        refuse(tasks, name, "malformed");
        return ERR_INVALID;
    }
    *ret_task = task;
    return ERR_NONE;
}

static bool is_same(const struct task *a, const struct task *b)
{
    return strcmp(a->probe, b->probe) == 0 && strcmp(a->subject, b->subject) == 0 && a->collector == b->collector;
}

/* A running task's id must survive, or its answer would belong to nobody. */
static void carry_schedule(const struct tasks *from, struct task *task)
{
    for (size_t i = 0; i < from->count; i++) {
        if (is_same(&from->list[i], task)) {
            task->running = from->list[i].running;
            task->due_mono_ms = from->list[i].due_mono_ms;
            task->begun_unix_ms = from->list[i].begun_unix_ms;
            task->id = from->list[i].id;
            return;
        }
    }
}

enum err tasks_take(struct tasks *tasks, const struct json *tree, struct slice kind, int64_t now_mono_ms)
{
    const struct json *list = json_member(tree, "tasks");
    if (list == NULL || list->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    size_t most = list->count < TASKS_MAX ? list->count : TASKS_MAX;
    struct tasks fresh = {.list = calloc(most + 1, sizeof(*fresh.list))};
    if (fresh.list == NULL) {
        return ERR_MEMORY;
    }
    if (list->count > TASKS_MAX) {
        refuse(&fresh, SLICE_NONE, "too-many");
    }
    for (const struct json *one = list->first; one != NULL && fresh.count < most; one = one->next) {
        struct task *task = &fresh.list[fresh.count];
        if (read_task(&fresh, one, kind, task) == ERR_NONE) {
            task->due_mono_ms = now_mono_ms;
            carry_schedule(tasks, task);
            fresh.count++;
        }
    }
    tasks_free(tasks);
    *tasks = fresh;
    return ERR_NONE;
}

struct task *tasks_due(struct tasks *tasks, enum role role, int64_t now_mono_ms)
{
    struct task *best = NULL;
    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->list[i];
        if (task->role == role && !task->running && task->due_mono_ms <= now_mono_ms && (best == NULL || task->due_mono_ms < best->due_mono_ms)) {
            best = task;
        }
    }
    return best;
}

struct task *tasks_running(struct tasks *tasks, uint64_t id)
{
    for (size_t i = 0; i < tasks->count; i++) {
        if (tasks->list[i].running && tasks->list[i].id == id) {
            return &tasks->list[i];
        }
    }
    return NULL;
}

int64_t tasks_wait_ms(const struct tasks *tasks, int64_t now_mono_ms)
{
    int64_t wait_ms = -1;
    for (size_t i = 0; i < tasks->count; i++) {
        const struct task *task = &tasks->list[i];
        int64_t left_ms = task->due_mono_ms > now_mono_ms ? task->due_mono_ms - now_mono_ms : 0;
        if (!task->running && (wait_ms < 0 || left_ms < wait_ms)) {
            wait_ms = left_ms;
        }
    }
    return wait_ms;
}
