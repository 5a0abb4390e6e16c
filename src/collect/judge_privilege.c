#include "collect/judge.h"
#include "collect/self.h"

enum { DAYS = 90, DAYS_MAX = 3650 };
static const int64_t day_ms = 86400000;

static bool has_capability(const struct json *rule, const char *wanted)
{
    for (const struct json *capability = judge_items(rule, "capabilities"); capability != NULL; capability = capability->next) {
        if (capability->type == JSON_STRING && slice_is(capability->text, wanted)) {
            return true;
        }
    }
    return false;
}

/* Denying is never too much, whether used or not. */
static bool grants_nothing(const struct json *rule)
{
    return has_capability(rule, "deny");
}

struct counted {
    uint64_t rules, unused, broken, wildcard_sudo;
    const struct json *oldest;
    int64_t oldest_ms;
};

static struct counted count_rules(const struct judge_case *judge_case, int64_t days)
{
    struct counted counted = {.oldest_ms = -1};
    for (const struct json *rule = judge_items(judge_case->facts, "rules"); rule != NULL; rule = rule->next) {
        int64_t granted_ms = judge_number(rule, "granted_at_ms", -1);
        int64_t used_ms = judge_number(rule, "last_used_ms", granted_ms);
        counted.rules++;
        if (granted_ms < 0 || granted_ms > judge_case->collected_at_ms || used_ms > judge_case->collected_at_ms ||
            judge_items(rule, "capabilities") == NULL) {
            counted.broken++;
            continue;
        }
        int64_t idle_ms = judge_case->collected_at_ms - (used_ms > granted_ms ? used_ms : granted_ms);
        if (grants_nothing(rule)) {
            continue;
        }
        counted.wildcard_sudo += slice_ends(json_text(rule, "rule", SLICE_NONE), SLICE_LITERAL("*")) &&
                                 has_capability(rule, "sudo") ? 1 : 0;
        if (idle_ms > days * day_ms) {
            counted.unused++;
            if (idle_ms > counted.oldest_ms) {
                counted.oldest_ms = idle_ms;
                counted.oldest = rule;
            }
        }
    }
    return counted;
}

static void judge_used(struct judge_case *judge_case)
{
    int64_t days = judge_number(judge_case->options, "days", DAYS);
    bool known = days > 0 && days <= DAYS_MAX;
    struct counted counted = count_rules(judge_case, known ? days : DAYS);
    const struct json *rules = json_member(judge_case->facts, "rules");
    bool readable = rules != NULL && rules->type == JSON_ARRAY && counted.broken == 0;
    enum outcome outcome = !known ? OUTCOME_ERROR : counted.unused > 0 ? OUTCOME_FAIL : readable ? OUTCOME_PASS : OUTCOME_ERROR;
    const char *reason = counted.unused > 0 ? "privilege.unused" : readable ? "privilege.all-used" : "privilege.not-read";
    if (!known && !judge_case->planted) {
        reason = "options.unknown";
    } else if (judge_case->planted) {
        outcome = counted.unused > 0 ? OUTCOME_FAIL : outcome;
    }
    struct json *values = judge_observe(judge_case, "privilege.used", outcome, reason);
    judge_value(judge_case, values, "holder", json_text(counted.oldest, "holder", SLICE_LITERAL("-")));
    judge_value(judge_case, values, "rule", json_text(counted.oldest, "rule", SLICE_LITERAL("-")));
    json_set_i64(judge_case->arena, values, "days", counted.oldest_ms < 0 ? 0 : counted.oldest_ms / day_ms);
    json_set_u64(judge_case->arena, values, "rules", counted.rules);
    json_set_u64(judge_case->arena, values, "unused", counted.unused);
    json_set_u64(judge_case->arena, values, "wildcard_sudo", counted.wildcard_sudo);
}

static void judge_denied(struct judge_case *judge_case)
{
    const struct json *probe = json_member(judge_case->facts, "probe"), *denied = json_member(probe, "denied");
    bool tried = json_bool(probe, "tried", false) && denied != NULL;
    bool refused = tried && denied->type == JSON_TRUE, allowed = tried && denied->type == JSON_FALSE;
    struct json *values = judge_observe(judge_case, "privilege.denied", refused ? OUTCOME_PASS : allowed ? OUTCOME_FAIL : OUTCOME_ERROR,
                                        refused ? "privilege.denied" : allowed ? "privilege.not-denied" : "privilege.not-tried");
    judge_value(judge_case, values, "path", json_text(probe, "path", SLICE_LITERAL("-")));
}

static void judge_both(struct judge_case *judge_case)
{
    judge_used(judge_case);
    judge_denied(judge_case);
}

enum err judge_privilege(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {
        {"privilege.used", "privilege.unused"},
        {"privilege.denied", "privilege.not-denied"},
    };
    static const struct judge judge = {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_both};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
