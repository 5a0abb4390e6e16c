/*
 * Certificate transparency: a name that a certificate in force was issued for is an endpoint, on 443. Only names of the source's domain count: a
 * certificate may hold others' names besides. Wildcards name nobody; they are counted.
 */
#include "collect/judge_source.h"

#include "base/time.h"

enum { NAMES_MAX = 20000 };

struct seen {
    struct slice domain;
    uint64_t wildcards;
};

static bool is_below(struct slice name, struct slice domain)
{
    return domain.len > 0 && (slice_equal(name, domain) || (slice_ends(name, domain) && name.len > domain.len && name.data[name.len - domain.len - 1] == '.'));
}

static bool is_host(struct slice name)
{
    return name.len > 0 && name.len <= 253 && name.data[0] != '.' && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-.");
}

static void take_name(struct judge_case *judge_case, struct slice text, struct slice id, struct seen *seen)
{
    struct slice name = source_lower(judge_case, slice_trim(text));
    if (slice_starts(name, SLICE_LITERAL("*."))) {
        seen->wildcards += is_below(slice_from(name, 2), seen->domain) ? 1 : 0;
        return;
    }
    if (!is_host(name) || !is_below(name, seen->domain)) {
        return;
    }
    struct slice endpoint = slice_string(arena_printf(judge_case->arena, "%.*s:443", (int)name.len, (const char *)name.data));
    for (const struct json *known = judge_case->proposals == NULL ? NULL : judge_case->proposals->first; known != NULL; known = known->next) {
        if (slice_equal(json_text(known, "name", SLICE_NONE), endpoint)) {
            return;
        }
    }
    if (judge_case->proposals != NULL && judge_case->proposals->count < NAMES_MAX) {
        json_set_string(judge_case->arena, judge_propose(judge_case, "endpoint", endpoint, source_where(judge_case, "certificates", id)), "protocol", SLICE_LITERAL("https"));
    }
}

/* crt.sh leaves out the zone: its times are UTC. What cannot be read counts as in force. */
static bool is_in_force(const struct judge_case *judge_case, const struct json *certificate)
{
    struct slice text = source_text(certificate, "not_after");
    int64_t until_ms = source_time(certificate, "not_after");
    if (until_ms < 0 && text.len == 19) {
        char *whole = arena_printf(judge_case->arena, "%.*sZ", (int)text.len, (const char *)text.data);
        until_ms = whole != NULL && rfc3339_parse(slice_string(whole), &until_ms) == ERR_NONE ? until_ms : -1;
    }
    return until_ms < 0 || until_ms > judge_case->collected_at_ms;
}

static void take_certificate(struct judge_case *judge_case, const struct json *certificate, struct seen *seen)
{
    struct slice id = source_text(certificate, "id"), names = json_text(certificate, "name_value", SLICE_NONE), name;
    if (!is_in_force(judge_case, certificate)) {
        return;
    }
    while (slice_split(&names, '?', &name)) { /* crt.sh parts them by line ends, which facts do not keep (fact.h) */
        take_name(judge_case, name, id, seen);
    }
    take_name(judge_case, json_text(certificate, "common_name", SLICE_NONE), id, seen);
    for (const struct json *one = judge_items(certificate, "dns_names"); one != NULL; one = one->next) {
        take_name(judge_case, one->text, id, seen);
    }
}

static void judge_names(struct judge_case *judge_case)
{
    struct seen seen = {.domain = source_lower(judge_case, json_text(judge_case->facts, "domain", SLICE_NONE))};
    source_judge_complete(judge_case);
    for (const struct json *request = judge_items(judge_case->facts, "requests"); request != NULL; request = request->next) {
        for (const struct json *certificate = judge_items(request, "items"); certificate != NULL; certificate = certificate->next) {
            take_certificate(judge_case, certificate, &seen);
        }
    }
    if (seen.wildcards > 0) {
        json_set_u64(judge_case->arena, judge_not_covered(judge_case, "ct.wildcard"), "count", seen.wildcards);
    }
}

/* Nobody logs in to crt.sh. The plant has a power of its own, or nothing would show that one were seen. */
static void judge_crtsh(struct judge_case *judge_case)
{
    judge_names(judge_case);
    if (judge_case->planted) {
        source_power(judge_case, SLICE_LITERAL("?"));
        source_judge_read_only(judge_case, false, NULL);
        return;
    }
    judge_observe(judge_case, "source.read-only", OUTCOME_PASS, "source.no-credential");
}

/* What a token of Cert Spotter could do beyond searching, its interface does not say. */
static void judge_certspotter(struct judge_case *judge_case)
{
    judge_names(judge_case);
    source_judge_read_only(judge_case, false, NULL);
}

static const struct judge_kind crtsh_kinds[] = {{"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false}};
const struct source_judge source_judge_crtsh = {"crtsh", {crtsh_kinds, 2, judge_crtsh}};
static const struct judge_kind certspotter_kinds[] = {{"source.complete", "source.incomplete", false}, {"source.read-only", "source.powers-unseen", true}};
const struct source_judge source_judge_certspotter = {"certspotter", {certspotter_kinds, 2, judge_certspotter}};
