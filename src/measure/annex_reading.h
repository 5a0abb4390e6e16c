/*
 * The state of reading one annex, shared by annex.c, annex_section.c, annex_block.c and annex_clause.c; nobody else includes it.
 * Everything lives in the arena.
 */
#ifndef VOGT_MEASURE_ANNEX_READING_H
#define VOGT_MEASURE_ANNEX_READING_H

#include "measure/annex.h"
#include "measure/annex_line.h"
#include "measure/sentence.h"

enum { READING_NEST_MAX = 16, READING_HEADINGS_DEEP = 12 };

struct piece {                     /* a text with its place */
    struct slice text, raw;
    size_t line;
};

struct nest {
    size_t indent;
    unsigned key;                  /* nest_key */
    struct slice lead;             /* what its sub-items get */
};

struct section {
    struct slice id;
    unsigned style;                /* what headings of the same kind share */
    size_t children;               /* counted sub-sections */
};

struct reading {
    struct arena *arena;
    const struct annex_lines *lines;
    struct hyphens hyphens;
    struct complaint *complaint;
    struct json *sections, *clauses, *left_out;
    struct slice title;
    bool in_preamble;              /* nothing but title lines so far */
    struct section stack[READING_HEADINGS_DEEP];
    size_t depth;
    struct slice section_id;
    size_t section_clauses, counted;
    struct nest nests[READING_NEST_MAX];
    size_t nest_count;
    struct slice list_lead;        /* of the list that is being read */
    struct piece held;             /* ends in ":"; text.len 0: none */
    struct slice held_lead;
};

/* annex_clause.c: sections, clauses and what is left out, written to the tree. */
enum err reading_complain(struct reading *reading, enum err err, struct text text, size_t line, struct slice detail) must_check;
/* Markdown's marks inside a line: ** __ ` and [text](target) give their text alone. data NULL: the arena is full. */
struct slice reading_plain(struct arena *arena, struct slice text);
bool text_has_letter(struct slice text);
bool ends_with_colon(struct slice text);
enum err reading_leave_out(struct reading *reading, struct piece piece) must_check;
enum err section_write(struct reading *reading, struct slice number, struct slice title, size_t line) must_check;
enum err clause_or_lead(struct reading *reading, struct piece piece, struct slice lead) must_check;
enum err held_release(struct reading *reading) must_check;
struct slice lead_join(struct reading *reading, struct slice above, struct slice own);

/* annex_block.c: each takes the line *i and those that go on it, and leaves *i on the last. */
enum err text_read(struct reading *reading, size_t *i) must_check;
enum err item_read(struct reading *reading, size_t *i) must_check;
enum err row_read(struct reading *reading, size_t *i) must_check;

/* annex_section.c */
enum err section_open(struct reading *reading, size_t *i) must_check;
/* How many lines at the start name the document and are no content. */
size_t title_line_count(struct reading *reading);

#endif
