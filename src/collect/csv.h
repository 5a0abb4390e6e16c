/*
 * Comma-separated values (RFC 4180), as people and providers export them: fields by comma, semicolon or tab, quotes doubled within quotes, lines ended by LF or
 * CR LF, a byte order mark passed over. Hostile bytes: bounded in rows and fields; a quote in the wrong place, NUL, or a carriage return alone is malformed, never
 * guessed. Owns nothing but the arena's memory.
 */
#ifndef VOGT_COLLECT_CSV_H
#define VOGT_COLLECT_CSV_H

#include "base/json.h"

enum { CSV_FIELDS_MAX = 128, CSV_ROWS_MAX = 50000 };

struct csv {
    struct slice rest;
    uint8_t separator;
    size_t line;                    /* of the row that was read last, from 1; of its last line, where fields go over several */
    size_t rows;
};

/* The separator is what stands most often in the first line; ',' if none does. */
struct csv csv_open(struct slice text);
/* The next row that is not empty. ERR_NOT_FOUND at the end, ERR_MALFORMED (line says where), ERR_TOO_LARGE. Fields live in the text or the arena. */
enum err csv_row(struct csv *csv, struct arena *arena, struct slice ret_fields[CSV_FIELDS_MAX], size_t *ret_count) must_check;

/* csv_table.c: an array of objects, one a row, all members strings, named by the first row in lower case. UTF-8 only. A row of another length than the first, or a
 * name twice or empty, is ERR_MALFORMED with the line. */
enum err csv_table(struct arena *arena, struct slice text, struct json **ret_rows, struct complaint *complaint) must_check;

#endif
