#include "engine/turn_driver.h"

#include "engine/audit.h"
#include "engine/operations.h"
#include "ledger/commitment.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 4096, ENTRIES_MAX = 4096, OWN_OPERATIONS_MAX = 16, DRIVER_CACHE_BYTES = 8 << 20, ANSWER_MAX_BYTES = 24 << 20 };

struct row {
    struct buf path, bytes;
    uint64_t version, due_ms;
};

struct own_operation {
    const char *name;
    operation_fn run;
};

struct turn_driver {
    struct row rows[ROWS_MAX];                      /* sorted by path */
    size_t row_count;
    struct buf entries[2][ENTRIES_MAX];             /* evidence, audit */
    size_t entry_count[2];
    uint64_t published[2];

    struct state *state;
    struct vault vault;
    struct surroundings around;
    struct audit *audit;
    driver_work_fn work;
    int64_t now_ms;
    uint64_t seed, draws, commits;
};

/* operation_find has no driver to ask: one driver at a time knows operations of its own. */
static struct own_operation own_operations[OWN_OPERATIONS_MAX];
static size_t own_operation_count;

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

/* ---- rows ---- */

/* Index of the first row whose path is not before `path`. */
static size_t lower_bound(const struct turn_driver *driver, struct slice path)
{
    size_t at = 0;
    while (at < driver->row_count && slice_compare(buf_slice(&driver->rows[at].path), path) < 0) {
        at++;
    }
    return at;
}

static const struct row *find_row(const struct turn_driver *driver, struct slice path)
{
    size_t at = lower_bound(driver, path);
    return at < driver->row_count && slice_equal(buf_slice(&driver->rows[at].path), path) ? &driver->rows[at] : NULL;
}

static void remove_row(struct turn_driver *driver, size_t at)
{
    buf_free(&driver->rows[at].path);
    buf_free(&driver->rows[at].bytes);
    memmove(&driver->rows[at], &driver->rows[at + 1], (driver->row_count - at - 1) * sizeof driver->rows[0]);
    driver->row_count--;
}

static enum err insert_row(struct turn_driver *driver, size_t at, struct slice path)
{
    if (driver->row_count == ROWS_MAX) {
        return ERR_TOO_LARGE;
    }
    memmove(&driver->rows[at + 1], &driver->rows[at], (driver->row_count - at) * sizeof driver->rows[0]);
    driver->rows[at] = (struct row){.path = BUF_INIT(PATH_MAX_BYTES), .bytes = BUF_INIT(ROW_MAX_BYTES)};
    driver->row_count++;
    return buf_append(&driver->rows[at].path, path);
}

static enum err apply_change(struct turn_driver *driver, const struct change *change)
{
    size_t at = lower_bound(driver, change->path);
    bool exists = at < driver->row_count && slice_equal(buf_slice(&driver->rows[at].path), change->path);
    if ((exists ? driver->rows[at].version : 0) != change->expected_version) {
        return ERR_CONFLICT;
    }
    if (change->kind == CHANGE_DELETE) {
        if (exists) {
            remove_row(driver, at);
        }
        return ERR_NONE;
    }
    enum err err = exists ? ERR_NONE : insert_row(driver, at, change->path);
    if (err != ERR_NONE) {
        return err;
    }
    struct row *row = &driver->rows[at];
    row->version = change->expected_version + 1;
    row->due_ms = change->due_unix_ms;
    buf_clear(&row->bytes);
    return buf_append(&row->bytes, change->bytes);
}

/* ---- committing: the COMMIT body, as store reads it ---- */

static enum err apply_append(struct turn_driver *driver, const struct append *append)
{
    size_t log = append->log - 1u;
    if (log > 1 || append->index != driver->entry_count[log] || append->index == ENTRIES_MAX) {
        return ERR_CONFLICT;
    }
    struct buf *entry = &driver->entries[log][driver->entry_count[log]++];
    *entry = BUF_INIT(ROW_MAX_BYTES);
    return buf_append(entry, append->entry);
}

static void count_root(const struct turn_driver *driver, enum log_id log, struct tree_hash *ret_root)
{
    struct tree tree;
    tree_clear(&tree);
    for (size_t i = 0; i < driver->entry_count[log - 1]; i++) {
        if (tree_append(&tree, buf_slice(&driver->entries[log - 1][i])) != ERR_NONE) {
            abort();
        }
    }
    tree_root(&tree, ret_root);
}

static enum err check_intent(const struct turn_driver *driver, struct reader *reader)
{
    uint8_t log = 0;
    uint64_t size = 0;
    struct slice root;
    struct tree_hash counted;
    enum err err = get_u8(reader, &log);
    err = err == ERR_NONE ? get_u64(reader, &size) : err;
    err = err == ERR_NONE ? get_raw(reader, SHA256_BYTES, &root) : err;
    if (err != ERR_NONE || log < LOG_EVIDENCE || log > LOG_AUDIT) {
        return ERR_PROTOCOL;
    }
    count_root(driver, (enum log_id)log, &counted);
    return size == driver->entry_count[log - 1] && slice_equal(root, tree_hash_slice(&counted)) ? ERR_NONE : ERR_CONFLICT;
}

static enum err apply_batch(struct turn_driver *driver, struct slice body)
{
    struct reader reader = reader_of(body);
    uint64_t epoch = 0;
    uint32_t changes = 0, appends = 0, logs = 0;
    struct slice lanes;
    enum err err = get_u64(&reader, &epoch);
    err = err == ERR_NONE ? get_u32(&reader, &changes) : err;
    for (uint32_t i = 0; i < changes && err == ERR_NONE; i++) {
        struct change change;
        err = change_get(&reader, &change);
        err = err == ERR_NONE ? apply_change(driver, &change) : err;
    }
    err = err == ERR_NONE ? get_u32(&reader, &appends) : err;
    for (uint32_t i = 0; i < appends && err == ERR_NONE; i++) {
        struct append append;
        err = append_get(&reader, &append);
        err = err == ERR_NONE ? apply_append(driver, &append) : err;
    }
    err = err == ERR_NONE ? get_u32(&reader, &logs) : err;
    for (uint32_t i = 0; i < logs && err == ERR_NONE; i++) {
        err = check_intent(driver, &reader);
    }
    err = err == ERR_NONE ? get_bytes(&reader, SETHASH_BYTES, &lanes) : err;
    return err == ERR_NONE ? reader_end(&reader) : err;
}

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
    err = err == ERR_NONE ? apply_batch(driver, buf_slice(&body)) : err;
    if (err == ERR_NONE) {
        state_batch_committed(driver->state, number);
        driver->commits++;
    }
    return err;
}

/* ---- serving ---- */

static enum err put_row(struct buf *out, const struct row *row)
{
    enum err err = put_bytes(out, buf_slice(&row->path));
    err = err == ERR_NONE ? put_u64(out, row->version) : err;
    return err == ERR_NONE ? put_bytes(out, buf_slice(&row->bytes)) : err;
}

/* Puts `count` where the answer began with a zero. */
static void set_count(struct buf *out, uint32_t count)
{
    store_u32_little(out->data, count);
}

static enum err answer_list(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    enum err err = put_u32(out, 0);
    for (size_t i = 0; i < driver->row_count && count < need->limit && err == ERR_NONE; i++) {
        struct slice path = buf_slice(&driver->rows[i].path);
        if (slice_starts(path, need->path) && (need->after.len == 0 || slice_compare(path, need->after) > 0)) {
            err = put_row(out, &driver->rows[i]);
            count++;
        }
    }
    set_count(out, count);
    return err;
}

/* Oldest first, as store gives them. */
static enum err answer_due(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    uint64_t at = 0;
    enum err err = put_u32(out, 0);
    while (count < need->limit && err == ERR_NONE) {
        uint64_t next = UINT64_MAX;
        for (size_t i = 0; i < driver->row_count; i++) {
            uint64_t due = driver->rows[i].due_ms;
            next = due > at && due < next ? due : next;
        }
        if (next > need->number) {
            break;
        }
        for (size_t i = 0; i < driver->row_count && count < need->limit && err == ERR_NONE; i++) {
            if (driver->rows[i].due_ms == next) {
                err = put_row(out, &driver->rows[i]);
                count++;
            }
        }
        at = next;
    }
    set_count(out, count);
    return err;
}

static enum err answer_names(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    struct slice last = SLICE_NONE;
    enum err err = put_u32(out, 0);
    for (size_t i = 0; i < driver->row_count && count < need->limit && err == ERR_NONE; i++) {
        struct slice path = buf_slice(&driver->rows[i].path);
        if (!slice_starts(path, need->path)) {
            continue;
        }
        struct slice name = slice_from(path, need->path.len);
        size_t slash = slice_find_byte(name, '/');
        name = slash == SIZE_MAX ? name : slice_first(name, slash + 1);
        if (slice_equal(name, last) || (need->after.len > 0 && slice_compare(name, need->after) <= 0)) {
            continue;
        }
        last = name;
        err = put_bytes(out, name);
        count++;
    }
    set_count(out, count);
    return err;
}

static enum err answer_entries(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    uint32_t count = 0;
    enum err err = put_u32(out, 0);
    for (uint64_t i = need->number; i < driver->entry_count[need->log - 1] && count < need->limit && err == ERR_NONE; i++) {
        err = put_bytes(out, buf_slice(&driver->entries[need->log - 1][i]));
        count++;
    }
    set_count(out, count);
    return err;
}

/* No note is signed here: the log answers its size, and no checkpoint. */
static enum err answer_log(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    enum err err = put_u64(out, driver->entry_count[need->log - 1]);
    err = err == ERR_NONE ? put_u64(out, driver->published[need->log - 1]) : err;
    err = err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
    return err == ERR_NONE ? put_u32(out, 0) : err;
}

static enum err answer_tile(const struct turn_driver *driver, const struct need *need, struct buf *out)
{
    (void)driver;
    (void)need;
    enum err err = put_u8(out, 0); /* nothing is published: no tile exists */
    return err == ERR_NONE ? put_bytes(out, SLICE_NONE) : err;
}

typedef enum err (*answer_fn)(const struct turn_driver *driver, const struct need *need, struct buf *out);

static enum err answer_need(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    static const struct {
        enum need_kind kind;
        answer_fn answer;
    } answers[] = {
        {NEED_LIST, answer_list}, {NEED_DUE, answer_due}, {NEED_NAMES, answer_names}, {NEED_ENTRIES, answer_entries}, {NEED_LOG, answer_log}, {NEED_TILE, answer_tile},
    };
    cleanup_buf struct buf out = BUF_INIT(ANSWER_MAX_BYTES);
    enum err err = ERR_PROTOCOL;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].kind == ask->need.kind) {
            err = answers[i].answer(driver, &ask->need, &out);
        }
    }
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
    ask->err = driver->work == NULL ? ERR_NOT_FOUND : driver->work(lasting, ask->role, ask->work, input, &output);
    if (ask->err != ERR_NONE) {
        return ERR_NONE;
    }
    cleanup_buf struct buf packed = BUF_INIT(ANSWER_MAX_BYTES);
    err = output == NULL ? ERR_MEMORY : json_pack(&packed, output);
    ask->output = arena_copy(lasting, buf_slice(&packed));
    return err;
}

static enum err answer_ask(struct turn_driver *driver, struct turn *turn, struct ask *ask)
{
    ask->state = ASK_DONE;
    if (ask->role == ROLE_NONE) {
        return answer_need(driver, turn, ask);
    }
    if (ask->role != ROLE_STORE) {
        return answer_work(driver, turn, ask);
    }
    size_t log = ask->need.log - 1u;
    driver->published[log] = driver->entry_count[log];
    state_log(driver->state, (enum log_id)ask->need.log)->published_size = driver->published[log];
    ask->err = ERR_NONE;
    return ERR_NONE;
}

/* As keep does: what store is asked for a list must already have the changes below it. */
enum err driver_serve(struct turn_driver *driver, struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < inside->row_ask_count && err == ERR_NONE; i++) {
        const struct row *row = find_row(driver, inside->row_asks[i]);
        err = state_supply(driver->state, inside->row_asks[i], row != NULL, row == NULL ? 0 : row->version,
                           row == NULL ? SLICE_NONE : buf_slice(&row->bytes));
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

enum err driver_apply(struct turn_driver *driver, struct turn *turn, enum err result)
{
    if (result != ERR_NONE) {
        audit_count_refused(driver->audit, result);
        return ERR_NONE;
    }
    bool asks_record = turn->route != NULL && (turn->route->flags & (ROUTE_EFFECT | ROUTE_SECRET)) != 0;
    bool has_effects = turn->inside->effects != NULL || turn->inside->evidence_count > 0;
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
                                           .directory = "var", .vault = &driver->vault};
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
    while (driver->row_count > 0) {
        remove_row(driver, driver->row_count - 1);
    }
    for (size_t log = 0; log < 2; log++) {
        for (size_t i = 0; i < driver->entry_count[log]; i++) {
            buf_free(&driver->entries[log][i]);
        }
    }
    state_free(driver->state);
    audit_free(driver->audit);
    vault_free(&driver->vault);
    free(driver);
}

enum err driver_restart(struct turn_driver *driver)
{
    struct state *fresh = state_new(DRIVER_CACHE_BYTES);
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

void driver_set_now(struct turn_driver *driver, int64_t now_ms)
{
    driver->now_ms = now_ms;
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

/* ---- what was committed ---- */

size_t driver_row_count(const struct turn_driver *driver)
{
    return driver->row_count;
}

bool driver_has_row(const struct turn_driver *driver, const char *path)
{
    return find_row(driver, slice_string(path)) != NULL;
}

uint64_t driver_row_version(const struct turn_driver *driver, const char *path)
{
    const struct row *row = find_row(driver, slice_string(path));
    return row == NULL ? 0 : row->version;
}

struct slice driver_row_bytes(const struct turn_driver *driver, const char *path)
{
    const struct row *row = find_row(driver, slice_string(path));
    return row == NULL ? SLICE_NONE : buf_slice(&row->bytes);
}

size_t driver_entry_count(const struct turn_driver *driver, enum log_id log)
{
    return driver->entry_count[log - 1];
}

struct slice driver_entry(const struct turn_driver *driver, enum log_id log, size_t index)
{
    return index < driver->entry_count[log - 1] ? buf_slice(&driver->entries[log - 1][index]) : SLICE_NONE;
}

uint64_t driver_commit_count(const struct turn_driver *driver)
{
    return driver->commits;
}

enum err driver_state_digest(const struct turn_driver *driver, uint8_t ret_digest[SHA256_BYTES])
{
    struct sethash sethash;
    sethash_clear(&sethash);
    for (size_t i = 0; i < driver->row_count; i++) {
        const struct row *row = &driver->rows[i];
        if (slice_starts(buf_slice(&row->path), SLICE_LITERAL("audit/"))) {
            continue;
        }
        enum err err = sethash_add(&sethash, buf_slice(&row->path), row->version, buf_slice(&row->bytes));
        if (err != ERR_NONE) {
            return err;
        }
    }
    sethash_digest(&sethash, ret_digest);
    return ERR_NONE;
}

void driver_fingerprint(const struct turn_driver *driver, uint8_t ret_digest[SHA256_BYTES])
{
    struct sha256 *sha = sha256_new();
    if (sha == NULL) {
        abort();
    }
    for (size_t i = 0; i < driver->row_count; i++) {
        sha256_update(sha, buf_slice(&driver->rows[i].path));
        sha256_update(sha, buf_slice(&driver->rows[i].bytes));
    }
    for (size_t log = 0; log < 2; log++) {
        for (size_t i = 0; i < driver->entry_count[log]; i++) {
            sha256_update(sha, buf_slice(&driver->entries[log][i]));
        }
    }
    sha256_finish(sha, ret_digest);
    sha256_free(sha);
}
