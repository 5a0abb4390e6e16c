#include "base/check.h"
#include "base/hcl.h"

/* Reads, and writes as JSON; the complaint's text on failure. */
static const char *as_json(const char *text, char *out, size_t out_bytes)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    cleanup_buf struct buf json = BUF_INIT(1 << 16);
    struct hcl_block *root = NULL;
    struct complaint complaint;
    if (hcl_read(arena, slice_string(text), &root, &complaint) != ERR_NONE) {
        complaint_format(&complaint, LANGUAGE_ENGLISH, out, out_bytes);
    } else if (json_write(&json, hcl_to_json(arena, root), 0) != ERR_NONE) {
        snprintf(out, out_bytes, "not written");
    } else {
        snprintf(out, out_bytes, "%.*s", (int)json.len, (const char *)json.data);
    }
    return out;
}

#define CHECK_HCL(json, text)                                                                      \
    do {                                                                                           \
        char out_[4096];                                                                           \
        CHECK_STRING((json), as_json((text), out_, sizeof(out_)));                                 \
    } while (0)

TEST(hcl_attributes)
{
    CHECK_HCL("{}", "");
    CHECK_HCL("{}", "# only\n// comments\n/* here\n*/");
    CHECK_HCL(
        "{\"a\":1,\"b\":-0.5e3,\"c\":true,\"d\":false,\"e\":null,\"f\":\"x\"}",
        "a = 1\nb=-0.5e3 # why\nc = true // so\nd = false\r\ne = null /* x */\n\"f\" = \"x\"");
    CHECK_HCL("{\"a-b_c\":1}", "a-b_c = 1");
    CHECK_HCL("{\"a\":1}", "a = /* in\nbetween */ 1");
    CHECK_HCL("{\"a\":5}", "a = 5# tight");
}

TEST(hcl_lists_and_objects)
{
    CHECK_HCL("{\"a\":[1,\"b\",[],{}]}", "a = [1, \"b\", [], {}]");
    CHECK_HCL("{\"a\":[1,2]}", "a = [\n  1, # one\n  2,\n]");
    CHECK_HCL("{\"a\":{\"b\":1,\"c\":2,\"*\":[]}}", "a = { b = 1, c : 2\n \"*\" = [] }");
    CHECK_HCL("{\"a\":{\"b\":{\"c\":3}}}", "a = {\n  b = {\n    c = 3\n  }\n}");
}

TEST(hcl_blocks)
{
    CHECK_HCL(
        "{\"path\":[{\"labels\":[\"secret/*\"],\"line\":1,\"capabilities\":[\"read\",\"list\"]},"
        "{\"labels\":[\"sys\"],\"line\":4}]}",
        "path \"secret/*\" {\n  capabilities = [\"read\", \"list\"]\n}\npath \"sys\" {}\n");
}

TEST(hcl_blocks_nested)
{
    CHECK_HCL("{\"z\":1,\"a\":[{\"labels\":[\"x\",\"y\"],\"line\":2,\"b\":[{\"labels\":[],\"line\":"
              "3,\"c\":1}]}],"
              "\"d\":[{\"labels\":[],\"line\":5}]}",
              "z = 1\na \"x\" \"y\" {\n  b { c = 1 }\n}\nd {\n}\n");
    CHECK_HCL("{\"a\":[{\"line\":7,\"labels\":8}]}", "a \"gone\" {\n line = 7\n labels = 8\n}");
}

TEST(hcl_strings)
{
    CHECK_HCL("{\"a\":\"\\n\\r\\t\\\"\\\\ä😀\"}", "a = \"\\n\\r\\t\\\"\\\\\\u00e4\\U0001f600\"");
    CHECK_HCL("{\"a\":\"${x} %{y} $x 5%\"}", "a = \"$${x} %%{y} $x 5%\"");
    CHECK_HCL("{\"a\":\"{{identity.entity.id}}\"}", "a = \"{{identity.entity.id}}\"");
}

TEST(hcl_heredocs)
{
    CHECK_HCL("{\"a\":\"one\\n  two\\n\",\"b\":1}", "a = <<EOT\none\n  two\nEOT\nb = 1");
    CHECK_HCL("{\"a\":\"one\\n  two\\n\\nthree\\n\"}",
              "a = <<-EOT\n    one\n      two\n\n    three\n    EOT\n");
    CHECK_HCL("{\"a\":\"\"}", "a = <<EOT\nEOT");
    CHECK_HCL("{\"a\":\"x\\\\n ${y}\\n\"}", "a = <<EOT\r\nx\\n $${y}\r\nEOT\r\n");
    CHECK_HCL("{\"a\":{\"b\":\"t\\n\",\"c\":1}}", "a = {\n b = <<E\nt\nE\n c = 1\n}");
}

TEST(hcl_complaints)
{
    CHECK_HCL("line 1, column 5: a value was expected; put text in double quotes (variables and "
              "functions do not exist "
              "here): file",
              "a = file(\"x\")");
    CHECK_HCL("line 2, column 6: templates are not supported; write the value itself, or double "
              "the sign ($${, %%{) if it "
              "is meant as text: ${",
              "\na = \"${x}\"");
    CHECK_HCL("line 2, column 1: this name is set twice; remove one of them: a", "a = 1\na = 2");
    CHECK_HCL("line 2, column 1: this name stands for a value and for a block; use one of them: a",
              "a = 1\na {}");
    CHECK_HCL("line 1, column 14: this name stands twice in the object; remove one of them: b",
              "a = { b = 1, b = 2 }");
    CHECK_HCL("line 1, column 7: a new line was expected here: b", "a = 1 b = 2");
    CHECK_HCL("line 1, column 3: this block is not closed; add }: {", "a {\n b = 1\n");
    CHECK_HCL("line 1, column 1: this } closes nothing; remove it: }", "}");
    CHECK_HCL("line 1, column 5: this list is not closed; add ]: [", "a = [1,\n2\n");
    CHECK_HCL("line 1, column 8: a comma or ] was expected in the list: 2", "a = [1 2]");
    CHECK_HCL("line 1, column 6: put the name of a block in double quotes, as in path \"secret/*\" "
              "{ ... }: secret",
              "path secret {}");
    CHECK_HCL("line 1, column 5: this is not a number; write it like 12, -0.5 or 1e6, or put it in "
              "quotes if it has a "
              "unit, as in \"30d\": 30d",
              "a = 30d");
    CHECK_HCL("line 1, column 5: this string does not end on its line; add the closing quote, or "
              "use <<EOT for several "
              "lines",
              "a = \"x\n\"");
    CHECK_HCL("line 1, column 7: this escape is not known; \\n \\r \\t \\\" \\\\ \\uXXXX and "
              "\\UXXXXXXXX are: \\q",
              "a = \"x\\q\"");
    CHECK_HCL("line 1, column 6: this escape is not known; \\n \\r \\t \\\" \\\\ \\uXXXX and "
              "\\UXXXXXXXX are: \\u",
              "a = \"\\ud800\"");
    CHECK_HCL("line 1, column 5: this heredoc does not end; put its word alone on a line behind "
              "the text: <<EOT",
              "a = <<EOT\nx\n");
    CHECK_HCL("line 1, column 1: this comment does not end; add */: /*", "/* x");
    CHECK_HCL("line 1, column 4: after the name, write = and a value, or { to open a block", "abc");
    CHECK_HCL("line 1, column 7: this byte is not UTF-8; save the file as UTF-8", "a = \"x\xff\"");
    CHECK_HCL("line 1, column 3: a control character stands here; remove it, or write it as "
              "\\uXXXX in a string",
              "a \x01= 1");
    CHECK_HCL("line 1, column 1: a name was expected; names start with a letter, others go in "
              "double quotes: ?",
              "?");
}

TEST(hcl_complaints_are_german_too)
{
    cleanup_arena struct arena *arena = arena_new(1 << 16);
    struct hcl_block *root = NULL;
    struct complaint complaint;
    char out[200];
    CHECK_ERR(ERR_MALFORMED, hcl_read(arena, SLICE_LITERAL("ä = 1"), &root, NULL));
    CHECK_ERR(ERR_MALFORMED, hcl_read(arena, SLICE_LITERAL("b \"ä\" 1"), &root, &complaint));
    CHECK(root == NULL);
    complaint_format(&complaint, LANGUAGE_GERMAN, out, sizeof(out));
    CHECK_STRING("Zeile 1, Spalte 7: nach dem Namen folgt = und ein Wert oder { für einen Block: 1",
                 out);
}

TEST(hcl_depth)
{
    char text[4 * HCL_DEPTH_MAX + 20];
    struct hcl_block *root = NULL;
    for (size_t depth = HCL_DEPTH_MAX - 1; depth <= HCL_DEPTH_MAX; depth++) {
        cleanup_arena struct arena *arena = arena_new(1 << 20);
        int at = snprintf(text, sizeof(text), "a = ");
        memset(text + at, '[', depth + 1);
        memset(text + at + depth + 1, ']', depth + 1);
        struct slice slice = slice_of(text, (size_t)at + 2 * (depth + 1));
        CHECK_ERR(depth < HCL_DEPTH_MAX ? ERR_NONE : ERR_MALFORMED,
                  hcl_read(arena, slice, &root, NULL));
    }
    for (size_t depth = HCL_DEPTH_MAX; depth <= HCL_DEPTH_MAX + 1; depth++) {
        cleanup_arena struct arena *arena = arena_new(1 << 20);
        size_t at = 0;
        for (size_t i = 0; i < depth; i++, at += 2) {
            memcpy(text + at, "a{", 2);
        }
        memset(text + at, '}', depth);
        struct slice slice = slice_of(text, at + depth);
        CHECK_ERR(depth <= HCL_DEPTH_MAX ? ERR_NONE : ERR_MALFORMED,
                  hcl_read(arena, slice, &root, NULL));
    }
}

TEST(hcl_look_ups_and_schema)
{
    static const char *const attributes[] = {"name", NULL}, *const blocks[] = {"host", NULL},
                             *const none[] = {NULL};
    cleanup_arena struct arena *arena = arena_new(1 << 16);
    struct hcl_block *root = NULL;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, hcl_read(arena, SLICE_LITERAL("name = \"x\"\n\n  host \"a\" {}\n"), &root,
                                 &complaint));
    CHECK_SLICE("x", hcl_text(root, "name", SLICE_NONE));
    CHECK_SLICE("y", hcl_text(root, "other", SLICE_LITERAL("y")));
    CHECK_U64(1, hcl_attribute(root, "name")->line);
    CHECK(hcl_attribute(root, "host") == NULL && hcl_attribute(NULL, "name") == NULL);
    CHECK_SLICE("a", root->blocks->labels[0]);
    CHECK(root->blocks->line == 3 && root->blocks->column == 3);
    CHECK_ERR(ERR_NONE, hcl_check_names(root, attributes, blocks, &complaint));
    CHECK_ERR(ERR_INVALID, hcl_check_names(root, none, blocks, &complaint));
    CHECK_U64(1, complaint.line);
    CHECK_ERR(ERR_INVALID, hcl_check_names(root, attributes, NULL, &complaint));
    CHECK_U64(3, complaint.line);
    CHECK_STRING("host", complaint.detail);
}

TEST(hcl_many_names_are_not_quadratic)
{
    enum { COUNT = 100000 };
    cleanup_arena struct arena *arena = arena_new(256 << 20);
    cleanup_buf struct buf text = BUF_INIT(8 << 20);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_ERR(ERR_NONE, buf_printf(&text, "%s%zu%s\n", i % 2 == 0 ? "a" : "b", i,
                                       i % 2 == 0 ? "=1" : "{}"));
    }
    struct hcl_block *root = NULL;
    CHECK_ERR(ERR_NONE, hcl_read(arena, buf_slice(&text), &root, NULL));
    struct json *json = hcl_to_json(arena, root);
    CHECK(json != NULL);
    CHECK_U64(COUNT, json->count);
}

TEST(hcl_arena_full)
{
    struct hcl_block *root = NULL;
    for (size_t max = 0; max < 1200; max += 16) {
        cleanup_arena struct arena *arena = arena_new(max);
        struct complaint complaint;
        enum err err =
            hcl_read(arena, SLICE_LITERAL("a \"b\" { c = [1, { d = \"e\" }] }"), &root, &complaint);
        CHECK(err == ERR_TOO_LARGE || err == ERR_NONE);
        CHECK(err == ERR_NONE || max < 1100);
    }
}

TEST_MAIN
