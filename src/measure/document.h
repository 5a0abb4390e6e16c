/*
 * A document: the lines of an annex, whatever file they came in. Word and PDF are read into the same lines as plain text,
 * so that one reader of sections and sentences serves them all.
 * Lines live in the arena; a document owns nothing.
 */
#ifndef VOGT_MEASURE_DOCUMENT_H
#define VOGT_MEASURE_DOCUMENT_H

#include "base/arena.h"
#include "measure/text_decode.h"

enum {
    DOCUMENT_MAX_BYTES = 8 * 1024 * 1024,
    DOCUMENT_MAX_LINES = 200000,
};

enum document_format { DOCUMENT_TEXT, DOCUMENT_MARKDOWN, DOCUMENT_DOCX, DOCUMENT_PDF };

const char *document_format_name(enum document_format format); /* "docx" */

struct document_line {
    struct slice raw;          /* as it stood, in UTF-8, without its line end */
    struct slice text;         /* clean, without blanks in front */
    size_t number;             /* from 1; of a Word file: the paragraph */
    size_t indent;             /* columns before the text; a tab goes to the next multiple of 4 */
    size_t width;              /* columns in all */
    unsigned heading;          /* 1 to 9 when the file itself says so, 0 if not */
    bool bold;                 /* all of it */
    bool whole;                /* a paragraph of its own, never wrapped */
    bool page_start;           /* the first of a page */
    bool dropped;              /* page header, footer or number, rule, fence: no content */
};

struct document {
    enum document_format format;
    enum text_encoding encoding;
    struct slice title;        /* when the file itself names one, else empty */
    struct document_line *lines;
    size_t line_count;
};

/* Plain text or Markdown, in valid UTF-8, to lines. */
enum err document_lines(struct arena *arena, struct slice utf8, enum document_format format,
                        struct document *ret_document, struct complaint *complaint) must_check;

/* Any file, told apart by its bytes; `name` only helps to know Markdown. One clear complaint for what cannot be read. */
enum err document_read(struct arena *arena, struct slice name, struct slice bytes, struct document *ret_document,
                       struct complaint *complaint) must_check;

/* Fills a line from its text as it stood. ERR_TOO_LARGE: the arena is full. */
enum err document_line_set(struct arena *arena, struct slice raw, struct document_line *line) must_check;

/* Marks what repeats on the top and bottom of pages, and page numbers, as dropped. */
void document_drop_furniture(struct document *document);

#endif
