/*
 * Tasks: what Vogt wants to know, held against the fixed list of collectors that is compiled in here. A task that names anything else, or a collector that this kind
 * of agent does not have, is refused and reported; nothing of it runs. Owns the list and its schedule; runs nothing.
 *
 *   {"probe","subject","collector","role":"look"|"reach","every_ms","input":{…}}
 *
 *   IDLE --due--> RUNNING --answer, refusal, lost worker--> IDLE (due again every_ms later)
 */
#ifndef VOGT_AGENT_TASK_H
#define VOGT_AGENT_TASK_H

#include "base/json.h"
#include "process/role.h"

enum { TASKS_MAX = 2000, TASK_TEXT_MAX_BYTES = 512, TASK_INPUT_MAX_BYTES = 64 << 10, TASKS_REFUSED_MAX = 32 };

struct task {
    char *probe, *subject;
    const char *collector;              /* of the fixed list */
    enum role role;
    struct buf input;                   /* packed */
    bool running;
    int64_t due_mono_ms, begun_unix_ms, every_ms;
    uint64_t id;                        /* of its piece of work */
};

struct tasks {
    struct task *list;
    size_t count;
    struct {
        char collector[64], why[32];    /* why: "unknown-collector", "not-for-this-kind", "malformed", "too-many" */
    } refused[TASKS_REFUSED_MAX];
    size_t refused_count;
};

void tasks_free(struct tasks *tasks);
/* The role of a collector that this kind ("host", "vantage") has; ROLE_NONE: it has none of that name. *ret_known: another kind has it. */
enum role task_role(struct slice collector, struct slice kind, bool *ret_known);
/* Takes Vogt's list ({"tasks":[…]}) in place of the present one; what stays keeps its schedule, what runs goes on. ERR_MALFORMED: no list at all, nothing changed. */
enum err tasks_take(struct tasks *tasks, const struct json *tree, struct slice kind, int64_t now_mono_ms) must_check;
/* The task that is due longest and is not running, for this role; NULL: none. */
struct task *tasks_due(struct tasks *tasks, enum role role, int64_t now_mono_ms);
struct task *tasks_running(struct tasks *tasks, uint64_t id);
/* Milliseconds until something is due; -1: nothing ever. */
int64_t tasks_wait_ms(const struct tasks *tasks, int64_t now_mono_ms);

#endif
