/* Tiles as parts of the tree: their coordinates, paths and bundles are store's (store/tile.h). */
#ifndef VOGT_LEDGER_TILE_H
#define VOGT_LEDGER_TILE_H

#include "ledger/tree.h"
#include "store/tile.h"

/* The root of `count` hashes (a power of two, at most 256). */
void tile_fold(const struct tree_hash *hashes, unsigned count, struct tree_hash *ret_hash);

#endif
