#include "command/dotenv.h"

#include "base/check.h"

static enum err read_text(struct arena *arena, const char *text, struct dotenv *file, struct complaint *complaint)
{
    *complaint = (struct complaint){.text = {NULL, NULL}};
    return dotenv_read(arena, slice_string(text), file, complaint);
}

TEST(every_dialect_reads_as_its_own_tool_reads_it)
{
    static const struct {
        const char *text, *name, *value;
    } rows[] = {
        {"A=1", "A", "1"},
        {"A=1\n", "A", "1"},
        {"  A = 1  \r\n", "A", "1"},
        {"export A=1\n", "A", "1"},
        {"export\tA=1\n", "A", "1"},
        {"export=1\n", "export", "1"},
        {"\xef\xbb\xbf" "A=1\n", "A", "1"},
        {"# a comment\n\n   # another\nA=1 # and one more\n", "A", "1"},
        {"A=a#b\n", "A", "a#b"},
        {"A=#b\n", "A", ""},
        {"A=\n", "A", ""},
        {"A=\"\"", "A", ""},
        {"A=postgres://u:p@h/d?x=1&y=#z\n", "A", "postgres://u:p@h/d?x=1&y=#z"},
        {"A=it's\n", "A", "it's"},
        {"A='it is # no comment'   # but this\n", "A", "it is # no comment"},
        {"A='\\n stays'\n", "A", "\\n stays"},
        {"A=\"one\\ntwo\\t\\\"three\\\" \\\\ \\d\"\n", "A", "one\ntwo\t\"three\" \\ \\d"},
        {"A=\"one\ntwo\"\n", "A", "one\ntwo"},
        {"A=\"one\\\ntwo\"\n", "A", "onetwo"},
        {"A=\"one\\\r\ntwo\"\n", "A", "onetwo"},
        {"A='-----BEGIN KEY-----\nabc=\n-----END KEY-----\n'\n", "A", "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n"},
        {"A=`both ' and \" stand here`\n", "A", "both ' and \" stand here"},
        {"A=a b c\n", "A", "a b c"},
        {"a.b-c=1\n", "a.b-c", "1"},
        {"A=\xc3\xa4\xe2\x82\xac\n", "A", "\xc3\xa4\xe2\x82\xac"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(1 << 22);
        struct dotenv file;
        struct complaint complaint;
        CHECK_ERR(ERR_NONE, read_text(arena, rows[i].text, &file, &complaint));
        CHECK(file.count == 1);
        CHECK(slice_is(file.entries[0].name, rows[i].name));
        CHECK(slice_is(file.entries[0].value, rows[i].value));
        CHECK(!file.entries[0].refers);
    }
}

TEST(references_are_kept_as_they_stand_and_said)
{
    static const char *const texts[] = {"A=${B}/x\n", "A=$B\n", "A=\"x ${B}\"\n"};
    static const char *const values[] = {"${B}/x", "$B", "x ${B}"};
    for (size_t i = 0; i < 3; i++) {
        cleanup_arena struct arena *arena = arena_new(1 << 22);
        struct dotenv file;
        struct complaint complaint;
        CHECK_ERR(ERR_NONE, read_text(arena, texts[i], &file, &complaint));
        CHECK(file.entries[0].refers && slice_is(file.entries[0].value, values[i]));
    }
    cleanup_arena struct arena *arena = arena_new(1 << 22);
    struct dotenv file;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, read_text(arena, "A='$B'\nB=\"\\$C\"\nC=5$\n", &file, &complaint));
    CHECK(file.count == 3 && !file.entries[0].refers && !file.entries[1].refers && !file.entries[2].refers);
    CHECK(slice_is(file.entries[1].value, "$C"));
}

TEST(what_is_not_clear_is_refused_with_its_place_and_without_a_value)
{
    static const struct {
        const char *text;
        size_t line, column;
        const char *detail;
    } rows[] = {
        {"A=1\nB\n", 2, 2, "B"},
        {"A=1\n1B=2\n", 2, 3, ""},
        {"A=1\n\n  =2\n", 3, 3, ""},
        {"export A B=hunter2\n", 1, 10, "A"},
        {"A: hunter2\n", 1, 2, "A"},
        {"A=1\nB='hunter2\nhunter3\n", 2, 3, "B"},
        {"A=\"hunter2\\\"\n", 1, 3, "A"},
        {"A='hunter2' hunter3\n", 1, 13, "A"},
        {"A=1\nB=2\nA=hunter2\n", 3, 1, "A"},
        {"A=\"x\ny\" z\n", 2, 4, "A"},
        {"A=hunter2\xff\n", 1, 10, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cleanup_arena struct arena *arena = arena_new(1 << 22);
        struct dotenv file;
        struct complaint complaint;
        CHECK_ERR(ERR_MALFORMED, read_text(arena, rows[i].text, &file, &complaint));
        CHECK(complaint.line == rows[i].line);
        CHECK(complaint.column == rows[i].column);
        CHECK(strcmp(complaint.detail, rows[i].detail) == 0);
        CHECK(strstr(complaint.text.english, "hunter") == NULL);
    }
}

TEST(a_zero_byte_is_refused)
{
    cleanup_arena struct arena *arena = arena_new(1 << 22);
    struct dotenv file;
    struct complaint complaint = {.text = {NULL, NULL}};
    CHECK_ERR(ERR_MALFORMED, dotenv_read(arena, SLICE_LITERAL("A=1\nB=\0x\n"), &file, &complaint));
    CHECK(complaint.line == 2 && complaint.column == 3);
}

TEST(too_many_names_are_refused)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    cleanup_buf struct buf text = BUF_INIT(1 << 20);
    struct dotenv file;
    struct complaint complaint = {.text = {NULL, NULL}};
    for (int i = 0; i < DOTENV_ENTRIES_MAX; i++) {
        CHECK_ERR(ERR_NONE, buf_printf(&text, "N%d=%d\n", i, i));
    }
    CHECK_ERR(ERR_NONE, dotenv_read(arena, buf_slice(&text), &file, &complaint));
    CHECK(file.count == DOTENV_ENTRIES_MAX && file.entries[99].line == 100);
    CHECK_ERR(ERR_NONE, buf_append_string(&text, "LAST=1\n"));
    CHECK_ERR(ERR_TOO_LARGE, dotenv_read(arena, buf_slice(&text), &file, &complaint));
    CHECK(complaint.line == DOTENV_ENTRIES_MAX + 1);
}

TEST_MAIN
