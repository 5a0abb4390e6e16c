#include "measure/report_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <zlib.h>

#include "base/utf8.h"

enum { OFFSET_BYTES = 8, OBJECTS_MAX = 1 << 20, DEFLATE_LEVEL = 6, PRINTED_MAX_BYTES = 4096 };

/* The second line says "binary" to programs that move files about. */
#define HEADER "%PDF-1.7\n%\xc3\xa4\xc3\xbc\xc3\xb6\xc3\x9f\n"

static void keep_error(struct report_file *file, enum err err)
{
    if (file->err == ERR_NONE) {
        file->err = err;
    }
}

static void put(struct report_file *file, struct slice bytes)
{
    if (file->err == ERR_NONE) {
        keep_error(file, buf_append(file->out, bytes));
    }
}

struct report_file report_file_of(struct buf *out)
{
    struct report_file file = {
        .out = out, .offsets = BUF_INIT(OFFSET_BYTES * OBJECTS_MAX), .err = ERR_NONE};
    put(&file, SLICE_LITERAL(HEADER));
    return file;
}

void report_file_free(struct report_file *file)
{
    buf_free(&file->offsets);
}

uint32_t report_file_object(struct report_file *file)
{
    if (file->err == ERR_NONE) {
        keep_error(file, put_u64(&file->offsets, 0));
    }
    return (uint32_t)(file->offsets.len / OFFSET_BYTES);
}

void report_file_begin(struct report_file *file, uint32_t object)
{
    if (file->err != ERR_NONE) {
        return;
    }
    store_u64_little(file->offsets.data + OFFSET_BYTES * (size_t)(object - 1), file->out->len);
    report_file_printf(file, "%" PRIu32 " 0 obj\n", object);
}

void report_file_end(struct report_file *file)
{
    put(file, SLICE_LITERAL("\nendobj\n"));
}

void report_file_printf(struct report_file *file, const char *format, ...)
{
    char text[PRINTED_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof(text)) {
        keep_error(file, ERR_TOO_LARGE);
        return;
    }
    put(file, slice_of(text, (size_t)len));
}

/* <FEFF...>: UTF-16, big-endian, in hex: no escapes to get wrong. */
void report_file_string(struct report_file *file, struct slice text)
{
    put(file, SLICE_LITERAL("<FEFF"));
    size_t position = 0;
    for (size_t letters = 0; position < text.len && letters < REPORT_STRING_LETTERS; letters++) {
        uint32_t point = 0xfffd;
        if (utf8_next(text, &position, &point) != ERR_NONE) {
            position++;
        }
        if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            continue;
        }
        if (point >= 0x10000) {
            report_file_printf(file, "%04" PRIX32, 0xd800 + ((point - 0x10000) >> 10));
            point = 0xdc00 + ((point - 0x10000) & 0x3ff);
        }
        report_file_printf(file, "%04" PRIX32, point);
    }
    put(file, SLICE_LITERAL(">"));
}

void report_file_stream(struct report_file *file, uint32_t object, const char *entries,
                        struct slice data)
{
    report_file_begin(file, object);
    report_file_printf(file, "<<%s/Length %zu>>\nstream\n", entries, data.len);
    put(file, data);
    put(file, SLICE_LITERAL("\nendstream"));
    report_file_end(file);
}

void report_file_stream_packed(struct report_file *file, uint32_t object, const char *entries,
                               struct slice packed)
{
    report_file_begin(file, object);
    report_file_printf(file, "<<%s/Filter/FlateDecode/Length %zu>>\nstream\n", entries, packed.len);
    put(file, packed);
    put(file, SLICE_LITERAL("\nendstream"));
    report_file_end(file);
}

void report_file_stream_deflated(struct report_file *file, uint32_t object, const char *entries,
                                 struct slice data)
{
    uLong bound = compressBound(data.len);
    cleanup_buf struct buf packed = BUF_INIT(bound);
    if (file->err != ERR_NONE || (file->err = buf_reserve(&packed, bound)) != ERR_NONE) {
        return;
    }
    const uint8_t nothing = 0;
    if (compress2(packed.data, &bound, data.len == 0 ? &nothing : data.data, data.len,
                  DEFLATE_LEVEL) != Z_OK) {
        keep_error(file, ERR_MEMORY);
        return;
    }
    packed.len = bound;
    report_file_stream_packed(file, object, entries, buf_slice(&packed));
}

/* FNV-1a: an identifier, not a proof. */
static uint64_t digest(struct slice data, uint64_t start)
{
    uint64_t hash = start;
    for (size_t i = 0; i < data.len; i++) {
        hash = (hash ^ data.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

enum err report_file_finish(struct report_file *file, uint32_t root)
{
    size_t objects = file->offsets.len / OFFSET_BYTES, table_at = file->out->len;
    struct slice content = buf_slice(file->out);
    uint64_t id_high = digest(content, UINT64_C(0xcbf29ce484222325)),
             id_low = digest(content, UINT64_C(0x9e3779b97f4a7c15));
    report_file_printf(file, "xref\n0 %zu\n0000000000 65535 f \n", objects + 1);
    for (size_t i = 0; i < objects && file->err == ERR_NONE; i++) {
        uint64_t offset = load_u64_little(file->offsets.data + OFFSET_BYTES * i);
        if (offset == 0) {
            keep_error(file, ERR_INTERNAL);
        }
        report_file_printf(file, "%010" PRIu64 " 00000 n \n", offset);
    }
    report_file_printf(file,
                       "trailer\n<</Size %zu/Root %" PRIu32 " 0 R/ID[<%016" PRIX64 "%016" PRIX64
                       "><%016" PRIX64 "%016" PRIX64 ">]>>\n",
                       objects + 1, root, id_high, id_low, id_high, id_low);
    report_file_printf(file, "startxref\n%zu\n%%%%EOF\n", table_at);
    return file->err;
}
