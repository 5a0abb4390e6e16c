#include "measure/annex_reading.h"

#include <string.h>

enum { LEAD_MAX_BYTES = 600 };

enum err reading_complain(struct reading *reading, enum err err, struct text text, size_t line, struct slice detail)
{
    return complain(reading->complaint, err, text, line, 0, (const char *)detail.data, detail.len);
}

struct slice reading_plain(struct arena *arena, struct slice text)
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

bool text_has_letter(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0xc3 || ((text.data[i] | 0x20) >= 'a' && (text.data[i] | 0x20) <= 'z')) {
            return true;
        }
    }
    return false;
}

enum err reading_leave_out(struct reading *reading, struct piece piece)
{
    struct json *item = json_append(reading->left_out, json_new(reading->arena, JSON_OBJECT));
    json_set_string(reading->arena, item, "text", slice_first(piece.text, ANNEX_CLAUSE_MAX_BYTES));
    return json_set_u64(reading->arena, item, "line", piece.line) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* Sections start with the one for text before any heading, which is only written once it has a clause. */
enum err section_write(struct reading *reading, struct slice number, struct slice title, size_t line)
{
    if (reading->sections->count >= ANNEX_MAX_SECTIONS) {
        return reading_complain(reading, ERR_INVALID,
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
    if (!text_has_letter(text)) {
        return text.len == 0 ? ERR_NONE : reading_leave_out(reading, piece);
    }
    if (text.len > ANNEX_CLAUSE_MAX_BYTES) {
        return reading_complain(reading, ERR_INVALID,
                           TEXT("a sentence is longer than 4,000 bytes. Break it into sentences or items, one promise each",
                                "Ein Satz ist länger als 4.000 Bytes. Bitte in Sätze oder Aufzählungspunkte teilen, je "
                                "Zusage einer"),
                           piece.line, slice_first(text, 80));
    }
    if (reading->clauses->count >= ANNEX_MAX_CLAUSES) {
        return reading_complain(reading, ERR_INVALID,
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
static enum err add_clause(struct reading *reading, struct piece piece, struct slice lead)
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

enum err held_release(struct reading *reading)
{
    struct piece held = reading->held;
    reading->held = (struct piece){.line = 0};
    return held.text.len == 0 ? ERR_NONE : add_clause(reading, held, reading->held_lead);
}

bool ends_with_colon(struct slice text)
{
    return text.len > 1 && text.data[text.len - 1] == ':';
}

/* A sentence or an item: a clause now, or held because it leads a list. */
enum err clause_or_lead(struct reading *reading, struct piece piece, struct slice lead)
{
    enum err err = held_release(reading);
    if (err != ERR_NONE || !ends_with_colon(piece.text)) {
        return err != ERR_NONE ? err : add_clause(reading, piece, lead);
    }
    reading->held = piece;
    reading->held_lead = lead;
    return ERR_NONE;
}

struct slice lead_join(struct reading *reading, struct slice above, struct slice own)
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
