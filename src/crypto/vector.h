/* For tests of this folder: bytes from hexadecimal literals. */
#ifndef VOGT_CRYPTO_VECTOR_H
#define VOGT_CRYPTO_VECTOR_H

#include "base/encode.h"

#include <stdlib.h>

struct vector {
    uint8_t bytes[256];
    size_t len;
};

static inline struct vector vector_hex(const char *text)
{
    struct vector vector = {.len = 0};
    struct buf out = BUF_INIT(sizeof(vector.bytes));
    if (hex_decode(&out, slice_string(text)) != ERR_NONE) {
        abort(); /* a typing error in the test */
    }
    for (; vector.len < out.len; vector.len++) {
        vector.bytes[vector.len] = out.data[vector.len];
    }
    buf_free(&out);
    return vector;
}

static inline struct slice vector_slice(const struct vector *vector)
{
    return slice_of(vector->bytes, vector->len);
}

static inline bool vector_is(const uint8_t *bytes, size_t len, const char *hex)
{
    struct vector expected = vector_hex(hex);
    return slice_equal(slice_of(bytes, len), vector_slice(&expected));
}

#endif
