#include "measure/segmentation_task.h"

#include "base/encode.h"
#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/newest.h"
#include "measure/standing.h"

enum { SECRET_BYTES = 32, TARGETS_MAX = 64, DAY_MS = 86400000, PLANT_FIRST = 20000, PLANT_SPAN = 12000, TIMEOUT_MS = 60000 };
#define KEY_ROW "estate/fingerprint-key"

static struct slice attribute(const struct json *subject, const char *name)
{
    return json_text(json_member(subject, "attributes"), name, SLICE_NONE);
}

static bool is_kind(const struct json *subject, const char *kind)
{
    return slice_is(json_text(subject, "kind", SLICE_NONE), kind);
}

/* -- connections ---------------------------------------------------------------------------------------------------- */

bool segmentation_applies(const struct json *subject)
{
    return attribute(subject, "apart_from").len > 0;
}

/* "name:443", "[2001:db8::1]:443". False without a port. */
static bool add_place(struct turn *turn, struct json *to, struct slice name)
{
    size_t colon = name.len;
    uint64_t port = 0;
    while (colon > 0 && name.data[colon - 1] != ':') {
        colon--;
    }
    if (colon < 2 || slice_to_u64(slice_from(name, colon), &port) != ERR_NONE) {
        return false;
    }
    struct slice host = slice_first(name, colon - 1);
    bool bracket = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    json_set_string(turn->arena, to, "host", bracket ? slice_first(slice_from(host, 1), host.len - 2) : host);
    return json_set_u64(turn->arena, to, "port", port) != NULL;
}

/* An endpoint's own environment, or that of its host. */
static struct slice environment_of(const struct json *subjects, struct arena *arena, const struct json *subject)
{
    struct slice own = attribute(subject, "environment"), host = attribute(subject, "host");
    return own.len > 0 || host.len == 0 ? own : attribute(edit_at(subjects, edit_find(subjects, "id", estate_id(arena, SLICE_LITERAL("host"), host))), "environment");
}

enum err segmentation_task(struct turn *turn, const struct json *environment, struct json *input)
{
    struct json *subjects = NULL, *targets = json_set_array(turn->arena, input, "targets"), *plant = json_set_array(turn->arena, input, "plant_ports");
    enum err err = standing_subjects(turn, &subjects);
    uint16_t random = 0;
    for (const struct json *subject = err == ERR_NONE ? subjects->first : NULL; subject != NULL && targets != NULL; subject = subject->next) {
        if (is_kind(subject, "endpoint") && json_bool(subject, "confirmed", false) && targets->count < TARGETS_MAX &&
            slice_equal(environment_of(subjects, turn->arena, subject), attribute(environment, "apart_from"))) {
            struct json *target = json_new(turn->arena, JSON_OBJECT);
            if (target != NULL && add_place(turn, target, json_text(subject, "name", SLICE_NONE))) {
                json_append(targets, target);
            }
        }
    }
    (void)add_place(turn, json_set_object(turn->arena, input, "control"), attribute(environment, "control"));
    turn_random(turn, &random, sizeof random);
    for (uint64_t i = 0; i < 2; i++) {
        json_append(plant, json_number_u64(turn->arena, (uint64_t)PLANT_FIRST + random % PLANT_SPAN + i));
    }
    return err == ERR_NONE && json_set_u64(turn->arena, input, "timeout_ms", TIMEOUT_MS) == NULL ? ERR_MEMORY : err;
}

enum err segmentation_options(struct turn *turn, const struct json *environment, struct json *options)
{
    struct slice id = estate_id(turn->arena, SLICE_LITERAL("environment"), attribute(environment, "apart_from"));
    return json_set_string(turn->arena, options, "apart_from", id) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* -- secrets -------------------------------------------------------------------------------------------------------- */

bool secrets_apply(const struct json *subject)
{
    return edit_items(json_member(subject, "attributes"), "secrets") != NULL;
}

enum err secrets_key(struct turn *turn, struct json *input)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, KEY_ROW, &row);
    if (err == ERR_NOT_FOUND) {
        uint8_t key[SECRET_BYTES];
        cleanup_buf struct buf hex = BUF_INIT(2 * SECRET_BYTES);
        struct json *fresh = json_new(turn->arena, JSON_OBJECT);
        turn_random(turn, key, sizeof key);
        err = hex_encode(&hex, slice_of(key, sizeof key));
        err = err == ERR_NONE && json_set_string(turn->arena, fresh, "key", buf_slice(&hex)) == NULL ? ERR_MEMORY : err;
        err = err == ERR_NONE ? turn_put_json(turn, KEY_ROW, fresh, 0) : err;
        row = fresh;
    }
    if (err != ERR_NONE) {
        return err;
    }
    return json_set_string(turn->arena, input, "fingerprint_key", json_text(row, "key", SLICE_NONE)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err secrets_task(struct turn *turn, const struct json *host, struct json *input)
{
    struct json *paths = json_set_array(turn->arena, input, "paths");
    for (const struct json *path = edit_items(json_member(host, "attributes"), "secrets"); path != NULL; path = path->next) {
        json_append(paths, json_string(turn->arena, path->text));
    }
    return secrets_key(turn, input);
}

static void add_unread(struct turn *turn, struct json *sources, struct slice what)
{
    struct json *source = json_append(sources, json_new(turn->arena, JSON_OBJECT));
    struct json *file = json_append(json_set_array(turn->arena, source, "files"), json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, file, "path", what);
    json_set_string(turn->arena, file, "read", SLICE_LITERAL("NOT_FOUND"));
}

/* *added: something that can be compared. */
static enum err add_source(struct turn *turn, struct json *sources, const char *probe, struct slice host, bool *added)
{
    struct json *payload = NULL;
    enum err err = newest_run(turn, probe, host, &payload);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    const struct json *facts = json_member(payload, "facts");
    int64_t age_ms = turn->now_ms - edit_number(payload, "collected_at_ms", 0);
    if (facts == NULL || age_ms < 0 || age_ms > DAY_MS || !json_bool(json_member(payload, "plant"), "caught", false)) {
        return ERR_NONE;
    }
    *added = true;
    return json_append(sources, json_copy(turn->arena, facts)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err add_host(struct turn *turn, struct json *sources, const struct json *host)
{
    struct slice id = json_text(host, "id", SLICE_NONE);
    bool files = false, engines = false;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, add_source(turn, sources, "secrets", id, &files)) && standing_goes_on(&all, add_source(turn, sources, "docker", id, &engines)));
    if (all == ERR_NONE && (secrets_apply(host) ? !files : !engines)) {
        add_unread(turn, sources, id);
    }
    return all;
}

static enum err add_side(struct turn *turn, struct json *sides, const struct json *subjects, struct slice environment)
{
    struct json *side = json_append(sides, json_new(turn->arena, JSON_OBJECT)), *sources = NULL;
    enum err all = ERR_NONE;
    json_set_string(turn->arena, side, "environment", environment);
    sources = json_set_array(turn->arena, side, "sources");
    for (const struct json *subject = subjects->first; subject != NULL; subject = subject->next) {
        if (is_kind(subject, "host") && slice_equal(attribute(subject, "environment"), environment) &&
            !standing_goes_on(&all, add_host(turn, sources, subject))) {
            return all;
        }
    }
    return all == ERR_NONE && sources == NULL ? ERR_MEMORY : all;
}

enum err secrets_facts(struct turn *turn, struct slice subject, struct json *facts)
{
    struct json *subjects = NULL, *sides = json_set_array(turn->arena, facts, "sides");
    const struct json *environment = NULL;
    enum err err = standing_subject(turn, subject, &environment), all = ERR_NONE;
    err = err == ERR_NONE ? standing_subjects(turn, &subjects) : err;
    if (err != ERR_NONE) {
        return err;
    }
    (void)(standing_goes_on(&all, add_side(turn, sides, subjects, json_text(environment, "name", SLICE_NONE))) &&
           standing_goes_on(&all, add_side(turn, sides, subjects, attribute(environment, "apart_from"))));
    return all;
}
