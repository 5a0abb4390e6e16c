/* The judge on facts: recorded ones from tests/facts, and the planted ones that the collector makes in this process. */
#include "collect/cipher.h"
#include "collect/hello.h"
#include "collect/hsts.h"
#include "collect/http_head.h"
#include "collect/redirect.h"
#include "collect/tls.h"

#include "base/check.h"
#include "collect/reason.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 16 << 20 };
static const int64_t now_ms = 1795430000000; /* 2026-11-23 */

/* Collects from a port where nothing listens: the plant runs all the same. */
static struct json *collect(struct arena *arena, const char *host, uint64_t port)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "host", slice_string(host));
    json_set_u64(arena, input, "port", port);
    json_set_u64(arena, input, "timeout_ms", 4000);
    struct work_reply reply = {0};
    return collect_tls(arena, input, SLICE_NONE, &reply) == ERR_NONE ? reply.output : NULL;
}

static struct json *judge(struct arena *arena, const struct json *facts, const struct json *planted, const char *options)
{
    struct json *input = json_new(arena, JSON_OBJECT), *parsed = NULL;
    struct complaint complaint;
    json_set(arena, input, "facts", json_copy(arena, facts));
    if (planted != NULL) {
        json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, planted));
    }
    if (json_read(arena, slice_string(options), &parsed, &complaint) != ERR_NONE) {
        return NULL;
    }
    json_set(arena, input, "options", parsed);
    json_set_i64(arena, input, "collected_at_ms", now_ms);
    struct work_reply reply = {0};
    return judge_tls(arena, input, SLICE_NONE, &reply) == ERR_NONE ? reply.output : NULL;
}

/* "pass tls.versions-kept" of the kind's only observation; "" when there is none or more than one. */
static const char *said(struct arena *arena, const struct json *output, const char *kind)
{
    const char *found = "";
    const struct json *observations = json_member(output, "observations");
    for (const struct json *entry = observations == NULL ? NULL : observations->first; entry != NULL; entry = entry->next) {
        if (slice_is(json_text(entry, "kind", SLICE_NONE), kind)) {
            if (found[0] != '\0') {
                return "";
            }
            found = arena_printf(arena, "%s %s", arena_string(arena, json_text(entry, "outcome", SLICE_NONE)),
                                 arena_string(arena, json_text(entry, "reason", SLICE_NONE)));
        }
    }
    return found;
}

static size_t read_text(const char *name, char *out, size_t out_bytes)
{
    char path[512]; /* the tests run where the compiler ran, so that __FILE__ leads back to the sources */
    snprintf(path, sizeof(path), "%.*s../../tests/facts/%s", (int)(strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        printf("no facts at %s\n", path);
        return 0;
    }
    size_t length = fread(out, 1, out_bytes, file);
    fclose(file);
    return length;
}

static struct json *read_facts(struct arena *arena, const char *name)
{
    static char text[262144];
    size_t length = read_text(name, text, sizeof(text));
    struct json *facts = NULL;
    struct complaint complaint;
    return json_read(arena, slice_of(text, length), &facts, &complaint) == ERR_NONE ? facts : NULL;
}

TEST(plant_has_every_fault)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *collected = collect(arena, "127.0.0.1", 1);
    CHECK(collected != NULL);
    const struct json *planted = json_path(collected, "plant.facts");
    CHECK(planted != NULL);
    struct json *output = judge(arena, planted, planted, "{}");
    CHECK(output != NULL);
    CHECK_STRING("fail tls.old-version-accepted", said(arena, output, "tls.version"));
    CHECK_STRING("fail tls.weak-cipher", said(arena, output, "tls.ciphers"));
    CHECK_STRING("fail tls.hsts-missing", said(arena, output, "tls.hsts"));
    CHECK_STRING("fail tls.certificate-name", said(arena, output, "tls.certificate"));
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
}

TEST(plant_is_caught_under_every_option)
{
    static const char *const options[] = {"{\"minimum\":\"1.2\"}", "{\"trust\":\"any\"}", "{\"families\":[\"ipv6\"]}",
                                          "{\"hsts_seconds\":0}"};
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *collected = collect(arena, "127.0.0.1", 1);
    const struct json *planted = json_path(collected, "plant.facts");
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct json *output = judge(arena, planted, planted, options[i]);
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
    }
}

TEST(closed_port_is_an_error)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *collected = collect(arena, "127.0.0.1", 1);
    struct json *output = judge(arena, json_member(collected, "facts"), json_path(collected, "plant.facts"), "{}");
    CHECK_STRING("error tls.unreachable", said(arena, output, "tls.version"));
    CHECK_STRING("error tls.unreachable", said(arena, output, "tls.hsts"));
}

TEST(hostile_names_are_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    CHECK(collect(arena, "a\r\nX: y", 1) == NULL);
    CHECK(collect(arena, "", 1) == NULL);
    CHECK(collect(arena, "127.0.0.1", 65536) == NULL);
}

TEST(recorded_good_facts_pass)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *facts = read_facts(arena, "tls_good.json");
    const struct json *planted = json_path(facts, "plant.facts");
    CHECK(planted != NULL);
    struct json *output = judge(arena, json_member(facts, "facts"), planted, "{\"trust\":\"any\"}");
    CHECK_STRING("pass tls.versions-kept", said(arena, output, "tls.version"));
    CHECK_STRING("pass tls.ciphers-strong", said(arena, output, "tls.ciphers"));
    CHECK_STRING("pass tls.hsts-kept", said(arena, output, "tls.hsts"));
    CHECK_STRING("pass tls.certificate-untried", said(arena, output, "tls.certificate"));
    output = judge(arena, json_member(facts, "facts"), planted, "{}");
    CHECK_STRING("fail tls.certificate-untrusted", said(arena, output, "tls.certificate"));
    output = judge(arena, json_member(facts, "facts"), planted, "{\"minimum\":\"1.1\"}");
    CHECK_STRING("error options.unknown", said(arena, output, "tls.version"));
}

TEST(without_a_caught_plant_nothing_is_green)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *facts = read_facts(arena, "tls_good.json");
    const struct json *good = json_member(facts, "facts");
    CHECK(good != NULL);
    struct json *output = judge(arena, good, NULL, "{\"trust\":\"any\"}");
    CHECK_STRING("error plant.missed", said(arena, output, "tls.version"));
    output = judge(arena, good, good, "{\"trust\":\"any\"}");
    CHECK_STRING("error plant.missed", said(arena, output, "tls.version"));
    CHECK_STRING("error plant.missed", said(arena, output, "tls.certificate"));
    CHECK(!json_bool(json_member(output, "plant"), "caught", true));
}

/* Removing any single member or element of good facts must never leave every kind green. */
static struct json *without(struct arena *arena, const struct json *value, size_t *countdown)
{
    struct json *copy = json_new(arena, value->type);
    copy->text = value->text;
    for (const struct json *child = value->first; child != NULL; child = child->next) {
        if ((*countdown)-- == 0) {
            continue;
        }
        struct json *kept = without(arena, child, countdown);
        if (value->type == JSON_OBJECT) {
            json_set(arena, copy, arena_string(arena, child->name), kept);
        } else {
            json_append(copy, kept);
        }
    }
    return copy;
}

/* The answer to the broken request is said, not judged: nothing there can make a kind green or red. */
static struct json *without_broken(struct arena *arena, const struct json *value)
{
    struct json *copy = json_new(arena, value->type);
    copy->text = value->text;
    for (const struct json *child = value->first; child != NULL; child = child->next) {
        if (!json_bool(child->type == JSON_OBJECT ? child : NULL, "broken", false)) {
            struct json *kept = without_broken(arena, child);
            (void)(value->type == JSON_OBJECT ? json_set(arena, copy, arena_string(arena, child->name), kept) : json_append(copy, kept));
        }
    }
    return copy;
}

static size_t nodes(const struct json *value)
{
    size_t count = 0;
    for (const struct json *child = value->first; child != NULL; child = child->next) {
        count += 1 + nodes(child);
    }
    return count;
}

static bool all_pass(struct arena *arena, const struct json *output)
{
    return strncmp(said(arena, output, "tls.version"), "pass", 4) == 0 &&
           strncmp(said(arena, output, "tls.ciphers"), "pass", 4) == 0 &&
           strncmp(said(arena, output, "tls.hsts"), "pass", 4) == 0 &&
           strncmp(said(arena, output, "tls.certificate"), "pass", 4) == 0;
}

/* What may be missing without harm: texts for people and facts that no kind is judged by. */
static const char *const harmless[] = {"host", "port", "resolved", "address", "family", "error", "alert", "group", "cipher",
                                       "path", "status", "hsts_count", "location", "version", "code", "roots", "text", "verify"};

static const struct json *nth(const struct json *value, size_t *countdown)
{
    for (const struct json *child = value->first; child != NULL; child = child->next) {
        if ((*countdown)-- == 0) {
            return child;
        }
        const struct json *found = nth(child, countdown);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

TEST(a_missing_fact_is_never_green)
{
    cleanup_arena struct arena *facts_arena = arena_new(ARENA_BYTES);
    struct json *facts = read_facts(facts_arena, "tls_good.json");
    CHECK(json_member(facts, "facts") != NULL);
    const struct json *good = without_broken(facts_arena, json_member(facts, "facts"));
    size_t judged = 0;
    for (size_t i = 0; i < nodes(good); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        size_t countdown = i, again = i;
        struct json *less = without(arena, good, &countdown);
        const struct json *removed = nth(good, &again);
        bool may = false;
        for (size_t k = 0; k < sizeof(harmless) / sizeof(harmless[0]); k++) {
            may = may || slice_is(removed->name, harmless[k]);
        }
        if (may || removed->name.len == 0) {
            continue;
        }
        struct json *output = judge(arena, less, json_path(facts, "plant.facts"), "{\"trust\":\"any\"}");
        CHECK(output != NULL);
        if (all_pass(arena, output)) {
            printf("green without %.*s\n", (int)removed->name.len, (const char *)removed->name.data);
        }
        CHECK(!all_pass(arena, output));
        judged++;
    }
    CHECK(judged > 10);
}

TEST(hsts_is_read_as_browsers_do)
{
    struct hsts hsts;
    CHECK_ERR(ERR_NONE, hsts_read(SLICE_LITERAL("max-age=31536000; includeSubDomains; preload"), &hsts));
    CHECK_U64(31536000, hsts.max_age_s);
    CHECK(hsts.include_subdomains && hsts.preload);
    CHECK_ERR(ERR_NONE, hsts_read(SLICE_LITERAL(" MAX-AGE = \"00600\" ;; x=\"a;b\"; y"), &hsts));
    CHECK_U64(600, hsts.max_age_s);
    CHECK_ERR(ERR_NONE, hsts_read(SLICE_LITERAL("max-age=99999999999999999999999999"), &hsts));
    CHECK(hsts.max_age_s > 31536000);
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL(""), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("includeSubDomains"), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("max-age=1; max-age=2"), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("max-age=-1"), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("max-age"), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("max-age=\"1"), &hsts));
    CHECK_ERR(ERR_MALFORMED, hsts_read(SLICE_LITERAL("max-age=1, includeSubDomains"), &hsts));
}

TEST(http_heads)
{
    struct http_head head;
    CHECK_ERR(ERR_NONE, http_head_read(SLICE_LITERAL("HTTP/1.1 404 Not Found\r\nstrict-TRANSPORT-security: max-age=1 \r\n\r\n"),
                                       &head));
    CHECK_U64(404, head.status);
    CHECK_SLICE("max-age=1", head.hsts[0]);
    CHECK_ERR(ERR_NONE, http_head_read(SLICE_LITERAL("HTTP/1.0 200\nLocation: /x\n\n"), &head));
    CHECK_SLICE("/x", head.location);
    CHECK_ERR(ERR_MALFORMED, http_head_read(SLICE_LITERAL("HTTP/1.1 2x0 OK\r\n\r\n"), &head));
    CHECK_ERR(ERR_MALFORMED, http_head_read(SLICE_LITERAL("SSH-2.0-x\r\n\r\n"), &head));
    CHECK_ERR(ERR_MALFORMED, http_head_read(SLICE_LITERAL("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n"), &head));
    CHECK_ERR(ERR_MALFORMED, http_head_read(SLICE_LITERAL("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), &head));
    CHECK_ERR(ERR_MALFORMED, http_head_read(SLICE_LITERAL("HTTP/1.1 200 OK\r\na: \0\r\n\r\n"), &head));
}

TEST(hellos_are_read_strictly)
{
    uint8_t answer[] = {22, 3, 3, 0, 43, 2, 0, 0, 39, 3, 3, [43] = 0, 0xc0, 0x2f, 0, 0};
    struct hello_answer hello = hello_read(slice_of(answer, 48));
    CHECK_U64(HELLO_ACCEPTED, hello.state);
    CHECK_U64(0xc02f, hello.suite);
    for (size_t len = 0; len < 48; len++) {
        CHECK_U64(HELLO_MORE, hello_read(slice_of(answer, len)).state);
    }
    answer[43] = 33;
    CHECK_U64(HELLO_GARBAGE, hello_read(slice_of(answer, 48)).state);
    answer[43] = 0;
    /* Every byte in a record of its own, and a warning before: the same answer. */
    uint8_t split[7 + 43 * 6] = {21, 3, 3, 0, 2, 1, 112};
    for (size_t i = 0; i < 43; i++) {
        memcpy(split + 7 + i * 6, (uint8_t[]){22, 3, 3, 0, 1, answer[5 + i]}, 6);
    }
    CHECK_U64(HELLO_ACCEPTED, hello_read(slice_of(split, sizeof(split))).state);
    CHECK_U64(0xc02f, hello_read(slice_of(split, sizeof(split))).suite);
    for (size_t len = 0; len < 7 + 42 * 6; len++) {
        CHECK_U64(HELLO_MORE, hello_read(slice_of(split, len)).state);
    }
    CHECK(hello_read(slice_of(split, 7)).warned);
    CHECK_U64(112, hello_read(slice_of(split, 7)).alert);
    static const uint8_t bye[] = {21, 3, 1, 0, 2, 1, 0};
    CHECK_U64(HELLO_ALERT, hello_read(slice_of(bye, sizeof(bye))).state);
    static const uint8_t alert[] = {21, 3, 1, 0, 2, 2, 70};
    CHECK_U64(HELLO_ALERT, hello_read(slice_of(alert, sizeof(alert))).state);
    CHECK_STRING("protocol_version", hello_alert_name(hello_read(slice_of(alert, sizeof(alert))).alert));
    CHECK_U64(HELLO_GARBAGE, hello_read(SLICE_LITERAL("HTTP/1.1 400")).state);
}

TEST(redirects_that_lead_inside)
{
    static const char *const loopback[] = {"http://127.0.0.1/", "https://localhost:8080/x", "//localhost", "http://2130706433/", "http://0x7f.1/", "http://[::1]:80/", "https://a@b@127.0.0.1/",
                                           "http:\\\\127.0.0.1\\x", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://x.localhost./", " http://127.1 "};
    static const char *const link_local[] = {"http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://metadata.google.internal/", "http://[fd00:ec2::254]/",
                                             "http://2852039166/", "http://[::ffff:a9fe:a9fe]/"};
    static const char *const elsewhere[] = {"", "/", "/login?next=//127.0.0.1", "login", "https://www.example.org/http://127.0.0.1/", "https://127.0.0.1.example.org/", "https://[", "https://",
                                            "?to=http://localhost/", "https://notlocalhost/"};
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        CHECK_U64(REDIRECT_LOOPBACK, redirect_read(slice_string(loopback[i])));
    }
    for (size_t i = 0; i < sizeof(link_local) / sizeof(link_local[0]); i++) {
        CHECK_U64(REDIRECT_LINK_LOCAL, redirect_read(slice_string(link_local[i])));
    }
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        CHECK_U64(REDIRECT_ELSEWHERE, redirect_read(slice_string(elsewhere[i])));
    }
}

/* Facts with one text replaced, judged: what the collector would bring from such an endpoint. */
static const char *said_after(struct arena *arena, const char *from, const char *to, const char *kind)
{
    static char text[262144];
    size_t length = read_text("tls_good.json", text, sizeof(text) - 1);
    text[length] = '\0';
    char *at = strstr(text, from);
    if (at == NULL || strlen(from) != strlen(to)) {
        return "no such text";
    }
    memcpy(at, to, strlen(to));
    struct json *facts = NULL;
    struct complaint complaint;
    if (json_read(arena, slice_of(text, length), &facts, &complaint) != ERR_NONE) {
        return "not JSON";
    }
    return said(arena, judge(arena, json_member(facts, "facts"), json_path(facts, "plant.facts"), "{\"trust\":\"any\"}"), kind);
}

TEST(a_certificate_that_changes_is_an_error)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    CHECK_STRING("error tls.certificate-changes", said_after(arena, "\"leaf\": \"", "\"fael\": \"", "tls.certificate"));
}

TEST(cipher_numbers_are_unique)
{
    size_t count = 0;
    const struct cipher *ciphers = cipher_all(&count);
    CHECK(count > 50);
    for (size_t i = 0; i < count; i++) {
        CHECK(cipher_by_number(ciphers[i].number) == &ciphers[i]);
    }
}

/* Every sentence exists in both languages, with the same placeholders. */
TEST(reasons_are_complete)
{
    size_t count = 0;
    const struct reason *reasons = reason_all(&count);
    for (size_t i = 0; i < count; i++) {
        const struct reason *reason = &reasons[i];
        CHECK(reason_find(slice_string(reason->id)) == reason);
        CHECK(reason->sentence.english[0] != '\0' && reason->sentence.german[0] != '\0');
        CHECK((reason->fix.english[0] == '\0') == (reason->fix_minutes == 0));
        CHECK((reason->fix.english[0] == '\0') == (reason->fix.german[0] == '\0'));
        struct slice rest = slice_string(reason->sentence.english), part;
        struct slice german = slice_string(reason->sentence.german);
        while (slice_split(&rest, '{', &part) && rest.len > 0) {
            size_t end = slice_find_byte(rest, '}');
            CHECK(end != SIZE_MAX);
            CHECK(slice_find(german, slice_first(rest, end)) != SIZE_MAX);
        }
    }
}

TEST_MAIN
