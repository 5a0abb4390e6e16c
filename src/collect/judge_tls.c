#include "collect/tls.h"

#include "collect/certificate.h"
#include "collect/cipher.h"
#include "collect/judge_tls.h"

#include <stdio.h>

enum { LIST_MAX_BYTES = 200, FINITE_FIELD_MIN_BITS = 2048 };

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

struct finding tls_finding(struct judge_case *judge_case, enum outcome outcome, const char *reason, const struct json *address)
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

/* Protocols that begin with TLS have no time before it. */
static bool is_at_once(const struct json *facts)
{
    static const char *const protocols[] = {"https", "tls", "otlp-http", "otlp-grpc"};
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (judge_is(facts, "protocol", protocols[i])) {
            return true;
        }
    }
    return false;
}

static bool answered_in(const struct json *address, const char *list)
{
    for (const struct json *entry = judge_items(address, list); entry != NULL; entry = entry->next) {
        if (is_accepted(entry) || judge_is(entry, "result", "alert") || judge_is(entry, "result", "refused")) {
            return true;
        }
    }
    return false;
}

/* Understood in the clear, and not one answer in TLS: a server of TLS often answers those who forget it, too. */
static bool is_plain(const struct json *address)
{
    return json_text(json_member(address, "plain"), "spoke", SLICE_NONE).len > 0 && !answered_in(address, "handshakes") && !answered_in(address, "hellos");
}

/* -- tls.version ---------------------------------------------------------------------------------------------------- */

static struct finding inconclusive(struct judge_case *judge_case, const struct json *address, const char *version,
                                   const struct json *entry)
{
    struct finding finding = tls_finding(judge_case, OUTCOME_ERROR, "tls.inconclusive", address);
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
        return tls_finding(judge_case, OUTCOME_FAIL, "tls.new-version-refused", address);
    }
    return is_alive(address) ? tls_finding(judge_case, OUTCOME_PASS, "tls.versions-kept", address)
                             : inconclusive(judge_case, address, "1.3", json_member(address, "control"));
}

static struct finding judge_versions(struct judge_case *judge_case, const struct json *address)
{
    char accepted[LIST_MAX_BYTES];
    list_accepted(judge_case, address, accepted);
    if (accepted[0] != '\0') {
        struct finding finding = tls_finding(judge_case, OUTCOME_FAIL, "tls.old-version-accepted", address);
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

/* What an endpoint that begins TLS after a greeting does without it. No TLS is older than every version of it. */
static struct finding judge_unencrypted(struct judge_case *judge_case, const struct json *address)
{
    static const struct {
        const char *protocol, *state, *said; /* not covered, and why */
    } rows[] = {
        {"smtp", "refused", "tls.plaintext-mail"},      {"postgres", "refused", "tls.plaintext-by-account"},
        {NULL, "unclear", "tls.plaintext-unclear"},     {NULL, "unasked", "tls.plaintext-unclear"},
    };
    const struct json *unencrypted = json_member(address, "unencrypted");
    if (judge_is(unencrypted, "state", "accepted")) {
        return tls_finding(judge_case, OUTCOME_FAIL, "tls.plaintext-accepted", address);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (judge_is(unencrypted, "state", rows[i].state) && (rows[i].protocol == NULL || judge_is(judge_case->facts, "protocol", rows[i].protocol))) {
            struct json *values = judge_not_covered(judge_case, rows[i].said);
            judge_value(judge_case, values, "address", json_text(address, "address", SLICE_LITERAL("?")));
        }
    }
    bool seen = judge_is(unencrypted, "state", "refused") || judge_is(unencrypted, "state", "unclear") || judge_is(unencrypted, "state", "unasked");
    bool greets = !is_at_once(judge_case->facts);
    return greets && !seen ? tls_finding(judge_case, OUTCOME_ERROR, "tls.plaintext-not-tried", address) : (struct finding){0};
}

static struct finding judge_version(struct judge_case *judge_case, const struct json *address)
{
    struct finding finding = judge_versions(judge_case, address), unencrypted = judge_unencrypted(judge_case, address);
    if (unencrypted.reason != NULL) {
        judge_worst(&finding, unencrypted);
    }
    return finding;
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
    *finding = tls_finding(judge_case, OUTCOME_FAIL, "tls.weak-cipher", address);
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

static bool has_finite_field(const struct json *suites)
{
    for (const struct json *suite = judge_items(suites, "accepted"); suite != NULL; suite = suite->next) {
        int64_t number = number_of(suite);
        const struct cipher *cipher = number < 0 ? NULL : cipher_by_number((uint16_t)number);
        if (cipher != NULL && slice_starts(slice_string(cipher->name), SLICE_LITERAL("TLS_DHE_"))) {
            return true;
        }
    }
    return false;
}

/* Below TLS 1.3 the server brings its own group, and a strong suite over a weak one is weak. */
static struct finding judge_finite_field(struct judge_case *judge_case, const struct json *address, const struct json *suites)
{
    const struct json *seen = json_member(address, "finite_field");
    int64_t bits = judge_number(seen, "bits", -1);
    if (!has_finite_field(suites) || bits >= FINITE_FIELD_MIN_BITS) {
        return (struct finding){0};
    }
    if (bits < 0) {
        return tls_finding(judge_case, OUTCOME_ERROR, "tls.group-not-seen", address);
    }
    struct finding finding = tls_finding(judge_case, OUTCOME_FAIL, "tls.weak-group", address);
    json_set_i64(judge_case->arena, finding.values, "bits", bits);
    return finding;
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
    finding = judge_finite_field(judge_case, address, suites);
    if (finding.reason != NULL) {
        return finding;
    }
    for (size_t i = 0; i < 4; i++) {
        const struct json *hello = by_version(address, "hellos", old_versions[i]);
        if (!is_accepted(hello) && !is_refusal(address, hello)) {
            return inconclusive(judge_case, address, old_versions[i], hello);
        }
        old = old || is_accepted(hello);
    }
    if (!any || !is_alive(address) || (old && !json_bool(suites, "complete", false))) {
        return tls_finding(judge_case, OUTCOME_ERROR, "tls.suites-incomplete", address);
    }
    return tls_finding(judge_case, OUTCOME_PASS, "tls.ciphers-strong", address);
}

/* -- tls.certificate ------------------------------------------------------------------------------------------------ */

/* The newest version was shaken twice, with the same offer: the first time and the last. Who shows another certificate then is several. */
static bool is_one_certificate(const struct json *address)
{
    const struct json *control = json_member(address, "control");
    for (const struct json *entry = judge_items(address, "handshakes"); entry != NULL; entry = entry->next) {
        if (is_accepted(entry)) {
            struct slice leaf = json_text(entry, "leaf", SLICE_NONE);
            return leaf.len > 0 && slice_equal(leaf, json_text(control, "leaf", SLICE_NONE));
        }
    }
    return false;
}

static struct finding judge_certificate(struct judge_case *judge_case, const struct json *address)
{
    struct slice name = json_text(judge_case->facts, "server_name", SLICE_NONE);
    struct finding finding = certificate_judge(judge_case, address, name);
    for (const struct json *entry = judge_items(address, "handshakes"); entry != NULL; entry = entry->next) {
        if (json_member(entry, "chain") != NULL) {
            judge_worst(&finding, certificate_judge(judge_case, entry, name));
        }
    }
    if (finding.outcome == OUTCOME_PASS && !is_alive(address)) {
        finding = inconclusive(judge_case, address, "1.3", json_member(address, "control"));
    } else if (finding.outcome == OUTCOME_PASS && !is_one_certificate(address)) {
        finding = judge_finding(judge_case, OUTCOME_ERROR, "tls.certificate-changes");
    }
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
    {"tls.hsts", tls_judge_hsts, true},
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
        return is_plain(address) ? tls_finding(judge_case, OUTCOME_FAIL, "tls.no-encryption", address) : row->judge(judge_case, address);
    }
    if (judge_is(address, "reach", "no-listener")) {
        return (struct finding){0};
    }
    if (judge_is(address, "reach", "no-starttls")) {
        return tls_finding(judge_case, OUTCOME_FAIL, "tls.no-encryption", address);
    }
    if (judge_is(address, "reach", "not-the-protocol")) {
        struct finding finding = tls_finding(judge_case, OUTCOME_ERROR, "tls.protocol-refused", address);
        judge_value(judge_case, finding.values, "protocol", json_text(judge_case->facts, "protocol", SLICE_LITERAL("?")));
        judge_value(judge_case, finding.values, "words", json_text(address, "words", SLICE_LITERAL("-")));
        return finding;
    }
    struct finding finding = tls_finding(judge_case, OUTCOME_ERROR, "tls.address-not-reached", address);
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

/* "tls.version" seen by a vantage is "outside.version": a kind of its own, because the two looks may differ and neither stands in for the other. */
static struct json *renamed(struct arena *arena, struct slice kind)
{
    bool inside = slice_starts(kind, SLICE_LITERAL("tls."));
    char *name = inside ? arena_printf(arena, "outside.%.*s", (int)kind.len - 4, (const char *)kind.data + 4) : NULL;
    return name == NULL ? json_string(arena, kind) : json_string(arena, slice_string(name));
}

enum err judge_outside(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    enum err err = judge_tls(arena, input, raw, reply);
    const struct json *observations = err == ERR_NONE ? json_member(reply->output, "observations") : NULL;
    for (struct json *one = observations == NULL ? NULL : observations->first; one != NULL; one = one->next) {
        for (struct json *member = one->first; member != NULL; member = member->next) {
            struct json *name = slice_is(member->name, "kind") ? renamed(arena, member->text) : NULL;
            if (slice_is(member->name, "kind") && name == NULL) {
                return ERR_TOO_LARGE;
            }
            member->text = name == NULL ? member->text : name->text;
        }
    }
    return err;
}
