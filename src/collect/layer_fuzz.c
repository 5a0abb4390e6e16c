/* A layer, hostile: gzip, Zstandard or plain tar, in pieces. Bounded memory and time, whatever it says. The first byte says how. */
#include "collect/layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct layer_image *image = layer_image_new();
    struct slice rest = slice_from(slice_of(data, size), 1);
    uint8_t how = size > 0 ? data[0] : 0;
    size_t piece = (size_t)((how & 0x7f) >> 1) + 1;
    enum err err = layer_begin(image, (how & 0x80) != 0 ? LAYER_ZSTD : (how & 1) != 0 ? LAYER_GZIP : LAYER_TAR);
    while (err == ERR_NONE && rest.len > 0) {
        err = layer_feed(image, slice_first(rest, piece * 64));
        rest = slice_from(rest, piece * 64);
    }
    err = err == ERR_NONE ? layer_end(image) : err;
    /* once more as the upper layer of itself: whiteouts now meet something */
    if (err == ERR_NONE && layer_begin(image, LAYER_TAR) == ERR_NONE && layer_feed(image, slice_from(slice_of(data, size), 1)) == ERR_NONE) {
        err = layer_end(image);
    }
    struct layer_summary summary = layer_summary(image);
    if (summary.from == NULL || summary.unpacked_bytes > LAYER_UNPACKED_MAX_BYTES * 2) {
        __builtin_trap();
    }
    layer_image_free(image);
    return 0;
}
