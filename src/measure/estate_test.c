#include "measure/estate.h"

#include "base/check.h"
#include "base/hcl.h"
#include "measure/edit.h"

static const struct json *estate_subject(const struct json *subjects, struct slice id)
{
    return edit_at(subjects, edit_find(subjects, "id", id));
}

enum { ARENA_BYTES = 16 << 20 };

static enum err build(struct arena *arena, const char *text, struct json **ret_estate, struct complaint *complaint)
{
    struct hcl_block *root = NULL;
    enum err err = hcl_read(arena, slice_string(text), &root, complaint);
    return err != ERR_NONE ? err : estate_build(arena, hcl_to_json(arena, root), ret_estate, complaint);
}

TEST(estate_reads_subjects)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *estate = NULL;
    struct complaint complaint = {0};
    CHECK_ERR(ERR_NONE, build(arena,
                              "environment \"production\" {}\nhost \"this\" {\n  environment = \"production\"\n  ports = [\"22/tcp\", 443, \"x\"]\n}\n"
                              "endpoint \"localhost:8200\" {\n  host = \"this\"\n}\nallow \"endpoint:localhost:5432\" {\n  reason = \"tests\"\n}\n",
                              &estate, &complaint));
    const struct json *subjects = json_member(estate, "subjects");
    CHECK_U64(4, subjects->count);
    const struct json *host = estate_subject(subjects, SLICE_LITERAL("host:this"));
    CHECK(host != NULL && json_bool(host, "confirmed", false));
    const struct json *ports = estate_ports(arena, host);
    CHECK_U64(2, ports->count);
    CHECK_SLICE("tcp", json_text(ports->first, "protocol", SLICE_NONE));
    CHECK_U64(443, (uint64_t)edit_number(ports->last, "port", 0));
    CHECK(estate_subject(subjects, SLICE_LITERAL("vogt:this")) != NULL);
    CHECK(estate_subject(subjects, SLICE_LITERAL("endpoint:localhost:8200")) != NULL);
}

TEST(estate_names_the_line_of_every_mistake)
{
    static const struct {
        const char *text;
        size_t line;
    } rows[] = {
        {"\nhsot \"a\" {}\n", 2},
        {"host \"a\" {}\nhost \"b\" {\n colour = \"red\"\n}\n", 2},
        {"host \"a\" {}\n\nhost \"a\" {}\n", 3},
        {"host \"a\" {\n host = \"b\"\n}\nhost \"b\" {\n host = \"a\"\n}\n", 1},
        {"environment \"a\" {\n within = \"a\"\n}\n", 1},
        {"host \"ok\" {}\nendpoint \"x:1\" {\n host = \"missing\"\n}\n", 2},
        {"host \"a\" \"b\" {}\n", 1},
        {"allow \"endpoint:x:1\" {}\n", 1},
        {"host \"with blank\" {}\n", 1},
        {"vogt \"this\" {}\n", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *estate = NULL;
        struct complaint complaint = {0};
        CHECK_ERR(ERR_INVALID, build(arena, rows[i].text, &estate, &complaint));
        CHECK_U64(rows[i].line, complaint.line);
        CHECK(estate == NULL && complaint.text.german != NULL);
    }
}

TEST(estate_refuses_an_attribute_at_the_top)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *estate = NULL;
    struct complaint complaint = {0};
    CHECK_ERR(ERR_INVALID, build(arena, "host = \"this\"\n", &estate, &complaint));
}

TEST(estate_takes_what_was_discovered_with_the_words_it_has)
{
    static const struct {
        const char *kind, *name;
        bool taken;
    } rows[] = {
        {"volume", "/", true},        {"endpoint", "localhost:443", true}, {"vogt", "this", false},     {"source", "github", false},
        {"vantage", "outside", false}, {"no-such-kind", "x", false},       {"volume", "with blank", false}, {"volume", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct json *attributes = NULL;
        CHECK_ERR(ERR_NONE, json_read(arena, SLICE_LITERAL("{\"protocol\":\"https\",\"password\":\"secret\",\"line\":3}"), &attributes, NULL));
        struct json *subject = estate_discovered(arena, slice_string(rows[i].kind), slice_string(rows[i].name), attributes);
        CHECK(rows[i].taken == (subject != NULL));
        CHECK(subject == NULL || (!json_bool(subject, "confirmed", true) && json_path(subject, "attributes.password") == NULL && json_path(subject, "attributes.line") == NULL));
        CHECK(!slice_is(slice_string(rows[i].kind), "endpoint") || json_path(subject, "attributes.protocol") != NULL);
    }
}

TEST(estate_default_is_this_machine_and_vogt)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *estate = NULL;
    CHECK_ERR(ERR_NONE, estate_default(arena, SLICE_LITERAL("localhost:8200"), &estate));
    const struct json *subjects = json_member(estate, "subjects");
    CHECK_U64(3, subjects->count);
    CHECK_U64(8200, (uint64_t)edit_number(estate_ports(arena, estate_subject(subjects, SLICE_LITERAL("host:this")))->first, "port", 0));
}

TEST_MAIN
