/* The planted name server answers in bytes, through the same stream and reader: the zone begins, and the connection ends before it is whole. */
#include "collect/source_other.h"

#include "collect/dns_wire.h"
#include "collect/source_kinds.h"
#include "collect/stream.h"

#include <string.h>

enum { ADDRESSES_MAX = 8, ZONES_MAX = 64, ZONE_MAX_BYTES = 32 << 20, TIMEOUT_DEFAULT_MS = 60000, TIMEOUT_MAX_MS = 120000, NANOSECONDS = 1000000, FACTS_MAX_BYTES = 12 << 20 };

/* -- one transfer --------------------------------------------------------------------------------------------------------- */

static enum err read_exactly(struct stream *stream, uint8_t *out, size_t count)
{
    size_t have = 0, got = 0;
    enum err err = ERR_NONE;
    while (have < count && err == ERR_NONE) {
        err = stream_read(stream, out + have, count - have, &got);
        have += err == ERR_NONE ? got : 0;
    }
    return err;
}

static enum err transfer(struct stream *stream, struct dns_transfer *state, struct arena *arena, struct json *records)
{
    cleanup_buf struct buf question = BUF_INIT(1024), message = BUF_INIT(DNS_MESSAGE_MAX_BYTES);
    enum err err = dns_put_axfr(&question, state->id, state->zone);
    err = err == ERR_NONE ? buf_reserve(&message, DNS_MESSAGE_MAX_BYTES) : err;
    err = err == ERR_NONE ? stream_write(stream, buf_slice(&question)) : err;
    while (err == ERR_NONE && state->soa_count < 2) {
        uint8_t length[2];
        err = read_exactly(stream, length, sizeof length);
        size_t count = (size_t)length[0] << 8 | length[1];
        err = err == ERR_NONE ? read_exactly(stream, message.data, count) : err;
        err = err == ERR_NONE ? dns_take(state, slice_of(message.data, count), arena, records) : err;
    }
    return err;
}

static const char *reason_of(enum err err, const struct dns_transfer *state)
{
    static const struct {
        enum err err;
        const char *reason;
    } rows[] = {
        {ERR_TIMEOUT, "source.timeout"}, {ERR_TOO_LARGE, "source.too-large"}, {ERR_MALFORMED, "source.malformed"}, {ERR_PROTOCOL, "source.wrong-shape"}, {ERR_INVALID, "source.not-found"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == err) {
            return rows[i].reason;
        }
    }
    if (err == ERR_DENIED) {
        return state->rcode == 3 ? "source.not-found" : "source.forbidden"; /* NXDOMAIN; refused, not authoritative… */
    }
    return err == ERR_CLOSED ? "source.cut" : "source.unreachable";
}

static struct slice lower_name(struct arena *arena, struct slice text)
{
    char *lower = arena_lower(arena, text);
    size_t len = lower == NULL ? 0 : text.len;
    len -= len > 1 && lower[len - 1] == '.' ? 1 : 0;
    return slice_of(lower, len);
}

/* Opens a stream for one zone. */
struct server {
    enum err (*open)(void *context, struct stream *ret_stream);
    void *context;
};

static enum err ask_zone(struct arena *arena, const struct server *server, struct slice zone, uint16_t id, struct json *requests)
{
    struct json *request = json_append(requests, json_new(arena, JSON_OBJECT)), *items = NULL;
    struct dns_transfer state = {.id = id, .zone = lower_name(arena, zone)};
    json_set_string(arena, request, "name", state.zone);
    items = json_set_array(arena, request, "items");
    struct stream stream = {.fd = -1};
    enum err err = items == NULL ? ERR_TOO_LARGE : server->open(server->context, &stream);
    bool opened = err == ERR_NONE;
    err = opened ? transfer(&stream, &state, arena, items) : err;
    if (opened) {
        stream_close(&stream);
    } else if (err == ERR_CLOSED || err == ERR_NOT_FOUND) {
        err = ERR_UNREACHABLE;
    }
    json_set_u64(arena, request, "status", state.rcode);
    if (err != ERR_NONE) {
        json_set_string(arena, request, "error", slice_string(reason_of(err, &state)));
    }
    bool full = arena_used(arena) > 4u * FACTS_MAX_BYTES;
    return json_set_bool(arena, request, "complete", err == ERR_NONE) == NULL || full ? ERR_TOO_LARGE : ERR_NONE;
}

static struct json *begin_facts(struct arena *arena, struct json *to, struct slice address, const char *credential)
{
    struct json *facts = json_set_object(arena, to, "facts");
    json_set_string(arena, facts, "kind", SLICE_LITERAL("dns"));
    json_set_string(arena, facts, "address", address);
    json_set_string(arena, facts, "credential", slice_string(credential));
    return json_set_array(arena, facts, "requests");
}

/* -- the real server ------------------------------------------------------------------------------------------------------ */

struct place {
    struct stream_address addresses[ADDRESSES_MAX];
    size_t count;
    int64_t deadline_ns;
};

/* Where clouds keep their metadata nobody's name server is. */
static bool is_link_local(const struct stream_address *address)
{
    struct slice text = slice_string(address->text);
    return slice_starts(text, SLICE_LITERAL("169.254.")) || slice_starts(text, SLICE_LITERAL("fe8")) || slice_starts(text, SLICE_LITERAL("fe9")) ||
           slice_starts(text, SLICE_LITERAL("fea")) || slice_starts(text, SLICE_LITERAL("feb")) || slice_starts(text, SLICE_LITERAL("::ffff:169.254."));
}

static enum err open_place(void *context, struct stream *ret_stream)
{
    const struct place *place = context;
    enum err err = ERR_UNREACHABLE;
    for (size_t i = 0; i < place->count; i++) {
        err = is_link_local(&place->addresses[i]) ? ERR_UNREACHABLE : stream_connect(&place->addresses[i], place->deadline_ns, ZONE_MAX_BYTES, ret_stream);
        if (err == ERR_NONE) {
            return ERR_NONE;
        }
    }
    return err;
}

/* -- the planted one ------------------------------------------------------------------------------------------------------ */

/* An answer to question 7: SOA of planted.example, and www with an address; then silence where the rest should be. */
static const uint8_t planted_bytes[] =
    "\x00\x61"                                                                     /* 97 bytes */
    "\x00\x07\x84\x00\x00\x00\x00\x02\x00\x00\x00\x00"                             /* header: answer, two records */
    "\x07planted\x07" "example\x00\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x26"        /* at 12: owner, SOA, IN, 3600, 38 bytes */
    "\x02ns\xc0\x0c\x0ahostmaster\xc0\x0c"
    "\x00\x00\x00\x01\x00\x00\x0e\x10\x00\x00\x0e\x10\x00\x00\x0e\x10\x00\x00\x0e\x10"
    "\x03www\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x07";     /* www A 192.0.2.7 */

static enum err take_nothing(void *context, struct slice bytes)
{
    (void)context;
    return bytes.len > 0 ? ERR_NONE : ERR_CLOSED;
}

static enum err give_planted(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    size_t *given = context, left = sizeof planted_bytes - 1 - *given;
    size_t count = left < max_bytes ? left : max_bytes;
    memcpy(out, planted_bytes + *given, count);
    *given += count;
    *ret_count = count;
    return ERR_NONE;
}

static enum err open_planted(void *context, struct stream *ret_stream)
{
    *ret_stream = stream_planted(context, ZONE_MAX_BYTES);
    return ERR_NONE;
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

static enum err read_place(const struct json *input, struct place *place, struct complaint *complaint)
{
    struct source_address address;
    struct slice text = json_text(input, "address", SLICE_NONE);
    uint64_t allowed = 0, timeout_ms = TIMEOUT_DEFAULT_MS;
    if (!slice_starts(text, SLICE_LITERAL("dns://")) || source_address_read(text, &address) != ERR_NONE || address.target.len > 0) {
        return complain(complaint, ERR_INVALID, TEXT("the address of a name server is dns://SERVER, with a port if needed",
                                                     "die Adresse eines Nameservers lautet dns://SERVER, mit Port nach Bedarf"), 0, 0, (const char *)text.data, text.len);
    }
    if (json_u64(input, "port", &allowed) != ERR_NONE || allowed != address.port) {
        return complain(complaint, ERR_INVALID, TEXT("the source's address has another port than was allowed", "die Adresse der Quelle hat einen anderen Port als erlaubt"),
                        0, 0, NULL, 0);
    }
    if (json_u64(input, "timeout_ms", &timeout_ms) != ERR_NONE || timeout_ms == 0 || timeout_ms > TIMEOUT_MAX_MS) {
        timeout_ms = TIMEOUT_DEFAULT_MS;
    }
    place->deadline_ns = stream_now_ns() + (int64_t)timeout_ms * NANOSECONDS;
    enum err err = stream_resolve(address.host, address.port, place->addresses, ADDRESSES_MAX, &place->count);
    place->count = err == ERR_NONE ? place->count : 0; /* nowhere: each zone will say so */
    return ERR_NONE;
}

enum err source_dns(struct arena *arena, const struct json *input, struct work_reply *reply)
{
    struct place place = {.count = 0};
    const struct server server = {open_place, &place};
    size_t given = 0;
    const struct stream_peer peer = {take_nothing, give_planted, &given};
    const struct server planted = {open_planted, (void *)(uintptr_t)&peer};
    const struct json *zones = json_path(input, "options.zones");
    enum err err = read_place(input, &place, &reply->complaint);
    if (err == ERR_NONE && (zones == NULL || zones->type != JSON_ARRAY || zones->count == 0 || zones->count > ZONES_MAX)) {
        err = complain(&reply->complaint, ERR_INVALID, TEXT("zones needs one to 64 names of zones", "zones braucht ein bis 64 Namen von Zonen"), 0, 0, NULL, 0);
    }
    struct json *output = json_new(arena, JSON_OBJECT), *requests = begin_facts(arena, output, json_text(input, "address", SLICE_NONE), "none");
    uint16_t id = (uint16_t)(stream_now_ns() >> 10); /* over TCP an id only tells answers apart */
    for (const struct json *zone = err == ERR_NONE ? zones->first : NULL; zone != NULL && err == ERR_NONE; zone = zone->next) {
        err = ask_zone(arena, &server, zone->text, ++id, requests);
    }
    requests = begin_facts(arena, json_set_object(arena, output, "plant"), SLICE_LITERAL("dns://192.0.2.1"), "planted");
    err = err == ERR_NONE ? ask_zone(arena, &planted, SLICE_LITERAL("planted.example"), 7, requests) : err;
    reply->output = err == ERR_NONE ? output : NULL;
    return err == ERR_NONE && json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL ? ERR_TOO_LARGE : err;
}
