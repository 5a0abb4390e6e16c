#include "base/gunzip.h"

enum err gunzip_begin(struct gunzip *gunzip)
{
    return inflateInit2(&gunzip->inflate, 16 + MAX_WBITS) == Z_OK ? ERR_NONE : ERR_MEMORY; /* 16: gzip's head and sum */
}

void gunzip_end(struct gunzip *gunzip)
{
    (void)inflateEnd(&gunzip->inflate);
}

enum err gunzip_feed(struct gunzip *gunzip, struct slice bytes, uint8_t *piece, size_t piece_bytes, gunzip_sink sink, void *context)
{
    z_stream *stream = &gunzip->inflate;
    enum err err = ERR_NONE;
    bool is_full = false;
    stream->next_in = (Bytef *)(uintptr_t)bytes.data;
    stream->avail_in = (uInt)bytes.len;
    while (err == ERR_NONE && (stream->avail_in > 0 || is_full)) {
        if (gunzip->has_ended && inflateReset(stream) != Z_OK) {
            return ERR_MALFORMED;
        }
        stream->next_out = piece;
        stream->avail_out = (uInt)piece_bytes;
        int status = inflate(stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
            return status == Z_MEM_ERROR ? ERR_MEMORY : ERR_MALFORMED;
        }
        gunzip->has_ended = status == Z_STREAM_END;
        is_full = stream->avail_out == 0 && !gunzip->has_ended;
        err = sink(context, slice_of(piece, piece_bytes - stream->avail_out));
    }
    return err;
}
