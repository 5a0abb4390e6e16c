/* What judge, reach, look and store do for turns: handed out, answered, lost. And the publication of checkpoints. */
#include "roles/keep.h"

#include "base/log.h"
#include "ledger/checkpoint.h"
#include "process/work.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this a turn is told BUSY: far more than RUNNING_MAX turns with a piece of work or two each, and some megabytes. */
enum { TASKS_MAX = 16384 };

static void put_in(struct task_queue *queue, struct task *task)
{
    task->next = NULL;
    task->previous = queue->last;
    if (queue->last == NULL) {
        queue->first = task;
    } else {
        queue->last->next = task;
    }
    queue->last = task;
    queue->count++;
}

static void take_out(struct task_queue *queue, struct task *task)
{
    if (task->previous == NULL) {
        queue->first = task->next;
    } else {
        task->previous->next = task->next;
    }
    if (task->next == NULL) {
        queue->last = task->previous;
    } else {
        task->next->previous = task->previous;
    }
    queue->count--;
}

static void mark_done(struct keep *keep, struct ask *ask, enum err err)
{
    ask->err = err;
    ask->state = ASK_DONE;
    ask->at_ms = keep->now.unix_ms;
}

/* Many logins at once may want the same keys of the same issuer: a GET under way is theirs too, so that nobody makes Vogt ask a stranger a thousand times. */
static struct task *twin_in(const struct task_queue *queue, const struct ask *ask)
{
    struct task *task = queue->first;
    while (task != NULL && !slice_equal(task->ask->key, ask->key)) {
        task = task->next;
    }
    return task;
}

static struct task *find_twin(const struct keep *keep, const struct ask *ask)
{
    if (ask->role != ROLE_REACH || ask->work == NULL || strcmp(ask->work, "http.get") != 0) {
        return NULL;
    }
    struct task *twin = twin_in(&keep->waiting[ROLE_REACH], ask);
    for (size_t i = 0; i < keep->member_count && twin == NULL; i++) {
        twin = keep->members[i].role == ROLE_REACH ? twin_in(&keep->members[i].at_work, ask) : NULL;
    }
    return twin;
}

enum err keep_add_task(struct keep *keep, struct running *running, struct ask *ask)
{
    if (ask->role == ROLE_TELL) {
        return keep_tell(keep, running, ask, ask->raw);
    }
    if (keep->task_count >= TASKS_MAX) {
        mark_done(keep, ask, ERR_BUSY);
        return ERR_NONE;
    }
    if (ask->role == ROLE_KEEP && keep->start_slow != NULL && !keep->has_slow_thread) {
        enum err started = keep->start_slow(keep);
        if (started != ERR_NONE) {
            mark_done(keep, ask, started);
            return ERR_NONE;
        }
    }
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return ERR_MEMORY;
    }
    task->running = running;
    task->ask = ask;
    running->waiting++;
    keep->task_count++;
    struct task *twin = find_twin(keep, ask);
    if (twin != NULL) {
        task->same = twin->same;
        twin->same = task;
        return ERR_NONE;
    }
    put_in(ask->role == ROLE_STORE && ask->work == NULL ? &keep->publishing[ask->need.log - 1] : &keep->waiting[ask->role], task);
    return ERR_NONE;
}

/* The least busy one with room. */
static struct member *free_member(struct keep *keep, enum role role)
{
    struct member *best = NULL;
    for (size_t i = 0; i < keep->member_count; i++) {
        struct member *member = &keep->members[i];
        if (member->channel != NULL && member->role == role && member->at_work.count < member->capacity &&
            (best == NULL || member->at_work.count < best->at_work.count)) {
            best = member;
        }
    }
    return best;
}

/* Store's is a message of its own. */
static enum err send_work(struct keep *keep, struct task *task, struct member *member)
{
    task->id = ++keep->next_id;
    if (member->role == ROLE_STORE) {
        return channel_send(member->channel, MESSAGE_STAGE, task->id, task->ask->raw);
    }
    struct buf *out = channel_begin(member->channel, MESSAGE_WORK, task->id);
    enum err err = out == NULL ? ERR_MEMORY : put_bytes(out, slice_string(task->ask->work));
    err = err == ERR_NONE ? put_bytes(out, task->ask->input) : err;
    err = err == ERR_NONE ? put_bytes(out, task->ask->raw) : err;
    err = err == ERR_NONE ? channel_end(member->channel) : err;
    keep->counters.works += err == ERR_NONE;
    return err;
}

/* The task is in no queue any more. */
static void end_task(struct keep *keep, struct task *task)
{
    keep->task_count--;
    keep_answered(keep, task->running);
    free(task);
}

/* With it those that asked the same. */
static void fail_task(struct keep *keep, struct task *task, enum err err)
{
    while (task != NULL) {
        struct task *same = task->same;
        mark_done(keep, task->ask, err);
        end_task(keep, task);
        task = same;
    }
}

/* Answers every ask of the queue with this error; ERR_NONE: done. */
static void end_all(struct keep *keep, struct task_queue *queue, enum err err)
{
    while (queue->first != NULL) {
        struct task *task = queue->first;
        take_out(queue, task);
        fail_task(keep, task, err);
    }
}

static void dispatch_role(struct keep *keep, enum role role)
{
    struct task_queue *waiting = &keep->waiting[role];
    while (waiting->first != NULL) {
        struct member *member = free_member(keep, role);
        if (member == NULL) {
            return;
        }
        struct task *task = waiting->first;
        take_out(waiting, task);
        enum err err = send_work(keep, task, member);
        if (err == ERR_NONE) {
            put_in(&member->at_work, task);
        } else {
            fail_task(keep, task, err);
        }
    }
}

void keep_dispatch(struct keep *keep)
{
    for (enum role role = ROLE_NONE; role < ROLE_COUNT; role++) {
        dispatch_role(keep, role);
    }
    for (enum log_id log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        if (keep->publishing[log - 1].first != NULL) {
            keep_publish(keep, log);
        }
    }
}

/* Only what this very member was given can be answered by it. */
static struct task *find_task(const struct member *member, uint64_t id)
{
    struct task *task = member->at_work.first;
    while (task != NULL && task->id != id) {
        task = task->next;
    }
    return task;
}

static enum err take_answer(struct keep *keep, struct task *task, struct slice body)
{
    struct ask *ask = task->ask;
    struct arena *lasting = task->running->turn->inside->lasting;
    struct slice copy = arena_copy(lasting, body);
    struct work_result result = {.err = ERR_MEMORY};
    enum err err = copy.data == NULL ? ERR_MEMORY : work_get_result(lasting, copy, &result);
    if (err == ERR_MALFORMED || err == ERR_PROTOCOL) {
        return ERR_PROTOCOL;
    }
    mark_done(keep, ask, err == ERR_NONE ? result.err : err);
    ask->complaint = result.complaint;
    ask->output_raw = result.raw;
    if (ask->err == ERR_NONE) {
        cleanup_buf struct buf packed = BUF_INIT(WORK_OUTPUT_BYTES);
        ask->err = json_pack(&packed, result.output);
        ask->output = arena_copy(lasting, buf_slice(&packed));
        ask->err = ask->err == ERR_NONE && ask->output.data == NULL ? ERR_MEMORY : ask->err;
    }
    return ERR_NONE;
}

enum err keep_take_worked(struct keep *keep, struct member *member, uint64_t id, struct slice body)
{
    struct task *task = find_task(member, id);
    if (task == NULL || take_answer(keep, task, body) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    take_out(&member->at_work, task);
    struct task *same = task->same;
    end_task(keep, task);
    while (same != NULL) {
        task = same;
        same = task->same;
        (void)!take_answer(keep, task, body); /* the first was well-formed, so this one is */
        end_task(keep, task);
    }
    return ERR_NONE;
}

enum err keep_take_staged(struct keep *keep, struct member *store, uint64_t id, struct slice body)
{
    struct task *task = find_task(store, id);
    if (task == NULL) {
        return ERR_PROTOCOL;
    }
    task->ask->output = arena_copy(task->running->turn->inside->lasting, body);
    mark_done(keep, task->ask, task->ask->output.data == NULL ? ERR_MEMORY : ERR_NONE);
    take_out(&store->at_work, task);
    end_task(keep, task);
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
    if (member->role == ROLE_TELL) {
        keep_lose_teller(keep, (size_t)member->index, ERR_CLOSED, "");
    }
    end_all(keep, &member->at_work, ERR_CLOSED);
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

void keep_publish(struct keep *keep, enum log_id log)
{
    struct publication *publication = &keep->publications[log - 1];
    const struct log_edge *edge = state_log(keep->state, log);
    if (publication->id != 0 || !state_batch_is_empty(keep->state) || !audit_is_empty(keep->audit)) {
        return; /* one at a time, and never ahead of the rows: the next round comes soon */
    }
    if (edge->tree.size == edge->published_size) {
        end_all(keep, &keep->publishing[log - 1], ERR_NONE);
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
        end_all(keep, &keep->publishing[log - 1], err);
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
    end_all(keep, &keep->publishing[log - 1], err);
    return ERR_NONE;
}
