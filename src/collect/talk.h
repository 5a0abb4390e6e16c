/*
 * The few words that a protocol speaks before TLS begins, over a stream: lines, fixed counts, or text up to a mark. Bytes are read in
 * chunks and held here, bounded; whatever is left once TLS shall begin was sent too early, which is a violation, never passed on.
 * Owns nothing: the stream stays the caller's.
 */
#ifndef VOGT_COLLECT_TALK_H
#define VOGT_COLLECT_TALK_H

#include "collect/stream.h"

enum { TALK_HELD_MAX_BYTES = 16384, TALK_LINES_MAX = 200 };

struct talk {
    struct stream *stream;
    size_t from, until;                   /* of held: what was read and not yet taken */
    uint8_t held[TALK_HELD_MAX_BYTES];
};

void talk_begin(struct talk *talk, struct stream *stream);
enum err talk_say(struct talk *talk, struct slice words) must_check;
/* What is taken is borrowed until the next call. ERR_TOO_LARGE past TALK_HELD_MAX_BYTES, else the stream's errors. */
enum err talk_line(struct talk *talk, struct slice *ret_line) must_check;          /* without its end of line */
enum err talk_bytes(struct talk *talk, size_t count, struct slice *ret_bytes) must_check;
enum err talk_until(struct talk *talk, struct slice mark, struct slice *ret_text) must_check; /* with the mark */
/* ERR_PROTOCOL when the peer said more than it should before TLS. */
enum err talk_end(const struct talk *talk) must_check;

#endif
