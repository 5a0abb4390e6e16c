#include "store/sethash.h"

#include <assert.h>
#include <string.h>

enum format { FORMAT_1, FORMAT_2 };

static const char *const labels[] = {[FORMAT_1] = "vogt/state/v1", [FORMAT_2] = "vogt/state/v2"};

enum {
    LABEL_BYTES = 13,
    ELEMENT_MAX_BYTES = LABEL_BYTES + 4 + PATH_MAX_BYTES + 8 + 8 + SHA256_BYTES,
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "lanes are taken from memory as little-endian");

void sethash_clear(struct sethash *sethash)
{
    memset(sethash, 0, sizeof(*sethash));
}

bool sethash_covers(struct slice path)
{
    return !slice_starts(path, SLICE_LITERAL("audit/"));
}

static enum err expand(const struct stored_row *row, enum format format,
                       uint16_t ret_lanes[SETHASH_LANES])
{
    uint8_t element[ELEMENT_MAX_BYTES];
    if (row->path.len > PATH_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    size_t len = LABEL_BYTES;
    memcpy(element, labels[format], LABEL_BYTES);
    store_u32_little(element + len, (uint32_t)row->path.len);
    len += 4;
    if (row->path.len > 0) {
        memcpy(element + len, row->path.data, row->path.len);
        len += row->path.len;
    }
    store_u64_little(element + len, row->version);
    len += 8;
    if (format == FORMAT_2) {
        store_u64_little(element + len, row->due_unix_ms);
        len += 8;
    }
    sha256(row->bytes, element + len);
    len += SHA256_BYTES;
    return shake128(slice_of(element, len), (uint8_t *)ret_lanes, SETHASH_BYTES);
}

/* Plain loops over whole arrays: the compiler turns them into vector additions modulo 2^16. */
static enum err add(struct sethash *sethash, const struct stored_row *row, enum format format)
{
    uint16_t lanes[SETHASH_LANES];
    enum err err = expand(row, format, lanes);
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < SETHASH_LANES; i++) {
        sethash->lanes[i] = (uint16_t)(sethash->lanes[i] + lanes[i]);
    }
    return ERR_NONE;
}

enum err sethash_add(struct sethash *sethash, const struct stored_row *row)
{
    return add(sethash, row, FORMAT_2);
}

enum err sethash_add_1(struct sethash *sethash, const struct stored_row *row)
{
    return add(sethash, row, FORMAT_1);
}

enum err sethash_remove(struct sethash *sethash, const struct stored_row *row)
{
    uint16_t lanes[SETHASH_LANES];
    enum err err = expand(row, FORMAT_2, lanes);
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
