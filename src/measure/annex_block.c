/*
 * Blocks: consecutive lines become a paragraph, an item or a row (annex_lines); each closed block is cut into clauses.
 *
 *   heading -> section_open            text -> block_open(paragraph)       item -> item_open (nests by indent and marker)
 *   row     -> row_read                a line that goes on -> block_add    end of block -> block_close -> clause_or_lead
 *
 * A sentence that ends in ":" waits in `held`: the items below take it as their lead; if none comes it is a clause itself.
 */
#include "measure/annex_reading.h"

#include <string.h>

enum { STARTS_MAX = 256, BLOCK_MAX_BYTES = 1024 * 1024 };

/* The joined text of a block, with the line on which each part of it began. */
struct block {
    struct buf text;
    struct { size_t offset, line; } starts[STARTS_MAX];
    size_t start_count;
    struct slice first_raw, last_raw;
};

static enum err block_add(struct reading *reading, struct block *block, const struct annex_line *line, struct slice body)
{
    struct slice plain = reading_plain(reading->arena, body);
    if (plain.data == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = sentence_join(&block->text, plain, &reading->hyphens);
    if (err == ERR_TOO_LARGE) {
        return reading_complain(reading, ERR_INVALID,
                           TEXT("a paragraph is longer than a megabyte; this is no annex that people read",
                                "Ein Absatz ist länger als ein Megabyte; das ist kein Anhang, den Menschen lesen"),
                           line->line->number, SLICE_NONE);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (block->start_count == 0) {
        block->first_raw = line->line->raw;
    }
    if (block->start_count < STARTS_MAX) {
        size_t part = block->text.len > plain.len ? block->text.len - plain.len : 0;
        block->starts[block->start_count].offset = part;
        block->starts[block->start_count++].line = line->line->number;
    }
    block->last_raw = line->line->raw;
    return ERR_NONE;
}

static size_t block_line(const struct block *block, size_t offset)
{
    size_t line = block->starts[0].line;
    for (size_t i = 1; i < block->start_count && block->starts[i].offset <= offset; i++) {
        line = block->starts[i].line;
    }
    return line;
}

/* From the first line to the last as they stood, where they lie in one piece (Word's lines do not). */
static struct slice block_raw(const struct block *block)
{
    const uint8_t *start = block->first_raw.data, *end = block->last_raw.data + block->last_raw.len;
    bool one_piece = end >= start && (size_t)(end - start) <= 2 * block->text.len + 4000 && block->first_raw.data != NULL;
    return slice_trim(one_piece ? slice_of(start, (size_t)(end - start)) : block->first_raw);
}

static enum err block_sentences(struct reading *reading, const struct block *block, struct slice lead)
{
    struct slice text = buf_slice(&block->text), sentence;
    size_t position = 0;
    while (sentence_next(text, &position, &sentence)) {
        size_t offset = (size_t)(sentence.data - text.data);
        struct slice copy = arena_copy(reading->arena, sentence);
        if (copy.data == NULL) {
            return ERR_TOO_LARGE;
        }
        struct piece piece = {copy, block_raw(block), block_line(block, offset)};
        enum err err = clause_or_lead(reading, piece, lead);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* Takes line *i and those that go on it. */
static enum err block_collect(struct reading *reading, size_t *i, size_t item_indent, struct block *block)
{
    const struct annex_lines *lines = reading->lines;
    enum err err = block_add(reading, block, &lines->items[*i], lines->items[*i].body);
    while (err == ERR_NONE && *i + 1 < lines->count && lines->items[*i + 1].role == LINE_TEXT &&
           annex_line_continues(lines, *i + 1, item_indent)) {
        ++*i;
        err = block_add(reading, block, &lines->items[*i], lines->items[*i].body);
    }
    return err;
}

enum err text_read(struct reading *reading, size_t *i)
{
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    enum err err = held_release(reading);
    reading->nest_count = 0;
    reading->list_lead = SLICE_NONE;
    if (err == ERR_NONE) {
        err = block_collect(reading, i, SIZE_MAX, &block);
    }
    if (err == ERR_NONE) {
        err = block_sentences(reading, &block, SLICE_NONE);
    }
    buf_free(&block.text);
    return err;
}

/* What items of one list share: the kind of marker, and the glyph where glyphs are told apart. */
static unsigned nest_key(const struct reading *reading, const struct marker *marker)
{
    bool glyphs_differ = marker->kind == MARKER_GLYPH && !reading->lines->markdown;
    return (unsigned)marker->kind * 256 + (glyphs_differ ? marker->ordinal : 0);
}

/* Leaves on the stack the items that the new one stands below: a deeper indent or another marker goes below, the same marker
 * beside. Returns whether the new item is the first below the top one. */
static bool nests_close(struct reading *reading, size_t indent, unsigned key)
{
    while (reading->nest_count > 1 && reading->nests[reading->nest_count - 1].indent > indent + 1) {
        reading->nest_count--;
    }
    struct nest *top = &reading->nests[reading->nest_count - 1];
    if (indent > top->indent + 1) {
        return true;
    }
    for (size_t i = reading->nest_count; i > 0 && reading->nests[i - 1].indent + 1 >= indent; i--) {
        if (reading->nests[i - 1].key == key) {
            reading->nest_count = i - 1;
            return false;
        }
    }
    if (top->indent > indent + 1) {
        reading->nest_count--;
        return false;
    }
    return true;
}

/* Finds the item's place in the nest and what leads it. A held sentence is spent when the item stands right below it. */
static struct slice item_lead(struct reading *reading, const struct annex_line *line)
{
    size_t before = reading->nest_count;
    if (before == 0) {
        reading->list_lead = lead_join(reading, reading->held_lead, reading->held.text);
        reading->held = (struct piece){.line = 0};
        return reading->list_lead;
    }
    if (nests_close(reading, line->line->indent, nest_key(reading, &line->marker)) && reading->nest_count == before) {
        reading->held = (struct piece){.line = 0};
    }
    return reading->nest_count == 0 ? reading->list_lead : reading->nests[reading->nest_count - 1].lead;
}

/* Later items below this one get what it says, unless it is a paragraph: of that only the sentence before the list. */
static void nest_push(struct reading *reading, const struct annex_line *line, struct slice lead, struct slice text)
{
    struct slice own = reading->held.text.len > 0 ? reading->held.text : text;
    if (reading->held.text.len == 0 && marker_is_paragraph(&line->marker)) {
        own = SLICE_NONE;
    }
    if (reading->nest_count < READING_NEST_MAX) {
        reading->nests[reading->nest_count++] =
            (struct nest){line->line->indent, nest_key(reading, &line->marker), lead_join(reading, lead, own)};
    }
}

enum err item_read(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    struct slice lead = item_lead(reading, line);
    enum err err = block_collect(reading, i, line->line->indent, &block);
    struct slice text = err == ERR_NONE ? arena_copy(reading->arena, sentence_trim(buf_slice(&block.text))) : SLICE_NONE;
    if (err == ERR_NONE && text.data == NULL) {
        err = block.text.len == 0 ? ERR_NONE : ERR_TOO_LARGE;
    } else if (err == ERR_NONE && line->marker.checkbox == CHECKBOX_OFF) {
        err = reading_leave_out(reading, (struct piece){text, block_raw(&block), line->line->number});
    } else if (err == ERR_NONE && marker_is_paragraph(&line->marker)) {
        err = block_sentences(reading, &block, lead);
    } else if (err == ERR_NONE) {
        err = clause_or_lead(reading, (struct piece){text, block_raw(&block), line->line->number}, lead);
    }
    if (err == ERR_NONE) {
        nest_push(reading, line, lead, text);
    }
    buf_free(&block.text);
    return err;
}

static const char yes_words[] = " ja yes x ✓ ✔ ☑ ☒ [x] umgesetzt erfüllt implemented done vorhanden active aktiv ok ";
static const char no_words[] = " nein no ☐ [ ] n/a offen open entfällt ";

/* A row: the first of several cells is the label, the others hold the sentences. */
enum err row_read(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    struct slice label = SLICE_NONE;
    bool refused = false;
    size_t used = 0;
    enum err err = held_release(reading);
    reading->nest_count = 0;
    if (line->table_head) {
        return err;
    }
    for (size_t k = 0; err == ERR_NONE && k < line->cell_count; k++) {
        struct slice cell = line->cells[k];
        struct marker marker = marker_read(cell);
        cell = marker.kind == MARKER_GLYPH ? slice_from(cell, marker.length) : cell;
        refused = refused || marker.checkbox == CHECKBOX_OFF;
        refused = refused || text_word_in(cell, no_words);
        if (!text_has_letter(cell) || text_word_in(cell, yes_words) || text_word_in(cell, no_words)) {
            continue;
        }
        if (used++ == 0) {
            label = reading_plain(reading->arena, cell);
            continue;
        }
        err = block_add(reading, &block, line, cell);
    }
    size_t next = *i + 1;
    while (err == ERR_NONE && next < reading->lines->count && reading->lines->items[next].role == LINE_TEXT && used > 1 &&
           !reading->lines->items[next].after_blank && reading->lines->items[next].line->indent > line->line->indent + 3) {
        err = block_add(reading, &block, &reading->lines->items[next], reading->lines->items[next].body);
        *i = next++;
    }
    if (err == ERR_NONE && used == 1) {
        err = block_add(reading, &block, line, label);
        label = SLICE_NONE;
    }
    if (err == ERR_NONE && used > 0 && refused) {
        err = reading_leave_out(reading, (struct piece){used == 1 ? slice_trim(line->line->raw) : label, line->line->raw, line->line->number});
    } else if (err == ERR_NONE && used > 0) {
        err = block_sentences(reading, &block, label);
    }
    buf_free(&block.text);
    return err;
}
