/*
 * Blocks: consecutive lines become a paragraph, an item or a row (annex_lines); each closed block is cut into clauses.
 *
 *   heading -> section_open            text -> block_open(paragraph)       item -> item_open (nests by indent and marker)
 *   row     -> row_read                a line that goes on -> block_add    end of block -> block_close -> clause_add
 *
 * A sentence that ends in ":" waits in `held`: the items below take it as their lead; if none comes it is a clause itself.
 */
#include "measure/annex.h"

#include <string.h>

#include "measure/annex_line.h"
#include "measure/sentence.h"

enum { NEST_MAX = 16, LEAD_MAX_BYTES = 600, STARTS_MAX = 256, BLOCK_MAX_BYTES = 1024 * 1024, HEADINGS_DEEP = 12 };

struct piece {                     /* a text with its place */
    struct slice text, raw;
    size_t line;
};

struct nest {
    size_t indent;
    unsigned key;                  /* nest_key */
    struct slice lead;             /* what its sub-items get */
};

struct section {
    struct slice id;
    unsigned style;                /* what headings of the same kind share */
    size_t children;               /* counted sub-sections */
};

struct reading {
    struct arena *arena;
    const struct annex_lines *lines;
    struct hyphens hyphens;
    struct complaint *complaint;
    struct json *sections, *clauses, *left_out;
    struct slice title;
    bool in_preamble;              /* nothing but title lines so far */
    struct section stack[HEADINGS_DEEP];
    size_t depth;
    struct slice section_id;
    size_t section_clauses, counted;
    struct nest nests[NEST_MAX];
    size_t nest_count;
    struct slice list_lead;        /* of the list that is being read */
    struct piece held;             /* ends in ":"; text.len 0: none */
    struct slice held_lead;
};

static enum err complain_at(struct reading *reading, enum err err, struct text text, size_t line, struct slice detail)
{
    return complain(reading->complaint, err, text, line, 0, (const char *)detail.data, detail.len);
}

/* Markdown's marks inside a line: ** __ ` and [text](target) give their text alone. */
static struct slice plain_of(struct arena *arena, struct slice text)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (out == NULL) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i], next = i + 1 < text.len ? text.data[i + 1] : 0;
        if ((c == '*' || c == '_') && next == c) {
            i++;
        } else if (c == '\\' && next != 0 && strchr("*_-#.[]()|`+", next) != NULL) {
            out[len++] = next;
            i++;
        } else if (c == ']' && next == '(') {
            size_t close = slice_find_byte(slice_first(slice_from(text, i), 2000), ')');
            i = close == SIZE_MAX ? i + 1 : i + close;
        } else if (c != '`' && c != '*' && !(c == '[' && slice_find(slice_first(slice_from(text, i), 500), SLICE_LITERAL("](")) != SIZE_MAX)) {
            out[len++] = c;
        }
    }
    return slice_of(out, len);
}

static bool has_letter(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0xc3 || ((text.data[i] | 0x20) >= 'a' && (text.data[i] | 0x20) <= 'z')) {
            return true;
        }
    }
    return false;
}

static enum err leave_out(struct reading *reading, struct piece piece)
{
    struct json *item = json_append(reading->left_out, json_new(reading->arena, JSON_OBJECT));
    json_set_string(reading->arena, item, "text", slice_first(piece.text, ANNEX_CLAUSE_MAX_BYTES));
    return json_set_u64(reading->arena, item, "line", piece.line) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Sections start with the one for text before any heading, which is only written once it has a clause. */
static enum err section_write(struct reading *reading, struct slice number, struct slice title, size_t line)
{
    if (reading->sections->count >= ANNEX_MAX_SECTIONS) {
        return complain_at(reading, ERR_INVALID,
                           TEXT("the annex has more than 500 sections. Adopt the annex alone, without what is around it",
                                "Der Anhang hat mehr als 500 Abschnitte. Bitte nur den Anhang selbst übernehmen"),
                           line, title);
    }
    struct json *item = json_append(reading->sections, json_new(reading->arena, JSON_OBJECT));
    json_set_string(reading->arena, item, "id", reading->section_id);
    json_set_string(reading->arena, item, "number", number);
    json_set_string(reading->arena, item, "title", title);
    return json_set_u64(reading->arena, item, "line", line) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err clause_add_one(struct reading *reading, struct piece piece, struct slice lead)
{
    struct slice text = sentence_trim(piece.text);
    if (!has_letter(text)) {
        return text.len == 0 ? ERR_NONE : leave_out(reading, piece);
    }
    if (text.len > ANNEX_CLAUSE_MAX_BYTES) {
        return complain_at(reading, ERR_INVALID,
                           TEXT("a sentence is longer than 4,000 bytes. Break it into sentences or items, one promise each",
                                "Ein Satz ist länger als 4.000 Bytes. Bitte in Sätze oder Aufzählungspunkte teilen, je "
                                "Zusage einer"),
                           piece.line, slice_first(text, 80));
    }
    if (reading->clauses->count >= ANNEX_MAX_CLAUSES) {
        return complain_at(reading, ERR_INVALID,
                           TEXT("the annex has more than 5,000 sentences. Adopt the annex alone, without what is around it",
                                "Der Anhang hat mehr als 5.000 Sätze. Bitte nur den Anhang selbst übernehmen"),
                           piece.line, SLICE_NONE);
    }
    if (reading->sections->count == 0) {
        reading->section_id = SLICE_LITERAL("0");
        enum err err = section_write(reading, SLICE_NONE, SLICE_NONE, piece.line);
        if (err != ERR_NONE) {
            return err;
        }
    }
    struct arena *arena = reading->arena;
    struct json *item = json_append(reading->clauses, json_new(arena, JSON_OBJECT));
    const char *id = arena_printf(arena, "%.*s.%zu", (int)reading->section_id.len, (const char *)reading->section_id.data,
                                  ++reading->section_clauses);
    json_set_string(arena, item, "id", id == NULL ? SLICE_NONE : slice_string(id));
    json_set_string(arena, item, "section", reading->section_id);
    json_set_string(arena, item, "text", text);
    json_set_u64(arena, item, "line", piece.line);
    struct json *last = json_set_string(arena, item, "raw", slice_first(piece.raw, 2 * ANNEX_CLAUSE_MAX_BYTES));
    if (lead.len > 0) {
        last = json_set_string(arena, item, "lead", lead);
    }
    return id == NULL || last == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Copying can leave a whole list on one line: "alarm • locks • cameras" are three. */
static enum err clause_add(struct reading *reading, struct piece piece, struct slice lead)
{
    static const struct slice glyphs[] = {{(const uint8_t *)" • ", 5}, {(const uint8_t *)" ● ", 5}, {(const uint8_t *)" ▪ ", 5}};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]) && err == ERR_NONE; i++) {
        for (size_t at; err == ERR_NONE && (at = slice_find(piece.text, glyphs[i])) != SIZE_MAX;) {
            err = clause_add_one(reading, (struct piece){slice_first(piece.text, at), piece.raw, piece.line}, lead);
            piece.text = slice_from(piece.text, at + glyphs[i].len);
        }
    }
    return err == ERR_NONE ? clause_add_one(reading, piece, lead) : err;
}

static enum err release_held(struct reading *reading)
{
    struct piece held = reading->held;
    reading->held = (struct piece){.line = 0};
    return held.text.len == 0 ? ERR_NONE : clause_add(reading, held, reading->held_lead);
}

static bool ends_with_colon(struct slice text)
{
    return text.len > 1 && text.data[text.len - 1] == ':';
}

/* A sentence or an item: a clause now, or held because it leads a list. */
static enum err clause_or_lead(struct reading *reading, struct piece piece, struct slice lead)
{
    enum err err = release_held(reading);
    if (err != ERR_NONE || !ends_with_colon(piece.text)) {
        return err != ERR_NONE ? err : clause_add(reading, piece, lead);
    }
    reading->held = piece;
    reading->held_lead = lead;
    return ERR_NONE;
}

static struct slice lead_of(struct reading *reading, struct slice above, struct slice own)
{
    if (above.len == 0 || own.len == 0) {
        return above.len == 0 ? own : above;
    }
    if (above.len + own.len > LEAD_MAX_BYTES) {
        return own;
    }
    const char *both = arena_printf(reading->arena, "%.*s %.*s", (int)above.len, (const char *)above.data, (int)own.len,
                                    (const char *)own.data);
    return both == NULL ? own : slice_string(both);
}

/* The joined text of a block, with the line on which each part of it began. */
struct block {
    struct buf text;
    struct { size_t offset, line; } starts[STARTS_MAX];
    size_t start_count;
    struct slice first_raw, last_raw;
};

static enum err block_add(struct reading *reading, struct block *block, const struct annex_line *line, struct slice body)
{
    struct slice plain = plain_of(reading->arena, body);
    if (plain.data == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = sentence_join(&block->text, plain, &reading->hyphens);
    if (err == ERR_TOO_LARGE) {
        return complain_at(reading, ERR_INVALID,
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

static enum err text_read(struct reading *reading, size_t *i)
{
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    enum err err = release_held(reading);
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
        reading->list_lead = lead_of(reading, reading->held_lead, reading->held.text);
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
    if (reading->nest_count < NEST_MAX) {
        reading->nests[reading->nest_count++] =
            (struct nest){line->line->indent, nest_key(reading, &line->marker), lead_of(reading, lead, own)};
    }
}

static enum err item_read(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    struct slice lead = item_lead(reading, line);
    enum err err = block_collect(reading, i, line->line->indent, &block);
    struct slice text = err == ERR_NONE ? arena_copy(reading->arena, sentence_trim(buf_slice(&block.text))) : SLICE_NONE;
    if (err == ERR_NONE && text.data == NULL) {
        err = block.text.len == 0 ? ERR_NONE : ERR_TOO_LARGE;
    } else if (err == ERR_NONE && line->marker.checkbox == CHECKBOX_OFF) {
        err = leave_out(reading, (struct piece){text, block_raw(&block), line->line->number});
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
static enum err row_read(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    struct block block = {.text = BUF_INIT(BLOCK_MAX_BYTES), .start_count = 0};
    struct slice label = SLICE_NONE;
    bool refused = false;
    size_t used = 0;
    enum err err = release_held(reading);
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
        if (!has_letter(cell) || text_word_in(cell, yes_words) || text_word_in(cell, no_words)) {
            continue;
        }
        if (used++ == 0) {
            label = plain_of(reading->arena, cell);
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
        err = leave_out(reading, (struct piece){used == 1 ? slice_trim(line->line->raw) : label, line->line->raw, line->line->number});
    } else if (err == ERR_NONE && used > 0) {
        err = block_sentences(reading, &block, label);
    }
    buf_free(&block.text);
    return err;
}

static bool section_exists(const struct reading *reading, struct slice id)
{
    for (const struct json *item = reading->sections->first; item != NULL; item = item->next) {
        if (slice_equal(json_text(item, "id", SLICE_NONE), id)) {
            return true;
        }
    }
    return false;
}

static bool number_is_used(const struct reading *reading, struct slice id)
{
    for (size_t i = 0; i < reading->lines->count; i++) {
        const struct annex_line *line = &reading->lines->items[i];
        if (line->role == LINE_HEADING && slice_equal(line->marker.number, id)) {
            return true;
        }
    }
    return false;
}

static struct slice id_print(struct arena *arena, struct slice parent, size_t count)
{
    const char *id = parent.len == 0 ? arena_printf(arena, "%zu", count)
                                     : arena_printf(arena, "%.*s.%zu", (int)parent.len, (const char *)parent.data, count);
    return id == NULL ? SLICE_NONE : slice_string(id);
}

/* The number as written (below its parent's unless it holds it already), else a count that no written number uses. */
static struct slice section_id(struct reading *reading, const struct marker *marker, struct section *parent)
{
    struct slice above = parent == NULL ? SLICE_NONE : parent->id, id = marker->number;
    size_t *count = parent == NULL ? &reading->counted : &parent->children;
    if (id.len > 0 && above.len > 0 && marker->depth < 2) {
        const char *joined = arena_printf(reading->arena, "%.*s.%.*s", (int)above.len, (const char *)above.data, (int)id.len,
                                          (const char *)id.data);
        id = joined == NULL ? SLICE_NONE : slice_string(joined);
    } else if (id.len == 0) {
        do {
            id = id_print(reading->arena, above, ++*count);
        } while (id.len > 0 && (section_exists(reading, id) || number_is_used(reading, id)));
        return id;
    }
    struct slice unique = id;
    for (size_t copy = 2; unique.len > 0 && section_exists(reading, unique); copy++) {
        const char *next = arena_printf(reading->arena, "%.*s-%zu", (int)id.len, (const char *)id.data, copy);
        unique = next == NULL ? SLICE_NONE : slice_string(next);
    }
    return unique;
}

/* Headings of one style stand on one level; the file's own levels count first. */
static unsigned heading_style(const struct annex_line *line)
{
    if (line->line->heading > 0) {
        return line->line->heading;
    }
    unsigned kind = (unsigned)line->marker.kind * 8 + (line->marker.depth > 7 ? 7 : line->marker.depth);
    return 100 + kind + (line->weak ? 1000 : 0) + (line->line->bold && line->marker.kind == MARKER_NONE ? 500 : 0);
}

static bool style_is_above(unsigned above, const struct annex_line *line)
{
    unsigned style = heading_style(line);
    if (above < 100 && style < 100) {
        return above < style;
    }
    bool nested = line->marker.depth > 1 && above >= 100 && above < 500;
    return nested ? (above - 100) % 8 < line->marker.depth : above != style;
}

static struct section *find_parent(struct reading *reading, const struct annex_line *line)
{
    unsigned style = heading_style(line);
    for (size_t i = reading->depth; i > 0; i--) {
        if (reading->stack[i - 1].style == style) {
            reading->depth = i - 1;
            break;
        }
    }
    while (reading->depth > 0 && !style_is_above(reading->stack[reading->depth - 1].style, line)) {
        reading->depth--;
    }
    if (reading->depth == HEADINGS_DEEP) {
        reading->depth--;
    }
    return reading->depth == 0 ? NULL : &reading->stack[reading->depth - 1];
}

static enum err section_open(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    enum err err = release_held(reading);
    struct slice title = plain_of(reading->arena, line->body);
    reading->nest_count = 0;
    reading->list_lead = SLICE_NONE;
    if (line->body.len == 0 && *i + 1 < reading->lines->count && (line[1].role == LINE_TEXT || line[1].weak) &&
        annex_line_is_title(line[1].body)) {
        title = plain_of(reading->arena, line[1].body);
        ++*i;
    }
    if (ends_with_colon(title)) {
        title.len--;
    }
    struct section *parent = find_parent(reading, line);
    struct slice id = section_id(reading, &line->marker, parent);
    if (err != ERR_NONE || id.len == 0) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    reading->stack[reading->depth++] = (struct section){id, heading_style(line), 0};
    reading->section_id = id;
    reading->section_clauses = 0;
    return section_write(reading, line->marker.number, slice_first(title, 500), line->line->number);
}

/* Is there no other heading on this one's level, or above it, but some below? Then it names the document. */
static bool heads_alone(const struct annex_lines *lines, size_t i)
{
    const struct annex_line *line = &lines->items[i];
    size_t below = 0;
    for (size_t k = i + 1; k < lines->count; k++) {
        const struct annex_line *other = &lines->items[k];
        if (other->role != LINE_HEADING) {
            continue;
        }
        unsigned level = line->line->heading, other_level = other->line->heading;
        if (heading_style(other) == heading_style(line) || (level > 0 && other_level > 0 && other_level < level)) {
            return false;
        }
        below++;
    }
    return below > 0;
}

/* How many lines at the start are title: unnumbered titles before the first numbered or deeper heading, or before any heading. */
static size_t title_lines(struct reading *reading)
{
    const struct annex_lines *lines = reading->lines;
    size_t count = 0;
    while (count < lines->count) {
        const struct annex_line *line = &lines->items[count];
        bool heading = line->role == LINE_HEADING;
        bool next_is_heading = count + 1 < lines->count && line[1].role == LINE_HEADING;
        if (heading ? line->marker.kind != MARKER_NONE : line->role != LINE_TEXT || !annex_line_is_title(line->body)) {
            break;
        }
        bool next_is_text = count + 1 < lines->count && line[1].role == LINE_TEXT;
        if (heading && !next_is_heading && !(next_is_text && heads_alone(lines, count))) {
            break;
        }
        count++;
    }
    bool any_heading = false;
    for (size_t i = count; i < lines->count; i++) {
        any_heading = any_heading || lines->items[i].role == LINE_HEADING;
    }
    return any_heading ? count : 0;
}

static enum err read_lines(struct reading *reading)
{
    typedef enum err (*role_fn)(struct reading *, size_t *);
    static const role_fn readers[] = {[LINE_HEADING] = section_open, [LINE_ITEM] = item_read, [LINE_ROW] = row_read,
                                      [LINE_TEXT] = text_read};
    size_t first = title_lines(reading);
    if (first > 0 && reading->title.len == 0) {
        reading->title = plain_of(reading->arena, reading->lines->items[0].line->text);
    }
    enum err err = ERR_NONE;
    for (size_t i = first; err == ERR_NONE && i < reading->lines->count; i++) {
        err = readers[reading->lines->items[i].role](reading, &i);
    }
    return err != ERR_NONE ? err : release_held(reading);
}

static enum err complain_nothing(struct reading *reading)
{
    if (reading->lines->count == 0) {
        return complain_at(reading, ERR_INVALID,
                           TEXT("the file holds no text. Give the annex as Word, PDF, Markdown or plain text",
                                "Die Datei enthält keinen Text. Bitte den Anhang als Word, PDF, Markdown oder reinen Text "
                                "angeben"),
                           1, SLICE_NONE);
    }
    return complain_at(reading, ERR_INVALID,
                       TEXT("only headings, no sentence: below the headings the annex must say what is done",
                            "Nur Überschriften, kein Satz: Unter den Überschriften muss der Anhang sagen, was getan wird"),
                       reading->lines->items[0].line->number, slice_first(reading->lines->items[0].body, 80));
}

/* A bare numbered list of one or two words each is a table of contents, no annex. */
static bool only_names(const struct reading *reading)
{
    const struct annex_lines *lines = reading->lines;
    for (size_t i = 0; i < lines->count; i++) {
        const struct annex_line *line = &lines->items[i];
        bool numbered = marker_can_head(line->marker.kind) || line->role == LINE_HEADING;
        size_t words = 0;
        for (size_t k = 0; k < line->body.len; k++) {
            words += line->body.data[k] != ' ' && (k == 0 || line->body.data[k - 1] == ' ') ? 1 : 0;
            numbered = numbered && !(line->body.data[k] >= '0' && line->body.data[k] <= '9');
        }
        if (!numbered || words > 3 || (line->body.len > 0 && !annex_line_is_title(line->body))) {
            return false;
        }
    }
    return true;
}

enum err annex_build(struct arena *arena, const struct document *document, struct json **ret_annex,
                     struct complaint *complaint)
{
    struct annex_lines lines;
    enum err err = annex_lines_classify(arena, document, &lines);
    if (err != ERR_NONE) {
        return err;
    }
    struct slice whole = SLICE_NONE;
    for (size_t i = 0; i < lines.count && document->format != DOCUMENT_DOCX; i++) {
        const struct slice raw = lines.items[i].line->raw;
        whole = i == 0 ? raw : slice_of(whole.data, (size_t)(raw.data + raw.len - whole.data));
    }
    struct json *annex = json_new(arena, JSON_OBJECT);
    struct reading reading = {.arena = arena, .lines = &lines, .complaint = complaint, .title = document->title,
                              .hyphens = {whole, 200, LANGUAGE_GERMAN}};
    cleanup_buf struct buf words = BUF_INIT(256 * 1024);
    for (size_t i = 0; i < lines.count && err == ERR_NONE && words.len < 200000; i++) {
        err = buf_append(&words, slice_first(lines.items[i].body, 20000));
        err = err == ERR_NONE ? buf_append_byte(&words, ' ') : err;
    }
    reading.hyphens.language = sentence_language(buf_slice(&words));
    json_set_string(arena, annex, "language",
                    slice_string(reading.hyphens.language == LANGUAGE_GERMAN ? "de" : "en"));
    struct json *title = json_set_string(arena, annex, "title", SLICE_NONE);
    json_set_string(arena, annex, "format", slice_string(document_format_name(document->format)));
    json_set_string(arena, annex, "encoding", slice_string(text_encoding_name(document->encoding)));
    reading.sections = json_set_array(arena, annex, "sections");
    reading.clauses = json_set_array(arena, annex, "clauses");
    reading.left_out = json_set_array(arena, annex, "left_out");
    if (err != ERR_NONE || title == NULL || reading.left_out == NULL) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    err = lines.count == 0 || only_names(&reading) ? complain_nothing(&reading) : read_lines(&reading);
    if (err == ERR_NONE && reading.clauses->count == 0) {
        err = complain_nothing(&reading);
    }
    if (err != ERR_NONE) {
        return err;
    }
    title->text = slice_first(reading.title, 500);
    *ret_annex = annex;
    return ERR_NONE;
}

enum err annex_parse(struct arena *arena, struct slice text_utf8, enum document_format format, struct json **ret_annex,
                     struct complaint *complaint)
{
    struct document document;
    enum err err = document_lines(arena, text_utf8, format, &document, complaint);
    if (err == ERR_NONE) {
        document_drop_furniture(&document);
        err = annex_build(arena, &document, ret_annex, complaint);
    }
    return err;
}

enum err annex_read(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct document document;
    struct slice name = json_text(input, "name", SLICE_NONE);
    enum err err = document_read(arena, name, raw, &document, &reply->complaint);
    if (err == ERR_NONE) {
        err = annex_build(arena, &document, &reply->output, &reply->complaint);
    }
    if (err != ERR_NONE && reply->complaint.text.english == NULL) {
        return complain(&reply->complaint, err,
                        TEXT("the document is too large to read. Adopt the annex alone, without what is around it",
                             "Das Dokument ist zu groß zum Lesen. Bitte nur den Anhang selbst übernehmen"),
                        0, 0, (const char *)name.data, name.len);
    }
    return err;
}
