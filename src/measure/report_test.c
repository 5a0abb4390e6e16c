#include "measure/report.h"

#include "base/check.h"
#include "measure/report_archive.h"
#include "measure/report_file.h"
#include "measure/report_line.h"

enum { ARENA_BYTES = 64 << 20, OUT_BYTES = 16 << 20 };

#define HEAD                                                                                       \
    "{\"language\":\"de\",\"generated\":\"2026-11-23T09:27:32Z\",\"annex\":{\"title\":\"Anlage\"," \
    "\"revision\":1},\"sections\":["
#define CLAUSE(verdict) "{\"id\":\"1.1\",\"text\":\"Ein Satz.\",\"verdict\":\"" verdict "\"}"

struct made {
    struct arena *arena;
    struct buf out;
    struct work_reply reply;
    enum err err;
};

static struct made make_within(size_t arena_bytes, size_t out_bytes, struct slice input_text,
                               struct slice evidence)
{
    struct made made = {.arena = arena_new(arena_bytes), .out = BUF_INIT(out_bytes)};
    struct json *input = NULL;
    made.err = json_read(made.arena, input_text, &input, &made.reply.complaint);
    made.reply.raw = &made.out;
    if (made.err == ERR_NONE) {
        made.err = report_pdf(made.arena, input, evidence, &made.reply);
        made.reply.raw = NULL;
    }
    return made;
}

static struct made make(const char *input_text)
{
    return make_within(ARENA_BYTES, OUT_BYTES, slice_string(input_text),
                       SLICE_LITERAL("{\"evidence\":1}"));
}

static void drop(struct made *made)
{
    buf_free(&made->out);
    arena_free(made->arena);
}

static bool is_pdf(const struct made *made)
{
    struct slice pdf = buf_slice(&made->out);
    return made->err == ERR_NONE && slice_starts(pdf, SLICE_LITERAL("%PDF-1.7\n")) &&
           slice_ends(pdf, SLICE_LITERAL("\n%%EOF\n"));
}

static bool holds(const struct made *made, const char *text)
{
    return slice_find(buf_slice(&made->out), slice_string(text)) != SIZE_MAX;
}

static uint64_t pages(const struct made *made)
{
    uint64_t count = 0;
    return json_u64(made->reply.output, "pages", &count) == ERR_NONE ? count : 0;
}

TEST(report_without_sections)
{
    struct made made = make(HEAD "]}");
    bool good = is_pdf(&made);
    uint64_t count = pages(&made);
    drop(&made);
    CHECK(good);
    CHECK(count >= 1);
}

TEST(report_claims_and_attachment)
{
    struct made made = make(
        HEAD
        "{\"id\":\"1\",\"number\":\"1\",\"title\":\"Erster\",\"clauses\":[" CLAUSE("kept") "]}]}");
    bool good =
        is_pdf(&made) &&
        holds(&made, "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>") &&
        holds(&made, "/AFRelationship/Data") && holds(&made, "(evidence.vogt-evidence.json)") &&
        holds(&made, "/Lang(de)") && holds(&made, "/MarkInfo<</Marked true>>") &&
        holds(&made, "/GTS_PDFA1") && holds(&made, "2026-11-23T09:27:32.000Z");
    drop(&made);
    CHECK(good);
    struct made bare = make_within(ARENA_BYTES, OUT_BYTES, SLICE_LITERAL(HEAD "]}"), SLICE_NONE);
    bool none = is_pdf(&bare) && !holds(&bare, "/EmbeddedFile") && !holds(&bare, "/AF[");
    drop(&bare);
    CHECK(none);
}

TEST(report_same_input_same_bytes)
{
    const char *input = HEAD "{\"number\":\"1\",\"title\":\"Erster\",\"clauses\":[" CLAUSE(
        "broken") "," CLAUSE("stale") "]}]}";
    struct made first = make(input), second = make(input);
    struct made other = make(HEAD "{\"number\":\"1\",\"title\":\"Erster\",\"clauses\":[" CLAUSE(
        "kept") "," CLAUSE("stale") "]}]}");
    bool good = is_pdf(&first) && is_pdf(&second) && is_pdf(&other),
         same = slice_equal(buf_slice(&first.out), buf_slice(&second.out)),
         differs = !slice_equal(buf_slice(&first.out), buf_slice(&other.out));
    drop(&first);
    drop(&second);
    drop(&other);
    CHECK(good);
    CHECK(same);
    CHECK(differs);
}

TEST(report_refuses_what_it_would_have_to_guess)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"language\":\"fr\",\"generated\":\"2026-11-23T09:27:32Z\",\"annex\":{},\"sections\":[]}",
        "{\"language\":\"de\",\"generated\":\"heute\",\"annex\":{},\"sections\":[]}",
        "{\"language\":\"de\",\"annex\":{},\"sections\":[]}",
        "{\"language\":\"de\",\"generated\":\"2026-11-23T09:27:32Z\",\"sections\":[]}",
        "{\"language\":\"de\",\"generated\":\"2026-11-23T09:27:32Z\",\"annex\":{},\"sections\":{}}",
        HEAD "{\"clauses\":[" CLAUSE("green") "]}]}",
        HEAD "{\"clauses\":[{\"id\":\"1.1\",\"text\":\"Ohne Urteil.\"}]}]}",
        HEAD "{\"clauses\":[17]}]}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct made made = make(bad[i]);
        enum err err = made.err;
        bool said = made.reply.complaint.text.german != NULL, empty = made.out.len == 0;
        drop(&made);
        CHECK_ERR(ERR_INVALID, err);
        CHECK(said);
        CHECK(empty);
    }
}

/* Wrong types everywhere below are left out, never followed. */
TEST(report_takes_wrong_types_for_absent)
{
    struct made made = make("{\"language\":\"en\",\"company\":[1],\"generated\":\"2026-11-23T09:27:"
                            "32Z\",\"period\":7,\"annex\":{\"title\":{\"english\":3}},"
                            "\"own\":{\"a\":1},\"not_covered\":[5,null,{\"english\":[]}],"
                            "\"checkpoint\":{},\"vkey\":9,\"sections\":[3,{\"title\":[],"
                            "\"clauses\":[{\"id\":{},\"verdict\":\"kept\",\"text\":[],\"since\":{},"
                            "\"reason\":4,\"period\":[],\"population\":\"x\","
                            "\"interpretations\":5,\"attestations\":{\"a\":2},\"deviation\":[],"
                            "\"measures\":[null,{},[[]]]}]}]}");
    bool good = is_pdf(&made);
    drop(&made);
    CHECK(good);
}

TEST(report_hostile_strings)
{
    struct made made =
        make("{\"language\":\"de\",\"company\":\"]]> </rdf:li> & <x> \\u0000\\u0001 ) > "
             "endobj\",\"generated\":\"2026-11-23T09:27:32Z\","
             "\"annex\":{\"title\":\"a)\\\\(b endstream \\ud83d\\ude00 \\u202eabc "
             "\\ufffe\",\"revision\":\"%s%n\"},\"sections\":[{\"title\":\"\\u4e2d\\u6587 %n\","
             "\"clauses\":[{\"id\":\"%x)\",\"verdict\":\"unproven\",\"text\":\">Tj ET \\ue000 "
             "\\u05d0\\u05d1 a\\u0308 \\u200b\",\"since\":\"\\u0000\"}]}]}");
    bool good = is_pdf(&made), escaped = holds(&made, "&#60;/rdf:li&#62; &#38; &#60;x&#62;") &&
                                         !holds(&made, "</rdf:li> &");
    drop(&made);
    CHECK(good);
    CHECK(escaped);
}

static struct slice repeated(struct arena *arena, const char *before, const char *unit,
                             size_t count, const char *after)
{
    size_t unit_bytes = strlen(unit), bytes = strlen(before) + count * unit_bytes + strlen(after);
    char *text = arena_alloc(arena, bytes + 1);
    if (text == NULL) {
        return SLICE_NONE;
    }
    char *end = stpcpy(text, before);
    for (size_t i = 0; i < count; i++) {
        end = stpcpy(end, unit);
    }
    stpcpy(end, after);
    return slice_of(text, bytes);
}

#define LONG_HEAD                                                                                  \
    HEAD "{\"number\":\"1\",\"title\":\"T\",\"clauses\":[{\"id\":\"1.1\",\"verdict\":\"kept\","    \
         "\"text\":\""

TEST(report_long_texts_flow_over_pages)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    static const char *const units[] = {"Wort und ", "w", "a-", "\\u4e2d"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct slice input = repeated(arena, LONG_HEAD, units[i], 20000, "\"}]}]}");
        struct made made = make_within(ARENA_BYTES, OUT_BYTES, input, SLICE_NONE);
        bool good = is_pdf(&made);
        uint64_t count = pages(&made);
        drop(&made);
        CHECK(good);
        CHECK(count >= 4);
    }
}

TEST(report_pages_and_people_are_bounded)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct slice input =
        repeated(arena, HEAD "{\"clauses\":[", CLAUSE("kept") ",", 70000, CLAUSE("kept") "]}]}");
    struct made made = make_within(512 << 20, 64 << 20, input, SLICE_NONE);
    enum err err = made.err;
    size_t left = made.out.len;
    drop(&made);
    CHECK_ERR(ERR_TOO_LARGE, err);
    CHECK_U64(0, left);
    cleanup_buf struct buf people = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE,
              buf_append_string(&people, HEAD "{\"clauses\":[{\"id\":\"1\",\"verdict\":"
                                              "\"attested\",\"attestations\":[{\"by\":\"p\"}"));
    for (unsigned i = 0; i < 1001; i++) {
        CHECK_ERR(ERR_NONE, buf_printf(&people, ",{\"statement\":\"s\",\"by\":\"p%u\"}", i));
    }
    CHECK_ERR(ERR_NONE, buf_append_string(&people, "]}]}]}"));
    made = make_within(ARENA_BYTES, OUT_BYTES, buf_slice(&people), SLICE_NONE);
    err = made.err;
    drop(&made);
    CHECK_ERR(ERR_TOO_LARGE, err);
}

/* Whatever runs short, the answer is an error and no half of a file. */
TEST(report_too_little_room)
{
    const char *input =
        HEAD "{\"number\":\"1\",\"title\":\"Erster\",\"clauses\":[" CLAUSE("kept") "]}]}";
    for (size_t out_bytes = 0; out_bytes < 70000; out_bytes += 1777) {
        struct made made =
            make_within(ARENA_BYTES, out_bytes, slice_string(input), SLICE_LITERAL("{}"));
        enum err err = made.err;
        size_t left = made.out.len;
        drop(&made);
        CHECK_ERR(ERR_TOO_LARGE, err);
        CHECK_U64(0, left);
    }
    size_t failed = 0, made_count = 0;
    for (size_t arena_bytes = 4096; arena_bytes < 90000; arena_bytes += 640) {
        struct made made =
            make_within(arena_bytes, OUT_BYTES, slice_string(input), SLICE_LITERAL("{}"));
        bool good = is_pdf(&made), empty = made.out.len == 0;
        drop(&made);
        CHECK(good || empty);
        failed += !good;
        made_count += good;
    }
    CHECK(failed > 0);
    CHECK(made_count > 0);
}

static struct slice line_of(struct slice text, int64_t width, size_t index)
{
    size_t position = 0;
    struct report_line line = {0};
    for (size_t i = 0; i <= index; i++) {
        if (!report_line_next(&report_font_regular, 10000, width, text, &position, &line)) {
            return SLICE_LITERAL("(none)");
        }
    }
    return slice_of(text.data + line.start, line.end - line.start);
}

TEST(line_breaks_where_a_reader_would)
{
    struct slice text = SLICE_LITERAL("  Zwei Worte\n und Sicherheits-Richtlinie  ");
    CHECK_SLICE("Zwei Worte", line_of(text, 62000, 0));
    CHECK_SLICE("und", line_of(text, 62000, 1));
    CHECK_SLICE("Sicherheits-", line_of(text, 62000, 2));
    CHECK_SLICE("Richtlinie", line_of(text, 62000, 3));
    CHECK_SLICE("(none)", line_of(text, 62000, 4));
    CHECK_SLICE("Zwei Worte\n und Sicherheits-Richtlinie", line_of(text, 400000, 0));
    CHECK_SLICE("100\xc2\xa0%", line_of(SLICE_LITERAL("zu 100\xc2\xa0% der"), 34000, 1));
    CHECK_SLICE("(none)", line_of(SLICE_LITERAL(" \t\n\xc2\xad\xe2\x80\x8b "), 62000, 0));
}

TEST(line_always_moves_on)
{
    struct slice text = SLICE_LITERAL("abc");
    CHECK_SLICE("a", line_of(text, 0, 0));
    CHECK_SLICE("c", line_of(text, 0, 2));
    CHECK_SLICE("(none)", line_of(text, 0, 3));
    CHECK_U64(3, report_line_count(&report_font_regular, 10000, -5, text));
    CHECK_U64(0, report_line_count(&report_font_regular, 10000, 50000, SLICE_NONE));
}

TEST(letters_of_the_font)
{
    struct report_letter letter;
    size_t position = 0;
    struct slice text = SLICE_LITERAL("u\xcc\x88\xc2\xad\xe4\xb8\xad\xff");
    CHECK(report_letter_next(&report_font_regular, text, &position, &letter));
    CHECK_U64(0xfc, letter.code_point);
    CHECK(!letter.replaced && letter.glyph == report_font_glyph(&report_font_regular, 0xfc));
    CHECK(report_letter_next(&report_font_regular, text, &position, &letter));
    CHECK_U64(0x4e2d, letter.code_point);
    CHECK(letter.replaced && letter.glyph != 0);
    CHECK(report_letter_next(&report_font_regular, text, &position, &letter));
    CHECK(letter.replaced);
    CHECK(!report_letter_next(&report_font_regular, text, &position, &letter));
}

TEST(fonts_hold_what_annexes_use)
{
    static const uint32_t needed[] = {' ',    'A',    'z',    '~',    0xa0,   0xa7,   0xc4,
                                      0xdf,   0xfc,   0x17e,  0x1e9e, 0x2013, 0x2014, 0x201a,
                                      0x201c, 0x201e, 0x2022, 0x2026, 0x20ac, 0x2192, 0x2264,
                                      0x25cf, 0x2713, 0xfb01, 0xfffd};
    const struct report_font *const fonts[] = {&report_font_regular, &report_font_bold};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof(needed) / sizeof(needed[0]); j++) {
            uint16_t glyph = report_font_glyph(fonts[i], needed[j]);
            CHECK(glyph != 0);
            CHECK(report_font_width(fonts[i], glyph) > 0);
        }
        for (size_t j = 1; j < fonts[i]->point_count; j++) {
            CHECK(fonts[i]->points[j - 1].code_point < fonts[i]->points[j].code_point);
        }
        CHECK_U64(0, report_font_glyph(fonts[i], 0x4e2d));
    }
}

TEST(profile_says_its_own_length)
{
    cleanup_buf struct buf profile = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, archive_profile(&profile));
    CHECK(profile.len > 132 && profile.len % 4 == 0);
    CHECK_U64(profile.len, (uint64_t)profile.data[2] << 8 | profile.data[3]);
    CHECK_SLICE("acsp", slice_of(profile.data + 36, 4));
    uint32_t tags = profile.data[131];
    for (uint32_t i = 0; i < tags; i++) {
        const uint8_t *row = profile.data + 132 + 12 * (size_t)i;
        size_t offset = (size_t)row[6] << 8 | row[7], length = (size_t)row[10] << 8 | row[11];
        CHECK(offset % 4 == 0 && offset >= 132 + 12 * (size_t)tags &&
              offset + length <= profile.len);
    }
}

TEST(file_refuses_an_object_that_was_never_written)
{
    cleanup_buf struct buf out = BUF_INIT(65536);
    struct report_file file = report_file_of(&out);
    CHECK_U64(1, report_file_object(&file));
    enum err err = report_file_finish(&file, 1);
    report_file_free(&file);
    CHECK_ERR(ERR_INTERNAL, err);
}

TEST_MAIN
