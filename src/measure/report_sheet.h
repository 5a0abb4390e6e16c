/*
 * Sheets of paper: flows text down A4 pages from top to bottom, breaks pages, and keeps beside what
 * is drawn the tree of tags (what is a heading, a paragraph, a table cell; ISO 32000-1, 14.7
 * and 14.8) and the bookmarks. Lengths are thousandths of a point, y counts from the lower edge.
 * Owns the content of the current page; all else lives in the arena. The first failure stays in
 * file.err.
 */
#ifndef VOGT_MEASURE_REPORT_SHEET_H
#define VOGT_MEASURE_REPORT_SHEET_H

#include "base/arena.h"
#include "measure/report_file.h"
#include "measure/report_font.h"

enum {
    SHEET_WIDTH = 595276,
    SHEET_HEIGHT = 841890,
    SHEET_LEFT = 62000,
    SHEET_RIGHT = SHEET_WIDTH - 62000,
    SHEET_TOP = SHEET_HEIGHT - 76000,
    SHEET_BOTTOM = 70000,
    SHEET_PAGES_MAX = 4000,
};

struct tint {
    uint8_t red, green, blue;
};

struct style {
    bool bold;
    int64_t size, leading;
    struct tint tint;
};

/* Where a column of text stands. */
struct column {
    int64_t left, width;
};

struct tag; /* a node of the tree of tags */
struct sheet_page;
struct bookmark;

struct sheet {
    struct report_file file;
    struct arena *arena;
    struct buf content; /* of the page that is being filled */
    int64_t y;          /* the upper edge of what comes next */
    uint32_t fonts[2], pages_object, tree_object;
    struct sheet_page *first_page, *page;
    size_t page_count;
    struct tag *first_tag, *last_tag, *document;
    struct bookmark *first_bookmark, *last_bookmark;
};

/* What stands at the head and foot of every page. */
struct sheet_margins {
    struct slice head_left, head_right, foot_left;
    enum language language;
};

void sheet_start(struct sheet *sheet, struct arena *arena, struct buf *out);
void sheet_free(struct sheet *sheet);

/* A node below `parent` (NULL: the document itself). role is a standard structure type, attributes
 * PDF text or "". */
struct tag *sheet_tag(struct sheet *sheet, struct tag *parent, const char *role,
                      const char *attributes);
void sheet_break(struct sheet *sheet); /* a new page, unless this one is empty */
void sheet_need(struct sheet *sheet,
                int64_t height); /* a new page, unless so much is left on this one */
void sheet_space(struct sheet *sheet, int64_t height); /* none at the top of a page */
/* Text under a tag, over as many lines and pages as it takes. */
void sheet_text(struct sheet *sheet, struct tag *tag, const struct style *style,
                struct column column, struct slice text);
int64_t sheet_text_height(const struct style *style, struct column column, struct slice text);
void sheet_bookmark(
    struct sheet *sheet, unsigned level,
    struct slice title); /* of the place where the next text will stand; level 0 or 1 */

/* Decoration: filled shapes, never content. `path` is a printf of PDF path operators. */
void sheet_shape(struct sheet *sheet, struct tint tint, int64_t x, int64_t y, int64_t scale,
                 const char *path);
void sheet_box(struct sheet *sheet, struct tint tint, int64_t x, int64_t y, int64_t width,
               int64_t height);

/* Writes pages, tags, bookmarks and fonts. *ret_outlines is 0 when there are no bookmarks. */
void sheet_finish(struct sheet *sheet, const struct sheet_margins *margins, uint32_t *ret_outlines);

#endif
