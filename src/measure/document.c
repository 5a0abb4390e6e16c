#include "measure/document.h"

#include <string.h>

#include "base/utf8.h"

enum { EDGE_LINES = 3, COMPARED_EDGES_MAX = 4096 };

const char *document_format_name(enum document_format format)
{
    static const char *const names[] = {"text", "markdown", "docx", "pdf"};
    return names[format];
}

/* Columns up to the first character that is no blank; *ret_bytes gets the blanks' bytes. */
static size_t indent_of(struct slice text, size_t *ret_bytes)
{
    size_t columns = 0, i = 0;
    for (; i < text.len && (text.data[i] == ' ' || text.data[i] == '\t'); i++) {
        columns = text.data[i] == '\t' ? (columns / 4 + 1) * 4 : columns + 1;
    }
    *ret_bytes = i;
    return columns;
}

static size_t columns_of(struct slice text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++) {
        columns += (text.data[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return columns;
}

/* Line ends: LF, CRLF, CR, form feed, U+0085, U+2028, U+2029. Returns the bytes of the line end at `i`, 0 if none. */
static size_t line_end_at(struct slice text, size_t i)
{
    const uint8_t *at = text.data + i;
    size_t left = text.len - i;
    if (at[0] == '\r') {
        return left > 1 && at[1] == '\n' ? 2 : 1;
    }
    if (at[0] == '\n' || at[0] == '\f') {
        return 1;
    }
    if (left > 1 && at[0] == 0xc2 && at[1] == 0x85) {
        return 2;
    }
    return left > 2 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9) ? 3 : 0;
}

static size_t count_lines(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len;) {
        size_t end = line_end_at(text, i);
        count += end > 0 ? 1 : 0;
        i += end > 0 ? end : 1;
    }
    return count;
}

enum err document_line_set(struct arena *arena, struct slice raw, struct document_line *line)
{
    struct slice clean;
    size_t blanks;
    enum err err = text_clean(arena, raw, &clean);
    if (err != ERR_NONE) {
        return err;
    }
    line->raw = raw;
    line->indent = indent_of(clean, &blanks);
    line->text = slice_from(clean, blanks);
    line->width = line->indent + columns_of(line->text);
    return ERR_NONE;
}

static bool only_of(struct slice text, const char *marks, size_t least)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == 0 || strchr(marks, text.data[i]) == NULL) {
            return false;
        }
        count += text.data[i] != ' ' ? 1 : 0;
    }
    return count >= least;
}

/* "## Title ##" */
static void read_hashes(struct document_line *line)
{
    size_t hashes = 0;
    while (hashes < line->text.len && line->text.data[hashes] == '#') {
        hashes++;
    }
    if (hashes == 0 || hashes > 6 || hashes == line->text.len || line->text.data[hashes] != ' ' || line->indent > 3) {
        return;
    }
    struct slice title = slice_trim(slice_from(line->text, hashes));
    while (title.len > 0 && title.data[title.len - 1] == '#') {
        title = slice_trim(slice_first(title, title.len - 1));
    }
    line->heading = (unsigned)hashes;
    line->text = title;
}

static bool starts_block(struct slice text)
{
    return text.len == 0 || strchr("-*+>|#", text.data[0]) != NULL;
}

/* Underlined titles, fences, rules and comments; `in_comment` is carried from line to line. */
static void read_structure(struct document_line *line, struct document_line *before, bool *in_comment)
{
    if (*in_comment || slice_starts(line->text, SLICE_LITERAL("<!--"))) {
        *in_comment = slice_find(line->text, SLICE_LITERAL("-->")) == SIZE_MAX;
        line->dropped = true;
        return;
    }
    read_hashes(line);
    bool underlined = before != NULL && before->text.len > 0 && !before->dropped && before->heading == 0 &&
                      before->text.len < 120 && !starts_block(before->text);
    if (underlined && (only_of(line->text, "=", 3) || only_of(line->text, "-", 3))) {
        before->heading = line->text.data[0] == '=' ? 1 : 2;
        line->dropped = true;
    } else if (only_of(line->text, "-", 3) || only_of(line->text, "=", 3) || only_of(line->text, "_", 3) ||
               only_of(line->text, "* ", 3) || only_of(line->text, "~", 3) || only_of(line->text, "#", 1) ||
               slice_starts(line->text, SLICE_LITERAL("```"))) {
        line->dropped = true;
    }
}

/* "**Title**" and "__Title__" are bold lines. */
static void read_bold(struct document_line *line)
{
    static const char *const marks[] = {"**", "__"};
    for (size_t i = 0; i < 2; i++) {
        struct slice mark = slice_string(marks[i]), inner = slice_from(line->text, 2);
        if (line->text.len > 5 && slice_starts(line->text, mark) && slice_ends(line->text, mark) &&
            slice_find(slice_first(inner, inner.len - 2), mark) == SIZE_MAX) {
            line->bold = true;
            line->text = slice_trim(slice_first(inner, inner.len - 2));
        }
    }
}

/* The block between two "---" at the very start of a Markdown file: its title is the document's, the rest is dropped. */
static void read_front_matter(struct document *document)
{
    if (document->line_count < 2 || !slice_is(document->lines[0].text, "---")) {
        return;
    }
    size_t end = 1;
    while (end < document->line_count && end < 60 && !slice_is(document->lines[end].text, "---")) {
        end++;
    }
    if (end == document->line_count || end == 60) {
        return;
    }
    for (size_t i = 0; i <= end; i++) {
        struct document_line *line = &document->lines[i];
        if (slice_starts(line->text, SLICE_LITERAL("title:"))) {
            struct slice title = slice_trim(slice_from(line->text, 6));
            bool quoted = title.len > 1 && (title.data[0] == '"' || title.data[0] == '\'');
            document->title = quoted ? slice_first(slice_from(title, 1), title.len - 2) : title;
        }
        line->dropped = true;
        line->heading = 0;
    }
}

enum err document_lines(struct arena *arena, struct slice utf8, enum document_format format,
                        struct document *ret_document, struct complaint *complaint)
{
    struct document document = {.format = format, .encoding = TEXT_UTF_8};
    bool in_comment = false, page_start = true;
    size_t count = count_lines(utf8), start = 0;
    if (count > DOCUMENT_MAX_LINES) {
        return complain(complaint, ERR_TOO_LARGE,
                        TEXT("the document has more than 200,000 lines. Adopt the annex alone, without what is around it",
                             "Das Dokument hat mehr als 200.000 Zeilen. Bitte nur den Anhang selbst übernehmen"),
                        DOCUMENT_MAX_LINES, 0, NULL, 0);
    }
    document.lines = arena_alloc_array(arena, count, sizeof(*document.lines));
    if (document.lines == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i <= utf8.len;) {
        size_t end = i < utf8.len ? line_end_at(utf8, i) : 0;
        if (i < utf8.len && end == 0) {
            i++;
            continue;
        }
        struct document_line *line = &document.lines[document.line_count];
        line->number = document.line_count + 1;
        line->page_start = page_start;
        enum err err = document_line_set(arena, slice_first(slice_from(utf8, start), i - start), line);
        if (err != ERR_NONE) {
            return err;
        }
        if (format != DOCUMENT_PDF) {
            read_structure(line, document.line_count > 0 ? line - 1 : NULL, &in_comment);
            read_bold(line);
        }
        document.line_count++;
        page_start = i < utf8.len && utf8.data[i] == '\f';
        i += end > 0 ? end : 1;
        start = i;
    }
    if (format == DOCUMENT_MARKDOWN) {
        read_front_matter(&document);
    }
    *ret_document = document;
    return ERR_NONE;
}

/* A line's pattern with every run of digits as one mark: "Seite 3 von 12" equals "Seite 4 von 12". */
static uint64_t pattern_of(struct slice text)
{
    uint64_t hash = 1469598103934665603u;
    bool digit_before = false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!(digit && digit_before) && text.data[i] != ' ') {
            hash = (hash ^ (digit ? (uint8_t)'#' : text.data[i])) * 1099511628211u;
        }
        digit_before = digit;
    }
    return hash;
}

static bool is_page_number(struct slice text)
{
    static const char *const words[] = {"seite", "page", "von", "of", "/", "|", "s.", "p."};
    bool digits = false;
    size_t i = 0;
    if (text.len > 24) {
        return false;
    }
    while (i < text.len) {
        size_t taken = 1;
        bool known = strchr(" -\t", text.data[i]) != NULL || text.data[i] >= 0xe2 || (text.data[i] & 0xc0) == 0x80;
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            digits = known = true;
        }
        for (size_t w = 0; !known && w < sizeof(words) / sizeof(words[0]); w++) {
            struct slice word = slice_string(words[w]);
            if (slice_starts_caseless(slice_from(text, i), word)) {
                known = true;
                taken = word.len;
            }
        }
        if (!known) {
            return false;
        }
        i += taken;
    }
    return digits;
}

/* The lines at one edge of each page, at most EDGE_LINES each. */
struct edges {
    struct document_line *lines[COMPARED_EDGES_MAX];
    uint64_t patterns[COMPARED_EDGES_MAX];
    size_t count;
};

static void collect_edge(struct edges *edges, struct document_line *first, size_t count, bool bottom)
{
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < EDGE_LINES && edges->count < COMPARED_EDGES_MAX; i++) {
        struct document_line *line = bottom ? &first[count - 1 - i] : &first[i];
        if (line->text.len > 0) {
            edges->patterns[edges->count] = pattern_of(line->text);
            edges->lines[edges->count++] = line;
            taken++;
        }
    }
}

static void drop_repeated(struct edges *edges, size_t page_count)
{
    for (size_t i = 0; i < edges->count; i++) {
        size_t same = 0;
        for (size_t k = 0; k < edges->count; k++) {
            same += edges->patterns[k] == edges->patterns[i] ? 1 : 0;
        }
        if ((same >= 2 && same * 2 >= page_count) || is_page_number(edges->lines[i]->text)) {
            edges->lines[i]->dropped = true;
        }
    }
}

static void drop_edge(struct document *document, bool bottom)
{
    struct edges edges = {.count = 0};
    size_t pages = 0, start = 0;
    for (size_t i = 1; i <= document->line_count; i++) {
        if (i == document->line_count || document->lines[i].page_start) {
            collect_edge(&edges, document->lines + start, i - start, bottom);
            start = i;
            pages++;
        }
    }
    if (pages > 1) {
        drop_repeated(&edges, pages);
    }
}

void document_drop_furniture(struct document *document)
{
    drop_edge(document, false);
    drop_edge(document, true);
    for (size_t i = 0; i < document->line_count; i++) {
        struct slice text = document->lines[i].text;
        if (text.len > 0 && strchr("SsPp", text.data[0]) != NULL && is_page_number(text)) {
            document->lines[i].dropped = true;
        }
    }
}
