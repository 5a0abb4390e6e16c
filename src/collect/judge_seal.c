#include "collect/judge.h"
#include "collect/self.h"

static bool is_accepted(const struct judge_case *judge_case, struct slice seal)
{
    for (const struct json *kind = judge_items(judge_case->options, "accept"); kind != NULL; kind = kind->next) {
        if (kind->type == JSON_STRING && slice_equal(kind->text, seal) && !judge_case->planted) {
            return true;
        }
    }
    return false;
}

static bool is_kms(struct slice seal)
{
    static const char *const kinds[] = {"pkcs11", "tpm", "awskms", "transit"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_is(seal, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* A key management system counts only when it was really asked: a seal configured but bypassed is no seal. */
static void judge_kms(struct judge_case *judge_case)
{
    struct slice seal = json_text(judge_case->facts, "seal", SLICE_LITERAL("?"));
    int64_t asked_at_ms = judge_number(judge_case->facts, "kms_asked_at_ms", -1);
    enum outcome outcome = OUTCOME_ERROR;
    const char *reason = "seal.unknown";
    if (is_accepted(judge_case, seal)) {
        outcome = OUTCOME_PASS;
        reason = "seal.accepted";
    } else if (slice_is(seal, "key-file")) {
        outcome = OUTCOME_FAIL;
        reason = "seal.key-file";
    } else if (slice_is(seal, "shamir")) {
        outcome = OUTCOME_FAIL;
        reason = "seal.shamir";
    } else if (is_kms(seal)) {
        bool asked = asked_at_ms > 0 && asked_at_ms <= judge_case->collected_at_ms;
        outcome = asked ? OUTCOME_PASS : OUTCOME_FAIL;
        reason = asked ? "seal.kms-asked" : "seal.kms-not-asked";
    }
    judge_value(judge_case, judge_observe(judge_case, "seal.kms", outcome, reason), "seal", seal);
}

enum err judge_seal(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"seal.kms", "seal.key-file"}};
    static const struct judge judge = {kinds, 1, judge_kms};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
