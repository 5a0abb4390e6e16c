/* What report_sheet.c (drawing) and report_sheet_write.c (pages, tags, bookmarks, fonts) share. Not
 * for other files. */
#ifndef VOGT_MEASURE_REPORT_SHEET_INSIDE_H
#define VOGT_MEASURE_REPORT_SHEET_INSIDE_H

#include "measure/report_sheet.h"

/* Under a tag stand other tags, or pieces of the pages' content. */
struct kid {
    struct tag *tag; /* NULL: a piece */
    const struct sheet_page *page;
    size_t mark; /* the piece's number on its page */
    struct kid *next;
};

struct tag {
    const char *role, *attributes;
    struct tag *parent, *next; /* next: in order of creation */
    struct kid *first, *last;
    uint32_t object;
};

/* Piece n of a page belongs to the tag of the n-th mark. */
struct mark {
    const struct tag *tag;
    struct mark *next;
};

struct sheet_page {
    uint32_t object, content;
    size_t number; /* from 0 */
    struct mark *first, *last;
    size_t mark_count;
    struct sheet_page *next;
};

struct bookmark {
    struct slice title;
    unsigned level;
    const struct sheet_page *page;
    int64_t y;
    uint32_t object;
    struct bookmark *parent, *previous, *next; /* siblings */
    struct bookmark *first, *last;
    size_t count;               /* of children */
    struct bookmark *following; /* in order of creation */
};

/* One line of letters as a text object, starting at x on the baseline y. */
void sheet_letters(struct report_file *errors, struct buf *content, const struct style *style,
                   int64_t x, int64_t y, struct slice text, bool space_follows);
void sheet_say(struct report_file *errors, struct buf *content, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
