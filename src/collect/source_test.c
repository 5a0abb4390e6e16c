/* Pieces of the engine of sources that need no network: picking, addresses, the tables' own consistency, their plants. */
#include "collect/judge_source.h"
#include "collect/judge_test.h"
#include "collect/reason.h"
#include "collect/source_kinds.h"
#include "collect/source_pick.h"
#include "collect/source_plant.h"

enum { ARENA_BYTES = 32 << 20 };

static const char *picked(struct arena *arena, const char *text, const char *pick, bool *cut)
{
    struct buf out = BUF_INIT(65536);
    const char *string = json_write(&out, source_pick(arena, test_json(arena, text), pick, cut), 0) == ERR_NONE ? arena_string(arena, buf_slice(&out)) : "";
    buf_free(&out);
    return string;
}

TEST(only_named_members_are_kept)
{
    static const struct {
        const char *text, *pick, *wanted;
    } rows[] = {
        {"{\"id\":1,\"token\":\"x\"}", "id name", "{\"id\":1}"},
        {"{\"a\":{\"b\":1,\"c\":2},\"d\":[{\"e\":1,\"f\":2},{\"e\":3}]}", "a(b) d(e)", "{\"a\":{\"b\":1},\"d\":[{\"e\":1},{\"e\":3}]}"},
        {"{\"a\":{\"b\":1}}", "a", "{}"},
        {"{\"a\":[{\"b\":1}],\"c\":[1,\"x\",null,true]}", "a c", "{\"a\":[],\"c\":[1,\"x\",null,true]}"},
        {"{\"a\":null,\"b\":7,\"c\":[1]}", "a(x) b(x) c(x)", "{\"a\":null,\"c\":[]}"},
        {"{\"data\":{\"file/\":{\"type\":\"file\",\"options\":{\"x\":1}},\"n\":7}}", "data(*(type))", "{\"data\":{\"file/\":{\"type\":\"file\"}}}"},
        {"{\"a\":{\"b\":{\"c\":[{\"d\":1}]}}}", "a(b(c(d e)) f) g", "{\"a\":{\"b\":{\"c\":[{\"d\":1}]}}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        bool cut = false;
        CHECK_STRING(rows[i].wanted, picked(arena, rows[i].text, rows[i].pick, &cut));
        CHECK(!cut);
    }
}

TEST(what_is_too_long_is_cut_and_said)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *object = json_new(arena, JSON_OBJECT), *list = json_set_array(arena, object, "list");
    bool cut = false;
    for (size_t i = 0; i <= SOURCE_LIST_MAX_COUNT; i++) {
        json_append(list, json_number_u64(arena, i));
    }
    CHECK_U64(SOURCE_LIST_MAX_COUNT, json_member(source_pick(arena, object, "list", &cut), "list")->count);
    CHECK(cut);
}

TEST(addresses)
{
    static const struct {
        const char *text;
        enum err err;
        const char *host;
        unsigned port;
        const char *target;
    } rows[] = {
        {"https://api.example.org", ERR_NONE, "api.example.org", 443, ""},
        {"http://127.0.0.1:3000/api/v1?x=%20", ERR_NONE, "127.0.0.1", 3000, "/api/v1?x=%20"},
        {"https://[2001:db8::1]:8443/", ERR_NONE, "2001:db8::1", 8443, "/"},
        {"https://a?b", ERR_NONE, "a", 443, "?b"},
        {"https://user@host/", ERR_MALFORMED, "", 0, ""},
        {"https://host:0/", ERR_MALFORMED, "", 0, ""},
        {"https://host:70000/", ERR_MALFORMED, "", 0, ""},
        {"https://host:/", ERR_MALFORMED, "", 0, ""},
        {"https://ho st/", ERR_MALFORMED, "", 0, ""},
        {"https://host/a b", ERR_MALFORMED, "", 0, ""},
        {"https://host/#a", ERR_MALFORMED, "", 0, ""},
        {"https://host\\@other/", ERR_MALFORMED, "", 0, ""},
        {"https://[::1/", ERR_MALFORMED, "", 0, ""},
        {"https:///x", ERR_MALFORMED, "", 0, ""},
        {"ftp://host/", ERR_MALFORMED, "", 0, ""},
        {"//host/", ERR_MALFORMED, "", 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct source_address address = {0};
        CHECK_ERR(rows[i].err, source_address_read(slice_string(rows[i].text), &address));
        if (rows[i].err == ERR_NONE) {
            CHECK(slice_is(address.host, rows[i].host) && slice_is(address.target, rows[i].target));
            CHECK_U64(rows[i].port, address.port);
        }
    }
}

TEST(ports_for_the_task)
{
    uint16_t ports[2];
    const struct source_kind *github = source_kind_find(SLICE_LITERAL("github"));
    CHECK_U64(1, source_ports(github, SLICE_NONE, SLICE_NONE, ports));
    CHECK_U64(443, ports[0]);
    CHECK_U64(2, source_ports(github, SLICE_LITERAL("https://a:8443"), SLICE_LITERAL("https://b"), ports));
    CHECK_U64(443, ports[1]);
    CHECK_U64(0, source_ports(github, SLICE_LITERAL("nowhere"), SLICE_NONE, ports));
}

/* Every table has a kind that people can choose, a driving request that comes before, and words that have values. */
TEST(tables_fit_together)
{
    size_t count = 0, kind_count = 0;
    const struct source_api *const *apis = source_api_all(&count);
    (void)source_kind_all(&kind_count);
    CHECK(count > 0 && count <= kind_count);
    for (size_t i = 0; i < count; i++) {
        CHECK(source_kind_find(slice_string(apis[i]->kind)) != NULL);
        for (size_t j = 0; j < apis[i]->request_count; j++) {
            const struct source_request *request = &apis[i]->requests[j];
            bool before = request->each == NULL;
            for (size_t k = 0; k < j && !before; k++) {
                before = slice_is(slice_string(apis[i]->requests[k].name), request->each);
            }
            CHECK(before && request->pick != NULL && (request->paging == PAGES_NONE || request->items != NULL));
        }
    }
}

/* What is planted is caught by the judge of its kind, with sentences whose placeholders all have values. */
TEST(every_plant_is_caught)
{
    size_t count = 0;
    const struct source_api *const *apis = source_api_all(&count);
    for (size_t i = 0; i < count; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *facts = NULL;
        CHECK_ERR(ERR_NONE, source_plant(arena, apis[i], source_mono_ms() + 10000, &facts));
        struct json *output = test_judge(arena, judge_source, facts, facts, "{}", "{}");
        const struct json *plant = json_member(output, "plant"), *missed = judge_items(plant, "missed");
        if (missed != NULL) {
            printf("%s missed %.*s\n", apis[i]->kind, (int)missed->text.len, (const char *)missed->text.data);
        }
        CHECK(json_bool(plant, "caught", false));
        cleanup_buf struct buf text = BUF_INIT(1 << 20);
        CHECK_ERR(ERR_NONE, json_write(&text, facts, 0));
        CHECK(slice_find(buf_slice(&text), SLICE_LITERAL("planted-token")) == SIZE_MAX && slice_find(buf_slice(&text), SLICE_LITERAL("never kept")) == SIZE_MAX);
        for (const struct json *one = judge_items(output, "observations"); one != NULL; one = one->next) {
            const struct reason *reason = reason_find(json_text(one, "reason", SLICE_NONE));
            cleanup_buf struct buf sentence = BUF_INIT(4096);
            CHECK(reason != NULL && reason_write(&sentence, reason->sentence, LANGUAGE_GERMAN, json_member(one, "values")) == ERR_NONE);
            CHECK(slice_find_byte(buf_slice(&sentence), '?') == SIZE_MAX);
        }
    }
}

/* Facts of one kind beside the plant of another, or none at all: nothing is believed. */
TEST(kinds_do_not_mix)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *github = NULL, *hetzner = NULL;
    CHECK_ERR(ERR_NONE, source_plant(arena, &source_api_github, source_mono_ms() + 10000, &github));
    CHECK_ERR(ERR_NONE, source_plant(arena, &source_api_hetzner, source_mono_ms() + 10000, &hetzner));
    CHECK_STRING("error plant.missed", test_said(arena, test_judge(arena, judge_source, github, hetzner, "{}", "{}"), "source.complete"));
    CHECK_STRING("error plant.missed", test_said(arena, test_judge(arena, judge_source, github, NULL, "{}", "{}"), "source.read-only"));
    CHECK_STRING("error plant.missed", test_said(arena, test_judge(arena, judge_source, test_json(arena, "{\"kind\":\"x\"}"), NULL, "{}", "{}"), "source.complete"));
    CHECK_STRING("error facts.missing", test_said(arena, test_judge(arena, judge_source, test_json(arena, "{\"kind\":\"github\"}"), github, "{}", "{}"), "source.complete"));
}

TEST_MAIN
