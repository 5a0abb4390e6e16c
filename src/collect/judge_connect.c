/*
 * A connection fails for certain when nothing comes back, or when a router or filter says so (ICMP). A reset is neither: it comes from a
 * filter, or from the very machine that should be out of reach, where nothing listened just then.
 */
#include "collect/connect.h"
#include "collect/judge.h"

static struct finding about(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *target, const struct json *address)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "host", json_text(target, "host", SLICE_LITERAL("?")));
    json_set_i64(judge_case->arena, finding.values, "port", judge_number(target, "port", 0));
    judge_value(judge_case, finding.values, "address", json_text(address, "address", SLICE_LITERAL("-")));
    judge_value(judge_case, finding.values, "state", json_text(address, "state", SLICE_LITERAL("-")));
    return finding;
}

static void judge_address(struct judge_case *judge_case, const struct json *target, const struct json *address, struct finding *worst)
{
    static const char *const failed[] = {"filtered", "unreachable", "rejected"};
    bool fails = false;
    for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++) {
        fails = fails || judge_is(address, "state", failed[i]);
    }
    if (judge_is(address, "state", "open")) {
        judge_worst(worst, about(judge_case, OUTCOME_FAIL, "segmentation.reachable", target, address));
    } else if (json_bool(address, "local", true)) {
        judge_worst(worst, about(judge_case, OUTCOME_ERROR, "segmentation.target-local", target, address));
    } else if (judge_is(address, "state", "closed")) {
        judge_worst(worst, about(judge_case, OUTCOME_ERROR, "segmentation.reset", target, address));
    } else if (!fails) {
        judge_worst(worst, about(judge_case, OUTCOME_ERROR, "segmentation.not-tried", target, address));
    }
}

static void judge_apart(struct judge_case *judge_case)
{
    struct finding worst = {0};
    const struct json *control = json_member(judge_case->facts, "control");
    int64_t targets = 0;
    for (const struct json *target = judge_items(judge_case->facts, "targets"); target != NULL; target = target->next) {
        const struct json *address = judge_items(target, "addresses");
        targets++;
        if (address == NULL) {
            judge_worst(&worst, about(judge_case, OUTCOME_ERROR, "segmentation.unresolved", target, NULL));
        }
        for (; address != NULL; address = address->next) {
            judge_address(judge_case, target, address, &worst);
        }
    }
    if (!judge_is(control, "first", "open") || !judge_is(control, "last", "open")) {
        judge_worst(&worst, about(judge_case, OUTCOME_ERROR, "segmentation.control-silent", control, NULL));
    }
    if (worst.reason == NULL && targets > 0) {
        worst = judge_finding(judge_case, OUTCOME_PASS, "segmentation.refused");
        json_set_i64(judge_case->arena, worst.values, "targets", targets);
        judge_value(judge_case, worst.values, "environment", json_text(judge_case->subject, "name", SLICE_LITERAL("-")));
        judge_value(judge_case, worst.values, "control", json_text(control, "host", SLICE_LITERAL("-")));
    }
    judge_report(judge_case, "network.staging-refused", worst);
    judge_report_also(judge_case, "network.staging-refused", "apart_from", worst);
}

enum err judge_connect(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"network.staging-refused", "segmentation.reachable"}};
    static const struct judge judge = {kinds, 1, judge_apart};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
