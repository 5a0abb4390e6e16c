#include "measure/annex_line.h"

#include <string.h>

#include "measure/sentence.h"

enum { TITLE_MAX_BYTES = 110, TITLE_MAX_WORDS = 12, WIDTH_LEAST = 40, WIDTH_MOST = 130, STYLE_COUNT = 128 };

static size_t word_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += text.data[i] != ' ' && (i == 0 || text.data[i - 1] == ' ') ? 1 : 0;
    }
    return count;
}

static const char open_words[] =
    " und oder sowie bzw der die das den dem des ein eine einer einen für mit von vom zu zur zum in im bei auf aus über durch nach "
    "als an am unter alle and or the of for to with a an by on at from as our all via ";

static bool is_open(struct slice text)
{
    size_t start = text.len;
    if (text.len == 0) {
        return false;
    }
    if (strchr(",-/(&", text.data[text.len - 1]) != NULL || slice_ends(text, SLICE_LITERAL("\xc2\xad"))) {
        return true;
    }
    while (start > 0 && text.data[start - 1] != ' ') {
        start--;
    }
    return text_word_in(slice_from(text, start), open_words);
}

bool annex_line_is_title(struct slice body)
{
    uint32_t first = text_first(body);
    if (body.len == 0 || body.len > TITLE_MAX_BYTES || word_count(body) > TITLE_MAX_WORDS) {
        return false;
    }
    return strchr(".;,!?", body.data[body.len - 1]) == NULL && !letter_is_lower(first);
}

/* "3. Encryption:" may head a section, "3. Access is guarded by:" leads a list. */
static bool is_numbered_title(struct slice body)
{
    bool colon = body.len > 0 && body.data[body.len - 1] == ':';
    return annex_line_is_title(body) && (!colon || word_count(body) <= 3);
}

/* "DATENSCHUTZ UND SICHERHEIT": no small letter, and one word of at least five capitals. */
static bool is_capitals(struct slice text)
{
    size_t run = 0, longest = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t c = text_first(slice_from(text, i));
        if (letter_is_lower(c) && c != 0xdf) {
            return false;
        }
        run = (c >= 'A' && c <= 'Z') || (c >= 0x80 && letter_is_upper(c)) ? run + 1 : c == 0 ? run : 0;
        longest = run > longest ? run : longest;
    }
    return longest >= 5 && text.len >= 6;
}

/* Where lines wrap: nine of ten lines are no wider. Documents of few or of very long lines do not wrap. */
static size_t wide_columns(const struct document *document)
{
    size_t widths[WIDTH_MOST + 2] = {0}, total = 0, seen = 0;
    for (size_t i = 0; i < document->line_count; i++) {
        const struct document_line *line = &document->lines[i];
        if (line->text.len > 0 && !line->dropped) {
            widths[line->width > WIDTH_MOST ? WIDTH_MOST + 1 : line->width]++;
            total++;
        }
    }
    for (size_t width = 0; width <= WIDTH_MOST; width++) {
        seen += widths[width];
        if (seen * 10 >= total * 9) {
            return width >= WIDTH_LEAST && total >= 3 ? width : SIZE_MAX;
        }
    }
    return SIZE_MAX;
}

static void add_cell(struct annex_line *line, struct slice cell)
{
    struct slice trimmed = slice_trim(cell);
    if (trimmed.len == 0) {
        return;
    }
    if (line->cell_count == ROW_MAX_CELLS) {
        struct slice *last = &line->cells[ROW_MAX_CELLS - 1];
        last->len = (size_t)(trimmed.data + trimmed.len - last->data);
        return;
    }
    line->cells[line->cell_count++] = trimmed;
}

/* Cells stand between pipes, tabs, or three and more blanks. */
static void read_cells(struct annex_line *line)
{
    struct slice text = line->body;
    bool pipes = text.len > 2 && text.data[0] == '|';
    size_t start = 0, blanks = 0;
    line->cell_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool blank = text.data[i] == ' ' || text.data[i] == '\t';
        blanks = blank ? blanks + (text.data[i] == '\t' ? 3 : 1) : 0;
        if (pipes ? text.data[i] == '|' : blanks >= 3) {
            add_cell(line, slice_first(slice_from(text, start), i - start));
            start = i + 1;
        }
    }
    add_cell(line, slice_from(text, start));
}

static bool cells_are_rule(const struct annex_line *line)
{
    for (size_t i = 0; i < line->cell_count; i++) {
        for (size_t k = 0; k < line->cells[i].len; k++) {
            if (strchr("-: =+", line->cells[i].data[k]) == NULL) {
                return false;
            }
        }
    }
    return true;
}

static const char column_names[] =
    " nr nr. no no. # id maßnahme maßnahmen massnahme beschreibung umsetzung status bereich thema kategorie control controls measure "
    "measures description implementation area topic category kontrolle umgesetzt implemented ziel ref bemerkung notes details pos "
    "pos. schutzziel requirement anforderung ";

static bool names_columns(const struct annex_line *line)
{
    size_t known = 0;
    for (size_t i = 0; i < line->cell_count; i++) {
        if (word_count(line->cells[i]) > 4) {
            return false;
        }
        known += text_word_in(text_first_word(line->cells[i]), column_names) ? 1 : 0;
    }
    return known * 2 >= line->cell_count && (known > 1 || line->cell_count == 1);
}

/* A marker that is only part of running text is none: "– auch Backups –" or "Artikel 32 verlangt" in a wrapped line. */
static bool marker_is_prose(const struct annex_lines *lines, size_t i)
{
    const struct annex_line *line = &lines->items[i], *before = line - 1;
    if (line->marker.kind == MARKER_WORD && line->body.len > 0 && !annex_line_is_title(line->body)) {
        return true;
    }
    if (i == 0 || line->after_blank || before->line->whole || before->body.len == 0) {
        return false;
    }
    bool ended = strchr(".:;!?", before->body.data[before->body.len - 1]) != NULL;
    bool full = before->line->width + 12 > lines->wide_columns && lines->wide_columns != SIZE_MAX;
    bool loose = slice_starts(line->line->text, SLICE_LITERAL("–")) || slice_starts(line->line->text, SLICE_LITERAL("—"));
    bool hazy = line->marker.kind == MARKER_BARE || line->marker.kind == MARKER_WORD || loose ||
                (line->marker.kind == MARKER_DOT && line->marker.depth > 1) || slice_starts(line->line->text, SLICE_LITERAL("o "));
    return hazy && full && !ended && before->marker.kind == MARKER_NONE && before->line->heading == 0;
}

static unsigned style_of(const struct annex_line *line)
{
    unsigned indented = line->line->indent >= 2 ? 1 : 0;
    unsigned depth = line->marker.depth > 3 ? 3 : line->marker.depth;
    return ((unsigned)line->marker.kind * 4 + depth) * 2 + indented;
}

static bool same_style(const struct annex_line *a, const struct annex_line *b)
{
    return a->marker.kind == b->marker.kind && a->line->heading == b->line->heading && style_of(a) == style_of(b);
}

/* The next line that does not go on line `i`. */
static size_t next_block(const struct annex_lines *lines, size_t i)
{
    size_t next = i + 1;
    while (next < lines->count && next < i + 50 && lines->items[next].marker.kind == MARKER_NONE &&
           annex_line_continues(lines, next, lines->items[i].line->indent)) {
        next++;
    }
    return next;
}

static bool is_wrapped(const struct annex_lines *lines, size_t i)
{
    return next_block(lines, i) > i + 1;
}

struct vote {
    size_t alone, in_run, sentences;
};

/* Counts, style by style, numbers with content behind them, numbers in a row, and numbers before sentences. */
static void count_votes(const struct annex_lines *lines, struct vote votes[STYLE_COUNT])
{
    const struct annex_line *before = NULL;
    for (size_t i = 0; i < lines->count; i++) {
        const struct annex_line *line = &lines->items[i];
        size_t next = next_block(lines, i);
        if (marker_can_head(line->marker.kind) && line->cell_count < 3 && line->line->heading == 0) {
            struct vote *vote = &votes[style_of(line)];
            bool follows = next < lines->count && same_style(line, &lines->items[next]);
            bool precedes = before != NULL && same_style(line, before);
            bool title = line->body.len == 0 || (is_numbered_title(line->body) && next == i + 1);
            vote->sentences += title ? 0 : 1;
            vote->in_run += title && (follows || precedes) ? 1 : 0;
            vote->alone += title && !follows && !precedes && next < lines->count ? 1 : 0;
        }
        before = line;
        i = next - 1;
    }
}

static bool heads_by_number(const struct annex_lines *lines, size_t i, const struct vote votes[STYLE_COUNT])
{
    const struct annex_line *line = &lines->items[i];
    if (!marker_can_head(line->marker.kind) || line->cell_count > 2) {
        return false;
    }
    if (line->marker.kind == MARKER_WORD) {
        return true;
    }
    struct vote vote = votes[style_of(line)];
    return vote.alone > 0 && vote.alone * 2 >= vote.in_run && is_numbered_title(line->body) && !is_wrapped(lines, i);
}

/* A heading by what the file says or by bold or capital letters. */
static bool heads_by_form(const struct annex_lines *lines, size_t i)
{
    const struct annex_line *line = &lines->items[i];
    if (line->line->heading > 0) {
        return true;
    }
    bool lonely = line->after_blank || i == 0 || line->line->whole || line->line->bold;
    bool formed = line->line->bold || (is_capitals(line->body) && lonely);
    return formed && line->marker.kind != MARKER_GLYPH && line->cell_count == 1 && annex_line_is_title(line->body) &&
           !annex_line_continues(lines, i, SIZE_MAX) && (line->line->whole || line->line->bold || !is_wrapped(lines, i));
}

/* A short unmarked line before a list, or (where nothing stronger heads sections) alone before content. */
static bool heads_by_place(const struct annex_lines *lines, size_t i, bool strong_elsewhere)
{
    const struct annex_line *line = &lines->items[i], *next = line + 1;
    if (line->marker.kind != MARKER_NONE || line->cell_count != 1 || i + 1 >= lines->count || next->role == LINE_HEADING ||
        !annex_line_is_title(line->body) || word_count(line->body) > 8 || annex_line_continues(lines, i, SIZE_MAX)) {
        return false;
    }
    bool colon = line->body.data[line->body.len - 1] == ':';
    if (colon && (strong_elsewhere || word_count(line->body) > 2)) {
        return false;
    }
    bool list = next->marker.kind != MARKER_NONE && (i == 0 || line->after_blank || line[-1].marker.kind != MARKER_NONE);
    /* A name above a paragraph that says more: "Zutrittskontrolle" and then a sentence. */
    bool named = word_count(line->body) <= 3 && (i == 0 || line->after_blank || line[-1].role == LINE_HEADING) &&
                 next->marker.kind == MARKER_NONE && next->cell_count == 1 && word_count(next->body) >= 6;
    if (named && !colon) {
        return true;
    }
    bool apart = !strong_elsewhere && (i == 0 || line->after_blank) && next->after_blank && !annex_line_is_title(next->body);
    return list || apart;
}

static void assign_headings(struct annex_lines *lines)
{
    struct vote votes[STYLE_COUNT] = {{0, 0, 0}};
    size_t strong = 0;
    count_votes(lines, votes);
    for (size_t i = 0; i < lines->count; i++) {
        if (heads_by_form(lines, i) || heads_by_number(lines, i, votes)) {
            lines->items[i].role = LINE_HEADING;
            strong++;
        }
    }
    for (size_t i = 0; i < lines->count; i++) {
        if (lines->items[i].role != LINE_HEADING && heads_by_place(lines, i, strong > 1)) {
            lines->items[i].role = LINE_HEADING;
            lines->items[i].weak = true;
        }
    }
}

static void assign_rows(struct annex_lines *lines)
{
    size_t kept = 0;
    for (size_t i = 0; i < lines->count; i++) {
        struct annex_line *line = &lines->items[i];
        bool table = line->cell_count > 1 && line->role != LINE_HEADING && line->marker.kind != MARKER_GLYPH;
        if (table && line->body.data[0] == '|' && cells_are_rule(line)) {
            if (kept > 0 && lines->items[kept - 1].role == LINE_ROW) {
                lines->items[kept - 1].table_head = true;
            }
            continue;
        }
        if (table) {
            line->role = LINE_ROW;
            line->table_head = names_columns(line);
        } else if (line->role != LINE_HEADING) {
            line->role = line->marker.kind != MARKER_NONE ? LINE_ITEM : LINE_TEXT;
        }
        lines->items[kept++] = *line;
    }
    lines->count = kept;
}

/* A number alone on its line (a cell of a flattened table) belongs to the text below. */
static bool is_lone_number(const struct annex_line *line)
{
    bool numbered = line->marker.kind >= MARKER_DOT && line->marker.kind <= MARKER_LOWER;
    return numbered && line->body.len == 0;
}

static void add_line(struct annex_lines *lines, const struct document_line *line, bool after_blank)
{
    struct annex_line *item = &lines->items[lines->count];
    *item = (struct annex_line){.line = line, .after_blank = after_blank, .marker = marker_read(line->text)};
    item->body = slice_from(line->text, item->marker.length);
    if (item->marker.kind != MARKER_NONE && marker_is_prose(lines, lines->count)) {
        item->marker = (struct marker){.kind = MARKER_NONE};
        item->body = line->text;
    }
    if (lines->count > 0 && item->marker.kind == MARKER_NONE && is_lone_number(item - 1)) {
        item->marker = item[-1].marker;
        item->after_blank = item[-1].after_blank;
        item[-1] = *item;
        lines->count--;
        item--;
    }
    read_cells(item);
    lines->count++;
}

enum err annex_lines_classify(struct arena *arena, const struct document *document, struct annex_lines *ret_lines)
{
    struct annex_lines lines = {.wide_columns = wide_columns(document), .markdown = document->format == DOCUMENT_MARKDOWN};
    bool after_blank = false, new_page = false;
    lines.items = arena_alloc_array(arena, document->line_count + 1, sizeof(*lines.items));
    if (lines.items == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < document->line_count; i++) {
        const struct document_line *line = &document->lines[i];
        new_page = new_page || line->page_start;
        if (line->dropped || line->text.len == 0) {
            after_blank = after_blank || line->text.len == 0;
            continue;
        }
        /* The end of a page may cut a sentence: the blank lines there are the margin's. */
        if (new_page && lines.count > 0 &&
            (letter_is_lower(text_first(line->text)) || is_open(lines.items[lines.count - 1].body))) {
            after_blank = false;
        }
        new_page = false;
        add_line(&lines, line, after_blank);
        after_blank = false;
    }
    assign_headings(&lines);
    assign_rows(&lines);
    *ret_lines = lines;
    return ERR_NONE;
}

bool annex_line_continues(const struct annex_lines *lines, size_t i, size_t item_indent)
{
    if (i == 0 || i >= lines->count) {
        return false;
    }
    const struct annex_line *line = &lines->items[i], *before = line - 1;
    if (line->after_blank || line->marker.kind != MARKER_NONE || before->line->whole || before->line->heading > 0 ||
        line->line->heading > 0 || line->line->bold != before->line->bold || before->body.len == 0) {
        return false;
    }
    /* A page break inside a sentence leaves no blank line; one between paragraphs is caught by the rules below. */
    uint8_t last = before->body.data[before->body.len - 1];
    if (lines->markdown && last != ':') {
        return true;
    }
    if (letter_is_lower(text_first(line->body)) || is_open(before->body)) {
        return true;
    }
    bool below_title = marker_can_head(before->marker.kind) && is_numbered_title(before->body) && word_count(line->body) >= 5;
    if (item_indent != SIZE_MAX && line->line->indent >= item_indent + 2 && last != ':' && !below_title) {
        return true;
    }
    size_t first_word = text_first_word(line->body).len;
    return last != ':' && lines->wide_columns != SIZE_MAX && before->line->width + 1 + first_word > lines->wide_columns;
}
