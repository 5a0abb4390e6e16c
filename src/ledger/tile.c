#include "ledger/tile.h"

void tile_fold(const struct tree_hash *hashes, unsigned count, struct tree_hash *ret_hash)
{
    struct tree_hash row[TILE_WIDTH / 2];
    if (count < 2) {
        *ret_hash = hashes[0];
        return;
    }
    for (unsigned i = 0; i < count / 2; i++) {
        tree_node(&hashes[2 * i], &hashes[2 * i + 1], &row[i]);
    }
    for (unsigned left = count / 4; left > 0; left /= 2) {
        for (unsigned i = 0; i < left; i++) {
            tree_node(&row[2 * i], &row[2 * i + 1], &row[i]);
        }
    }
    *ret_hash = row[0];
}
