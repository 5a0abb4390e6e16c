#include "crypto/der.h"

#include "base/encode.h"

#include <string.h>

enum { LONG_FORM = 0x80, LENGTH_MAX_BYTES = 3, PEM_LINE_BYTES = 64, PEM_MAX_BYTES = 64 << 10 };

static enum err get_length(struct reader *reader, size_t *ret_len)
{
    uint8_t first = 0, byte = 0;
    enum err err = get_u8(reader, &first);
    size_t len = first, count = first & 0x7fu;
    if (err != ERR_NONE || first < LONG_FORM) {
        *ret_len = len;
        return err;
    }
    if (count == 0 || count > LENGTH_MAX_BYTES) {
        return ERR_MALFORMED;
    }
    len = 0;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = get_u8(reader, &byte);
        len = len << 8 | byte;
        err = err == ERR_NONE && i == 0 && byte == 0 ? ERR_MALFORMED : err; /* a shorter form existed */
    }
    *ret_len = len;
    return err == ERR_NONE && len < LONG_FORM ? ERR_MALFORMED : err;
}

bool der_next_is(const struct reader *reader, uint8_t tag)
{
    return reader_left(reader) > 0 && reader->data[reader->position] == tag;
}

enum err der_get(struct reader *reader, uint8_t tag, struct slice *ret_content)
{
    struct reader at = *reader;
    uint8_t found = 0;
    size_t len = 0;
    struct slice content;
    enum err err = get_u8(&at, &found);
    err = err == ERR_NONE && found != tag ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? get_length(&at, &len) : err;
    err = err == ERR_NONE ? get_raw(&at, len, &content) : err;
    if (err == ERR_NONE) {
        *reader = at;
        *ret_content = content;
    }
    return err == ERR_NONE ? ERR_NONE : ERR_MALFORMED;
}

enum err der_get_number(struct reader *reader, struct slice *ret_big_endian)
{
    struct reader at = *reader;
    struct slice content;
    enum err err = der_get(&at, DER_INTEGER, &content);
    bool is_good = err == ERR_NONE && content.len > 0 && content.data[0] < 0x80 && (content.len == 1 || content.data[0] != 0 || content.data[1] >= 0x80);
    if (!is_good) {
        return ERR_MALFORMED;
    }
    *ret_big_endian = content.data[0] == 0 ? slice_from(content, 1) : content;
    *reader = at;
    return ERR_NONE;
}

enum err der_get_bits(struct reader *reader, struct slice *ret_bytes)
{
    struct reader at = *reader;
    struct slice content;
    enum err err = der_get(&at, DER_BIT_STRING, &content);
    if (err != ERR_NONE || content.len == 0 || content.data[0] != 0) {
        return ERR_MALFORMED;
    }
    *ret_bytes = slice_from(content, 1);
    *reader = at;
    return ERR_NONE;
}

/* ---- writing ---- */

static enum err put_length(struct buf *out, size_t len)
{
    size_t count = len < LONG_FORM ? 0 : len <= 0xff ? 1 : len <= 0xffff ? 2 : 3;
    if (len > 0xffffff) {
        return ERR_TOO_LARGE;
    }
    enum err err = count == 0 ? ERR_NONE : buf_append_byte(out, (uint8_t)(LONG_FORM | count));
    for (size_t i = count == 0 ? 1 : count; i > 0 && err == ERR_NONE; i--) {
        err = buf_append_byte(out, (uint8_t)(len >> (8 * (i - 1))));
    }
    return err;
}

enum err der_put(struct buf *out, uint8_t tag, struct slice content)
{
    enum err err = buf_append_byte(out, tag);
    err = err == ERR_NONE ? put_length(out, content.len) : err;
    return err == ERR_NONE ? buf_append(out, content) : err;
}

enum err der_put_number(struct buf *out, struct slice big_endian)
{
    while (big_endian.len > 0 && big_endian.data[0] == 0) {
        big_endian = slice_from(big_endian, 1);
    }
    bool pads = big_endian.len == 0 || big_endian.data[0] >= 0x80;
    enum err err = buf_append_byte(out, DER_INTEGER);
    err = err == ERR_NONE ? put_length(out, big_endian.len + pads) : err;
    err = err == ERR_NONE && pads ? buf_append_byte(out, 0) : err;
    return err == ERR_NONE ? buf_append(out, big_endian) : err;
}

enum err der_put_bits(struct buf *out, struct slice bytes)
{
    enum err err = buf_append_byte(out, DER_BIT_STRING);
    err = err == ERR_NONE ? put_length(out, bytes.len + 1) : err;
    err = err == ERR_NONE ? buf_append_byte(out, 0) : err;
    return err == ERR_NONE ? buf_append(out, bytes) : err;
}

/* ---- PEM ---- */

enum err pem_write(struct buf *out, const char *label, struct slice der)
{
    cleanup_buf struct buf text = BUF_INIT(PEM_MAX_BYTES);
    enum err err = buf_reserve(&text, (der.len + 2) / 3 * 4); /* once: a grown one would copy a key about */
    err = err == ERR_NONE ? base64_encode(&text, der) : err;
    err = err == ERR_NONE ? buf_printf(out, "-----BEGIN %s-----\n", label) : err;
    for (struct slice rest = buf_slice(&text); rest.len > 0 && err == ERR_NONE; rest = slice_from(rest, PEM_LINE_BYTES)) {
        err = buf_append(out, slice_first(rest, PEM_LINE_BYTES));
        err = err == ERR_NONE ? buf_append_byte(out, '\n') : err;
    }
    return err == ERR_NONE ? buf_printf(out, "-----END %s-----\n", label) : err;
}

static bool take(struct slice *text, struct slice word)
{
    bool is_there = slice_starts(*text, word);
    *text = is_there ? slice_from(*text, word.len) : *text;
    return is_there;
}

static bool take_end(struct slice *text, struct slice word)
{
    bool is_there = slice_ends(*text, word);
    text->len -= is_there ? word.len : 0;
    return is_there;
}

enum err pem_read(struct slice text, const char *label, struct buf *out)
{
    cleanup_buf struct buf digits = BUF_INIT(PEM_MAX_BYTES);
    struct slice name = slice_string(label);
    text = slice_trim(text);
    bool is_framed = text.len <= PEM_MAX_BYTES && take(&text, SLICE_LITERAL("-----BEGIN ")) && take(&text, name) && take(&text, SLICE_LITERAL("-----")) && take_end(&text, SLICE_LITERAL("-----")) &&
                     take_end(&text, name) && take_end(&text, SLICE_LITERAL("-----END "));
    enum err err = is_framed ? buf_reserve(&digits, text.len) : ERR_MALFORMED;
    for (size_t i = 0; i < text.len && err == ERR_NONE; i++) {
        bool is_space = text.data[i] == '\n' || text.data[i] == '\r' || text.data[i] == ' ' || text.data[i] == '\t';
        err = is_space ? ERR_NONE : buf_append_byte(&digits, text.data[i]);
    }
    return err == ERR_NONE ? base64_decode(out, buf_slice(&digits)) : err;
}
