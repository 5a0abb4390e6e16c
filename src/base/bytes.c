#include "base/bytes.h"

#include <string.h>

bool slice_consists_of(struct slice slice, const char *bytes)
{
    for (size_t i = 0; i < slice.len; i++) {
        if (!byte_is_among(slice.data[i], bytes)) {
            return false;
        }
    }
    return true;
}

bool slice_equal_caseless(struct slice a, struct slice b)
{
    size_t same = 0;
    while (a.len == b.len && same < a.len && byte_lower(a.data[same]) == byte_lower(b.data[same])) {
        same++;
    }
    return a.len == b.len && same == a.len;
}

bool slice_is_caseless(struct slice slice, const char *string)
{
    return slice_equal_caseless(slice, slice_string(string));
}

bool slice_starts_caseless(struct slice slice, struct slice prefix)
{
    return slice_equal_caseless(slice_first(slice, prefix.len), prefix);
}

size_t slice_find_caseless(struct slice slice, struct slice needle)
{
    for (size_t at = 0; needle.len <= slice.len && at <= slice.len - needle.len; at++) {
        if (slice_starts_caseless(slice_from(slice, at), needle)) {
            return at;
        }
    }
    return SIZE_MAX;
}

bool slice_ends(struct slice slice, struct slice suffix)
{
    return slice.len >= suffix.len &&
           slice_equal(slice_from(slice, slice.len - suffix.len), suffix);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

struct slice slice_from(struct slice slice, size_t offset)
{
    if (offset >= slice.len) {
        return slice_of(slice.data == NULL ? NULL : slice.data + slice.len, 0);
    }
    return slice_of(slice.data + offset, slice.len - offset);
}

struct slice slice_first(struct slice slice, size_t count)
{
    return slice_of(slice.data, count < slice.len ? count : slice.len);
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice slice_trim(struct slice slice)
{
    while (slice.len > 0 && is_space(slice.data[0])) {
        slice.data++;
        slice.len--;
    }
    while (slice.len > 0 && is_space(slice.data[slice.len - 1])) {
        slice.len--;
    }
    return slice;
}

size_t slice_find(struct slice slice, struct slice needle)
{
    if (needle.len == 0) {
        return 0;
    }
    if (slice.len < needle.len) {
        return SIZE_MAX;
    }
    const uint8_t *found = memmem(slice.data, slice.len, needle.data, needle.len);
    return found == NULL ? SIZE_MAX : (size_t)(found - slice.data);
}

size_t slice_find_byte(struct slice slice, uint8_t byte)
{
    const uint8_t *found = slice.len == 0 ? NULL : memchr(slice.data, byte, slice.len);
    return found == NULL ? SIZE_MAX : (size_t)(found - slice.data);
}

/* The end is marked by data == NULL, so that "a," splits into "a" and "" while "" itself gives one
 * empty part. */
bool slice_split(struct slice *rest, uint8_t separator, struct slice *ret_part)
{
    if (rest->data == NULL) {
        return false;
    }
    size_t offset = slice_find_byte(*rest, separator);
    if (offset == SIZE_MAX) {
        *ret_part = *rest;
        *rest = SLICE_NONE;
        return true;
    }
    *ret_part = slice_first(*rest, offset);
    *rest = slice_from(*rest, offset + 1);
    return true;
}

enum err slice_to_u64(struct slice slice, uint64_t *ret_value)
{
    if (slice.len == 0 || (slice.len > 1 && slice.data[0] == '0')) {
        return ERR_MALFORMED;
    }
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < slice.len; i++) {
        if (slice.data[i] < '0' || slice.data[i] > '9') {
            return ERR_MALFORMED;
        }
        fits = fits && !__builtin_mul_overflow(value, (uint64_t)10, &value) &&
               !__builtin_add_overflow(value, (uint64_t)(slice.data[i] - '0'), &value);
    }
    if (!fits) {
        return ERR_TOO_LARGE;
    }
    *ret_value = value;
    return ERR_NONE;
}

uint64_t load_u64_big(const uint8_t *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof(value));
    return __builtin_bswap64(value);
}

void store_u64_big(uint8_t *data, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(data, &value, sizeof(value));
}

uint64_t load_u64_little(const uint8_t *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof(value));
    return value;
}

void store_u32_little(uint8_t *data, uint32_t value)
{
    memcpy(data, &value, sizeof(value));
}

void store_u64_little(uint8_t *data, uint64_t value)
{
    memcpy(data, &value, sizeof(value));
}

/* memcpy and bswap above are right only here; every supported machine (x86-64, arm64) is
 * little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the loads and stores assume a little-endian machine");
