/*
 * The file system of an image, seen through its layers as they stream by: how much it unpacks to, how many packages its lists name, which shells it has.
 * Nothing is written anywhere; of all files only the package lists are kept, and counted at once. Hostile bytes (gzip, Zstandard, tar, paths): bounded in unpacked bytes,
 * entries, and the size of a list. Layers come in order, the lowest first; what a later one replaces or whites out counts no more.
 */
#ifndef VOGT_COLLECT_LAYER_H
#define VOGT_COLLECT_LAYER_H

#include "base/bytes.h"

enum { LAYER_LIST_MAX_BYTES = 16 << 20, LAYER_PATH_MAX_BYTES = 4096, LAYER_LISTS_MAX_COUNT = 4096, LAYER_ENTRIES_MAX_COUNT = 2000000 };
#define LAYER_UNPACKED_MAX_BYTES (UINT64_C(16) << 30) /* of one image */

enum layer_pack { LAYER_TAR, LAYER_GZIP, LAYER_ZSTD };

struct layer_image; /* what is known of the image so far */

struct layer_image *layer_image_new(void);                        /* NULL without memory */
void layer_image_free(struct layer_image *image);                 /* NULL is harmless */
/* One layer: begin, bytes as they come, end. ERR_MALFORMED, ERR_TOO_LARGE, ERR_MEMORY; after an error the image is of no use. */
enum err layer_begin(struct layer_image *image, enum layer_pack pack) must_check;
enum err layer_feed(struct layer_image *image, struct slice bytes) must_check;
enum err layer_end(struct layer_image *image) must_check;

struct layer_summary {
    uint64_t unpacked_bytes, entries;
    uint64_t packages;
    const char *from;               /* "dpkg", "apk", "rpm" (not counted), "none" */
    unsigned shells;                /* how many paths of known shells there are */
};
struct layer_summary layer_summary(const struct layer_image *image);

#endif
