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

enum err reader_end(const struct reader *reader)
{
    return reader_left(reader) == 0 ? ERR_NONE : ERR_MALFORMED;
}
