/*
 * word/document.xml is read node by node. A paragraph collects its runs; at its end it becomes lines (one, or more where it has
 * breaks). Inside a table, paragraphs wait until their row ends: a row of one-paragraph cells becomes one line with tabs,
 * other rows a label and the paragraphs below it.
 */
#include "measure/docx.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "measure/docx_style.h"

enum { NESTED_MAX = 4, ROW_PARAGRAPHS_MAX = 500, PARAGRAPH_MAX_BYTES = 1024 * 1024 };

struct paragraph {
    struct buf text;
    struct slice style_id;
    long num_id, level;
    unsigned outline;              /* 1 to 9, 0: not said */
    size_t runs, bold_runs;
    bool has_number;
};

struct waiting {                   /* a finished paragraph in a row */
    struct document_line line;
    size_t cell;
};

struct word {
    struct arena *arena;
    struct docx_styles styles;
    struct docx_numbering *numbering;
    struct document *document;
    size_t line_capacity;          /* of document->lines */
    struct complaint *complaint;
    struct paragraph open[NESTED_MAX];
    size_t open_count, paragraph_count;
    size_t skipped_depth;          /* > 0: inside deleted text or a fallback, that many elements deep */
    size_t table_depth, cell;
    bool in_text, in_run, run_bold, in_own_properties;
    struct waiting *row;
    size_t row_count;
};

static enum err line_add(struct word *word, struct document_line line)
{
    if (word->document->line_count == word->line_capacity) {
        return complain(word->complaint, ERR_TOO_LARGE,
                        TEXT("the Word file has more than 200,000 paragraphs. Save the annex alone",
                             "Die Word-Datei hat mehr als 200.000 Absätze. Bitte nur den Anhang speichern"),
                        DOCUMENT_MAX_LINES, 0, NULL, 0);
    }
    word->document->lines[word->document->line_count++] = line;
    return ERR_NONE;
}

static enum err line_place(struct word *word, struct document_line line)
{
    if (word->table_depth == 0 || word->row_count == ROW_PARAGRAPHS_MAX) {
        return line_add(word, line);
    }
    word->row[word->row_count++] = (struct waiting){line, word->cell};
    return ERR_NONE;
}

static struct paragraph *current(struct word *word)
{
    return word->open_count == 0 ? NULL : &word->open[word->open_count - 1];
}

static void paragraph_open(struct word *word)
{
    if (word->open_count < NESTED_MAX) {
        word->open[word->open_count++] = (struct paragraph){.text = BUF_INIT(PARAGRAPH_MAX_BYTES), .num_id = DOCX_NO_NUMBER};
    }
}

/* The number that Word prints, then the text. */
static enum err paragraph_text(struct word *word, struct paragraph *paragraph, const struct docx_style *style,
                               struct slice *ret_text)
{
    cleanup_buf struct buf text = BUF_INIT(PARAGRAPH_MAX_BYTES + 256);
    long num_id = paragraph->has_number ? paragraph->num_id : style == NULL ? DOCX_NO_NUMBER : style->num_id;
    long level = paragraph->has_number || style == NULL ? paragraph->level : style->level;
    enum err err = ERR_NONE;
    if (num_id > 0) {
        for (long i = 0; i < level && i < DOCX_LEVELS && err == ERR_NONE; i++) {
            err = buf_append_string(&text, "    ");
        }
        err = err == ERR_NONE ? docx_number_print(word->numbering, num_id, level, &text) : err;
    }
    err = err == ERR_NONE ? buf_append(&text, buf_slice(&paragraph->text)) : err;
    struct slice copy = err == ERR_NONE ? arena_copy(word->arena, buf_slice(&text)) : SLICE_NONE;
    if (err == ERR_NONE && copy.data == NULL) {
        err = ERR_TOO_LARGE;
    }
    if (err == ERR_NONE) {
        *ret_text = copy;
    }
    return err;
}

static enum err paragraph_lines(struct word *word, struct paragraph *paragraph)
{
    const struct docx_style *style = docx_style_find(&word->styles, paragraph->style_id);
    struct slice text = SLICE_NONE, part;
    if (style != NULL && style->contents) {
        return ERR_NONE;
    }
    enum err err = paragraph_text(word, paragraph, style, &text);
    if (err == ERR_NONE && style != NULL && style->title && word->document->title.len == 0) {
        word->document->title = slice_trim(text);
        return ERR_NONE;
    }
    while (err == ERR_NONE && slice_split(&text, '\n', &part)) {
        struct document_line line = {.number = word->paragraph_count};
        err = document_line_set(word->arena, part, &line);
        line.whole = text.len == 0;
        line.heading = paragraph->outline > 0 ? paragraph->outline : style == NULL ? 0 : style->heading;
        line.bold = paragraph->runs > 0 && paragraph->bold_runs == paragraph->runs;
        line.bold = line.bold || (style != NULL && style->bold && style->heading == 0);
        err = err == ERR_NONE ? line_place(word, line) : err;
    }
    return err;
}

static enum err paragraph_close(struct word *word)
{
    struct paragraph *paragraph = current(word);
    if (paragraph == NULL) {
        return ERR_NONE;
    }
    word->paragraph_count++;
    enum err err = slice_trim(buf_slice(&paragraph->text)).len > 0 ? paragraph_lines(word, paragraph) : ERR_NONE;
    if (err == ERR_NONE && slice_trim(buf_slice(&paragraph->text)).len == 0 && word->table_depth == 0) {
        err = line_add(word, (struct document_line){.number = word->paragraph_count});
    }
    buf_free(&paragraph->text);
    word->open_count--;
    return err;
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("0123456789.)", text.data[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* The first cell that is no number and has one paragraph labels the others; ROW_PARAGRAPHS_MAX: none. */
static size_t row_label(const struct word *word)
{
    for (size_t i = 0; i + 1 < word->row_count; i++) {
        const struct waiting *waiting = &word->row[i];
        bool alone = word->row[i + 1].cell != waiting->cell && (i == 0 || word->row[i - 1].cell != waiting->cell);
        if (!is_number(waiting->line.text)) {
            return alone ? i : ROW_PARAGRAPHS_MAX;
        }
    }
    return ROW_PARAGRAPHS_MAX;
}

/* Several paragraphs in a cell: each is a row of its own beside the same label. */
static enum err row_as_lines(struct word *word)
{
    size_t label = row_label(word);
    struct slice name = label == ROW_PARAGRAPHS_MAX ? SLICE_NONE : word->row[label].line.text;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < word->row_count && err == ERR_NONE; i++) {
        struct document_line line = word->row[i].line;
        if (label != ROW_PARAGRAPHS_MAX && (i == label || is_number(line.text))) {
            continue;
        }
        if (label != ROW_PARAGRAPHS_MAX) {
            const char *row = arena_printf(word->arena, "%.*s\t%.*s", (int)name.len, (const char *)name.data, (int)line.text.len,
                                           (const char *)line.text.data);
            err = row == NULL ? ERR_TOO_LARGE : document_line_set(word->arena, slice_string(row), &line);
            line.bold = false;
        }
        err = err == ERR_NONE ? line_add(word, line) : err;
    }
    return err;
}

static enum err row_as_cells(struct word *word)
{
    cleanup_buf struct buf text = BUF_INIT(PARAGRAPH_MAX_BYTES * 2);
    struct document_line line = {.number = word->row[0].line.number, .whole = true};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < word->row_count && err == ERR_NONE; i++) {
        err = i > 0 ? buf_append_byte(&text, '\t') : ERR_NONE;
        for (size_t k = 0; err == ERR_NONE && k < word->row[i].line.text.len; k++) {
            uint8_t c = word->row[i].line.text.data[k];
            err = buf_append_byte(&text, c == '\t' ? ' ' : c);
        }
    }
    struct slice copy = err == ERR_NONE ? arena_copy(word->arena, buf_slice(&text)) : SLICE_NONE;
    if (err != ERR_NONE || copy.data == NULL) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    err = document_line_set(word->arena, copy, &line);
    return err == ERR_NONE ? line_add(word, line) : err;
}

static enum err row_close(struct word *word)
{
    bool simple = true, several = false;
    for (size_t i = 1; i < word->row_count; i++) {
        simple = simple && word->row[i].cell != word->row[i - 1].cell;
        several = several || word->row[i].cell != word->row[0].cell;
    }
    enum err err = ERR_NONE;
    if (word->row_count > 0) {
        err = simple && several ? row_as_cells(word) : row_as_lines(word);
    }
    word->row_count = 0;
    return err;
}

static enum err append_symbol(xmlTextReaderPtr reader, struct buf *out)
{
    char *value = docx_xml_attribute(reader, "w:char");
    unsigned long c = value == NULL ? 0 : strtoul(value, NULL, 16);
    xmlFree(value);
    bool letter = c >= 0x20 && c < 0x10ffff && !(c >= 0xd800 && c < 0xe000);
    return letter ? utf8_append(out, (uint32_t)c) : ERR_NONE;
}

/* Elements inside a run that stand for characters. */
static enum err run_character(xmlTextReaderPtr reader, struct slice name, struct buf *out)
{
    static const struct { const char *name, *text; } characters[] = {
        {"tab", "\t"}, {"cr", "\n"}, {"noBreakHyphen", "-"}, {"softHyphen", "\xc2\xad"}};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        if (slice_is(name, characters[i].name)) {
            return buf_append_string(out, characters[i].text);
        }
    }
    if (slice_is(name, "br")) {
        char *type = docx_xml_attribute(reader, "w:type");
        bool page = type != NULL && strcmp(type, "textWrapping") != 0;
        xmlFree(type);
        return buf_append_byte(out, page ? ' ' : '\n');
    }
    return slice_is(name, "sym") ? append_symbol(reader, out) : ERR_NONE;
}

static enum err paragraph_property(struct word *word, xmlTextReaderPtr reader, struct slice name, struct paragraph *paragraph)
{
    if (slice_is(name, "pStyle")) {
        char *id = docx_xml_attribute(reader, "w:val");
        paragraph->style_id = arena_copy(word->arena, slice_string(id));
        xmlFree(id);
    } else if (slice_is(name, "numId")) {
        paragraph->num_id = docx_xml_number(reader, "w:val", 0);
        paragraph->has_number = true;
    } else if (slice_is(name, "ilvl")) {
        paragraph->level = docx_xml_number(reader, "w:val", 0);
    } else if (slice_is(name, "outlineLvl")) {
        long level = docx_xml_number(reader, "w:val", 9);
        paragraph->outline = level < 9 ? (unsigned)level + 1 : 0;
    }
    return ERR_NONE;
}

static bool is_skipped(struct slice name)
{
    static const char *const names[] = {"del", "moveFrom", "Fallback", "pPrChange", "rPrChange", "sectPr"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static enum err element_start(struct word *word, xmlTextReaderPtr reader, struct slice name, bool empty)
{
    struct paragraph *paragraph = current(word);
    if (slice_is(name, "p")) {
        paragraph_open(word);
        word->in_own_properties = false;
        return empty ? paragraph_close(word) : ERR_NONE;
    }
    if (slice_is(name, "tbl")) {
        word->table_depth += empty ? 0 : 1;
    } else if (slice_is(name, "tr") && word->table_depth == 1) {
        word->cell = 0;
    } else if (slice_is(name, "tc") && word->table_depth == 1) {
        word->cell++;
    } else if (slice_is(name, "pPr")) {
        word->in_own_properties = !empty;
    } else if (paragraph != NULL && word->in_own_properties) {
        return paragraph_property(word, reader, name, paragraph);
    } else if (slice_is(name, "r")) {
        word->in_run = !empty;
        word->run_bold = false;
    } else if (slice_is(name, "b") && word->in_run) {
        word->run_bold = docx_xml_switch(reader);
    } else if (slice_is(name, "t")) {
        word->in_text = !empty;
    } else if (paragraph != NULL && word->in_run) {
        return run_character(reader, name, &paragraph->text);
    }
    return ERR_NONE;
}

static enum err element_end(struct word *word, struct slice name)
{
    if (slice_is(name, "p")) {
        return paragraph_close(word);
    }
    if (slice_is(name, "tbl") && word->table_depth > 0) {
        enum err err = word->table_depth == 1 ? row_close(word) : ERR_NONE;
        word->table_depth--;
        return err;
    }
    if (slice_is(name, "tr") && word->table_depth == 1) {
        return row_close(word);
    }
    word->in_own_properties = word->in_own_properties && !slice_is(name, "pPr");
    word->in_run = word->in_run && !slice_is(name, "r");
    word->in_text = word->in_text && !slice_is(name, "t");
    return ERR_NONE;
}

static enum err characters(struct word *word, xmlTextReaderPtr reader)
{
    struct paragraph *paragraph = current(word);
    const char *value = (const char *)xmlTextReaderConstValue(reader);
    if (!word->in_text || paragraph == NULL || value == NULL) {
        return ERR_NONE;
    }
    if (slice_trim(slice_string(value)).len > 0) {
        paragraph->runs++;
        paragraph->bold_runs += word->run_bold ? 1 : 0;
    }
    return buf_append_string(&paragraph->text, value);
}

static enum err node(struct word *word, xmlTextReaderPtr reader)
{
    int type = xmlTextReaderNodeType(reader);
    bool empty = type == XML_READER_TYPE_ELEMENT && xmlTextReaderIsEmptyElement(reader) == 1;
    struct slice name = docx_xml_name(reader);
    if (word->skipped_depth > 0) {
        word->skipped_depth += type == XML_READER_TYPE_ELEMENT && !empty ? 1 : 0;
        word->skipped_depth -= type == XML_READER_TYPE_END_ELEMENT ? 1 : 0;
        return ERR_NONE;
    }
    if (type == XML_READER_TYPE_ELEMENT) {
        if (is_skipped(name)) {
            word->skipped_depth = empty ? 0 : 1;
            return ERR_NONE;
        }
        return element_start(word, reader, name, empty);
    }
    if (type == XML_READER_TYPE_END_ELEMENT) {
        return element_end(word, name);
    }
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_CDATA ||
                type == XML_READER_TYPE_WHITESPACE;
    return text ? characters(word, reader) : ERR_NONE;
}

static enum err read_document(struct word *word, const struct buf *part)
{
    xmlTextReaderPtr reader = docx_xml_open(part);
    enum err err = reader == NULL ? ERR_MEMORY : ERR_NONE;
    int status = 1;
    while (err == ERR_NONE && (status = docx_xml_next(reader)) == 1) {
        err = node(word, reader);
    }
    xmlFreeTextReader(reader);
    while (word->open_count > 0) {
        buf_free(&word->open[--word->open_count].text);
    }
    return err == ERR_NONE && status < 0 ? docx_complain_broken(word->complaint) : err;
}

/* A line takes at least a byte, its line feed or a tag, so the part's own size bounds the lines. */
static size_t lines_at_most(const struct buf *part)
{
    size_t count = part->len + 1;
    return count > DOCUMENT_MAX_LINES ? DOCUMENT_MAX_LINES : count;
}

enum err docx_read(struct arena *arena, struct slice bytes, struct document *ret_document, struct complaint *complaint)
{
    struct docx_package package;
    struct document document = {.format = DOCUMENT_DOCX, .encoding = TEXT_UTF_8};
    struct word word = {.arena = arena, .document = &document, .complaint = complaint};
    enum err err = docx_package_open(bytes, &package, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    word.line_capacity = lines_at_most(&package.document);
    document.lines = arena_alloc_array(arena, word.line_capacity, sizeof(*document.lines));
    word.row = arena_alloc_array(arena, ROW_PARAGRAPHS_MAX, sizeof(*word.row));
    err = document.lines == NULL || word.row == NULL ? ERR_TOO_LARGE : ERR_NONE;
    err = err == ERR_NONE ? docx_styles_read(arena, &package.styles, &word.styles, complaint) : err;
    err = err == ERR_NONE ? docx_numbering_read(arena, &package.numbering, &word.numbering, complaint) : err;
    err = err == ERR_NONE ? read_document(&word, &package.document) : err;
    docx_package_free(&package);
    if (err == ERR_NONE) {
        *ret_document = document;
    }
    return err;
}
