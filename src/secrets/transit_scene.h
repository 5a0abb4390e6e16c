/* For tests: a kv scene with transit mounted at t/, whose slow work is done at once. */
#ifndef VOGT_SECRETS_TRANSIT_SCENE_H
#define VOGT_SECRETS_TRANSIT_SCENE_H

#include "secrets/kv_scene.h"

#define ASK(verb, path, query, body) kv_ask(&scene, scene.root, verb, path, query, body, &reply)
#define READ(path) ASK(VERB_READ, path, NULL, NULL)
#define WRITE(path, body) ASK(VERB_WRITE, path, NULL, body)
#define PART(dotted) kv_text(&scene, reply, dotted)
#define CHECK_PART(expected, dotted) CHECK_STRING(expected, PART(dotted))
#define BODY(...) arena_printf(scene.arena, __VA_ARGS__)
#define TEXT_OF(dotted) transit_text_of(&scene, reply, dotted)

struct kv_scene transit_scene_start(void);
/* A text of a reply, without quotes. */
const char *transit_text_of(struct kv_scene *scene, const struct json *reply, const char *dotted);

#endif
