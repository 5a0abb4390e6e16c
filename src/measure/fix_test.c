/* Fixes: what is offered for which reason, that nothing from outside becomes a line, and that the texts hold what the estate lists. */
#include "measure/fix.h"

#include "base/check.h"
#include "collect/reason.h"
#include "measure/edit.h"

enum { ARENA_BYTES = 4 << 20 };

static const struct json *parsed(struct arena *arena, const char *text)
{
    struct json *tree = NULL;
    return json_read(arena, slice_string(text), &tree, NULL) == ERR_NONE ? tree : NULL;
}

static const struct json *changes_for(struct arena *arena, const char *reason, const char *subject, const char *host)
{
    struct fix_subject about = {.subject = parsed(arena, subject), .host = host == NULL ? NULL : parsed(arena, host), .minimum = "1.3"};
    struct json *list = json_new(arena, JSON_ARRAY);
    return fix_changes(arena, slice_string(reason), &about, list) == ERR_NONE ? list : NULL;
}

static bool has_text(const struct json *change, const char *wanted)
{
    return slice_find(json_text(change, "text", SLICE_NONE), slice_string(wanted)) != SIZE_MAX;
}

#define HOST "{\"id\":\"host:web-1\",\"kind\":\"host\",\"name\":\"web-1\",\"attributes\":{\"ports\":[\"22/tcp\",443,\"51820/udp\"]}}"
#define ENDPOINT(protocol) "{\"id\":\"endpoint:www:443\",\"kind\":\"endpoint\",\"name\":\"www:443\",\"attributes\":{\"protocol\":\"" protocol "\"}}"

TEST(a_ruleset_opens_what_the_estate_lists)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *list = changes_for(arena, "firewall.no-default-deny", HOST, HOST);
    CHECK_U64(1, list->count);
    CHECK_SLICE("nftables", json_text(list->first, "format", SLICE_NONE));
    CHECK(has_text(list->first, "        tcp dport { 22, 443 } accept\n"));
    CHECK(has_text(list->first, "        udp dport { 443, 51820 } accept\n"));
    CHECK(has_text(list->first, "policy drop;") && !has_text(list->first, "Port 22 is not"));
    list = changes_for(arena, "firewall.no-default-deny", HOST, "{\"id\":\"host:x\",\"kind\":\"host\",\"name\":\"x\",\"attributes\":{}}");
    CHECK(has_text(list->first, "Port 22 is not") && !has_text(list->first, "dport"));
}

TEST(an_endpoint_gets_what_its_server_speaks)
{
    static const struct {
        const char *reason, *subject, *first;
        size_t count;
    } rows[] = {
        {"tls.hsts-missing", ENDPOINT("https"), "traefik", 2},          {"tls.hsts-missing", ENDPOINT("smtp"), NULL, 0},
        {"tls.old-version-accepted", ENDPOINT("https"), "traefik", 2}, {"tls.old-version-accepted", ENDPOINT("postgres"), "postgresql", 1},
        {"tls.old-version-accepted", ENDPOINT("smtp"), "postfix", 1},  {"tls.no-encryption", ENDPOINT("postgres"), "postgresql", 1},
        {"tls.versions-kept", ENDPOINT("https"), NULL, 0},             {"no.such", ENDPOINT("https"), NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        const struct json *list = changes_for(arena, rows[i].reason, rows[i].subject, HOST);
        CHECK_U64(rows[i].count, list->count);
        CHECK(rows[i].first == NULL || slice_is(json_text(list->first, "format", SLICE_NONE), rows[i].first));
    }
}

TEST(a_hostile_name_stays_a_word)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *list = changes_for(arena, "volume.not-encrypted", "{\"id\":\"volume:x\",\"kind\":\"volume\",\"name\":\"/srv/$(reboot);`id`\\n#\",\"attributes\":{}}", NULL);
    CHECK_U64(1, list->count);
    CHECK(!has_text(list->first, "$(reboot)") && !has_text(list->first, "`id`") && has_text(list->first, "/srv/__reboot___id_"));
    list = changes_for(arena, "tls.hsts-missing", "{\"id\":\"endpoint:x\",\"kind\":\"endpoint\",\"name\":\"a;}\\nlisten:443\",\"attributes\":{}}", NULL);
    CHECK(!has_text(list->last, ";}"));
}

TEST(an_at_sign_of_the_text_stays)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct buf out = BUF_INIT(256);
    CHECK_ERR(ERR_NONE, fix_fill(&out, "hsts@file @name@ @no-such@ a@", parsed(arena, "{\"name\":\"x\"}")));
    CHECK_SLICE("hsts@file x @no-such@ a@", buf_slice(&out));
    buf_free(&out);
}

/* Every reason that a row names exists: a renamed reason must not leave its fix behind. */
TEST(every_reason_of_a_fix_exists)
{
    static const char *const rows[] = {
#define CHANGE(reasons, protocols, format, file, title_english, title_german, text, check, note_english, note_german) reasons,
#include "measure/fix_change.def"
#undef CHANGE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice rest = slice_string(rows[i]), one;
        while (slice_split(&rest, ' ', &one)) {
            bool known = one.len == 0 || reason_find(one) != NULL || slice_starts(one, SLICE_LITERAL("verdict."));
            if (!known) {
                printf("no such reason: %.*s\n", (int)one.len, (const char *)one.data);
            }
            CHECK(known);
        }
    }
}

TEST_MAIN
