/*
 * Reads the text of a Word file (Office Open XML): paragraphs with heading styles, numbering, tables, breaks. Deleted text is
 * left out, inserted text kept. Hostile files are bounded: 32 MiB unpacked, no entities, no network, no nested archives.
 * Pure but for memory; paragraphs live in the arena.
 */
#ifndef VOGT_MEASURE_DOCX_H
#define VOGT_MEASURE_DOCX_H

#include "measure/document.h"

enum err docx_read(struct arena *arena, struct slice bytes, struct document *ret_document,
                   struct complaint *complaint) must_check;

#endif
