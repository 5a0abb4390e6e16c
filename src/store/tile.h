/*
 * Tiles (C2SP tlog-tiles): a log as static files. A tile of level l holds up to 256 hashes of tree
 * level 8*l, tile n those from n*256 on; an entry bundle holds the entries of the level 0 tile of
 * the same number.
 *
 *   tile/<level>/<number>           a full hash tile: 256 x 32 bytes
 *   tile/<level>/<number>.p/<W>     a partial one: W x 32 bytes, 1 <= W <= 255
 *   tile/entries/<number>[.p/<W>]   entries: each u16 big-endian length, then its bytes
 *
 * <number> is written in groups of three digits, all but the last with an 'x' before: 1234067 is
 * x001/x234/067. Plain values; nothing is owned and no file is touched here.
 */
#ifndef VOGT_STORE_TILE_H
#define VOGT_STORE_TILE_H

#include "crypto/crypto.h"

enum {
    TILE_HEIGHT = 8,
    TILE_WIDTH = 1 << TILE_HEIGHT,
    TILE_BYTES = TILE_WIDTH * SHA256_BYTES,
    TILE_LEVELS = 8,          /* 0..7: 8 * 8 covers every size below 2^63 */
    TILE_LEVEL_ENTRIES = 255, /* stands for "entries" in the place of a level */
    TILE_PATH_BYTES = 64,
    ENTRY_MAX_BYTES = 65535,
    BUNDLE_MAX_BYTES = TILE_WIDTH * (2 + ENTRY_MAX_BYTES),
};

struct tile {
    unsigned level; /* 0..7 or TILE_LEVEL_ENTRIES */
    uint64_t number;
    unsigned width; /* 1..256; below 256 it is a partial tile */
};

/* "tile/0/x001/067.p/3", NUL-terminated; returns the length. */
size_t tile_path(const struct tile *tile, char out[TILE_PATH_BYTES]);
/* The inverse, strictly: only what tile_path writes. ERR_MALFORMED. */
enum err tile_path_parse(struct slice path, struct tile *ret_tile) must_check;

/* How many hashes (or entries) tile `number` of `level` holds in a tree of `size`; 0: there is no
 * such tile. */
unsigned tile_width_at(unsigned level, uint64_t number, uint64_t size);
/* How many tiles `level` has in a tree of `size`, the partial one counted. */
uint64_t tile_count(unsigned level, uint64_t size);

/* Which tile holds node (level, index), and at which hashes of it: [offset, offset + count). */
void tile_of_node(unsigned level, uint64_t index, unsigned *ret_level, uint64_t *ret_number,
                  unsigned *ret_offset, unsigned *ret_count);
/* All tiles that a log of new_size has and one of old_size has not: entry bundles first, then the
 * levels upwards. for (struct tile_walk walk = tile_walk_start(old, new); tile_walk_next(&walk,
 * &tile);) */
struct tile_walk {
    uint64_t old_size, new_size, number;
    unsigned level;
};
struct tile_walk tile_walk_start(uint64_t old_size, uint64_t new_size);
bool tile_walk_next(struct tile_walk *walk, struct tile *ret_tile);

/* Entry bundles. ERR_TOO_LARGE: an entry of more than 65,535 bytes, or past the buf's maximum. */
enum err bundle_append(struct buf *bundle, struct slice entry) must_check;
/* Cuts the next entry off *rest. ERR_NOT_FOUND: *rest is empty; ERR_MALFORMED: it ends within an
 * entry. */
enum err bundle_next(struct slice *rest, struct slice *ret_entry) must_check;

#endif
