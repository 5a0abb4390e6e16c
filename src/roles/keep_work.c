/* What judge, reach, look and store do for turns: handed out, answered, lost. And the publication of checkpoints. */
#include "roles/keep.h"

#include "base/log.h"
#include "ledger/checkpoint.h"
#include "process/work.h"

#include <stdlib.h>
#include <string.h>

enum { TASKS_MAX = 8192 };

enum err keep_add_task(struct keep *keep, struct running *running, struct ask *ask)
{
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return ERR_MEMORY;
    }
    task->running = running;
    task->ask = ask;
    running->waiting++;
    struct task **at = &keep->tasks;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = task;
    return ERR_NONE;
}

static struct member *free_member(struct keep *keep, enum role role)
{
    struct member *best = NULL;
    for (size_t i = 0; i < keep->member_count; i++) {
        struct member *member = &keep->members[i];
        if (member->channel != NULL && member->role == role && member->busy < member->capacity && (best == NULL || member->busy < best->busy)) {
            best = member;
        }
    }
    return best;
}

static enum err send_work(struct keep *keep, struct task *task, struct member *member)
{
    task->id = ++keep->next_id;
    struct buf *out = channel_begin(member->channel, MESSAGE_WORK, task->id);
    enum err err = out == NULL ? ERR_MEMORY : put_bytes(out, slice_string(task->ask->work));
    err = err == ERR_NONE ? put_bytes(out, task->ask->input) : err;
    err = err == ERR_NONE ? put_bytes(out, task->ask->raw) : err;
    err = err == ERR_NONE ? channel_end(member->channel) : err;
    if (err == ERR_NONE) {
        task->member = member;
        member->busy++;
        keep->counters.works++;
    }
    return err;
}

/* Answers the ask with an error and forgets the task. */
static void fail_task(struct keep *keep, struct task *task, enum err err)
{
    for (struct task **at = &keep->tasks; *at != NULL; at = &(*at)->next) {
        if (*at == task) {
            *at = task->next;
            break;
        }
    }
    task->ask->err = err;
    task->ask->state = ASK_DONE;
    task->ask->at_ms = keep->now.unix_ms;
    keep_answered(task->running);
    free(task);
}

void keep_dispatch(struct keep *keep)
{
    struct task *task = keep->tasks;
    while (task != NULL) {
        struct task *next = task->next;
        if (task->member == NULL && task->ask->role == ROLE_STORE) {
            keep_publish(keep, (enum log_id)task->ask->need.log);
        } else if (task->member == NULL) {
            struct member *member = free_member(keep, task->ask->role);
            enum err err = member == NULL ? ERR_NONE : send_work(keep, task, member);
            if (err != ERR_NONE) {
                fail_task(keep, task, err);
            }
        }
        task = next;
    }
}

enum err keep_take_worked(struct keep *keep, uint64_t id, struct slice body)
{
    struct task **at = &keep->tasks;
    while (*at != NULL && ((*at)->id != id || (*at)->member == NULL)) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return ERR_PROTOCOL;
    }
    struct task *task = *at;
    struct ask *ask = task->ask;
    struct arena *lasting = task->running->turn->inside->lasting;
    struct slice copy = arena_copy(lasting, body);
    struct work_result result = {.err = ERR_MEMORY};
    enum err err = copy.data == NULL ? ERR_MEMORY : work_get_result(lasting, copy, &result);
    if (err == ERR_MALFORMED || err == ERR_PROTOCOL) {
        return ERR_PROTOCOL;
    }
    ask->err = err == ERR_NONE ? result.err : err;
    ask->complaint = result.complaint;
    ask->output_raw = result.raw;
    ask->at_ms = keep->now.unix_ms;
    if (ask->err == ERR_NONE) {
        cleanup_buf struct buf packed = BUF_INIT(WORK_OUTPUT_BYTES);
        ask->err = json_pack(&packed, result.output);
        ask->output = arena_copy(lasting, buf_slice(&packed));
        ask->err = ask->err == ERR_NONE && ask->output.data == NULL ? ERR_MEMORY : ask->err;
    }
    ask->state = ASK_DONE;
    task->member->busy--;
    *at = task->next;
    keep_answered(task->running);
    free(task);
    return ERR_NONE;
}

void keep_lose_member(struct keep *keep, struct member *member)
{
    if (member->channel == NULL) {
        return;
    }
    if (member->role == ROLE_GATE) {
        keep_forget_gate(keep, member->channel);
    }
    channel_free(member->channel);
    member->channel = NULL;
    member->busy = 0;
    struct task *task = keep->tasks;
    while (task != NULL) {
        struct task *next = task->next;
        if (task->member == member) {
            fail_task(keep, task, ERR_CLOSED);
        }
        task = next;
    }
}

/* ---- checkpoints: sign the log as it will be once everything sent so far is committed; store answers in order ---- */

static enum err write_note(struct keep *keep, enum log_id log, struct buf *out)
{
    char origin[96];
    struct note_key key;
    struct slice seed;
    struct tree_hash root;
    const struct tree *tree = &state_log(keep->state, log)->tree;
    enum err err = vault_log_key(&keep->vault, log, origin, &key, &seed);
    tree_root(tree, &root);
    return err == ERR_NONE ? checkpoint_sign(&key, seed, tree->size, &root, out) : err;
}

static void finish_publication(struct keep *keep, enum log_id log, enum err err)
{
    struct task *task = keep->tasks;
    while (task != NULL) {
        struct task *next = task->next;
        if (task->ask->role == ROLE_STORE && task->ask->need.log == (uint8_t)log) {
            fail_task(keep, task, err); /* ERR_NONE: done */
        }
        task = next;
    }
}

void keep_publish(struct keep *keep, enum log_id log)
{
    struct publication *publication = &keep->publications[log - 1];
    const struct log_edge *edge = state_log(keep->state, log);
    if (publication->id != 0 || !state_batch_is_empty(keep->state) || !audit_is_empty(keep->audit)) {
        return; /* one at a time, and never ahead of the rows: the next round comes soon */
    }
    if (edge->tree.size == edge->published_size) {
        finish_publication(keep, log, ERR_NONE);
        return;
    }
    cleanup_buf struct buf note = BUF_INIT(NOTE_MAX_BYTES);
    enum err err = keep->around.reopen_needed ? ERR_DENIED : write_note(keep, log, &note);
    uint64_t id = ++keep->next_id;
    struct buf *out = err == ERR_NONE ? channel_begin(keep->store, MESSAGE_PUBLISH, id) : NULL;
    err = err == ERR_NONE && out == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE ? put_u8(out, (uint8_t)log) : err;
    err = err == ERR_NONE ? put_u64(out, edge->tree.size) : err;
    err = err == ERR_NONE ? put_bytes(out, buf_slice(&note)) : err;
    err = err == ERR_NONE ? channel_end(keep->store) : err;
    if (err != ERR_NONE) {
        finish_publication(keep, log, err);
        return;
    }
    publication->id = id;
    publication->size = edge->tree.size;
    publication->last_ms = keep->now.mono_ns / 1000000;
}

enum err keep_take_published(struct keep *keep, uint64_t id, struct slice body)
{
    struct reader reader = reader_of(body);
    uint16_t code = 0;
    size_t at = keep->publications[0].id == id ? 0 : 1;
    if (keep->publications[at].id != id || get_u16(&reader, &code) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    enum log_id log = at == 0 ? LOG_EVIDENCE : LOG_AUDIT;
    enum err err = (enum err)(code < ERR_COUNT ? code : ERR_INTERNAL);
    if (err == ERR_NONE) {
        state_log(keep->state, log)->published_size = keep->publications[at].size;
        state_log(keep->state, log)->published_at_ms = keep->now.unix_ms;
    } else {
        LOG(LOG_ERROR, "checkpoint.failed", LOG_ERR(err), LOG_TEXT("log", at == 0 ? "evidence" : "audit"));
    }
    keep->publications[at].id = 0;
    finish_publication(keep, log, err);
    return ERR_NONE;
}
