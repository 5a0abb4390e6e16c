/*
 * What a rule says beyond capabilities, as Vault has it: which parameters a write may have and which values (allowed_parameters, denied_parameters,
 * required_parameters), and for how long replies have to be wrapped (min_wrapping_ttl, max_wrapping_ttl). Only the top level of a body is looked at.
 *
 * Of the same pattern in several policies all limits hold; what may be a parameter is the sum of what each allows.
 */
#include "engine/policy.h"

#include "base/time.h"
#include "engine/turn_inside.h"

#include <string.h>

enum { NUMBER_BYTES = 24 };

static const char *const maps[] = {"allowed_parameters", "denied_parameters"}, *const times[] = {"min_wrapping_ttl", "max_wrapping_ttl"};

/* ---- when a policy is written ---- */

static enum err refuse(struct complaint *complaint, uint64_t line, const char *word)
{
    return complain(complaint, ERR_INVALID, TEXT("this is not what a rule can say here", "das kann eine Regel hier nicht sagen"), (size_t)line, 0, word, strlen(word));
}

static bool is_list(const struct json *value)
{
    return value->type == JSON_ARRAY;
}

static enum err take_map(struct arena *arena, const struct json *block, const char *name, uint64_t line, struct json *rule, struct complaint *complaint)
{
    const struct json *map = json_member(block, name);
    bool is_good = map == NULL || map->type == JSON_OBJECT;
    for (const struct json *one = is_good && map != NULL ? map->first : NULL; one != NULL; one = one->next) {
        is_good = is_good && is_list(one);
    }
    if (!is_good) {
        return refuse(complaint, line, name);
    }
    return map == NULL || json_set(arena, rule, name, json_copy(arena, map)) != NULL ? ERR_NONE : ERR_MEMORY;
}

static enum err take_time(struct arena *arena, const struct json *block, const char *name, uint64_t line, struct json *rule, struct complaint *complaint)
{
    const struct json *value = json_member(block, name);
    uint64_t seconds = 0;
    if (value == NULL) {
        return ERR_NONE;
    }
    if ((value->type != JSON_STRING && value->type != JSON_NUMBER) || duration_parse(value->text, &seconds) != ERR_NONE) {
        return refuse(complaint, line, name);
    }
    return json_set_u64(arena, rule, name, seconds) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err policy_limits_read(struct arena *arena, const struct json *block, struct json *rule, struct complaint *complaint)
{
    const struct json *required = json_member(block, "required_parameters");
    uint64_t line = 0, low = 0, high = 0;
    if (json_u64(block, "line", &line) != ERR_NONE) {
        line = 0;
    }
    bool is_good = required == NULL || is_list(required);
    for (const struct json *one = is_good && required != NULL ? required->first : NULL; one != NULL; one = one->next) {
        is_good = is_good && one->type == JSON_STRING;
    }
    enum err err = is_good ? ERR_NONE : refuse(complaint, line, "required_parameters");
    if (err == ERR_NONE && required != NULL) {
        err = json_set(arena, rule, "required_parameters", json_copy(arena, required)) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    for (size_t i = 0; i < 2 && err == ERR_NONE; i++) {
        err = take_map(arena, block, maps[i], line, rule, complaint);
        err = err == ERR_NONE ? take_time(arena, block, times[i], line, rule, complaint) : err;
    }
    bool has_both = json_u64(rule, times[0], &low) == ERR_NONE && json_u64(rule, times[1], &high) == ERR_NONE && high > 0;
    return err == ERR_NONE && has_both && low > high ? refuse(complaint, line, "max_wrapping_ttl") : err;
}

bool policy_limits_has(const struct json *rule)
{
    return json_member(rule, maps[0]) != NULL || json_member(rule, maps[1]) != NULL || json_member(rule, times[0]) != NULL || json_member(rule, times[1]) != NULL ||
           json_member(rule, "required_parameters") != NULL;
}

/* ---- when a request is checked ---- */

/* "*" at the beginning or the end stands for any text. */
static bool glob_matches(struct slice glob, struct slice text)
{
    bool open_end = slice_ends(glob, SLICE_LITERAL("*")), open_begin = glob.len > 1 && slice_starts(glob, SLICE_LITERAL("*"));
    struct slice core = open_end ? slice_first(glob, glob.len - 1) : glob;
    core = open_begin ? slice_from(core, 1) : core;
    if (!open_begin) {
        return open_end ? slice_starts(text, core) : slice_equal(text, core);
    }
    for (size_t i = 0; open_end && i + core.len <= text.len; i++) {
        if (slice_starts(slice_from(text, i), core)) {
            return true;
        }
    }
    return !open_end && slice_ends(text, core);
}

static bool value_matches(const struct json *wanted, const struct json *value)
{
    bool is_plain = value->type == JSON_STRING || value->type == JSON_NUMBER;
    if (wanted->type == JSON_STRING && is_plain) {
        return glob_matches(wanted->text, value->text);
    }
    if (wanted->type == JSON_STRING && (value->type == JSON_TRUE || value->type == JSON_FALSE)) {
        return slice_is(wanted->text, value->type == JSON_TRUE ? "true" : "false");
    }
    return json_equal(wanted, value);
}

/* An empty list means every value. */
static bool list_has(const struct json *list, const struct json *value)
{
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        if (value_matches(one, value)) {
            return true;
        }
    }
    return list->count == 0;
}

/* What a map says of a parameter: the list under its name (compared without case, as Vault does it), else the one under "*"; NULL: nothing. */
static const struct json *list_for(const struct json *map, struct slice name)
{
    const struct json *others = NULL;
    for (const struct json *one = map == NULL ? NULL : map->first; one != NULL; one = one->next) {
        if (slice_equal_caseless(one->name, name)) {
            return one;
        }
        others = slice_is(one->name, "*") ? one : others;
    }
    return others;
}

static bool is_denied(const struct grant *grant, const struct json *parameter)
{
    for (size_t i = 0; i < grant->limit_count; i++) {
        const struct json *list = list_for(json_member(grant->limits[i], "denied_parameters"), parameter->name);
        if (list != NULL && list_has(list, parameter)) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(const struct grant *grant, const struct json *parameter)
{
    bool is_limited = false;
    for (size_t i = 0; i < grant->limit_count; i++) {
        const struct json *map = json_member(grant->limits[i], "allowed_parameters"), *list = list_for(map, parameter->name);
        is_limited = is_limited || (map != NULL && map->count > 0);
        if (list != NULL && list_has(list, parameter)) {
            return true;
        }
    }
    return !is_limited;
}

static bool has_required(const struct json *rule, const struct json *body)
{
    const struct json *required = json_member(rule, "required_parameters");
    for (const struct json *one = required == NULL ? NULL : required->first; one != NULL; one = one->next) {
        const struct json *parameter = body == NULL ? NULL : body->first;
        while (parameter != NULL && !slice_equal_caseless(parameter->name, one->text)) {
            parameter = parameter->next;
        }
        if (parameter == NULL) {
            return false;
        }
    }
    return true;
}

static bool wraps_well(const struct json *rule, struct slice wrap_ttl)
{
    uint64_t seconds = 0, low = 0, high = 0;
    (void)!slice_to_u64(wrap_ttl, &seconds);
    (void)!json_u64(rule, "min_wrapping_ttl", &low);
    (void)!json_u64(rule, "max_wrapping_ttl", &high);
    return seconds >= low && (high == 0 || (seconds > 0 && seconds <= high));
}

enum err policy_limits_check(const struct turn *turn, const struct grant *grant)
{
    bool writes = turn->request->verb == VERB_WRITE || turn->request->verb == VERB_PATCH;
    const struct json *body = turn->inside->request->body; /* as gate sent it */
    for (size_t i = 0; i < grant->limit_count; i++) {
        if (!wraps_well(grant->limits[i], turn->request->wrap_ttl) || (writes && !has_required(grant->limits[i], body))) {
            return ERR_DENIED;
        }
    }
    for (const struct json *parameter = writes && grant->limit_count > 0 && body != NULL ? body->first : NULL; parameter != NULL; parameter = parameter->next) {
        if (is_denied(grant, parameter) || !is_allowed(grant, parameter)) {
            return ERR_DENIED;
        }
    }
    return ERR_NONE;
}
