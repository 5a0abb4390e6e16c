#include "base/archive_reader.h"

#include <stdlib.h>
#include <zlib.h>

enum { PIECE_BYTES = 64 << 10 };

static const uint8_t magic[] = {0x1f, 0x8b};

struct archive_reader {
    size_t seen;                /* of the magic's bytes */
    enum { KIND_OPEN, KIND_PLAIN, KIND_PACKED } kind;
    bool has_ended;             /* the present member of gzip */
    z_stream inflate;
    struct tar_reader tar;
    uint8_t piece[PIECE_BYTES];
};

struct archive_reader *archive_reader_new(void)
{
    struct archive_reader *reader = calloc(1, sizeof *reader);
    if (reader != NULL && inflateInit2(&reader->inflate, 16 + MAX_WBITS) != Z_OK) {
        free(reader);
        return NULL;
    }
    return reader;
}

void archive_reader_free(struct archive_reader *reader)
{
    if (reader != NULL) {
        (void)inflateEnd(&reader->inflate);
        free(reader);
    }
}

/* Several members one after the other are one file. */
static enum err feed_packed(struct archive_reader *reader, struct slice bytes, tar_sink sink, void *context)
{
    z_stream *stream = &reader->inflate;
    enum err err = ERR_NONE;
    bool is_full = false;
    stream->next_in = (Bytef *)(uintptr_t)bytes.data;
    stream->avail_in = (uInt)bytes.len;
    while (err == ERR_NONE && (stream->avail_in > 0 || is_full)) {
        if (reader->has_ended && inflateReset(stream) != Z_OK) {
            return ERR_MALFORMED;
        }
        stream->next_out = reader->piece;
        stream->avail_out = sizeof reader->piece;
        int status = inflate(stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
            return status == Z_MEM_ERROR ? ERR_MEMORY : ERR_MALFORMED;
        }
        reader->has_ended = status == Z_STREAM_END;
        is_full = stream->avail_out == 0 && !reader->has_ended;
        err = tar_feed(&reader->tar, slice_of(reader->piece, sizeof reader->piece - stream->avail_out), sink, context);
    }
    return err;
}

static enum err feed_plain(struct slice bytes, tar_sink sink, void *context)
{
    return bytes.len > 0 ? sink(context, "", bytes) : ERR_NONE;
}

/* What the first bytes said is not packed after all: those that were held back come first. */
static enum err feed_open(struct archive_reader *reader, struct slice bytes, tar_sink sink, void *context)
{
    size_t before = reader->seen;
    while (reader->seen < sizeof magic && reader->seen - before < bytes.len && bytes.data[reader->seen - before] == magic[reader->seen]) {
        reader->seen++;
    }
    if (reader->seen < sizeof magic && reader->seen - before == bytes.len) {
        return ERR_NONE;
    }
    reader->kind = reader->seen == sizeof magic ? KIND_PACKED : KIND_PLAIN;
    struct slice held = slice_of(magic, before);
    enum err err = reader->kind == KIND_PACKED ? feed_packed(reader, held, sink, context) : feed_plain(held, sink, context);
    return err == ERR_NONE ? archive_reader_feed(reader, bytes, sink, context) : err;
}

enum err archive_reader_feed(struct archive_reader *reader, struct slice bytes, tar_sink sink, void *context)
{
    switch (reader->kind) {
    case KIND_PACKED:
        return feed_packed(reader, bytes, sink, context);
    case KIND_PLAIN:
        return feed_plain(bytes, sink, context);
    case KIND_OPEN:
        break;
    }
    return feed_open(reader, bytes, sink, context);
}

bool archive_reader_is_packed(const struct archive_reader *reader)
{
    return reader->kind == KIND_PACKED;
}

bool archive_reader_is_whole(const struct archive_reader *reader)
{
    return reader->kind == KIND_PLAIN || (reader->has_ended && tar_is_whole(&reader->tar));
}
