/*
 * Microsoft Entra by Graph. Registered is not demanded: an account passes only if security defaults, or a conditional access policy that leaves it no
 * way round, demand the factor that it has.
 */
#include "collect/judge_source.h"

static void judge_token(struct judge_case *judge_case)
{
    const struct json *token = json_member(judge_case->facts, "token"), *roles = json_member(token, "roles");
    for (const struct json *role = roles == NULL ? NULL : roles->first; role != NULL; role = role->next) {
        if (slice_find(role->text, SLICE_LITERAL(".Read.")) == SIZE_MAX) {
            source_power(judge_case, role->text);
        }
    }
    for (const struct json *role = judge_items(token, "wids"); role != NULL; role = role->next) {
        source_power(judge_case, role->text); /* directory roles of the application itself */
    }
    source_judge_read_only(judge_case, roles != NULL && roles->count > 0, "token");
}

/* What is looked up for every user. */
struct about {
    struct source_index factors, activity;
};

static bool holds_role(const struct judge_case *judge_case, struct slice id)
{
    for (const struct json *role = judge_items(source_request(judge_case, "role_members"), "each"); role != NULL; role = role->next) {
        for (const struct json *member = judge_items(role, "items"); member != NULL; member = member->next) {
            if (slice_equal(json_text(member, "id", SLICE_NONE), id)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- what is demanded ---- */

static size_t count_at(const struct json *value, const char *path)
{
    const struct json *list = json_path(value, path);
    return list == NULL ? 0 : list->count;
}

static bool lists(const struct json *value, const char *path, struct slice wanted)
{
    const struct json *list = json_path(value, path);
    for (const struct json *item = list == NULL ? NULL : list->first; item != NULL; item = item->next) {
        if (slice_equal(item->text, wanted)) {
            return true;
        }
    }
    return false;
}

/* Several controls joined by OR let a person choose another one than the factor. */
static bool demands_factor(const struct json *policy)
{
    bool named = lists(policy, "grantControls.builtInControls", SLICE_LITERAL("mfa"));
    bool strong = slice_is(source_text(policy, "grantControls.authenticationStrength.requirementsSatisfied"), "mfa");
    size_t controls = count_at(policy, "grantControls.builtInControls") + (source_text(policy, "grantControls.authenticationStrength.id").len > 0 ? 1 : 0);
    return (named || strong) && (controls == 1 || slice_is(source_text(policy, "grantControls.operator"), "AND"));
}

/* Something is said there, and it is not "all". */
static bool narrows(const struct json *policy, const char *path)
{
    const struct json *value = json_path(policy, path);
    return value != NULL && (value->count > 0 || value->text.len > 0) && !lists(policy, path, SLICE_LITERAL("all")) && !lists(policy, path, SLICE_LITERAL("All"));
}

/* A policy holds for an account if it is on, meant for everybody and every application, and has no condition that lets someone past. Whom groups or
 * roles exclude is not looked up: such a policy is not counted. */
static bool binds(const struct json *policy, struct slice id)
{
    static const char *const narrowing[] = {
        "conditions.users.excludeGroups",      "conditions.users.excludeRoles",        "conditions.users.excludeGuestsOrExternalUsers.guestOrExternalUserTypes",
        "conditions.applications.excludeApplications", "conditions.applications.applicationFilter.mode", "conditions.clientAppTypes",
        "conditions.signInRiskLevels",         "conditions.userRiskLevels",            "conditions.insiderRiskLevels",
        "conditions.platforms.includePlatforms", "conditions.locations.includeLocations", "conditions.devices.deviceFilter.mode",
        "conditions.authenticationFlows.transferMethods",
    };
    for (size_t i = 0; i < sizeof(narrowing) / sizeof(narrowing[0]); i++) {
        if (narrows(policy, narrowing[i])) {
            return false;
        }
    }
    bool excludes = count_at(policy, "conditions.platforms.excludePlatforms") > 0 || count_at(policy, "conditions.locations.excludeLocations") > 0;
    return judge_is(policy, "state", "enabled") && !excludes && lists(policy, "conditions.users.includeUsers", SLICE_LITERAL("All")) &&
           lists(policy, "conditions.applications.includeApplications", SLICE_LITERAL("All")) && !lists(policy, "conditions.users.excludeUsers", id) && demands_factor(policy);
}

static struct finding factor_of(struct judge_case *judge_case, const struct json *row, struct slice id)
{
    const struct json *defaults = source_items(judge_case, "defaults");
    if (row == NULL || json_member(row, "isMfaRegistered") == NULL) {
        return judge_finding(judge_case, OUTCOME_ERROR, "mfa.not-readable");
    }
    if (!json_bool(row, "isMfaRegistered", false)) {
        return judge_finding(judge_case, OUTCOME_FAIL, "mfa.none");
    }
    bool demanded = json_bool(defaults, "isEnabled", false);
    for (const struct json *policy = source_items(judge_case, "policies"); policy != NULL && !demanded; policy = policy->next) {
        demanded = binds(policy, id);
    }
    bool known = defaults != NULL && source_has_all(judge_case, "policies");
    return demanded ? judge_finding(judge_case, OUTCOME_PASS, "mfa.has-factor")
                    : judge_finding(judge_case, known ? OUTCOME_FAIL : OUTCOME_ERROR, known ? "mfa.not-enforced" : "mfa.not-readable");
}

/* ---- people ---- */

static void judge_user(struct judge_case *judge_case, const struct json *user, const struct about *about)
{
    static const char *const times[] = {"signInActivity.lastSignInDateTime", "signInActivity.lastNonInteractiveSignInDateTime", "signInActivity.lastSuccessfulSignInDateTime"};
    struct slice id = source_text(user, "id"), login = json_text(user, "userPrincipalName", SLICE_NONE), email = json_text(user, "mail", SLICE_NONE);
    const struct json *activity = source_find(&about->activity, id), *factors = source_find(&about->factors, id);
    struct source_account account = {
        .name = source_name(judge_case, "entra", SLICE_NONE, login),
        .login = login,
        .email = email,
        .where = source_where(judge_case, "users", id),
        .admin = json_bool(factors, "isAdmin", false) || holds_role(judge_case, id),
        .inactive = !json_bool(user, "accountEnabled", true),
        .factor = factor_of(judge_case, factors, id),
        .use_seen = activity != NULL,
        .last_used_ms = -1,
        .created_ms = source_time(user, "createdDateTime"),
    };
    for (size_t i = 0; i < 3; i++) {
        int64_t at_ms = source_time(activity, times[i]);
        account.last_used_ms = at_ms > account.last_used_ms ? at_ms : account.last_used_ms;
    }
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
    if (!account.inactive && email.len > 0 && !judge_is(user, "userType", "Guest")) {
        source_propose_person(judge_case, email, login, account.where);
    }
}

static void judge_entra(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    judge_token(judge_case);
    struct about about = {source_index_items(judge_case, "factors", "id"), source_index_items(judge_case, "activity", "id")};
    for (const struct json *user = source_items(judge_case, "users"); user != NULL; user = user->next) {
        judge_user(judge_case, user, &about);
    }
    for (const struct json *group = source_items(judge_case, "groups"); group != NULL; group = group->next) {
        judge_propose(judge_case, "team", source_name(judge_case, "entra", SLICE_NONE, json_text(group, "displayName", SLICE_NONE)),
                      source_where(judge_case, "groups", source_text(group, "id")));
    }
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},  {"source.read-only", "source.can-write", false},
    {"mfa.factor", "mfa.none", false},                {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.unused", false}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_entra = {"entra", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_entra}};
