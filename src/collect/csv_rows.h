/*
 * CSV (RFC 4180), as people and providers export it: fields by comma, semicolon or tab, quotes doubled within quotes, lines ended by LF or CR LF, a byte order
 * mark passed over. Hostile bytes: bounded in rows and fields, and a quote in the wrong place is malformed, never guessed. Owns nothing but the arena's memory.
 */
#ifndef VOGT_COLLECT_CSV_ROWS_H
#define VOGT_COLLECT_CSV_ROWS_H

#include "base/arena.h"

enum { CSV_FIELDS_MAX = 128, CSV_ROWS_MAX = 20000 };

struct csv {
    struct slice rest;
    uint8_t separator;
    size_t line;                    /* of the row that was read last, from 1 */
    size_t rows;
};

/* The separator is what stands most often in the first line; ',' if none does. */
struct csv csv_open(struct slice text);
/* The next row that is not empty. ERR_NOT_FOUND at the end, ERR_MALFORMED (line says where), ERR_TOO_LARGE. Fields live in the text or the arena. */
enum err csv_row(struct csv *csv, struct arena *arena, struct slice ret_fields[CSV_FIELDS_MAX], size_t *ret_count) must_check;

#endif
