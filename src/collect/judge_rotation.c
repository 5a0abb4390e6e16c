/*
 * "judge.rotation": a secret counts as rotated when its target refuses the value before the last rotation, takes the present one (which shows that it was asked at
 * all, and that the refusal was about the value), and the rotation is not longer ago than was promised. Options: "days".
 */
#include "collect/judge.h"
#include "collect/rotation.h"

enum { DAYS_DEFAULT = 90, DAYS_MAX = 3660 };
static const int64_t day_ms = INT64_C(86400000);

static bool has_state(const struct json *facts, const char *which, const char *state)
{
    return judge_is(json_member(facts, which), "state", state);
}

static bool is_answer(const struct json *facts, const char *which)
{
    return has_state(facts, which, "accepted") || has_state(facts, which, "refused");
}

static struct finding judged(struct judge_case *judge_case, int64_t age_ms, int64_t limit)
{
    const struct json *facts = judge_case->facts;
    if (limit <= 0 || limit > DAYS_MAX) {
        return judge_finding(judge_case, OUTCOME_ERROR, "options.unknown");
    }
    if (has_state(facts, "old", "accepted")) {
        return judge_finding(judge_case, OUTCOME_FAIL, "secret.old-accepted");
    }
    if (!is_answer(facts, "current") || (json_member(facts, "old") != NULL && !is_answer(facts, "old"))) {
        return judge_finding(judge_case, OUTCOME_ERROR, "secret.target-silent");
    }
    if (has_state(facts, "current", "refused")) {
        return judge_finding(judge_case, OUTCOME_ERROR, "secret.current-refused");
    }
    if (json_member(facts, "old") == NULL) {
        return judge_finding(judge_case, OUTCOME_FAIL, "secret.never-rotated");
    }
    if (age_ms < -day_ms) {
        return judge_finding(judge_case, OUTCOME_ERROR, "facts.missing");
    }
    bool is_late = age_ms > limit * day_ms;
    return judge_finding(judge_case, is_late ? OUTCOME_FAIL : OUTCOME_PASS, is_late ? "secret.overdue" : "secret.rotated");
}

static struct slice status_of(const struct json *facts, const char *which)
{
    return json_text(json_member(facts, which), "status", SLICE_LITERAL("-"));
}

static void judge_secret(struct judge_case *judge_case)
{
    const struct json *facts = judge_case->facts;
    int64_t limit = judge_case->planted ? DAYS_DEFAULT : judge_number(judge_case->options, "days", DAYS_DEFAULT);
    int64_t age_ms = judge_case->collected_at_ms - judge_number(facts, "rotated_at_ms", judge_case->collected_at_ms);
    struct finding finding = judged(judge_case, age_ms, limit);
    judge_value(judge_case, finding.values, "secret", json_text(judge_case->subject, "name", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "target", json_text(facts, "target", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "user", json_text(facts, "user", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "old", status_of(facts, "old"));
    judge_value(judge_case, finding.values, "current", status_of(facts, "current"));
    json_set_i64(judge_case->arena, finding.values, "days", age_ms < 0 ? 0 : age_ms / day_ms);
    json_set_i64(judge_case->arena, finding.values, "limit", limit);
    judge_report(judge_case, "secret.rotated", finding);
}

enum err judge_rotation(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"secret.rotated", "secret.old-accepted", false}};
    static const struct judge judge = {kinds, 1, judge_secret};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
