/*
 * The parts of a request's target: percent-decoding, queries and forms. Strict: a broken escape, a
 * control character or text that is not UTF-8 is refused, never guessed. Owns nothing.
 */
#ifndef VOGT_NET_URL_H
#define VOGT_NET_URL_H

#include "base/json.h"

/* A target as it stands in the request line, cut at '?'; "https://host" in front of it is dropped.
 * Borrowed. */
struct target {
    struct slice path;  /* not decoded, begins with '/' */
    struct slice query; /* not decoded, without '?' */
};
enum err target_split(struct slice text, struct target *ret_target) must_check; /* ERR_MALFORMED */

/* Appends the decoded path. ERR_MALFORMED, ERR_TOO_LARGE (of the buf). */
enum err url_decode_path(struct buf *out, struct slice text) must_check;

/* "a=1&b=x+y" as an object of strings; a name alone gets "". A name twice is ERR_MALFORMED.
 * `complaint` may be NULL. */
enum err url_decode_form(struct arena *arena, struct slice text, struct json **ret_object,
                         struct complaint *complaint) must_check;

/* Appends `text` with everything but letters, digits and "-._~/" escaped. */
enum err url_encode_path(struct buf *out, struct slice text) must_check;

#endif
