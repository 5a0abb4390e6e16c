/*
 * A scene: the operations of these rooms on rows in memory, with workers that say what a script tells them. For tests and benchmarks, never part of a
 * daemon. After a scene the evidence log can be folded anew, which must agree with every verdict that was recorded.
 */
#ifndef VOGT_MEASURE_SCENE_H
#define VOGT_MEASURE_SCENE_H

#include "engine/turn_driver.h"

#define SCENE_NOON_MS INT64_C(1795435200000)
#define SCENE_HOUR_MS INT64_C(3600000)

/* What the workers say; scene_start sets it to an annex whose sentence 3.1 promises TLS, and to all being well. */
struct scene_script {
    const char *annex;          /* of annex.read */
    const char *failing;        /* kind of observation that fails; or "" */
    const char *refusing;       /* work that gives an error; or "" */
    bool blind;                 /* plants are not caught */
    const char *found;          /* proposals of judge.machine as JSON; NULL: none at all */
    bool whole;                 /* and whether it saw all */
};
extern struct scene_script scene_script;
extern const char scene_first_annex[], scene_second_annex[];

struct scene {
    struct arena *arena;
    struct turn_driver *driver;
    struct slice token;
};

struct scene scene_start(void);
void scene_end(struct scene *scene);
/* A request as gate hands it on, with the root token; the reply's data is copied out. */
enum err scene_ask(struct scene *scene, enum verb verb, const char *path, const char *body, const char *raw, const struct json **ret_data);
struct slice scene_verdict(struct scene *scene, const char *clause);
/* Folds the log from its beginning. True: every entry was taken and every verdict agreed, and there were verdicts. */
bool scene_replays(struct scene *scene);

#endif
