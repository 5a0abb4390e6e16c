#include "collect/csv.h"

static size_t count_byte(struct slice text, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len && text.data[i] != '\n'; i++) {
        count += text.data[i] == byte ? 1 : 0;
    }
    return count;
}

struct csv csv_open(struct slice text)
{
    static const uint8_t separators[] = {',', ';', '\t'};
    struct slice mark = SLICE_LITERAL("\xef\xbb\xbf");
    text = slice_starts(text, mark) ? slice_from(text, mark.len) : text;
    uint8_t best = ',';
    for (size_t i = 0; i < sizeof separators; i++) {
        best = count_byte(text, separators[i]) > count_byte(text, best) ? separators[i] : best;
    }
    return (struct csv){.rest = text, .separator = best};
}

/* A quoted field from its opening quote on; *text moves behind the closing one. Doubled quotes make a copy necessary. */
static enum err read_quoted(struct csv *csv, struct arena *arena, struct slice *ret_field)
{
    size_t end = 1, doubled = 0, lines = 0;
    const struct slice text = csv->rest;
    while (end < text.len && (text.data[end] != '"' || (end + 1 < text.len && text.data[end + 1] == '"'))) {
        lines += text.data[end] == '\n' ? 1 : 0;
        doubled += text.data[end] == '"' ? 1 : 0;
        end += text.data[end] == '"' ? 2 : 1;
    }
    if (end >= text.len) {
        return ERR_MALFORMED;
    }
    struct slice inside = slice_first(slice_from(text, 1), end - 1);
    csv->rest = slice_from(text, end + 1);
    csv->line += lines;
    *ret_field = inside;
    if (doubled == 0) {
        return ERR_NONE;
    }
    uint8_t *copy = arena_alloc(arena, inside.len);
    size_t len = 0;
    if (copy == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < inside.len; i++) {
        copy[len++] = inside.data[i];
        i += inside.data[i] == '"' ? 1 : 0;
    }
    *ret_field = slice_of(copy, len);
    return ERR_NONE;
}

/* LF, CR LF, or CR as the last byte of all. */
static bool ends_line(struct slice rest)
{
    return rest.data[0] == '\n' || (rest.data[0] == '\r' && (rest.len == 1 || rest.data[1] == '\n'));
}

static enum err read_field(struct csv *csv, struct arena *arena, struct slice *ret_field)
{
    if (csv->rest.len > 0 && csv->rest.data[0] == '"') {
        return read_quoted(csv, arena, ret_field);
    }
    size_t end = 0;
    while (end < csv->rest.len && csv->rest.data[end] != csv->separator && !ends_line(slice_from(csv->rest, end))) {
        if (csv->rest.data[end] == '"' || csv->rest.data[end] == '\0' || csv->rest.data[end] == '\r') {
            return ERR_MALFORMED;
        }
        end++;
    }
    struct slice field = slice_first(csv->rest, end);
    csv->rest = slice_from(csv->rest, end);
    *ret_field = slice_trim(field);
    return ERR_NONE;
}

/* One line of fields. */
static enum err read_line(struct csv *csv, struct arena *arena, struct slice fields[CSV_FIELDS_MAX], size_t *ret_count)
{
    size_t count = 0;
    csv->line++;
    for (;;) {
        if (count == CSV_FIELDS_MAX) {
            return ERR_TOO_LARGE;
        }
        enum err err = read_field(csv, arena, &fields[count++]);
        if (err != ERR_NONE) {
            return err;
        }
        if (csv->rest.len > 0 && csv->rest.data[0] == '\r' && ends_line(csv->rest)) {
            csv->rest = slice_from(csv->rest, 1);
        }
        uint8_t next = csv->rest.len == 0 ? '\n' : csv->rest.data[0];
        if (next != '\n' && next != csv->separator) {
            return ERR_MALFORMED; /* something behind a closing quote */
        }
        csv->rest = slice_from(csv->rest, 1);
        if (next == '\n') {
            *ret_count = count;
            return ERR_NONE;
        }
    }
}

enum err csv_row(struct csv *csv, struct arena *arena, struct slice ret_fields[CSV_FIELDS_MAX], size_t *ret_count)
{
    while (csv->rest.len > 0) {
        enum err err = csv->rows == CSV_ROWS_MAX ? ERR_TOO_LARGE : read_line(csv, arena, ret_fields, ret_count);
        if (err != ERR_NONE) {
            return err;
        }
        csv->rows++;
        if (*ret_count > 1 || ret_fields[0].len > 0) {
            return ERR_NONE;
        }
    }
    return ERR_NOT_FOUND;
}
