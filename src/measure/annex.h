/*
 * The annex: a signed document read into sections and clauses. One clause is one sentence, one item of a list or one row of
 * a table, cleaned, with the place and the wording it was read from. Nothing that stands in the document is left out silently:
 * what is no clause (boxes not ticked, rows that say "no") is listed under "left_out".
 *
 *   {"language":"de","title":"…","format":"markdown","encoding":"utf-8",
 *    "sections":[{"id":"3","number":"3","title":"…","line":7}],
 *    "clauses":[{"id":"3.1","section":"3","text":"…","line":12,"raw":"…","lead":"…"}],
 *    "left_out":[{"text":"…","line":14}]}
 *
 * A clause's id is its section's id and a running number. A section's id is its number as written, else a count; a number that
 * comes twice gets "-2". Text before the first heading belongs to section "0". "lead" is the sentence or item above that ends
 * in ":" (or the label of a row); it is only there where there is one.
 */
#ifndef VOGT_MEASURE_ANNEX_H
#define VOGT_MEASURE_ANNEX_H

#include "measure/document.h"
#include "process/worker.h"

enum {
    ANNEX_MAX_SECTIONS = 500,
    ANNEX_MAX_CLAUSES = 5000,
    ANNEX_CLAUSE_MAX_BYTES = 4000,
};

/* The lines of any document -> the tree, in the arena. ERR_INVALID with a complaint when there is no clause or a limit is passed. */
enum err annex_build(struct arena *arena, const struct document *document, struct json **ret_annex,
                     struct complaint *complaint) must_check;

/* Plain text or Markdown in UTF-8 -> the tree. */
enum err annex_parse(struct arena *arena, struct slice text_utf8, enum document_format format, struct json **ret_annex,
                     struct complaint *complaint) must_check;

/* Work "annex.read": the file's bytes in `raw`, {"name":"annex.docx"} -> the tree. */
enum err annex_read(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
