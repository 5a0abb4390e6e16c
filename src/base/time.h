/*
 * Time is an argument: only role main loops call clock_now. Wall time in milliseconds since 1970 UTC, monotonic time in
 * nanoseconds; durations as Vault writes them: "90", "90s", "5m", "1h30m", "30d".
 */
#ifndef VOGT_BASE_TIME_H
#define VOGT_BASE_TIME_H

#include "base/bytes.h"

struct instant {
    int64_t unix_ms;
    int64_t mono_ns;                   /* CLOCK_BOOTTIME: goes on through suspend */
};

struct instant clock_now(void);

enum { RFC3339_BYTES = 25 };           /* "2026-11-23T09:27:32.123Z" and NUL */
void rfc3339_format(int64_t unix_ms, char out[RFC3339_BYTES]);
enum err rfc3339_parse(struct slice text, int64_t *ret_unix_ms) must_check;   /* Z and ±hh:mm, 0-9 digits of fraction */
enum err duration_parse(struct slice text, uint64_t *ret_seconds) must_check; /* units s m h d w y(365d) */
/* For people, in the two largest units: "2 h 5 min", "3 days", "gerade eben"… Returns the length. */
size_t duration_words(int64_t seconds, enum language language, char *out, size_t out_bytes);

#endif
