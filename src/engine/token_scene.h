/* For tests: a store with a root token, and requests written as text. Never part of a daemon. */
#ifndef VOGT_ENGINE_TOKEN_SCENE_H
#define VOGT_ENGINE_TOKEN_SCENE_H

#include "engine/turn_driver.h"

struct token_scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    const char *wrap_ttl;               /* of the next request only; NULL: none */
    uint16_t status;                    /* of the newest reply */
    const struct json *reply;           /* lives in the scene */
};

extern const int64_t TOKEN_SCENE_MS;

struct token_scene token_scene_start(void);
void token_scene_end(struct token_scene *scene);
/* body: a JSON object, or NULL. */
enum err token_scene_ask(struct token_scene *scene, struct slice token, enum verb verb, const char *path, const char *body);
/* The same as root, which must succeed. */
void token_scene_do(struct token_scene *scene, enum verb verb, const char *path, const char *body);
/* `rules`: {"PATTERN":["read",…],…} */
void token_scene_policy(struct token_scene *scene, const char *name, const char *rules);
/* client_token of auth/token/create with this body, made by root. */
struct slice token_scene_token(struct token_scene *scene, const char *body);
/* Of the newest reply: a text, or the compact JSON of another part; "" when there is none. */
const char *token_scene_text(struct token_scene *scene, const char *dotted_path);
const char *token_scene_error(struct token_scene *scene);
/* How many rows lie below a path. */
size_t token_scene_rows(struct token_scene *scene, const char *prefix);
/* {"token":"…"} */
const char *token_scene_naming(struct token_scene *scene, const char *name, struct slice value);

#endif
