/*
 * DNS zones, transferred ("dns") or put into the source as text ("zone"): every name that leads somewhere is an endpoint to be watched, on 443; every
 * mail exchanger on 25; every service record on its own port. What nobody outside could reach (loopback addresses, wildcards) is said and not proposed.
 */
#include "collect/judge_source.h"
#include "collect/zone.h"

enum { TARGET_MAX_BYTES = 253 };

/* Nothing of these logs in: there is no credential, so none that could write. The plant says that it has one. */
static void judge_credential(struct judge_case *judge_case)
{
    if (judge_is(judge_case->facts, "credential", "none")) {
        judge_observe(judge_case, "source.read-only", OUTCOME_PASS, "source.no-credential");
        return;
    }
    source_power(judge_case, SLICE_LITERAL("?"));
    source_judge_read_only(judge_case, false, NULL);
}

static void propose(struct judge_case *judge_case, struct slice name, int64_t port, const char *protocol, struct slice where)
{
    struct slice endpoint = slice_string(arena_printf(judge_case->arena, "%.*s:%lld", (int)name.len, (const char *)name.data, (long long)port));
    for (const struct json *known = judge_case->proposals == NULL ? NULL : judge_case->proposals->first; known != NULL; known = known->next) {
        if (slice_equal(json_text(known, "name", SLICE_NONE), endpoint)) {
            return;
        }
    }
    struct json *attributes = judge_propose(judge_case, "endpoint", endpoint, where);
    if (protocol != NULL) {
        json_set_string(judge_case->arena, attributes, "protocol", slice_string(protocol));
    }
}

static bool is_here_only(struct slice address)
{
    return slice_starts(address, SLICE_LITERAL("127.")) || slice_is(address, "::1") || slice_is(address, "0.0.0.0") || slice_is(address, "::");
}

/* "_dmarc", "_acme-challenge": names for machines, behind which nothing listens. */
static bool has_underscore(struct slice name)
{
    return slice_starts(name, SLICE_LITERAL("_")) || slice_find(name, SLICE_LITERAL("._")) != SIZE_MAX;
}

struct seen {
    uint64_t wildcards, delegated;
};

static void take_record(struct judge_case *judge_case, const struct json *record, struct slice zone, struct seen *seen)
{
    struct slice name = json_text(record, "name", SLICE_NONE), value = json_text(record, "value", SLICE_NONE), type = json_text(record, "type", SLICE_NONE);
    struct slice where = source_where(judge_case, "records", name);
    bool leads = slice_is(type, "A") || slice_is(type, "AAAA") || slice_is(type, "CNAME");
    if (slice_is(type, "NS") && !slice_equal(name, zone)) {
        seen->delegated++;
    } else if (slice_is(type, "MX") && !slice_is(value, ".") && value.len > 0) {
        propose(judge_case, value, 25, "smtp", where);
    } else if (slice_is(type, "SRV") && !slice_is(value, ".") && value.len > 0) {
        int64_t port = judge_number(record, "port", 0);
        if (port > 0 && port <= UINT16_MAX) {
            propose(judge_case, value, port, NULL, where);
        }
    } else if (leads && slice_starts(name, SLICE_LITERAL("*"))) {
        seen->wildcards++;
    } else if (leads && !has_underscore(name) && name.len > 0 && !is_here_only(value)) {
        propose(judge_case, name, 443, "https", where);
    }
}

static void say_unseen(struct judge_case *judge_case, const struct seen *seen)
{
    if (seen->wildcards > 0) {
        json_set_u64(judge_case->arena, judge_not_covered(judge_case, "dns.wildcard"), "count", seen->wildcards);
    }
    if (seen->delegated > 0) {
        json_set_u64(judge_case->arena, judge_not_covered(judge_case, "dns.delegated"), "count", seen->delegated);
    }
}

static void judge_dns(struct judge_case *judge_case)
{
    struct seen seen = {0};
    source_judge_complete(judge_case);
    judge_credential(judge_case);
    for (const struct json *request = judge_items(judge_case->facts, "requests"); request != NULL; request = request->next) {
        for (const struct json *record = judge_items(request, "items"); record != NULL; record = record->next) {
            take_record(judge_case, record, json_text(request, "name", SLICE_NONE), &seen);
        }
    }
    say_unseen(judge_case, &seen);
}

/* A list with named columns, or a master file. */
static enum err read_text(struct judge_case *judge_case, struct slice zone, struct json *records, size_t *line)
{
    struct slice text = json_text(judge_case->facts, "text", SLICE_NONE), first = text;
    (void)slice_split(&first, '\n', &first);
    enum err err = zone_read_csv(judge_case->arena, text, zone, records, line);
    if (err == ERR_MALFORMED && records->count == 0) {
        err = zone_read(judge_case->arena, text, zone, records, line);
    }
    return err;
}

static void judge_zone(struct judge_case *judge_case)
{
    struct seen seen = {0};
    struct slice zone = zone_name(judge_case->arena, json_text(judge_case->facts, "zone", SLICE_NONE), SLICE_NONE);
    struct json *records = json_new(judge_case->arena, JSON_ARRAY);
    size_t line = 0;
    enum err err = records == NULL ? ERR_TOO_LARGE : read_text(judge_case, zone, records, &line);
    const char *reason = err == ERR_NONE && records->count > 0 ? "dns.zone-read" : err == ERR_UNSUPPORTED ? "dns.zone-elsewhere" : "dns.zone-unread";
    struct json *values = judge_observe(judge_case, "source.complete", err == ERR_NONE && records->count > 0 ? OUTCOME_PASS : OUTCOME_FAIL, reason);
    judge_value(judge_case, values, "zone", zone.len == 0 ? SLICE_LITERAL("-") : zone);
    json_set_u64(judge_case->arena, values, "line", line);
    json_set_u64(judge_case->arena, values, "records", records == NULL ? 0 : records->count);
    judge_credential(judge_case);
    for (const struct json *record = records == NULL ? NULL : records->first; record != NULL; record = record->next) {
        take_record(judge_case, record, zone, &seen);
    }
    say_unseen(judge_case, &seen);
    judge_case->whole = err == ERR_NONE && records->count > 0;
}

static const struct judge_kind dns_kinds[] = {{"source.complete", "source.incomplete", false}, {"source.read-only", "source.can-write", false}};
const struct source_judge source_judge_dns = {"dns", {dns_kinds, 2, judge_dns}};
static const struct judge_kind zone_kinds[] = {{"source.complete", "dns.zone-elsewhere", false}, {"source.read-only", "source.can-write", false}};
const struct source_judge source_judge_zone = {"zone", {zone_kinds, 2, judge_zone}};
