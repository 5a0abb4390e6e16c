/*
 * Forgejo and Gitea: a whole instance (an administrator's token) or one organisation. Neither shows anybody who has a second factor. What a token may do
 * is told only when it is refused: "… required=[write:user], token scope=read:admin,read:user".
 */
#include "collect/judge_source.h"

static struct slice host_of(const struct judge_case *judge_case)
{
    struct slice address = json_text(judge_case->facts, "address", SLICE_NONE);
    size_t slashes = slice_find(address, SLICE_LITERAL("://"));
    return slashes == SIZE_MAX ? address : slice_from(address, slashes + 3);
}

/* Scopes of the refusal; *seen: it named them all. */
static void judge_scopes(struct judge_case *judge_case, struct slice message, bool *seen)
{
    static const struct slice mark = SLICE_INIT("token scope=");
    size_t at = slice_find(message, mark);
    struct slice rest = slice_from(message, at + mark.len), scope;
    if (at == SIZE_MAX) {
        return;
    }
    *seen = true;
    while (slice_split(&rest, ',', &scope)) {
        scope = slice_trim(scope);
        if (scope.len > 0 && !slice_starts(scope, SLICE_LITERAL("read:")) && !slice_is(scope, "public-only")) {
            source_power(judge_case, scope);
        }
    }
}

static void judge_token(struct judge_case *judge_case)
{
    const struct json *attempt = source_request(judge_case, "attempt");
    struct slice status = source_text(attempt, "status"), message = source_text(judge_items(attempt, "items"), "message");
    bool seen = false;
    if (slice_is(status, "422") || slice_is(status, "400")) {
        source_power(judge_case, SLICE_LITERAL("write:user")); /* it got as far as the list being empty */
    } else if (slice_is(status, "403")) {
        judge_scopes(judge_case, message, &seen);
    }
    source_judge_read_only(judge_case, seen, "attempt");
}

static void judge_user(struct judge_case *judge_case, const char *request, const struct json *user, bool admin)
{
    struct slice login = json_text(user, "login", SLICE_NONE);
    int64_t last_ms = source_time(user, "last_login");
    struct source_account account = {
        .name = source_name(judge_case, "forgejo", host_of(judge_case), login),
        .login = login,
        .where = source_where(judge_case, request, source_text(user, "id")),
        .admin = admin || json_bool(user, "is_admin", false),
        .inactive = json_bool(user, "prohibit_login", false),
        .factor = judge_finding(judge_case, OUTCOME_UNPROVABLE, "mfa.no-field"),
        .use_seen = json_member(user, "last_login") != NULL && last_ms != -1,
        .last_used_ms = last_ms > 0 ? last_ms : -1, /* never is told as the beginning of 1970, or of time */
        .created_ms = source_time(user, "created"),
    };
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
}

/* Members of a team that owns the organisation. */
static bool owns(const struct judge_case *judge_case, struct slice login)
{
    for (const struct json *team = source_items(judge_case, "teams"); team != NULL; team = team->next) {
        if (!judge_is(team, "permission", "owner") && !judge_is(team, "permission", "admin")) {
            continue;
        }
        for (const struct json *one = judge_items(source_each(judge_case, "team_members", source_text(team, "id")), "items"); one != NULL; one = one->next) {
            if (slice_equal(json_text(one, "login", SLICE_NONE), login)) {
                return true;
            }
        }
    }
    return false;
}

static void propose_repositories(struct judge_case *judge_case, const char *request)
{
    for (const struct json *repository = source_items(judge_case, request); repository != NULL; repository = repository->next) {
        struct slice name = source_name(judge_case, "forgejo", host_of(judge_case), json_text(repository, "full_name", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "repository", name, source_where(judge_case, request, source_text(repository, "id")));
        json_set_bool(judge_case->arena, attributes, "private", json_bool(repository, "private", false));
        json_set_bool(judge_case->arena, attributes, "archived", json_bool(repository, "archived", false));
        json_set_string(judge_case->arena, attributes, "branch", json_text(repository, "default_branch", SLICE_NONE));
    }
}

static void propose_teams(struct judge_case *judge_case)
{
    struct slice org = json_text(judge_case->facts, "org", SLICE_NONE);
    for (const struct json *team = source_items(judge_case, "teams"); team != NULL; team = team->next) {
        struct slice scope = source_name(judge_case, (const char *)arena_string(judge_case->arena, host_of(judge_case)), SLICE_NONE, org), id = source_text(team, "id");
        struct json *attributes = judge_propose(judge_case, "team", source_name(judge_case, "forgejo", scope, json_text(team, "name", SLICE_NONE)), source_where(judge_case, "teams", id));
        struct json *members = json_set_array(judge_case->arena, attributes, "members");
        for (const struct json *one = judge_items(source_each(judge_case, "team_members", id), "items"); one != NULL; one = one->next) {
            json_append(members, json_string(judge_case->arena, json_text(one, "login", SLICE_NONE)));
        }
    }
    for (const struct json *one = source_items(judge_case, "orgs"); one != NULL; one = one->next) {
        judge_propose(judge_case, "team", source_name(judge_case, "forgejo", host_of(judge_case), json_text(one, "username", json_text(one, "name", SLICE_NONE))),
                      source_where(judge_case, "orgs", source_text(one, "id")));
    }
}

static void judge_forgejo(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    judge_token(judge_case);
    for (const struct json *user = source_items(judge_case, "users"); user != NULL; user = user->next) {
        judge_user(judge_case, "users", user, false);
    }
    for (const struct json *user = source_items(judge_case, "members"); user != NULL; user = user->next) {
        judge_user(judge_case, "members", user, owns(judge_case, json_text(user, "login", SLICE_NONE)));
    }
    propose_teams(judge_case);
    propose_repositories(judge_case, "repositories");
    propose_repositories(judge_case, "org_repositories");
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},  {"source.read-only", "source.can-write", false},
    {"mfa.factor", "mfa.no-field", true},             {"mfa.cloud-factor", "mfa.no-field", true},
    {"access.unused-rights", "access.unused", false}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_forgejo = {"forgejo", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_forgejo}};
