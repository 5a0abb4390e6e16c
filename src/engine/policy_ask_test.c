/* The tester of policies: who may do what at a path, and by which line. */
#include "engine/turn_driver.h"

#include "base/check.h"
#include "base/hcl.h"
#include "engine/mount.h"
#include "engine/operations.h"
#include "engine/token.h"

enum { ARENA_BYTES = 4 << 20 };
static const int64_t NOON_MS = INT64_C(1795435200000);

static const struct field no_fields[] = {{NULL, FIELD_ANY, 0, {NULL, NULL}}};
static const struct route box_routes[] = {{"box_read", VERB_READ, "*path", 0, no_fields, {"Reads.", "Liest."}}};
static const struct engine engine_box = {.type = "box", .class = ENGINE_SECRET, .routes = box_routes, .route_count = 1};

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    const struct json *auth;        /* of the newest token */
};

static const char *token_policy = "root";

static enum err operation_test_token(struct turn *turn)
{
    struct token_wish wish = {.name = "ada", .path = "test", .no_default_policy = true, .policies = token_policies(turn, token_policy, NULL)};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

static struct slice token(struct scene *scene, const char *policy)
{
    struct turn *turn = NULL;
    token_policy = policy;
    if (driver_run(scene->driver, "test_token", NULL, &turn) != ERR_NONE) {
        __builtin_trap();
    }
    scene->auth = json_copy(scene->arena, json_member(turn->reply.tree, "auth"));
    driver_end(turn);
    return json_text(scene->auth, "client_token", SLICE_NONE);
}

static enum err send(struct scene *scene, struct slice token, const char *path, const struct json *body, const struct json **ret_data)
{
    const struct json *reply = NULL;
    struct request request = {.verb = VERB_WRITE, .path = slice_string(path), .token = token, .body = body};
    enum err err = driver_ask(scene->driver, scene->arena, &request, &reply);
    *ret_data = json_member(reply, "data");
    return err;
}

/* As gate hands on a field of HCL. */
static void set_hcl(struct scene *scene, struct json *body, const char *hcl)
{
    struct hcl_block *root = NULL;
    struct json *field = json_set_object(scene->arena, body, "policy");
    CHECK_ERR(ERR_NONE, hcl_read(scene->arena, slice_string(hcl), &root, NULL));
    json_set_string(scene->arena, field, "text", slice_string(hcl));
    json_set(scene->arena, field, "tree", hcl_to_json(scene->arena, root));
}

static enum err ask(struct scene *scene, const char *body, const struct json **ret_data)
{
    return send(scene, scene->root, "sys/policies/test", driver_tree(scene->arena, body), ret_data);
}

static void put_policy(struct scene *scene, const char *name, const char *hcl)
{
    const struct json *data = NULL;
    struct json *body = json_new(scene->arena, JSON_OBJECT);
    set_hcl(scene, body, hcl);
    CHECK_ERR(ERR_NONE, send(scene, scene->root, name, body, &data));
}

static struct scene start(void)
{
    struct scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(3, NOON_MS)};
    if (scene.arena == NULL || scene.driver == NULL) {
        __builtin_trap();
    }
    driver_add_operation(scene.driver, "test_token", operation_test_token);
    driver_add_engine(scene.driver, &engine_box);
    scene.root = token(&scene, "root");
    put_policy(&scene, "sys/policies/acl/wide", "# everybody\npath \"box/*\" {\n  capabilities = [\"read\", \"list\"]\n}\npath \"sys/seal\" {\n  capabilities = [\"update\"]\n}\n");
    put_policy(&scene, "sys/policies/acl/narrow", "path \"box/db\" {\n  capabilities = [\"delete\"]\n}\n\npath \"box/db\" {\n  capabilities = [\"update\"]\n}\n");
    put_policy(&scene, "sys/policies/acl/closed", "path \"box/*\" {\n  capabilities = [\"deny\"]\n}\n");
    return scene;
}

static void end(struct scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

/* "dcrudp": a letter for each request that is allowed. */
static const char *allowed(struct scene *scene, const struct json *data)
{
    char *letters = arena_string(scene->arena, SLICE_LITERAL("rlcupd"));
    const struct json *requests = json_member(data, "requests");
    size_t i = 0;
    for (const struct json *one = requests == NULL ? NULL : requests->first; one != NULL && i < 6; one = one->next, i++) {
        letters[i] = json_bool(one, "allowed", false) ? letters[i] : '-';
    }
    return i == 6 ? letters : "?";
}

static const char *as_text(struct scene *scene, const struct json *value)
{
    cleanup_buf struct buf text = BUF_INIT(1 << 16);
    return value == NULL || json_write(&text, value, 0) != ERR_NONE ? "?" : arena_string(scene->arena, buf_slice(&text));
}

TEST(the_deciding_line_is_named_and_those_that_lost)
{
    struct scene scene = start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\",\"policies\":[\"wide\",\"narrow\",\"nobody-wrote-this\"]}", &data));
    CHECK_STRING("[{\"path\":\"box/*\",\"capabilities\":[\"read\",\"list\"],\"line\":2,\"policy\":\"wide\",\"decides\":false},"
                 "{\"path\":\"box/db\",\"capabilities\":[\"delete\"],\"line\":1,\"policy\":\"narrow\",\"decides\":true},"
                 "{\"path\":\"box/db\",\"capabilities\":[\"update\"],\"line\":5,\"policy\":\"narrow\",\"decides\":true}]", as_text(&scene, json_member(data, "rules")));
    CHECK_STRING("---u-d", allowed(&scene, data));
    CHECK_STRING("[\"delete\",\"update\"]", as_text(&scene, json_member(data, "capabilities")));
    CHECK_STRING("[\"nobody-wrote-this\"]", as_text(&scene, json_member(data, "missing")));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"/box/other\",\"policies\":[\"wide\",\"narrow\"]}", &data)); /* a leading slash is taken off */
    CHECK_STRING("rl----", allowed(&scene, data));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/other\",\"policies\":[\"wide\",\"closed\"]}", &data)); /* deny wins where the patterns are the same */
    CHECK_STRING("------", allowed(&scene, data));
    CHECK_STRING("[\"deny\"]", as_text(&scene, json_member(data, "capabilities")));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"none/of/them\",\"policies\":[\"wide\"]}", &data));
    CHECK_STRING("[]", as_text(&scene, json_member(data, "rules")));
    CHECK_STRING("------", allowed(&scene, data));
    end(&scene);
}

TEST(lines_of_the_policies_that_a_store_begins_with)
{
    struct scene scene = start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"auth/token/renew-self\",\"policies\":[\"default\"]}", &data));
    CHECK_STRING("[{\"path\":\"auth/token/renew-self\",\"line\":4,\"capabilities\":[\"update\"],\"policy\":\"default\",\"decides\":true}]", as_text(&scene, json_member(data, "rules")));
    end(&scene);
}

TEST(sudo_public_and_what_nothing_answers)
{
    struct scene scene = start();
    const struct json *data = NULL;
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"sys/seal\",\"policies\":[\"wide\"]}", &data)); /* update alone does not seal */
    CHECK_STRING("------", allowed(&scene, data));
    CHECK(json_bool(json_member(data, "requests")->first->next->next->next, "needs_sudo", false));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"sys/seal\",\"policies\":[\"admin\"]}", &data));
    CHECK_STRING("rlcupd", allowed(&scene, data));
    CHECK(!json_bool(json_member(data, "requests")->first, "answered", true));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"sys/seal-status\",\"policies\":[\"wide\"]}", &data));
    CHECK_STRING("r-----", allowed(&scene, data));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\",\"policies\":[\"wide\"]}", &data));
    CHECK(!json_bool(json_member(data, "requests")->first, "answered", true));
    CHECK_ERR(ERR_NONE, send(&scene, scene.root, "sys/mounts/box", driver_tree(scene.arena, "{\"type\":\"box\"}"), &data));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\",\"policies\":[\"wide\"]}", &data));
    CHECK(json_bool(json_member(data, "requests")->first, "answered", false));
    CHECK(!json_bool(json_member(data, "requests")->first->next, "answered", true)); /* this engine has no lists */
    end(&scene);
}

TEST(a_token_by_its_accessor_and_ones_own)
{
    struct scene scene = start();
    const struct json *data = NULL;
    struct slice reader = token(&scene, "wide");
    struct json *body = driver_tree(scene.arena, "{\"path\":\"box/db\"}");
    CHECK_ERR(ERR_DENIED, send(&scene, reader, "sys/policies/test", body, &data)); /* it tells of policies: a policy has to allow it */
    json_set_string(scene.arena, body, "accessor", json_text(scene.auth, "accessor", SLICE_NONE));
    CHECK_ERR(ERR_NONE, send(&scene, scene.root, "sys/policies/test", body, &data));
    CHECK_STRING("[\"wide\"]", as_text(&scene, json_member(data, "policies")));
    CHECK_STRING("rl----", allowed(&scene, data));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\"}", &data));
    CHECK(json_bool(data, "root", false));
    CHECK_STRING("rlcupd", allowed(&scene, data));
    CHECK_ERR(ERR_INVALID, ask(&scene, "{\"path\":\"box/db\",\"accessor\":\"gone\"}", &data));
    CHECK_ERR(ERR_INVALID, ask(&scene, "{\"path\":\"box/db\",\"accessor\":\"gone\",\"policies\":[\"wide\"]}", &data));
    end(&scene);
}

TEST(a_draft_is_tried_and_not_written)
{
    struct scene scene = start();
    const struct json *data = NULL, *before = NULL;
    struct json *body = driver_tree(scene.arena, "{\"path\":\"box/db\",\"policies\":[\"wide\"],\"name\":\"wide\"}");
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\",\"policies\":[\"wide\"]}", &before));
    set_hcl(&scene, body, "path \"box/+\" {\n  capabilities = [\"create\"]\n}\n");
    CHECK_ERR(ERR_NONE, send(&scene, scene.root, "sys/policies/test", body, &data));
    CHECK_STRING("--c---", allowed(&scene, data));
    CHECK_ERR(ERR_NONE, ask(&scene, "{\"path\":\"box/db\",\"policies\":[\"wide\"]}", &data));
    CHECK_STRING(as_text(&scene, before), as_text(&scene, data));
    body = driver_tree(scene.arena, "{\"path\":\"box/db\",\"name\":\"not-yet\"}");
    set_hcl(&scene, body, "path \"box/*\" {\n  capabilities = [\"delete\"]\n}\n");
    CHECK_ERR(ERR_NONE, send(&scene, scene.root, "sys/policies/test", body, &data)); /* alone, before it exists */
    CHECK_STRING("-----d", allowed(&scene, data));
    body = driver_tree(scene.arena, "{\"path\":\"box/db\"}");
    set_hcl(&scene, body, "path \"box/+\" {\n  capabilities = [\"create\"]\n}\n");
    CHECK_ERR(ERR_INVALID, send(&scene, scene.root, "sys/policies/test", body, &data)); /* for which policy? */
    body = driver_tree(scene.arena, "{\"path\":\"box/db\",\"name\":\"wide\"}");
    set_hcl(&scene, body, "path \"box/+\" {\n  capabilities = [\"fly\"]\n}\n");
    CHECK_ERR(ERR_INVALID, send(&scene, scene.root, "sys/policies/test", body, &data));
    end(&scene);
}

TEST_MAIN
