/*
 * Header: id, flags, four counts, 2 bytes each, big-endian. Question: name, type, class. Record: name, type, class, ttl[4], length, data.
 * Name: labels of length (1 to 63) and bytes until a zero; 11xxxxxx xxxxxxxx points to an earlier place of the message.
 */
#include "collect/dns_wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
    HEADER_BYTES = 12,
    NAME_TEXT_BYTES = 254,
    TYPE_A = 1, TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_MX = 15, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_AXFR = 252,
    CLASS_IN = 1,
    FLAG_ANSWER = 0x8000, MASK_OPCODE = 0x7800, FLAG_CUT = 0x0200, MASK_RCODE = 0x000f,
    LABEL_MAX = 63, POINTER = 0xc0,
};

static const struct {
    uint16_t number;
    const char *name;
} types[] = {{TYPE_A, "A"}, {TYPE_NS, "NS"}, {TYPE_CNAME, "CNAME"}, {TYPE_SOA, "SOA"}, {TYPE_MX, "MX"}, {TYPE_AAAA, "AAAA"}, {TYPE_SRV, "SRV"}};

static const char *type_name(uint16_t number)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].number == number) {
            return types[i].name;
        }
    }
    return NULL;
}

/* -- the question --------------------------------------------------------------------------------------------------------- */

static enum err put_u16_big(struct buf *out, unsigned value)
{
    enum err err = put_u8(out, (uint8_t)(value >> 8));
    return err == ERR_NONE ? put_u8(out, (uint8_t)value) : err;
}

static enum err put_name(struct buf *out, struct slice name)
{
    struct slice label;
    enum err err = name.len == 0 || name.len >= NAME_TEXT_BYTES ? ERR_INVALID : ERR_NONE;
    while (err == ERR_NONE && slice_split(&name, '.', &label)) {
        err = label.len == 0 || label.len > LABEL_MAX ? ERR_INVALID : put_u8(out, (uint8_t)label.len);
        err = err == ERR_NONE ? buf_append(out, label) : err;
    }
    return err == ERR_NONE ? put_u8(out, 0) : err;
}

enum err dns_put_axfr(struct buf *out, uint16_t id, struct slice zone)
{
    cleanup_buf struct buf body = BUF_INIT(512);
    const unsigned header[6] = {id, 0, 1, 0, 0, 0};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < 6 && err == ERR_NONE; i++) {
        err = put_u16_big(&body, header[i]);
    }
    err = err == ERR_NONE ? put_name(&body, zone) : err;
    err = err == ERR_NONE ? put_u16_big(&body, TYPE_AXFR) : err;
    err = err == ERR_NONE ? put_u16_big(&body, CLASS_IN) : err;
    err = err == ERR_NONE ? put_u16_big(out, (unsigned)body.len) : err;
    return err == ERR_NONE ? buf_append(out, buf_slice(&body)) : err;
}

/* -- messages ------------------------------------------------------------------------------------------------------------- */

struct cursor {
    struct slice message;
    size_t at;
};

static enum err get_u16_big(struct cursor *cursor, uint16_t *ret_value)
{
    if (cursor->message.len - cursor->at < 2) {
        return ERR_MALFORMED;
    }
    *ret_value = (uint16_t)(cursor->message.data[cursor->at] << 8 | cursor->message.data[cursor->at + 1]);
    cursor->at += 2;
    return ERR_NONE;
}

/* One byte of a label as text: lower case; what could be read in two ways (a dot, a blank) becomes '?', which no name of the estate has. */
static char text_byte(uint8_t byte)
{
    return (char)(byte > 0x20 && byte < 0x7f && byte != '.' ? byte_lower(byte) : '?');
}

/* The name at the cursor, which moves behind it; "" is the root. Pointers must lead further back each time. */
static enum err get_name(struct cursor *cursor, char text[NAME_TEXT_BYTES])
{
    size_t at = cursor->at, limit = cursor->at, len = 0;
    bool jumped = false;
    for (;;) {
        if (at >= cursor->message.len) {
            return ERR_MALFORMED;
        }
        uint8_t count = cursor->message.data[at];
        if ((count & POINTER) == POINTER) {
            if (cursor->message.len - at < 2) {
                return ERR_MALFORMED;
            }
            size_t target = (size_t)(count & 0x3f) << 8 | cursor->message.data[at + 1];
            cursor->at = jumped ? cursor->at : at + 2;
            jumped = true;
            if (target >= limit) {
                return ERR_MALFORMED;
            }
            at = limit = target;
            continue;
        }
        if (count == 0) {
            cursor->at = jumped ? cursor->at : at + 1;
            text[len] = '\0';
            return ERR_NONE;
        }
        if (count > LABEL_MAX || cursor->message.len - at - 1 < count || len + count + 2 > NAME_TEXT_BYTES) {
            return ERR_MALFORMED;
        }
        if (len > 0) {
            text[len++] = '.';
        }
        for (size_t i = 0; i < count; i++) {
            text[len++] = text_byte(cursor->message.data[at + 1 + i]);
        }
        at += 1u + count;
    }
}

/* Where a record leads: an address as text, or a name. `data` is a cursor at its beginning, within the whole message; *port of SRV. */
static enum err get_value(struct cursor *data, uint16_t type, size_t bytes, char text[NAME_TEXT_BYTES], uint16_t *port)
{
    uint16_t skipped = 0;
    enum err err = ERR_NONE;
    if (type == TYPE_A || type == TYPE_AAAA) {
        bool fits = bytes == (type == TYPE_A ? 4 : 16);
        return fits && inet_ntop(type == TYPE_A ? AF_INET : AF_INET6, data->message.data + data->at, text, NAME_TEXT_BYTES) != NULL ? ERR_NONE : ERR_MALFORMED;
    }
    for (unsigned i = 0; err == ERR_NONE && i < (type == TYPE_MX ? 1u : type == TYPE_SRV ? 2u : 0u); i++) {
        err = get_u16_big(data, &skipped);
    }
    err = err == ERR_NONE && type == TYPE_SRV ? get_u16_big(data, port) : err;
    return err == ERR_NONE ? get_name(data, text) : err;
}

static enum err take_record(struct dns_transfer *transfer, struct cursor *cursor, struct arena *arena, struct json *records)
{
    char owner[NAME_TEXT_BYTES] = "", value[NAME_TEXT_BYTES] = "";
    uint16_t type = 0, class = 0, skipped = 0, length = 0, port = 0;
    enum err err = get_name(cursor, owner);
    err = err == ERR_NONE ? get_u16_big(cursor, &type) : err;
    err = err == ERR_NONE ? get_u16_big(cursor, &class) : err;
    err = err == ERR_NONE ? get_u16_big(cursor, &skipped) : err;
    err = err == ERR_NONE ? get_u16_big(cursor, &skipped) : err;
    err = err == ERR_NONE ? get_u16_big(cursor, &length) : err;
    if (err != ERR_NONE || cursor->message.len - cursor->at < length) {
        return ERR_MALFORMED;
    }
    struct cursor data = {slice_first(cursor->message, cursor->at + length), cursor->at};
    cursor->at += length;
    bool soa = type == TYPE_SOA && slice_is(transfer->zone, owner);
    if (++transfer->record_count > DNS_RECORDS_MAX) {
        return ERR_TOO_LARGE;
    }
    if ((transfer->record_count == 1) != (soa && transfer->soa_count == 0) || transfer->soa_count >= 2) {
        return ERR_PROTOCOL; /* it begins with the zone's SOA, ends with it, and has nothing after */
    }
    transfer->soa_count += soa ? 1 : 0;
    const char *name = type_name(type);
    if (name == NULL || class != CLASS_IN || (soa && transfer->soa_count == 2)) {
        return ERR_NONE;
    }
    err = get_value(&data, type, length, value, &port);
    struct json *record = err != ERR_NONE ? NULL : json_append(records, json_new(arena, JSON_OBJECT));
    json_set_string(arena, record, "name", slice_string(owner));
    json_set_string(arena, record, "type", slice_string(name));
    if (type == TYPE_SRV) {
        json_set_u64(arena, record, "port", port);
    }
    bool set = json_set_string(arena, record, "value", slice_string(value)) != NULL;
    return err != ERR_NONE ? err : set ? ERR_NONE : ERR_TOO_LARGE;
}

enum err dns_take(struct dns_transfer *transfer, struct slice message, struct arena *arena, struct json *records)
{
    struct cursor cursor = {message, 0};
    uint16_t id = 0, flags = 0, counts[4] = {0};
    char name[NAME_TEXT_BYTES];
    enum err err = get_u16_big(&cursor, &id);
    err = err == ERR_NONE ? get_u16_big(&cursor, &flags) : err;
    for (size_t i = 0; i < 4 && err == ERR_NONE; i++) {
        err = get_u16_big(&cursor, &counts[i]);
    }
    if (err != ERR_NONE || id != transfer->id || (flags & FLAG_ANSWER) == 0 || (flags & MASK_OPCODE) != 0 || (flags & FLAG_CUT) != 0) {
        return err != ERR_NONE ? err : ERR_PROTOCOL;
    }
    transfer->rcode = flags & MASK_RCODE;
    if (transfer->rcode != 0) {
        return ERR_DENIED;
    }
    for (unsigned i = 0; i < counts[0] && err == ERR_NONE; i++) {
        err = get_name(&cursor, name);
        err = err == ERR_NONE && message.len - cursor.at < 4 ? ERR_MALFORMED : err;
        cursor.at += err == ERR_NONE ? 4 : 0;
    }
    for (unsigned i = 0; i < counts[1] && err == ERR_NONE; i++) {
        err = take_record(transfer, &cursor, arena, records);
    }
    /* an answer without a single record would let the transfer go on for ever */
    return err == ERR_NONE && counts[1] == 0 ? ERR_PROTOCOL : err;
}
