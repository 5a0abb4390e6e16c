#include "base/check.h"
#include "base/json.h"

static struct arena *arena_of_tests;

static struct arena *scratch(void)
{
    if (arena_of_tests == NULL) {
        arena_of_tests = arena_new(64 << 20);
    }
    arena_reset(arena_of_tests);
    return arena_of_tests;
}

__attribute__((destructor)) static void free_scratch(void)
{
    arena_free(arena_of_tests);
}

static struct json *read_text(struct slice text)
{
    struct json *value = NULL;
    struct complaint complaint;
    return json_read(scratch(), text, &value, &complaint) == ERR_NONE ? value : NULL;
}

/* Read, write, and read what was written. */
static bool rewrites(const char *text, const char *expected)
{
    struct json *value = read_text(slice_string(text));
    cleanup_buf struct buf out = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
    if (value == NULL || json_write(&out, value, 0) != ERR_NONE) {
        return false;
    }
    value = read_text(buf_slice(&out));
    return value != NULL && json_write(&again, value, 0) == ERR_NONE &&
           slice_is(buf_slice(&out), expected) && slice_equal(buf_slice(&out), buf_slice(&again));
}

TEST(json_rewrites_the_same)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.1",
        "12345678901234567890",
        "1e6",
        "-0.5E-7",
        "1.10",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[1,2,[3,{}]]",
        "{\"a\":{\"b\":[null,true]},\"c\":\"d\"}",
        "[[],[[]],{},[{}]]",
        "{\"\":1,\"a\":2}",
        "\"Größe 日本 😀\"",
        "\"\\u0000\\u001f\\u007f\\b\\f\\n\\r\\t\\\"\\\\/\"",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(rewrites(texts[i], texts[i]));
    }
    CHECK(rewrites(" { \"a\" :\t[ 1 ,\r\n2 ] } \n", "{\"a\":[1,2]}"));
    CHECK(rewrites("\"\\u00e4\\/\\ud83d\\ude00\\u0041\\u20AC\"", "\"ä/😀A€\""));
}

TEST(json_keeps_what_it_read)
{
    char text[] = "{\"n\":1.10,\"s\":\"a\\u0000b\",\"deep\":{\"er\":[7]}}";
    struct json *value = read_text(slice_string(text));
    memset(text, 'x', sizeof(text)); /* the tree borrows nothing from the text */
    CHECK_SLICE("1.10", json_text(value, "n", SLICE_NONE));
    CHECK_SLICE("a\0b", json_text(value, "s", SLICE_NONE));
    CHECK_U64(3, value->count);
    CHECK_U64(1, json_path(value, "deep.er")->count);
    CHECK_SLICE("7", json_path(value, "deep.er")->first->text);
    CHECK(json_path(value, "deep.nothing") == NULL && json_path(value, "n.x") == NULL);
    CHECK(json_member(NULL, "n") == NULL && json_member(value->first, "n") == NULL &&
          json_path(NULL, "n") == NULL);
}

TEST(json_refuses_with_line_and_column)
{
    static const struct {
        const char *text;
        size_t line, column;
        const char *detail;
    } vectors[] = {
        {"", 1, 1, ""},
        {"  \n ", 2, 2, ""},
        {"nul", 1, 1, "nul"},
        {"truex", 1, 5, "x"},
        {"[1,]", 1, 4, "]"},
        {"[1 2]", 1, 4, "2"},
        {"[1}", 1, 3, "}"},
        {"{\"a\" 1}", 1, 6, "1"},
        {"{\"a\":1,}", 1, 8, "}"},
        {"{a:1}", 1, 2, "a"},
        {"{\"a\":1", 1, 7, ""},
        {"[", 1, 2, ""},
        {"1 2", 1, 3, "2"},
        {"{}\n\n  x", 3, 3, "x"},
        {"01", 1, 1, "01"},
        {"-", 1, 1, "-"},
        {"+1", 1, 1, "+1"},
        {".5", 1, 1, ".5"},
        {"1.", 1, 1, "1."},
        {"1e", 1, 1, "1e"},
        {"1e+", 1, 1, "1e+"},
        {"0x10", 1, 2, "x10"},
        {"NaN", 1, 1, "NaN"},
        {"'a'", 1, 1, "'a'"},
        {"[\"ä\", x]", 1, 7, "x"}, /* columns count characters */
        {"\"a", 1, 1, ""},
        {"\"a\nb\"", 1, 1, ""},
        {"\"a\tb\"", 1, 3, ""},
        {"\"\\x\"", 1, 2, "\\x\""},
        {"\"\\u12\"", 1, 2, "\\u12\""},
        {"\"\\ud800\"", 1, 2, "\\ud800"},
        {"\"\\ud800\\u0041\"", 1, 2, "\\ud800"},
        {"\"\\udc00\"", 1, 2, "\\udc00"},
        {"\"a\xff\"", 1, 3, ""},
        {"\"\xed\xa0\x80\"", 1, 2, ""},
        {"\xef\xbb\xbf{}", 1, 1, ""},
        {"{\"a\":1,\n \"a\":2}", 2, 2, "\"a\""},
        {"{\"a\":1,\"\\u0061\":2}", 1, 8, NULL},
        {"// c\n1", 1, 1, "//"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct json *value = NULL;
        struct complaint complaint = {.line = 0};
        CHECK_ERR(ERR_MALFORMED,
                  json_read(scratch(), slice_string(vectors[i].text), &value, &complaint));
        CHECK(value == NULL);
        CHECK_STRING(vectors[i].text,
                     complaint.line == vectors[i].line ? vectors[i].text : "another line");
        CHECK_STRING(vectors[i].text,
                     complaint.column == vectors[i].column ? vectors[i].text : "another column");
        if (vectors[i].detail != NULL) {
            CHECK_STRING(vectors[i].detail, complaint.detail);
        }
        CHECK(strlen(complaint.text.english) > 0 && strlen(complaint.text.german) > 0);
        CHECK_ERR(ERR_MALFORMED, json_read(scratch(), slice_string(vectors[i].text), &value, NULL));
    }
}

TEST(json_refuses_a_nul)
{
    struct json *value = NULL;
    CHECK_ERR(ERR_MALFORMED, json_read(scratch(), SLICE_LITERAL("1\0"), &value, NULL));
    CHECK_ERR(ERR_MALFORMED, json_read(scratch(), SLICE_LITERAL("\"\0\""), &value, NULL));
    CHECK_ERR(ERR_MALFORMED, json_read(scratch(), SLICE_LITERAL("\0"), &value, NULL));
    CHECK_ERR(ERR_MALFORMED, json_read(scratch(), SLICE_NONE, &value, NULL));
}

TEST(json_depth_is_bounded)
{
    char text[2 * (JSON_DEPTH_MAX + 1)];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    CHECK(read_text(slice_of(text, 2 * JSON_DEPTH_MAX)) != NULL);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    CHECK(read_text(slice_of(text, sizeof(text))) == NULL);
}

TEST(json_strings_of_every_length)
{
    for (size_t len = 0; len < 40; len++) {
        for (size_t at = 0; at <= len; at++) {
            cleanup_buf struct buf text = BUF_INIT(200);
            CHECK_ERR(ERR_NONE, buf_append_byte(&text, '"'));
            for (size_t i = 0; i < len; i++) {
                CHECK_ERR(ERR_NONE, buf_append_string(&text, i == at ? "\\n" : "x"));
            }
            CHECK_ERR(ERR_NONE, buf_append_byte(&text, '"'));
            struct json *value = read_text(buf_slice(&text));
            CHECK(value != NULL);
            CHECK_U64(len, value->text.len);
            CHECK(at == len || value->text.data[at] == '\n');
        }
    }
}

static bool many_members(size_t count, size_t repeated, bool expected)
{
    cleanup_buf struct buf text = BUF_INIT(4 << 20);
    enum err err = buf_append_byte(&text, '{');
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = buf_printf(&text, "%s\"n%zu\":%zu", i == 0 ? "" : ",\n",
                         i == count - 1 ? repeated : i, i);
    }
    if (err != ERR_NONE || buf_append_byte(&text, '}') != ERR_NONE) {
        return false;
    }
    struct json *value = NULL;
    struct complaint complaint = {.line = 0};
    err = json_read(scratch(), buf_slice(&text), &value, &complaint);
    return expected ? err == ERR_NONE && value->count == count
                    : err == ERR_MALFORMED && complaint.line == count;
}

TEST(json_finds_repeated_names_among_few_and_many)
{
    static const size_t counts[] = {2, 8, 9, 32, 33, 100, 50000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        CHECK(many_members(counts[i], counts[i] - 1, true));
        CHECK(many_members(counts[i], 0, false));
        CHECK(many_members(counts[i], counts[i] - 2, false));
    }
}

TEST(json_arena_full)
{
    struct json *value = NULL;
    struct complaint complaint = {.line = 9};
    cleanup_arena struct arena *small = arena_new(256);
    CHECK_ERR(ERR_TOO_LARGE, json_read(small, SLICE_LITERAL("[1,2,3,4,5]"), &value, &complaint));
    CHECK(value == NULL);
    arena_reset(small);
    CHECK_ERR(ERR_TOO_LARGE, json_read(small, slice_of("", 1000), &value, &complaint));
}

TEST(json_numbers_of_members)
{
    struct json *value =
        read_text(SLICE_LITERAL("{\"a\":18446744073709551615,\"b\":\"42\",\"c\":-"
                                "9223372036854775808,\"d\":1.5,\"e\":1e3,\"f\":true,\"g\":-1,"
                                "\"h\":9223372036854775808,\"i\":\"-7\",\"j\":\"x\"}"));
    uint64_t u = 1;
    int64_t i = 1;
    CHECK_ERR(ERR_NONE, json_u64(value, "a", &u));
    CHECK_U64(UINT64_MAX, u);
    CHECK_ERR(ERR_NONE, json_u64(value, "b", &u));
    CHECK_U64(42, u);
    CHECK_ERR(ERR_NONE, json_i64(value, "c", &i));
    CHECK(i == INT64_MIN);
    CHECK_ERR(ERR_NONE, json_i64(value, "i", &i));
    CHECK(i == -7);
    CHECK_ERR(ERR_INVALID, json_u64(value, "d", &u));
    CHECK_ERR(ERR_INVALID, json_u64(value, "e", &u));
    CHECK_ERR(ERR_INVALID, json_u64(value, "f", &u));
    CHECK_ERR(ERR_INVALID, json_u64(value, "g", &u));
    CHECK_ERR(ERR_INVALID, json_i64(value, "h", &i));
    CHECK_ERR(ERR_INVALID, json_i64(value, "j", &i));
    CHECK_ERR(ERR_NOT_FOUND, json_u64(value, "none", &u));
    CHECK_ERR(ERR_NOT_FOUND, json_i64(NULL, "none", &i));
    CHECK(json_bool(value, "f", false) && json_bool(value, "a", true) &&
          !json_bool(value, "none", false));
}

TEST(json_builds)
{
    struct arena *arena = scratch();
    struct json *root = json_new(arena, JSON_OBJECT);
    json_set_string(arena, root, "name", SLICE_LITERAL("a\"b"));
    json_set_u64(arena, root, "u", UINT64_MAX);
    json_set_i64(arena, root, "i", INT64_MIN);
    json_set_bool(arena, root, "yes", true);
    json_set_null(arena, root, "none");
    json_append(json_set_array(arena, root, "list"),
                json_number_text(arena, SLICE_LITERAL("1.50")));
    json_set_bool(arena, json_set_object(arena, root, "object"), "no", false);
    cleanup_buf struct buf out = BUF_INIT(1000), pretty = BUF_INIT(1000);
    CHECK_ERR(ERR_NONE, json_write(&out, root, 0));
    CHECK_SLICE("{\"name\":\"a\\\"b\",\"u\":18446744073709551615,\"i\":-9223372036854775808,"
                "\"yes\":true,\"none\":null,"
                "\"list\":[1.50],\"object\":{\"no\":false}}",
                buf_slice(&out));
    json_set_array(arena, root, "empty");
    CHECK_ERR(ERR_NONE, json_write(&pretty, json_member(root, "object"), 2));
    CHECK_SLICE("{\n  \"no\": false\n}", buf_slice(&pretty));
}

TEST(json_builds_nothing_from_nothing)
{
    struct arena *arena = scratch();
    struct json *number = json_number_u64(arena, 1), *array = json_new(arena, JSON_ARRAY);
    CHECK(json_number_text(arena, SLICE_LITERAL("01")) == NULL);
    CHECK(json_number_text(arena, SLICE_LITERAL("1]")) == NULL);
    CHECK(json_append(NULL, number) == NULL && json_append(array, NULL) == NULL &&
          json_append(number, array) == NULL);
    CHECK(json_set(arena, NULL, "a", number) == NULL &&
          json_set(arena, array, "a", number) == NULL);
    CHECK(json_set_object(arena, NULL, "a") == NULL && json_copy(arena, NULL) == NULL);
    cleanup_buf struct buf out = BUF_INIT(10);
    CHECK_ERR(ERR_INVALID, json_write(&out, NULL, 0));
    CHECK_ERR(ERR_INVALID, json_pack(&out, NULL));
    cleanup_arena struct arena *small = arena_new(100);
    struct json *root = json_new(small, JSON_OBJECT);
    CHECK(root != NULL && json_set_string(small, root, "a", SLICE_LITERAL("b")) == NULL);
}

TEST(json_strings_become_utf8)
{
    struct arena *arena = scratch();
    struct json *value = json_string(arena, SLICE_LITERAL("a\xff"
                                                          "b\xc3"));
    CHECK_SLICE("a\xef\xbf\xbd"
                "b\xef\xbf\xbd",
                value->text);
    cleanup_buf struct buf out = BUF_INIT(100);
    CHECK_ERR(ERR_NONE, json_write_string(&out, SLICE_LITERAL("\xff\"")));
    CHECK_SLICE("\"\xef\xbf\xbd\\\"\"", buf_slice(&out));
}

/* A tree deeper than any reader makes: writers, packers and copies must stop, not overflow their
 * stacks. */
TEST(json_walks_are_bounded)
{
    struct arena *arena = scratch();
    struct json *root = json_new(arena, JSON_ARRAY), *at = root;
    for (int i = 0; i < 3 * JSON_DEPTH_MAX; i++) {
        at = json_append(at, json_new(arena, JSON_ARRAY));
    }
    cleanup_buf struct buf out = BUF_INIT(10000);
    CHECK_ERR(ERR_TOO_LARGE, json_write(&out, root, 0));
    CHECK_ERR(ERR_TOO_LARGE, json_pack(&out, root));
    CHECK(json_copy(arena, root) == NULL);
    CHECK(!json_equal(root, root));
}

TEST(json_copies_and_compares)
{
    static const char *const texts[] = {"[1,[2,{\"a\":[{},[]]}],3]", "{\"a\":{\"b\":1},\"c\":2}",
                                        "\"x\"", "[]", "null"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json *value = read_text(slice_string(texts[i]));
        cleanup_arena struct arena *other = arena_new(100000);
        struct json *copy = json_copy(other, value);
        cleanup_buf struct buf out = BUF_INIT(1000);
        CHECK(copy != NULL && json_equal(value, copy));
        arena_reset(scratch());
        CHECK_ERR(ERR_NONE, json_write(&out, copy, 0));
        CHECK(slice_is(buf_slice(&out), texts[i]));
    }
    static const char *const others[][2] = {
        {"[1]", "[1.0]"},       {"[1]", "[1,2]"},
        {"[1,2]", "[2,1]"},     {"{\"a\":1}", "{\"b\":1}"},
        {"[]", "{}"},           {"1", "\"1\""},
        {"[[1],2]", "[[2],1]"}, {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct json *a = NULL, *b = NULL;
        struct arena *arena = scratch();
        CHECK_ERR(ERR_NONE, json_read(arena, slice_string(others[i][0]), &a, NULL));
        CHECK_ERR(ERR_NONE, json_read(arena, slice_string(others[i][1]), &b, NULL));
        CHECK(!json_equal(a, b) && json_equal(a, a) && json_equal(b, b));
    }
    CHECK(json_equal(NULL, NULL) && !json_equal(NULL, read_text(SLICE_LITERAL("1"))));
}

TEST(json_writes_into_a_full_buf)
{
    struct json *value = read_text(SLICE_LITERAL("{\"a\":[1,\"b\\n\"]}"));
    for (size_t max = 0; max < 15; max++) {
        cleanup_buf struct buf out = BUF_INIT(max);
        CHECK_ERR(ERR_TOO_LARGE, json_write(&out, value, 0));
    }
    cleanup_buf struct buf out = BUF_INIT(15);
    CHECK_ERR(ERR_NONE, json_write(&out, value, 0));
}

/* The sanitizers watch: no arithmetic on what points nowhere. */
TEST(json_writes_an_empty_slice)
{
    cleanup_buf struct buf out = BUF_INIT(2);
    CHECK_ERR(ERR_NONE, json_write_string(&out, SLICE_NONE));
    CHECK_SLICE("\"\"", buf_slice(&out));
}

TEST_MAIN
