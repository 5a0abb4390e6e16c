#include "collect/hello.h"

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

/* Groups, point formats, signature algorithms (SHA-1 ones too: an old server's answer must not depend on them), and the
 * empty renegotiation_info that some servers insist on. */
static const uint8_t fixed_extensions[] = {
    0x00, 0x0a, 0x00, 0x0e, 0x00, 0x0c, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, 0x00, 0x1e, 0x01, 0x00,
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

static struct hello_answer read_server_hello(const uint8_t *body, size_t length)
{
    struct hello_answer answer = {.state = HELLO_GARBAGE};
    if (length < SERVER_HELLO_FIXED_BYTES || body[0] != SERVER_HELLO || body[4] != 3) {
        return answer;
    }
    size_t session_id_bytes = body[SERVER_HELLO_FIXED_BYTES - 1];
    if (session_id_bytes > 32 || length - SERVER_HELLO_FIXED_BYTES < session_id_bytes + 3) {
        return answer;
    }
    answer.version = load_u16(body + 4);
    answer.suite = load_u16(body + SERVER_HELLO_FIXED_BYTES + session_id_bytes);
    answer.state = HELLO_ACCEPTED;
    return answer;
}

struct hello_answer hello_read(struct slice received)
{
    enum { HEADER_BYTES = 5, BODY_MAX_BYTES = 16384 + 2048 };
    struct hello_answer more = {.state = HELLO_MORE}, garbage = {.state = HELLO_GARBAGE};
    if (received.len > 0 && received.data[0] != TYPE_ALERT && received.data[0] != TYPE_HANDSHAKE) {
        return garbage;
    }
    if (received.len < HEADER_BYTES) {
        return more;
    }
    size_t length = load_u16(received.data + 3);
    if (received.data[1] != 3 || length == 0 || length > BODY_MAX_BYTES) {
        return garbage;
    }
    if (received.len - HEADER_BYTES < length) {
        return more;
    }
    const uint8_t *body = received.data + HEADER_BYTES;
    if (received.data[0] == TYPE_HANDSHAKE) {
        return read_server_hello(body, length);
    }
    return length == 2 ? (struct hello_answer){.state = HELLO_ALERT, .alert = body[1]} : garbage;
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
