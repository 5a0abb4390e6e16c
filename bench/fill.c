/*
 * fill DIRECTORY leases COUNT PREFIX SECONDS     leases below PREFIX that end in SECONDS
 * fill DIRECTORY children COUNT TOKEN SECONDS    tokens below that token
 *
 * Puts rows into the store of a stopped Vogt, as keep would have: sealed, in the set-hash, with audit entries. For benches only: what takes a client hours takes
 * seconds here. It is keep's turns and store's transactions in one process, without channels; the seal is the key file beside the store.
 */
#include "engine/audit.h"
#include "engine/mount.h"
#include "engine/token.h"
#include "engine/turn_inside.h"
#include "engine/vault.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_A_TURN = 4000, ANSWER_MAX_BYTES = 64 << 20, CACHE_BYTES = 8 << 20 };

static struct {
    struct store *store;
    struct state *state;
    struct audit *audit;
    struct vault vault;
    struct surroundings around;
} own;

static void must(enum err err, const char *what)
{
    if (err != ERR_NONE) {
        fprintf(stderr, "fill: %s: %s\n", what, err_name(err));
        exit(1);
    }
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- what is put ---- */

static struct json *new_lease(struct turn *turn, struct slice mount_path, const struct json *mount, uint64_t seconds)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "token", SLICE_NONE);
    json_set_string(turn->arena, row, "mount", json_text(mount, "uuid", SLICE_NONE));
    json_set_string(turn->arena, row, "mount_path", mount_path);
    json_set_i64(turn->arena, row, "issued_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "expires_s", turn->steady_ms / 1000 + (int64_t)seconds);
    json_set_u64(turn->arena, row, "ttl_s", seconds);
    json_set_u64(turn->arena, row, "max_ttl_s", 2 * seconds);
    json_set_bool(turn->arena, row, "renewable", true);
    json_set_object(turn->arena, row, "data");
    return row;
}

static enum err put_new(struct turn *turn, char *path, const struct json *row, int64_t due_ms)
{
    enum err err = turn_is_new(turn, path);
    return err == ERR_NONE ? turn_put_json(turn, path, row, due_ms) : err;
}

/* {"prefix","first","count","seconds"}: the first segment of the prefix is the mount. */
static enum err operation_leases(struct turn *turn)
{
    struct slice prefix = json_text(turn->input, "prefix", SLICE_NONE);
    uint64_t first = token_number(turn->input, "first"), count = token_number(turn->input, "count"), seconds = token_number(turn->input, "seconds");
    struct slice mount_path = slice_first(prefix, slice_find_byte(prefix, '/') == SIZE_MAX ? prefix.len : slice_find_byte(prefix, '/'));
    const struct json *mount = NULL;
    enum err err = turn_json(turn, turn_path(turn, "mount/at/%.*s", (int)mount_path.len, (const char *)mount_path.data), &mount);
    struct json *row = err == ERR_NONE ? new_lease(turn, mount_path, mount, seconds) : NULL;
    for (uint64_t i = 0; i < count && err == ERR_NONE; i++) {
        char *path = turn_path(turn, "lease/at/%.*s/%024llu", (int)prefix.len, (const char *)prefix.data, (unsigned long long)(first + i));
        err = put_new(turn, path, row, turn_due_steady(turn->steady_ms + (int64_t)seconds * 1000));
    }
    return err;
}

static struct json *new_token(struct turn *turn, struct slice parent, uint64_t seconds)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, row, "policies", token_policies(turn, "default", NULL));
    json_set_string(turn->arena, row, "name", SLICE_LITERAL("child"));
    json_set_string(turn->arena, row, "path", SLICE_LITERAL("auth/token/create"));
    json_set_i64(turn->arena, row, "created_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "expires_s", turn->steady_ms / 1000 + (int64_t)seconds);
    json_set_u64(turn->arena, row, "ttl_s", seconds);
    json_set_string(turn->arena, row, "parent", parent);
    json_set_u64(turn->arena, row, "depth", 1);
    return row;
}

/* {"token","first","count","seconds"} */
static enum err operation_children(struct turn *turn)
{
    uint64_t first = token_number(turn->input, "first"), count = token_number(turn->input, "count"), seconds = token_number(turn->input, "seconds");
    struct token parent;
    enum err err = token_find(turn, json_text(turn->input, "token", SLICE_NONE), &parent);
    err = err == ERR_NONE ? token_mark(turn, &parent, "children") : err;
    struct json *empty = json_new(turn->arena, JSON_OBJECT);
    for (uint64_t i = 0; i < count && err == ERR_NONE; i++) {
        char *id = turn_path(turn, "%064llx", (unsigned long long)(first + i));
        err = put_new(turn, turn_path(turn, "token/child/%.*s/%s", (int)parent.id.len, (const char *)parent.id.data, id), empty, 0);
        struct json *row = new_token(turn, parent.id, seconds), *pointer = json_new(turn->arena, JSON_OBJECT);
        char *accessor = turn_path(turn, "child-%016llx", (unsigned long long)(first + i));
        json_set_string(turn->arena, row, "accessor", slice_string(accessor));
        json_set_string(turn->arena, pointer, "id", slice_string(id));
        err = err == ERR_NONE ? put_new(turn, turn_path(turn, "token/accessor/%s", accessor), pointer, 0) : err;
        err = err == ERR_NONE ? put_new(turn, token_row_path(turn, slice_string(id)), row, turn_due_steady(turn->steady_ms + (int64_t)seconds * 1000)) : err;
    }
    return err;
}

enum err operation_own_start(struct turn *turn);
enum err operation_own_unseal(struct turn *turn);

operation_fn operation_find(const char *name)
{
    static const struct {
        const char *name;
        operation_fn run;
    } operations[] = {{"own_start", operation_own_start}, {"own_unseal", operation_own_unseal}, {"leases", operation_leases}, {"children", operation_children}};
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(name, operations[i].name) == 0) {
            return operations[i].run;
        }
    }
    return NULL;
}

const struct engine *engine_find(enum engine_class class, struct slice type)
{
    (void)class;
    (void)type;
    return NULL;
}

const struct engine *engine_at(size_t index)
{
    (void)index;
    return NULL;
}

/* ---- keep's part ---- */

/* One need, and the bytes of its answer. */
static void fetch(const struct need *need, struct buf *answer, struct slice *ret_bytes)
{
    cleanup_buf struct buf body = BUF_INIT(4096);
    struct reader reader;
    uint16_t code = 0;
    uint32_t count = 0;
    buf_clear(answer);
    must(put_u32(&body, 1), "need");
    must(need_put(&body, need), "need");
    must(store_fetch(own.store, buf_slice(&body), answer), "fetch");
    reader = reader_of(buf_slice(answer));
    must(get_u16(&reader, &code), "answer");
    must(get_u32(&reader, &count), "answer");
    *ret_bytes = slice_of(reader.data + reader.position, reader.len - reader.position);
}

static void supply(struct slice path, struct buf *answer)
{
    struct need need = {.kind = NEED_ROW, .path = path};
    struct slice bytes;
    fetch(&need, answer, &bytes);
    struct reader reader = reader_of(bytes);
    uint8_t found = 0;
    struct stored_row row = {.path = path};
    must(get_u8(&reader, &found), "row");
    must(get_u64(&reader, &row.version), "row");
    must(get_u64(&reader, &row.due_unix_ms), "row");
    must(get_bytes(&reader, ROW_MAX_BYTES, &row.bytes), "row");
    must(state_supply(own.state, path, found != 0 ? &row : NULL), "row");
}

static void serve(struct turn *turn)
{
    cleanup_buf struct buf answer = BUF_INIT(ANSWER_MAX_BYTES);
    for (size_t i = 0; i < turn->inside->row_ask_count; i++) {
        supply(turn->inside->row_asks[i], &answer);
    }
    for (struct ask *ask = turn->inside->asks; ask != NULL; ask = ask->next) {
        struct slice bytes;
        if (ask->state == ASK_OPEN) {
            ask->change_number = state_change_number(own.state);
            fetch(&ask->need, &answer, &bytes);
            ask->output = arena_copy(turn->inside->lasting, bytes);
            ask->state = ASK_DONE;
        }
    }
}

static void commit(void)
{
    uint8_t seed[64];
    cleanup_buf struct buf body = BUF_INIT(ANSWER_MAX_BYTES), answer = BUF_INIT(4096);
    if (state_batch_is_empty(own.state) && audit_is_empty(own.audit)) {
        return;
    }
    random_bytes(seed, sizeof seed);
    must(audit_close(own.audit, own.state, now_ms(), seed), "audit");
    uint64_t number = state_batch_number(own.state);
    must(state_batch_take(own.state, &body), "batch");
    must(store_commit(own.store, buf_slice(&body), &answer), "commit");
    state_batch_committed(own.state, number);
    state_trim(own.state);
    must(store_tidy(own.store, STORE_TIDY_PAGES), "tidy");
}

static void run(const char *operation, const struct json *input)
{
    uint8_t seed[32];
    cleanup_buf struct buf packed = BUF_INIT(1 << 20);
    struct turn *turn = turn_new(own.state, &own.around);
    struct json empty = {.type = JSON_OBJECT};
    random_bytes(seed, sizeof seed);
    must(json_pack(&packed, input == NULL ? &empty : input), operation);
    must(turn_begin_input(turn, operation, buf_slice(&packed), now_ms(), seed), operation);
    enum err err = turn_run(turn);
    while (err == ERR_NEED) {
        serve(turn);
        err = turn_run(turn);
    }
    must(err, operation);
    must(turn_apply(turn), operation);
    if (state_barrier(own.state) != NULL) {
        random_bytes(seed, sizeof seed);
        must(audit_add(own.audit, turn, seed), operation);
        commit();
    }
    turn_free(turn);
}

static void load_log(enum log_id log, struct buf *answer)
{
    struct need need = {.kind = NEED_LOG, .log = (uint8_t)log};
    uint64_t size = 0, published = 0;
    uint32_t count = 0;
    struct slice bytes, note, hashes;
    fetch(&need, answer, &bytes);
    struct reader reader = reader_of(bytes);
    must(get_u64(&reader, &size), "log");
    must(get_u64(&reader, &published), "log");
    must(get_bytes(&reader, ROW_MAX_BYTES, &note), "log");
    must(get_u32(&reader, &count), "log");
    must(get_raw(&reader, (size_t)count * SHA256_BYTES, &hashes), "log");
    must(tree_load(&state_log(own.state, log)->tree, size, hashes), "log");
}

static void load(void)
{
    cleanup_buf struct buf answer = BUF_INIT(ANSWER_MAX_BYTES);
    struct need need = {.kind = NEED_STATE};
    struct slice bytes, lanes;
    fetch(&need, &answer, &bytes);
    struct reader reader = reader_of(bytes);
    must(get_bytes(&reader, 4096, &lanes), "state");
    sethash_load(state_sethash(own.state), lanes.data);
    load_log(LOG_EVIDENCE, &answer);
    load_log(LOG_AUDIT, &answer);
}

/* The key file gives what seal would have answered. */
static void unwrap(const char *directory)
{
    char path[4096];
    uint8_t key[KEY_BYTES];
    snprintf(path, sizeof path, "%s/seal.key", directory);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fread(key, 1, sizeof key, file) != sizeof key) {
        fprintf(stderr, "fill: no key in %s\n", path);
        exit(1);
    }
    fclose(file);
    must(secret_new(KEY_BYTES, &own.vault.remote), "key");
    must(hkdf_sha256(slice_of(key, sizeof key), SLICE_NONE, SLICE_LITERAL("vogt/seal/key-file/v1"), own.vault.remote.data, own.vault.remote.len), "key");
}

static void fill(const char *operation, const char *name, const char *value, uint64_t total, uint64_t seconds)
{
    for (uint64_t first = 0; first < total; first += ROWS_A_TURN) {
        struct arena *arena = arena_new(65536);
        struct json *input = json_new(arena, JSON_OBJECT);
        json_set_string(arena, input, name, slice_string(value));
        json_set_u64(arena, input, "first", first);
        json_set_u64(arena, input, "count", total - first < ROWS_A_TURN ? total - first : ROWS_A_TURN);
        json_set_u64(arena, input, "seconds", seconds);
        run(operation, input);
        arena_free(arena);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6 || (strcmp(argv[2], "leases") != 0 && strcmp(argv[2], "children") != 0)) {
        fprintf(stderr, "fill DIRECTORY leases COUNT PREFIX SECONDS | fill DIRECTORY children COUNT TOKEN SECONDS\n");
        return 2;
    }
    struct files *files = NULL;
    int directory_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(crypto_start(), "cryptography");
    must(directory_fd < 0 ? ERR_NOT_FOUND : files_new(directory_fd, &files), argv[1]);
    must(store_open(files, NULL, &own.store), argv[1]);
    own.state = state_new(CACHE_BYTES);
    own.audit = audit_new();
    own.vault.sealed = true;
    own.around = (struct surroundings){.vault = &own.vault, .address = "https://localhost", .directory = argv[1]};
    load();
    unwrap(argv[1]);
    struct json *input = NULL;
    struct arena *arena = arena_new(65536);
    must(json_read(arena, SLICE_LITERAL("{\"host\":\"localhost\"}"), &input, NULL), "input");
    run("own_start", input);
    own.around.initialized = true;
    run("own_unseal", NULL);
    bool is_leases = strcmp(argv[2], "leases") == 0;
    fill(argv[2], is_leases ? "prefix" : "token", argv[4], strtoull(argv[3], NULL, 10), strtoull(argv[5], NULL, 10));
    store_close(own.store);
    vault_free(&own.vault);
    audit_free(own.audit);
    state_free(own.state);
    arena_free(arena);
    return 0;
}
