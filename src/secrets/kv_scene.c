#include "secrets/kv_scene.h"

#include "base/check.h"
#include "engine/operations.h"
#include "secrets/secrets.h"

enum { ARENA_BYTES = 256 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);
extern const struct engine engine_kv;

static void add_job(struct turn *turn, struct json *jobs, struct slice operation, struct slice row)
{
    struct json *input = NULL, *job = json_new(turn->arena, JSON_OBJECT);
    if (json_unpack(turn->arena, row, &input) == ERR_NONE) {
        json_append(jobs, job);
        json_set_string(turn->arena, job, "operation", operation);
        json_set(turn->arena, job, "input", input);
    }
}

/* Jobs that are due, or were begun and are to be looked after within ten minutes, and sweeps: the driver starts no turns of its own. */
static enum err operation_test_jobs(struct turn *turn)
{
    struct turn_names due = {0}, sweeps = {0};
    enum err err = turn_due(turn, turn->now_ms + 600000, 100, &due), also = turn_list(turn, "sweep/", SLICE_NONE, 100, &sweeps);
    struct json *data = json_new(turn->arena, JSON_OBJECT), *jobs = json_set_array(turn->arena, data, "jobs");
    for (size_t i = 0; i < due.count; i++) {
        struct slice rest = due.names[i], part;
        if (slice_split(&rest, '/', &part) && slice_is(part, "job") && slice_split(&rest, '/', &part)) {
            add_job(turn, jobs, part, due.bytes[i]);
        }
    }
    for (size_t i = 0; i < sweeps.count; i++) {
        add_job(turn, jobs, SLICE_LITERAL("mount_sweep"), sweeps.bytes[i]);
    }
    return err != ERR_NONE ? err : also != ERR_NONE ? also : turn_reply_data(turn, data);
}

static enum err operation_test_rows(struct turn *turn)
{
    struct turn_names rows;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = turn_list(turn, "m/", SLICE_NONE, 10000, &rows);
    return err == ERR_NONE ? turn_reply_data(turn, json_set_u64(turn->arena, data, "count", rows.count) == NULL ? NULL : data) : err;
}

size_t kv_row_count(struct kv_scene *scene)
{
    struct turn *turn = NULL;
    uint64_t count = 0;
    if (driver_run(scene->driver, "test_rows", NULL, &turn) != ERR_NONE || json_u64(json_member(turn->reply.tree, "data"), "count", &count) != ERR_NONE) {
        __builtin_trap();
    }
    driver_end(turn);
    return (size_t)count;
}

struct slice kv_token(struct kv_scene *scene, const char *policy)
{
    return driver_token(scene->driver, scene->arena, policy);
}

enum err kv_ask(struct kv_scene *scene, struct slice token, enum verb verb, const char *path, const char *query, const char *body, const struct json **ret_reply)
{
    struct turn *turn = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .query = driver_tree(scene->arena, query), .body = driver_tree(scene->arena, body)};
    enum err err = driver_request(scene->driver, &request, &turn);
    const struct json *tree = turn == NULL ? NULL : turn->reply.tree;
    scene->status = turn == NULL ? 0 : turn->reply.status;
    *ret_reply = tree == NULL ? NULL : json_copy(scene->arena, tree);
    driver_end(turn);
    return err;
}

void kv_policy(struct kv_scene *scene, const char *name, const char *rules)
{
    const struct json *reply = NULL;
    char *path = arena_printf(scene->arena, "sys/policies/acl/%s", name), *body = arena_printf(scene->arena, "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":%s}}}", rules);
    if (kv_ask(scene, scene->root, VERB_WRITE, path, NULL, body, &reply) != ERR_NONE) {
        __builtin_trap();
    }
}

void kv_wait(struct kv_scene *scene, int64_t seconds)
{
    scene->now_ms += seconds * 1000;
    driver_set_now(scene->driver, scene->now_ms);
}

const char *kv_text(struct kv_scene *scene, const struct json *reply, const char *dotted_path)
{
    const struct json *part = json_path(reply, dotted_path);
    cleanup_buf struct buf text = BUF_INIT(1 << 22);
    if (part == NULL || json_write(&text, part, 0) != ERR_NONE) {
        return "";
    }
    return arena_string(scene->arena, buf_slice(&text));
}

void kv_run_jobs(struct kv_scene *scene)
{
    for (int i = 0; i < 100; i++) {
        struct turn *turn = NULL;
        if (driver_run(scene->driver, "test_jobs", NULL, &turn) != ERR_NONE) {
            __builtin_trap();
        }
        const struct json *jobs = json_copy(scene->arena, json_path(turn->reply.tree, "data.jobs"));
        driver_end(turn);
        if (jobs->count == 0) {
            return;
        }
        for (const struct json *job = jobs->first; job != NULL; job = job->next) {
            if (driver_run(scene->driver, arena_string(scene->arena, json_text(job, "operation", SLICE_NONE)), json_member(job, "input"), NULL) != ERR_NONE) {
                __builtin_trap();
            }
        }
    }
    __builtin_trap(); /* a job that never ends */
}

struct kv_scene kv_scene_start(void)
{
    struct kv_scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, NOON_MS), .now_ms = NOON_MS};
    if (scene.arena == NULL || scene.driver == NULL) {
        __builtin_trap();
    }
    driver_add_engine(scene.driver, &engine_kv);
    driver_add_operation(scene.driver, "test_jobs", operation_test_jobs);
    driver_add_operation(scene.driver, "test_rows", operation_test_rows);
#define OPERATION(name) driver_add_operation(scene.driver, #name, operation_##name);
#include "secrets/operations.def"
#undef OPERATION
    scene.root = kv_token(&scene, "root");
    return scene;
}

void kv_scene_end(struct kv_scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}
