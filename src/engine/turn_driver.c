#include "engine/turn_driver.h"

#include "engine/mount.h"

#include "engine/audit.h"
#include "engine/operations.h"
#include "engine/quota.h"
#include "engine/token.h"

#include <stdlib.h>
#include <string.h>

enum { OWN_OPERATIONS_MAX = 128, OWN_ENGINES_MAX = 32, DRIVER_CACHE_BYTES = 8 << 20, ANSWER_MAX_BYTES = 24 << 20 };

struct own_operation {
    const char *name;
    operation_fn run;
};

struct queued {
    struct queued *next;
    const char *operation;
    struct buf input;           /* packed */
};

struct turn_driver {
    struct memory_rows rows;
    struct queued *queued, *last_queued;

    struct state *state;
    struct vault vault;
    struct surroundings around;
    struct audit *audit;
    driver_work_fn work;
    struct slice work_raw;
    struct complaint work_complaint;    /* what the work that is being answered says besides its output */
    struct slice work_output_raw;
    driver_tell_fn tell;
    void *tell_context;
    driver_stage_fn stage;
    void *stage_context;
    int64_t now_ms;
    uint64_t seed, draws, commits;
};

/* operation_find has no driver to ask: one driver at a time knows operations of its own. */
static struct own_operation own_operations[OWN_OPERATIONS_MAX];
static size_t own_operation_count;
static const struct engine *own_engines[OWN_ENGINES_MAX];
static size_t own_engine_count;

static const struct own_operation engine_operations[] = {
#define OPERATION(name) {#name, operation_##name},
#include "engine/operations.def"
#undef OPERATION
};

operation_fn operation_find(const char *name)
{
    for (size_t i = 0; i < own_operation_count; i++) {
        if (strcmp(own_operations[i].name, name) == 0) {
            return own_operations[i].run;
        }
    }
    for (size_t i = 0; i < sizeof engine_operations / sizeof engine_operations[0]; i++) {
        if (strcmp(engine_operations[i].name, name) == 0) {
            return engine_operations[i].run;
        }
    }
    return NULL;
}

const struct engine *engine_at(size_t index)
{
    return index < own_engine_count ? own_engines[index] : NULL;
}

const struct engine *engine_find(enum engine_class class, struct slice type)
{
    for (size_t i = 0; i < own_engine_count; i++) {
        if (own_engines[i]->class == class && slice_is(type, own_engines[i]->type)) {
            return own_engines[i];
        }
    }
    return NULL;
}

void driver_add_engine(struct turn_driver *driver, const struct engine *engine)
{
    (void)driver;
    if (own_engine_count == OWN_ENGINES_MAX) {
        abort();
    }
    own_engines[own_engine_count++] = engine;
}

void driver_add_operation(struct turn_driver *driver, const char *name, operation_fn run)
{
    (void)driver;
    if (own_operation_count == OWN_OPERATIONS_MAX) {
        abort();
    }
    own_operations[own_operation_count++] = (struct own_operation){name, run};
}

/* The next 32 bytes of the driver's randomness. */
static void draw(struct turn_driver *driver, uint8_t out[32])
{
    uint8_t counter[16];
    store_u64_little(counter, driver->seed);
    store_u64_little(counter + 8, driver->draws++);
    sha256_prefixed(0x44, slice_of(counter, sizeof counter), SLICE_NONE, out);
}

/* ---- committing ---- */

enum err driver_commit(struct turn_driver *driver)
{
    if (state_batch_is_empty(driver->state) && audit_is_empty(driver->audit)) {
        return ERR_NONE;
    }
    uint8_t seed[64];
    draw(driver, seed);
    draw(driver, seed + 32);
    enum err err = ERR_NONE;
    if (state_barrier(driver->state) != NULL) {
        err = audit_close(driver->audit, driver->state, driver->now_ms, seed);
    }
    uint64_t number = state_batch_number(driver->state);
    cleanup_buf struct buf body = BUF_INIT(2 * ANSWER_MAX_BYTES);
    err = err == ERR_NONE ? state_batch_take(driver->state, &body) : err;
    err = err == ERR_NONE ? memory_rows_commit(&driver->rows, buf_slice(&body)) : err;
    if (err == ERR_NONE) {
        state_batch_committed(driver->state, number);
        driver->commits++;
    }
    return err;
}

/* ---- serving ---- */

static enum err answer_need(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    cleanup_buf struct buf out = BUF_INIT(ANSWER_MAX_BYTES);
    enum err err = memory_rows_answer(&driver->rows, &ask->need, &out);
    ask->change_number = state_change_number(driver->state);
    ask->output = arena_copy(turn->inside->lasting, buf_slice(&out));
    ask->err = ERR_NONE;
    return err;
}

static enum err answer_work(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    struct arena *lasting = turn->inside->lasting;
    struct json *input = NULL;
    const struct json *output = NULL;
    enum err err = json_unpack(lasting, ask->input, &input);
    if (err != ERR_NONE) {
        return err;
    }
    ask->at_ms = driver->now_ms;
    driver->work_raw = ask->raw;
    driver->work_complaint = (struct complaint){0};
    driver->work_output_raw = SLICE_NONE;
    ask->err = driver->work == NULL ? ERR_NOT_FOUND : driver->work(lasting, ask->role, ask->work, input, &output);
    ask->complaint = driver->work_complaint;
    ask->output_raw = arena_copy(lasting, driver->work_output_raw);
    if (ask->err != ERR_NONE) {
        return ERR_NONE;
    }
    cleanup_buf struct buf packed = BUF_INIT(ANSWER_MAX_BYTES);
    err = output == NULL ? ERR_MEMORY : json_pack(&packed, output);
    ask->output = arena_copy(lasting, buf_slice(&packed));
    return err;
}

/* As keep: one that takes it is enough. */
static enum err tell_all(struct turn_driver *driver, struct slice records, struct complaint *complaint)
{
    struct reader reader = reader_of(records);
    struct device_record record;
    enum err taken = ERR_IO;
    while (device_record_get(&reader, &record) == ERR_NONE) {
        enum err err = driver->tell == NULL ? ERR_NONE : driver->tell(driver->tell_context, &record);
        taken = err == ERR_NONE ? ERR_NONE : taken;
    }
    return taken == ERR_NONE ? ERR_NONE : complain(complaint, ERR_IO, TEXT("no audit device takes the record, so nothing was done", "kein Audit-Gerät nimmt den Eintrag an, deshalb geschah nichts"), 0, 0, NULL, 0);
}

static enum err answer_stage(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    cleanup_buf struct buf out = BUF_INIT(ANSWER_MAX_BYTES);
    struct stage_ask question;
    struct stage_answer answer = {.err = ERR_NOT_FOUND};
    struct reader reader = reader_of(ask->raw);
    enum err err = stage_ask_get(&reader, &question);
    if (err == ERR_NONE && driver->stage != NULL) {
        driver->stage(driver->stage_context, &question, &answer);
    }
    err = err == ERR_NONE ? stage_answer_put(&out, &answer) : err;
    ask->output = arena_copy(turn->inside->lasting, buf_slice(&out));
    ask->err = ERR_NONE;
    return err;
}

static enum err answer_ask(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    ask->state = ASK_DONE;
    if (ask->role == ROLE_NONE) {
        return answer_need(driver, turn, ask);
    }
    if (ask->role == ROLE_TELL) {
        ask->err = tell_all(driver, ask->raw, &ask->complaint);
        return ERR_NONE;
    }
    if (ask->role == ROLE_STORE && ask->work != NULL) {
        return answer_stage(driver, turn, ask);
    }
    if (ask->role != ROLE_STORE) {
        return answer_work(driver, turn, ask);
    }
    size_t log = ask->need.log - 1u;
    driver->rows.published[log] = driver->rows.entry_count[log];
    state_log(driver->state, (enum log_id)ask->need.log)->published_size = driver->rows.published[log];
    ask->err = ERR_NONE;
    return ERR_NONE;
}

/* As keep does: what store is asked for a list must already have the changes below it. */
enum err driver_serve(struct turn_driver *driver, struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < inside->row_ask_count && err == ERR_NONE; i++) {
        const struct memory_row *row = memory_row(&driver->rows, inside->row_asks[i]);
        struct stored_row stored = memory_stored(row);
        err = state_supply(driver->state, inside->row_asks[i], row == NULL ? NULL : &stored);
    }
    for (struct ask *ask = inside->asks; ask != NULL && err == ERR_NONE; ask = ask->next) {
        if (ask->state == ASK_OPEN) {
            err = driver_commit(driver);
            err = err == ERR_NONE ? answer_ask(driver, turn, ask) : err;
        }
    }
    return err;
}

/* ---- turns ---- */

struct turn *driver_begin(struct turn_driver *driver, const char *operation, const struct json *input)
{
    uint8_t seed[32];
    struct json empty = {.type = JSON_OBJECT};
    cleanup_buf struct buf packed = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    struct turn *turn = turn_new(driver->state, &driver->around);
    draw(driver, seed);
    if (turn == NULL || json_pack(&packed, input == NULL ? &empty : input) != ERR_NONE ||
        turn_begin_input(turn, operation, buf_slice(&packed), driver->now_ms, seed) != ERR_NONE) {
        turn_free(turn);
        return NULL;
    }
    return turn;
}

struct turn *driver_begin_request(struct turn_driver *driver, const struct request *request)
{
    uint8_t seed[32];
    cleanup_buf struct buf body = BUF_INIT(2 * REQUEST_BODY_MAX_BYTES);
    struct turn *turn = turn_new(driver->state, &driver->around);
    draw(driver, seed);
    if (turn == NULL || request_put(&body, request) != ERR_NONE ||
        turn_begin_request(turn, buf_slice(&body), driver->now_ms, seed) != ERR_NONE) {
        turn_free(turn);
        return NULL;
    }
    return turn;
}

enum err driver_run_once(struct turn_driver *driver, struct turn *turn)
{
    enum err err = turn_run(turn);
    driver->around.sealed = driver->vault.sealed;
    driver->around.initialized = driver->vault.initialized;
    return err;
}

static enum err enqueue(struct turn_driver *driver, const struct started *started)
{
    struct queued *queued = calloc(1, sizeof *queued);
    if (queued == NULL) {
        return ERR_MEMORY;
    }
    *queued = (struct queued){.operation = started->operation, .input = BUF_INIT(REQUEST_BODY_MAX_BYTES)};
    if (driver->queued == NULL) {
        driver->queued = queued;
    } else {
        driver->last_queued->next = queued;
    }
    driver->last_queued = queued;
    return buf_append(&queued->input, started->input);
}

enum err driver_apply(struct turn_driver *driver, struct turn *turn, enum err result)
{
    if (turn->request != NULL && turn->inside->devices != NULL) {
        cleanup_buf struct buf records = BUF_INIT(ANSWER_MAX_BYTES);
        struct complaint complaint = {.text = {NULL, NULL}};
        if (device_reply(turn, result, &records) != ERR_NONE || (records.len > 0 && tell_all(driver, buf_slice(&records), &complaint) != ERR_NONE)) {
            device_reply_unrecorded(turn, ERR_IO, &complaint);
        }
    }
    for (const struct started *started = result == ERR_NONE ? turn->inside->started : NULL; started != NULL; started = started->next) {
        enum err err = enqueue(driver, started);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (result != ERR_NONE) {
        audit_count_refused(driver->audit, result);
    }
    bool has_effects = turn->inside->effects != NULL || turn->inside->evidence_count > 0;
    if (result != ERR_NONE && !has_effects) {
        return ERR_NONE;
    }
    bool asks_record = turn->route != NULL && (turn->route->flags & (ROUTE_EFFECT | ROUTE_SECRET)) != 0;
    enum err err = turn_apply(turn);
    if (err == ERR_NONE && state_barrier(driver->state) != NULL && (asks_record || has_effects)) {
        uint8_t salt[32];
        draw(driver, salt);
        err = audit_add(driver->audit, turn, salt);
    }
    return err;
}

void driver_end(struct turn *turn)
{
    turn_free(turn);
}

static enum err finish(struct turn_driver *driver, struct turn *turn, struct turn **ret_turn)
{
    if (turn == NULL) {
        return ERR_MEMORY;
    }
    enum err result = driver_run_once(driver, turn), err = ERR_NONE;
    while (result == ERR_NEED && err == ERR_NONE) {
        err = driver_serve(driver, turn);
        result = err == ERR_NONE ? driver_run_once(driver, turn) : err;
    }
    err = err == ERR_NONE ? driver_apply(driver, turn, result) : err;
    err = err == ERR_NONE ? driver_commit(driver) : err;
    if (ret_turn != NULL) {
        *ret_turn = turn;
    } else {
        turn_free(turn);
    }
    return err != ERR_NONE ? err : result;
}

enum err driver_run(struct turn_driver *driver, const char *operation, const struct json *input, struct turn **ret_turn)
{
    return finish(driver, driver_begin(driver, operation, input), ret_turn);
}

enum err driver_request(struct turn_driver *driver, const struct request *request, struct turn **ret_turn)
{
    return finish(driver, driver_begin_request(driver, request), ret_turn);
}

enum err driver_ask(struct turn_driver *driver, struct arena *arena, const struct request *request, const struct json **ret_reply)
{
    struct turn *turn = NULL;
    enum err err = driver_request(driver, request, &turn);
    const struct reply *reply = turn == NULL || turn->reply.kind == REPLY_NONE ? NULL : &turn->reply;
    *ret_reply = reply == NULL ? NULL : reply->tree != NULL ? json_copy(arena, reply->tree) : json_string(arena, reply->raw);
    driver_end(turn);
    return err;
}

static enum err operation_driver_token(struct turn *turn)
{
    const char *policy = arena_string(turn->arena, json_text(turn->input, "policy", SLICE_NONE));
    struct token_wish wish = {.name = "ada", .path = "test", .no_default_policy = true, .policies = token_policies(turn, policy, NULL)};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

struct slice driver_token(struct turn_driver *driver, struct arena *arena, const char *policy)
{
    struct turn *turn = NULL;
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "policy", slice_string(policy));
    if (driver_run(driver, "driver_token", input, &turn) != ERR_NONE) {
        abort();
    }
    struct slice token = arena_copy(arena, json_text(json_member(turn->reply.tree, "auth"), "client_token", SLICE_NONE));
    driver_end(turn);
    return token;
}

struct json *driver_tree(struct arena *arena, const char *text)
{
    struct json *tree = NULL;
    if (text != NULL && json_read(arena, slice_string(text), &tree, NULL) != ERR_NONE) {
        abort();
    }
    return tree;
}

enum err driver_settle(struct turn_driver *driver, size_t most, size_t *ret_ran)
{
    enum err err = ERR_NONE;
    size_t ran = 0;
    while (driver->queued != NULL && ran < most && err == ERR_NONE) {
        struct queued *queued = driver->queued;
        driver->queued = queued->next;
        uint8_t seed[32];
        struct turn *turn = turn_new(driver->state, &driver->around);
        draw(driver, seed);
        err = turn == NULL ? ERR_MEMORY : turn_begin_input(turn, queued->operation, buf_slice(&queued->input), driver->now_ms, seed);
        err = err == ERR_NONE ? finish(driver, turn, NULL) : err;
        buf_free(&queued->input);
        free(queued);
        ran++;
    }
    *ret_ran = ran;
    return err;
}

void driver_forget_started(struct turn_driver *driver)
{
    while (driver->queued != NULL) {
        struct queued *queued = driver->queued;
        driver->queued = queued->next;
        buf_free(&queued->input);
        free(queued);
    }
}

unsigned driver_runs(const struct turn *turn)
{
    return turn->inside->rounds;
}

/* ---- life ---- */

static enum err start(struct turn_driver *driver)
{
    uint8_t remote[32];
    draw(driver, remote);
    driver->state = state_new(DRIVER_CACHE_BYTES);
    driver->audit = audit_new();
    driver->vault.type = "none";
    driver->vault.sealed = true;
    driver->around = (struct surroundings){.sealed = true, .started_ms = driver->now_ms, .address = "https://localhost:8200",
                                           .directory = "var", .audit_directory = "/var/log/vogt", .limiter = limiter_new((const uint8_t[32]){1}), .vault = &driver->vault};
    if (driver->state == NULL || driver->audit == NULL) {
        return ERR_MEMORY;
    }
    enum err err = secret_copy(slice_of(remote, sizeof remote), &driver->vault.remote);
    return err == ERR_NONE ? driver_run(driver, "own_unseal", NULL, NULL) : err;
}

struct turn_driver *driver_new(uint64_t seed, int64_t now_ms)
{
    struct turn_driver *driver = calloc(1, sizeof *driver);
    if (driver == NULL) {
        return NULL;
    }
    own_operation_count = 0;
    own_engine_count = 0;
    driver_add_operation(driver, "driver_token", operation_driver_token);
    driver->seed = seed;
    driver->now_ms = now_ms;
    if (crypto_start() != ERR_NONE || start(driver) != ERR_NONE) {
        driver_free(driver);
        return NULL;
    }
    return driver;
}

void driver_free(struct turn_driver *driver)
{
    if (driver == NULL) {
        return;
    }
    driver_forget_started(driver);
    memory_rows_free(&driver->rows);
    state_free(driver->state);
    audit_free(driver->audit);
    limiter_free(driver->around.limiter);
    vault_free(&driver->vault);
    free(driver);
}

enum err driver_restart(struct turn_driver *driver)
{
    struct state *fresh = state_new(DRIVER_CACHE_BYTES);
    driver_forget_started(driver);
    if (fresh == NULL) {
        return ERR_MEMORY;
    }
    *state_sethash(fresh) = *state_sethash(driver->state);
    *state_log(fresh, LOG_EVIDENCE) = *state_log(driver->state, LOG_EVIDENCE);
    *state_log(fresh, LOG_AUDIT) = *state_log(driver->state, LOG_AUDIT);
    state_free(driver->state);
    driver->state = fresh;
    driver->vault.sealed = true;
    driver->around.sealed = true;
    return driver_run(driver, "own_unseal", NULL, NULL);
}

void driver_set_work(struct turn_driver *driver, driver_work_fn work)
{
    driver->work = work;
}

void driver_work_say(struct turn_driver *driver, const struct complaint *complaint, struct slice raw)
{
    driver->work_complaint = *complaint;
    driver->work_output_raw = raw;
}

struct slice driver_work_raw(const struct turn_driver *driver)
{
    return driver->work_raw;
}

void driver_set_now(struct turn_driver *driver, int64_t now_ms)
{
    driver->now_ms = now_ms;
}

void driver_step_wall(struct turn_driver *driver, int64_t by_ms)
{
    driver->now_ms += by_ms;
    driver->around.steady_ahead_ms -= by_ms;
}

void driver_set_tell(struct turn_driver *driver, driver_tell_fn tell, void *context)
{
    driver->tell = tell;
    driver->tell_context = context;
}

void driver_set_stage(struct turn_driver *driver, driver_stage_fn stage, void *context)
{
    driver->stage = stage;
    driver->stage_context = context;
}

struct state *driver_state(struct turn_driver *driver)
{
    return driver->state;
}

struct vault *driver_vault(struct turn_driver *driver)
{
    return &driver->vault;
}

struct surroundings *driver_surroundings(struct turn_driver *driver)
{
    return &driver->around;
}

const struct memory_rows *driver_rows(const struct turn_driver *driver)
{
    return &driver->rows;
}

uint64_t driver_commit_count(const struct turn_driver *driver)
{
    return driver->commits;
}
