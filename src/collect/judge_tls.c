#include "collect/certificate.h"
#include "collect/cipher.h"
#include "collect/hsts.h"
#include "collect/tls.h"

#include <stdio.h>

enum { HSTS_SECONDS = 31536000, LIST_MAX_BYTES = 200 };

/* Older than the newest first: what is listed to people starts with the worst. */
static const char *const old_versions[] = {"ssl3", "1.0", "1.1", "1.2"};

static const struct json *by_version(const struct json *address, const char *list, const char *version)
{
    for (const struct json *entry = judge_items(address, list); entry != NULL; entry = entry->next) {
        if (judge_is(entry, "version", version)) {
            return entry;
        }
    }
    return NULL;
}

static bool is_accepted(const struct json *entry)
{
    return judge_is(entry, "result", "accepted");
}

static struct finding at_address(struct judge_case *judge_case, enum outcome outcome, const char *reason,
                                 const struct json *address)
{
    struct finding finding = judge_finding(judge_case, outcome, reason);
    judge_value(judge_case, finding.values, "address", json_text(address, "address", SLICE_LITERAL("?")));
    return finding;
}

/* Whether the endpoint still answered at the end: silence in between then was refusal, not a dead line. */
static bool is_alive(const struct json *address)
{
    return is_accepted(json_member(address, "control"));
}

/* An alert is a refusal; a connection that just ends is one only where the endpoint answers what it accepts. */
static bool is_refusal(const struct json *address, const struct json *entry)
{
    return judge_is(entry, "result", "alert") || judge_is(entry, "result", "refused") ||
           (judge_is(entry, "result", "closed") && is_alive(address));
}

/* -- tls.version ---------------------------------------------------------------------------------------------------- */

static struct finding inconclusive(struct judge_case *judge_case, const struct json *address, const char *version,
                                   const struct json *entry)
{
    struct finding finding = at_address(judge_case, OUTCOME_ERROR, "tls.inconclusive", address);
    judge_value(judge_case, finding.values, "version", slice_string(version));
    judge_value(judge_case, finding.values, "result", json_text(entry, "result", SLICE_LITERAL("not-tried")));
    return finding;
}

static size_t old_count(struct judge_case *judge_case)
{
    return judge_is(judge_case->options, "minimum", "1.2") ? 3 : 4;
}

static void list_accepted(struct judge_case *judge_case, const struct json *address, char out[LIST_MAX_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < old_count(judge_case); i++) {
        if (is_accepted(by_version(address, "hellos", old_versions[i])) ||
            is_accepted(by_version(address, "handshakes", old_versions[i]))) {
            int count = snprintf(out + len, LIST_MAX_BYTES - len, "%s%s", len == 0 ? "" : ", ", old_versions[i]);
            len += count > 0 ? (size_t)count : 0;
        }
    }
}

static struct finding judge_new_version(struct judge_case *judge_case, const struct json *address)
{
    const struct json *tls13 = by_version(address, "handshakes", "1.3");
    const struct json *tls12 = by_version(address, "handshakes", "1.2");
    bool enough = is_accepted(tls13) || (old_count(judge_case) == 3 && is_accepted(tls12));
    if (!enough && !is_refusal(address, tls13)) {
        return inconclusive(judge_case, address, "1.3", tls13);
    }
    if (!enough) {
        return at_address(judge_case, OUTCOME_FAIL, "tls.new-version-refused", address);
    }
    return is_alive(address) ? at_address(judge_case, OUTCOME_PASS, "tls.versions-kept", address)
                             : inconclusive(judge_case, address, "1.3", json_member(address, "control"));
}

static struct finding judge_version(struct judge_case *judge_case, const struct json *address)
{
    char accepted[LIST_MAX_BYTES];
    list_accepted(judge_case, address, accepted);
    if (accepted[0] != '\0') {
        struct finding finding = at_address(judge_case, OUTCOME_FAIL, "tls.old-version-accepted", address);
        judge_value(judge_case, finding.values, "versions", slice_string(accepted));
        return finding;
    }
    for (size_t i = 0; i < old_count(judge_case); i++) {
        const struct json *hello = by_version(address, "hellos", old_versions[i]);
        if (!is_refusal(address, hello)) {
            return inconclusive(judge_case, address, old_versions[i], hello);
        }
        /* The library cannot ask for SSL 3.0 at all, nor perhaps for 1.0: there the hand-made hello's answer stands alone. */
        const struct json *handshake = by_version(address, "handshakes", old_versions[i]);
        if (i > 0 && !is_refusal(address, handshake) && !judge_is(handshake, "result", "local-error")) {
            return inconclusive(judge_case, address, old_versions[i], handshake);
        }
    }
    return judge_new_version(judge_case, address);
}

/* -- tls.ciphers ---------------------------------------------------------------------------------------------------- */

static bool is_weak(int64_t number, struct finding *finding, struct judge_case *judge_case, const struct json *address)
{
    const struct cipher *cipher = number < 0 || number > UINT16_MAX ? NULL : cipher_by_number((uint16_t)number);
    enum cipher_class class = cipher == NULL ? CIPHER_UNKNOWN : cipher->class;
    if (class == CIPHER_STRONG) {
        return false;
    }
    char text[24];
    snprintf(text, sizeof(text), "0x%04llx", (unsigned long long)number & 0xffff);
    *finding = at_address(judge_case, OUTCOME_FAIL, "tls.weak-cipher", address);
    judge_value(judge_case, finding->values, "cipher", slice_string(cipher == NULL ? text : cipher->name));
    judge_value(judge_case, finding->values, "weakness", slice_string(cipher_class_name(class)));
    return true;
}

static int64_t number_of(const struct json *value)
{
    uint64_t number = 0;
    return value->type == JSON_NUMBER && slice_to_u64(value->text, &number) == ERR_NONE && number <= UINT16_MAX
               ? (int64_t)number : -1;
}

static struct finding judge_ciphers(struct judge_case *judge_case, const struct json *address)
{
    struct finding finding = {0};
    bool any = false, old = false;
    for (const struct json *entry = judge_items(address, "handshakes"); entry != NULL; entry = entry->next) {
        if (is_accepted(entry)) {
            any = true;
            if (is_weak(judge_number(entry, "cipher_number", -1), &finding, judge_case, address)) {
                return finding;
            }
        }
    }
    const struct json *suites = json_member(address, "suites");
    for (const struct json *suite = judge_items(suites, "accepted"); suite != NULL; suite = suite->next) {
        if (is_weak(number_of(suite), &finding, judge_case, address)) {
            return finding;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        const struct json *hello = by_version(address, "hellos", old_versions[i]);
        if (!is_accepted(hello) && !is_refusal(address, hello)) {
            return inconclusive(judge_case, address, old_versions[i], hello);
        }
        old = old || is_accepted(hello);
    }
    if (!any || !is_alive(address) || (old && !json_bool(suites, "complete", false))) {
        return at_address(judge_case, OUTCOME_ERROR, "tls.suites-incomplete", address);
    }
    return at_address(judge_case, OUTCOME_PASS, "tls.ciphers-strong", address);
}

/* -- tls.hsts ------------------------------------------------------------------------------------------------------- */

static struct finding at_path(struct judge_case *judge_case, enum outcome outcome, const char *reason,
                              const struct json *address, const struct json *reply)
{
    struct finding finding = at_address(judge_case, outcome, reason, address);
    judge_value(judge_case, finding.values, "path", json_text(reply, "path", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "result", json_text(reply, "result", SLICE_LITERAL("?")));
    json_set_i64(judge_case->arena, finding.values, "status", judge_number(reply, "status", 0));
    return finding;
}

static struct finding judge_reply(struct judge_case *judge_case, const struct json *address, const struct json *reply)
{
    if (!judge_is(reply, "result", "ok")) {
        return at_path(judge_case, OUTCOME_ERROR, "tls.http-failed", address, reply);
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

static struct finding judge_hsts(struct judge_case *judge_case, const struct json *address)
{
    struct finding worst = {0};
    bool error_seen = false;
    size_t replies = 0;
    for (const struct json *reply = judge_items(address, "http"); reply != NULL; reply = reply->next) {
        judge_worst(&worst, judge_reply(judge_case, address, reply));
        error_seen = error_seen || judge_number(reply, "status", 0) >= 400;
        replies++;
    }
    if (replies < 2 && (worst.reason == NULL || worst.outcome == OUTCOME_PASS)) {
        return at_address(judge_case, OUTCOME_ERROR, "tls.http-not-asked", address);
    }
    if (!error_seen) {
        struct json *values = judge_not_covered(judge_case, "tls.hsts-no-error-page");
        judge_value(judge_case, values, "address", json_text(address, "address", SLICE_LITERAL("?")));
    }
    return worst;
}

static struct finding judge_certificate(struct judge_case *judge_case, const struct json *address)
{
    struct slice name = json_text(judge_case->facts, "server_name", SLICE_NONE);
    struct finding finding = certificate_judge(judge_case, address, name);
    judge_value(judge_case, finding.values, "address", json_text(address, "address", SLICE_LITERAL("?")));
    judge_value(judge_case, finding.values, "name", name);
    return finding;
}

/* -- all addresses -------------------------------------------------------------------------------------------------- */

struct kind_row {
    const char *kind;
    struct finding (*judge)(struct judge_case *judge_case, const struct json *address);
    bool https_only;
};

static const struct kind_row kind_rows[] = {
    {"tls.version", judge_version, false},
    {"tls.ciphers", judge_ciphers, false},
    {"tls.hsts", judge_hsts, true},
    {"tls.certificate", judge_certificate, false},
};

static bool family_is_wanted(const struct judge_case *judge_case, const struct json *address)
{
    const struct json *families = judge_items(judge_case->options, "families");
    for (const struct json *family = families; family != NULL; family = family->next) {
        if (family->type == JSON_STRING && slice_equal(family->text, json_text(address, "family", SLICE_NONE))) {
            return true;
        }
    }
    return families == NULL || judge_case->planted;
}

/* An address where nothing listens breaks no promise as long as another one answers. */
static struct finding judge_address(struct judge_case *judge_case, const struct kind_row *row, const struct json *address,
                                    size_t *open_count)
{
    if (judge_is(address, "reach", "open")) {
        (*open_count)++;
        return row->judge(judge_case, address);
    }
    if (judge_is(address, "reach", "no-listener")) {
        return (struct finding){0};
    }
    if (judge_is(address, "reach", "no-starttls")) {
        return at_address(judge_case, OUTCOME_FAIL, "tls.no-encryption", address);
    }
    struct finding finding = at_address(judge_case, OUTCOME_ERROR, "tls.address-not-reached", address);
    judge_value(judge_case, finding.values, "result", json_text(address, "reach", SLICE_LITERAL("?")));
    return finding;
}

static struct finding judge_kind(struct judge_case *judge_case, const struct kind_row *row)
{
    struct finding worst = {0};
    size_t open_count = 0;
    for (const struct json *address = judge_items(judge_case->facts, "addresses"); address != NULL; address = address->next) {
        if (!family_is_wanted(judge_case, address)) {
            continue;
        }
        struct finding finding = judge_address(judge_case, row, address, &open_count);
        if (finding.reason != NULL) {
            judge_worst(&worst, finding);
        }
    }
    if (worst.reason == NULL) {
        worst = judge_finding(judge_case, OUTCOME_ERROR, judge_is(judge_case->facts, "resolved", "ok")
                                                             ? "tls.unreachable" : "tls.unresolved");
    }
    judge_value(judge_case, worst.values, "host", json_text(judge_case->facts, "host", SLICE_LITERAL("?")));
    json_set_i64(judge_case->arena, worst.values, "port", judge_number(judge_case->facts, "port", 0));
    json_set_u64(judge_case->arena, worst.values, "addresses_judged", open_count);
    return worst;
}

static bool options_are_known(const struct json *options)
{
    return json_member(options, "minimum") == NULL || judge_is(options, "minimum", "1.3") ||
           judge_is(options, "minimum", "1.2");
}

static void judge_all(struct judge_case *judge_case)
{
    bool https = judge_is(judge_case->facts, "protocol", "https");
    for (size_t i = 0; i < sizeof(kind_rows) / sizeof(kind_rows[0]); i++) {
        if (kind_rows[i].https_only && !https) {
            continue;
        }
        struct finding finding = judge_case->planted || options_are_known(judge_case->options)
                                     ? judge_kind(judge_case, &kind_rows[i])
                                     : judge_finding(judge_case, OUTCOME_ERROR, "options.unknown");
        judge_report(judge_case, kind_rows[i].kind, finding);
    }
    for (const struct json *address = judge_items(judge_case->facts, "addresses"); address != NULL; address = address->next) {
        if (!family_is_wanted(judge_case, address)) {
            judge_value(judge_case, judge_not_covered(judge_case, "tls.family-left-out"), "address",
                        json_text(address, "address", SLICE_LITERAL("?")));
        }
    }
}

enum err judge_tls(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge_kind kinds[] = {
        {"tls.version", "tls.old-version-accepted"},
        {"tls.ciphers", "tls.weak-cipher"},
        {"tls.hsts", "tls.hsts-missing"},
        {"tls.certificate", "tls.certificate-name"},
    };
    static const struct judge judge = {kinds, sizeof(kinds) / sizeof(kinds[0]), judge_all};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
