/*
 * What stands before a heading or an item: "3.", "3.1.2", "§ 3", "III.", "A.", "(a)", "-", "•".
 * Pure; borrows from the text.
 */
#ifndef VOGT_MEASURE_ANNEX_MARKER_H
#define VOGT_MEASURE_ANNEX_MARKER_H

#include "base/bytes.h"

enum marker_kind {
    MARKER_NONE,
    MARKER_GLYPH,          /* - * + • – o … */
    MARKER_WORD,           /* § 3, Artikel 5, Section 2 */
    MARKER_DOT,            /* 3. and nested 3.1 3.1. */
    MARKER_BARE,           /* 3 Title */
    MARKER_PAREN,          /* 3) */
    MARKER_UPPER,          /* A. III. */
    MARKER_UPPER_PAREN,    /* A) */
    MARKER_BOTH,           /* (3) */
    MARKER_LOWER,          /* a. a) (a) i. ii) */
};

enum checkbox { CHECKBOX_NONE, CHECKBOX_ON, CHECKBOX_OFF };

struct marker {
    enum marker_kind kind;
    unsigned depth;        /* numbers in it: 2 for 3.1 */
    unsigned ordinal;      /* the last number; a = 1; of a glyph: which one */
    struct slice number;   /* "3.1", "III", "A"; empty for glyphs */
    size_t length;         /* bytes up to the text behind it */
    enum checkbox checkbox;
};

/* The marker at the start of a clean line, kind MARKER_NONE if there is none. */
struct marker marker_read(struct slice text);
/* May lines with such a marker be headings? */
bool marker_can_head(enum marker_kind kind);
/* A marker that belongs to a paragraph of a contract rather than to a short list item: (1), 3.1. */
bool marker_is_paragraph(const struct marker *marker);

#endif
