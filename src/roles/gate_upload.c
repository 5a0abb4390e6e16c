/*
 * A body of any size that keep takes in parts (ROUTE_PARTS; engine/request.h): a snapshot that is put back, as an archive or as it is. It is unpacked here, because what
 * strangers packed is read by nobody else, and its database goes on as the same request once more for each part, so that token and policy are looked at with every one. One
 * part is in memory at a time; while keep has it, nothing is read from the client.
 *
 *   READING --part is full, or body has ended--> WAITING (suspended) --REPLY names a next--> READING, or after the last part WAITING again ... --any other REPLY--> ANSWERED
 *      \--not well-formed--> ANSWERED (MHD takes the answer when the body has ended: what still comes is dropped)
 */
#include "roles/gate.h"

#include "base/archive_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    PART_BYTES = 4 << 20,
    PIECE_BYTES = 2 << 10,                                      /* at once into the reader: */
    PART_MAX_BYTES = PART_BYTES + 1032 * PIECE_BYTES + (64 << 10), /* that much may come out of it */
    FILE_MAX_BYTES = 4 << 10,                                   /* meta.json, SHA256SUMS */
    PART_SECONDS = 180,                                         /* as with a stream's */
    LOOK_SECONDS = 3600,                                        /* the whole database is looked at before the last reply */
};
static_assert((int)PART_MAX_BYTES <= (int)REQUEST_RAW_MAX_BYTES, "a part is the raw body of a request");

struct upload {
    struct archive_reader *reader;
    struct buf part, meta, sums;
    bool has_ended;
    uint8_t next[REPLY_NEXT_MAX_BYTES];
    size_t next_len;
};

bool gate_upload_begin(struct exchange *exchange)
{
    struct upload *upload = calloc(1, sizeof *upload);
    exchange->upload = upload;
    if (upload == NULL || !exchange_charge(exchange, PART_MAX_BYTES)) {
        return false;
    }
    upload->reader = archive_reader_new();
    upload->part = BUF_INIT(PART_MAX_BYTES);
    upload->meta = upload->sums = BUF_INIT(FILE_MAX_BYTES);
    return upload->reader != NULL && buf_reserve(&upload->part, PART_MAX_BYTES) == ERR_NONE;
}

void gate_upload_free(struct exchange *exchange)
{
    struct upload *upload = exchange->upload;
    if (upload != NULL) {
        archive_reader_free(upload->reader);
        buf_free(&upload->part);
        buf_free(&upload->meta);
        buf_free(&upload->sums);
        free(upload);
        exchange->upload = NULL;
    }
}

/* Of a file that is not packed all is the database. */
static enum err take_content(void *context, const char *name, struct slice bytes)
{
    struct upload *upload = context;
    struct buf *to = name[0] == '\0' || strcmp(name, "state.bin") == 0 ? &upload->part : strcmp(name, "meta.json") == 0 ? &upload->meta : strcmp(name, "SHA256SUMS") == 0 ? &upload->sums : NULL;
    return to == NULL || bytes.len == 0 ? ERR_NONE : buf_append(to, bytes);
}

static void refuse_file(struct exchange *exchange)
{
    gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                TEXT("this is no whole snapshot of Vogt: it was cut or changed, or something else made it",
                     "das ist keine vollständige Sicherung von Vogt: sie wurde abgeschnitten oder verändert, oder etwas anderes hat sie geschrieben"));
}

static void ask_keep(struct exchange *exchange)
{
    struct upload *upload = exchange->upload;
    struct gate *gate = exchange->gate;
    struct arena *arena = gate->arena;
    arena_reset(arena);
    struct json *query = json_new(arena, JSON_OBJECT);
    if (upload->next_len > 0) {
        json_set_string(arena, query, "next", slice_of(upload->next, upload->next_len));
    }
    if (upload->has_ended) {
        json_set_string(arena, query, "last", SLICE_LITERAL("true"));
    }
    if (upload->has_ended && archive_reader_is_packed(upload->reader)) {
        json_set_string(arena, query, "packed", SLICE_LITERAL("true"));
        json_set_string(arena, query, "meta", buf_slice(&upload->meta));
        json_set_string(arena, query, "sums", buf_slice(&upload->sums));
    }
    enum err err = gate->stopping ? ERR_BUSY : gate_request_part(exchange, query, buf_slice(&upload->part));
    if (err == ERR_INVALID) {
        return;
    }
    if (err != ERR_NONE) {
        gate_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, TEXT("too many requests are waiting, try again", "es warten zu viele Anfragen, bitte erneut versuchen"));
        return;
    }
    buf_clear(&upload->part);
    int64_t seconds = upload->has_ended ? LOOK_SECONDS : PART_SECONDS;
    exchange->wait_deadline_mono_ns = gate->now_mono_ns + seconds * 1000000000;
    gate_link_until(gate, exchange->link, 2 * seconds);
    if (exchange->stage == STAGE_READING) {
        exchange->stage = STAGE_WAITING;
        gate->waiting_count++;
    }
}

size_t gate_upload_take(struct exchange *exchange, struct slice bytes)
{
    struct upload *upload = exchange->upload;
    size_t taken = 0;
    while (exchange->stage == STAGE_READING && taken < bytes.len) {
        struct slice piece = slice_first(slice_from(bytes, taken), PIECE_BYTES);
        taken += piece.len;
        if (archive_reader_feed(upload->reader, piece, take_content, upload) != ERR_NONE) {
            refuse_file(exchange);
        } else if (upload->part.len >= PART_BYTES) {
            ask_keep(exchange);
        }
    }
    exchange->gate->counters.received_bytes += taken;
    return exchange->stage == STAGE_ANSWERED ? bytes.len : taken;
}

void gate_upload_end(struct exchange *exchange)
{
    struct upload *upload = exchange->upload;
    upload->has_ended = true;
    if (archive_reader_is_whole(upload->reader)) {
        ask_keep(exchange);
    } else {
        refuse_file(exchange);
    }
}

void gate_upload_go_on(struct exchange *exchange, struct slice body)
{
    struct upload *upload = exchange->upload;
    struct gate *gate = exchange->gate;
    struct reply reply = {0};
    arena_reset(gate->arena);
    if (reply_get(gate->arena, body, &reply) != ERR_NONE || reply.next.len == 0) {
        if (reply.status == MHD_HTTP_OK) {
            gate_listen_no_more(gate); /* all begins anew: whoever connects now is let in by the next gate */
        }
        gate_reply(exchange, body);
        return;
    }
    memcpy(upload->next, reply.next.data, reply.next.len);
    upload->next_len = reply.next.len;
    if (upload->has_ended) {
        ask_keep(exchange);
        return;
    }
    exchange->stage = STAGE_READING;
    gate->waiting_count--;
    gate_link_until(gate, exchange->link, PART_SECONDS);
    MHD_resume_connection(exchange->connection);
}
