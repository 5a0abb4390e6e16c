#include "engine/token_scene.h"

#include "engine/policy.h"
#include "engine/token.h"

#include <stdlib.h>

enum { ARENA_BYTES = 64 << 20 };
const int64_t TOKEN_SCENE_MS = INT64_C(1795435200000); /* 2026-11-23T12:00:00Z */

static enum err operation_test_root(struct turn *turn)
{
    struct token_wish wish = {.name = "root", .path = "auth/token/root", .policies = token_policies(turn, "root", NULL)};
    struct json *auth = NULL;
    enum err err = policy_create_defaults(turn);
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    return err == ERR_NONE ? turn_reply_auth(turn, auth) : err;
}

struct token_scene token_scene_start(void)
{
    struct token_scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, TOKEN_SCENE_MS)};
    struct turn *turn = NULL;
    if (scene.arena == NULL || scene.driver == NULL) {
        abort();
    }
    driver_add_operation(scene.driver, "test_root", operation_test_root);
    if (driver_run(scene.driver, "test_root", NULL, &turn) != ERR_NONE) {
        abort();
    }
    scene.root = arena_copy(scene.arena, json_text(json_member(turn->reply.tree, "auth"), "client_token", SLICE_NONE));
    driver_end(turn);
    return scene;
}

void token_scene_end(struct token_scene *scene)
{
    driver_free(scene->driver);
    arena_free(scene->arena);
}

enum err token_scene_ask(struct token_scene *scene, struct slice token, enum verb verb, const char *path, const char *body)
{
    struct turn *turn = NULL;
    struct request request = {.verb = verb, .path = slice_string(path), .token = token, .remote = SLICE_LITERAL("127.0.0.1:5000"), .body = driver_tree(scene->arena, body),
                              .wrap_ttl = slice_string(scene->wrap_ttl)};
    enum err err = driver_request(scene->driver, &request, &turn);
    const struct json *tree = turn == NULL ? NULL : turn->reply.tree;
    scene->status = turn == NULL ? 0 : turn->reply.status;
    scene->reply = tree == NULL ? NULL : json_copy(scene->arena, tree);
    scene->wrap_ttl = NULL;
    driver_end(turn);
    return err;
}

void token_scene_do(struct token_scene *scene, enum verb verb, const char *path, const char *body)
{
    if (token_scene_ask(scene, scene->root, verb, path, body) != ERR_NONE) {
        abort();
    }
}

/* The tree that gate makes of a policy's text. */
void token_scene_policy(struct token_scene *scene, const char *name, const char *rules)
{
    struct arena *arena = scene->arena;
    struct json *body = json_new(arena, JSON_OBJECT), *policy = json_set_object(arena, body, "policy");
    json_set_string(arena, policy, "text", slice_string(rules));
    struct json *blocks = json_set_array(arena, json_set_object(arena, policy, "tree"), "path");
    for (const struct json *rule = driver_tree(arena, rules)->first; rule != NULL; rule = rule->next) {
        struct json *block = json_append(blocks, json_new(arena, JSON_OBJECT));
        json_append(json_set_array(arena, block, "labels"), json_string(arena, rule->name));
        json_set_u64(arena, block, "line", 1);
        json_set(arena, block, "capabilities", json_copy(arena, rule));
    }
    cleanup_buf struct buf text = BUF_INIT(1 << 16);
    if (json_write(&text, body, 0) != ERR_NONE) {
        abort();
    }
    token_scene_do(scene, VERB_WRITE, arena_printf(arena, "sys/policies/acl/%s", name), arena_string(arena, buf_slice(&text)));
}

struct slice token_scene_token(struct token_scene *scene, const char *body)
{
    token_scene_do(scene, VERB_WRITE, "auth/token/create", body);
    return json_text(json_member(scene->reply, "auth"), "client_token", SLICE_NONE);
}

const char *token_scene_text(struct token_scene *scene, const char *dotted_path)
{
    const struct json *part = json_path(scene->reply, dotted_path);
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    if (part != NULL && part->type == JSON_STRING) {
        return arena_string(scene->arena, part->text);
    }
    return part != NULL && json_write(&text, part, 0) == ERR_NONE ? arena_string(scene->arena, buf_slice(&text)) : "";
}

const char *token_scene_error(struct token_scene *scene)
{
    const struct json *errors = json_member(scene->reply, "errors");
    return errors == NULL || errors->first == NULL ? "" : arena_string(scene->arena, errors->first->text);
}

const char *token_scene_naming(struct token_scene *scene, const char *name, struct slice value)
{
    return arena_printf(scene->arena, "{\"%s\":\"%.*s\"}", name, (int)value.len, (const char *)value.data);
}

size_t token_scene_rows(struct token_scene *scene, const char *prefix)
{
    const struct memory_rows *rows = driver_rows(scene->driver);
    size_t count = 0;
    for (size_t i = 0; i < memory_row_count(rows); i++) {
        count += slice_starts(buf_slice(&rows->list[i].path), slice_string(prefix)) ? 1 : 0;
    }
    return count;
}
