/* Mounts and the first engine: enabled, written, listed, forbidden, swept. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "engine/operations.h"
#include "secrets/secrets.h"

enum { ARENA_BYTES = 16 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);
extern const struct engine engine_kv;

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root, reader;
};

static enum err ask(struct scene *scene, struct slice token, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .body = driver_tree(scene->arena, body)};
    return driver_ask(scene->driver, scene->arena, &request, ret_reply);
}

static struct scene scene_start(void)
{
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, NOON_MS)};
    if (scene.arena == NULL || scene.driver == NULL) {
        __builtin_trap();
    }
    driver_add_engine(scene.driver, &engine_kv);
#define OPERATION(name) driver_add_operation(scene.driver, #name, operation_##name);
#include "secrets/operations.def"
#undef OPERATION
    scene.root = driver_token(scene.driver, scene.arena, "root");
    return scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

TEST(a_configured_default_and_maximum_hold_where_a_mount_says_nothing)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    uint64_t own = 0, max = 0;
    driver_surroundings(scene.driver)->default_lease_s = 7200;
    driver_surroundings(scene.driver)->max_lease_s = 10800;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/d", "{\"type\":\"kv\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts/d/tune", NULL, &reply));
    CHECK(json_u64(json_member(reply, "data"), "default_lease_ttl", &own) == ERR_NONE && own == 7200);
    CHECK(json_u64(json_member(reply, "data"), "max_lease_ttl", &max) == ERR_NONE && max == 10800);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/d/tune", "{\"max_lease_ttl\":\"1h\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts/d/tune", NULL, &reply));
    CHECK(json_u64(json_member(reply, "data"), "default_lease_ttl", &own) == ERR_NONE && own == 3600);
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/e", "{\"type\":\"kv\",\"config\":{\"default_lease_ttl\":\"4h\"}}", &reply));
    scene_end(&scene);
}

/* The official Go client writes every setting of a mount, null or empty where it has none. */
TEST(settings_that_are_not_given_are_not_kept)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/g",
                            "{\"type\":\"kv\",\"description\":\"of the test\",\"config\":{\"options\":null,\"default_lease_ttl\":\"\",\"description\":null,\"max_lease_ttl\":\"2h\"}}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/g/tune", "{\"options\":null,\"description\":null,\"default_lease_ttl\":\"1h\",\"max_lease_ttl\":\"\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts/g/tune", NULL, &reply));
    const struct json *data = json_member(reply, "data");
    size_t descriptions = 0;
    for (const struct json *member = data->first; member != NULL; member = member->next) {
        descriptions += slice_is(member->name, "description") || slice_is(member->name, "options") ? 1 : 0;
    }
    CHECK(descriptions == 2);
    CHECK_SLICE("of the test", json_text(data, "description", SLICE_NONE));
    uint64_t own = 0, max = 0;
    CHECK(json_u64(data, "default_lease_ttl", &own) == ERR_NONE && json_u64(data, "max_lease_ttl", &max) == ERR_NONE);
    CHECK(own == 3600 && max == 7200);
    scene_end(&scene);
}

TEST(a_value_comes_back_as_it_came)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "secret/app", NULL, &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/secret", "{\"type\":\"kv\"}", &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "secret/app", NULL, &reply));
    CHECK_U64(0, json_member(reply, "errors")->count);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "secret/app/db", "{\"pin\":1.10,\"big\":12345678901234567890,\"list\":[1,null,{\"a\":false}]}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "secret/app/db", NULL, &reply));
    CHECK_SLICE("1.10", json_path(reply, "data.pin")->text);
    CHECK_SLICE("12345678901234567890", json_path(reply, "data.big")->text);
    CHECK_SLICE("2764800", json_member(reply, "lease_duration")->text);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "secret/app2", "{\"a\":\"b\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_LIST, "secret/", NULL, &reply));
    CHECK_SLICE("app/", json_path(reply, "data.keys")->first->text);
    CHECK_SLICE("app2", json_path(reply, "data.keys")->last->text);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_LIST, "secret/app", NULL, &reply));
    CHECK_SLICE("db", json_path(reply, "data.keys")->first->text);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_DELETE, "secret/app/db", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "secret/app/db", NULL, &reply));
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "secret/app", "{}", &reply));
    CHECK_ERR(ERR_METHOD, ask(&scene, scene.root, VERB_PATCH, "secret/app", "{\"a\":1}", &reply));
    scene_end(&scene);
}

TEST(policies_tell_create_from_update_and_what_is_missing_tells_nothing)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/team/one", "{\"type\":\"kv\",\"config\":{\"default_lease_ttl\":60}}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/policies/acl/maker",
                            "{\"policy\":{\"text\":\"x\",\"tree\":{\"path\":[{\"labels\":[\"team/one/*\"],\"line\":1,\"capabilities\":[\"create\",\"read\"]}]}}}", &reply));
    struct slice maker = driver_token(scene.driver, scene.arena, "maker"), nobody = driver_token(scene.driver, scene.arena, "nobody");
    CHECK_ERR(ERR_NONE, ask(&scene, maker, VERB_WRITE, "team/one/x", "{\"a\":1}", &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, maker, VERB_WRITE, "team/one/x", "{\"a\":2}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, maker, VERB_READ, "team/one/x", NULL, &reply));
    CHECK_SLICE("60", json_member(reply, "lease_duration")->text);
    CHECK_ERR(ERR_DENIED, ask(&scene, nobody, VERB_READ, "team/one/x", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, nobody, VERB_READ, "team/none/x", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, SLICE_NONE, VERB_READ, "team/one/x", NULL, &reply));
    CHECK_ERR(ERR_DENIED, ask(&scene, maker, VERB_READ, "sys/internal/ui/mounts/team/one/x", NULL, &reply)); /* without the default policy */
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/internal/ui/mounts/team/one/x", NULL, &reply));
    CHECK_SLICE("team/one/", json_text(json_member(reply, "data"), "path", SLICE_NONE));
    CHECK_ERR(ERR_DENIED, ask(&scene, scene.root, VERB_READ, "sys/internal/ui/mounts/team/none", NULL, &reply));
    scene_end(&scene);
}

TEST(nothing_is_mounted_over_something_else)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    static const char *const bad[] = {"sys/mounts/sys", "sys/mounts/annex", "sys/mounts/auth", "sys/mounts/a//b", "sys/mounts/a b", "sys/mounts/a/b/c", "sys/mounts/a"};
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/a/b", "{\"type\":\"kv\"}", &reply));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, bad[i], "{\"type\":\"kv\"}", &reply));
        CHECK_U64(1, json_member(reply, "errors")->count);
    }
    CHECK_ERR(ERR_INVALID, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/x", "{\"type\":\"nonesuch\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/a/c", "{\"type\":\"kv\",\"description\":\"second\"}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts", NULL, &reply));
    CHECK_SLICE("second", json_text(json_member(json_member(reply, "data"), "a/c/"), "description", SLICE_NONE));
    CHECK_SLICE("kv", json_text(json_member(reply, "a/b/"), "type", SLICE_NONE));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/a/c/tune", "{\"default_lease_ttl\":3600}", &reply));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts/a/c/tune", NULL, &reply));
    CHECK_SLICE("3600", json_path(reply, "data.default_lease_ttl")->text);
    scene_end(&scene);
}

TEST(an_unmounted_engine_leaves_nothing)
{
    struct scene scene = scene_start();
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/gone", "{\"type\":\"kv\"}", &reply));
    for (int i = 0; i < 600; i++) {
        CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, arena_printf(scene.arena, "gone/%d", i), "{\"a\":1}", &reply));
    }
    size_t before = memory_row_count(driver_rows(scene.driver));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_READ, "sys/mounts/gone", NULL, &reply));
    struct json *input = json_new(scene.arena, JSON_OBJECT);
    struct slice uuid = json_text(reply, "uuid", SLICE_NONE);
    json_set_string(scene.arena, input, "name", uuid);
    json_set_string(scene.arena, input, "prefix", slice_string(arena_printf(scene.arena, "m/%.*s/", (int)uuid.len, (const char *)uuid.data)));
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_DELETE, "sys/mounts/gone", NULL, &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "gone/1", NULL, &reply));
    for (int i = 0; i < 10; i++) { /* in slices */
        CHECK_ERR(ERR_NONE, driver_run(scene.driver, "mount_sweep", input, NULL));
    }
    CHECK(memory_row_count(driver_rows(scene.driver)) < before - 550);
    CHECK_ERR(ERR_NONE, ask(&scene, scene.root, VERB_WRITE, "sys/mounts/gone", "{\"type\":\"kv\"}", &reply));
    CHECK_ERR(ERR_NOT_FOUND, ask(&scene, scene.root, VERB_READ, "gone/1", NULL, &reply));
    scene_end(&scene);
}

TEST_MAIN
