/*
 * SCIM 2.0 (RFC 7643): people and groups of any identity provider. It has no word for second factors or last use. Admins are the members of the groups
 * that the option admin_groups names, and those with a role "admin" or "administrator".
 */
#include "collect/judge_source.h"

static bool is_named(const struct judge_case *judge_case, struct slice group)
{
    for (const struct json *name = judge_items(judge_case->options, "admin_groups"); name != NULL; name = name->next) {
        if (slice_equal(name->text, group)) {
            return true;
        }
    }
    return false;
}

/* Membership is told by the group, by the user, or both. */
static bool is_admin(struct judge_case *judge_case, const struct json *user, struct slice id)
{
    for (const struct json *role = judge_items(user, "roles"); role != NULL; role = role->next) {
        struct slice value = source_lower(judge_case, json_text(role, "value", SLICE_NONE));
        if (slice_is(value, "admin") || slice_is(value, "administrator")) {
            return true;
        }
    }
    for (const struct json *group = judge_items(user, "groups"); group != NULL; group = group->next) {
        if (is_named(judge_case, json_text(group, "display", SLICE_NONE))) {
            return true;
        }
    }
    for (const struct json *group = source_items(judge_case, "groups"); group != NULL; group = group->next) {
        if (!is_named(judge_case, json_text(group, "displayName", SLICE_NONE))) {
            continue;
        }
        for (const struct json *member = judge_items(group, "members"); member != NULL; member = member->next) {
            if (slice_equal(json_text(member, "value", SLICE_NONE), id)) {
                return true;
            }
        }
    }
    return false;
}

static struct slice email_of(const struct json *user)
{
    const struct json *first = judge_items(user, "emails");
    for (const struct json *email = first; email != NULL; email = email->next) {
        if (json_bool(email, "primary", false)) {
            return json_text(email, "value", SLICE_NONE);
        }
    }
    return json_text(first, "value", SLICE_NONE);
}

static void judge_user(struct judge_case *judge_case, const struct json *user)
{
    struct slice id = source_text(user, "id"), login = json_text(user, "userName", SLICE_NONE), email = email_of(user);
    struct source_account account = {
        .name = source_name(judge_case, "scim", json_text(judge_case->subject, "name", SLICE_LITERAL("source")), login),
        .login = login,
        .email = email,
        .where = source_where(judge_case, "users", id),
        .admin = is_admin(judge_case, user, id),
        .inactive = !json_bool(user, "active", true),
        .factor = judge_finding(judge_case, OUTCOME_UNPROVABLE, "mfa.no-field"),
        .last_used_ms = -1,
        .created_ms = source_time(user, "meta.created"),
    };
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
    if (!account.inactive) {
        source_propose_person(judge_case, email.len > 0 ? email : login, login, account.where);
    }
}

static void judge_scim(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    source_judge_read_only(judge_case, false, "users");
    for (const struct json *user = source_items(judge_case, "users"); user != NULL; user = user->next) {
        judge_user(judge_case, user);
    }
    for (const struct json *group = source_items(judge_case, "groups"); group != NULL; group = group->next) {
        struct slice name = source_name(judge_case, "scim", json_text(judge_case->subject, "name", SLICE_LITERAL("source")), json_text(group, "displayName", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "team", name, source_where(judge_case, "groups", source_text(group, "id")));
        struct json *members = json_set_array(judge_case->arena, attributes, "members");
        for (const struct json *member = judge_items(group, "members"); member != NULL; member = member->next) {
            json_append(members, json_string(judge_case->arena, json_text(member, "display", json_text(member, "value", SLICE_NONE))));
        }
    }
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},     {"source.read-only", "source.powers-unseen", true},
    {"mfa.factor", "mfa.no-field", true},                {"mfa.cloud-factor", "mfa.no-field", true},
    {"access.unused-rights", "access.use-unseen", true}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_scim = {"scim", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_scim}};
