#include "collect/judge_tls.h"

#include "collect/hsts.h"
#include "collect/redirect.h"

enum { HSTS_SECONDS = 31536000 };

static struct finding at_path(struct judge_case *judge_case, enum outcome outcome, const char *reason,
                              const struct json *address, const struct json *reply)
{
    struct finding finding = tls_finding(judge_case, outcome, reason, address);
    judge_value(judge_case, finding.values, "path", json_text(reply, "path", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "result", json_text(reply, "result", SLICE_LITERAL("?")));
    json_set_i64(judge_case->arena, finding.values, "status", judge_number(reply, "status", 0));
    return finding;
}

/* To loopback only an endpoint on loopback may send people, and nobody to a metadata address. */
static bool leads_inside(const struct json *address, const struct json *reply)
{
    enum redirect redirect = redirect_read(json_text(reply, "location", SLICE_NONE));
    struct slice own = json_text(address, "address", SLICE_NONE);
    bool at_home = slice_starts(own, SLICE_LITERAL("127.")) || slice_is(own, "::1");
    return redirect == REDIRECT_LINK_LOCAL || (redirect == REDIRECT_LOOPBACK && !at_home);
}

static struct finding judge_reply(struct judge_case *judge_case, const struct json *address, const struct json *reply)
{
    if (!judge_is(reply, "result", "ok")) {
        return at_path(judge_case, OUTCOME_ERROR, "tls.http-failed", address, reply);
    }
    if (leads_inside(address, reply)) {
        struct finding finding = at_path(judge_case, OUTCOME_ERROR, "tls.http-redirect-inside", address, reply);
        judge_value(judge_case, finding.values, "location", json_text(reply, "location", SLICE_LITERAL("?")));
        return finding;
    }
    const struct json *value = judge_items(reply, "hsts");
    if (value == NULL || value->type != JSON_STRING) {
        return at_path(judge_case, OUTCOME_FAIL, "tls.hsts-missing", address, reply);
    }
    struct hsts hsts; /* of several headers a browser takes the first */
    if (hsts_read(value->text, &hsts) != ERR_NONE) {
        return at_path(judge_case, OUTCOME_FAIL, "tls.hsts-malformed", address, reply);
    }
    int64_t wanted_s = judge_number(judge_case->options, "hsts_seconds", HSTS_SECONDS);
    if (wanted_s < 0 || hsts.max_age_s < (uint64_t)wanted_s) {
        struct finding finding = at_path(judge_case, OUTCOME_FAIL, "tls.hsts-short", address, reply);
        json_set_u64(judge_case->arena, finding.values, "seconds", hsts.max_age_s);
        json_set_i64(judge_case->arena, finding.values, "wanted", wanted_s);
        return finding;
    }
    struct finding finding = at_path(judge_case, OUTCOME_PASS, "tls.hsts-kept", address, reply);
    json_set_u64(judge_case->arena, finding.values, "seconds", hsts.max_age_s);
    return finding;
}

/* No browser sends a broken request, and some servers answer one before any setting of theirs counts: said, not judged. */
static void say_broken(struct judge_case *judge_case, const struct json *address, const struct json *reply)
{
    struct finding finding = judge_reply(judge_case, address, reply);
    if (finding.outcome != OUTCOME_PASS && judge_is(reply, "result", "ok")) {
        struct json *values = judge_not_covered(judge_case, "tls.hsts-broken-request");
        judge_value(judge_case, values, "address", json_text(address, "address", SLICE_LITERAL("?")));
        json_set_i64(judge_case->arena, values, "status", judge_number(reply, "status", 0));
    }
}

/* Where http in the clear leads: it is no part of the promise of HSTS, but worth knowing. */
static void say_clear(struct judge_case *judge_case, const struct json *address)
{
    const struct json *clear = json_member(address, "clear");
    if (judge_is(clear, "result", "ok") && !redirect_is_https(json_text(clear, "location", SLICE_NONE))) {
        struct json *values = judge_not_covered(judge_case, "tls.http-not-redirected");
        judge_value(judge_case, values, "address", json_text(address, "address", SLICE_LITERAL("?")));
        json_set_i64(judge_case->arena, values, "port", judge_number(clear, "port", 0));
        json_set_i64(judge_case->arena, values, "status", judge_number(clear, "status", 0));
    }
}

struct finding tls_judge_hsts(struct judge_case *judge_case, const struct json *address)
{
    struct finding worst = {0};
    bool error_seen = false;
    size_t replies = 0;
    for (const struct json *reply = judge_items(address, "http"); reply != NULL; reply = reply->next) {
        if (json_bool(reply, "broken", false)) {
            say_broken(judge_case, address, reply);
            continue;
        }
        judge_worst(&worst, judge_reply(judge_case, address, reply));
        error_seen = error_seen || judge_number(reply, "status", 0) >= 400;
        replies++;
    }
    if (replies < 2 && (worst.reason == NULL || worst.outcome == OUTCOME_PASS)) {
        return tls_finding(judge_case, OUTCOME_ERROR, "tls.http-not-asked", address);
    }
    say_clear(judge_case, address);
    if (!error_seen) {
        struct json *values = judge_not_covered(judge_case, "tls.hsts-no-error-page");
        judge_value(judge_case, values, "address", json_text(address, "address", SLICE_LITERAL("?")));
    }
    return worst;
}
