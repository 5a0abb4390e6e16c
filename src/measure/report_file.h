/*
 * The bytes of a PDF 1.7 file: numbered objects, streams, text strings, the cross-reference table
 * (ISO 32000-1, 7.5). It knows nothing of pages. The first failure stays in `err` and every later
 * call does nothing, so that callers check once, at the end. Same calls, same bytes: no clock, no
 * randomness; the file identifier is a digest of the content.
 */
#ifndef VOGT_MEASURE_REPORT_FILE_H
#define VOGT_MEASURE_REPORT_FILE_H

#include "base/bytes.h"

struct report_file {
    struct buf *out;    /* borrowed; its maximum bounds the file */
    struct buf offsets; /* u64 an object, 0: not written yet */
    enum err err;
};

struct report_file report_file_of(struct buf *out); /* writes the header */
void report_file_free(struct report_file *file);

uint32_t report_file_object(struct report_file *file); /* the next object number */
void report_file_begin(struct report_file *file, uint32_t object);
void report_file_end(struct report_file *file);
void report_file_printf(struct report_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* UTF-8 as a text string, cut after REPORT_STRING_LETTERS; control characters left out. */
enum { REPORT_STRING_LETTERS = 250 };
void report_file_string(struct report_file *file, struct slice text);
/* A whole stream object. `entries` go into its dictionary. */
void report_file_stream(struct report_file *file, uint32_t object, const char *entries,
                        struct slice data);
void report_file_stream_deflated(struct report_file *file, uint32_t object, const char *entries,
                                 struct slice data);
/* Bytes that are deflated already. */
void report_file_stream_packed(struct report_file *file, uint32_t object, const char *entries,
                               struct slice packed);
/* Cross-reference table and trailer. Every object must have been written. */
enum err report_file_finish(struct report_file *file, uint32_t root) must_check;

#endif
