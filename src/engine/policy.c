#include "engine/policy.h"

#include "engine/mount.h"
#include "engine/certificate.h"
#include "engine/namespace.h"
#include "engine/policy_template.h"
#include "engine/token.h"
#include "engine/turn_inside.h"
#include "engine/wrap.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned capability;
} capability_names[] = {
    {"create", CAPABILITY_CREATE}, {"delete", CAPABILITY_DELETE}, {"deny", CAPABILITY_DENY}, {"list", CAPABILITY_LIST},     {"patch", CAPABILITY_PATCH},
    {"read", CAPABILITY_READ},     {"scan", CAPABILITY_SCAN},     {"sudo", CAPABILITY_SUDO}, {"update", CAPABILITY_UPDATE},
};
enum { CAPABILITY_NAME_COUNT = sizeof capability_names / sizeof capability_names[0], USAGE_GRAIN_S = 3600 };

static unsigned capability_of(struct slice name)
{
    for (size_t i = 0; i < CAPABILITY_NAME_COUNT; i++) {
        if (slice_is(name, capability_names[i].name)) {
            return capability_names[i].capability;
        }
    }
    return 0;
}

bool policy_matches(struct slice pattern, struct slice path)
{
    bool open_end = pattern.len > 0 && pattern.data[pattern.len - 1] == '*';
    if (open_end) {
        pattern.len--;
    }
    size_t p = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        bool starts_segment = i == 0 || pattern.data[i - 1] == '/';
        bool ends_segment = i + 1 == pattern.len || pattern.data[i + 1] == '/';
        if (pattern.data[i] == '+' && starts_segment && ends_segment) {
            size_t start = p;
            while (p < path.len && path.data[p] != '/') {
                p++;
            }
            if (p == start) {
                return false;
            }
        } else if (p < path.len && path.data[p] == pattern.data[i]) {
            p++;
        } else {
            return false;
        }
    }
    return open_end || p == path.len;
}

static size_t first_wildcard(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] == '+' || (pattern.data[i] == '*' && i + 1 == pattern.len)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static size_t count_plus(struct slice pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        count += pattern.data[i] == '+';
    }
    return count;
}

/* Vault's documentation, "Policies", priority matching: first wildcard later, no trailing glob, fewer "+", longer, lexicographically larger. */
bool policy_is_more_specific(struct slice a, struct slice b)
{
    size_t wild_a = first_wildcard(a), wild_b = first_wildcard(b);
    if (wild_a != wild_b) {
        return wild_a > wild_b;
    }
    bool glob_a = slice_ends(a, SLICE_LITERAL("*")), glob_b = slice_ends(b, SLICE_LITERAL("*"));
    if (glob_a != glob_b) {
        return glob_b;
    }
    size_t plus_a = count_plus(a), plus_b = count_plus(b);
    if (plus_a != plus_b) {
        return plus_a < plus_b;
    }
    return a.len != b.len ? a.len > b.len : slice_compare(a, b) > 0;
}

static const char *const rule_words[] = {"labels",           "line",           "capabilities",    "comment", "policy", "allowed_parameters", "denied_parameters", "required_parameters",
                                         "min_wrapping_ttl", "max_wrapping_ttl", NULL};

/* What rules said before there were capabilities. */
static const struct {
    const char *word, *capabilities;
} old_words[] = {{"deny", "deny"}, {"read", "read,list"}, {"write", "create,read,update,delete,list"}, {"sudo", "create,read,update,delete,list,sudo"}};

struct json *policy_split_names(struct arena *arena, const char *comma_list)
{
    struct json *names = json_new(arena, JSON_ARRAY);
    struct slice rest = slice_string(comma_list), name;
    while (slice_split(&rest, ',', &name)) {
        json_append(names, json_string(arena, name));
    }
    return names;
}

/* The capabilities of a block as written; NULL: it names none. */
static const struct json *written_capabilities(struct arena *arena, const struct json *block)
{
    const struct json *named = json_member(block, "capabilities");
    struct slice word = json_text(block, "policy", SLICE_NONE);
    for (size_t i = 0; named == NULL && i < sizeof old_words / sizeof old_words[0]; i++) {
        if (slice_is(word, old_words[i].word)) {
            return policy_split_names(arena, old_words[i].capabilities);
        }
    }
    return named;
}

static enum err check_rule(struct arena *arena, const struct json *block, struct complaint *complaint)
{
    uint64_t line = 0;
    if (json_u64(block, "line", &line) != ERR_NONE) {
        line = 0;
    }
    for (const struct json *member = block->first; member != NULL; member = member->next) {
        size_t i = 0;
        while (rule_words[i] != NULL && !slice_is(member->name, rule_words[i])) {
            i++;
        }
        if (rule_words[i] == NULL) {
            return complain(complaint, ERR_INVALID, TEXT("a rule does not know this word", "dieses Wort kennt eine Regel nicht"),
                            (size_t)line, 0, (const char *)member->name.data, member->name.len);
        }
    }
    const struct json *capabilities = written_capabilities(arena, block);
    if (capabilities == NULL || capabilities->type != JSON_ARRAY || capabilities->count == 0) {
        return complain(complaint, ERR_INVALID, TEXT("a rule needs a list of capabilities", "eine Regel braucht eine Liste capabilities"), (size_t)line, 0, NULL, 0);
    }
    for (const struct json *name = capabilities->first; name != NULL; name = name->next) {
        if (name->type != JSON_STRING || capability_of(name->text) == 0) {
            return complain(complaint, ERR_INVALID,
                            TEXT("no such capability (create, read, update, delete, list, patch, scan, sudo, deny)",
                                 "keine solche Fähigkeit (create, read, update, delete, list, patch, scan, sudo, deny)"),
                            (size_t)line, 0, (const char *)name->text.data, name->text.len);
        }
    }
    return ERR_NONE;
}

enum err policy_rules(struct arena *arena, const struct json *tree, const struct json **ret_rules, struct complaint *complaint)
{
    struct json *rules = json_new(arena, JSON_ARRAY);
    for (const struct json *kind = tree == NULL ? NULL : tree->first; kind != NULL; kind = kind->next) {
        if (slice_is(kind->name, "name") && kind->type == JSON_STRING) {
            continue; /* some write it above their rules; the path of the policy says it */
        }
        if (!slice_is(kind->name, "path") || kind->type != JSON_ARRAY) {
            return complain(complaint, ERR_INVALID, TEXT("a policy consists of path blocks only", "eine Richtlinie besteht nur aus path-Blöcken"), 0, 0,
                            (const char *)kind->name.data, kind->name.len);
        }
        for (const struct json *block = kind->first; block != NULL; block = block->next) {
            const struct json *labels = json_member(block, "labels");
            if (labels == NULL || labels->count != 1) {
                return complain(complaint, ERR_INVALID, TEXT("a path block needs one path", "ein path-Block braucht genau einen Pfad"), 0, 0, NULL, 0);
            }
            enum err err = check_rule(arena, block, complaint);
            if (err != ERR_NONE) {
                return err;
            }
            struct slice path = labels->first->text;
            if (!template_is_good(path)) {
                return complain(complaint, ERR_INVALID, TEXT("this path names something between {{ and }} that is not known, or lacks an end", "dieser Pfad nennt zwischen {{ und }} etwas Unbekanntes, oder das Ende fehlt"), 0, 0,
                                (const char *)path.data, path.len);
            }
            struct json *rule = json_append(rules, json_new(arena, JSON_OBJECT));
            json_set_string(arena, rule, "path", slice_starts(path, SLICE_LITERAL("/")) ? slice_from(path, 1) : path);
            json_set(arena, rule, "capabilities", json_copy(arena, written_capabilities(arena, block)));
            uint64_t line = 0;
            if (json_u64(block, "line", &line) == ERR_NONE) {
                json_set_u64(arena, rule, "line", line);
            }
            err = policy_limits_read(arena, block, rule, complaint);
            if (err != ERR_NONE) {
                return err;
            }
        }
    }
    *ret_rules = rules;
    return rules == NULL ? ERR_MEMORY : ERR_NONE;
}

static unsigned capabilities_of(const struct json *rule)
{
    unsigned set = 0;
    const struct json *names = json_member(rule, "capabilities");
    for (const struct json *name = names == NULL ? NULL : names->first; name != NULL; name = name->next) {
        set |= capability_of(name->text);
    }
    return set;
}

/* More of them than fit deny: nothing is allowed that no rule was asked about. */
static void add_limits(struct grant *grant, const struct json *rule)
{
    if (!policy_limits_has(rule)) {
        return;
    }
    if (grant->limit_count == GRANT_LIMITS_MAX) {
        grant->capabilities |= CAPABILITY_DENY;
        return;
    }
    grant->limits[grant->limit_count++] = rule;
}

bool policy_pattern(struct turn *turn, const struct json *rule, struct slice *ret_pattern)
{
    *ret_pattern = json_text(rule, "path", SLICE_NONE);
    return !template_has(*ret_pattern) || template_fill(turn->arena, turn->caller.identity, *ret_pattern, ret_pattern);
}

/* A rule whose pattern matches. */
static void consider_rule(const struct json *rule, struct slice policy, struct slice pattern, struct grant *grant)
{
    if (grant->pattern.data != NULL && slice_equal(pattern, grant->pattern)) {
        grant->capabilities |= capabilities_of(rule);
        add_limits(grant, rule);
    } else if (grant->pattern.data == NULL || policy_is_more_specific(pattern, grant->pattern)) {
        *grant = (struct grant){.capabilities = capabilities_of(rule), .policy = policy, .pattern = pattern, .rule = json_text(rule, "path", SLICE_NONE)};
        add_limits(grant, rule);
    }
}

void policy_consider(struct turn *turn, const struct json *row, struct slice policy, struct slice path, struct grant *grant)
{
    const struct json *rules = json_member(row, "rules");
    for (const struct json *rule = rules == NULL ? NULL : rules->first; rule != NULL; rule = rule->next) {
        struct slice pattern;
        if (policy_pattern(turn, rule, &pattern) && policy_matches(pattern, path)) {
            consider_rule(rule, policy, pattern, grant);
        }
    }
}

/* A policy of the caller's namespace. */
static enum err load(struct turn *turn, struct slice name, const struct json **ret_row)
{
    enum err err = turn_json(turn, namespace_row(turn, turn->caller.space, "policy/acl/%.*s", (int)name.len, (const char *)name.data), ret_row);
    bool is_inherited = err == ERR_NOT_FOUND && turn->caller.space.id.len > 0 && slice_is(name, "default");
    return is_inherited ? turn_json(turn, "policy/acl/default", ret_row) : err;
}

enum err policy_grant(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant)
{
    struct grant grant = {0};
    bool waits = false;
    path = namespace_seen(turn, path);
    for (const struct json *name = policies == NULL ? NULL : policies->first; name != NULL; name = name->next) {
        const struct json *row = NULL;
        enum err err = load(turn, name->text, &row);
        if (err == ERR_NONE) {
            policy_consider(turn, row, name->text, path, &grant);
        } else if (err == ERR_NEED) {
            waits = true; /* ask for all of them at once */
        } else if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    if (waits) {
        return ERR_NEED;
    }
    if ((grant.capabilities & CAPABILITY_DENY) != 0) {
        grant.capabilities = 0;
    }
    *ret_grant = grant;
    return ERR_NONE;
}

/* Can the pattern match something below "path/"? */
static bool reaches_below(struct slice pattern, struct slice path)
{
    bool open_end = slice_ends(pattern, SLICE_LITERAL("*"));
    struct slice fixed = slice_first(pattern, first_wildcard(pattern) == SIZE_MAX ? pattern.len : first_wildcard(pattern));
    bool inside = fixed.len > path.len && slice_starts(fixed, path) && fixed.data[path.len] == '/';
    return inside || (fixed.len < pattern.len && slice_starts(path, fixed)) || (open_end && slice_equal(fixed, path));
}

enum err policy_grant_below(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant)
{
    struct grant grant = {0};
    bool waits = false;
    path = namespace_seen(turn, path);
    for (const struct json *name = policies == NULL ? NULL : policies->first; name != NULL; name = name->next) {
        const struct json *row = NULL;
        enum err err = load(turn, name->text, &row);
        const struct json *rules = err == ERR_NONE ? json_member(row, "rules") : NULL;
        waits = waits || err == ERR_NEED;
        if (err != ERR_NONE && err != ERR_NEED && err != ERR_NOT_FOUND) {
            return err;
        }
        for (const struct json *rule = rules == NULL ? NULL : rules->first; rule != NULL; rule = rule->next) {
            struct slice pattern;
            if (policy_pattern(turn, rule, &pattern) && reaches_below(pattern, path)) {
                grant.capabilities |= capabilities_of(rule) & ~(unsigned)CAPABILITY_DENY;
            }
        }
    }
    *ret_grant = grant;
    return waits ? ERR_NEED : ERR_NONE;
}

enum err policy_rules_of(struct turn *turn, struct slice name, const struct json **ret_rules)
{
    const struct json *row = NULL;
    enum err err = load(turn, name, &row);
    *ret_rules = err == ERR_NONE ? json_member(row, "rules") : NULL;
    return err;
}

struct json *policy_capability_names(struct arena *arena, unsigned capabilities)
{
    struct json *names = json_new(arena, JSON_ARRAY);
    for (size_t i = 0; i < CAPABILITY_NAME_COUNT; i++) {
        if ((capabilities & capability_names[i].capability & ~(unsigned)CAPABILITY_DENY) != 0) {
            json_append(names, json_string(arena, slice_string(capability_names[i].name)));
        }
    }
    if (names != NULL && names->count == 0) {
        json_append(names, json_string(arena, SLICE_LITERAL("deny")));
    }
    return names;
}

/* ---- the request's own permission ---- */

static unsigned capability_for(enum verb verb)
{
    switch (verb) {
    case VERB_READ:
        return CAPABILITY_READ;
    case VERB_WRITE:
        return CAPABILITY_UPDATE | CAPABILITY_CREATE; /* either will do: Vogt's own paths do not tell them apart */
    case VERB_DELETE:
        return CAPABILITY_DELETE;
    case VERB_LIST:
        return CAPABILITY_LIST;
    case VERB_PATCH:
        return CAPABILITY_PATCH;
    case VERB_SCAN:
        return CAPABILITY_SCAN;
    case VERB_NONE:
        break;
    }
    return 0;
}

enum err policy_grant_list(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant)
{
    bool has_slash = path.len > 0 && path.data[path.len - 1] == '/';
    char *folder = turn_path(turn, "%.*s%s", (int)path.len, (const char *)path.data, has_slash ? "" : "/");
    struct grant grant = {0}, bare = {0};
    enum err err = folder == NULL ? ERR_MEMORY : policy_grant(turn, policies, slice_string(folder), &grant);
    err = err == ERR_NONE ? policy_grant(turn, policies, slice_first(path, has_slash ? path.len - 1 : path.len), &bare) : err;
    if (err != ERR_NONE) {
        return err;
    }
    bool is_bare = bare.pattern.data != NULL && (grant.pattern.data == NULL || policy_is_more_specific(bare.pattern, grant.pattern));
    *ret_grant = is_bare ? bare : grant;
    return ERR_NONE;
}

/* Remembers when a rule was last needed; the row changes at most once an hour and rule. */
static enum err note_use(struct turn *turn, const struct grant *grant)
{
    char *path = namespace_row(turn, turn->caller.space, "usage/%.*s", (int)grant->policy.len, (const char *)grant->policy.data);
    char *pattern = arena_string(turn->arena, grant->rule);
    const struct json *row = NULL;
    enum err err = turn_json(turn, path, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    int64_t now_s = turn->now_ms / 1000, last_s = 0;
    if (err == ERR_NONE && json_i64(row, pattern, &last_s) == ERR_NONE && last_s + USAGE_GRAIN_S > now_s && last_s <= now_s) {
        return ERR_NONE;
    }
    struct json *fresh = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = err == ERR_NONE ? row->first : NULL; member != NULL; member = member->next) {
        if (!slice_equal(member->name, grant->rule)) {
            json_set(turn->arena, fresh, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    json_set_i64(turn->arena, fresh, pattern, now_s);
    return turn_put_json(turn, path, fresh, 0);
}

/* An engine that knows whether a thing exists tells create from update. */
static enum err wanted_capability(struct turn *turn, unsigned *ret_wanted)
{
    *ret_wanted = capability_for(turn->request->verb);
    if (turn->request->verb != VERB_WRITE || turn->mount == NULL || turn->mount->engine->exists == NULL) {
        return ERR_NONE;
    }
    enum err err = turn->mount->engine->exists(turn);
    if (err == ERR_NONE || err == ERR_NOT_FOUND) {
        *ret_wanted = err == ERR_NONE ? CAPABILITY_UPDATE : CAPABILITY_CREATE;
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err turn_authorize(struct turn *turn)
{
    if ((turn->route->flags & ROUTE_CERTIFICATE) != 0) {
        return certificate_identify(turn); /* no policy: what an agent may do stands in the table of routes, and nobody can widen it */
    }
    enum err err = token_identify(turn);
    if (err == ERR_NONE && wrap_is_token(turn->caller.token)) {
        return wrap_authorize(turn);
    }
    if (err != ERR_NONE || turn->caller.is_root) {
        return err;
    }
    struct grant grant;
    bool is_list = turn->request->verb == VERB_LIST || turn->request->verb == VERB_SCAN;
    const struct json *policies = turn->caller.policies;
    err = is_list ? policy_grant_list(turn, policies, turn->request->path, &grant) : policy_grant(turn, policies, turn->request->path, &grant);
    if (err != ERR_NONE) {
        return err;
    }
    unsigned wanted = 0;
    err = wanted_capability(turn, &wanted);
    if (err != ERR_NONE) {
        return err;
    }
    if ((grant.capabilities & wanted) == 0) {
        return ERR_DENIED;
    }
    if ((turn->route->flags & ROUTE_SUDO) != 0 && (grant.capabilities & CAPABILITY_SUDO) == 0) {
        return ERR_DENIED;
    }
    err = policy_limits_check(turn, &grant);
    return err == ERR_NONE ? note_use(turn, &grant) : err;
}
