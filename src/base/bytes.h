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

struct slice {
    const uint8_t *data;
    size_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
#define SLICE_LITERAL(literal) ((struct slice){(const uint8_t *)("" literal), sizeof(literal) - 1})
/* The same as an initializer, for static tables (C takes no compound literal there). */
#define SLICE_INIT(literal) {(const uint8_t *)("" literal), sizeof(literal) - 1}

struct slice slice_of(const void *data, size_t len);
struct slice slice_string(const char *string);                    /* strlen; NULL gives the empty slice */
bool slice_equal(struct slice a, struct slice b);                 /* not constant time */
bool slice_is(struct slice slice, const char *string);
bool slice_starts(struct slice slice, struct slice prefix);
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

struct reader {
    const uint8_t *data;
    size_t len, position;
};
struct reader reader_of(struct slice slice);
enum err get_u8(struct reader *reader, uint8_t *ret_value) must_check;     /* ERR_MALFORMED at the end of the data */
enum err get_u16(struct reader *reader, uint16_t *ret_value) must_check;
enum err get_u32(struct reader *reader, uint32_t *ret_value) must_check;
enum err get_u64(struct reader *reader, uint64_t *ret_value) must_check;
enum err get_bytes(struct reader *reader, size_t max, struct slice *ret_bytes) must_check; /* borrowed; ERR_TOO_LARGE */
enum err get_raw(struct reader *reader, size_t count, struct slice *ret_bytes) must_check;
enum err reader_end(const struct reader *reader) must_check;                /* ERR_MALFORMED if bytes are left */
size_t reader_left(const struct reader *reader);

uint64_t load_u64_big(const uint8_t *data);
void store_u64_big(uint8_t *data, uint64_t value);
uint32_t load_u32_little(const uint8_t *data);
uint64_t load_u64_little(const uint8_t *data);
void store_u32_little(uint8_t *data, uint32_t value);
void store_u64_little(uint8_t *data, uint64_t value);

#endif
