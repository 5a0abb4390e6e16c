/*
 * Policies: Vault's ACL language. A policy is a list of rules, path pattern -> capabilities. In a pattern "+" stands for one segment, a "*" at the end for any
 * ending. Of all rules that match a path the most specific pattern decides (Vault's documented order), the same pattern in several policies adds up, deny wins.
 *
 * Rows: policy/acl/NAME {"text": HCL as written, "rules": [{"path","capabilities":[…],"line", and the limits of policy_limit.c}]}, the line of the text (absent in rows of older releases). The policy "root" is built in and allows everything.
 *       usage/NAME {"PATTERN": unix seconds of the last use}: what least privilege is measured by; written at most once an hour and rule.
 */
#ifndef VOGT_ENGINE_POLICY_H
#define VOGT_ENGINE_POLICY_H

#include "engine/turn.h"

/* Does `pattern` match `path`? */
bool policy_matches(struct slice pattern, struct slice path);
/* Is pattern `a` more specific than `b`? Both match the same path. */
bool policy_is_more_specific(struct slice a, struct slice b);
/* The rules of a body tree as hcl_to_json gives it ({"path":[{"labels":["x"],"capabilities":[…]}]}), checked: unknown words are refused with their place. */
enum err policy_rules(struct arena *arena, const struct json *tree, const struct json **ret_rules, struct complaint *complaint) must_check;

/* Capabilities of the policies (an array of names) on a path; of the deciding rule also policy and pattern. */
enum { GRANT_LIMITS_MAX = 16 };
struct grant {
    unsigned capabilities;
    struct slice policy, pattern;
    struct slice rule;                  /* the pattern as it was written, before the caller's names were filled in */
    const struct json *limits[GRANT_LIMITS_MAX]; /* the deciding rules that say more than capabilities (policy_limit.c) */
    size_t limit_count;
};
enum err policy_grant(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant) must_check;
/* Takes the rules of one policy's row into the decision about a path; deny is not applied yet. */
void policy_consider(struct turn *turn, const struct json *row, struct slice policy, struct slice path, struct grant *grant);
/* Parameters and wrapping, of a rule's block as written, checked. */
enum err policy_limits_read(struct arena *arena, const struct json *block, struct json *rule, struct complaint *complaint) must_check;
bool policy_limits_has(const struct json *rule);
/* Is the request within them? ERR_NONE, ERR_DENIED. */
enum err policy_limits_check(const struct turn *turn, const struct grant *grant) must_check;
/* The same for a list: it is asked of "app/", however it was written; a rule for "app" itself counts too, and the more specific of both decides. */
enum err policy_grant_list(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant) must_check;
/* May these policies do anything at all below this path? *ret_grant then has capabilities. */
enum err policy_grant_below(struct turn *turn, const struct json *policies, struct slice path, struct grant *ret_grant) must_check;
/* The pattern of a rule, for the caller of the turn; false: it means nothing for this one (policy_template.h). */
bool policy_pattern(struct turn *turn, const struct json *rule, struct slice *ret_pattern);
/* The rules of one policy's row. ERR_NOT_FOUND, ERR_NEED. */
enum err policy_rules_of(struct turn *turn, struct slice name, const struct json **ret_rules) must_check;
/* The names of a capability set, as Vault lists them; "deny" for none. */
struct json *policy_capability_names(struct arena *arena, unsigned capabilities);

/* "read,list" as an array of names. */
struct json *policy_split_names(struct arena *arena, const char *comma_list);

/* policy_default.c. The policies that every new store gets: default, admin, operator, auditor. */
enum err policy_create_defaults(struct turn *turn) must_check;
/* After an update of the program: those that nobody has written since the store was made get this program's rules, with a record. */
enum err policy_refresh_defaults(struct turn *turn) must_check;
/* Those that somebody wrote, or that could not be refreshed, and which of this program's patterns they lack: [{"name","missing":[pattern]}]. */
enum err policy_behind(struct turn *turn, struct json **ret_list) must_check;

#endif
