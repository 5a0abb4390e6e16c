#include "crypto/check_crypto.h"
#include "ledger/commitment.h"
#include "ledger/tile.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A path or bundle that is read is written back as the same bytes; batches and entries are read
 * within bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size), rest = bytes, entry;
    struct tile tile;
    char path[TILE_PATH_BYTES];
    if (tile_path_parse(bytes, &tile) == ERR_NONE &&
        (tile_path(&tile, path) != size || memcmp(path, data, size) != 0)) {
        __builtin_trap();
    }
    cleanup_buf struct buf bundle = BUF_INIT(BUNDLE_MAX_BYTES);
    while (bundle_next(&rest, &entry) == ERR_NONE) {
        if (bundle_append(&bundle, entry) != ERR_NONE) {
            __builtin_trap();
        }
    }
    if (!slice_starts(bytes, buf_slice(&bundle))) {
        __builtin_trap();
    }
    struct audit_entry audit;
    uint8_t again[AUDIT_ENTRY_BYTES];
    if (audit_entry_decode(bytes, &audit) == ERR_NONE) {
        audit_entry_encode(&audit, again);
        if (memcmp(again, data, sizeof(again)) != 0) {
            __builtin_trap();
        }
    }
    struct tree_hash root = {{0}};
    if (audit_batch_read(bytes, &root, NULL, NULL) == ERR_NONE) {
        __builtin_trap(); /* that would be a preimage of zero */
    }
    return 0;
}
