#include "command/attachment.h"

#include <string.h>
#include <zlib.h>

enum { DICTIONARY_MAX_BYTES = 1024, STEP_BYTES = 64 << 10 };

bool attachment_is_pdf(struct slice file)
{
    return slice_starts(file, SLICE_LITERAL("%PDF-"));
}

static enum err refuse(struct complaint *complaint, enum err err, struct text text)
{
    return complain(complaint, err, text, 0, 0, NULL, 0);
}

static enum err refuse_foreign(struct complaint *complaint)
{
    return refuse(complaint, ERR_MALFORMED,
                  TEXT("this PDF carries no evidence as Vogt writes it; if another program saved it, take the evidence out "
                       "with `pdfdetach -save 1 -o FILE.json FILE.pdf` and verify that",
                       "diese PDF-Datei trägt keine Beweise, wie Vogt sie schreibt; hat ein anderes Programm sie "
                       "gespeichert, hole die Beweise mit `pdfdetach -save 1 -o DATEI.json DATEI.pdf` heraus und prüfe "
                       "diese"));
}

/* "…/Length 1234>>\nstream\n": the number. */
static enum err read_length(struct slice dictionary, uint64_t *ret_length)
{
    struct slice name = SLICE_LITERAL("/Filter/FlateDecode/Length ");
    size_t at = slice_find(dictionary, name);
    struct slice digits = at == SIZE_MAX ? SLICE_NONE : slice_from(dictionary, at + name.len);
    digits = slice_first(digits, slice_find_byte(digits, '>'));
    return slice_to_u64(digits, ret_length);
}

/* The packed bytes of the one embedded file. Several: which of them a reader sees is for the reader to say. */
static enum err find(struct slice file, struct slice *ret_packed)
{
    struct slice mark = SLICE_LITERAL("<</Type/EmbeddedFile/"), stream = SLICE_LITERAL(">>\nstream\n");
    size_t at = slice_find(file, mark);
    if (at == SIZE_MAX || slice_find(slice_from(file, at + mark.len), mark) != SIZE_MAX) {
        return ERR_MALFORMED;
    }
    struct slice rest = slice_from(file, at);
    size_t end = slice_find(slice_first(rest, DICTIONARY_MAX_BYTES), stream);
    uint64_t length = 0;
    if (end == SIZE_MAX || read_length(slice_first(rest, end + 2), &length) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    rest = slice_from(rest, end + stream.len);
    if (length > rest.len || !slice_starts(slice_from(rest, (size_t)length), SLICE_LITERAL("\nendstream"))) {
        return ERR_MALFORMED;
    }
    *ret_packed = slice_first(rest, (size_t)length);
    return ERR_NONE;
}

/* Inflates step by step into `out`; *ret_result is zlib's last word. */
static enum err inflate_steps(z_stream *stream, struct buf *out, int *ret_result)
{
    int result = Z_OK;
    while (result == Z_OK) {
        size_t room = out->max - out->len < STEP_BYTES ? out->max - out->len : STEP_BYTES;
        if (room == 0) {
            return ERR_TOO_LARGE;
        }
        enum err err = buf_reserve(out, room);
        if (err != ERR_NONE) {
            return err;
        }
        stream->next_out = out->data + out->len;
        stream->avail_out = (uInt)room;
        result = inflate(stream, Z_NO_FLUSH);
        out->len += room - stream->avail_out;
    }
    *ret_result = result;
    return ERR_NONE;
}

/* ERR_MALFORMED: cut short, damaged, or with more behind its end. */
static enum err unpack(struct slice packed, struct buf *out)
{
    z_stream stream = {.avail_in = (uInt)packed.len};
    union {
        const uint8_t *borrowed;
        uint8_t *next; /* zlib only reads it */
    } in = {.borrowed = packed.data};
    int result = Z_DATA_ERROR;
    if (packed.len > UINT32_MAX || inflateInit(&stream) != Z_OK) {
        return packed.len > UINT32_MAX ? ERR_TOO_LARGE : ERR_MEMORY;
    }
    stream.next_in = in.next;
    enum err err = inflate_steps(&stream, out, &result);
    bool whole = result == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (err != ERR_NONE) {
        return err;
    }
    return whole ? ERR_NONE : result == Z_MEM_ERROR ? ERR_MEMORY : ERR_MALFORMED;
}

enum err attachment_read(struct slice file, struct buf *out, struct complaint *complaint)
{
    struct slice packed;
    if (find(file, &packed) != ERR_NONE) {
        return refuse_foreign(complaint);
    }
    enum err err = unpack(packed, out);
    if (err == ERR_MALFORMED) {
        return refuse(complaint, err, TEXT("the evidence in this PDF is cut short or damaged", "die Beweise in dieser PDF-Datei sind gekürzt oder beschädigt"));
    }
    if (err == ERR_TOO_LARGE) {
        return refuse(complaint, err, TEXT("the evidence in this PDF is larger than allowed", "die Beweise in dieser PDF-Datei sind größer als erlaubt"));
    }
    return err == ERR_NONE ? ERR_NONE : refuse(complaint, err, TEXT("out of memory", "nicht genug Speicher"));
}
