/*
 * struct buf. What a buf held is wiped when it is cleared, consumed, moved by growth or freed:
 * request bodies and opened rows pass through bufs, and freed memory should not keep them.
 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY_BYTES = 64 };

void buf_free(struct buf *buf)
{
    if (buf->data != NULL) {
        explicit_bzero(buf->data, buf->len);
        free(buf->data);
    }
    buf->data = NULL;
    buf->len = buf->capacity = 0;
}

void buf_clear(struct buf *buf)
{
    if (buf->len > 0) {
        explicit_bzero(buf->data, buf->len);
    }
    buf->len = 0;
}

/* Not realloc: it would leave a copy of the old bytes behind. */
static enum err grow(struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity < FIRST_CAPACITY_BYTES ? FIRST_CAPACITY_BYTES : buf->capacity;
    while (capacity < needed) {
        capacity = capacity > buf->max / 2 ? buf->max : capacity * 2;
    }
    if (capacity > buf->max) {
        capacity = buf->max;
    }
    uint8_t *data = malloc(capacity);
    if (data == NULL) {
        return ERR_MEMORY;
    }
    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
        explicit_bzero(buf->data, buf->len);
    }
    free(buf->data);
    buf->data = data;
    buf->capacity = capacity;
    return ERR_NONE;
}

enum err buf_reserve(struct buf *buf, size_t more)
{
    if (buf->len > buf->max || more > buf->max - buf->len) {
        return ERR_TOO_LARGE;
    }
    return more <= buf->capacity - buf->len ? ERR_NONE : grow(buf, buf->len + more);
}

enum err buf_append(struct buf *buf, struct slice slice)
{
    enum err err = buf_reserve(buf, slice.len);
    if (err == ERR_NONE && slice.len > 0) {
        memcpy(buf->data + buf->len, slice.data, slice.len);
        buf->len += slice.len;
    }
    return err;
}

enum err buf_append_string(struct buf *buf, const char *string)
{
    return buf_append(buf, slice_string(string));
}

enum err buf_append_byte(struct buf *buf, uint8_t byte)
{
    enum err err = buf_reserve(buf, 1);
    if (err == ERR_NONE) {
        buf->data[buf->len++] = byte;
    }
    return err;
}

enum err buf_append_u64_decimal(struct buf *buf, uint64_t value)
{
    uint8_t digits[20]; /* of UINT64_MAX */
    size_t start = sizeof(digits);
    do {
        digits[--start] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return buf_append(buf, slice_of(digits + start, sizeof(digits) - start));
}

enum err buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (needed < 0) {
        return ERR_INVALID;
    }
    if ((size_t)needed > buf->max || buf->max - (size_t)needed < buf->len) {
        return ERR_TOO_LARGE;
    }
    /* vsnprintf wants room for a NUL that a buf filled to its maximum does not have. */
    char *text = malloc((size_t)needed + 1);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    va_start(arguments, format);
    int printed = vsnprintf(text, (size_t)needed + 1, format, arguments);
    va_end(arguments);
    enum err err =
        printed == needed ? buf_append(buf, slice_of(text, (size_t)needed)) : ERR_INTERNAL;
    free(text);
    return err;
}

void buf_consume(struct buf *buf, size_t count)
{
    if (count > buf->len) {
        abort(); /* a caller lost count of its own bytes */
    }
    if (count == 0) {
        return;
    }
    size_t left = buf->len - count;
    memmove(buf->data, buf->data + count, left);
    explicit_bzero(buf->data + left, count);
    buf->len = left;
}

struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->data, buf->len);
}

struct buf buf_take(struct buf *buf)
{
    struct buf taken = *buf;
    *buf = BUF_INIT(taken.max);
    return taken;
}

enum err put_u8(struct buf *buf, uint8_t value)
{
    return buf_append_byte(buf, value);
}

enum err put_u16(struct buf *buf, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value & 0xff), (uint8_t)(value >> 8)};
    return buf_append(buf, slice_of(bytes, sizeof(bytes)));
}

enum err put_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[4];
    store_u32_little(bytes, value);
    return buf_append(buf, slice_of(bytes, sizeof(bytes)));
}

enum err put_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];
    store_u64_little(bytes, value);
    return buf_append(buf, slice_of(bytes, sizeof(bytes)));
}

/* Reserves for both parts first, so that a failure leaves no lone length behind. */
enum err put_bytes(struct buf *buf, struct slice bytes)
{
    if (bytes.len > UINT32_MAX) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_reserve(buf, bytes.len + sizeof(uint32_t));
    if (err == ERR_NONE) {
        err = put_u32(buf, (uint32_t)bytes.len);
    }
    return err == ERR_NONE ? buf_append(buf, bytes) : err;
}

enum err put_small(struct buf *buf, uint64_t value)
{
    uint8_t bytes[10];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[len++] = (uint8_t)(value | 0x80);
    }
    bytes[len++] = (uint8_t)value;
    return buf_append(buf, slice_of(bytes, len));
}

enum err put_small_signed(struct buf *buf, int64_t value)
{
    return put_small(buf, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}
