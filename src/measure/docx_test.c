/* Word files made here, part by part, honest and hostile. */
#include "measure/docx.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "base/check.h"
#include "process/worker.h"

enum { ARENA_BYTES = 256 * 1024 * 1024, ZIP_BYTES = 4 * 1024 * 1024, SHOWN_BYTES = 65536 };

/* A Word file is told apart before any child program is asked for. */
enum err worker_child(const char *program, int *ret_fd)
{
    (void)program;
    (void)ret_fd;
    return ERR_NOT_FOUND;
}

struct part {
    const char *name;
    const char *content;
    size_t repeat;              /* the content this many times; 0: once */
};

static size_t zip(const struct part *parts, size_t count, const char *password, uint8_t *out)
{
    size_t used = 0;
    struct archive *archive = archive_write_new();
    archive_write_set_format_zip(archive);
    if (password != NULL && (archive_write_set_options(archive, "zip:encryption=traditional") != ARCHIVE_OK ||
                             archive_write_set_passphrase(archive, password) != ARCHIVE_OK)) {
        abort();
    }
    if (archive_write_open_memory(archive, out, ZIP_BYTES, &used) != ARCHIVE_OK) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        size_t times = parts[i].repeat == 0 ? 1 : parts[i].repeat, len = strlen(parts[i].content);
        archive_entry_set_pathname(entry, parts[i].name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        archive_entry_set_size(entry, (la_int64_t)(len * times));
        archive_write_header(archive, entry);
        for (size_t k = 0; k < times; k++) {
            archive_write_data(archive, parts[i].content, len);
        }
        archive_entry_free(entry);
    }
    archive_write_close(archive);
    archive_write_free(archive);
    return used;
}

#define WORD_START "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://x.test/w\" xmlns:mc=\"http://x.test/mc\"><w:body>"
#define WORD_END "</w:body></w:document>"
#define PARAGRAPH(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"
#define LISTED(list, level, text)                                                                                      \
    "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"" level "\"/><w:numId w:val=\"" list "\"/></w:numPr></w:pPr><w:r><w:t>" text     \
    "</w:t></w:r></w:p>"

static enum err read_parts(struct arena *arena, const struct part *parts, size_t count, const char *password,
                           struct document *document, struct complaint *complaint)
{
    uint8_t *bytes = malloc(ZIP_BYTES);
    if (bytes == NULL) {
        abort();
    }
    size_t len = zip(parts, count, password, bytes);
    *complaint = (struct complaint){.line = 0};
    enum err err = docx_read(arena, slice_of(bytes, len), document, complaint);
    free(bytes);
    return err;
}

static void expect(const char *file, int line, const struct part *parts, size_t count, const char *expected)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf shown = BUF_INIT(SHOWN_BYTES);
    struct document document;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, read_parts(arena, parts, count, NULL, &document, &complaint));
    for (size_t i = 0; i < document.line_count; i++) {
        const struct document_line *at = &document.lines[i];
        CHECK_ERR(ERR_NONE, buf_printf(&shown, "%s%u:%zu:", at->bold ? "b" : "", at->heading, at->indent));
        CHECK_ERR(ERR_NONE, buf_append(&shown, at->text));
        CHECK_ERR(ERR_NONE, buf_append_byte(&shown, '\n'));
    }
    check_slice(file, line, "lines", slice_string(expected), buf_slice(&shown));
}

#define EXPECT(body, expected)                                                                                         \
    expect(__FILE__, __LINE__, (struct part[]){{"word/document.xml", WORD_START body WORD_END, 0}}, 1, expected)

TEST(paragraphs_runs_and_breaks)
{
    EXPECT("<w:p><w:r><w:t>Ver</w:t></w:r><w:r><w:softHyphen/><w:t>schlüsselt</w:t><w:br/><w:t>A</w:t><w:noBreakHyphen/>"
           "<w:t xml:space=\"preserve\"> B &amp; C</w:t></w:r></w:p>" PARAGRAPH(""),
           "0:0:Verschlüsselt\n0:0:A- B & C\n0:0:\n");
}

/* Two bytes a line: as many lines as a part can hold for its size, far more than it has tags. */
TEST(lines_without_tags_find_their_room)
{
    char text[4 * 5000 + 512] = WORD_START "<w:p><w:r><w:t>";
    size_t len = strlen(text), lines = 5000;
    for (size_t i = 0; i < lines; i++) {
        memcpy(text + len, "a\n", 2);
        len += 2;
    }
    memcpy(text + len, "</w:t></w:r></w:p>" WORD_END, sizeof "</w:t></w:r></w:p>" WORD_END);
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct document document;
    struct complaint complaint;
    CHECK_ERR(ERR_NONE, read_parts(arena, (struct part[]){{"word/document.xml", text, 0}}, 1, NULL, &document, &complaint));
    CHECK_U64(lines + 1, document.line_count); /* what stands behind the last line feed is a line, too */
    CHECK_SLICE("a", document.lines[lines - 1].text);
}

TEST(deleted_text_goes_inserted_text_stays)
{
    EXPECT("<w:p><w:r><w:t>max. </w:t></w:r><w:del><w:r><w:delText>90</w:delText><w:t>91</w:t></w:r></w:del>"
           "<w:ins><w:r><w:t>30</w:t></w:r></w:ins><w:r><w:t> Tage</w:t></w:r></w:p>"
           "<w:p><w:moveFrom><w:r><w:t>weg</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>da</w:t></w:r></w:moveTo></w:p>",
           "0:0:max. 30 Tage\n0:0:da\n");
}

TEST(fields_and_fallbacks_are_no_text)
{
    EXPECT("<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><mc:AlternateContent><mc:Choice><w:r><w:t>ja</w:t></w:r></mc:Choice>"
           "<mc:Fallback><w:r><w:t>nein</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>",
           "0:0:ja\n");
}

TEST(bold_paragraphs)
{
    EXPECT("<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Alles</w:t></w:r></w:p><w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Teil</w:t></w:r>"
           "<w:r><w:t> nicht</w:t></w:r></w:p><w:p><w:r><w:rPr><w:b w:val=\"0\"/></w:rPr><w:t>Aus</w:t></w:r></w:p>",
           "b0:0:Alles\n0:0:Teil nicht\n0:0:Aus\n");
}

TEST(rows_become_lines_with_tabs)
{
    EXPECT("<w:tbl><w:tr><w:tc>" PARAGRAPH("1") "</w:tc><w:tc>" PARAGRAPH("Transport") "</w:tc><w:tc>" PARAGRAPH("TLS 1.3")
           "</w:tc></w:tr><w:tr><w:tc>" PARAGRAPH("2") "</w:tc><w:tc>" PARAGRAPH("Speicher") "</w:tc><w:tc>" PARAGRAPH("AES")
           PARAGRAPH("LUKS") "</w:tc></w:tr></w:tbl>",
           "0:0:1\tTransport\tTLS 1.3\n0:0:Speicher\tAES\n0:0:Speicher\tLUKS\n");
}

TEST(styles_and_numbers)
{
    static const char styles[] =
        "<w:styles xmlns:w=\"http://x.test/w\"><w:style w:styleId=\"H1\"><w:name w:val=\"heading 1\"/><w:pPr><w:numPr>"
        "<w:numId w:val=\"1\"/></w:numPr></w:pPr></w:style><w:style w:styleId=\"T\"><w:name w:val=\"Title\"/></w:style>"
        "<w:style w:styleId=\"V\"><w:name w:val=\"toc 1\"/></w:style></w:styles>";
    static const char numbering[] =
        "<w:numbering xmlns:w=\"http://x.test/w\"><w:abstractNum w:abstractNumId=\"5\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/>"
        "<w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl><w:lvl w:ilvl=\"1\"><w:start w:val=\"1\"/>"
        "<w:numFmt w:val=\"lowerLetter\"/><w:lvlText w:val=\"%1.%2)\"/></w:lvl></w:abstractNum><w:abstractNum "
        "w:abstractNumId=\"6\"><w:lvl w:ilvl=\"0\"><w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"x\"/></w:lvl></w:abstractNum>"
        "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"5\"/></w:num><w:num w:numId=\"2\"><w:abstractNumId w:val=\"6\"/></w:num>"
        "</w:numbering>";
    static const char body[] = WORD_START
        "<w:p><w:pPr><w:pStyle w:val=\"T\"/></w:pPr><w:r><w:t>Anhang</w:t></w:r></w:p>"
        "<w:p><w:pPr><w:pStyle w:val=\"V\"/></w:pPr><w:r><w:t>Zugang 1</w:t></w:r></w:p>"
        "<w:p><w:pPr><w:pStyle w:val=\"H1\"/></w:pPr><w:r><w:t>Zugang</w:t></w:r></w:p>" LISTED("1", "1", "eins")
        LISTED("1", "1", "zwei") LISTED("2", "0", "Punkt") LISTED("9", "0", "ohne")
        "<w:p><w:pPr><w:pStyle w:val=\"H1\"/></w:pPr><w:r><w:t>Sicherung</w:t></w:r></w:p>" LISTED("1", "1", "drei") WORD_END;
    struct part parts[] = {{"word/styles.xml", styles, 0}, {"word/document.xml", body, 0}, {"word/numbering.xml", numbering, 0}};
    expect(__FILE__, __LINE__, parts, 3,
           "1:0:1. Zugang\n0:4:1.a) eins\n0:4:1.b) zwei\n0:0:• Punkt\n0:0:ohne\n1:0:2. Sicherung\n0:4:2.a) drei\n");
}

static void refuse(const char *what, const struct part *parts, size_t count, const char *password, const char *words)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct document document;
    struct complaint complaint;
    enum err err = read_parts(arena, parts, count, password, &document, &complaint);
    if (err == ERR_NONE || complaint.text.english == NULL || strstr(complaint.text.english, words) == NULL) {
        printf("%s: %s %s\n", what, err_name(err), complaint.text.english == NULL ? "-" : complaint.text.english);
        check_fail(__FILE__, __LINE__, what);
    }
}

TEST(hostile_files_get_one_clear_complaint)
{
    static const char laughs[] =
        "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
        "<w:document xmlns:w=\"x\"><w:body><w:p><w:r><w:t>&c;</w:t></w:r></w:p></w:body></w:document>";
    static const char outside[] = "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><w:document xmlns:w=\"x\"><w:p><w:r>"
                                  "<w:t>&a;</w:t></w:r></w:p></w:document>";
    static const char honest[] = WORD_START PARAGRAPH("a") WORD_END;
    refuse("billion laughs", (struct part[]){{"word/document.xml", laughs, 0}}, 1, NULL, "broken");
    refuse("outside entity", (struct part[]){{"word/document.xml", outside, 0}}, 1, NULL, "broken");
    refuse("cut XML", (struct part[]){{"word/document.xml", WORD_START "<w:p>", 0}}, 1, NULL, "broken");
    refuse("no XML", (struct part[]){{"word/document.xml", "hello", 0}}, 1, NULL, "broken");
    refuse("another zip", (struct part[]){{"a.txt", "hello", 0}}, 1, NULL, "no Word document");
    refuse("empty document", (struct part[]){{"word/document.xml", "", 0}}, 1, NULL, "no Word document");
    refuse("part twice", (struct part[]){{"word/document.xml", honest, 0}, {"word/document.xml", honest, 0}}, 2, NULL, "broken");
    refuse("password", (struct part[]){{"word/document.xml", honest, 0}}, 1, "geheim", "password");
    refuse("bomb", (struct part[]){{"word/document.xml", "                                ", 3000000}}, 1, NULL, "unpacks");
    refuse("broken styles", (struct part[]){{"word/document.xml", honest, 0}, {"word/styles.xml", "<a><b>", 0}}, 2, NULL, "broken");
    refuse("deep XML", (struct part[]){{"word/document.xml", "<a>", 5000}}, 1, NULL, "broken");
}

TEST(every_truncation_is_refused_or_read)
{
    static const char honest[] = WORD_START PARAGRAPH("Wir sichern täglich.") WORD_END;
    static uint8_t bytes[ZIP_BYTES];
    size_t len = zip((struct part[]){{"word/document.xml", honest, 0}}, 1, NULL, bytes), refused = 0;
    for (size_t cut = 0; cut < len; cut++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        struct document document;
        struct complaint complaint = {.line = 0};
        enum err err = docx_read(arena, slice_of(bytes, cut), &document, &complaint);
        refused += err != ERR_NONE ? 1 : 0;
        CHECK(err == ERR_NONE || complaint.text.english != NULL);
    }
    CHECK(refused > 0);
}

TEST_MAIN
