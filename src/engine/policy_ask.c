/*
 * sys/policies/test, Vogt's own: what policies allow at a path, and which line of which policy says so. Decides with the same functions as every request
 * (policy_consider); a draft can stand in for a policy, to be tried before it is written.
 */
#include "engine/operations.h"

#include "engine/mount.h"
#include "engine/policy.h"
#include "engine/token.h"

enum { POLICIES_MAX = 64 };

struct asked {
    struct slice path;
    const struct json *names;
    const struct json *rows[POLICIES_MAX];      /* of each name; NULL: no such policy */
    bool is_root;
    struct grant grant;
};

/* What a request needs: which verb it is, and which capability that takes. */
static const struct {
    const char *name;
    enum verb verb;
    unsigned capability;
} requests[] = {
    {"read", VERB_READ, CAPABILITY_READ},       {"list", VERB_LIST, CAPABILITY_LIST},       {"create", VERB_WRITE, CAPABILITY_CREATE},
    {"update", VERB_WRITE, CAPABILITY_UPDATE},  {"patch", VERB_PATCH, CAPABILITY_PATCH},    {"delete", VERB_DELETE, CAPABILITY_DELETE},
    {"scan", VERB_SCAN, CAPABILITY_SCAN},
};

/* Whose policies: those named, a token's by its accessor, the draft's alone, or the caller's own. */
static enum err find_names(struct turn *turn, const struct json **ret_names)
{
    struct slice accessor = turn_field(turn, "accessor");
    const struct json *named = json_member(turn->request->body, "policies");
    struct token token;
    if (named != NULL && accessor.len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("give policies or an accessor, not both", "entweder policies oder einen Accessor angeben, nicht beides"), SLICE_NONE);
    }
    if (accessor.len == 0 && named == NULL && json_member(turn->request->body, "policy") != NULL) {
        struct json *alone = json_new(turn->arena, JSON_ARRAY);
        json_append(alone, json_string(turn->arena, turn_field(turn, "name")));
        named = alone;
    }
    if (accessor.len == 0) {
        *ret_names = named != NULL ? named : turn->caller.policies;
        return ERR_NONE;
    }
    enum err err = token_find_accessor(turn, accessor, &token);
    if (err == ERR_NONE) {
        *ret_names = token.policies;
        turn->caller.identity = token.identity; /* from here on the rules speak of this one */
    }
    return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid accessor", "diesen Accessor gibt es nicht"), SLICE_NONE) : err;
}

/* The policy `name` as the body has it; NULL when the body has none. */
static enum err read_draft(struct turn *turn, const struct json **ret_row)
{
    const struct json *policy = json_member(turn->request->body, "policy"), *rules = NULL;
    *ret_row = NULL;
    if (policy == NULL) {
        return ERR_NONE;
    }
    if (turn_field(turn, "name").len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a draft needs the name of the policy that it stands for", "ein Entwurf braucht den Namen der Richtlinie, für die er steht"), SLICE_NONE);
    }
    enum err err = policy_rules(turn->arena, json_member(policy, "tree"), &rules, &turn->complaint);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (err == ERR_NONE && json_set(turn->arena, row, "rules", json_copy(turn->arena, rules)) == NULL) {
        return ERR_MEMORY;
    }
    *ret_row = row;
    return err;
}

static enum err load(struct turn *turn, const struct json *draft, struct asked *asked)
{
    enum err all = ERR_NONE;
    size_t i = 0;
    for (const struct json *name = asked->names == NULL ? NULL : asked->names->first; name != NULL; name = name->next, i++) {
        if (i == POLICIES_MAX) {
            return turn_refuse(turn, ERR_INVALID, TEXT("more than 64 policies", "mehr als 64 Richtlinien"), SLICE_NONE);
        }
        asked->is_root = asked->is_root || slice_is(name->text, "root");
        if (draft != NULL && slice_equal(name->text, turn_field(turn, "name"))) {
            asked->rows[i] = draft;
            continue;
        }
        enum err err = turn_json(turn, turn_path(turn, "policy/acl/%.*s", (int)name->text.len, (const char *)name->text.data), &asked->rows[i]);
        if (err != ERR_NONE && err != ERR_NEED && err != ERR_NOT_FOUND) {
            return err;
        }
        asked->rows[i] = err == ERR_NONE ? asked->rows[i] : NULL;
        all = err == ERR_NEED ? err : all; /* ask for all of them at once */
    }
    return all;
}

static void decide(struct turn *turn, struct asked *asked)
{
    size_t i = 0;
    for (const struct json *name = asked->names == NULL ? NULL : asked->names->first; name != NULL; name = name->next, i++) {
        policy_consider(turn, asked->rows[i], name->text, asked->path, &asked->grant);
    }
    asked->grant.capabilities = (asked->grant.capabilities & CAPABILITY_DENY) != 0 ? 0 : asked->grant.capabilities;
}

/* ---- the answer ---- */

/* Every rule that matches the path; those that decide say so. */
static void add_rules(struct turn *turn, const struct asked *asked, struct json *rules)
{
    struct arena *arena = turn->arena;
    size_t i = 0;
    for (const struct json *name = asked->names == NULL ? NULL : asked->names->first; name != NULL; name = name->next, i++) {
        const struct json *own = json_member(asked->rows[i], "rules");
        for (const struct json *rule = own == NULL ? NULL : own->first; rule != NULL; rule = rule->next) {
            struct slice pattern;
            if (!policy_pattern(turn, rule, &pattern) || !policy_matches(pattern, asked->path)) {
                continue;
            }
            struct json *shown = json_append(rules, json_copy(arena, rule));
            json_set_string(arena, shown, "policy", name->text);
            json_set_bool(arena, shown, "decides", !asked->is_root && slice_equal(pattern, asked->grant.pattern));
        }
    }
}

/* What answers a verb at the path: a route of the table, or of the engine that is mounted there. *ret_route NULL: nothing does. */
static enum err find_route(struct turn *turn, enum verb verb, struct slice path, const struct route **ret_route)
{
    struct route_match match = {0};
    enum err err = route_find(verb, path, &match);
    if (err == ERR_NOT_FOUND && route_may_be_mounted(path)) {
        struct mount mount;
        struct slice rest;
        err = mount_find(turn, path, &mount, &rest);
        err = err == ERR_NONE ? route_find_in(mount.engine->routes, mount.engine->route_count, verb, rest, &match) : err;
    }
    *ret_route = err == ERR_NONE ? match.route : NULL;
    return err == ERR_NOT_FOUND || err == ERR_METHOD ? ERR_NONE : err;
}

static enum err add_requests(struct turn *turn, const struct asked *asked, struct json *list)
{
    struct arena *arena = turn->arena;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const struct route *route = NULL;
        enum err err = find_route(turn, requests[i].verb, asked->path, &route);
        if (err != ERR_NONE) {
            return err;
        }
        unsigned flags = route == NULL ? 0 : route->flags;
        bool needs_sudo = (flags & ROUTE_SUDO) != 0, is_public = (flags & ROUTE_PUBLIC) != 0;
        bool is_granted = (asked->grant.capabilities & requests[i].capability) != 0 && (!needs_sudo || (asked->grant.capabilities & CAPABILITY_SUDO) != 0);
        struct json *one = json_append(list, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "capability", slice_string(requests[i].name));
        json_set_bool(arena, one, "allowed", asked->is_root || is_public || (is_granted && (flags & ROUTE_CERTIFICATE) == 0));
        json_set_bool(arena, one, "answered", route != NULL);
        json_set_bool(arena, one, "needs_sudo", needs_sudo);
        if (json_set_bool(arena, one, "public", is_public) == NULL) {
            return ERR_MEMORY;
        }
    }
    return ERR_NONE;
}

static enum err reply(struct turn *turn, const struct asked *asked)
{
    struct arena *arena = turn->arena;
    struct json *data = json_new(arena, JSON_OBJECT);
    json_set_string(arena, data, "path", asked->path);
    json_set(arena, data, "policies", asked->names == NULL ? json_new(arena, JSON_ARRAY) : json_copy(arena, asked->names));
    struct json *missing = json_set_array(arena, data, "missing");
    size_t i = 0;
    for (const struct json *name = asked->names == NULL ? NULL : asked->names->first; name != NULL; name = name->next, i++) {
        if (asked->rows[i] == NULL && !slice_is(name->text, "root")) {
            json_append(missing, json_string(arena, name->text));
        }
    }
    json_set_bool(arena, data, "root", asked->is_root);
    json_set(arena, data, "capabilities", policy_capability_names(arena, asked->grant.capabilities));
    add_rules(turn, asked, json_set_array(arena, data, "rules"));
    enum err err = add_requests(turn, asked, json_set_array(arena, data, "requests"));
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_policy_test(struct turn *turn)
{
    struct slice path = turn_field(turn, "path");
    struct asked asked = {.path = slice_starts(path, SLICE_LITERAL("/")) ? slice_from(path, 1) : path};
    const struct json *draft = NULL;
    if (path.len > REQUEST_PATH_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the path is longer than 480 bytes", "der Pfad ist länger als 480 Bytes"), SLICE_NONE);
    }
    enum err err = find_names(turn, &asked.names);
    err = err == ERR_NONE ? read_draft(turn, &draft) : err;
    err = err == ERR_NONE ? load(turn, draft, &asked) : err;
    if (err != ERR_NONE) {
        return err;
    }
    decide(turn, &asked);
    return reply(turn, &asked);
}
