/*
 * sRGB as an ICC profile, version 4.2 (ISO 15076-1), all numbers big-endian:
 *   128 bytes header; u32 count of tags; count x (4 bytes name, u32 offset, u32 length); the tags'
 * data, each at a multiple of four. The three curves are one, shared.
 */
#include "measure/report_archive.h"

#include <string.h>

enum { HEADER_BYTES = 128, TAG_ROW_BYTES = 12, TAGS = 10, BODY_MAX_BYTES = 1024 };

static enum err put_be(struct buf *out, uint32_t value, size_t bytes)
{
    enum err err = ERR_NONE;
    for (size_t i = bytes; err == ERR_NONE && i-- > 0;) {
        err = buf_append_byte(out, (uint8_t)(value >> (8 * i)));
    }
    return err;
}

/* A type's name, four zero bytes, numbers of 16.16 fixed point. */
static enum err put_numbers(struct buf *out, const char *type, const int32_t *numbers, size_t count)
{
    enum err err = buf_append_string(out, type);
    err = err == ERR_NONE ? put_be(out, 0, 4) : err;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = put_be(out, (uint32_t)numbers[i], 4);
    }
    return err;
}

/* mluc: one text, US English, UTF-16. */
static enum err put_text(struct buf *out, const char *text)
{
    const uint32_t letters = (uint32_t)strlen(text);
    enum err err = buf_append_string(out, "mluc");
    err = err == ERR_NONE ? put_be(out, 0, 4) : err;
    err = err == ERR_NONE ? put_be(out, 1, 4) : err;  /* one row */
    err = err == ERR_NONE ? put_be(out, 12, 4) : err; /* of twelve bytes: */
    err = err == ERR_NONE ? buf_append_string(out, "enUS") : err;
    err = err == ERR_NONE ? put_be(out, 2 * letters, 4) : err;
    err = err == ERR_NONE ? put_be(out, 28, 4) : err;
    for (uint32_t i = 0; err == ERR_NONE && i < letters; i++) {
        err = put_be(out, (uint8_t)text[i], 2);
    }
    return err;
}

/* Parametric curve of kind 3: below d a line with slope c, above (a x + b)^g. */
static enum err put_curve(struct buf *out)
{
    static const int32_t curve[] = {
        0x26666, 0xf2a7, 0x0d59, 0x13d0,
        0x0a5b}; /* g = 2.4, a = 1/1.055, b = 0.055/1.055, c = 1/12.92, d = 0.04045 */
    enum err err = buf_append_string(out, "para");
    err = err == ERR_NONE ? put_be(out, 0, 4) : err;
    err = err == ERR_NONE ? put_be(out, 3U << 16, 4) : err;
    for (size_t i = 0; err == ERR_NONE && i < sizeof(curve) / sizeof(curve[0]); i++) {
        err = put_be(out, (uint32_t)curve[i], 4);
    }
    return err;
}

static enum err put_header(struct buf *out, size_t length)
{
    static const uint16_t made[] = {2026, 1, 1, 0, 0, 0};
    enum err err = put_be(out, (uint32_t)length, 4);
    err = err == ERR_NONE ? put_be(out, 0, 4) : err;
    err = err == ERR_NONE ? put_be(out, 0x04200000, 4) : err;
    err = err == ERR_NONE ? buf_append_string(out, "mntrRGB XYZ ") : err;
    for (size_t i = 0; err == ERR_NONE && i < sizeof(made) / sizeof(made[0]); i++) {
        err = put_be(out, made[i], 2);
    }
    err = err == ERR_NONE ? buf_append_string(out, "acsp") : err;
    for (size_t i = 0; err == ERR_NONE && i < 7;
         i++) { /* platform, flags, maker, model, attributes, intent: none */
        err = put_be(out, 0, 4);
    }
    err = err == ERR_NONE ? put_be(out, 0xf6d6, 4) : err; /* D50 */
    err = err == ERR_NONE ? put_be(out, 0x10000, 4) : err;
    err = err == ERR_NONE ? put_be(out, 0xd32d, 4) : err;
    while (err == ERR_NONE && out->len < HEADER_BYTES) {
        err = buf_append_byte(out, 0);
    }
    return err;
}

struct row {
    const char *name;
    size_t offset, length;
};

static enum err put_body(struct buf *body, struct row rows[TAGS])
{
    /* The primaries of BT.709 and the white point, adapted to D50. */
    static const struct {
        const char *name, *type;
        int32_t numbers[9];
        size_t count;
    } numbers[] = {
        {"wtpt", "XYZ ", {0xf6d6, 0x10000, 0xd32d}, 3},
        {"rXYZ", "XYZ ", {0x6fa2, 0x38f5, 0x0390}, 3},
        {"gXYZ", "XYZ ", {0x6299, 0xb785, 0x18da}, 3},
        {"bXYZ", "XYZ ", {0x24a0, 0x0f84, 0xb6cf}, 3},
        {"chad", "sf32", {0x10c42, 0x5de, -0xcce, 0x793, 0xfd90, -0x45e, -0x25e, 0x3da, 0xc08b}, 9},
    };
    static const char *const texts[][2] = {{"desc", "sRGB IEC61966-2.1"},
                                           {"cprt", "No copyright, use freely"}};
    static const char *const curves[] = {"rTRC", "gTRC", "bTRC"};
    size_t count = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < sizeof(texts) / sizeof(texts[0]); i++) {
        rows[count] = (struct row){texts[i][0], body->len, 0};
        err = put_text(body, texts[i][1]);
        rows[count].length = body->len - rows[count].offset;
        count++;
        while (err == ERR_NONE && body->len % 4 != 0) {
            err = buf_append_byte(body, 0);
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        rows[count] = (struct row){numbers[i].name, body->len, 0};
        err = put_numbers(body, numbers[i].type, numbers[i].numbers, numbers[i].count);
        rows[count].length = body->len - rows[count].offset;
        count++;
    }
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        rows[count++] = (struct row){curves[i], body->len, 32};
    }
    return err == ERR_NONE ? put_curve(body) : err;
}

enum err archive_profile(struct buf *out)
{
    cleanup_buf struct buf body = BUF_INIT(BODY_MAX_BYTES);
    struct row rows[TAGS];
    const size_t start = HEADER_BYTES + 4 + TAGS * TAG_ROW_BYTES;
    enum err err = put_body(&body, rows);
    err = err == ERR_NONE ? put_header(out, start + body.len) : err;
    err = err == ERR_NONE ? put_be(out, TAGS, 4) : err;
    for (size_t i = 0; err == ERR_NONE && i < TAGS; i++) {
        err = buf_append_string(out, rows[i].name);
        err = err == ERR_NONE ? put_be(out, (uint32_t)(start + rows[i].offset), 4) : err;
        err = err == ERR_NONE ? put_be(out, (uint32_t)rows[i].length, 4) : err;
    }
    return err == ERR_NONE ? buf_append(out, buf_slice(&body)) : err;
}
