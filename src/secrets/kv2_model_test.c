/*
 * Any sequence of writes, patches, deletions, undeletions, destructions, changed limits and waiting gives what a small model of the documented rules gives: after
 * each step every version of every path is read and compared, its status, its data byte for byte, and the metadata.
 */
#include "secrets/kv_scene.h"

#include "base/check.h"

enum { PATHS = 3, VERSIONS = 64, STEPS = 400, SEEDS = 6 };
static const char *const numbers[] = {"1", "1.10", "-0.0e+10", "12345678901234567890", "1E-400", "0", "9007199254740993", "3.141592653589793238462643383279"};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

struct model_version {
    const char *data;                   /* NULL: destroyed */
    bool exists;
    int64_t deleted_ms;
};

struct model {
    struct model_version versions[VERSIONS];
    unsigned current, oldest, max_versions;
    int64_t delete_after_s;
    bool exists;
};

struct play {
    struct kv_scene scene;
    struct model models[PATHS];
    uint64_t random;
};

static unsigned draw(struct play *play, unsigned below)
{
    play->random ^= play->random << 13;
    play->random ^= play->random >> 7;
    play->random ^= play->random << 17;
    return (unsigned)(play->random >> 11) % below;
}

static bool is_there(const struct play *play, const struct model_version *version)
{
    return version->exists && version->data != NULL && (version->deleted_ms == 0 || version->deleted_ms > play->scene.now_ms);
}

static enum err ask(struct play *play, enum verb verb, const char *folder, unsigned path, const char *query, const char *body, const struct json **ret_reply)
{
    return kv_ask(&play->scene, play->scene.root, verb, arena_printf(play->scene.arena, "s/%s/p/%u", folder, path), query, body, ret_reply);
}

/* ---- the model's rules ---- */

static void model_add(struct play *play, struct model *model, const char *data)
{
    model->exists = true;
    model->current++;
    model->versions[model->current] = (struct model_version){data, true, model->delete_after_s == 0 ? 0 : play->scene.now_ms + model->delete_after_s * 1000};
    unsigned keep = model->max_versions == 0 ? 10 : model->max_versions;
    if (model->current - model->oldest >= keep) {
        model->oldest = model->current - keep + 1;
        for (unsigned i = 0; i < model->oldest; i++) {
            model->versions[i] = (struct model_version){0};
        }
    }
}

static void model_delete(struct play *play, struct model *model, unsigned number)
{
    if (number < VERSIONS && is_there(play, &model->versions[number])) {
        model->versions[number].deleted_ms = play->scene.now_ms;
    }
}

/* ---- the steps ---- */

static void step_write(struct play *play, unsigned path)
{
    struct model *model = &play->models[path];
    const struct json *reply = NULL;
    int digits = draw(play, 4) == 0 ? 400 : 1; /* so that some leave the row of their secret */
    const char *data = arena_printf(play->scene.arena, "{\"n\":%s,\"s\":\"%0*u\",\"o\":{\"a\":%s,\"b\":[%u]}}", numbers[draw(play, NUMBER_COUNT)], digits, draw(play, 1000), numbers[draw(play, NUMBER_COUNT)], draw(play, 9));
    bool with_cas = draw(play, 2) == 0;
    unsigned cas = draw(play, 4) == 0 ? draw(play, VERSIONS) : model->current;
    const char *options = with_cas ? arena_printf(play->scene.arena, ",\"options\":{\"cas\":%u}", cas) : "";
    enum err err = ask(play, VERB_WRITE, "data", path, NULL, arena_printf(play->scene.arena, "{\"data\":%s%s}", data, options), &reply);
    bool fits = !with_cas || cas == model->current;
    CHECK_ERR(fits ? ERR_NONE : ERR_INVALID, err);
    if (fits) {
        model_add(play, model, data);
    }
}

/* The patch takes "s" away and sets "o.b": what is left follows from the text of the newest version. */
static void step_patch(struct play *play, unsigned path)
{
    struct model *model = &play->models[path];
    const struct json *reply = NULL;
    bool can = model->exists && is_there(play, &model->versions[model->current]);
    enum err err = ask(play, VERB_PATCH, "data", path, NULL, "{\"data\":{\"s\":null,\"o\":{\"b\":0}}}", &reply);
    CHECK_ERR(model->exists && model->versions[model->current].exists ? ERR_NONE : ERR_NOT_FOUND, err);
    CHECK_U64(can ? 200 : 404, play->scene.status);
    if (can) {
        const struct json *before = NULL;
        struct json *tree = NULL;
        CHECK_ERR(ERR_NONE, json_read(play->scene.arena, slice_string(model->versions[model->current].data), &tree, NULL));
        before = tree;
        model_add(play, model, arena_printf(play->scene.arena, "{\"n\":%s,\"o\":{\"a\":%s,\"b\":0}}", kv_text(&play->scene, before, "n"), kv_text(&play->scene, before, "o.a")));
    }
}

static void step_delete_newest(struct play *play, unsigned path)
{
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(play, VERB_DELETE, "data", path, NULL, NULL, &reply));
    model_delete(play, &play->models[path], play->models[path].current);
}

static void step_versions(struct play *play, unsigned path)
{
    static const char *const folders[] = {"delete", "undelete", "destroy"};
    struct model *model = &play->models[path];
    const struct json *reply = NULL;
    unsigned what = draw(play, 3), chosen[2] = {draw(play, model->current + 2), draw(play, model->current + 2)};
    CHECK_ERR(ERR_NONE, ask(play, VERB_WRITE, folders[what], path, NULL, arena_printf(play->scene.arena, "{\"versions\":[%u,\"%u\"]}", chosen[0], chosen[1]), &reply));
    for (int i = 0; i < 2; i++) {
        struct model_version *version = &model->versions[chosen[i]];
        if (what == 0) {
            model_delete(play, model, chosen[i]);
        } else if (what == 1 && version->data != NULL) {
            version->deleted_ms = 0;
        } else if (what == 2) {
            version->data = NULL;
        }
    }
}

static void step_limits(struct play *play, unsigned path)
{
    struct model *model = &play->models[path];
    const struct json *reply = NULL;
    unsigned max = draw(play, 6), hours = draw(play, 3);
    CHECK_ERR(ERR_NONE, ask(play, VERB_WRITE, "metadata", path, NULL, arena_printf(play->scene.arena, "{\"max_versions\":%u,\"delete_version_after\":\"%uh\"}", max, hours), &reply));
    model->exists = true;
    model->max_versions = max;
    model->delete_after_s = hours * 3600;
}

static void step_end(struct play *play, unsigned path)
{
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, ask(play, VERB_DELETE, "metadata", path, NULL, NULL, &reply));
    play->models[path] = (struct model){0};
    kv_run_jobs(&play->scene);
}

static void step(struct play *play)
{
    unsigned path = draw(play, PATHS), what = draw(play, 20);
    if (play->models[path].current >= VERSIONS - 2) {
        step_end(play, path);
    } else if (what < 8) {
        step_write(play, path);
    } else if (what < 10) {
        step_patch(play, path);
    } else if (what < 12) {
        step_delete_newest(play, path);
    } else if (what < 16) {
        step_versions(play, path);
    } else if (what < 17) {
        step_limits(play, path);
    } else if (what < 18 && draw(play, 4) == 0) {
        step_end(play, path);
    } else {
        kv_wait(&play->scene, 1 + draw(play, 3000));
    }
}

/* ---- comparing ---- */

static void compare_version(struct play *play, unsigned path, unsigned number)
{
    const struct model_version *version = &play->models[path].versions[number];
    const struct json *reply = NULL;
    enum err err = ask(play, VERB_READ, "data", path, arena_printf(play->scene.arena, "{\"version\":\"%u\"}", number), NULL, &reply);
    CHECK_ERR(version->exists ? ERR_NONE : ERR_NOT_FOUND, err);
    CHECK_U64(is_there(play, version) ? 200 : 404, play->scene.status);
    if (version->exists) {
        CHECK_STRING(is_there(play, version) ? version->data : "null", kv_text(&play->scene, reply, "data.data"));
        CHECK_STRING(version->data == NULL ? "true" : "false", kv_text(&play->scene, reply, "data.metadata.destroyed"));
        CHECK(version->deleted_ms == 0 ? json_path(reply, "data.metadata.deletion_time")->text.len == 0 : json_path(reply, "data.metadata.deletion_time")->text.len > 0);
    }
}

static void compare(struct play *play, unsigned path)
{
    const struct model *model = &play->models[path];
    const struct json *reply = NULL;
    size_t count = 0;
    for (unsigned number = 1; number <= model->current; number++) {
        compare_version(play, path, number);
        count += model->versions[number].exists ? 1 : 0;
    }
    CHECK_ERR(model->exists ? ERR_NONE : ERR_NOT_FOUND, ask(play, VERB_READ, "metadata", path, NULL, NULL, &reply));
    if (model->exists) {
        CHECK_STRING(arena_printf(play->scene.arena, "%u", model->current), kv_text(&play->scene, reply, "data.current_version"));
        CHECK_STRING(arena_printf(play->scene.arena, "%u", model->oldest), kv_text(&play->scene, reply, "data.oldest_version"));
        CHECK_U64(count, json_path(reply, "data.versions")->count);
    }
    /* the bin's list names exactly the paths whose newest version was deleted by somebody: deletion by time alone is not noted there */
    bool is_gone = model->current > 0 && model->versions[model->current].data != NULL && model->versions[model->current].exists && !is_there(play, &model->versions[model->current]);
    enum err err = kv_ask(&play->scene, play->scene.root, VERB_READ, "s/bin/versions", NULL, NULL, &reply);
    bool is_listed = err == ERR_NONE && json_member(json_path(reply, "data.key_info"), arena_printf(play->scene.arena, "p/%u", path)) != NULL;
    CHECK(is_gone || !is_listed || model->versions[model->current].deleted_ms != 0);
}

static void play_with(uint64_t seed)
{
    struct play play = {.scene = kv_scene_start(), .random = seed * UINT64_C(0x9e3779b97f4a7c15)};
    const struct json *reply = NULL;
    CHECK_ERR(ERR_NONE, kv_ask(&play.scene, play.scene.root, VERB_WRITE, "sys/mounts/s", NULL, "{\"type\":\"kv-v2\"}", &reply));
    for (int i = 0; i < STEPS; i++) {
        step(&play);
        if (i % 10 == 0 || i + 1 == STEPS) {
            for (unsigned path = 0; path < PATHS; path++) {
                compare(&play, path);
            }
        }
    }
    kv_scene_end(&play.scene);
}

TEST(any_sequence_gives_what_the_model_gives)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play_with(seed);
    }
}

TEST_MAIN
