/*
 * What makes a PDF an archive file (PDF/A-3, conformance level A; ISO 19005-3): metadata, the
 * colour space that is meant, the document's language, and the embedded evidence. Owns nothing.
 */
#ifndef VOGT_MEASURE_REPORT_ARCHIVE_H
#define VOGT_MEASURE_REPORT_ARCHIVE_H

#include "measure/report_sheet.h"

struct archive {
    struct slice title, company, language; /* language: "de" or "en" */
    int64_t generated_unix_ms;
    struct slice evidence; /* the bundle's bytes; empty: nothing is embedded */
    struct slice evidence_about;
};

#define EVIDENCE_FILE_NAME "evidence.vogt-evidence.json"

/* Writes catalogue and all that hangs on it, then ends the file. */
enum err archive_finish(struct sheet *sheet, const struct archive *archive,
                        uint32_t outlines) must_check;

/* An ICC profile (version 4.2) of sRGB, IEC 61966-2-1. */
enum err archive_profile(struct buf *out) must_check;

#endif
