/* What collectors share when they write facts: text made safe for JSON, bytes as base64. Facts live in the work's arena. */
#ifndef VOGT_COLLECT_FACT_H
#define VOGT_COLLECT_FACT_H

#include "base/json.h"

/* Valid UTF-8 without control characters is kept; otherwise every byte that is not printable ASCII becomes '?'. Cut to max. */
struct slice fact_text(struct arena *arena, struct slice text, size_t max_bytes);
struct json *fact_set_text(struct arena *arena, struct json *object, const char *name, struct slice text, size_t max_bytes);
struct json *fact_base64(struct arena *arena, struct slice bytes); /* a string value */

/* Reads a file beneath a directory descriptor, at most max bytes; *ret_cut says that there was more. Errors of errno. */
enum err fact_read_file(int directory_fd, const char *path, struct buf *out, bool *ret_cut) must_check;
/* The same as trimmed text in the arena; ERR_TOO_LARGE past max. */
enum err fact_read_text(struct arena *arena, int directory_fd, const char *path, size_t max_bytes,
                        struct slice *ret_text) must_check;

/* What a collector gives: {"facts":…,"plant":{"facts":…},"vantage":"local"}; planted NULL: without a plant. ERR_TOO_LARGE: facts NULL, or no room; then *ret_output is as it was. */
enum err fact_output(struct arena *arena, struct json *facts, struct json *planted, struct json **ret_output) must_check;

#endif
