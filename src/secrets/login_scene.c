#include "secrets/login_scene.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/operations.h"
#include "engine/token.h"
#include "secrets/cert_judge.h"
#include "secrets/cert_ocsp_judge.h"
#include "secrets/jwt_judge.h"
#include "secrets/jwt_provider.h"
#include "secrets/kubernetes_judge.h"
#include "secrets/login_judge.h"

#include <stdlib.h>

enum { ARENA_BYTES = 64 << 20 };
const int64_t LOGIN_SCENE_MS = INT64_C(1795435200000); /* 2026-11-23T12:00:00Z */

static struct turn_driver *work_driver; /* whose work is being answered: the driver hands a work function no more than names and trees */

/* Judge's own stands a floor above; this is the same function under it. */
static enum err hash(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint8_t out[32];
    cleanup_buf struct buf salt = BUF_INIT(16), hex = BUF_INIT(64);
    enum err err = hex_decode(&salt, json_text(input, "salt", SLICE_NONE));
    err = err == ERR_NONE ? argon2id(raw, buf_slice(&salt), (uint32_t)token_number(input, "memory_kib"), (uint32_t)token_number(input, "passes"), out) : err;
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(out, sizeof out)) : err;
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_string(arena, reply->output, "hash", buf_slice(&hex));
    return err;
}

static const struct work works[] = {
    {"argon2id", hash},
    {"cert.crl", cert_judge_crl},
    {"cert.entry", cert_judge_entry},
    {"cert.login", cert_judge_login},
    {"cert.ocsp", cert_judge_ocsp},
    {"login.account", login_account},
    {"login.crypt", login_crypt},
    {"login.discovery", login_discovery},
    {"login.exchange", login_exchange},
    {"login.device", login_device},
    {"login.jwks", login_jwks},
    {"login.jwt", login_jwt},
    {"login.keys", login_keys},
    {"login.metadata", login_metadata},
    {"login.review", login_review},
    {"login.userinfo", login_userinfo},
};

static struct buf work_raw;
static login_scene_reach_fn reach;

static enum err judge(struct arena *arena, const char *name, const struct json *input, struct work_reply *reply)
{
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        if (slice_is(slice_string(name), works[i].name)) {
            return works[i].run(arena, input, driver_work_raw(work_driver), reply);
        }
    }
    return ERR_NOT_FOUND;
}

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    struct work_reply reply = {.raw = &work_raw};
    buf_free(&work_raw); /* of the work before */
    work_raw = BUF_INIT(1 << 20);
    enum err err = role == ROLE_JUDGE ? judge(arena, name, input, &reply) : reach == NULL ? ERR_UNREACHABLE : reach(arena, name, input, driver_work_raw(work_driver), &reply);
    driver_work_say(work_driver, &reply.complaint, buf_slice(&work_raw));
    *ret_output = reply.output;
    return err;
}

void login_scene_set_reach(login_scene_reach_fn answers)
{
    reach = answers;
}

struct login_scene login_scene_start(const struct engine *engine, const char *type, const char *config)
{
    struct login_scene scene = {.arena = arena_new(ARENA_BYTES), .driver = driver_new(11, LOGIN_SCENE_MS), .remote = "127.0.0.1:5000"};
    if (scene.arena == NULL || scene.driver == NULL) {
        abort();
    }
    driver_set_work(scene.driver, work);
    work_driver = scene.driver;
    driver_add_engine(scene.driver, engine);
#define OPERATION(name) driver_add_operation(scene.driver, #name, operation_##name);
#include "secrets/operations.def"
#undef OPERATION
    scene.root = driver_token(scene.driver, scene.arena, "root");
    const struct json *reply = NULL;
    const char *body = scene_text(&scene, "{\"type\":\"%s\",\"config\":%s}", type, config == NULL ? "{}" : config);
    if (login_scene_ask(&scene, scene.root, VERB_WRITE, scene_text(&scene, "sys/auth/%s", type), body, &reply) != ERR_NONE) {
        abort();
    }
    return scene;
}

void login_scene_end(struct login_scene *scene)
{
    driver_free(scene->driver);
    buf_free(&work_raw);
    reach = NULL;
    arena_free(scene->arena);
}

/* "a=1&b=2" as an object; nothing is decoded. */
static const struct json *query_of(struct login_scene *scene, struct slice text)
{
    struct json *query = json_new(scene->arena, JSON_OBJECT);
    struct slice part;
    while (slice_split(&text, '&', &part)) {
        size_t equals = slice_find_byte(part, '=');
        json_set_string(scene->arena, query, arena_string(scene->arena, slice_first(part, equals)), equals == SIZE_MAX ? SLICE_NONE : slice_from(part, equals + 1));
    }
    return query;
}

static struct request request_of(struct login_scene *scene, struct slice token, enum verb verb, const char *path, const char *body)
{
    struct slice whole = slice_string(path);
    size_t question = slice_find_byte(whole, '?');
    return (struct request){.verb = verb, .path = slice_first(whole, question), .query = question == SIZE_MAX ? NULL : query_of(scene, slice_from(whole, question + 1)), .token = token,
                            .remote = slice_string(scene->remote), .chain = scene->chain, .body = driver_tree(scene->arena, body)};
}

enum err login_scene_ask(struct login_scene *scene, struct slice token, enum verb verb, const char *path, const char *body, const struct json **ret_reply)
{
    struct request request = request_of(scene, token, verb, path, body);
    return driver_ask(scene->driver, scene->arena, &request, ret_reply);
}

struct turn *login_scene_begin(struct login_scene *scene, enum verb verb, const char *path, const char *body)
{
    struct request request = request_of(scene, SLICE_NONE, verb, path, body);
    return driver_begin_request(scene->driver, &request);
}

void login_scene_move(struct login_scene *scene, int64_t ms)
{
    driver_set_now(scene->driver, LOGIN_SCENE_MS + ms);
}

struct slice login_scene_error(const struct json *reply)
{
    const struct json *errors = json_member(reply, "errors");
    return errors == NULL || errors->first == NULL ? SLICE_NONE : errors->first->text;
}

struct slice login_scene_text(struct login_scene *scene, const struct json *reply, const char *path)
{
    const struct json *value = json_path(reply, path);
    cleanup_buf struct buf text = BUF_INIT(1 << 16);
    if (value == NULL) {
        return SLICE_LITERAL("(absent)");
    }
    if (value->type == JSON_STRING || value->type == JSON_NUMBER) {
        return value->text;
    }
    return json_write(&text, value, 0) == ERR_NONE ? arena_copy(scene->arena, buf_slice(&text)) : SLICE_NONE;
}
