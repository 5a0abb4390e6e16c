/* Audit devices: what they are told, in Vault's form, and that nothing happens that none of them took. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "engine/operations.h"

#include <string.h>

enum { ARENA_BYTES = 16 << 20, TOLD_MAX = 64 };
static const int64_t NOON_MS = INT64_C(1795435200000);

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    const struct json *told[TOLD_MAX];  /* lines, as trees */
    struct slice text[TOLD_MAX];
    uint8_t slots[TOLD_MAX];
    size_t count, fails_from;           /* SIZE_MAX: takes all */
    uint8_t failing_slots;              /* bits */
};

static enum err take(void *context, const struct device_record *record)
{
    struct scene *scene = context;
    struct slice rest = record->lines, line;
    if (scene->count >= scene->fails_from || (scene->failing_slots >> record->slot & 1) != 0) {
        return ERR_FULL;
    }
    while (slice_split(&rest, '\n', &line)) {
        struct json *tree = NULL;
        struct slice copy = arena_copy(scene->arena, line);
        size_t brace = slice_find_byte(copy, '{');
        if (line.len > 0 && scene->count < TOLD_MAX && json_read(scene->arena, slice_from(copy, brace == SIZE_MAX ? 0 : brace), &tree, NULL) == ERR_NONE) {
            scene->text[scene->count] = copy;
            scene->slots[scene->count] = record->slot;
            scene->told[scene->count++] = tree;
        }
    }
    return ERR_NONE;
}

static const struct json *ask(struct scene *scene, struct slice token, enum verb verb, const char *path, const char *body, enum err wanted)
{
    const struct json *reply = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .remote = SLICE_LITERAL("127.0.0.1:4711"), .body = driver_tree(scene->arena, body)};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    if (err != wanted) {
        printf("%s: %s instead of %s\n", path, err_name(err), err_name(wanted));
        check_fail(__FILE__, __LINE__, "another result");
    }
    return reply;
}

static struct scene *scene_start(void)
{
    static struct scene scene;
    scene = (struct scene){.arena = arena_new(ARENA_BYTES), .driver = driver_new(17, NOON_MS), .fails_from = SIZE_MAX};
    scene.root = driver_token(scene.driver, scene.arena, "root");
    driver_set_tell(scene.driver, take, &scene);
    return &scene;
}

static void scene_end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

static void enable(struct scene *scene, const char *path, const char *options)
{
    char *body = arena_printf(scene->arena, "{\"type\":\"file\",\"options\":%s}", options);
    (void)ask(scene, scene->root, VERB_WRITE, path, body, ERR_NONE);
}

static struct slice text_at(const struct json *tree, const char *path)
{
    const struct json *value = json_path(tree, path);
    return value == NULL ? SLICE_NONE : value->text;
}

TEST(a_device_is_made_shown_and_ended)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/file", "{\"file_path\":\"/var/log/vogt/audit.log\"}");
    const struct json *listed = ask(scene, scene->root, VERB_READ, "sys/audit", NULL, ERR_NONE);
    CHECK_SLICE("file", text_at(json_member(json_member(listed, "data"), "file/"), "type"));
    CHECK(json_member(listed, "file/") != NULL);
    (void)ask(scene, scene->root, VERB_WRITE, "sys/audit/file", "{\"type\":\"file\",\"options\":{\"file_path\":\"b.log\"}}", ERR_INVALID);
    (void)ask(scene, scene->root, VERB_DELETE, "sys/audit/file", NULL, ERR_NONE);
    listed = ask(scene, scene->root, VERB_READ, "sys/audit", NULL, ERR_NONE);
    CHECK_U64(0, json_member(listed, "data")->count);
    scene_end(scene);
}

TEST(a_path_outside_the_directory_is_refused)
{
    struct scene *scene = scene_start();
    static const char *const paths[] = {"/etc/cron.d/x", "/var/log/vogt/../x", "../x", "/var/log/vogt/", "a/b", "", ".."};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)ask(scene, scene->root, VERB_WRITE, "sys/audit/file", arena_printf(scene->arena, "{\"type\":\"file\",\"options\":{\"file_path\":\"%s\"}}", paths[i]), ERR_INVALID);
    }
    (void)ask(scene, scene->root, VERB_WRITE, "sys/audit/t", "{\"type\":\"tape\"}", ERR_INVALID);
    (void)ask(scene, scene->root, VERB_WRITE, "sys/audit/s", "{\"type\":\"socket\",\"options\":{\"address\":\"x:1\",\"socket_type\":\"sctp\"}}", ERR_INVALID);
    scene_end(scene);
}

TEST(request_and_reply_stand_there_with_hidden_strings)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/file", "{\"file_path\":\"audit.log\"}");
    scene->count = 0;
    (void)ask(scene, scene->root, VERB_WRITE, "auth/token/create", "{\"display_name\":\"secret-name\",\"num_uses\":7}", ERR_NONE);
    CHECK_U64(2, scene->count);
    const struct json *request = scene->told[0], *response = scene->told[1];
    CHECK_SLICE("request", text_at(request, "type"));
    CHECK_SLICE("2026-11-23T12:00:00.000Z", text_at(request, "time"));
    CHECK_SLICE("update", text_at(request, "request.operation"));
    CHECK_SLICE("auth/token/create", text_at(request, "request.path"));
    CHECK_SLICE("127.0.0.1", text_at(request, "request.remote_address"));
    CHECK_SLICE("4711", text_at(request, "request.remote_port"));
    CHECK_SLICE("7", text_at(request, "request.data.num_uses"));
    CHECK(slice_starts(text_at(request, "request.data.display_name"), SLICE_LITERAL("hmac-sha256:")));
    CHECK(slice_starts(text_at(request, "auth.client_token"), SLICE_LITERAL("hmac-sha256:")));
    CHECK_SLICE("response", text_at(response, "type"));
    CHECK(slice_starts(text_at(response, "response.auth.client_token"), SLICE_LITERAL("hmac-sha256:")));
    CHECK(slice_equal(text_at(request, "request.id"), text_at(response, "request.id")));
    for (size_t i = 0; i < scene->count; i++) {
        CHECK(slice_find(scene->text[i], scene->root) == SIZE_MAX);
        CHECK(slice_find(scene->text[i], SLICE_LITERAL("hvs.")) == SIZE_MAX);
        CHECK(i > 0 || slice_find(scene->text[i], SLICE_LITERAL("secret-name")) == SIZE_MAX); /* a token's shown name is shown, as Vault does */
    }
    const struct json *hash = ask(scene, scene->root, VERB_WRITE, "sys/audit-hash/file", "{\"input\":\"secret-name\"}", ERR_NONE);
    CHECK(slice_equal(text_at(hash, "data.hash"), text_at(request, "request.data.display_name")));
    scene_end(scene);
}

TEST(options_change_what_is_hidden)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/raw", "{\"file_path\":\"raw.log\",\"log_raw\":\"true\",\"prefix\":\"@cee: \"}");
    enable(scene, "sys/audit/plain", "{\"file_path\":\"plain.log\",\"hmac_accessor\":\"false\",\"elide_list_responses\":\"true\"}");
    scene->count = 0;
    (void)ask(scene, scene->root, VERB_LIST, "auth/token/accessors", NULL, ERR_NONE);
    CHECK_U64(4, scene->count); /* two devices, two moments */
    CHECK(slice_starts(scene->text[0], SLICE_LITERAL("@cee: {")));
    CHECK(slice_equal(text_at(scene->told[0], "auth.client_token"), scene->root));
    CHECK(!slice_starts(text_at(scene->told[1], "auth.accessor"), SLICE_LITERAL("hmac-sha256:")));
    CHECK(slice_starts(text_at(scene->told[1], "auth.client_token"), SLICE_LITERAL("hmac-sha256:")));
    CHECK(json_path(scene->told[2], "response.data.keys")->type == JSON_ARRAY);
    CHECK_SLICE("1", text_at(scene->told[3], "response.data.keys"));
    scene_end(scene);
}

TEST(nothing_happens_that_no_device_took)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/file", "{\"file_path\":\"audit.log\"}");
    scene->fails_from = 0;
    const struct json *reply = ask(scene, scene->root, VERB_WRITE, "sys/policies/acl/new", "{\"policy\":{\"text\":\"\",\"tree\":{}}}", ERR_IO);
    CHECK(slice_starts(json_member(reply, "errors")->first->text, SLICE_LITERAL("no audit device takes the record")));
    scene->fails_from = SIZE_MAX;
    (void)ask(scene, scene->root, VERB_READ, "sys/policies/acl/new", NULL, ERR_NOT_FOUND);
    /* the reply's record alone is lost: done, and said */
    scene->fails_from = scene->count + 1;
    reply = ask(scene, scene->root, VERB_READ, "sys/policies/acl/default", NULL, ERR_NONE);
    CHECK(slice_starts(json_member(reply, "errors")->first->text, SLICE_LITERAL("the request was carried out, but")));
    CHECK(json_member(reply, "data") == NULL);
    scene_end(scene);
}

TEST(one_device_that_takes_it_is_enough)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/a", "{\"file_path\":\"a.log\"}");
    enable(scene, "sys/audit/b", "{\"file_path\":\"b.log\"}");
    scene->failing_slots = 1;
    scene->count = 0;
    (void)ask(scene, scene->root, VERB_READ, "sys/policies/acl/default", NULL, ERR_NONE);
    CHECK_U64(2, scene->count);
    CHECK_U64(1, scene->slots[0]);
    scene_end(scene);
}

TEST(a_stuck_device_can_be_ended)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/file", "{\"file_path\":\"audit.log\"}");
    scene->fails_from = 0;
    (void)ask(scene, scene->root, VERB_READ, "sys/policies/acl/default", NULL, ERR_IO);
    (void)ask(scene, scene->root, VERB_DELETE, "sys/audit/file", NULL, ERR_NONE);
    (void)ask(scene, scene->root, VERB_READ, "sys/policies/acl/default", NULL, ERR_NONE);
    scene_end(scene);
}

TEST(who_is_refused_is_told_too)
{
    struct scene *scene = scene_start();
    enable(scene, "sys/audit/file", "{\"file_path\":\"audit.log\"}");
    scene->count = 0;
    (void)ask(scene, SLICE_LITERAL("hvs.nobody"), VERB_READ, "sys/policies/acl/default", NULL, ERR_DENIED);
    CHECK_U64(2, scene->count);
    CHECK_SLICE("permission denied", text_at(scene->told[0], "error"));
    CHECK_SLICE("response", text_at(scene->told[1], "type"));
    scene->count = 0;
    (void)ask(scene, SLICE_NONE, VERB_READ, "sys/seal-status", NULL, ERR_NONE);
    CHECK_U64(0, scene->count); /* what is asked before unsealing is in no device, as with Vault */
    scene_end(scene);
}

TEST_MAIN
