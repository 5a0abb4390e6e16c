/*
 * Reads the text of a PDF by the confined child program pdftotext: bytes in, at most 4 MiB of text out, within a deadline.
 * Page headers, footers and numbers are dropped. Never parses PDF itself.
 */
#ifndef VOGT_MEASURE_PDF_TEXT_H
#define VOGT_MEASURE_PDF_TEXT_H

#include "measure/document.h"

enum err pdf_text_read(struct arena *arena, struct slice bytes, struct document *ret_document,
                       struct complaint *complaint) must_check;

#endif
