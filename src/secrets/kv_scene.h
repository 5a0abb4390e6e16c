/* For tests: a store with the engines of this room, a root token and tokens of policies, and requests written as text. Never part of a daemon. */
#ifndef VOGT_SECRETS_KV_SCENE_H
#define VOGT_SECRETS_KV_SCENE_H

#include "engine/turn_driver.h"

struct kv_scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice root;
    int64_t now_ms;
    uint16_t status;                    /* of the newest reply */
};

struct kv_scene kv_scene_start(void);
void kv_scene_end(struct kv_scene *scene);
struct slice kv_token(struct kv_scene *scene, const char *policy);
/* `rules`: JSON of path blocks, as hcl_to_json gives them. */
void kv_policy(struct kv_scene *scene, const char *name, const char *rules);
void kv_wait(struct kv_scene *scene, int64_t seconds);
/* body and query: JSON objects, or NULL. The reply lives in the scene. */
enum err kv_ask(struct kv_scene *scene, struct slice token, enum verb verb, const char *path, const char *query, const char *body, const struct json **ret_reply);
/* Compact JSON of a part of a reply, by a dotted path; "" when there is none. */
const char *kv_text(struct kv_scene *scene, const struct json *reply, const char *dotted_path);
/* How many rows engines have. */
size_t kv_row_count(struct kv_scene *scene);
/* Runs jobs that are due or begun until none is left. */
void kv_run_jobs(struct kv_scene *scene);

#endif
