/*
 *   HEAD --empty line--> BODY --all of Content-Length--> DONE
 *                    \-> CHUNK_SIZE <--CHUNK_END-- CHUNK       (RFC 9112, section 7.1)
 *                              \--size 0--> TRAILER --empty line--> DONE
 * Lines end with CR LF, nothing else. Both lengths, or neither where a body may come, are malformed: a connection that stays open has no other end.
 */
#include "collect/engine_reply.h"

enum { CHUNK_LINE_MAX_BYTES = 256 };

/* "HTTP/1.1 200 OK" */
static enum err read_status(struct engine_reply *reply, struct slice line)
{
    if (line.len < 12 || !(slice_starts(line, SLICE_LITERAL("HTTP/1.1 ")) || slice_starts(line, SLICE_LITERAL("HTTP/1.0 ")))) {
        return ERR_MALFORMED;
    }
    uint64_t status = 0;
    if (slice_to_u64(slice_first(slice_from(line, 9), 3), &status) != ERR_NONE || status < 200 || status > 599 || (line.len > 12 && line.data[12] != ' ')) {
        return ERR_MALFORMED; /* no interim replies: nothing that we send asks for one */
    }
    reply->status = (unsigned)status;
    return ERR_NONE;
}

static enum err read_header(struct engine_reply *reply, struct slice line)
{
    size_t colon = slice_find_byte(line, ':');
    if (colon == SIZE_MAX || colon == 0) {
        return ERR_MALFORMED;
    }
    struct slice name = slice_first(line, colon), value = slice_trim(slice_from(line, colon + 1));
    if (slice_is_caseless(name, "content-length")) {
        bool twice = reply->sized;
        reply->sized = true;
        return twice ? ERR_MALFORMED : slice_to_u64(value, &reply->left_bytes);
    }
    if (slice_is_caseless(name, "transfer-encoding")) {
        bool twice = reply->chunked;
        reply->chunked = true;
        return twice || !slice_is_caseless(value, "chunked") ? ERR_MALFORMED : ERR_NONE;
    }
    return ERR_NONE;
}

static enum err end_head(struct engine_reply *reply)
{
    bool none = reply->without_body || reply->status == 204 || reply->status == 304;
    if (reply->status == 0 || (reply->chunked && reply->sized) || (!none && !reply->chunked && !reply->sized)) {
        return ERR_MALFORMED;
    }
    if (!none && reply->sized && reply->left_bytes > ENGINE_BODY_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    reply->part = none || (reply->sized && reply->left_bytes == 0) ? PART_DONE : reply->sized ? PART_BODY : PART_CHUNK_SIZE;
    return ERR_NONE;
}

/* Hex digits; extensions after ';' are passed over. */
static enum err read_chunk_size(struct engine_reply *reply, struct slice line)
{
    uint64_t size = 0;
    size_t count = slice_find_byte(line, ';');
    struct slice digits = slice_trim(count == SIZE_MAX ? line : slice_first(line, count));
    if (digits.len == 0 || digits.len > 8) {
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t byte = digits.data[i];
        unsigned digit = byte >= '0' && byte <= '9' ? byte - 48u : byte >= 'A' && byte <= 'F' ? byte - 55u : byte >= 'a' && byte <= 'f' ? byte - 87u : 16u;
        if (digit == 16) {
            return ERR_MALFORMED;
        }
        size = size << 4 | digit;
    }
    reply->left_bytes = size;
    reply->part = size == 0 ? PART_TRAILER : PART_CHUNK;
    return ERR_NONE;
}

static enum err take_line(struct engine_reply *reply, struct slice line)
{
    switch (reply->part) {
    case PART_HEAD:
        return line.len == 0 ? end_head(reply) : reply->status == 0 ? read_status(reply, line) : read_header(reply, line);
    case PART_CHUNK_SIZE:
        return read_chunk_size(reply, line);
    case PART_CHUNK_END:
        reply->part = PART_CHUNK_SIZE;
        return line.len == 0 ? ERR_NONE : ERR_MALFORMED;
    case PART_TRAILER:
        reply->part = line.len == 0 ? PART_DONE : PART_TRAILER;
        return ERR_NONE;
    case PART_BODY:
    case PART_CHUNK:
    case PART_DONE:
        break;
    }
    return ERR_INTERNAL;
}

/* One line, or as much of it as there is. */
static enum err feed_line(struct engine_reply *reply, struct slice *bytes)
{
    size_t end = slice_find_byte(*bytes, '\n'), count = end == SIZE_MAX ? bytes->len : end + 1;
    size_t max = reply->part == PART_HEAD ? ENGINE_HEAD_MAX_BYTES : CHUNK_LINE_MAX_BYTES;
    reply->head_bytes += reply->part == PART_HEAD || reply->part == PART_TRAILER ? count : 0;
    if (reply->line.len + count > max || reply->head_bytes > ENGINE_HEAD_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_append(&reply->line, slice_first(*bytes, count));
    *bytes = slice_from(*bytes, count);
    if (err != ERR_NONE || end == SIZE_MAX) {
        return err;
    }
    struct slice line = buf_slice(&reply->line);
    if (line.len < 2 || line.data[line.len - 2] != '\r' || slice_find_byte(line, '\0') != SIZE_MAX) {
        return ERR_MALFORMED;
    }
    err = take_line(reply, slice_first(line, line.len - 2));
    buf_clear(&reply->line);
    return err;
}

static enum err feed_body(struct engine_reply *reply, struct slice *bytes)
{
    size_t count = bytes->len < reply->left_bytes ? bytes->len : (size_t)reply->left_bytes;
    enum err err = buf_append(&reply->body, slice_first(*bytes, count));
    *bytes = slice_from(*bytes, count);
    reply->left_bytes -= count;
    if (reply->left_bytes == 0) {
        reply->part = reply->part == PART_BODY ? PART_DONE : PART_CHUNK_END;
    }
    return err;
}

enum err engine_reply_feed(struct engine_reply *reply, struct slice bytes)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && bytes.len > 0) {
        if (reply->part == PART_DONE) {
            return ERR_MALFORMED;
        }
        err = reply->part == PART_BODY || reply->part == PART_CHUNK ? feed_body(reply, &bytes) : feed_line(reply, &bytes);
    }
    return err;
}

void engine_reply_free(struct engine_reply *reply)
{
    buf_free(&reply->line);
    buf_free(&reply->body);
}
