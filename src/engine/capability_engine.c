/* sys/capabilities and its siblings, and sys/internal/ui/resultant-acl: what tokens may do. */
#include "engine/operations.h"

#include "engine/namespace.h"
#include "engine/policy.h"
#include "engine/token.h"

enum { PATHS_MAX = 1000 };

/* ---- on paths ---- */

static struct json *names_of(struct turn *turn, bool is_root, unsigned capabilities)
{
    return is_root ? token_policies(turn, "root", NULL) : policy_capability_names(turn->arena, capabilities);
}

/* {"PATH":[…],…}, and of a single path the same as "capabilities"; Vault repeats it all beside the envelope. */
static enum err reply(struct turn *turn, const struct token *token)
{
    const struct json *policies = token->policies;
    bool is_root = token->is_root;
    turn->caller.identity = token->identity; /* rules that name the caller mean this one */
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    const struct json *paths = json_member(turn->request->body, "paths");
    paths = paths == NULL || paths->count == 0 ? json_member(turn->request->body, "path") : paths;
    if (paths == NULL || paths->count == 0 || paths->count > PATHS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("paths must be supplied, at most 1000", "es fehlen die Pfade, höchstens 1000"), SLICE_NONE);
    }
    bool waits = false;
    for (const struct json *path = paths->first; path != NULL; path = path->next) {
        struct grant grant = {0};
        struct slice bare = slice_starts(path->text, SLICE_LITERAL("/")) ? slice_from(path->text, 1) : path->text;
        enum err err = is_root ? ERR_NONE : policy_grant(turn, policies, bare, &grant);
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
        waits = waits || err == ERR_NEED;
        char *name = arena_string(turn->arena, path->text);
        if (json_member(data, name) == NULL) {
            json_set(turn->arena, data, name, names_of(turn, is_root, grant.capabilities));
        }
        if (paths->count == 1 && !slice_is(path->text, "capabilities")) {
            json_set(turn->arena, data, "capabilities", names_of(turn, is_root, grant.capabilities));
        }
    }
    return waits ? ERR_NEED : turn_reply_both(turn, data);
}

/* What another token may: by the policies of its namespace, and nothing where it is not good. */
static enum err reply_other(struct turn *turn, struct token *token)
{
    enum err err = namespace_of(turn, token->row, &turn->caller.space);
    if (err == ERR_NONE && !namespace_within(&turn->space, &turn->caller.space)) {
        token->policies = NULL;
        token->is_root = false;
    }
    return err == ERR_NONE ? reply(turn, token) : err;
}

enum err operation_sys_capabilities_self(struct turn *turn)
{
    struct token own = {.policies = turn->caller.policies, .identity = turn->caller.identity, .is_root = turn->caller.is_root};
    return reply(turn, &own);
}

enum err operation_sys_capabilities(struct turn *turn)
{
    struct token token;
    enum err err = token_find(turn, turn_field(turn, "token"), &token);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid token", "dieses Token gibt es nicht"), SLICE_NONE) : err;
    }
    return reply_other(turn, &token);
}

enum err operation_sys_capabilities_accessor(struct turn *turn)
{
    struct token token;
    enum err err = token_find_accessor(turn, turn_field(turn, "accessor"), &token);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid accessor", "diesen Accessor gibt es nicht"), SLICE_NONE) : err;
    }
    return reply_other(turn, &token);
}

/* ---- all of it ---- */

/* Rules with "+" stand as they are among the globs; a "*" at the end is left out, as Vault shows it. */
static void add_rule(struct turn *turn, const struct json *rule, struct json *exact, struct json *glob)
{
    struct slice pattern;
    if (!policy_pattern(turn, rule, &pattern)) {
        return;
    }
    bool is_glob = slice_ends(pattern, SLICE_LITERAL("*"));
    struct json *folder = is_glob ? glob : exact;
    char *name = arena_string(turn->arena, is_glob ? slice_first(pattern, pattern.len - 1) : pattern);
    struct json *names = name == NULL ? NULL : token_clean_policies(turn, json_member(rule, "capabilities"), true);
    if (json_member(folder, name) == NULL) {
        json_set(turn->arena, json_set_object(turn->arena, folder, name), "capabilities", names);
        return;
    }
    for (struct json *one = folder->first; one != NULL; one = one->next) { /* the same pattern in several policies adds up */
        if (slice_is(one->name, name)) {
            for (const struct json *word = names == NULL ? NULL : names->first; word != NULL; word = word->next) {
                if (!token_has(one->first, arena_string(turn->arena, word->text))) {
                    json_append(one->first, json_copy(turn->arena, word));
                }
            }
        }
    }
}

enum err operation_sys_resultant_acl(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, data, "root", turn->caller.is_root);
    json_set_string(turn->arena, data, "chroot_namespace", SLICE_NONE);
    struct json *exact = json_set_object(turn->arena, data, "exact_paths"), *glob = json_set_object(turn->arena, data, "glob_paths");
    bool waits = false;
    for (const struct json *name = turn->caller.policies->first; name != NULL; name = name->next) {
        const struct json *rules = NULL;
        enum err err = policy_rules_of(turn, name->text, &rules);
        if (err != ERR_NONE && err != ERR_NEED && err != ERR_NOT_FOUND) {
            return err;
        }
        waits = waits || err == ERR_NEED;
        for (const struct json *rule = err == ERR_NONE && rules != NULL ? rules->first : NULL; rule != NULL; rule = rule->next) {
            add_rule(turn, rule, exact, glob);
        }
    }
    return waits ? ERR_NEED : turn_reply_data(turn, data);
}
