/*
 * GitLab: a whole instance (an administrator's token: second factors and last use of everybody) or one group (an owner's token: factors only as far as
 * the group demands them). A token names its own scopes.
 */
#include "collect/judge_source.h"

enum { OWNER_LEVEL = 50 };

static bool only_reads(struct slice scope)
{
    return slice_starts(scope, SLICE_LITERAL("read_"));
}

static void judge_token(struct judge_case *judge_case)
{
    const struct json *scopes = json_member(source_items(judge_case, "self"), "scopes");
    for (const struct json *scope = scopes == NULL ? NULL : scopes->first; scope != NULL; scope = scope->next) {
        if (!only_reads(scope->text)) {
            source_power(judge_case, scope->text);
        }
    }
    source_judge_read_only(judge_case, scopes != NULL && scopes->count > 0, "self");
}

static struct slice host_of(const struct judge_case *judge_case)
{
    struct slice address = json_text(judge_case->facts, "address", SLICE_NONE);
    size_t slashes = slice_find(address, SLICE_LITERAL("://"));
    return slashes == SIZE_MAX ? address : slice_from(address, slashes + 3);
}

static struct finding factor_of(struct judge_case *judge_case, const struct json *user)
{
    const struct json *known = json_member(user, "two_factor_enabled"), *group = source_items(judge_case, "group");
    if (known != NULL && (known->type == JSON_TRUE || known->type == JSON_FALSE)) {
        return judge_finding(judge_case, known->type == JSON_TRUE ? OUTCOME_PASS : OUTCOME_FAIL, known->type == JSON_TRUE ? "mfa.has-factor" : "mfa.none");
    }
    if (group == NULL) {
        return judge_finding(judge_case, OUTCOME_ERROR, "mfa.not-readable"); /* an administrator's token would show it */
    }
    bool demanded = json_bool(group, "require_two_factor_authentication", false) && judge_number(group, "two_factor_grace_period", 0) <= 48;
    return judge_finding(judge_case, demanded ? OUTCOME_PASS : OUTCOME_UNPROVABLE, demanded ? "mfa.enforced" : "mfa.no-field");
}

/* The latest of what is told; -1: nothing. */
static int64_t last_used(const struct json *user, const struct json *billable)
{
    int64_t times[] = {source_time(user, "last_activity_on"), source_time(user, "current_sign_in_at"), source_time(billable, "last_activity_on"), source_time(billable, "last_login_at")};
    int64_t last_ms = -1;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        last_ms = times[i] > last_ms ? times[i] : last_ms;
    }
    return last_ms;
}

static void judge_user(struct judge_case *judge_case, const char *request, const struct json *user, const struct source_index *billables)
{
    struct slice login = json_text(user, "username", SLICE_NONE), id = source_text(user, "id");
    const struct json *billable = source_find(billables, id);
    struct source_account account = {
        .name = source_name(judge_case, "gitlab", host_of(judge_case), login),
        .login = login,
        .email = json_text(user, "email", SLICE_NONE),
        .where = source_where(judge_case, request, id),
        .admin = json_bool(user, "is_admin", false) || judge_number(user, "access_level", 0) >= OWNER_LEVEL,
        .service = json_bool(user, "bot", false),
        .inactive = !judge_is(user, "state", "active"),
        .factor = factor_of(judge_case, user),
        .use_seen = json_member(user, "last_activity_on") != NULL || billable != NULL,
        .last_used_ms = last_used(user, billable),
        .created_ms = source_time(user, "created_at"),
    };
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
}

static void propose_groups(struct judge_case *judge_case, const char *request)
{
    for (const struct json *group = source_items(judge_case, request); group != NULL; group = group->next) {
        judge_propose(judge_case, "team", source_name(judge_case, "gitlab", host_of(judge_case), json_text(group, "full_path", SLICE_NONE)),
                      source_where(judge_case, request, source_text(group, "id")));
    }
}

static void propose_projects(struct judge_case *judge_case, const char *request)
{
    for (const struct json *project = source_items(judge_case, request); project != NULL; project = project->next) {
        struct slice name = source_name(judge_case, "gitlab", host_of(judge_case), json_text(project, "path_with_namespace", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "repository", name, source_where(judge_case, request, source_text(project, "id")));
        json_set_bool(judge_case->arena, attributes, "private", !judge_is(project, "visibility", "public"));
        json_set_bool(judge_case->arena, attributes, "archived", json_bool(project, "archived", false));
        json_set_string(judge_case->arena, attributes, "branch", json_text(project, "default_branch", SLICE_NONE));
    }
}

static void judge_gitlab(struct judge_case *judge_case)
{
    static const char *const people[] = {"users", "members"}, *const groups[] = {"groups", "group", "subgroups"}, *const projects[] = {"projects", "group_projects"};
    source_judge_complete(judge_case);
    judge_token(judge_case);
    struct source_index billables = source_index_items(judge_case, "billable", "id");
    for (size_t i = 0; i < 2; i++) {
        for (const struct json *user = source_items(judge_case, people[i]); user != NULL; user = user->next) {
            judge_user(judge_case, people[i], user, &billables);
        }
        propose_projects(judge_case, projects[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        propose_groups(judge_case, groups[i]);
    }
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},  {"source.read-only", "source.can-write", false},
    {"mfa.factor", "mfa.none", false},                {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.unused", false}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_gitlab = {"gitlab", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_gitlab}};
