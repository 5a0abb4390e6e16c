/* The writer: a walk with its own stack of parents, so that depth is bounded whoever built the
 * tree. */
#include "base/json.h"

#include "base/json_tree.h"
#include "base/utf8.h"

/* 0: stands for itself. 'u': \u00XX. Else the letter after the backslash. 0x80 and above: looked at
 * as UTF-8. */
static const uint8_t escapes[128] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n',          'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u',          'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\', [0x7f] = 'u',
};

static enum err write_escape(struct buf *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t escape = escapes[byte];
    if (escape != 'u') {
        uint8_t two[] = {'\\', escape};
        return buf_append(out, slice_of(two, sizeof(two)));
    }
    uint8_t six[] = {'\\', 'u', '0', '0', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};
    return buf_append(out, slice_of(six, sizeof(six)));
}

/* Where the run of bytes that stand for themselves ends: at an escape, at a byte that is no UTF-8,
 * or at the end. */
static size_t plain_run(struct slice text, size_t position)
{
    position += position < text.len ? json_plain_bytes(text.data + position, text.len - position) : 0;
    while (position < text.len) {
        uint8_t byte = text.data[position];
        uint32_t code_point;
        if (byte < 0x80) {
            if (escapes[byte] != 0) {
                break;
            }
            position++;
        } else if (utf8_next(text, &position, &code_point) != ERR_NONE) {
            break;
        }
    }
    return position;
}

/* Whatever the bytes are, what is written is JSON: a byte that is no UTF-8 becomes U+FFFD. */
enum err json_write_string(struct buf *out, struct slice text)
{
    enum err err = buf_append_byte(out, '"');
    size_t position = 0;
    while (err == ERR_NONE) {
        size_t end = plain_run(text, position);
        err = buf_append(out, slice_first(slice_from(text, position), end - position));
        if (err != ERR_NONE || end == text.len) {
            break;
        }
        uint8_t byte = text.data[end];
        err =
            byte < 0x80 ? write_escape(out, byte) : buf_append(out, SLICE_LITERAL("\xef\xbf\xbd"));
        position = end + 1;
    }
    return err == ERR_NONE ? buf_append_byte(out, '"') : err;
}

static enum err new_line(struct buf *out, unsigned indent, size_t depth)
{
    if (indent == 0) {
        return ERR_NONE;
    }
    enum err err = buf_append_byte(out, '\n');
    for (size_t i = 0; err == ERR_NONE && i < indent * depth; i++) {
        err = buf_append_byte(out, ' ');
    }
    return err;
}

/* A scalar whole; of a container its opening bracket, and the closing one if it is empty. */
static enum err write_one(struct buf *out, const struct json *value)
{
    static const struct slice fixed[] = {
        [JSON_NULL] = SLICE_INIT("null"),
        [JSON_FALSE] = SLICE_INIT("false"),
        [JSON_TRUE] = SLICE_INIT("true"),
    };
    switch (value->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return buf_append(out, fixed[value->type]);
    case JSON_NUMBER:
        return buf_append(out, value->text);
    case JSON_STRING:
        return json_write_string(out, value->text);
    case JSON_ARRAY:
        return buf_append_string(out, value->first == NULL ? "[]" : "[");
    case JSON_OBJECT:
        return buf_append_string(out, value->first == NULL ? "{}" : "{");
    }
    return ERR_INVALID;
}

static enum err write_named(struct buf *out, const struct json *value, const struct json *parent,
                            unsigned indent)
{
    if (parent != NULL && parent->type == JSON_OBJECT) {
        enum err err = json_write_string(out, value->name);
        if (err == ERR_NONE) {
            err = buf_append_string(out, indent == 0 ? ":" : ": ");
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return write_one(out, value);
}

struct walk {
    const struct json *parents[JSON_DEPTH_MAX];
    size_t depth;
    const struct json *value; /* NULL at the end */
};

/* Closes the containers whose last child was written, and moves to the next value. */
static enum err write_closings(struct buf *out, struct walk *walk, unsigned indent)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && walk->depth > 0 && walk->value->next == NULL) {
        walk->value = walk->parents[--walk->depth];
        err = new_line(out, indent, walk->depth);
        if (err == ERR_NONE) {
            err = buf_append_byte(out, walk->value->type == JSON_OBJECT ? '}' : ']');
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (walk->depth == 0) {
        walk->value = NULL;
        return ERR_NONE;
    }
    walk->value = walk->value->next;
    err = buf_append_byte(out, ',');
    return err == ERR_NONE ? new_line(out, indent, walk->depth) : err;
}

enum err json_write(struct buf *out, const struct json *value, unsigned indent)
{
    struct walk walk = {.depth = 0, .value = value};
    enum err err = value == NULL ? ERR_INVALID : ERR_NONE;
    while (err == ERR_NONE && walk.value != NULL) {
        const struct json *parent = walk.depth > 0 ? walk.parents[walk.depth - 1] : NULL;
        err = write_named(out, walk.value, parent, indent);
        if (err != ERR_NONE) {
            break;
        }
        if (walk.value->first == NULL) {
            err = write_closings(out, &walk, indent);
        } else if (walk.depth == JSON_DEPTH_MAX) {
            err = ERR_TOO_LARGE;
        } else {
            walk.parents[walk.depth++] = walk.value;
            walk.value = walk.value->first;
            err = new_line(out, indent, walk.depth);
        }
    }
    return err;
}
