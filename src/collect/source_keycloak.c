/*
 * A realm of Keycloak. Its admins are those who hold, by whatever group or composite role, a role of the client realm-management that writes. The
 * access token of the service account names its own roles.
 */
#include "collect/judge_source.h"

/* Roles of realm-management that only look. */
static bool only_looks(struct slice role)
{
    return slice_starts(role, SLICE_LITERAL("view-")) || slice_starts(role, SLICE_LITERAL("query-"));
}

static void judge_token(struct judge_case *judge_case)
{
    const struct json *roles = json_path(judge_case->facts, "token.resource_access.realm-management.roles");
    for (const struct json *role = roles == NULL ? NULL : roles->first; role != NULL; role = role->next) {
        if (!only_looks(role->text)) {
            source_power(judge_case, role->text);
        }
    }
    const struct json *realm = json_path(judge_case->facts, "token.realm_access.roles");
    for (const struct json *role = realm == NULL ? NULL : realm->first; role != NULL; role = role->next) {
        if (slice_is(role->text, "admin") || slice_is(role->text, "create-realm")) {
            source_power(judge_case, role->text);
        }
    }
    source_judge_read_only(judge_case, roles != NULL, "token");
}

/* Roles that could not be read count as those of an admin. */
static bool is_admin(const struct json *roles)
{
    for (const struct json *role = judge_items(roles, "items"); role != NULL; role = role->next) {
        if (!only_looks(json_text(role, "name", SLICE_NONE))) {
            return true;
        }
    }
    return !json_bool(roles, "complete", false);
}

static bool has_credential(const struct json *credentials, const char *type)
{
    for (const struct json *one = judge_items(credentials, "items"); one != NULL; one = one->next) {
        if (judge_is(one, "type", type)) {
            return true;
        }
    }
    return false;
}

static struct finding factor_of(struct judge_case *judge_case, const struct json *user, const struct json *credentials)
{
    bool key = has_credential(credentials, "webauthn") || has_credential(credentials, "webauthn-passwordless") || has_credential(credentials, "otp");
    if (json_bool(user, "totp", false) || key) {
        return judge_finding(judge_case, OUTCOME_PASS, "mfa.has-factor");
    }
    if (!json_bool(credentials, "complete", false)) {
        return judge_finding(judge_case, OUTCOME_ERROR, "mfa.not-readable");
    }
    bool password = has_credential(credentials, "password") || source_text(user, "federationLink").len > 0;
    return judge_finding(judge_case, password ? OUTCOME_FAIL : OUTCOME_UNPROVABLE, password ? "mfa.none" : "mfa.signs-in-elsewhere");
}

static void judge_user(struct judge_case *judge_case, const struct json *user, const struct json *roles, const struct json *credentials)
{
    struct slice id = source_text(user, "id"), login = json_text(user, "username", SLICE_NONE), email = json_text(user, "email", SLICE_NONE);
    bool enabled = json_bool(user, "enabled", true);
    struct source_account account = {
        .name = source_name(judge_case, "keycloak", json_text(judge_case->facts, "realm", SLICE_NONE), login),
        .login = login,
        .email = email,
        .where = source_where(judge_case, "users", id),
        .admin = enabled && is_admin(roles),
        .inactive = !enabled,
        .factor = factor_of(judge_case, user, credentials),
        .last_used_ms = -1,
        .created_ms = judge_number(user, "createdTimestamp", -1),
    };
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
    if (enabled && email.len > 0) {
        source_propose_person(judge_case, email, login, account.where);
    }
}

static void propose_groups(struct judge_case *judge_case)
{
    for (const struct json *group = source_items(judge_case, "groups"); group != NULL; group = group->next) {
        struct slice id = source_text(group, "id");
        struct slice name = source_name(judge_case, "keycloak", json_text(judge_case->facts, "realm", SLICE_NONE), json_text(group, "name", SLICE_NONE));
        struct json *members = json_set_array(judge_case->arena, judge_propose(judge_case, "team", name, source_where(judge_case, "groups", id)), "members");
        for (const struct json *one = judge_items(source_each(judge_case, "group_members", id), "items"); one != NULL; one = one->next) {
            json_append(members, json_string(judge_case->arena, json_text(one, "username", SLICE_NONE)));
        }
    }
}

static void judge_keycloak(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    judge_token(judge_case);
    struct source_index roles = source_index_each(judge_case, "roles"), credentials = source_index_each(judge_case, "credentials");
    for (const struct json *user = source_items(judge_case, "users"); user != NULL; user = user->next) {
        struct slice id = source_text(user, "id");
        judge_user(judge_case, user, source_find(&roles, id), source_find(&credentials, id));
    }
    propose_groups(judge_case);
    judge_not_covered(judge_case, "mfa.flow-unseen");
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},     {"source.read-only", "source.can-write", false},
    {"mfa.factor", "mfa.none", false},                   {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.use-unseen", true}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_keycloak = {"keycloak", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_keycloak}};
