/* struct reader: bounded decoding of the little-endian encodings. A failed get leaves position and
 * output alone. */
#include "base/bytes.h"

enum err get_u16(struct reader *reader, uint16_t *ret_value)
{
    struct slice bytes;
    enum err err = get_raw(reader, sizeof(*ret_value), &bytes);
    if (err == ERR_NONE) {
        *ret_value = (uint16_t)(bytes.data[0] | bytes.data[1] << 8);
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

enum err get_small(struct reader *reader, uint64_t *ret_value)
{
    struct reader ahead = *reader;
    uint64_t value = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; (byte & 0x80) != 0; shift += 7) {
        if (shift > 63 || get_u8(&ahead, &byte) != ERR_NONE || (shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
            return ERR_MALFORMED;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    *ret_value = value;
    *reader = ahead;
    return ERR_NONE;
}

enum err get_small_signed(struct reader *reader, int64_t *ret_value)
{
    uint64_t folded = 0;
    enum err err = get_small(reader, &folded);
    if (err == ERR_NONE) {
        *ret_value = (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
    }
    return err;
}

enum err reader_end(const struct reader *reader)
{
    return reader_left(reader) == 0 ? ERR_NONE : ERR_MALFORMED;
}
