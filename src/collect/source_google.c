/* Google Workspace by its Directory interface: two-step verification of every account, as enrolled and as enforced. */
#include "collect/judge_source.h"

static struct finding factor_of(struct judge_case *judge_case, const struct json *user)
{
    const struct json *enrolled = json_member(user, "isEnrolledIn2Sv");
    if (enrolled == NULL || (enrolled->type != JSON_TRUE && enrolled->type != JSON_FALSE)) {
        return judge_finding(judge_case, OUTCOME_ERROR, "mfa.not-readable");
    }
    return judge_finding(judge_case, enrolled->type == JSON_TRUE ? OUTCOME_PASS : OUTCOME_FAIL, enrolled->type == JSON_TRUE ? "mfa.has-factor" : "mfa.none");
}

static void judge_user(struct judge_case *judge_case, const struct json *user)
{
    struct slice email = json_text(user, "primaryEmail", SLICE_NONE);
    int64_t last_ms = source_time(user, "lastLoginTime");
    struct source_account account = {
        .name = source_name(judge_case, "google", SLICE_NONE, source_lower(judge_case, email)),
        .login = email,
        .email = email,
        .where = source_where(judge_case, "users", source_text(user, "id")),
        .admin = json_bool(user, "isAdmin", false) || json_bool(user, "isDelegatedAdmin", false),
        .inactive = json_bool(user, "suspended", false) || json_bool(user, "archived", false),
        .factor = factor_of(judge_case, user),
        .use_seen = last_ms >= 0,
        .last_used_ms = last_ms > 0 ? last_ms : -1, /* never is told as the beginning of 1970 */
        .created_ms = source_time(user, "creationTime"),
    };
    if (email.len > 0) {
        source_judge_account(judge_case, &account);
    }
    if (!account.inactive) {
        source_propose_person(judge_case, email, SLICE_NONE, account.where);
    }
}

static void judge_google(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    source_judge_read_only(judge_case, false, "token"); /* what else the delegation grants no request shows */
    for (const struct json *user = source_items(judge_case, "users"); user != NULL; user = user->next) {
        judge_user(judge_case, user);
    }
    for (const struct json *group = source_items(judge_case, "groups"); group != NULL; group = group->next) {
        struct slice id = source_text(group, "id");
        struct json *attributes = judge_propose(judge_case, "team", source_name(judge_case, "google", SLICE_NONE, json_text(group, "email", SLICE_NONE)),
                                                source_where(judge_case, "groups", id));
        struct json *members = json_set_array(judge_case->arena, attributes, "members");
        for (const struct json *one = judge_items(source_each(judge_case, "group_members", id), "items"); one != NULL; one = one->next) {
            json_append(members, json_string(judge_case->arena, json_text(one, "email", SLICE_NONE)));
        }
    }
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},  {"source.read-only", "source.powers-unseen", true},
    {"mfa.factor", "mfa.none", false},                {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.unused", false}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_google = {"google", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_google}};
