/* What catalogue_make writes: the C tables of catalogue_tables.h, and docs/measures.md. Sources are checked before. */
#ifndef VOGT_MEASURE_CATALOGUE_EMIT_H
#define VOGT_MEASURE_CATALOGUE_EMIT_H

#include "measure/catalogue_source.h"

/* Faulty patterns are printed and counted in the source; then what was written is of no use. */
enum err emit_tables(struct buf *out, struct source *source, const char *version) must_check;
enum err emit_page(struct buf *out, const struct source *source) must_check;

#endif
