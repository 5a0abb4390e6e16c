/*
 * Comma-separated values (RFC 4180): a first row of names, then rows of as many fields; comma or semicolon, whichever the first row has; CR LF or LF;
 * quotes doubled within quotes; UTF-8 with or without its mark. Strict: a row of another length, a name twice, bytes behind a closing quote are refused.
 */
#ifndef VOGT_COLLECT_CSV_H
#define VOGT_COLLECT_CSV_H

#include "base/json.h"

enum { CSV_COLUMNS_MAX = 64, CSV_ROWS_MAX = 50000 };

/* An array of objects, one a row, all members strings; names in lower case. ERR_MALFORMED with the line, ERR_TOO_LARGE. */
enum err csv_read(struct arena *arena, struct slice text, struct json **ret_rows, struct complaint *complaint) must_check;

#endif
