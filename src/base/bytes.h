/*
 * Bytes. struct slice borrows; struct buf owns and grows up to a mandatory maximum.
 * Neither is ever NUL-terminated; strings with NUL exist at system calls and in configuration only.
 * A buf wipes what it held when it is cleared, consumed, moved by growth or freed.
 */
#ifndef VOGT_BASE_BYTES_H
#define VOGT_BASE_BYTES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_LITERAL(literal) ((struct slice){(const uint8_t *)("" literal), sizeof(literal) - 1})
/* The same as an initializer, for static tables (C takes no compound literal there). */
#define SLICE_INIT(literal) {(const uint8_t *)("" literal), sizeof(literal) - 1}

/* The smallest of these functions stand here, because every decoder consists of them and a call would cost more than what it does. */
static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){data, len};
}

/* strlen; NULL gives the empty slice. */
static inline struct slice slice_string(const char *string)
{
    return string == NULL ? SLICE_NONE : slice_of(string, strlen(string));
}

/* Not constant time. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_is(struct slice slice, const char *string)
{
    return slice_equal(slice, slice_string(string));
}

static inline bool slice_starts(struct slice slice, struct slice prefix)
{
    return slice.len >= prefix.len && (prefix.len == 0 || memcmp(slice.data, prefix.data, prefix.len) == 0);
}

/* What names are made of: "byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-_")". NUL is among none. */
#define ASCII_DIGITS "0123456789"
#define ASCII_LOWER "abcdefghijklmnopqrstuvwxyz"
#define ASCII_LETTERS ASCII_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static inline bool byte_is_among(uint8_t byte, const char *bytes)
{
    return byte != 0 && strchr(bytes, byte) != NULL;
}

/* A to Z as a to z, every other byte as it is; the locale has no say. */
static inline uint8_t byte_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool slice_consists_of(struct slice slice, const char *bytes);    /* every byte is among them; there may be none */
/* Letters of ASCII are the same in either case. Not constant time. */
bool slice_equal_caseless(struct slice a, struct slice b);
bool slice_is_caseless(struct slice slice, const char *string);
bool slice_starts_caseless(struct slice slice, struct slice prefix);
size_t slice_find_caseless(struct slice slice, struct slice needle); /* as slice_find */

bool slice_ends(struct slice slice, struct slice suffix);
int slice_compare(struct slice a, struct slice b);                /* bytewise, shorter first */
struct slice slice_from(struct slice slice, size_t offset);       /* clamped */
struct slice slice_first(struct slice slice, size_t count);       /* clamped */
struct slice slice_trim(struct slice slice);                      /* ASCII white space on both ends */
/* Offset of the first occurrence, or SIZE_MAX. */
size_t slice_find(struct slice slice, struct slice needle);
size_t slice_find_byte(struct slice slice, uint8_t byte);
/* Cuts *rest at the first `separator`: *ret_part gets what is before it. False once *rest is exhausted. */
bool slice_split(struct slice *rest, uint8_t separator, struct slice *ret_part);
/* Strict decimal: digits only, no sign, no leading zero but "0" itself. ERR_MALFORMED, ERR_TOO_LARGE. */
enum err slice_to_u64(struct slice slice, uint64_t *ret_value) must_check;

struct buf {
    uint8_t *data;
    size_t len, capacity, max;
};

#define BUF_INIT(maximum_bytes) ((struct buf){NULL, 0, 0, (maximum_bytes)})
#define cleanup_buf __attribute__((cleanup(buf_free)))

void buf_free(struct buf *buf);                                   /* frees and empties; NULL data is harmless */
void buf_clear(struct buf *buf);                                  /* keeps the memory */
enum err buf_reserve(struct buf *buf, size_t more) must_check;    /* ERR_TOO_LARGE past max, ERR_MEMORY */
enum err buf_append(struct buf *buf, struct slice slice) must_check;
enum err buf_append_string(struct buf *buf, const char *string) must_check;
enum err buf_append_byte(struct buf *buf, uint8_t byte) must_check;
enum err buf_append_u64_decimal(struct buf *buf, uint64_t value) must_check;
/* printf into a buf, for numbers and names; never for secrets. */
enum err buf_printf(struct buf *buf, const char *format, ...) must_check __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *buf, size_t count);                  /* drops from the front; count <= len */
struct slice buf_slice(const struct buf *buf);
struct buf buf_take(struct buf *buf);                             /* moves out, leaves it empty with the same max */

/* Little-endian encoders onto a buf (internal wire and rows) and a bounded reader for them. */
enum err put_u8(struct buf *buf, uint8_t value) must_check;
enum err put_u16(struct buf *buf, uint16_t value) must_check;
enum err put_u32(struct buf *buf, uint32_t value) must_check;
enum err put_u64(struct buf *buf, uint64_t value) must_check;
enum err put_bytes(struct buf *buf, struct slice bytes) must_check; /* u32 length, then the bytes */
/* A number that is mostly small, in one to ten bytes: seven bits a byte, low ones first, the eighth says that another follows (LEB128, DWARF 5, section 7.6). Signed ones
 * are folded first, so that -1 is 1 and 1 is 2. */
enum err put_small(struct buf *buf, uint64_t value) must_check;
enum err put_small_signed(struct buf *buf, int64_t value) must_check;

static inline uint32_t load_u32_little(const uint8_t *data)
{
    uint32_t value;
    memcpy(&value, data, sizeof value);
    return value; /* every machine that Vogt runs on is little-endian (bytes.c) */
}

struct reader {
    const uint8_t *data;
    size_t len, position;
};
static inline struct reader reader_of(struct slice slice)
{
    return (struct reader){slice.data, slice.len, 0};
}

static inline size_t reader_left(const struct reader *reader)
{
    return reader->len - reader->position;
}

/* All of these: ERR_MALFORMED at the end of the data, and then position and output are left alone. */
static inline must_check enum err get_raw(struct reader *reader, size_t count, struct slice *ret_bytes)
{
    if (count > reader_left(reader)) {
        return ERR_MALFORMED;
    }
    *ret_bytes = slice_of(reader->data == NULL ? NULL : reader->data + reader->position, count);
    reader->position += count;
    return ERR_NONE;
}

static inline must_check enum err get_u8(struct reader *reader, uint8_t *ret_value)
{
    if (reader_left(reader) == 0) {
        return ERR_MALFORMED;
    }
    *ret_value = reader->data[reader->position++];
    return ERR_NONE;
}

enum err get_u16(struct reader *reader, uint16_t *ret_value) must_check;

static inline must_check enum err get_u32(struct reader *reader, uint32_t *ret_value)
{
    if (reader_left(reader) < sizeof *ret_value) {
        return ERR_MALFORMED;
    }
    *ret_value = load_u32_little(reader->data + reader->position);
    reader->position += sizeof *ret_value;
    return ERR_NONE;
}

enum err get_u64(struct reader *reader, uint64_t *ret_value) must_check;

/* Borrowed. ERR_TOO_LARGE: more than `max`. */
static inline must_check enum err get_bytes(struct reader *reader, size_t max, struct slice *ret_bytes)
{
    struct reader ahead = *reader;
    uint32_t len = 0;
    enum err err = get_u32(&ahead, &len);
    if (err == ERR_NONE && len > max) {
        return ERR_TOO_LARGE;
    }
    err = err == ERR_NONE ? get_raw(&ahead, len, ret_bytes) : err;
    if (err == ERR_NONE) {
        *reader = ahead;
    }
    return err;
}

enum err get_small(struct reader *reader, uint64_t *ret_value) must_check; /* ERR_MALFORMED also for a number written longer than needed */
enum err get_small_signed(struct reader *reader, int64_t *ret_value) must_check;
enum err reader_end(const struct reader *reader) must_check;                /* ERR_MALFORMED if bytes are left */

uint64_t load_u64_big(const uint8_t *data);
void store_u64_big(uint8_t *data, uint64_t value);
uint64_t load_u64_little(const uint8_t *data);
void store_u32_little(uint8_t *data, uint32_t value);
void store_u64_little(uint8_t *data, uint64_t value);

#endif
