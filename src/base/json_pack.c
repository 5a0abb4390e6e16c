/*
 * The packed form, little-endian:
 *   value  := u8 type, then for
 *     0 null, 1 false, 2 true   nothing
 *     3 number, 4 string        u32 length, bytes
 *     5 array                   u32 count, count values
 *     6 object                  u32 count, count members: u32 length, name, value
 * One value and nothing behind it. The sender may be captured: everything that json_read promises
 * is checked again.
 */
#include "base/json.h"

#include "base/json_tree.h"
#include "base/utf8.h"

#include <assert.h>

static_assert(JSON_NULL == 0 && JSON_FALSE == 1 && JSON_TRUE == 2 && JSON_NUMBER == 3 &&
                  JSON_STRING == 4 && JSON_ARRAY == 5 && JSON_OBJECT == 6,
              "the types are on the wire");

static enum err pack_one(struct buf *out, const struct json *value, const struct json *parent)
{
    enum err err =
        parent != NULL && parent->type == JSON_OBJECT ? put_bytes(out, value->name) : ERR_NONE;
    if (err == ERR_NONE) {
        err = put_u8(out, (uint8_t)value->type);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (value->type == JSON_NUMBER || value->type == JSON_STRING) {
        return put_bytes(out, value->text);
    }
    if (json_is_container(value)) {
        return value->count > UINT32_MAX ? ERR_TOO_LARGE : put_u32(out, (uint32_t)value->count);
    }
    return ERR_NONE;
}

/* The walk over a tree that packing takes twice: the next value after `value`, NULL at the end. */
struct walk {
    const struct json *parents[JSON_DEPTH_MAX];
    size_t depth;
};

static enum err walk_on(struct walk *walk, const struct json *value, const struct json **ret_next)
{
    if (value->first != NULL) {
        if (walk->depth == JSON_DEPTH_MAX) {
            return ERR_TOO_LARGE;
        }
        walk->parents[walk->depth++] = value;
        *ret_next = value->first;
        return ERR_NONE;
    }
    while (walk->depth > 0 && value->next == NULL) {
        value = walk->parents[--walk->depth];
    }
    *ret_next = walk->depth == 0 ? NULL : value->next;
    return ERR_NONE;
}

/* Room for all at once: growing copies and wipes, which costs more than the walk. Where it does not fit, packing itself says so. */
static enum err reserve_all(struct buf *out, const struct json *value)
{
    struct walk walk = {.depth = 0};
    size_t bytes = 0;
    while (value != NULL) {
        bytes += 1 + 2 * sizeof(uint32_t) + value->name.len + value->text.len;
        enum err err = walk_on(&walk, value, &value);
        if (err != ERR_NONE) {
            return err;
        }
    }
    size_t left = out->max > out->len ? out->max - out->len : 0;
    return buf_reserve(out, bytes < left ? bytes : left);
}

enum err json_pack(struct buf *out, const struct json *value)
{
    struct walk walk = {.depth = 0};
    enum err err = value == NULL ? ERR_INVALID : reserve_all(out, value);
    while (err == ERR_NONE && value != NULL) {
        err = pack_one(out, value, walk.depth > 0 ? walk.parents[walk.depth - 1] : NULL);
        err = err == ERR_NONE ? walk_on(&walk, value, &value) : err;
    }
    return err;
}

struct unpacker {
    struct arena *arena;
    struct reader reader;
    struct json *parents[JSON_DEPTH_MAX];
    uint32_t missing[JSON_DEPTH_MAX]; /* children still to come */
    size_t depth;
};

static enum err unpack_text(struct reader *reader, enum json_type type, struct slice *ret_text)
{
    struct slice text;
    enum err err = get_bytes(reader, UINT32_MAX, &text);
    if (err != ERR_NONE) {
        return err;
    }
    if (type == JSON_NUMBER ? !json_number_valid(text) : !utf8_valid(text)) {
        return ERR_MALFORMED;
    }
    *ret_text = text;
    return ERR_NONE;
}

/* The count is only believed child by child: each takes at least one byte of what is left. */
static enum err unpack_count(struct unpacker *unpacker, struct json *value)
{
    uint32_t count;
    enum err err = get_u32(&unpacker->reader, &count);
    if (err != ERR_NONE) {
        return err;
    }
    if (unpacker->depth == JSON_DEPTH_MAX || count > reader_left(&unpacker->reader)) {
        return ERR_MALFORMED;
    }
    unpacker->parents[unpacker->depth] = value;
    unpacker->missing[unpacker->depth] = count;
    unpacker->depth++;
    return ERR_NONE;
}

static enum err unpack_one(struct unpacker *unpacker, struct json **ret_value)
{
    struct json *parent = unpacker->depth > 0 ? unpacker->parents[unpacker->depth - 1] : NULL;
    struct slice name = SLICE_NONE;
    uint8_t type = 0;
    enum err err = ERR_NONE;
    if (parent != NULL && parent->type == JSON_OBJECT) {
        err = unpack_text(&unpacker->reader, JSON_STRING, &name);
    }
    if (err == ERR_NONE) {
        err = get_u8(&unpacker->reader, &type);
    }
    if (err != ERR_NONE || type > JSON_OBJECT) {
        return ERR_MALFORMED;
    }
    struct json *value = json_new(unpacker->arena, (enum json_type)type);
    if (value == NULL) {
        return ERR_TOO_LARGE;
    }
    value->name = name;
    if (parent != NULL) {
        json_link(parent, value);
        unpacker->missing[unpacker->depth - 1]--;
    }
    if (value->type == JSON_NUMBER || value->type == JSON_STRING) {
        err = unpack_text(&unpacker->reader, value->type, &value->text);
    } else if (json_is_container(value)) {
        err = unpack_count(unpacker, value);
    }
    if (err == ERR_NONE) {
        *ret_value = value;
    }
    return err;
}

/* Leaves the containers that are complete. */
static enum err unpack_closings(struct unpacker *unpacker)
{
    while (unpacker->depth > 0 && unpacker->missing[unpacker->depth - 1] == 0) {
        const struct json *repeated = NULL, *closed = unpacker->parents[--unpacker->depth];
        if (closed->type == JSON_OBJECT) {
            enum err err = json_repeated_name(unpacker->arena, closed, &repeated);
            if (err != ERR_NONE) {
                return err;
            }
        }
        if (repeated != NULL) {
            return ERR_MALFORMED;
        }
    }
    return ERR_NONE;
}

enum err json_unpack(struct arena *arena, struct slice packed, struct json **ret_value)
{
    struct unpacker unpacker = {.arena = arena, .reader = reader_of(packed)};
    struct json *root = NULL, *value = NULL;
    do {
        enum err err = unpack_one(&unpacker, &value);
        if (err == ERR_NONE) {
            err = unpack_closings(&unpacker);
        }
        if (err != ERR_NONE) {
            return err;
        }
        root = root == NULL ? value : root;
    } while (unpacker.depth > 0);
    enum err err = reader_end(&unpacker.reader);
    if (err == ERR_NONE) {
        *ret_value = root;
    }
    return err;
}
