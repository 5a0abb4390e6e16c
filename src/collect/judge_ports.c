#include "collect/judge.h"
#include "collect/port_scan.h"
#include "collect/port_text.h"

struct seen {
    uint64_t addresses, open;
    bool ipv4, ipv6;
};

static bool read_ports(const struct json *fact, const char *name, struct ports *ret_ports)
{
    struct ports ports = {{0}};
    const struct json *list = json_member(fact, name);
    if (list == NULL || list->type != JSON_ARRAY || ports_add_json(&ports, list) != ERR_NONE) {
        return false;
    }
    *ret_ports = ports;
    return true;
}

static struct finding about(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *fact)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "address", json_text(fact, "address", SLICE_LITERAL("?")));
    return finding;
}

static struct finding with_ports(struct judge_case *judge_case, struct finding finding, const struct ports *ports, const char *protocol)
{
    char text[PORT_TEXT_BYTES];
    port_text(ports, protocol, text);
    judge_value(judge_case, finding.values, "ports", slice_string(text));
    return finding;
}

/* Ports that took a connection or answered, and that the estate does not list. */
static void judge_open(struct judge_case *judge_case, const struct json *fact, struct seen *seen, struct finding *worst)
{
    struct ports open = {{0}}, listed = {{0}}, answered;
    if (!read_ports(fact, "open", &open)) {
        judge_worst(worst, judge_finding(judge_case, OUTCOME_ERROR, "facts.missing"));
        return;
    }
    seen->open += ports_count(&open);
    port_listed(judge_case->estate, "tcp", &listed);
    ports_remove(&open, &listed);
    if (ports_count(&open) > 0) {
        judge_worst(worst, with_ports(judge_case, about(judge_case, OUTCOME_FAIL, "ports.unlisted", fact), &open, "tcp"));
    }
    if (read_ports(json_member(fact, "udp"), "answered", &answered)) {
        struct ports udp = {{0}};
        port_listed(judge_case->estate, "udp", &udp);
        ports_remove(&answered, &udp);
        if (ports_count(&answered) > 0) {
            judge_worst(worst, with_ports(judge_case, about(judge_case, OUTCOME_FAIL, "ports.unlisted", fact), &answered, "udp"));
        }
    }
}

/* Whether what did not answer can be believed. */
static void judge_sight(struct judge_case *judge_case, const struct json *fact, struct finding *worst)
{
    static const char *const unasked[] = {"not-asked", "denied", "error"};
    const struct json *control = json_member(fact, "control");
    if (json_bool(fact, "local", true)) {
        judge_worst(worst, about(judge_case, OUTCOME_ERROR, "ports.not-outside", fact));
    }
    for (size_t i = 0; i < sizeof(unasked) / sizeof(unasked[0]); i++) {
        struct ports ports;
        bool known = read_ports(fact, unasked[i], &ports);
        if (!known || ports_count(&ports) > 0 || json_member(fact, "cut") != NULL) {
            ports = known ? ports : (struct ports){{0}};
            judge_worst(worst, with_ports(judge_case, about(judge_case, OUTCOME_ERROR, "ports.incomplete", fact), &ports, "tcp"));
        }
    }
    if (control == NULL) {
        judge_worst(worst, about(judge_case, OUTCOME_ERROR, "ports.nothing-answers", fact));
    } else if (!slice_equal(json_text(control, "first", SLICE_LITERAL("?")), json_text(control, "last", SLICE_LITERAL("!")))) {
        struct finding lost = about(judge_case, OUTCOME_ERROR, "ports.control-lost", fact);
        json_set_i64(judge_case->arena, lost.values, "port", judge_number(control, "port", 0));
        judge_worst(worst, lost);
    }
}

static void judge_silence(struct judge_case *judge_case, const struct json *fact)
{
    struct ports silent;
    char text[PORT_TEXT_BYTES];
    if (read_ports(json_member(fact, "udp"), "silent", &silent) && ports_count(&silent) > 0) {
        struct json *values = judge_not_covered(judge_case, "ports.udp-silent");
        port_text(&silent, "udp", text);
        judge_value(judge_case, values, "address", json_text(fact, "address", SLICE_LITERAL("?")));
        judge_value(judge_case, values, "ports", slice_string(text));
        json_set_u64(judge_case->arena, values, "count", ports_count(&silent));
    }
}

static void judge_addresses_of_estate(struct judge_case *judge_case, struct finding *worst)
{
    for (const struct json *wanted = judge_items(judge_case->estate, "addresses"); wanted != NULL; wanted = wanted->next) {
        bool found = false;
        for (const struct json *fact = judge_items(judge_case->facts, "addresses"); fact != NULL; fact = fact->next) {
            found = found || slice_equal(json_text(fact, "address", SLICE_NONE), wanted->text);
        }
        if (!found) {
            struct finding finding = judge_finding(judge_case, OUTCOME_ERROR, "ports.address-not-scanned");
            judge_value(judge_case, finding.values, "address", wanted->text);
            judge_worst(worst, finding);
        }
    }
}

static void judge_limits(struct judge_case *judge_case, const struct seen *seen)
{
    int64_t asked = judge_number(judge_case->facts, "asked", 0);
    if (asked < PORTS_ALL) {
        json_set_i64(judge_case->arena, judge_not_covered(judge_case, "ports.some-only"), "asked", asked);
    }
    if (!seen->ipv4 || !seen->ipv6) {
        judge_value(judge_case, judge_not_covered(judge_case, "ports.family-not-seen"), "family",
                    seen->ipv4 ? SLICE_LITERAL("IPv6") : SLICE_LITERAL("IPv4"));
    }
}

static void judge_outside(struct judge_case *judge_case)
{
    struct finding worst = {0};
    struct seen seen = {0};
    if (judge_case->planted) {
        judge_case->estate = NULL; /* whatever the estate allows, the planted listener is not in it */
    }
    for (const struct json *fact = judge_items(judge_case->facts, "addresses"); fact != NULL; fact = fact->next) {
        bool ipv6 = judge_is(fact, "family", "ipv6");
        seen.addresses++;
        seen.ipv6 = seen.ipv6 || ipv6;
        seen.ipv4 = seen.ipv4 || !ipv6;
        judge_open(judge_case, fact, &seen, &worst);
        judge_sight(judge_case, fact, &worst);
        judge_silence(judge_case, fact);
    }
    judge_addresses_of_estate(judge_case, &worst);
    judge_limits(judge_case, &seen);
    if (worst.reason == NULL && seen.addresses > 0) {
        worst = judge_finding(judge_case, OUTCOME_PASS, "ports.all-listed");
        judge_value(judge_case, worst.values, "host", json_text(judge_case->subject, "name", SLICE_LITERAL("-")));
        json_set_u64(judge_case->arena, worst.values, "open", seen.open);
        json_set_i64(judge_case->arena, worst.values, "asked", judge_number(judge_case->facts, "asked", 0));
        json_set_u64(judge_case->arena, worst.values, "addresses", seen.addresses);
    }
    judge_report(judge_case, "ports.outside", worst);
}

enum err judge_ports(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {{"ports.outside", "ports.unlisted"}};
    static const struct judge judge = {kinds, 1, judge_outside};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
