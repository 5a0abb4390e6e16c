/* Packed JSON looked into without a tree (the form stands in json_pack.c): for rows that every request reads and of which it needs little. */
#include "base/json.h"

/* Passes over one value. */
static enum err skip(struct reader *reader)
{
    uint32_t left[JSON_DEPTH_MAX];
    bool is_object[JSON_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        uint8_t type = 0;
        uint32_t count = 0;
        struct slice bytes;
        enum err err = depth > 0 && is_object[depth - 1] ? get_bytes(reader, UINT32_MAX, &bytes) : ERR_NONE;
        err = err == ERR_NONE ? get_u8(reader, &type) : err;
        if (type == JSON_NUMBER || type == JSON_STRING) {
            err = err == ERR_NONE ? get_bytes(reader, UINT32_MAX, &bytes) : err;
        } else if (type == JSON_ARRAY || type == JSON_OBJECT) {
            err = err == ERR_NONE ? get_u32(reader, &count) : err;
        }
        if (err != ERR_NONE || type > JSON_OBJECT || (count > 0 && depth == JSON_DEPTH_MAX)) {
            return ERR_MALFORMED;
        }
        if (depth > 0) {
            left[depth - 1]--;
        }
        if (count > 0) {
            left[depth] = count;
            is_object[depth] = type == JSON_OBJECT;
            depth++;
        }
        while (depth > 0 && left[depth - 1] == 0) {
            depth--;
        }
        if (depth == 0) {
            return ERR_NONE;
        }
    }
}

/* What a skip passed over, as bytes. */
static enum err take(struct reader *reader, struct slice whole, struct slice *ret_value)
{
    size_t start = whole.len - reader_left(reader);
    enum err err = skip(reader);
    if (err == ERR_NONE) {
        *ret_value = slice_first(slice_from(whole, start), whole.len - reader_left(reader) - start);
    }
    return err;
}

enum err json_packed_member(struct slice packed, const char *name, struct slice *ret_value)
{
    struct reader reader = reader_of(packed);
    uint8_t type = 0;
    uint32_t count = 0;
    struct slice value, wanted = slice_string(name), found;
    enum err err = get_u8(&reader, &type);
    err = err == ERR_NONE && type == JSON_OBJECT ? get_u32(&reader, &count) : ERR_MALFORMED;
    for (; err == ERR_NONE && count > 0; count--) {
        err = get_bytes(&reader, UINT32_MAX, &found);
        err = err == ERR_NONE ? take(&reader, packed, &value) : ERR_MALFORMED;
        if (err == ERR_NONE && slice_equal(found, wanted)) {
            *ret_value = value;
            return ERR_NONE;
        }
    }
    return err == ERR_NONE ? ERR_NOT_FOUND : ERR_MALFORMED;
}

enum err json_packed_text(struct slice packed, struct slice *ret_text)
{
    struct reader reader = reader_of(packed);
    uint8_t type = 0;
    struct slice text;
    enum err err = get_u8(&reader, &type);
    err = err == ERR_NONE && type == JSON_STRING ? get_bytes(&reader, UINT32_MAX, &text) : ERR_MALFORMED;
    if (err != ERR_NONE) {
        return ERR_MALFORMED;
    }
    *ret_text = text;
    return ERR_NONE;
}

enum err json_packed_items(struct slice packed, struct slice *ret_items)
{
    if (packed.len < 5 || packed.data[0] != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    *ret_items = slice_from(packed, 5); /* without type and count: one after the other to the end */
    return ERR_NONE;
}

enum err json_packed_next(struct slice *items, struct slice *ret_item)
{
    struct reader reader = reader_of(*items);
    enum err err = items->len == 0 ? ERR_NOT_FOUND : take(&reader, *items, ret_item);
    if (err == ERR_NONE) {
        *items = slice_from(*items, ret_item->len);
    }
    return err;
}
