#include "collect/hello.h"

#include <string.h>

enum { TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, SERVER_HELLO = 2, SERVER_HELLO_FIXED_BYTES = 4 + 2 + 32 + 1 };

static enum err put_big(struct buf *out, uint32_t value, unsigned bytes)
{
    enum err err = ERR_NONE;
    while (bytes > 0 && err == ERR_NONE) {
        bytes--;
        err = buf_append_byte(out, (uint8_t)(value >> (8 * bytes)));
    }
    return err;
}

/* Lengths are known only afterwards: leave room, patch later. */
static void patch(struct buf *out, size_t at, unsigned bytes)
{
    size_t length = out->len - at - bytes;
    for (unsigned i = 0; i < bytes; i++) {
        out->data[at + i] = (uint8_t)(length >> (8 * (bytes - 1 - i)));
    }
}

static enum err put_server_name(struct buf *out, struct slice name)
{
    if (name.len == 0) {
        return ERR_NONE;
    }
    uint32_t length = (uint32_t)name.len;
    enum err err = put_big(out, 0, 2);
    err = err != ERR_NONE ? err : put_big(out, length + 5, 2);
    err = err != ERR_NONE ? err : put_big(out, length + 3, 2);
    err = err != ERR_NONE ? err : put_big(out, 0, 1);
    err = err != ERR_NONE ? err : put_big(out, length, 2);
    return err != ERR_NONE ? err : buf_append(out, name);
}

/* Groups (also those that nobody should use any more: an old server's answer must not depend on them), point formats, signature
 * algorithms (SHA-1 ones too), and the empty renegotiation_info that some servers insist on. */
static const uint8_t fixed_extensions[] = {
    0x00, 0x0a, 0x00, 0x48, 0x00, 0x46, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, 0x00, 0x1e, 0x00, 0x1a, 0x00, 0x1b, 0x00, 0x1c,
    0x00, 0x01, 0x00, 0x02, 0x00, 0x03, 0x00, 0x04, 0x00, 0x05, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09, 0x00, 0x0a, 0x00, 0x0b,
    0x00, 0x0c, 0x00, 0x0d, 0x00, 0x0e, 0x00, 0x0f, 0x00, 0x10, 0x00, 0x11, 0x00, 0x12, 0x00, 0x13, 0x00, 0x14, 0x00, 0x15, 0x00, 0x16,
    0x01, 0x00, 0x01, 0x01, 0x01, 0x02, 0x01, 0x03, 0x01, 0x04,
    0x00, 0x0b, 0x00, 0x02, 0x01, 0x00,
    0x00, 0x0d, 0x00, 0x1c, 0x00, 0x1a, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07, 0x08, 0x04, 0x08, 0x05, 0x08,
    0x06, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x02, 0x03, 0x02, 0x01, 0x02, 0x02,
    0xff, 0x01, 0x00, 0x01, 0x00,
};

static enum err put_extensions(struct buf *out, struct slice server_name)
{
    size_t at = out->len;
    enum err err = put_big(out, 0, 2);
    err = err != ERR_NONE ? err : put_server_name(out, server_name);
    err = err != ERR_NONE ? err : buf_append(out, slice_of(fixed_extensions, sizeof(fixed_extensions)));
    if (err == ERR_NONE) {
        patch(out, at, 2);
    }
    return err;
}

enum err hello_write(struct buf *out, uint16_t version, const uint16_t *suites, size_t suite_count,
                     struct slice server_name, const uint8_t random[HELLO_RANDOM_BYTES])
{
    if (server_name.len > 255 || suite_count > 1000) {
        return ERR_TOO_LARGE;
    }
    size_t record = out->len;
    enum err err = put_big(out, TYPE_HANDSHAKE, 1);
    err = err != ERR_NONE ? err : put_big(out, version > HELLO_TLS_1_0 ? HELLO_TLS_1_0 : version, 2);
    err = err != ERR_NONE ? err : put_big(out, 0, 2);
    err = err != ERR_NONE ? err : put_big(out, 1, 1);
    err = err != ERR_NONE ? err : put_big(out, 0, 3);
    err = err != ERR_NONE ? err : put_big(out, version, 2);
    err = err != ERR_NONE ? err : buf_append(out, slice_of(random, HELLO_RANDOM_BYTES));
    err = err != ERR_NONE ? err : put_big(out, 0, 1);
    err = err != ERR_NONE ? err : put_big(out, (uint32_t)suite_count * 2, 2);
    for (size_t i = 0; i < suite_count && err == ERR_NONE; i++) {
        err = put_big(out, suites[i], 2);
    }
    err = err != ERR_NONE ? err : put_big(out, 0x0100, 2); /* one compression: none */
    if (err == ERR_NONE && version > HELLO_SSL_3_0) {
        err = put_extensions(out, server_name);
    }
    if (err == ERR_NONE) {
        patch(out, record + 3, 2);
        patch(out, record + 6, 3);
    }
    return err;
}

static uint16_t load_u16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

/* Of a handshake message only as much is kept as a ServerHello needs; how it was cut into records does not matter. */
struct gathered {
    uint8_t bytes[SERVER_HELLO_FIXED_BYTES + 32 + 3];
    size_t len;
};

static void gather(struct gathered *gathered, struct slice more)
{
    more = slice_first(more, sizeof(gathered->bytes) - gathered->len);
    if (more.len > 0) {
        memcpy(gathered->bytes + gathered->len, more.data, more.len);
        gathered->len += more.len;
    }
}

/* HELLO_MORE until the suite is there. */
static struct hello_answer read_server_hello(const struct gathered *gathered)
{
    struct hello_answer answer = {.state = HELLO_GARBAGE};
    const uint8_t *body = gathered->bytes;
    if ((gathered->len > 0 && body[0] != SERVER_HELLO) || (gathered->len > 4 && body[4] != 3)) {
        return answer;
    }
    if (gathered->len >= 4 && (body[1] != 0 || load_u16(body + 2) < SERVER_HELLO_FIXED_BYTES - 4 + 3)) {
        return answer; /* too short for what it must hold, or longer than any is */
    }
    if (gathered->len < SERVER_HELLO_FIXED_BYTES) {
        answer.state = HELLO_MORE;
        return answer;
    }
    size_t session_id_bytes = body[SERVER_HELLO_FIXED_BYTES - 1];
    if (session_id_bytes > 32 || load_u16(body + 2) < SERVER_HELLO_FIXED_BYTES - 4 + session_id_bytes + 3) {
        return answer;
    }
    if (gathered->len < SERVER_HELLO_FIXED_BYTES + session_id_bytes + 3) {
        answer.state = HELLO_MORE;
        return answer;
    }
    answer.version = load_u16(body + 4);
    answer.suite = load_u16(body + SERVER_HELLO_FIXED_BYTES + session_id_bytes);
    answer.state = HELLO_ACCEPTED;
    return answer;
}

/* Cuts the next record off; HELLO_ACCEPTED: there is one, HELLO_MORE: not yet whole, HELLO_GARBAGE. */
static enum hello_state read_record(struct slice *rest, uint8_t *ret_type, struct slice *ret_body)
{
    enum { HEADER_BYTES = 5, BODY_MAX_BYTES = 16384 + 2048 };
    if (rest->len > 0 && rest->data[0] != TYPE_ALERT && rest->data[0] != TYPE_HANDSHAKE) {
        return HELLO_GARBAGE;
    }
    if (rest->len < HEADER_BYTES) {
        return HELLO_MORE;
    }
    size_t length = load_u16(rest->data + 3);
    if (rest->data[1] != 3 || length == 0 || length > BODY_MAX_BYTES) {
        return HELLO_GARBAGE;
    }
    if (rest->len - HEADER_BYTES < length) {
        return HELLO_MORE;
    }
    *ret_type = rest->data[0];
    *ret_body = slice_of(rest->data + HEADER_BYTES, length);
    *rest = slice_from(*rest, HEADER_BYTES + length);
    return HELLO_ACCEPTED;
}

/* Only a warning leaves the handshake open; to close is a refusal at any level. */
static bool read_alert(struct slice body, struct hello_answer *answer)
{
    enum { LEVEL_WARNING = 1, CLOSE_NOTIFY = 0 };
    if (body.len != 2) {
        answer->state = HELLO_GARBAGE;
        return false;
    }
    answer->alert = body.data[1];
    answer->warned = body.data[0] == LEVEL_WARNING && body.data[1] != CLOSE_NOTIFY;
    answer->state = answer->warned ? HELLO_MORE : HELLO_ALERT;
    return answer->warned;
}

struct hello_answer hello_read(struct slice received)
{
    enum { RECORDS_MAX = 512 };
    struct hello_answer answer = {.state = HELLO_MORE};
    struct gathered gathered = {.len = 0};
    struct slice body = SLICE_NONE;
    for (size_t records = 0; records < RECORDS_MAX; records++) {
        uint8_t type = 0;
        enum hello_state state = read_record(&received, &type, &body);
        if (state != HELLO_ACCEPTED) {
            answer.state = state;
            return answer;
        }
        if (type == TYPE_ALERT) {
            if (!read_alert(body, &answer)) {
                return answer;
            }
            continue;
        }
        gather(&gathered, body);
        struct hello_answer found = read_server_hello(&gathered);
        if (found.state != HELLO_MORE) {
            return found;
        }
    }
    answer.state = HELLO_GARBAGE;
    return answer;
}

struct number_name {
    uint16_t number;
    const char *name;
};

static const struct number_name versions[] = {
    {HELLO_SSL_3_0, "ssl3"}, {HELLO_TLS_1_0, "1.0"}, {HELLO_TLS_1_1, "1.1"}, {HELLO_TLS_1_2, "1.2"}, {0x0304, "1.3"},
};

static const struct number_name alerts[] = {
    {0, "close_notify"},       {10, "unexpected_message"},     {20, "bad_record_mac"},   {22, "record_overflow"},
    {40, "handshake_failure"}, {42, "bad_certificate"},        {43, "unsupported_certificate"},
    {47, "illegal_parameter"}, {48, "unknown_ca"},             {49, "access_denied"},    {50, "decode_error"},
    {51, "decrypt_error"},     {70, "protocol_version"},       {71, "insufficient_security"},
    {80, "internal_error"},    {86, "inappropriate_fallback"}, {90, "user_canceled"},    {109, "missing_extension"},
    {110, "unsupported_extension"}, {112, "unrecognized_name"}, {116, "certificate_required"},
    {120, "no_application_protocol"},
};

const char *hello_version_name(uint16_t version)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i].number == version) {
            return versions[i].name;
        }
    }
    return "unknown";
}

const char *hello_alert_name(uint8_t alert)
{
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].number == alert) {
            return alerts[i].name;
        }
    }
    return "alert";
}
