/* The state machine of a rotation, turn by turn: what is committed before anybody is told, and what a crash, a refusal or a change by hand leaves behind. */
#include "secrets/rotation.h"

#include "base/check.h"
#include "secrets/kv_scene.h"

#define ASK(verb, path, body) kv_ask(&scene, scene.root, verb, path, NULL, body, &reply)
#define CHECK_PART(expected, dotted) CHECK_STRING(expected, kv_text(&scene, reply, dotted))
#define FIELDS(more) "{\"field\":\"password\",\"user\":\"app\",\"every\":86400,\"hook\":\"https://hook.example/x\",\"hook_token\":\"t0ken\",\"target\":\"postgres://db.example:5432/shop\"" more "}"

/* The hook and the target as the test wants them. Static, because works are answered by a function alone. */
static struct {
    unsigned status;
    bool deaf;                          /* the hook answers and sets nothing */
    enum err err;                       /* of the hook's work */
    char set[200], told[200], id[80], old[200];
    size_t hooks;
} world;

static void copy(char *out, size_t bytes, struct slice text)
{
    snprintf(out, bytes, "%.*s", (int)text.len, text.len == 0 ? "" : (const char *)text.data);
}

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    struct json *output = json_new(arena, JSON_OBJECT);
    *ret_output = output;
    if (role == ROLE_REACH && strcmp(name, "rotation.hook") == 0) {
        const struct json *body = json_member(input, "body");
        copy(world.told, sizeof world.told, json_text(body, "new", SLICE_NONE));
        copy(world.id, sizeof world.id, json_text(body, "id", SLICE_NONE));
        copy(world.old, sizeof world.old, json_text(body, "old", SLICE_NONE));
        world.hooks++;
        if (!world.deaf && world.err == ERR_NONE && world.status == 200) {
            copy(world.set, sizeof world.set, json_text(body, "new", SLICE_NONE));
        }
        json_set_u64(arena, output, "status", world.status);
        bool is_right = slice_is(json_text(input, "token", SLICE_NONE), "t0ken") && slice_is(json_text(input, "hook", SLICE_NONE), "https://hook.example/x");
        return is_right ? world.err : ERR_DENIED;
    }
    if (role == ROLE_REACH && strcmp(name, "credential.try") == 0) {
        json_set_string(arena, output, "state", slice_is(json_text(input, "value", SLICE_NONE), world.set) ? SLICE_LITERAL("accepted") : SLICE_LITERAL("refused"));
        json_set_string(arena, output, "status", SLICE_LITERAL("scram"));
        return ERR_NONE;
    }
    return ERR_UNSUPPORTED;
}

static struct kv_scene start(void)
{
    struct kv_scene scene = kv_scene_start();
    const struct json *reply = NULL;
    world.status = 200;
    world.deaf = false;
    world.err = ERR_NONE;
    world.hooks = 0;
    copy(world.set, sizeof world.set, SLICE_LITERAL("first"));
#define OPERATION(name) driver_add_operation(scene.driver, #name, operation_##name);
#include "secrets/rotation.def"
#undef OPERATION
    driver_set_work(scene.driver, work);
    if (ASK(VERB_WRITE, "sys/mounts/s", "{\"type\":\"kv\",\"options\":{\"version\":\"2\"}}") != ERR_NONE || ASK(VERB_WRITE, "s/data/db", "{\"data\":{\"password\":\"first\",\"port\":5432}}") != ERR_NONE ||
        ASK(VERB_WRITE, "sys/rotation/of/s/db", FIELDS("")) != ERR_NONE) {
        __builtin_trap();
    }
    return scene;
}

static size_t settle(struct kv_scene *scene)
{
    size_t ran = 0;
    return driver_settle(scene->driver, 100, &ran) == ERR_NONE ? ran : SIZE_MAX;
}

static enum err rotate(struct kv_scene *scene)
{
    const struct json *reply = NULL;
    return kv_ask(scene, scene->root, VERB_WRITE, "sys/rotation/run/s/db", NULL, "{}", &reply);
}

TEST(a_rotation_writes_a_version_when_the_target_takes_the_value)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("2", "data.metadata.version");
    CHECK_PART("5432", "data.data.port");
    CHECK(slice_is(json_text(json_path(reply, "data.data"), "password", SLICE_NONE), world.set) && strcmp(world.old, "first") == 0 && strlen(world.set) == 32);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    CHECK_PART("false", "data.under_way");
    CHECK_PART("\"2026-11-24T12:00:00.000Z\"", "data.due");
    CHECK(strstr(kv_text(&scene, reply, "data"), world.set) == NULL && strstr(kv_text(&scene, reply, "data"), "t0ken") == NULL);
    CHECK(world.hooks == 1);
    kv_scene_end(&scene);
}

TEST(it_comes_by_itself_when_its_time_is_up)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    kv_wait(&scene, 86400 - 700);
    kv_run_jobs(&scene);
    CHECK(world.hooks == 0);
    kv_wait(&scene, 700);
    kv_run_jobs(&scene);
    CHECK(world.hooks == 1);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("2", "data.metadata.version");
    kv_scene_end(&scene);
}

TEST(a_paused_one_waits_until_it_may_go_on)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ASK(VERB_WRITE, "sys/rotation/pause/s/db", "{}"));
    CHECK_PART("true", "data.paused");
    kv_wait(&scene, 86400);
    kv_run_jobs(&scene);
    CHECK(world.hooks == 0);
    CHECK_ERR(ERR_NONE, rotate(&scene)); /* when somebody says so, it does */
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK(world.hooks == 1);
    kv_wait(&scene, 2 * 86400);
    kv_run_jobs(&scene);
    CHECK(world.hooks == 1);
    CHECK_ERR(ERR_NONE, ASK(VERB_WRITE, "sys/rotation/of/s/db", FIELDS(""))); /* set anew it stays so */
    CHECK_PART("true", "data.paused");
    CHECK_ERR(ERR_NONE, ASK(VERB_WRITE, "sys/rotation/pause/s/db", "{\"paused\":false}"));
    kv_run_jobs(&scene);
    CHECK(world.hooks == 2); /* it is long due */
    world.status = 503;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_INVALID, ASK(VERB_WRITE, "sys/rotation/pause/s/db", "{}")); /* the target may have its value */
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_WRITE, "sys/rotation/pause/s/none", "{}"));
    kv_scene_end(&scene);
}

TEST(a_crash_between_value_and_hook_repeats_the_same_value)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    struct json *input = json_new(scene.arena, JSON_OBJECT);
    json_set_string(scene.arena, input, "path", SLICE_LITERAL("s/db"));
    /* the value is drawn and committed; what was to follow is forgotten, as by a crash */
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "secret_rotate", input, NULL));
    driver_forget_started(scene.driver);
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver));
    CHECK(world.hooks == 0);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    CHECK_PART("true", "data.under_way");
    /* the hook is told, its answer is lost, and the turn's effects with it */
    world.err = ERR_TIMEOUT;
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "secret_rotate", input, NULL));
    char first[200], id[80];
    copy(first, sizeof first, slice_string(world.told));
    copy(id, sizeof id, slice_string(world.id));
    CHECK(world.hooks == 1 && strlen(first) == 32);
    driver_forget_started(scene.driver);
    CHECK_ERR(ERR_NONE, driver_restart(scene.driver));
    world.err = ERR_NONE;
    CHECK_ERR(ERR_NONE, driver_run(scene.driver, "secret_rotate", input, NULL));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK(strcmp(first, world.told) == 0 && strcmp(id, world.id) == 0 && world.hooks == 2);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("2", "data.metadata.version");
    kv_scene_end(&scene);
}

TEST(nothing_is_written_while_hook_or_target_refuse)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    world.status = 503;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    CHECK_PART("\"HTTP 503\"", "data.failed.detail");
    world.status = 200;
    world.deaf = true;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    CHECK(strstr(kv_text(&scene, reply, "data.failed.german"), "nimmt den neuen Wert nicht") != NULL);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("1", "data.metadata.version");
    /* how it is changed may be another meanwhile, what is changed may not: its target may have the value */
    CHECK_ERR(ERR_INVALID, ASK(VERB_WRITE, "sys/rotation/of/s/db", "{\"field\":\"password\",\"user\":\"other\",\"every\":86400,\"hook\":\"https://hook.example/x\",\"target\":\"postgres://db.example:5432/shop\"}"));
    CHECK_ERR(ERR_NONE, ASK(VERB_WRITE, "sys/rotation/of/s/db", FIELDS("")));
    CHECK_PART("true", "data.under_way");
    char told[200];
    copy(told, sizeof told, slice_string(world.told));
    copy(world.set, sizeof world.set, slice_string(world.told));
    CHECK_ERR(ERR_INVALID, ASK(VERB_DELETE, "sys/rotation/of/s/db", NULL));
    world.deaf = false;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("2", "data.metadata.version");
    CHECK(strcmp(told, world.told) == 0);
    /* a value that the target does not take may be given up */
    world.status = 503;
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "sys/rotation/of/s/db", NULL));
    CHECK_ERR(ERR_NOT_FOUND, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    kv_scene_end(&scene);
}

TEST(what_somebody_wrote_meanwhile_stays)
{
    struct kv_scene scene = start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ASK(VERB_WRITE, "s/data/db", "{\"data\":{\"password\":\"by hand\",\"port\":1,\"more\":true}}"));
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK(strcmp(world.old, "by hand") == 0);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "s/data/db", NULL));
    CHECK_PART("3", "data.metadata.version");
    CHECK_PART("true", "data.data.more");
    /* the secret is gone: said, and tried again later */
    CHECK_ERR(ERR_NONE, ASK(VERB_DELETE, "s/metadata/db", NULL));
    CHECK_ERR(ERR_NONE, rotate(&scene));
    CHECK(settle(&scene) != SIZE_MAX);
    CHECK_ERR(ERR_NONE, ASK(VERB_READ, "sys/rotation/of/s/db", NULL));
    CHECK(strstr(kv_text(&scene, reply, "data.failed.english"), "there is no secret") != NULL);
    CHECK(world.hooks == 1);
    kv_scene_end(&scene);
}

TEST_MAIN
