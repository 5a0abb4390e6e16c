/* Sections: their level, their number or count, and which headings only name the document. */
#include "measure/annex_reading.h"

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
    if (reading->depth == READING_HEADINGS_DEEP) {
        reading->depth--;
    }
    return reading->depth == 0 ? NULL : &reading->stack[reading->depth - 1];
}

enum err section_open(struct reading *reading, size_t *i)
{
    const struct annex_line *line = &reading->lines->items[*i];
    enum err err = held_release(reading);
    struct slice title = reading_plain(reading->arena, line->body);
    reading->nest_count = 0;
    reading->list_lead = SLICE_NONE;
    if (line->body.len == 0 && *i + 1 < reading->lines->count && (line[1].role == LINE_TEXT || line[1].weak) &&
        annex_line_is_title(line[1].body)) {
        title = reading_plain(reading->arena, line[1].body);
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
size_t title_line_count(struct reading *reading)
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
