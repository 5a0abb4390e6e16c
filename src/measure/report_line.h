/*
 * Text as letters of a font, and cut into lines that fit. Works on borrowed UTF-8 and owns nothing.
 * Any white space is one kind of space; invisible and control characters vanish; a letter with a
 * combining diaeresis becomes the umlaut; what the font lacks becomes U+FFFD and is marked, so that
 * the writer can say what stood there.
 */
#ifndef VOGT_MEASURE_REPORT_LINE_H
#define VOGT_MEASURE_REPORT_LINE_H

#include "measure/report_font.h"

struct report_letter {
    uint32_t code_point; /* as it stood, umlauts composed */
    uint16_t glyph;      /* never 0 */
    bool replaced;       /* the font lacks it; glyph is U+FFFD's */
};

struct report_line {
    size_t start, end;  /* bytes of the text; without the spaces around */
    bool space_follows; /* broken at a space: draw it, so that the words stay apart when copied */
    int64_t width;      /* thousandths of a point */
};

/* False at the end of the text. */
bool report_letter_next(const struct report_font *font, struct slice text, size_t *position,
                        struct report_letter *ret_letter);
/* Cuts the next line off, at least one letter long; *position moves on. False when nothing visible
 * is left. Sizes and widths in thousandths of a point. */
bool report_line_next(const struct report_font *font, int64_t size, int64_t width,
                      struct slice text, size_t *position, struct report_line *ret_line);
size_t report_line_count(const struct report_font *font, int64_t size, int64_t width,
                         struct slice text);

#endif
