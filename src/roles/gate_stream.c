/*
 * A file that keep gives in parts (`next`, engine/request.h): the client gets it as one answer in chunks. Each part is asked for when the one before has left, by the same
 * request with the query that keep named, so that token and policy are looked at with every part. One part is in memory at a time. If a part does not come, the connection
 * ends without the last chunk, by which every client knows that something is missing.
 *
 *   SENDING --part has left, next is named--> FOLLOWING (suspended) --REPLY--> SENDING ... --part has left, no next--> end
 *                                                  \--another reply, or deadline--> end without the last chunk
 */
#include "roles/gate.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 32 << 10, NEXT_SECONDS = 180, PART_SECONDS = 180 /* 4 MiB at 32 KiB a second, and some */ };

struct stream {
    struct buf part;
    size_t sent_bytes;
    bool has_failed;
    uint8_t next[REPLY_NEXT_MAX_BYTES];
    size_t next_len;
};

void gate_stream_free(struct exchange *exchange)
{
    if (exchange->stream != NULL) {
        buf_free(&exchange->stream->part);
        free(exchange->stream);
        exchange->stream = NULL;
    }
}

/* Takes the bytes. */
static bool take_part(struct exchange *exchange, struct slice next, struct buf *bytes)
{
    struct stream *stream = exchange->stream;
    exchange_drop_body(exchange); /* the charge of the part before */
    buf_free(&stream->part);
    if (bytes->len == 0 || !exchange_charge(exchange, bytes->len)) {
        return false;
    }
    stream->part = buf_take(bytes);
    stream->sent_bytes = 0;
    stream->next_len = next.len;
    if (next.len > 0) {
        memcpy(stream->next, next.data, next.len);
    }
    gate_link_until(exchange->gate, exchange->link, PART_SECONDS);
    return true;
}

static bool ask_next(struct exchange *exchange)
{
    struct stream *stream = exchange->stream;
    struct gate *gate = exchange->gate;
    arena_reset(gate->arena);
    struct json *query = json_new(gate->arena, JSON_OBJECT);
    json_set_string(gate->arena, query, "next", slice_of(stream->next, stream->next_len));
    if (gate->stopping || gate_request_part(exchange, query, SLICE_NONE) != ERR_NONE) {
        return false;
    }
    exchange->stage = STAGE_FOLLOWING;
    gate->waiting_count++;
    exchange->wait_deadline_mono_ns = gate->now_mono_ns + (int64_t)NEXT_SECONDS * 1000000000;
    gate_link_until(gate, exchange->link, 2 * NEXT_SECONDS);
    MHD_suspend_connection(exchange->connection);
    return true;
}

static ssize_t write_some(void *context, uint64_t position, char *to, size_t max)
{
    (void)position;
    struct exchange *exchange = context;
    struct stream *stream = exchange->stream;
    size_t left = stream->part.len - stream->sent_bytes, count = left < max ? left : max;
    if (stream->has_failed) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (count > 0) {
        memcpy(to, stream->part.data + stream->sent_bytes, count);
        stream->sent_bytes += count;
        exchange->gate->counters.sent_bytes += count;
        return (ssize_t)count;
    }
    if (stream->next_len == 0) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    return ask_next(exchange) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
}

struct MHD_Response *gate_stream_begin(struct exchange *exchange, struct slice next, struct buf *bytes)
{
    exchange->stream = calloc(1, sizeof *exchange->stream);
    if (exchange->stream == NULL || !take_part(exchange, next, bytes)) {
        buf_free(bytes);
        return NULL;
    }
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, write_some, exchange, NULL);
}

/* MHD asks for the part that is there now, or hears that none comes. */
static void wake(struct exchange *exchange)
{
    exchange->stage = STAGE_ANSWERED;
    exchange->gate->waiting_count--;
    MHD_resume_connection(exchange->connection);
}

void gate_stream_end(struct exchange *exchange)
{
    exchange->stream->has_failed = true;
    wake(exchange);
}

void gate_stream_go_on(struct exchange *exchange, struct slice body)
{
    struct buf bytes = BUF_INIT(GATE_REPLY_MAX_BYTES);
    struct reply reply = {0};
    arena_reset(exchange->gate->arena);
    enum err err = reply_get(exchange->gate->arena, body, &reply);
    err = err == ERR_NONE && (reply.kind != REPLY_RAW || reply.status != MHD_HTTP_OK) ? ERR_PROTOCOL : err;
    err = err == ERR_NONE ? buf_append(&bytes, reply.raw) : err;
    err = err == ERR_NONE && !take_part(exchange, reply.next, &bytes) ? ERR_BUSY : err;
    buf_free(&bytes);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "gate.stream-cut", LOG_ERR(err), LOG_NUMBER("status", reply.status));
        gate_stream_end(exchange);
        return;
    }
    wake(exchange);
}
