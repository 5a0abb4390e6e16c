#include "store/tile.h"

#include <stdio.h>
#include <string.h>

static const char root_folder[] = "tile/";
static const char entries_folder[] = "entries/";

size_t tile_path(const struct tile *tile, char out[TILE_PATH_BYTES])
{
    char groups[7][5]; /* 3 digits each cover 2^64 */
    size_t count = 0;
    uint64_t rest = tile->number;
    do {
        snprintf(groups[count], sizeof(groups[0]), count == 0 ? "%03u" : "x%03u",
                 (unsigned)(rest % 1000));
        count++;
        rest /= 1000;
    } while (rest > 0);
    size_t length =
        (size_t)(tile->level == TILE_LEVEL_ENTRIES
                     ? snprintf(out, TILE_PATH_BYTES, "%s%s", root_folder, entries_folder)
                     : snprintf(out, TILE_PATH_BYTES, "%s%u/", root_folder,
                                tile->level % TILE_LEVELS));
    while (count-- > 0) {
        length += (size_t)snprintf(out + length, TILE_PATH_BYTES - length,
                                   count == 0 ? "%s" : "%s/", groups[count]);
    }
    if (tile->width < TILE_WIDTH) {
        length += (size_t)snprintf(out + length, TILE_PATH_BYTES - length, ".p/%u", tile->width);
    }
    return length;
}

static enum err parse_level(struct slice *rest, unsigned *ret_level)
{
    if (slice_starts(*rest, slice_string(entries_folder))) {
        *rest = slice_from(*rest, sizeof(entries_folder) - 1);
        *ret_level = TILE_LEVEL_ENTRIES;
        return ERR_NONE;
    }
    if (rest->len < 2 || rest->data[0] < '0' || rest->data[0] >= '0' + TILE_LEVELS ||
        rest->data[1] != '/') {
        return ERR_MALFORMED;
    }
    *ret_level = (unsigned)(rest->data[0] - '0');
    *rest = slice_from(*rest, 2);
    return ERR_NONE;
}

static enum err parse_group(struct slice group, uint64_t *number)
{
    if (group.len != 3) {
        return ERR_MALFORMED;
    }
    unsigned value = 0;
    for (size_t i = 0; i < group.len; i++) {
        if (group.data[i] < '0' || group.data[i] > '9') {
            return ERR_MALFORMED;
        }
        value = value * 10 + (unsigned)(group.data[i] - '0');
    }
    uint64_t result;
    if (__builtin_mul_overflow(*number, (uint64_t)1000, &result) ||
        __builtin_add_overflow(result, value, &result)) {
        return ERR_MALFORMED;
    }
    *number = result;
    return ERR_NONE;
}

/* Leading groups carry an 'x', the last one none; what follows it stays in *rest. */
static enum err parse_number(struct slice *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    while (rest->len > 0 && rest->data[0] == 'x') {
        struct slice group = slice_first(slice_from(*rest, 1), 3);
        bool leading_zero = number == 0 && slice_is(group, "000");
        if (leading_zero || rest->len < 5 || rest->data[4] != '/' ||
            parse_group(group, &number) != ERR_NONE) {
            return ERR_MALFORMED;
        }
        *rest = slice_from(*rest, 5);
    }
    enum err err = parse_group(slice_first(*rest, 3), &number);
    if (err == ERR_NONE) {
        *rest = slice_from(*rest, 3);
        *ret_number = number;
    }
    return err;
}

static enum err parse_width(struct slice rest, unsigned *ret_width)
{
    if (rest.len == 0) {
        *ret_width = TILE_WIDTH;
        return ERR_NONE;
    }
    uint64_t width = 0;
    if (!slice_starts(rest, SLICE_LITERAL(".p/")) ||
        slice_to_u64(slice_from(rest, 3), &width) != ERR_NONE || width == 0 ||
        width >= TILE_WIDTH) {
        return ERR_MALFORMED;
    }
    *ret_width = (unsigned)width;
    return ERR_NONE;
}

enum err tile_path_parse(struct slice path, struct tile *ret_tile)
{
    if (!slice_starts(path, slice_string(root_folder))) {
        return ERR_MALFORMED;
    }
    struct tile tile = {0};
    struct slice rest = slice_from(path, sizeof(root_folder) - 1);
    enum err err = parse_level(&rest, &tile.level);
    if (err == ERR_NONE) {
        err = parse_number(&rest, &tile.number);
    }
    if (err == ERR_NONE) {
        err = parse_width(rest, &tile.width);
    }
    if (err == ERR_NONE) {
        *ret_tile = tile;
    }
    return err;
}

/* How many hashes of tree level 8 * level (or entries) a log of `size` has. */
static uint64_t hashes_of(unsigned level, uint64_t size)
{
    if (level == TILE_LEVEL_ENTRIES) {
        return size;
    }
    return level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

unsigned tile_width_at(unsigned level, uint64_t number, uint64_t size)
{
    uint64_t hashes = hashes_of(level, size);
    if (number > hashes / TILE_WIDTH) {
        return 0;
    }
    uint64_t left = hashes - number * TILE_WIDTH;
    return left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
}

uint64_t tile_count(unsigned level, uint64_t size)
{
    uint64_t hashes = hashes_of(level, size);
    return hashes / TILE_WIDTH + (hashes % TILE_WIDTH != 0);
}

void tile_of_node(unsigned level, uint64_t index, unsigned *ret_level, uint64_t *ret_number,
                  unsigned *ret_offset, unsigned *ret_count)
{
    unsigned above = level % TILE_HEIGHT;
    uint64_t first = index << above;
    *ret_level = level / TILE_HEIGHT;
    *ret_number = first / TILE_WIDTH;
    *ret_offset = (unsigned)(first % TILE_WIDTH);
    *ret_count = 1u << above;
}

struct tile_walk tile_walk_start(uint64_t old_size, uint64_t new_size)
{
    return (struct tile_walk){old_size, new_size, old_size / TILE_WIDTH, TILE_LEVEL_ENTRIES};
}

bool tile_walk_next(struct tile_walk *walk, struct tile *ret_tile)
{
    for (;;) {
        if (walk->level != TILE_LEVEL_ENTRIES && walk->level >= TILE_LEVELS) {
            return false;
        }
        unsigned width = tile_width_at(walk->level, walk->number, walk->new_size);
        if (width == 0) {
            walk->level = walk->level == TILE_LEVEL_ENTRIES ? 0 : walk->level + 1;
            walk->number =
                walk->level < TILE_LEVELS ? hashes_of(walk->level, walk->old_size) / TILE_WIDTH : 0;
            continue;
        }
        struct tile tile = {walk->level, walk->number, width};
        walk->number++;
        if (width != tile_width_at(tile.level, tile.number, walk->old_size)) {
            *ret_tile = tile;
            return true;
        }
    }
}

enum err bundle_append(struct buf *bundle, struct slice entry)
{
    if (entry.len > ENTRY_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_reserve(bundle, entry.len + 2);
    uint8_t length[2] = {(uint8_t)(entry.len >> 8), (uint8_t)(entry.len & 0xff)};
    if (err == ERR_NONE) {
        err = buf_append(bundle, slice_of(length, sizeof(length)));
    }
    return err == ERR_NONE ? buf_append(bundle, entry) : err;
}

enum err bundle_next(struct slice *rest, struct slice *ret_entry)
{
    if (rest->len == 0) {
        return ERR_NOT_FOUND;
    }
    if (rest->len < 2) {
        return ERR_MALFORMED;
    }
    size_t length = (size_t)rest->data[0] << 8 | rest->data[1];
    if (length > rest->len - 2) {
        return ERR_MALFORMED;
    }
    *ret_entry = slice_of(rest->data + 2, length);
    *rest = slice_from(*rest, 2 + length);
    return ERR_NONE;
}
