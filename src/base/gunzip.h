/*
 * gzip (RFC 1952) unpacked as it comes, in pieces: several members one after the other are one file. What it gives in all is bounded by whoever takes it.
 */
#ifndef VOGT_BASE_GUNZIP_H
#define VOGT_BASE_GUNZIP_H

#include "base/bytes.h"

#include <zlib.h>

struct gunzip {
    z_stream inflate;
    bool has_ended; /* the present member; what comes behind it begins another */
};

typedef enum err (*gunzip_sink)(void *context, struct slice piece);

/* Zeroed before. ERR_MEMORY. */
enum err gunzip_begin(struct gunzip *gunzip) must_check;
void gunzip_end(struct gunzip *gunzip);
/* Gives the sink what can be unpacked so far, through a buffer of the caller's. ERR_MALFORMED, ERR_MEMORY, or the sink's. */
enum err gunzip_feed(struct gunzip *gunzip, struct slice bytes, uint8_t *piece, size_t piece_bytes, gunzip_sink sink, void *context) must_check;

#endif
