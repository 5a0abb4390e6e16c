#include "process/work.h"

static const struct json empty_object = {.type = JSON_OBJECT};

/* A packed tree as bytes: its length is known only afterwards, so the four bytes before it are
 * filled in then. */
static enum err put_tree(struct buf *out, const struct json *tree, size_t max_bytes)
{
    size_t start = out->len;
    enum err err = put_u32(out, 0);
    if (err == ERR_NONE) {
        err = json_pack(out, tree == NULL ? &empty_object : tree);
    }
    if (err != ERR_NONE) {
        return err;
    }
    size_t bytes = out->len - start - 4;
    if (bytes > max_bytes) {
        return ERR_TOO_LARGE;
    }
    store_u32_little(out->data + start, (uint32_t)bytes);
    return ERR_NONE;
}

static enum err get_tree(struct arena *arena, struct reader *reader, size_t max_bytes,
                         struct json **ret_tree)
{
    struct slice packed;
    enum err err = get_bytes(reader, max_bytes, &packed);
    return err != ERR_NONE ? err : json_unpack(arena, packed, ret_tree);
}

enum err work_put_call(struct buf *out, struct slice name, const struct json *input,
                       struct slice raw)
{
    if (name.len > WORK_NAME_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = put_bytes(out, name);
    if (err == ERR_NONE) {
        err = put_tree(out, input, WORK_INPUT_BYTES);
    }
    return err != ERR_NONE ? err : put_bytes(out, raw);
}

enum err work_get_call(struct arena *arena, struct slice body, struct work_call *ret_call)
{
    struct reader reader = reader_of(body);
    struct work_call call;
    enum err err = get_bytes(&reader, WORK_NAME_BYTES, &call.name);
    if (err == ERR_NONE) {
        err = get_tree(arena, &reader, WORK_INPUT_BYTES, &call.input);
    }
    if (err == ERR_NONE) {
        err = get_bytes(&reader, WORK_INPUT_BYTES, &call.raw);
    }
    if (err == ERR_NONE) {
        err = reader_end(&reader);
    }
    if (err == ERR_NONE) {
        *ret_call = call;
    }
    return err;
}

static enum err put_text(struct buf *out, const char *text)
{
    return put_bytes(out, slice_first(slice_string(text), WORK_TEXT_BYTES));
}

enum err work_put_result(struct buf *out, const struct work_result *result)
{
    const struct complaint *complaint = &result->complaint;
    enum err err = put_u16(out, (uint16_t)result->err);
    if (err == ERR_NONE) {
        err = put_tree(out, result->output, WORK_OUTPUT_BYTES);
    }
    if (err == ERR_NONE) {
        err = put_bytes(out, result->raw);
    }
    if (err == ERR_NONE) {
        err = put_u32(out, complaint->line > UINT32_MAX ? 0 : (uint32_t)complaint->line);
    }
    if (err == ERR_NONE) {
        err = put_u32(out, complaint->column > UINT32_MAX ? 0 : (uint32_t)complaint->column);
    }
    if (err == ERR_NONE) {
        err = put_text(out, complaint->text.english);
    }
    if (err == ERR_NONE) {
        err = put_text(out, complaint->text.german);
    }
    return err != ERR_NONE ? err : put_text(out, complaint->detail);
}

/* *ret_text stays NULL for an empty text: no complaint. */
static enum err get_text(struct arena *arena, struct reader *reader, const char **ret_text)
{
    struct slice text;
    enum err err = get_bytes(reader, WORK_TEXT_BYTES, &text);
    if (err != ERR_NONE || text.len == 0) {
        return err;
    }
    const char *copy = arena_string(arena, text);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    *ret_text = copy;
    return ERR_NONE;
}

static enum err get_complaint(struct arena *arena, struct reader *reader,
                              struct complaint *complaint)
{
    uint32_t line = 0, column = 0;
    const char *detail = "";
    enum err err = get_u32(reader, &line);
    if (err == ERR_NONE) {
        err = get_u32(reader, &column);
    }
    if (err == ERR_NONE) {
        err = get_text(arena, reader, &complaint->text.english);
    }
    if (err == ERR_NONE) {
        err = get_text(arena, reader, &complaint->text.german);
    }
    if (err == ERR_NONE) {
        err = get_text(arena, reader, &detail);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if ((complaint->text.english == NULL) != (complaint->text.german == NULL)) {
        return ERR_MALFORMED; /* people of both languages, or nobody */
    }
    /* complain() cuts the detail and makes it printable; its result is the error that we pass,
     * ERR_NONE. */
    return complain(complaint, ERR_NONE, complaint->text, line, column, detail,
                    slice_string(detail).len);
}

enum err work_get_result(struct arena *arena, struct slice body, struct work_result *ret_result)
{
    struct reader reader = reader_of(body);
    struct work_result result = {.err = ERR_INTERNAL};
    uint16_t number = 0;
    enum err err = get_u16(&reader, &number);
    if (err == ERR_NONE && number >= ERR_COUNT) {
        err = ERR_MALFORMED;
    }
    if (err == ERR_NONE) {
        err = get_tree(arena, &reader, WORK_OUTPUT_BYTES, &result.output);
    }
    if (err == ERR_NONE) {
        err = get_bytes(&reader, WORK_OUTPUT_BYTES, &result.raw);
    }
    if (err == ERR_NONE) {
        err = get_complaint(arena, &reader, &result.complaint);
    }
    if (err == ERR_NONE) {
        err = reader_end(&reader);
    }
    if (err == ERR_NONE) {
        result.err = (enum err)number;
        *ret_result = result;
    }
    return err;
}
