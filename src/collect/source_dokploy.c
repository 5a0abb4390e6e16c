/*
 * Dokploy: projects, environments, services, domains, users. A key of Dokploy always reads and writes everything on the instance; there is no smaller one,
 * so source.read-only is always broken, and says so. HSTS and TLS are seen from outside by the probe of each endpoint, not in the middleware's files.
 */
#include "collect/judge_source.h"

static struct slice source_of(const struct judge_case *judge_case)
{
    return json_text(judge_case->subject, "name", SLICE_LITERAL("dokploy"));
}

static void judge_user(struct judge_case *judge_case, const struct json *member)
{
    const struct json *user = json_member(member, "user"), *factor = json_member(user, "twoFactorEnabled");
    struct slice email = source_lower(judge_case, json_text(user, "email", SLICE_NONE));
    bool yes = factor != NULL && factor->type == JSON_TRUE, told = yes || (factor != NULL && (factor->type == JSON_FALSE || factor->type == JSON_NULL));
    struct source_account account = {
        .name = source_name(judge_case, "dokploy", source_of(judge_case), email),
        .login = email,
        .email = email,
        .where = source_where(judge_case, "users", source_text(member, "id")),
        .admin = judge_is(member, "role", "owner") || judge_is(member, "role", "admin"),
        .inactive = json_bool(user, "banned", false),
        .last_used_ms = -1,
        .created_ms = -1,
    };
    if (email.len == 0) {
        return;
    }
    account.factor = judge_finding(judge_case, yes ? OUTCOME_PASS : told ? OUTCOME_FAIL : OUTCOME_ERROR, yes ? "mfa.has-factor" : told ? "mfa.none" : "mfa.not-readable");
    source_judge_account(judge_case, &account);
    source_propose_person(judge_case, email, SLICE_NONE, account.where);
}

static void propose_services(struct judge_case *judge_case, struct slice environment, const struct json *first)
{
    for (const struct json *service = first; service != NULL; service = service->next) {
        struct slice name = source_name(judge_case, "dokploy", environment, json_text(service, "name", SLICE_NONE));
        struct json *attributes = judge_propose(judge_case, "service", name, source_where(judge_case, "projects", environment));
        json_set_string(judge_case->arena, attributes, "environment", environment);
    }
}

/* An environment is named by its project: "shop/production". */
static void propose_project(struct judge_case *judge_case, const struct json *project)
{
    for (const struct json *environment = judge_items(project, "environments"); environment != NULL; environment = environment->next) {
        struct slice name = source_name(judge_case, "", json_text(project, "name", SLICE_NONE), json_text(environment, "name", SLICE_NONE));
        (void)judge_propose(judge_case, "environment", name, source_where(judge_case, "projects", source_text(project, "projectId")));
        propose_services(judge_case, name, judge_items(environment, "applications"));
        propose_services(judge_case, name, judge_items(environment, "compose"));
    }
}

static void propose_domains(struct judge_case *judge_case, const char *request)
{
    for (const struct json *each = judge_items(source_request(judge_case, request), "each"); each != NULL; each = each->next) {
        for (const struct json *domain = judge_items(each, "items"); domain != NULL; domain = domain->next) {
            struct slice host = source_lower(judge_case, json_text(domain, "host", SLICE_NONE));
            bool https = json_bool(domain, "https", false);
            const char *name = host.len == 0 ? NULL : arena_printf(judge_case->arena, https ? "%.*s:443" : "%.*s:80", (int)host.len, (const char *)host.data);
            if (name != NULL) {
                struct json *attributes = judge_propose(judge_case, "endpoint", slice_string(name), source_where(judge_case, request, source_text(domain, "domainId")));
                json_set_string(judge_case->arena, attributes, "protocol", SLICE_LITERAL("https"));
            }
        }
    }
}

static void propose_servers(struct judge_case *judge_case)
{
    for (const struct json *server = source_items(judge_case, "servers"); server != NULL; server = server->next) {
        struct json *attributes = judge_propose(judge_case, "host", source_name(judge_case, "", SLICE_NONE, json_text(server, "name", SLICE_NONE)),
                                                source_where(judge_case, "servers", source_text(server, "serverId")));
        json_set_string(judge_case->arena, attributes, "address", json_text(server, "ipAddress", SLICE_NONE));
    }
}

static void judge_dokploy(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    source_power(judge_case, SLICE_LITERAL("instance-wide read-write key"));
    source_judge_read_only(judge_case, true, NULL);
    for (const struct json *member = source_items(judge_case, "users"); member != NULL; member = member->next) {
        judge_user(judge_case, member);
    }
    for (const struct json *project = source_items(judge_case, "projects"); project != NULL; project = project->next) {
        propose_project(judge_case, project);
    }
    propose_domains(judge_case, "application_domains");
    propose_domains(judge_case, "compose_domains");
    propose_servers(judge_case);
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},     {"source.read-only", "source.can-write", false}, {"mfa.factor", "mfa.none", false},
    {"mfa.cloud-factor", "mfa.none", false},             {"access.unused-rights", "access.use-unseen", true}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_dokploy = {"dokploy", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_dokploy}};
