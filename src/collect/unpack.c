#include "collect/unpack.h"

#include "base/gunzip.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { PIECE_BYTES = 65536, WINDOW_LOG_MAX = 27 }; /* 2^27: what zstd itself unpacks without being asked for more */

struct unpack {
    enum unpack_kind kind;
    struct gunzip gunzip;
    ZSTD_DStream *zstd;
    bool has_ended;             /* the present frame */
    uint8_t piece[PIECE_BYTES];
};

static bool begin(struct unpack *unpack)
{
    if (unpack->kind == UNPACK_GZIP) {
        return gunzip_begin(&unpack->gunzip) == ERR_NONE;
    }
    unpack->zstd = ZSTD_createDStream();
    return unpack->zstd != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

struct unpack *unpack_new(enum unpack_kind kind)
{
    struct unpack *unpack = calloc(1, sizeof *unpack);
    if (unpack == NULL) {
        return NULL;
    }
    unpack->kind = kind;
    if (!begin(unpack)) {
        unpack_free(unpack);
        return NULL;
    }
    return unpack;
}

void unpack_free(struct unpack *unpack)
{
    if (unpack == NULL) {
        return;
    }
    if (unpack->kind == UNPACK_GZIP) {
        gunzip_end(&unpack->gunzip);
    }
    (void)ZSTD_freeDStream(unpack->zstd);
    free(unpack);
}

static enum err zstd_error(size_t code)
{
    ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
    return error == ZSTD_error_memory_allocation ? ERR_MEMORY : error == ZSTD_error_frameParameter_windowTooLarge ? ERR_TOO_LARGE : ERR_MALFORMED;
}

/* A call that consumes nothing and gives nothing cannot come: input is left, or the last output was full. */
static enum err feed_zstd(struct unpack *unpack, struct slice bytes, unpack_sink sink, void *context)
{
    ZSTD_inBuffer in = {bytes.data, bytes.len, 0};
    enum err err = ERR_NONE;
    bool full = false;
    while (err == ERR_NONE && (in.pos < in.size || full)) {
        ZSTD_outBuffer out = {unpack->piece, sizeof unpack->piece, 0};
        size_t left = ZSTD_decompressStream(unpack->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            return zstd_error(left);
        }
        unpack->has_ended = left == 0;
        full = out.pos == out.size && !unpack->has_ended;
        err = sink(context, slice_of(unpack->piece, out.pos));
    }
    return err;
}

enum err unpack_feed(struct unpack *unpack, struct slice bytes, unpack_sink sink, void *context)
{
    if (bytes.len == 0) {
        return ERR_NONE;
    }
    return unpack->kind == UNPACK_GZIP ? gunzip_feed(&unpack->gunzip, bytes, unpack->piece, sizeof unpack->piece, sink, context) : feed_zstd(unpack, bytes, sink, context);
}

bool unpack_is_whole(const struct unpack *unpack)
{
    return unpack->kind == UNPACK_GZIP ? unpack->gunzip.has_ended : unpack->has_ended;
}
