#include "base/utf8.h"
#include "collect/csv.h"

static enum err refuse(const struct csv *csv, struct text text, struct complaint *complaint)
{
    return complain(complaint, ERR_MALFORMED, text, csv->line, 0, NULL, 0);
}

static enum err read_row(struct csv *csv, struct arena *arena, struct slice fields[CSV_FIELDS_MAX], size_t *ret_count, struct complaint *complaint)
{
    enum err err = csv_row(csv, arena, fields, ret_count);
    return err != ERR_MALFORMED ? err : refuse(csv, TEXT("a quote, NUL or carriage return stands where none may", "ein Anführungszeichen, NUL oder Wagenrücklauf steht, wo keines stehen darf"), complaint);
}

static enum err read_names(struct csv *csv, struct arena *arena, struct slice names[CSV_FIELDS_MAX], size_t *ret_count, struct complaint *complaint)
{
    enum err err = read_row(csv, arena, names, ret_count, complaint);
    if (err == ERR_NOT_FOUND) {
        return refuse(csv, TEXT("there is no row of names", "es gibt keine Zeile mit Namen"), complaint);
    }
    for (size_t i = 0; err == ERR_NONE && i < *ret_count; i++) {
        char *name = arena_lower(arena, names[i]);
        names[i] = slice_of(name, name == NULL ? 0 : names[i].len);
        bool bad = names[i].len == 0 || slice_find_byte(names[i], '\0') != SIZE_MAX;
        for (size_t j = 0; j < i; j++) {
            bad = bad || slice_equal(names[i], names[j]);
        }
        err = bad ? refuse(csv, TEXT("a column has no name, or one that another has as well", "eine Spalte hat keinen Namen oder den einer anderen"), complaint) : ERR_NONE;
    }
    return err;
}

enum err csv_table(struct arena *arena, struct slice text, struct json **ret_rows, struct complaint *complaint)
{
    struct slice names[CSV_FIELDS_MAX], fields[CSV_FIELDS_MAX];
    size_t column_count = 0, field_count = 0;
    struct csv csv = csv_open(text);
    struct json *rows = json_new(arena, JSON_ARRAY);
    enum err err = !utf8_valid(text) ? refuse(&csv, TEXT("this is not UTF-8", "das ist kein UTF-8"), complaint) : rows == NULL ? ERR_TOO_LARGE : ERR_NONE;
    if (err == ERR_NONE) {
        err = read_names(&csv, arena, names, &column_count, complaint);
    }
    while (err == ERR_NONE && (err = read_row(&csv, arena, fields, &field_count, complaint)) == ERR_NONE) {
        if (field_count != column_count) {
            return refuse(&csv, TEXT("this row has another number of fields than the first one", "diese Zeile hat eine andere Anzahl von Feldern als die erste"), complaint);
        }
        struct json *row = json_append(rows, json_new(arena, JSON_OBJECT));
        for (size_t i = 0; err == ERR_NONE && i < column_count; i++) {
            err = row == NULL || json_set_string(arena, row, (const char *)names[i].data, fields[i]) == NULL ? ERR_TOO_LARGE : ERR_NONE;
        }
    }
    if (err == ERR_NOT_FOUND) {
        *ret_rows = rows;
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}
