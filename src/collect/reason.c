#include "collect/reason.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct reason reasons[] = {
#define REASON(id, english, german, fix_english, fix_german, minutes)                                                  \
    {id, {english, german}, {fix_english, fix_german}, minutes},
#include "collect/reason.def"
#undef REASON
};

const struct reason *reason_find(struct slice id)
{
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (slice_is(id, reasons[i].id)) {
            return &reasons[i];
        }
    }
    return NULL;
}

const struct reason *reason_all(size_t *ret_count)
{
    *ret_count = COUNT(reasons);
    return reasons;
}

static enum err write_value(struct buf *out, const struct json *values, struct slice name)
{
    const struct json *value = values == NULL ? NULL : values->first;
    while (value != NULL && !slice_equal(value->name, name)) {
        value = value->next;
    }
    bool known = value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER);
    return buf_append(out, known ? value->text : SLICE_LITERAL("?"));
}

enum err reason_write(struct buf *out, struct text text, enum language language, const struct json *values)
{
    struct slice rest = slice_string(text_in(text, language));
    while (rest.len > 0) {
        size_t open = slice_find_byte(rest, '{');
        size_t close = open == SIZE_MAX ? SIZE_MAX : slice_find_byte(slice_from(rest, open), '}');
        if (close == SIZE_MAX) {
            return buf_append(out, rest);
        }
        enum err err = buf_append(out, slice_first(rest, open));
        err = err != ERR_NONE ? err : write_value(out, values, slice_first(slice_from(rest, open + 1), close - 1));
        if (err != ERR_NONE) {
            return err;
        }
        rest = slice_from(rest, open + close + 1);
    }
    return ERR_NONE;
}
