#include "collect/judge.h"
#include "collect/nft.h"
#include "collect/ruleset.h"

#include <stdio.h>

enum { LIST_MAX_BYTES = 200, NAMED_MAX = 3, CHAINS_MAX = 64 };

struct family_row {
    const char *nft_name, *people_name, *forward_fact;
};

static const struct family_row families[] = {
    {"ip", "IPv4", "forward_ipv4"},
    {"ip6", "IPv6", "forward_ipv6"},
};

static bool port_is_listed(const struct judge_case *judge_case, const char *protocol, unsigned port)
{
    for (const struct json *row = judge_items(judge_case->estate, "ports"); row != NULL; row = row->next) {
        struct slice wanted = json_text(row, "protocol", slice_string(protocol));
        if (judge_number(row, "port", -1) == (int64_t)port && slice_is(wanted, protocol)) {
            return true;
        }
    }
    return false;
}

static bool range_is_listed(const struct judge_case *judge_case, const struct port_range *range)
{
    for (unsigned port = range->first; port <= range->last; port++) {
        if ((range->tcp && !port_is_listed(judge_case, "tcp", port)) ||
            (range->udp && !port_is_listed(judge_case, "udp", port))) {
            return false;
        }
    }
    return true;
}

/* Names the first ports that the estate does not list; returns how many ranges are not. *ret_riddles: ranges that are not listed, of rules
 * that may let in less than it seems. */
static size_t list_unlisted(const struct judge_case *judge_case, const struct opening *opening, char out[LIST_MAX_BYTES], size_t *ret_riddles)
{
    size_t unlisted = 0, len = 0;
    *ret_riddles = 0;
    out[0] = '\0';
    for (size_t i = 0; i < opening->range_count; i++) {
        const struct port_range *range = &opening->ranges[i];
        bool listed = range_is_listed(judge_case, range);
        *ret_riddles += !listed && range->riddle ? 1 : 0;
        if (listed || range->riddle || unlisted++ >= NAMED_MAX) {
            continue;
        }
        const char *protocol = range->tcp && range->udp ? "tcp+udp" : range->tcp ? "tcp" : "udp";
        int count = range->first == range->last
                        ? snprintf(out + len, LIST_MAX_BYTES - len, "%s%s %u", len > 0 ? ", " : "", protocol, (unsigned)range->first)
                        : snprintf(out + len, LIST_MAX_BYTES - len, "%s%s %u-%u", len > 0 ? ", " : "", protocol,
                                   (unsigned)range->first, (unsigned)range->last);
        len += count > 0 && (size_t)count < LIST_MAX_BYTES - len ? (size_t)count : 0;
    }
    return unlisted;
}

static struct finding judge_opening(struct judge_case *judge_case, const struct opening *opening, const char *open_reason)
{
    char ports[LIST_MAX_BYTES];
    size_t riddles = 0, unlisted = list_unlisted(judge_case, opening, ports, &riddles);
    riddles += opening->riddles;
    struct finding finding;
    if (opening->everything) {
        finding = judge_finding(judge_case, OUTCOME_FAIL, "firewall.opens-everything");
    } else if (unlisted > 0) {
        finding = judge_finding(judge_case, OUTCOME_FAIL, open_reason);
    } else if (riddles > 0) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "firewall.rule-not-understood");
    } else {
        finding = judge_finding(judge_case, OUTCOME_PASS, "firewall.denies-by-default");
    }
    judge_value(judge_case, finding.values, "ports", slice_string(ports));
    json_set_u64(judge_case->arena, finding.values, "riddles", riddles);
    json_set_i64(judge_case->arena, finding.values, "handle", opening->riddle_handle);
    return finding;
}

static int badness(const struct finding *finding)
{
    return finding->outcome == OUTCOME_FAIL ? 2 : finding->outcome == OUTCOME_ERROR ? 1 : 0;
}

/* A packet must pass every base chain of the hook, so the strictest one that denies decides. */
static struct finding judge_hook(struct judge_case *judge_case, const struct ruleset *ruleset, const struct family_row *family,
                                 const char *hook)
{
    struct finding best = {0};
    struct opening opening;
    bool forward = hook[0] == 'f';
    for (size_t i = 0; i < CHAINS_MAX && ruleset_base_chain(ruleset, family->nft_name, hook, i, &opening); i++) {
        if (!opening.denies && !opening.everything) {
            continue;
        }
        /* What passes between containers is not held against the list of ports: only that forwarding denies by default. */
        struct finding finding = forward && opening.denies && !opening.everything
                                     ? judge_finding(judge_case, OUTCOME_PASS, "firewall.denies-by-default")
                                     : judge_opening(judge_case, &opening, "firewall.unlisted-port");
        if (opening.denies && (best.reason == NULL || badness(&finding) < badness(&best))) {
            best = finding;
        }
    }
    if (best.reason == NULL) {
        best = judge_finding(judge_case, OUTCOME_FAIL, "firewall.no-default-deny");
    }
    judge_value(judge_case, best.values, "family", slice_string(family->people_name));
    judge_value(judge_case, best.values, "hook", slice_string(hook));
    return best;
}

static struct finding judge_redirects(struct judge_case *judge_case, const struct ruleset *ruleset,
                                      const struct family_row *family)
{
    struct opening opening;
    ruleset_redirected(ruleset, family->nft_name, &opening);
    struct finding finding = judge_opening(judge_case, &opening, "firewall.unlisted-redirect");
    judge_value(judge_case, finding.values, "family", slice_string(family->people_name));
    judge_value(judge_case, finding.values, "hook", SLICE_LITERAL("prerouting"));
    return finding;
}

static struct finding judge_rules(struct judge_case *judge_case, const struct ruleset *ruleset)
{
    struct finding worst = {0};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (i == 1 && judge_is(judge_case->facts, "ipv6", "absent")) {
            continue;
        }
        judge_worst(&worst, judge_hook(judge_case, ruleset, &families[i], "input"));
        judge_worst(&worst, judge_redirects(judge_case, ruleset, &families[i]));
        if (!slice_is(json_text(judge_case->facts, families[i].forward_fact, SLICE_LITERAL("?")), "0")) {
            judge_worst(&worst, judge_hook(judge_case, ruleset, &families[i], "forward"));
            judge_value(judge_case, judge_not_covered(judge_case, "firewall.forwarded-ports"), "family",
                        slice_string(families[i].people_name));
        }
    }
    /* The older iptables keeps rules of its own beside nft; they may deny what nft lets in, and nobody here sees them. */
    const struct json *legacy = judge_items(judge_case->facts, "legacy_tables");
    if (legacy != NULL && worst.outcome != OUTCOME_PASS) {
        worst = judge_finding(judge_case, OUTCOME_ERROR, "firewall.legacy-rules");
    }
    return worst;
}

static struct finding not_read(struct judge_case *judge_case)
{
    struct slice read = json_text(judge_case->facts, "read", SLICE_LITERAL("?"));
    bool rights = slice_is(read, "no-rights") || slice_is(read, "no-output");
    struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, rights ? "firewall.no-rights"
                                           : slice_is(read, "not-installed") ? "firewall.no-nft" : "firewall.not-read");
    judge_value(judge_case, finding.values, "result", read);
    return finding;
}

static struct finding judge_text(struct judge_case *judge_case)
{
    struct json *tree = NULL;
    struct ruleset *ruleset = NULL;
    struct slice text = json_text(judge_case->facts, "ruleset", SLICE_NONE);
    enum err err = json_read(judge_case->arena, text, &tree, NULL);
    err = err != ERR_NONE ? err : ruleset_read(judge_case->arena, tree, json_text(judge_case->facts, "text", SLICE_NONE), &ruleset);
    if (err != ERR_NONE) {
        struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, "firewall.not-read");
        judge_value(judge_case, finding.values, "result", slice_string(err_name(err)));
        return finding;
    }
    return judge_rules(judge_case, ruleset);
}

static void judge_default_deny(struct judge_case *judge_case)
{
    bool read = judge_is(judge_case->facts, "read", "ok");
    judge_report(judge_case, "firewall.default-deny", read ? judge_text(judge_case) : not_read(judge_case));
}

enum err judge_firewall(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"firewall.default-deny", "firewall.no-default-deny"}};
    static const struct judge judge = {kinds, 1, judge_default_deny};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
