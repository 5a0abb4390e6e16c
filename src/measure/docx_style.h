/*
 * Styles and numbering of a Word file: which styles are headings, and the numbers that Word prints before paragraphs but does
 * not store in their text. Lives in the arena.
 */
#ifndef VOGT_MEASURE_DOCX_STYLE_H
#define VOGT_MEASURE_DOCX_STYLE_H

#include "base/arena.h"
#include "measure/docx_package.h"

enum { DOCX_LEVELS = 9, DOCX_NO_NUMBER = -1 };

struct docx_style {
    struct slice id;
    unsigned heading;              /* 1 to 9, 0: none */
    bool title, contents, bold;
    long num_id, level;            /* DOCX_NO_NUMBER: none */
};

struct docx_styles {
    struct docx_style *items;
    size_t count;
};

struct docx_numbering;

/* An absent part gives an empty table. ERR_INVALID with a complaint when the part is broken. */
enum err docx_styles_read(struct arena *arena, const struct buf *part, struct docx_styles *ret_styles,
                          struct complaint *complaint) must_check;
const struct docx_style *docx_style_find(const struct docx_styles *styles, struct slice id); /* NULL: unknown */
enum err docx_numbering_read(struct arena *arena, const struct buf *part, struct docx_numbering **ret_numbering,
                             struct complaint *complaint) must_check;

/* Counts one paragraph and appends what Word prints before it ("3.1 ", "• "), nothing for an unknown list. */
enum err docx_number_print(struct docx_numbering *numbering, long num_id, long level, struct buf *out) must_check;

#endif
