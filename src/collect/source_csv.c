/*
 * A list of people as CSV: email, name, login, active, admin, second_factor, last_login, created, groups. A list is somebody's word: it can say that a
 * factor is missing, but not prove that there is one.
 */
#include "collect/judge_source.h"

enum said { SAID_NOTHING, SAID_YES, SAID_NO };

static enum said said(struct judge_case *judge_case, const struct json *row, const char *column)
{
    static const char *const yes[] = {"yes", "true", "1", "ja", "x", "active", "aktiv", "enabled"}, *const no[] = {"no", "false", "0", "nein", "inactive", "inaktiv", "disabled"};
    struct slice text = source_lower(judge_case, json_text(row, column, SLICE_NONE));
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (slice_is(text, yes[i])) {
            return SAID_YES;
        }
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (slice_is(text, no[i])) {
            return SAID_NO;
        }
    }
    return SAID_NOTHING;
}

static struct finding factor_of(struct judge_case *judge_case, const struct json *row)
{
    switch (said(judge_case, row, "second_factor")) {
    case SAID_NO:
        return judge_finding(judge_case, OUTCOME_FAIL, "mfa.none");
    case SAID_YES:
        return judge_finding(judge_case, OUTCOME_UNPROVABLE, "mfa.only-said");
    case SAID_NOTHING:
        break;
    }
    return judge_finding(judge_case, OUTCOME_UNPROVABLE, "mfa.no-field");
}

static void judge_row(struct judge_case *judge_case, const struct json *row)
{
    struct slice email = json_text(row, "email", SLICE_NONE), login = json_text(row, "login", email);
    login = login.len == 0 ? email : login;
    int64_t last_ms = source_time(row, "last_login");
    struct source_account account = {
        .name = source_name(judge_case, "csv", json_text(judge_case->subject, "name", SLICE_LITERAL("source")), login),
        .login = login,
        .email = email,
        .where = source_where(judge_case, "people", login),
        .admin = said(judge_case, row, "admin") == SAID_YES,
        .inactive = said(judge_case, row, "active") == SAID_NO,
        .factor = factor_of(judge_case, row),
        .use_seen = last_ms > 0,
        .last_used_ms = last_ms,
        .created_ms = source_time(row, "created"),
    };
    if (login.len > 0) {
        source_judge_account(judge_case, &account);
    }
    if (!account.inactive) {
        source_propose_person(judge_case, email, login, account.where);
    }
}

static void judge_csv(struct judge_case *judge_case)
{
    source_judge_complete(judge_case);
    /* a file without login grants nothing; a login is one whose powers nobody shows */
    bool open = !judge_case->planted && !json_bool(judge_case->facts, "logged_in", true);
    judge_observe(judge_case, "source.read-only", open ? OUTCOME_PASS : OUTCOME_UNPROVABLE, open ? "source.no-credential" : "source.powers-unseen");
    for (const struct json *row = source_items(judge_case, "people"); row != NULL; row = row->next) {
        judge_row(judge_case, row);
    }
    judge_not_covered(judge_case, "access.matrix-admins-only");
}

static const struct judge_kind kinds[] = {
    {"source.complete", "source.incomplete", false},   {"source.read-only", "source.powers-unseen", true},
    {"mfa.factor", "mfa.none", false},                {"mfa.cloud-factor", "mfa.none", false},
    {"access.unused-rights", "access.unused", false}, {"access.matrix", "access.unapproved-admin", false},
};
const struct source_judge source_judge_csv = {"csv", {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_csv}};
