/*
 * "judge.keys": the key that seals every row is younger than the limit, and no rotation that was due (of this ring, of transit keys) was left undone. Facts
 * {"term","installed_at_ms","late":["transit_rotate_due/…"],"transit_keys","transit_unscheduled"}. Option "days" (365).
 */
#include "collect/judge.h"
#include "collect/self.h"

enum { DAYS_DEFAULT = 365, DAYS_MAX = 3660 };
static const int64_t day_ms = INT64_C(86400000);

static void judge_ring(struct judge_case *judge_case)
{
    const struct json *late = json_member(judge_case->facts, "late");
    int64_t installed_ms = judge_number(judge_case->facts, "installed_at_ms", -1), age_ms = judge_case->collected_at_ms - installed_ms;
    int64_t limit = judge_case->planted ? DAYS_DEFAULT : judge_number(judge_case->options, "days", DAYS_DEFAULT);
    struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, "facts.missing");
    if (limit <= 0 || limit > DAYS_MAX) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "options.unknown");
    } else if (installed_ms > 0 && age_ms >= -day_ms && late != NULL && late->type == JSON_ARRAY) {
        bool is_old = age_ms > limit * day_ms, is_late = late->count > 0;
        finding = judge_finding(judge_case, is_old || is_late ? OUTCOME_FAIL : OUTCOME_PASS, is_old ? "keys.old" : is_late ? "keys.late" : "keys.rotated");
        json_set_u64(judge_case->arena, finding.values, "late", late->count);
        judge_value(judge_case, finding.values, "first", late->first == NULL ? SLICE_LITERAL("-") : late->first->text);
    }
    json_set_i64(judge_case->arena, finding.values, "term", judge_number(judge_case->facts, "term", 0));
    json_set_i64(judge_case->arena, finding.values, "days", age_ms < 0 ? 0 : age_ms / day_ms);
    json_set_i64(judge_case->arena, finding.values, "limit", limit);
    judge_report(judge_case, "keys.rotated", finding);
    int64_t unscheduled = judge_number(judge_case->facts, "transit_unscheduled", 0);
    if (unscheduled > 0) {
        struct json *values = judge_not_covered(judge_case, "keys.unscheduled");
        json_set_i64(judge_case->arena, values, "count", unscheduled);
        json_set_i64(judge_case->arena, values, "keys", judge_number(judge_case->facts, "transit_keys", 0));
    }
}

enum err judge_keys(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"keys.rotated", "keys.old", false}};
    static const struct judge judge = {kinds, 1, judge_ring};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
