/*
 * The fonts of the report: subsets of DejaVu Sans, cut from the font files of the build machine by
 * report_font_make and compiled in, because the judge opens no file. Glyph n of the first
 * `point_count` stands for points[n-1].code_point (glyph 0 is the missing glyph), so one glyph
 * means one character and what is drawn can be read back as text. Constant; owns nothing.
 */
#ifndef VOGT_MEASURE_REPORT_FONT_H
#define VOGT_MEASURE_REPORT_FONT_H

#include "base/bytes.h"

struct report_point {
    uint32_t code_point;
    uint16_t width; /* thousandths of the font size */
};

struct report_font {
    const char *name;                            /* PostScript name with the tag of a subset */
    int16_t box[4], ascent, descent, cap_height; /* thousandths of the font size */
    uint16_t missing_width;
    const struct report_point *points; /* rising code points */
    size_t point_count;
    const uint8_t *packed; /* the TrueType file, deflated (RFC 1950) */
    size_t packed_bytes, plain_bytes;
};

extern const struct report_font report_font_regular;
extern const struct report_font report_font_bold;

/* Its glyph, or 0 when the font has none. */
uint16_t report_font_glyph(const struct report_font *font, uint32_t code_point);
uint16_t report_font_width(const struct report_font *font, uint16_t glyph);

#endif
