/*
 * A GitHub organisation. Owners are its admins. Which members lack a second factor only an owner's token is told. A classic token names its scopes in
 * a reply header; of a fine-grained one nobody can ask what it may do.
 */
#include "collect/judge_source.h"

static const char *const read_scopes[] = {
    "read:org", "read:user", "user:email", "read:public_key", "read:gpg_key", "read:ssh_signing_key", "read:repo_hook", "read:packages", "read:project",
    "read:enterprise", "read:audit_log", "read:discussion", "read:network_configurations",
};

static bool only_reads(struct slice scope)
{
    for (size_t i = 0; i < sizeof(read_scopes) / sizeof(read_scopes[0]); i++) {
        if (slice_is(scope, read_scopes[i])) {
            return true;
        }
    }
    return false;
}

static void judge_token(struct judge_case *judge_case)
{
    const struct json *headers = json_member(source_request(judge_case, "org"), "headers");
    struct slice rest = json_text(headers, "X-OAuth-Scopes", SLICE_NONE), scope;
    bool classic = rest.len > 0;
    while (slice_split(&rest, ',', &scope)) {
        scope = slice_trim(scope);
        if (scope.len > 0 && !only_reads(scope)) {
            source_power(judge_case, scope);
        }
    }
    source_judge_read_only(judge_case, classic, "org");
}

struct people {
    const char *request;
    bool admin;
    const char *without;                /* the request that lists those of them without a second factor */
};

static struct finding factor_of(struct judge_case *judge_case, struct slice login, const char *without, const struct source_index *lacking, const struct source_index *weak)
{
    if (source_find(lacking, login) != NULL) {
        return judge_finding(judge_case, OUTCOME_FAIL, "mfa.none");
    }
    if (!source_has_all(judge_case, without)) {
        return judge_finding(judge_case, OUTCOME_ERROR, "mfa.not-readable");
    }
    return judge_finding(judge_case, OUTCOME_PASS, source_find(weak, login) != NULL ? "mfa.weak" : "mfa.has-factor");
}

static void judge_people(struct judge_case *judge_case, const struct people *people)
{
    struct slice org = json_text(judge_case->facts, "org", SLICE_NONE);
    struct source_index lacking = source_index_items(judge_case, people->without, "login"), weak = source_index_items(judge_case, "insecure_factor", "login");
    for (const struct json *member = source_items(judge_case, people->request); member != NULL; member = member->next) {
        struct slice login = json_text(member, "login", SLICE_NONE);
        struct source_account account = {
            .name = source_name(judge_case, "github", org, login),
            .login = login,
            .where = source_where(judge_case, people->request, source_text(member, "id")),
            .admin = people->admin,
            .service = judge_is(member, "type", "Bot"),
            .factor = factor_of(judge_case, login, people->without, &lacking, &weak),
            .last_used_ms = -1,
            .created_ms = -1,
        };
        if (login.len > 0) {
            source_judge_account(judge_case, &account);
        }
    }
}

static void propose_teams(struct judge_case *judge_case)
{
    struct slice org = json_text(judge_case->facts, "org", SLICE_NONE);
    for (const struct json *team = source_items(judge_case, "teams"); team != NULL; team = team->next) {
        struct slice slug = json_text(team, "slug", SLICE_NONE);
        struct json *attributes = judge_propose(judge_case, "team", source_name(judge_case, "github", org, slug), source_where(judge_case, "teams", source_text(team, "id")));
        struct json *members = json_set_array(judge_case->arena, attributes, "members");
        for (const struct json *member = judge_items(source_each(judge_case, "team_members", slug), "items"); member != NULL; member = member->next) {
            json_append(members, json_string(judge_case->arena, json_text(member, "login", SLICE_NONE)));
        }
    }
}

static void propose_repositories(struct judge_case *judge_case)
{
    struct slice org = json_text(judge_case->facts, "org", SLICE_NONE);
    for (const struct json *repository = source_items(judge_case, "repositories"); repository != NULL; repository = repository->next) {
        struct json *attributes = judge_propose(judge_case, "repository", source_name(judge_case, "github", org, json_text(repository, "name", SLICE_NONE)),
                                                source_where(judge_case, "repositories", source_text(repository, "id")));
        json_set_bool(judge_case->arena, attributes, "private", json_bool(repository, "private", false));
        json_set_bool(judge_case->arena, attributes, "archived", json_bool(repository, "archived", false));
        json_set_string(judge_case->arena, attributes, "branch", json_text(repository, "default_branch", SLICE_NONE));
    }
}

static void judge_github(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    judge_token(judge_case);
    static const struct people people[] = {{"owners", true, "without_factor"}, {"members", false, "without_factor"}, {"outside", false, "outside_without_factor"}};
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        judge_people(judge_case, &people[i]);
    }
    propose_teams(judge_case);
    propose_repositories(judge_case);
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},   {"source.read-only", "source.can-write", false},
    {"mfa.factor", "mfa.none", false},                 {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.use-unseen", true}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_github = {"github", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_github}};
