/* struct reader: bounded decoding of the little-endian encodings. A failed get leaves position and
 * output alone. */
#include "base/bytes.h"

struct reader reader_of(struct slice slice)
{
    return (struct reader){slice.data, slice.len, 0};
}

size_t reader_left(const struct reader *reader)
{
    return reader->len - reader->position;
}

enum err get_raw(struct reader *reader, size_t count, struct slice *ret_bytes)
{
    if (count > reader_left(reader)) {
        return ERR_MALFORMED;
    }
    *ret_bytes = slice_of(reader->data == NULL ? NULL : reader->data + reader->position, count);
    reader->position += count;
    return ERR_NONE;
}

enum err get_u8(struct reader *reader, uint8_t *ret_value)
{
    struct slice bytes;
    enum err err = get_raw(reader, sizeof(*ret_value), &bytes);
    if (err == ERR_NONE) {
        *ret_value = bytes.data[0];
    }
    return err;
}

enum err get_u16(struct reader *reader, uint16_t *ret_value)
{
    struct slice bytes;
    enum err err = get_raw(reader, sizeof(*ret_value), &bytes);
    if (err == ERR_NONE) {
        *ret_value = (uint16_t)(bytes.data[0] | bytes.data[1] << 8);
    }
    return err;
}

enum err get_u32(struct reader *reader, uint32_t *ret_value)
{
    struct slice bytes;
    enum err err = get_raw(reader, sizeof(*ret_value), &bytes);
    if (err == ERR_NONE) {
        *ret_value = load_u32_little(bytes.data);
    }
    return err;
}

enum err get_u64(struct reader *reader, uint64_t *ret_value)
{
    struct slice bytes;
    enum err err = get_raw(reader, sizeof(*ret_value), &bytes);
    if (err == ERR_NONE) {
        *ret_value = load_u64_little(bytes.data);
    }
    return err;
}

enum err get_bytes(struct reader *reader, size_t max, struct slice *ret_bytes)
{
    struct reader ahead = *reader;
    uint32_t len = 0;
    enum err err = get_u32(&ahead, &len);
    if (err != ERR_NONE) {
        return err;
    }
    if (len > max) {
        return ERR_TOO_LARGE;
    }
    err = get_raw(&ahead, len, ret_bytes);
    if (err == ERR_NONE) {
        *reader = ahead;
    }
    return err;
}

enum err reader_end(const struct reader *reader)
{
    return reader_left(reader) == 0 ? ERR_NONE : ERR_MALFORMED;
}
