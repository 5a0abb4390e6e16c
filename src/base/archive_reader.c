#include "base/archive_reader.h"

#include "base/gunzip.h"

#include <stdlib.h>

enum { PIECE_BYTES = 64 << 10 };

static const uint8_t magic[] = {0x1f, 0x8b};

struct archive_reader {
    size_t seen;                /* of the magic's bytes */
    enum { KIND_OPEN, KIND_PLAIN, KIND_PACKED } kind;
    struct gunzip gunzip;
    struct tar_reader tar;
    uint8_t piece[PIECE_BYTES];
};

struct archive_reader *archive_reader_new(void)
{
    struct archive_reader *reader = calloc(1, sizeof *reader);
    if (reader != NULL && gunzip_begin(&reader->gunzip) != ERR_NONE) {
        free(reader);
        return NULL;
    }
    return reader;
}

void archive_reader_free(struct archive_reader *reader)
{
    if (reader != NULL) {
        gunzip_end(&reader->gunzip);
        free(reader);
    }
}

/* Where what was unpacked goes. */
struct unpacked {
    struct archive_reader *reader;
    tar_sink sink;
    void *context;
};

static enum err take_unpacked(void *context, struct slice piece)
{
    const struct unpacked *unpacked = context;
    return tar_feed(&unpacked->reader->tar, piece, unpacked->sink, unpacked->context);
}

static enum err feed_packed(struct archive_reader *reader, struct slice bytes, tar_sink sink, void *context)
{
    struct unpacked unpacked = {reader, sink, context};
    return gunzip_feed(&reader->gunzip, bytes, reader->piece, sizeof reader->piece, take_unpacked, &unpacked);
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
    return reader->kind == KIND_PLAIN || (reader->gunzip.has_ended && tar_is_whole(&reader->tar));
}
