/*
 * What each line of a document is: heading, item of a list, row of a table, or text. Headings are told from numbered items by
 * what the whole document does with a style: numbers with content between them head sections, numbers in a row are a list.
 * Lives in the arena; borrows from the document.
 */
#ifndef VOGT_MEASURE_ANNEX_LINE_H
#define VOGT_MEASURE_ANNEX_LINE_H

#include "measure/annex_marker.h"
#include "measure/document.h"

enum line_role { LINE_UNKNOWN, LINE_HEADING, LINE_ITEM, LINE_ROW, LINE_TEXT };

enum { ROW_MAX_CELLS = 8 };

struct annex_line {
    const struct document_line *line;
    struct marker marker;
    struct slice body;             /* behind the marker */
    enum line_role role;
    bool after_blank;              /* a blank line stands before it */
    bool weak;                     /* a heading only by how it looks */
    bool table_head;               /* a row that only names the columns */
    struct slice cells[ROW_MAX_CELLS];
    size_t cell_count;             /* 1 for what is no row */
};

struct annex_lines {
    struct annex_line *items;      /* without blank and dropped lines */
    size_t count;
    size_t wide_columns;           /* where the document wraps its lines; SIZE_MAX if it does not */
    bool markdown;
};

enum err annex_lines_classify(struct arena *arena, const struct document *document, struct annex_lines *ret_lines) must_check;

/* Does line `i` go on the paragraph or item that line i - 1 ended? `item_indent` is the column of the item's marker, SIZE_MAX in text. */
bool annex_line_continues(const struct annex_lines *lines, size_t i, size_t item_indent);

/* Short, begins like a title, and has no full stop. */
bool annex_line_is_title(struct slice body);

#endif
