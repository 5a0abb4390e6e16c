/* Turns: begun, run, fetched for, committed, replied. */
#include "roles/keep.h"

#include "base/array.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static struct running *new_running(struct keep *keep, enum origin origin, uint64_t frame_id)
{
    struct running *running = keep->running_count >= RUNNING_MAX ? NULL : calloc(1, sizeof *running);
    if (running == NULL) {
        return NULL;
    }
    running->turn = keep->spare_count > 0 ? keep->spare[--keep->spare_count] : turn_new(keep->state, &keep->around);
    if (running->turn == NULL) {
        free(running);
        return NULL;
    }
    running->origin = origin;
    running->frame_id = frame_id;
    return running;
}

static void put(struct running_queue *queue, struct running *running)
{
    running->queue_next = NULL;
    if (queue->last == NULL) {
        queue->first = running;
    } else {
        queue->last->queue_next = running;
    }
    queue->last = running;
}

static struct running *take(struct running_queue *queue)
{
    struct running *running = queue->first;
    queue->first = running->queue_next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    return running;
}

static void enqueue(struct keep *keep, struct running *running)
{
    running->next = keep->running;
    if (keep->running != NULL) {
        keep->running->previous = running;
    }
    keep->running = running;
    keep->running_count++;
    put(&keep->runnable, running);
}

static void leave(struct keep *keep, struct running *running)
{
    if (running->previous == NULL) {
        keep->running = running->next;
    } else {
        running->previous->next = running->next;
    }
    if (running->next != NULL) {
        running->next->previous = running->previous;
    }
    keep->running_count--;
}

static void discard(struct keep *keep, struct running *running)
{
    keep->hungry_count -= running->turn->inside->rounds >= HUNGRY_ROUNDS ? 1 : 0;
    if (keep->spare_count < SPARE_MAX && turn_memory(running->turn) <= SPARE_TURN_MAX_BYTES) {
        turn_reset(running->turn);
        keep->spare[keep->spare_count++] = running->turn;
    } else {
        turn_free(running->turn);
    }
    free(running);
}

void keep_new_seed(struct keep *keep)
{
    random_bytes(keep->seed, sizeof keep->seed);
    keep->seeded = 0;
}

/* A system call a round instead of one a request: seeds are the round's random bytes hashed with a count. */
static void draw_seed(struct keep *keep, uint8_t ret_seed[32])
{
    uint8_t count[8];
    store_u64_little(count, keep->seeded++);
    sha256_prefixed(0x53, slice_of(keep->seed, sizeof keep->seed), slice_of(count, sizeof count), ret_seed);
}

enum err keep_begin_request(struct keep *keep, struct channel *gate, uint64_t frame_id, struct slice body)
{
    struct running *running = new_running(keep, ORIGIN_GATE, frame_id);
    if (running == NULL) {
        return ERR_BUSY;
    }
    uint8_t seed[32];
    draw_seed(keep, seed);
    enum err err = turn_begin_request(running->turn, body, keep->now.unix_ms, seed);
    wipe(seed, sizeof seed);
    if (err != ERR_NONE) {
        discard(keep, running);
        return err == ERR_MEMORY ? ERR_BUSY : ERR_PROTOCOL;
    }
    running->gate = gate;
    keep->counters.requests++;
    enqueue(keep, running);
    return ERR_NONE;
}

static enum err begin_packed(struct keep *keep, enum origin origin, uint64_t frame_id, const char *operation, struct slice packed)
{
    struct running *running = new_running(keep, origin, frame_id);
    if (running == NULL) {
        return ERR_BUSY;
    }
    uint8_t seed[32];
    draw_seed(keep, seed);
    enum err err = turn_begin_input(running->turn, operation, packed, keep->now.unix_ms, seed);
    wipe(seed, sizeof seed);
    if (err != ERR_NONE) {
        discard(keep, running);
        return err;
    }
    running->operation = operation;
    enqueue(keep, running);
    return ERR_NONE;
}

enum err keep_begin_own(struct keep *keep, enum origin origin, uint64_t frame_id, const char *operation, const struct json *input)
{
    cleanup_buf struct buf packed = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    struct json empty = {.type = JSON_OBJECT};
    enum err err = json_pack(&packed, input == NULL ? &empty : input);
    return err == ERR_NONE ? begin_packed(keep, origin, frame_id, operation, buf_slice(&packed)) : err;
}

/* ---- asking store ---- */

static enum err add_question(struct keep *keep, struct running *running, struct ask *ask, struct slice path)
{
    struct fetch *fetch = keep->open_fetch;
    if (fetch == NULL) {
        fetch = calloc(1, sizeof *fetch);
        if (fetch == NULL) {
            return ERR_MEMORY;
        }
        keep->open_fetch = fetch;
    }
    struct question *questions = array_room(fetch->questions, fetch->count, &fetch->capacity, sizeof *questions);
    if (questions == NULL) {
        return ERR_MEMORY;
    }
    fetch->questions = questions;
    fetch->questions[fetch->count++] = (struct question){running, ask, path};
    running->waiting++;
    return ERR_NONE;
}

/* Hands every question of the run on: rows and lists to store, work to its role. */
static enum err ask_for(struct keep *keep, struct running *running)
{
    struct turn_private *inside = running->turn->inside;
    enum err err = ERR_NONE;
    running->state = RUN_WAITING;
    running->waiting++; /* one too many: what is answered at once lets the turn go on only when all is asked */
    for (size_t i = 0; i < inside->row_ask_count && err == ERR_NONE; i++) {
        struct slice path = arena_copy(inside->lasting, inside->row_asks[i]); /* the run's arena may go before the answer comes */
        err = path.data == NULL ? ERR_MEMORY : add_question(keep, running, NULL, path);
    }
    for (struct ask *ask = inside->asks; ask != NULL && err == ERR_NONE; ask = ask->next) {
        if (ask->state != ASK_OPEN) {
            continue;
        }
        ask->state = ASK_SENT;
        if (ask->role == ROLE_NONE) {
            err = add_question(keep, running, ask, SLICE_NONE);
        } else {
            err = keep_add_task(keep, running, ask);
        }
    }
    keep_answered(keep, running);
    return err;
}

static enum err put_question(struct buf *out, const struct question *question)
{
    struct need need = {.kind = NEED_ROW, .path = question->path};
    return need_put(out, question->ask == NULL ? &need : &question->ask->need);
}

/* Would store answer a list of the open fetch without a change that is still in the open batch? */
static bool fetch_needs_batch(const struct keep *keep)
{
    const struct fetch *fetch = keep->open_fetch;
    for (size_t i = 0; fetch != NULL && i < fetch->count; i++) {
        const struct ask *ask = fetch->questions[i].ask;
        if (ask != NULL && ask->need.kind != NEED_TILE && ask->need.kind != NEED_LOG &&
            (ask->need.kind == NEED_DUE || ask->need.kind == NEED_ENTRIES || state_open_below(keep->state, ask->need.path))) {
            return true;
        }
    }
    return false;
}

static enum err send_fetch(struct keep *keep)
{
    struct fetch *fetch = keep->open_fetch;
    if (fetch == NULL) {
        return ERR_NONE;
    }
    fetch->id = ++keep->next_id;
    struct buf *out = channel_begin(keep->store, MESSAGE_FETCH, fetch->id);
    enum err err = out == NULL ? ERR_MEMORY : put_u32(out, (uint32_t)fetch->count);
    for (size_t i = 0; i < fetch->count && err == ERR_NONE; i++) {
        struct ask *ask = fetch->questions[i].ask;
        if (ask != NULL) {
            ask->change_number = state_change_number(keep->state);
        }
        err = put_question(out, &fetch->questions[i]);
    }
    err = err == ERR_NONE ? channel_end(keep->store) : err;
    keep->open_fetch = NULL;
    fetch->next = keep->fetches;
    keep->fetches = fetch;
    keep->counters.fetches++;
    return err;
}

static enum err send_commit(struct keep *keep)
{
    uint8_t seed[64];
    random_bytes(seed, sizeof seed);
    enum err err = ERR_NONE;
    if (state_barrier(keep->state) != NULL) {
        err = audit_close(keep->audit, keep->state, keep->now.unix_ms, seed);
    }
    wipe(seed, sizeof seed);
    uint64_t number = state_batch_number(keep->state);
    struct buf *out = channel_begin(keep->store, MESSAGE_COMMIT, number);
    err = err == ERR_NONE && out == NULL ? ERR_MEMORY : err;
    err = err == ERR_NONE ? state_batch_take(keep->state, out) : err;
    err = err == ERR_NONE ? channel_end(keep->store) : err;
    if (err == ERR_NONE) {
        keep->sent_batch = number;
        keep->counters.commits++;
    }
    return err;
}

enum err keep_send_batch(struct keep *keep)
{
    enum err err = ERR_NONE;
    bool is_open = !state_batch_is_empty(keep->state) || !audit_is_empty(keep->audit);
    if (is_open && (keep->sent_batch == keep->committed_batch || fetch_needs_batch(keep))) {
        err = send_commit(keep);
    }
    return err == ERR_NONE ? send_fetch(keep) : err;
}

/* ---- answers of store ---- */

void keep_answered(struct keep *keep, struct running *running)
{
    if (--running->waiting == 0) {
        running->state = RUN_RUNNABLE;
        put(&keep->runnable, running);
    }
}

/* Passes over one answer of this kind, so that its bytes can be cut out. */
static enum err skip_answer(struct reader *reader, enum need_kind kind)
{
    uint32_t count = 0;
    uint64_t number = 0;
    uint8_t byte = 0;
    uint16_t word = 0;
    struct slice bytes;
    struct stored_row row;
    enum err err = ERR_NONE;
    switch (kind) {
    case NEED_LIST:
    case NEED_DUE:
        err = get_u32(reader, &count);
        for (uint32_t i = 0; i < count && err == ERR_NONE; i++) {
            err = stored_row_get(reader, &row);
        }
        return err;
    case NEED_ENTRIES:
    case NEED_NAMES:
        err = get_u32(reader, &count);
        for (uint32_t i = 0; i < count && err == ERR_NONE; i++) {
            err = get_bytes(reader, ROW_MAX_BYTES, &bytes);
        }
        return err;
    case NEED_LOG:
        err = get_u64(reader, &number);
        err = err == ERR_NONE ? get_u64(reader, &number) : err;
        err = err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &bytes) : err;
        err = err == ERR_NONE ? get_u32(reader, &count) : err;
        return err == ERR_NONE ? get_raw(reader, (size_t)count * SHA256_BYTES, &bytes) : err;
    case NEED_ROW:
        err = get_u8(reader, &byte);
        err = err == ERR_NONE ? get_u64(reader, &number) : err;
        err = err == ERR_NONE ? get_u64(reader, &number) : err;
        return err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &bytes) : err;
    case NEED_TILE:
        err = get_u8(reader, &byte);
        return err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &bytes) : err;
    case NEED_STATE:
        err = get_bytes(reader, ROW_MAX_BYTES, &bytes);
        err = err == ERR_NONE ? get_u8(reader, &byte) : err;
        return err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &bytes) : err;
    case NEED_SNAPSHOT:
        err = get_u16(reader, &word);
        err = err == ERR_NONE ? get_u8(reader, &byte) : err;
        err = err == ERR_NONE ? get_u64(reader, &number) : err;
        return err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &bytes) : err;
    }
    return ERR_PROTOCOL;
}

static enum err take_row(struct keep *keep, struct reader *reader, struct slice path)
{
    uint8_t found = 0;
    struct stored_row row = {.path = path};
    enum err err = get_u8(reader, &found);
    err = err == ERR_NONE ? get_u64(reader, &row.version) : err;
    err = err == ERR_NONE ? get_u64(reader, &row.due_unix_ms) : err;
    err = err == ERR_NONE ? get_bytes(reader, ROW_MAX_BYTES, &row.bytes) : err;
    return err == ERR_NONE ? state_supply(keep->state, path, found != 0 ? &row : NULL) : err;
}

static enum err take_answer(struct keep *keep, struct reader *reader, struct question *question)
{
    if (question->ask == NULL) {
        return take_row(keep, reader, question->path);
    }
    size_t start = reader->position;
    enum err err = skip_answer(reader, question->ask->need.kind);
    if (err != ERR_NONE) {
        return err;
    }
    question->ask->output = arena_copy(question->running->turn->inside->lasting, slice_of(reader->data + start, reader->position - start));
    question->ask->err = question->ask->output.data == NULL ? ERR_MEMORY : ERR_NONE;
    question->ask->state = ASK_DONE;
    return ERR_NONE;
}

static struct fetch *take_fetch(struct keep *keep, uint64_t id)
{
    for (struct fetch **at = &keep->fetches; *at != NULL; at = &(*at)->next) {
        if ((*at)->id == id) {
            struct fetch *fetch = *at;
            *at = fetch->next;
            return fetch;
        }
    }
    return NULL;
}

/* Store could not answer (too large an answer, an I/O error): every turn of the fetch ends with that error. */
static void fail_fetch(struct keep *keep, const struct fetch *fetch, enum err err)
{
    for (size_t i = 0; i < fetch->count; i++) {
        struct running *running = fetch->questions[i].running;
        if (running->state == RUN_WAITING) {
            running->result = err;
        }
        keep_answered(keep, running);
    }
}

enum err keep_take_fetched(struct keep *keep, uint64_t id, struct slice body)
{
    struct fetch *fetch = take_fetch(keep, id);
    struct reader reader = reader_of(body);
    uint16_t code = 0;
    uint32_t count = 0;
    enum err err = fetch == NULL ? ERR_PROTOCOL : get_u16(&reader, &code);
    if (err == ERR_NONE && code != ERR_NONE) {
        fail_fetch(keep, fetch, (enum err)(code < ERR_COUNT ? code : ERR_INTERNAL));
    } else if (err == ERR_NONE) {
        err = get_u32(&reader, &count);
        err = err == ERR_NONE && count != fetch->count ? ERR_PROTOCOL : err;
        for (size_t i = 0; err == ERR_NONE && i < fetch->count; i++) {
            err = take_answer(keep, &reader, &fetch->questions[i]);
            keep_answered(keep, fetch->questions[i].running);
        }
        err = err == ERR_NONE ? reader_end(&reader) : err;
    }
    if (fetch != NULL) {
        free(fetch->questions);
        free(fetch);
    }
    return err == ERR_NONE ? ERR_NONE : ERR_PROTOCOL;
}

enum err keep_take_committed(struct keep *keep, uint64_t id, struct slice body)
{
    struct reader reader = reader_of(body);
    uint16_t code = 0;
    struct slice path;
    enum err err = get_u16(&reader, &code);
    err = err == ERR_NONE ? get_bytes(&reader, PATH_MAX_BYTES, &path) : err;
    if (err != ERR_NONE || id != keep->committed_batch + 1) {
        return ERR_PROTOCOL;
    }
    if (code != ERR_NONE) {
        enum err failed = (enum err)(code < ERR_COUNT ? code : ERR_INTERNAL);
        LOG(LOG_ERROR, "store.refused", LOG_ERR(failed), LOG_SLICE("row", path));
        return failed;
    }
    keep->committed_batch = id;
    state_batch_committed(keep->state, id);
    return ERR_NONE;
}

/* ---- running ---- */

static bool has_effects(const struct turn *turn)
{
    return turn->inside->effects != NULL || turn->inside->evidence_count > 0;
}

static enum err record(struct keep *keep, const struct turn *turn)
{
    bool asks_record = turn->route != NULL && (turn->route->flags & (ROUTE_EFFECT | ROUTE_SECRET)) != 0;
    if (state_barrier(keep->state) == NULL || (!asks_record && !has_effects(turn))) {
        return ERR_NONE;
    }
    uint8_t salt[32];
    draw_seed(keep, salt);
    return audit_add(keep->audit, turn, salt);
}

/* The record of the reply goes to the audit devices before the reply leaves. False: there is nothing to wait for. */
static bool tell_reply(struct keep *keep, struct running *running)
{
    cleanup_buf struct buf records = BUF_INIT(DEVICES_MAX * (DEVICE_RECORD_MAX_BYTES + (64 << 10)));
    enum err err = device_reply(running->turn, running->result, &records);
    if (err == ERR_NONE && records.len == 0) {
        return false;
    }
    err = err == ERR_NONE ? keep_tell(keep, running, NULL, buf_slice(&records)) : err;
    wipe(records.data, records.len);
    if (err != ERR_NONE) {
        struct complaint cause = {.text = {NULL, NULL}};
        LOG(LOG_ERROR, "audit.record-lost", LOG_ERR(err));
        device_reply_unrecorded(running->turn, err, &cause);
    }
    return err == ERR_NONE;
}

static void end_turn(struct keep *keep, struct running *running, enum err err)
{
    struct turn *turn = running->turn;
    running->result = err;
    running->state = RUN_ENDED;
    keep->counters.turns++;
    if (err != ERR_NONE) {
        keep->counters.refused++;
        audit_count_refused(keep->audit, err);
    }
    if (err == ERR_NONE || has_effects(turn)) { /* a refused request has used up its token all the same */
        bool is_full = state_batch_bytes(keep->state) + turn->inside->effect_bytes > BATCH_FULL_BYTES && !state_batch_is_empty(keep->state);
        enum err applied = is_full && keep->store != NULL ? send_commit(keep) : ERR_NONE;
        applied = applied == ERR_NONE ? turn_apply(turn) : applied;
        applied = applied == ERR_NONE ? record(keep, turn) : applied;
        if (applied != ERR_NONE) {
            LOG(LOG_ERROR, "keep.effect-lost", LOG_ERR(applied));
            keep->failed = applied; /* half applied: only a restart from what is committed is safe */
        }
    }
    if (err == ERR_NONE && turn->route != NULL && strcmp(turn->route->operation, "ledger_reopen") == 0) {
        keep_reopened(keep);
    }
    if (err == ERR_NONE && !keep->vault.sealed) {
        keep_unsealed(keep);
    }
    keep->around.sealed = keep->vault.sealed;
    keep->around.initialized = keep->vault.initialized;
    bool is_open = !state_batch_is_empty(keep->state) || !audit_is_empty(keep->audit);
    running->waits_for = is_open ? state_batch_number(keep->state) : state_batch_number(keep->state) - 1; /* never less than that of a turn that ended before */
    if (running->origin != ORIGIN_GATE || turn->inside->devices == NULL || !tell_reply(keep, running)) {
        put(&keep->ended, running);
    }
}

void keep_told(struct keep *keep, struct running *running)
{
    put(&keep->ended, running);
}

void keep_run(struct keep *keep, size_t most)
{
    for (size_t i = 0; i < most && keep->failed == ERR_NONE && keep->runnable.first != NULL; i++) {
        struct running *running = take(&keep->runnable);
        enum err err = running->result;
        if (err == ERR_NONE) {
            err = turn_run(running->turn);
            keep->hungry_count += running->turn->inside->rounds == HUNGRY_ROUNDS ? 1 : 0;
        } else {
            turn_fail(running->turn, err);
        }
        if (err == ERR_NEED) {
            err = ask_for(keep, running);
            if (err == ERR_NONE) {
                continue;
            }
            keep->failed = err;
            return;
        }
        end_turn(keep, running, err);
    }
}

bool keep_has_runnable(const struct keep *keep)
{
    return keep->runnable.first != NULL;
}

static enum err send_one(struct running *running, const struct reply *reply)
{
    struct buf *out = channel_begin(running->gate, MESSAGE_REPLY, running->frame_id);
    enum err err = out == NULL ? ERR_MEMORY : reply_put(out, reply);
    return err == ERR_NONE ? channel_end(running->gate) : err;
}

/* A reply that cannot be written is answered by its bare failure: a client that hears nothing waits for ever. */
static void send_reply(struct running *running)
{
    enum err err = send_one(running, &running->turn->reply);
    if (err == ERR_NONE) {
        return;
    }
    LOG(LOG_ERROR, "keep.reply-lost", LOG_ERR(err));
    struct reply failed = {.status = (uint16_t)err_http_status(err == ERR_TOO_LARGE ? err : ERR_INTERNAL), .kind = REPLY_NONE};
    err = send_one(running, &failed);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "keep.reply-lost", LOG_ERR(err));
    }
}

static void start_followers(struct keep *keep, const struct running *running)
{
    for (const struct started *started = running->turn->inside->started; started != NULL; started = started->next) {
        enum err err = begin_packed(keep, ORIGIN_OWN, 0, started->operation, started->input);
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "keep.turn-lost", LOG_TEXT("operation", started->operation), LOG_ERR(err));
        }
    }
}

/* Another store waits to be opened. The loop flushes the parent's channel last, so the reply has left by then. */
static void begin_anew(struct keep *keep)
{
    uint8_t body[1] = {keep->restoring.is_other_key};
    enum err err = channel_send(keep->start.parent, MESSAGE_BEGIN_ANEW, 0, slice_of(body, sizeof body));
    keep->failed = err != ERR_NONE ? err : keep->failed;
}

void keep_release(struct keep *keep)
{
    while (keep->ended.first != NULL && keep->ended.first->waits_for <= keep->committed_batch) {
        struct running *running = take(&keep->ended);
        if (running->turn->route != NULL && strcmp(running->turn->route->operation, "sys_audit_delete") == 0) {
            keep_drop_idle_tellers(keep); /* not before: the device's last record is that of its own end */
        }
        if (running->origin == ORIGIN_GATE && running->gate != NULL) {
            send_reply(running);
        } else if (running->origin != ORIGIN_GATE) {
            keep_own_ended(keep, running);
        }
        start_followers(keep, running);
        if (running->turn == keep->restoring.done) {
            begin_anew(keep);
        }
        leave(keep, running);
        discard(keep, running);
    }
}

void keep_forget_gate(struct keep *keep, const struct channel *gate)
{
    for (struct running *running = keep->running; running != NULL; running = running->next) {
        if (running->gate == gate) {
            running->gate = NULL;
        }
    }
}
