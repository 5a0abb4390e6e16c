/*
 * Packed bytes as they stream by: gzip (RFC 1952, with several members one after the other, as eStargz and pigz write) and Zstandard (RFC 8878, with several
 * frames, as zstd:chunked writes). Hostile bytes: a window of at most 128 MiB, nothing kept but that; how much comes out the caller bounds. Owns its stream.
 */
#ifndef VOGT_COLLECT_UNPACK_H
#define VOGT_COLLECT_UNPACK_H

#include "base/bytes.h"

enum unpack_kind { UNPACK_GZIP, UNPACK_ZSTD };

struct unpack;

/* Takes what came out; an error ends the feeding with it. */
typedef enum err (*unpack_sink)(void *context, struct slice bytes);

struct unpack *unpack_new(enum unpack_kind kind);                 /* NULL without memory */
void unpack_free(struct unpack *unpack);                          /* NULL is harmless */
/* ERR_MALFORMED, ERR_TOO_LARGE (a larger window), ERR_MEMORY, or the sink's own; after an error the stream is of no use. */
enum err unpack_feed(struct unpack *unpack, struct slice bytes, unpack_sink sink, void *context) must_check;
/* The last member or frame has ended, and there was one. */
bool unpack_is_whole(const struct unpack *unpack);

#endif
