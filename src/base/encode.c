#include "base/encode.h"

#include "base/encode_wide.h"

enum { BAD = 0xff };

/* An alphabet: 64 digits, whether '=' pads, and for decoding the value of each byte (BAD for none).
 */
struct alphabet {
    char digits[65];
    bool padded;
};

static const struct alphabet standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true};
static const struct alphabet url = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false};

static enum err encode64(struct buf *out, struct slice bytes, const struct alphabet *alphabet)
{
    size_t groups = bytes.len / 3, rest = bytes.len % 3;
    if (groups >= SIZE_MAX / 4 - 1) {
        return ERR_TOO_LARGE;
    }
    size_t tail = rest == 0 ? 0 : alphabet->padded ? 4 : rest + 1;
    enum err err = buf_reserve(out, groups * 4 + tail);
    if (err != ERR_NONE) {
        return err;
    }
    if (bytes.len == 0) {
        return ERR_NONE; /* neither side need have memory */
    }
    uint8_t *to = out->data + out->len;
    const uint8_t *from = bytes.data;
    const char *digits = alphabet->digits;
    size_t wide = alphabet == &standard ? base64_encode_wide(from, groups * 3, to) : 0;
    from += wide;
    to += wide / 3 * 4;
    for (size_t i = wide / 3; i < groups; i++, from += 3) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        *to++ = (uint8_t)digits[bits >> 18];
        *to++ = (uint8_t)digits[bits >> 12 & 63];
        *to++ = (uint8_t)digits[bits >> 6 & 63];
        *to++ = (uint8_t)digits[bits & 63];
    }
    if (rest > 0) {
        uint32_t bits = (uint32_t)from[0] << 16 | (rest == 2 ? (uint32_t)from[1] << 8 : 0);
        uint8_t last[4] = {(uint8_t)digits[bits >> 18], (uint8_t)digits[bits >> 12 & 63],
                           rest == 2 ? (uint8_t)digits[bits >> 6 & 63] : (uint8_t)'=',
                           (uint8_t)'='};
        for (size_t i = 0; i < tail; i++) {
            *to++ = last[i];
        }
    }
    out->len += groups * 4 + tail;
    return ERR_NONE;
}

static uint8_t value_of(uint8_t byte, const struct alphabet *alphabet)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (uint8_t)(byte - 'A');
    }
    if (byte >= 'a' && byte <= 'z') {
        return (uint8_t)(byte - 'a' + 26);
    }
    if (byte >= '0' && byte <= '9') {
        return (uint8_t)(byte - '0' + 52);
    }
    if (byte == (uint8_t)alphabet->digits[62]) {
        return 62;
    }
    return byte == (uint8_t)alphabet->digits[63] ? 63 : BAD;
}

/* The last 2 or 3 digits. Their spare bits must be zero, else one byte string would have several
 * spellings. */
static bool decode_rest(const uint8_t *from, size_t rest, const struct alphabet *alphabet,
                        uint8_t *to)
{
    uint8_t a = value_of(from[0], alphabet), b = value_of(from[1], alphabet);
    uint8_t c = rest == 3 ? value_of(from[2], alphabet) : 0;
    if (a == BAD || b == BAD || c == BAD || (rest == 2 && (b & 15) != 0) ||
        (rest == 3 && (c & 3) != 0)) {
        return false;
    }
    to[0] = (uint8_t)(a << 2 | b >> 4);
    if (rest == 3) {
        to[1] = (uint8_t)(b << 4 | c >> 2);
    }
    return true;
}

static enum err decode64(struct buf *out, struct slice text, const struct alphabet *alphabet)
{
    if (alphabet->padded) {
        if (text.len % 4 != 0) {
            return ERR_MALFORMED;
        }
        for (size_t i = 0; i < 2 && text.len > 0 && text.data[text.len - 1] == '='; i++) {
            text.len--;
        }
    }
    size_t groups = text.len / 4, rest = text.len % 4;
    if (rest == 1) {
        return ERR_MALFORMED;
    }
    size_t bytes = groups * 3 + (rest == 0 ? 0 : rest - 1);
    enum err err = buf_reserve(out, bytes);
    if (err != ERR_NONE) {
        return err;
    }
    if (text.len == 0) {
        return ERR_NONE; /* neither side need have memory */
    }
    uint8_t *to = out->data + out->len;
    const uint8_t *from = text.data;
    size_t wide = alphabet == &standard ? base64_decode_wide(from, groups * 4, to, bytes) : 0;
    from += wide;
    to += wide / 4 * 3;
    for (size_t i = wide / 4; i < groups; i++, from += 4, to += 3) {
        uint8_t a = value_of(from[0], alphabet), b = value_of(from[1], alphabet);
        uint8_t c = value_of(from[2], alphabet), d = value_of(from[3], alphabet);
        if (a == BAD || b == BAD || c == BAD || d == BAD) {
            return ERR_MALFORMED;
        }
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
    }
    if (rest > 0 && !decode_rest(from, rest, alphabet, to)) {
        return ERR_MALFORMED;
    }
    out->len += bytes;
    return ERR_NONE;
}

enum err base64_encode(struct buf *out, struct slice bytes)
{
    return encode64(out, bytes, &standard);
}

enum err base64_decode(struct buf *out, struct slice text)
{
    return decode64(out, text, &standard);
}

enum err base64url_encode(struct buf *out, struct slice bytes)
{
    return encode64(out, bytes, &url);
}

enum err base64url_decode(struct buf *out, struct slice text)
{
    return decode64(out, text, &url);
}

enum err hex_encode(struct buf *out, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (bytes.len > SIZE_MAX / 2) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_reserve(out, bytes.len * 2);
    if (err != ERR_NONE) {
        return err;
    }
    if (bytes.len == 0) {
        return ERR_NONE; /* neither side need have memory */
    }
    uint8_t *to = out->data + out->len;
    for (size_t i = 0; i < bytes.len; i++) {
        *to++ = (uint8_t)digits[bytes.data[i] >> 4];
        *to++ = (uint8_t)digits[bytes.data[i] & 15];
    }
    out->len += bytes.len * 2;
    return ERR_NONE;
}

static uint8_t hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return (uint8_t)(byte - '0');
    }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? (uint8_t)(lower - 'a' + 10) : BAD;
}

enum err hex_decode(struct buf *out, struct slice text)
{
    if (text.len % 2 != 0) {
        return ERR_MALFORMED;
    }
    enum err err = buf_reserve(out, text.len / 2);
    if (err != ERR_NONE) {
        return err;
    }
    if (text.len == 0) {
        return ERR_NONE; /* neither side need have memory */
    }
    uint8_t *to = out->data + out->len;
    for (size_t i = 0; i < text.len; i += 2) {
        uint8_t high = hex_value(text.data[i]), low = hex_value(text.data[i + 1]);
        if (high == BAD || low == BAD) {
            return ERR_MALFORMED;
        }
        *to++ = (uint8_t)(high << 4 | low);
    }
    out->len += text.len / 2;
    return ERR_NONE;
}
