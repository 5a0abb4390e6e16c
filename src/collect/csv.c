#include "collect/csv.h"

#include "base/utf8.h"

struct csv {
    struct arena *arena;
    struct slice rest;
    uint8_t separator;
    size_t line;
    struct complaint *complaint;
};

static enum err refuse(const struct csv *csv, struct text text)
{
    return complain(csv->complaint, ERR_MALFORMED, text, csv->line, 0, NULL, 0);
}

/* A quoted field without its quotes; *rest then begins behind the closing one. */
static enum err take_quoted(struct csv *csv, struct slice *ret_field)
{
    uint8_t *out = arena_alloc(csv->arena, csv->rest.len + 1);
    size_t len = 0, i = 1;
    if (out == NULL) {
        return ERR_TOO_LARGE;
    }
    for (; i < csv->rest.len; i++) {
        uint8_t byte = csv->rest.data[i];
        bool doubled = byte == '"' && i + 1 < csv->rest.len && csv->rest.data[i + 1] == '"';
        if (byte == '"' && !doubled) {
            *ret_field = slice_of(out, len);
            csv->rest = slice_from(csv->rest, i + 1);
            return ERR_NONE;
        }
        csv->line += byte == '\n' ? 1 : 0;
        i += doubled ? 1 : 0;
        out[len++] = byte;
    }
    return refuse(csv, TEXT("a quoted field does not end", "ein Feld in Anführungszeichen endet nicht"));
}

static bool ends_field(const struct csv *csv, size_t at)
{
    return at == csv->rest.len || csv->rest.data[at] == csv->separator || csv->rest.data[at] == '\n' || csv->rest.data[at] == '\r';
}

static enum err take_field(struct csv *csv, struct slice *ret_field)
{
    if (csv->rest.len > 0 && csv->rest.data[0] == '"') {
        enum err err = take_quoted(csv, ret_field);
        return err != ERR_NONE || ends_field(csv, 0) ? err : refuse(csv, TEXT("something stands behind a closing quote", "hinter einem schließenden Anführungszeichen steht noch etwas"));
    }
    size_t end = 0;
    while (!ends_field(csv, end)) {
        end++;
    }
    *ret_field = slice_trim(slice_first(csv->rest, end));
    csv->rest = slice_from(csv->rest, end);
    return ERR_NONE;
}

/* One row; *rest then begins with the next one. */
static enum err take_row(struct csv *csv, struct slice *fields, size_t *ret_count)
{
    size_t count = 0;
    for (;;) {
        if (count == CSV_COLUMNS_MAX) {
            return refuse(csv, TEXT("more columns than allowed", "mehr Spalten als erlaubt"));
        }
        enum err err = take_field(csv, &fields[count++]);
        if (err != ERR_NONE) {
            return err;
        }
        if (csv->rest.len == 0 || csv->rest.data[0] != csv->separator) {
            break;
        }
        csv->rest = slice_from(csv->rest, 1);
    }
    bool carriage = csv->rest.len > 0 && csv->rest.data[0] == '\r';
    csv->rest = slice_from(csv->rest, carriage ? 1 : 0);
    if (csv->rest.len > 0 && csv->rest.data[0] != '\n') {
        return refuse(csv, TEXT("a line ends with a carriage return alone", "eine Zeile endet mit einem Wagenrücklauf allein"));
    }
    csv->rest = slice_from(csv->rest, csv->rest.len > 0 ? 1 : 0);
    csv->line++;
    *ret_count = count;
    return ERR_NONE;
}

static enum err take_names(struct csv *csv, struct slice *names, size_t *ret_count)
{
    enum err err = take_row(csv, names, ret_count);
    for (size_t i = 0; err == ERR_NONE && i < *ret_count; i++) {
        char *name = arena_string(csv->arena, names[i]);
        for (size_t j = 0; name != NULL && j < names[i].len; j++) {
            name[j] = name[j] >= 'A' && name[j] <= 'Z' ? (char)(name[j] | 0x20) : name[j];
        }
        names[i] = slice_of(name, name == NULL ? 0 : names[i].len);
        bool bad = names[i].len == 0 || slice_find_byte(names[i], '\0') != SIZE_MAX;
        for (size_t j = 0; j < i; j++) {
            bad = bad || slice_equal(names[i], names[j]);
        }
        err = bad ? refuse(csv, TEXT("a column has no name, or one that another has as well", "eine Spalte hat keinen Namen oder den einer anderen")) : ERR_NONE;
    }
    return err;
}

enum err csv_read(struct arena *arena, struct slice text, struct json **ret_rows, struct complaint *complaint)
{
    struct slice names[CSV_COLUMNS_MAX], fields[CSV_COLUMNS_MAX];
    size_t column_count = 0, field_count = 0;
    static const struct slice mark = SLICE_INIT("\xef\xbb\xbf");
    struct csv csv = {.arena = arena, .rest = slice_starts(text, mark) ? slice_from(text, mark.len) : text, .line = 1, .complaint = complaint};
    struct slice first = slice_first(csv.rest, slice_find_byte(csv.rest, '\n'));
    csv.separator = slice_find_byte(first, ';') != SIZE_MAX && slice_find_byte(first, ',') == SIZE_MAX ? ';' : ',';
    if (!utf8_valid(text)) {
        return refuse(&csv, TEXT("this is not UTF-8", "das ist kein UTF-8"));
    }
    struct json *rows = json_new(arena, JSON_ARRAY);
    enum err err = take_names(&csv, names, &column_count);
    while (err == ERR_NONE && csv.rest.len > 0) {
        err = take_row(&csv, fields, &field_count);
        if (err == ERR_NONE && field_count == 1 && fields[0].len == 0) {
            continue;                   /* an empty line */
        }
        if (err == ERR_NONE && field_count != column_count) {
            csv.line--;
            err = refuse(&csv, TEXT("this row has another number of fields than the first one", "diese Zeile hat eine andere Anzahl von Feldern als die erste"));
        }
        if (err == ERR_NONE && rows != NULL && rows->count == CSV_ROWS_MAX) {
            err = ERR_TOO_LARGE;
        }
        struct json *row = err == ERR_NONE ? json_append(rows, json_new(arena, JSON_OBJECT)) : NULL;
        for (size_t i = 0; err == ERR_NONE && i < column_count; i++) {
            err = json_set_string(arena, row, (const char *)names[i].data, fields[i]) == NULL ? ERR_TOO_LARGE : ERR_NONE;
        }
    }
    if (err == ERR_NONE) {
        *ret_rows = rows;
    }
    return err == ERR_NONE && rows == NULL ? ERR_TOO_LARGE : err;
}
