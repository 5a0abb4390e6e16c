/*
 * Replies of a container engine (HTTP/1.1, RFC 9112) out of a stream of bytes: status and body, by Content-Length or in chunks, one reply at a time.
 * Hostile bytes: everything is bounded, and what can be read in two ways is malformed. Owns its buffers.
 */
#ifndef VOGT_COLLECT_ENGINE_REPLY_H
#define VOGT_COLLECT_ENGINE_REPLY_H

#include "base/bytes.h"

enum { ENGINE_HEAD_MAX_BYTES = 32768, ENGINE_BODY_MAX_BYTES = 8 << 20 };

enum engine_part { PART_HEAD, PART_BODY, PART_CHUNK_SIZE, PART_CHUNK, PART_CHUNK_END, PART_TRAILER, PART_DONE };

struct engine_reply {
    enum engine_part part;
    bool without_body;              /* the answer to HEAD */
    unsigned status;
    uint64_t left_bytes;            /* of the body, or of this chunk */
    struct buf line;                /* of the head or between chunks, not whole yet */
    size_t head_bytes;
    bool chunked, sized;
    struct buf body;
};

#define ENGINE_REPLY_INIT(is_head) \
    ((struct engine_reply){.without_body = (is_head), .line = BUF_INIT(ENGINE_HEAD_MAX_BYTES), .body = BUF_INIT(ENGINE_BODY_MAX_BYTES)})

/* Takes bytes as they come; whole once part is PART_DONE. ERR_MALFORMED (bytes after the end too), ERR_TOO_LARGE. */
enum err engine_reply_feed(struct engine_reply *reply, struct slice bytes) must_check;
void engine_reply_free(struct engine_reply *reply);

#endif
