/* Default deny over all layers, judged on facts: which layer stops what, which way in is named, and what a missing layer means. */
#include "collect/exposure.h"
#include "collect/judge_test.h"
#include "collect/reason.h"

enum { ARENA_BYTES = 32 << 20 };

#define CHAIN(policy, rules)                                                                                                                       \
    "\"nft\":{\"read\":\"ok\",\"ruleset\":\"{\\\"nftables\\\":[{\\\"metainfo\\\":{}},{\\\"chain\\\":{\\\"family\\\":\\\"inet\\\",\\\"table\\\":\\\"f\\\"," \
    "\\\"name\\\":\\\"i\\\",\\\"type\\\":\\\"filter\\\",\\\"hook\\\":\\\"input\\\",\\\"policy\\\":\\\"" policy "\\\"}}" rules "]}\"}"
#define ACCEPT(port) ",{\\\"rule\\\":{\\\"family\\\":\\\"inet\\\",\\\"table\\\":\\\"f\\\",\\\"chain\\\":\\\"i\\\",\\\"handle\\\":1,\\\"expr\\\":[{\\\"match\\\":" \
                     "{\\\"op\\\":\\\"==\\\",\\\"left\\\":{\\\"payload\\\":{\\\"protocol\\\":\\\"tcp\\\",\\\"field\\\":\\\"dport\\\"}},\\\"right\\\":" port "}},{\\\"accept\\\":null}]}}"
#define LISTENER(protocol, address, port) "{\"protocol\":\"" protocol "\",\"address\":\"" address "\",\"port\":" port "}"
#define SOCKETS(list) "\"sockets\":{\"listeners\":[" list "]}"
#define PUBLISHED(list) "\"published\":[" list "]"
#define PORT(address, port) "{\"address\":\"" address "\",\"port\":" port ",\"protocol\":\"tcp\",\"container\":\"db\"}"
#define PROVIDER(rules) "\"provider\":{\"attached\":true,\"rules\":[" rules "]}"
#define NO_PROVIDER "\"provider\":{\"attached\":false,\"rules\":[]}"
#define IN(port, sources) "{\"direction\":\"in\",\"protocol\":\"tcp\",\"port\":\"" port "\",\"source_ips\":[" sources "]}"
#define ANYBODY "\"0.0.0.0/0\",\"::/0\""
#define ADDRESS(text, family, open, closed, filtered)                                                                                              \
    "{\"address\":\"" text "\",\"family\":\"" family "\",\"local\":false,\"open\":[" open "],\"closed\":[" closed "],\"filtered\":[" filtered "]," \
    "\"unreachable\":[],\"denied\":[],\"error\":[],\"not-asked\":[],\"control\":{\"port\":443,\"first\":\"open\",\"last\":\"open\"}}"
#define SCAN(list) "\"scan\":{\"addresses\":[" list "]}"
#define TIMES "\"collected_at_ms\":{\"nft\":1795429000000,\"sockets\":1795429000000,\"published\":1795429000000,\"provider\":1795429000000,\"scan\":1795429000000}"

#define GOOD_NFT CHAIN("drop", ACCEPT("443"))
#define GOOD_SOCKETS SOCKETS(LISTENER("tcp", "0.0.0.0", "443") "," LISTENER("tcp", "0.0.0.0", "5432") "," LISTENER("tcp", "127.0.0.1", "6379"))
#define GOOD_SCAN SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\"", "", "\"1-442\",\"444-10000\""))
#define GOOD_PROVIDER PROVIDER(IN("443", ANYBODY))

static const struct row {
    const char *name, *facts, *wanted, *path;
} rows[] = {
    {"all layers agree", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," GOOD_SCAN, "pass exposure.default-deny-kept", NULL},
    {"nft alone denies", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," NO_PROVIDER "," GOOD_SCAN, "pass exposure.default-deny-kept", NULL},
    {"the provider alone denies", CHAIN("accept", "") "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," GOOD_SCAN, "pass exposure.default-deny-kept", NULL},
    {"the provider was not seen, nft denies", GOOD_NFT "," GOOD_SOCKETS "," GOOD_SCAN, "pass exposure.default-deny-kept", NULL},
    {"nothing denies", CHAIN("accept", "") "," SOCKETS(LISTENER("tcp", "0.0.0.0", "443")) "," PUBLISHED("") "," NO_PROVIDER "," GOOD_SCAN,
     "fail exposure.no-default-deny", NULL},
    {"nothing seen denies", CHAIN("accept", "") "," SOCKETS(LISTENER("tcp", "0.0.0.0", "443")) "," GOOD_SCAN, "error exposure.no-layer", NULL},
    {"no layer but the scan", GOOD_SCAN, "error exposure.no-layer", NULL},
    {"Docker past nft", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("0.0.0.0", "5432")) "," NO_PROVIDER ","
     SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\",\"5432\"", "", "")), "fail exposure.reachable", "provider(none) > nft(dnat) > docker(db)"},
    {"Docker past nft and a provider's rule", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("", "5432")) "," PROVIDER(IN("22", "\"10.0.0.0/8\"") "," IN("5000-6000", ANYBODY)) ","
     SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\",\"5432\"", "", "")), "fail exposure.reachable", "provider(rule 2: tcp 5000-6000) > nft(dnat) > docker(db)"},
    {"Docker past nft, stopped by the provider", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("0.0.0.0", "5432")) "," GOOD_PROVIDER "," GOOD_SCAN,
     "pass exposure.default-deny-kept", NULL},
    {"Docker on a port that nobody scanned", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("0.0.0.0", "15432")) "," NO_PROVIDER "," GOOD_SCAN,
     "fail exposure.open-unscanned", "provider(none) > nft(dnat) > docker(db)"},
    {"the same behind the provider", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("0.0.0.0", "15432")) "," GOOD_PROVIDER "," GOOD_SCAN,
     "pass exposure.default-deny-kept", NULL},
    {"Docker on loopback", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("127.0.0.1", "15432")) "," NO_PROVIDER "," GOOD_SCAN, "pass exposure.default-deny-kept", NULL},
    {"an nft rule", CHAIN("drop", ACCEPT("443") ACCEPT("5432")) "," GOOD_SOCKETS "," PUBLISHED("") "," NO_PROVIDER ","
     SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\",\"5432\"", "", "")), "fail exposure.reachable", "provider(none) > nft(input accept) > listener"},
    {"an nft rule on a port that nobody scanned", CHAIN("drop", ACCEPT("443") ACCEPT("15432")) "," SOCKETS(LISTENER("tcp", "::", "15432")) "," PUBLISHED("") ","
     NO_PROVIDER "," GOOD_SCAN, "fail exposure.open-unscanned", "provider(none) > nft(input accept) > listener"},
    {"an nft rule without a listener", CHAIN("drop", ACCEPT("443") ACCEPT("15432")) "," GOOD_SOCKETS "," PUBLISHED("") "," NO_PROVIDER "," GOOD_SCAN,
     "pass exposure.default-deny-kept", NULL},
    {"open against all rules", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\",\"5432\"", "", "")),
     "fail exposure.reachable", "provider(denies) > nft(denies) > listener"},
    {"open over IPv6 alone", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," PROVIDER(IN("443", ANYBODY) "," IN("5432", "\"::/0\"")) ","
     SCAN(ADDRESS("192.0.2.1", "ipv4", "\"443\"", "", "\"5432\"") "," ADDRESS("2001:db8::1", "ipv6", "\"443\",\"5432\"", "", "")), "fail exposure.reachable",
     "provider(rule 2: tcp 5432) > nft(denies) > listener(none)"},
    {"nothing scanned", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER, "error exposure.no-scan", NULL},
    {"an address of the estate not scanned", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," SCAN(ADDRESS("192.0.2.9", "ipv4", "\"443\"", "", "")),
     "error ports.address-not-scanned", NULL},
    {"a provider's rule not understood", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," PROVIDER(IN("web", ANYBODY)) "," GOOD_SCAN, "error exposure.layer-not-read", NULL},
    {"a ruleset not read", "\"nft\":{\"read\":\"no-rights\"}," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," GOOD_SCAN, "error exposure.layer-not-read", NULL},
    {"published ports that are none", GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("{\"port\":0}") "," GOOD_PROVIDER "," GOOD_SCAN, "error exposure.layer-not-read", NULL},
};

static struct json *judged(struct arena *arena, const char *facts, const char *options)
{
    const char *text = arena_printf(arena, "{%s," TIMES "}", facts);
    struct json *tree = test_json(arena, text);
    return test_judge(arena, judge_exposure, tree, exposure_planted(arena, tree), options,
                      "{\"ports\":[{\"port\":443,\"protocol\":\"tcp\"}],\"addresses\":[\"192.0.2.1\"]}");
}

TEST(layers_are_judged_together)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *output = judged(arena, rows[i].facts, "{}");
        const char *said = test_said(arena, output, "exposure.default-deny");
        if (strcmp(said, rows[i].wanted) != 0 || !json_bool(json_member(output, "plant"), "caught", false)) {
            printf("     %s: %s\n", rows[i].name, said);
        }
        CHECK(json_bool(json_member(output, "plant"), "caught", false));
        CHECK_STRING(rows[i].wanted, said);
        if (rows[i].path != NULL) {
            CHECK_STRING(rows[i].path, arena_string(arena, json_text(json_member(judge_items(output, "observations"), "values"), "path", SLICE_NONE)));
        }
    }
}

static bool is_said(const struct json *output, const char *reason)
{
    for (const struct json *entry = judge_items(output, "not_covered"); entry != NULL; entry = entry->next) {
        if (judge_is(entry, "reason", reason)) {
            return true;
        }
    }
    return false;
}

TEST(what_was_not_seen_is_said)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *output = judged(arena, GOOD_NFT "," GOOD_SCAN, "{}");
    CHECK(is_said(output, "exposure.layer-not-seen") && is_said(output, "ports.family-not-seen"));
    output = judged(arena, GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED(PORT("0.0.0.0", "5432")) "," GOOD_SCAN, "{}");
    CHECK(is_said(output, "exposure.stopped-unseen"));
    CHECK_STRING("pass exposure.default-deny-kept", test_said(arena, output, "exposure.default-deny"));
}

TEST(old_layers_stop_nothing)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *output = judged(arena, CHAIN("accept", "") "," GOOD_SOCKETS "," GOOD_PROVIDER "," GOOD_SCAN, "{\"layer_max_ms\":1000}");
    CHECK_STRING("error exposure.no-scan", test_said(arena, output, "exposure.default-deny"));
    CHECK(json_bool(json_member(output, "plant"), "caught", false));
}

TEST(a_list_that_says_more_than_is_open_can_be_held_against)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    const char *facts = GOOD_NFT "," GOOD_SOCKETS "," PUBLISHED("") "," GOOD_PROVIDER "," SCAN(ADDRESS("192.0.2.1", "ipv4", "", "\"443\"", ""));
    struct json *output = judged(arena, facts, "{}");
    CHECK(is_said(output, "exposure.listed-closed"));
    CHECK_STRING("pass exposure.default-deny-kept", test_said(arena, output, "exposure.default-deny"));
    CHECK_STRING("fail exposure.listed-closed", test_said(arena, judged(arena, facts, "{\"exact\":true}"), "exposure.default-deny"));
}

TEST_MAIN
