#include "collect/judge.h"
#include "collect/self.h"

enum { CHECKPOINT_MAX_MS = 600000, ROOT_TEXT_BYTES = 64 };

/* A number, or the length of an array; -1 when the fact is missing. */
static int64_t amount(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    if (member != NULL && member->type == JSON_ARRAY) {
        return (int64_t)member->count;
    }
    return judge_number(object, name, -1);
}

static struct finding judge_log(struct judge_case *judge_case, const char *name)
{
    const struct json *log = json_member(judge_case->facts, name);
    struct slice root = json_text(log, "root", SLICE_NONE), verified_root = json_text(log, "verified_root", SLICE_NONE);
    int64_t size = judge_number(log, "size", -1), verified_size = judge_number(log, "verified_size", -1);
    int64_t findings = amount(log, "findings");
    struct finding finding;
    if (root.len < ROOT_TEXT_BYTES / 2 || verified_root.len == 0 || size < 0 || verified_size < 0 || findings < 0) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "ledger.not-verified");
    } else if (!slice_equal(root, verified_root)) {
        finding = judge_finding(judge_case, OUTCOME_FAIL, "ledger.root-differs");
    } else if (size != verified_size) {
        finding = judge_finding(judge_case, OUTCOME_FAIL, "ledger.size-differs");
    } else if (findings > 0) {
        finding = judge_finding(judge_case, OUTCOME_FAIL, "ledger.findings");
    } else {
        finding = judge_finding(judge_case, OUTCOME_PASS, "ledger.whole");
    }
    judge_value(judge_case, finding.values, "log", slice_string(name));
    json_set_i64(judge_case->arena, finding.values, "size", size);
    json_set_i64(judge_case->arena, finding.values, "verified_size", verified_size);
    json_set_i64(judge_case->arena, finding.values, "findings", findings);
    return finding;
}

static struct finding judge_gaps(struct judge_case *judge_case)
{
    int64_t gaps = amount(judge_case->facts, "gaps"), age_ms = judge_number(judge_case->facts, "checkpoint_age_ms", -1);
    bool old = age_ms > judge_number(judge_case->options, "checkpoint_max_ms", CHECKPOINT_MAX_MS);
    struct finding finding = gaps > 0 ? judge_finding(judge_case, OUTCOME_FAIL, "ledger.gaps")
                             : gaps < 0 || age_ms < 0 ? judge_finding(judge_case, OUTCOME_ERROR, "ledger.not-verified")
                             : old ? judge_finding(judge_case, OUTCOME_FAIL, "ledger.checkpoint-old")
                                   : judge_finding(judge_case, OUTCOME_PASS, "ledger.complete");
    judge_value(judge_case, finding.values, "log", SLICE_LITERAL("evidence"));
    json_set_i64(judge_case->arena, finding.values, "gaps", gaps);
    json_set_i64(judge_case->arena, finding.values, "seconds", age_ms / 1000);
    return finding;
}

static void judge_both(struct judge_case *judge_case)
{
    struct finding integrity = judge_log(judge_case, "evidence");
    judge_worst(&integrity, judge_log(judge_case, "audit"));
    judge_report(judge_case, "ledger.integrity", integrity);
    judge_report(judge_case, "ledger.completeness", judge_gaps(judge_case));
}

enum err judge_ledger(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {
        {"ledger.integrity", "ledger.root-differs"},
        {"ledger.completeness", "ledger.gaps"},
    };
    static const struct judge judge = {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_both};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
