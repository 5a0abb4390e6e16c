#include "store/sethash.h"

#include "store/wire.h"

#include <assert.h>
#include <string.h>

static const char element_label[] = "vogt/state/v1";

enum {
    LABEL_BYTES = sizeof(element_label) - 1,
    ELEMENT_MAX_BYTES = LABEL_BYTES + 4 + PATH_MAX_BYTES + 8 + SHA256_BYTES,
};

static_assert(LABEL_BYTES == 13, "the element's label is a format");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "lanes are taken from memory as little-endian");

void sethash_clear(struct sethash *sethash)
{
    memset(sethash, 0, sizeof(*sethash));
}

static enum err expand(struct slice path, uint64_t version, struct slice bytes,
                       uint16_t ret_lanes[SETHASH_LANES])
{
    uint8_t element[ELEMENT_MAX_BYTES];
    if (path.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    size_t len = 0;
    memcpy(element, element_label, LABEL_BYTES);
    len += LABEL_BYTES;
    store_u32_little(element + len, (uint32_t)path.len);
    len += 4;
    if (path.len > 0) {
        memcpy(element + len, path.data, path.len);
        len += path.len;
    }
    store_u64_little(element + len, version);
    len += 8;
    sha256(bytes, element + len);
    len += SHA256_BYTES;
    return shake128(slice_of(element, len), (uint8_t *)ret_lanes, SETHASH_BYTES);
}

/* Plain loops over whole arrays: the compiler turns them into vector additions modulo 2^16. */
enum err sethash_add(struct sethash *sethash, struct slice path, uint64_t version,
                     struct slice bytes)
{
    uint16_t lanes[SETHASH_LANES];
    enum err err = expand(path, version, bytes, lanes);
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < SETHASH_LANES; i++) {
        sethash->lanes[i] = (uint16_t)(sethash->lanes[i] + lanes[i]);
    }
    return ERR_NONE;
}

enum err sethash_remove(struct sethash *sethash, struct slice path, uint64_t version,
                        struct slice bytes)
{
    uint16_t lanes[SETHASH_LANES];
    enum err err = expand(path, version, bytes, lanes);
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < SETHASH_LANES; i++) {
        sethash->lanes[i] = (uint16_t)(sethash->lanes[i] - lanes[i]);
    }
    return ERR_NONE;
}

void sethash_digest(const struct sethash *sethash, uint8_t ret_digest[SHA256_BYTES])
{
    sha256(slice_of(sethash->lanes, SETHASH_BYTES), ret_digest);
}

void sethash_save(const struct sethash *sethash, uint8_t out[SETHASH_BYTES])
{
    memcpy(out, sethash->lanes, SETHASH_BYTES);
}

void sethash_load(struct sethash *sethash, const uint8_t in[SETHASH_BYTES])
{
    memcpy(sethash->lanes, in, SETHASH_BYTES);
}
