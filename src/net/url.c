#include "net/url.h"

#include "base/utf8.h"

enum { FORM_FIELDS_MAX = 1000 };

static int digit_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum err target_split(struct slice text, struct target *ret_target)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct slice scheme = slice_string(schemes[i]);
        if (slice_starts(text, scheme)) {
            text = slice_from(text, scheme.len);
            size_t slash = slice_find_byte(text, '/');
            text = slash == SIZE_MAX ? SLICE_LITERAL("/") : slice_from(text, slash);
            break;
        }
    }
    if (text.len == 0 || text.data[0] != '/') {
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= 0x20 || text.data[i] == 0x7f) {
            return ERR_MALFORMED; /* a request line splits at spaces; who lets one pass may see
                                     another target */
        }
    }
    size_t mark = slice_find_byte(text, '?');
    *ret_target = (struct target){slice_first(text, mark == SIZE_MAX ? text.len : mark),
                                  mark == SIZE_MAX ? SLICE_NONE : slice_from(text, mark + 1)};
    return ERR_NONE;
}

/* Decodes into `out`, which has room for text.len bytes: decoding never makes a text longer. */
static enum err decode(uint8_t *out, struct slice text, bool plus_is_space, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            int high = text.len - i > 2 ? digit_value(text.data[i + 1]) : -1;
            int low = high < 0 ? -1 : digit_value(text.data[i + 2]);
            if (low < 0) {
                return ERR_MALFORMED;
            }
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        out[len++] = byte;
    }
    *ret_len = len;
    return utf8_valid(slice_of(out, len)) ? ERR_NONE : ERR_MALFORMED;
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

enum err url_decode_path(struct buf *out, struct slice text)
{
    enum err err = buf_reserve(out, text.len);
    size_t len;
    if (err == ERR_NONE && text.len > 0) {
        err = decode(out->data + out->len, text, false, &len);
        if (err == ERR_NONE && has_control(slice_of(out->data + out->len, len))) {
            err = ERR_MALFORMED;
        }
        if (err == ERR_NONE) {
            out->len += len;
        }
    }
    return err;
}

static enum err decode_part(struct arena *arena, struct slice text, struct slice *ret_text)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);
    size_t len;
    if (out == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = decode(out, text, true, &len);
    if (err == ERR_NONE) {
        out[len] = 0;
        *ret_text = slice_of(out, len);
    }
    return err;
}

static enum err add_field(struct arena *arena, struct json *object, struct slice part,
                          struct complaint *complaint)
{
    size_t equals = slice_find_byte(part, '=');
    struct slice name, value;
    enum err err =
        decode_part(arena, slice_first(part, equals == SIZE_MAX ? part.len : equals), &name);
    if (err == ERR_NONE) {
        err = decode_part(arena, equals == SIZE_MAX ? SLICE_NONE : slice_from(part, equals + 1),
                          &value);
    }
    if (err == ERR_MALFORMED || (err == ERR_NONE && (name.len == 0 || has_control(name)))) {
        return complain(complaint, ERR_MALFORMED,
                        TEXT("this is no well-formed field of a form or query",
                             "das ist kein wohlgeformtes Feld eines Formulars oder einer Abfrage"),
                        0, 0, (const char *)part.data, part.len);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (json_member(object, (const char *)name.data) != NULL) {
        return complain(complaint, ERR_MALFORMED,
                        TEXT("a field is given twice", "ein Feld ist doppelt angegeben"), 0, 0,
                        (const char *)name.data, name.len);
    }
    return json_set_string(arena, object, (const char *)name.data, value) == NULL ? ERR_TOO_LARGE
                                                                                  : ERR_NONE;
}

enum err url_decode_form(struct arena *arena, struct slice text, struct json **ret_object,
                         struct complaint *complaint)
{
    struct json *object = json_new(arena, JSON_OBJECT);
    if (object == NULL) {
        return ERR_TOO_LARGE;
    }
    struct slice part;
    while (slice_split(&text, '&', &part)) {
        if (part.len == 0) {
            continue;
        }
        /* Looking for repeated names costs the square of the count. */
        if (object->count == FORM_FIELDS_MAX) {
            return complain(complaint, ERR_TOO_LARGE, TEXT("too many fields", "zu viele Felder"), 0,
                            0, NULL, 0);
        }
        enum err err = add_field(arena, object, part, complaint);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_object = object;
    return ERR_NONE;
}

static bool stands_for_itself(uint8_t byte)
{
    return byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-._~/");
}

enum err url_encode_path(struct buf *out, struct slice text)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < text.len && err == ERR_NONE; i++) {
        err = stands_for_itself(text.data[i]) ? buf_append_byte(out, text.data[i])
                                              : buf_printf(out, "%%%02X", (unsigned)text.data[i]);
    }
    return err;
}
