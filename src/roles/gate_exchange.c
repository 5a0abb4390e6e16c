#include "roles/gate.h"

#include <stdlib.h>
#include <string.h>

static struct exchange *make(struct gate *gate)
{
    if (gate->exchange_made == gate->exchange_max) {
        return NULL;
    }
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange != NULL) {
        exchange->slot = (uint32_t)gate->exchange_made;
        gate->exchanges[gate->exchange_made++] = exchange;
    }
    return exchange;
}

/* The two texts at the end of the structure are left as they are: their lengths are zero, and
 * zeroing 2.5 KiB for each request is measurable. */
struct exchange *exchange_new(struct gate *gate)
{
    struct exchange *exchange = gate->free_exchanges;
    if (exchange != NULL) {
        gate->free_exchanges = exchange->next_free;
    } else {
        exchange = make(gate);
    }
    if (exchange == NULL) {
        return NULL;
    }
    uint32_t slot = exchange->slot, generation = exchange->generation;
    memset(exchange, 0, offsetof(struct exchange, path));
    exchange->slot = slot;
    exchange->generation = generation + 1;
    exchange->gate = gate;
    exchange->body = BUF_INIT(REQUEST_RAW_MAX_BYTES);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    struct gate *gate = exchange->gate;
    if (exchange->stage == STAGE_WAITING || exchange->stage == STAGE_FOLLOWING) {
        gate->waiting_count--;
    }
    exchange_drop_body(exchange);
    gate_stream_free(exchange);
    gate_upload_free(exchange);
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
        exchange->response = NULL;
    }
    exchange->stage = STAGE_ANSWERED;
    exchange->next_free = gate->free_exchanges;
    gate->free_exchanges = exchange;
}

uint64_t exchange_id(const struct exchange *exchange)
{
    return (uint64_t)exchange->generation << 32 | exchange->slot;
}

struct exchange *exchange_find(struct gate *gate, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (slot >= gate->exchange_made) {
        return NULL;
    }
    struct exchange *exchange = gate->exchanges[slot];
    bool is_waiting = exchange->stage == STAGE_WAITING || exchange->stage == STAGE_FOLLOWING;
    return is_waiting && exchange->generation == (uint32_t)(id >> 32)
               ? exchange
               : NULL;
}

bool exchange_charge(struct exchange *exchange, size_t bytes)
{
    struct gate *gate = exchange->gate;
    if (bytes > GATE_BUFFERED_MAX_BYTES - gate->buffered_bytes) {
        return false;
    }
    gate->buffered_bytes += bytes;
    exchange->charged_bytes += bytes;
    return true;
}

void exchange_drop_body(struct exchange *exchange)
{
    buf_free(&exchange->body);
    exchange->gate->buffered_bytes -= exchange->charged_bytes;
    exchange->charged_bytes = 0;
}

void exchange_answer(struct exchange *exchange, unsigned status, struct MHD_Response *response)
{
    bool waited = exchange->stage == STAGE_WAITING;
    if (exchange->body.data != NULL) {
        exchange_drop_body(exchange);
    }
    exchange->stage = STAGE_ANSWERED;
    exchange->status = status;
    exchange->response = response;
    if (waited) {
        exchange->gate->waiting_count--;
        MHD_resume_connection(exchange->connection);
    }
}
