#include "collect/csv.h"
#include "base/check.h"

enum { ARENA_BYTES = 4 << 20 };

/* Rows as "a|b\n…", or the name of the error. */
static const char *rows_of(struct arena *arena, const char *text)
{
    struct csv csv = csv_open(slice_string(text));
    struct slice fields[CSV_FIELDS_MAX];
    struct buf out = BUF_INIT(65536);
    size_t count = 0;
    enum err err;
    while ((err = csv_row(&csv, arena, fields, &count)) == ERR_NONE) {
        for (size_t i = 0; i < count; i++) {
            if (buf_printf(&out, "%s%.*s", i == 0 ? "" : "|", (int)fields[i].len, fields[i].len == 0 ? "" : (const char *)fields[i].data) != ERR_NONE) {
                return "";
            }
        }
        if (buf_append_byte(&out, '/') != ERR_NONE) {
            return "";
        }
    }
    const char *said = err == ERR_NOT_FOUND ? arena_string(arena, buf_slice(&out)) : err_name(err);
    buf_free(&out);
    return said == NULL ? "" : said;
}

TEST(csv_is_read)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"a,b\n1,2\n", "a|b/1|2/"},
        {"\xef\xbb\xbf" "a;b\r\n1;2,5\r\n", "a|b/1|2,5/"},
        {"a\tb\n1\t\n", "a|b/1|/"},
        {"\"a \"\"x\"\"\",\"b\nc\"\n\n1,2", "a \"x\"|b\nc/1|2/"},
        {"\"\",x\n", "|x/"},
        {"", ""},
        {"\n\n", ""},
        {"a,\"b\n", "MALFORMED"},
        {"a,b\"c\n", "MALFORMED"},
        {"\"a\"b,c\n", "MALFORMED"},
        {"a,b\r1,2\r", "MALFORMED"},
        {"a,b\r\n1,2\r", "a|b/1|2/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        CHECK_STRING(rows[i].wanted, rows_of(arena, rows[i].text));
    }
}

/* Rows as JSON, or the error and where. */
static const char *table_of(struct arena *arena, struct slice text)
{
    struct json *rows = NULL;
    struct complaint complaint = {0};
    cleanup_buf struct buf out = BUF_INIT(65536);
    enum err err = csv_table(arena, text, &rows, &complaint);
    if (err != ERR_NONE) {
        return arena_printf(arena, "%s %zu", err_name(err), complaint.line);
    }
    return json_write(&out, rows, 0) == ERR_NONE ? arena_string(arena, buf_slice(&out)) : "";
}

TEST(the_first_row_names_the_columns)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"Name;E-Mail\n\nalice;\"a,b\"\n", "[{\"name\":\"alice\",\"e-mail\":\"a,b\"}]"},
        {"name\n", "[]"},
        {"", "MALFORMED 0"},
        {"\n\n", "MALFORMED 2"},
        {"a,A\n1,2\n", "MALFORMED 1"},
        {"a,,b\n1,2,3\n", "MALFORMED 1"},
        {"a,b\n1,2\n1\n", "MALFORMED 3"},
        {"a,b\n1,2,3\n", "MALFORMED 2"},
        {"a,b\n\"1\n", "MALFORMED 2"},
        {"a,b\n\"1\n2\",3\n4,x\"\n", "MALFORMED 4"},
        {"name\n\xff\n", "MALFORMED 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        CHECK_STRING(rows[i].wanted, table_of(arena, slice_string(rows[i].text)));
    }
}

/* What a field takes is its own length, not that of all that follows it. */
TEST(a_long_list_of_quoted_fields_fits)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf text = BUF_INIT(65536);
    struct json *rows = NULL;
    CHECK(buf_append(&text, SLICE_LITERAL("name\n")) == ERR_NONE);
    for (int i = 0; i < 2000; i++) {
        CHECK(buf_printf(&text, "\"a \"\"%d\"\"\"\n", i) == ERR_NONE);
    }
    CHECK(csv_table(arena, buf_slice(&text), &rows, NULL) == ERR_NONE);
    CHECK_U64(2000, rows->count);
    CHECK_SLICE("a \"1999\"", json_text(rows->last, "name", SLICE_NONE));
}

TEST_MAIN
