/*
 * For the tests of login methods: a store with the method mounted, a root token, requests from an address of the test's choice, and judge's works done in place.
 * Never part of a daemon.
 */
#ifndef VOGT_SECRETS_LOGIN_SCENE_H
#define VOGT_SECRETS_LOGIN_SCENE_H

#include "base/check.h"
#include "engine/turn_driver.h"
#include "process/worker.h"
#include "secrets/secrets.h"

struct login_scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    const char *remote;                 /* "127.0.0.1:5000" unless the test says otherwise */
    struct slice chain;                 /* what gate hands on of a client's certificates */
};

extern const int64_t LOGIN_SCENE_MS;    /* the clock at the start */

/* Mounts the method at auth/TYPE with this config (JSON; NULL: none). */
struct login_scene login_scene_start(const struct engine *engine, const char *type, const char *config);
void login_scene_end(struct login_scene *scene);
/* Answers what reach is asked to do, until the scene ends; without it nothing can be reached. */
typedef enum err (*login_scene_reach_fn)(struct arena *arena, const char *name, const struct json *input, struct slice raw, struct work_reply *reply);
void login_scene_set_reach(login_scene_reach_fn answers);
/* One request, without a token when `token` is empty; the path may have a query, whose values are taken as they are; the body is JSON (NULL: none). *ret_reply is the whole reply, errors
 * included; of a file or a redirect its text. */
enum err login_scene_ask(struct login_scene *scene, struct slice token, enum verb verb, const char *path, const char *body, const struct json **ret_reply);
/* The same, begun only: for turns that run side by side. */
struct turn *login_scene_begin(struct login_scene *scene, enum verb verb, const char *path, const char *body);
void login_scene_move(struct login_scene *scene, int64_t ms);
/* The first of the reply's errors; empty: none. */
struct slice login_scene_error(const struct json *reply);
/* Its member in `data` or `auth`, as text; numbers as they stand, arrays and objects as JSON. */
struct slice login_scene_text(struct login_scene *scene, const struct json *reply, const char *path);
/* printf into the scene's arena. */
#define scene_text(scene, ...) arena_printf((scene)->arena, __VA_ARGS__)

#endif
