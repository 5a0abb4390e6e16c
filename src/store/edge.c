#include "store/edge.h"

#include <string.h>

enum { LEAF_PREFIX = 0, NODE_PREFIX = 1 };

unsigned edge_count(const struct edge *edge)
{
    return (unsigned)__builtin_popcountll(edge->size);
}

void edge_leaf(struct slice entry, uint8_t ret_hash[SHA256_BYTES])
{
    sha256_prefixed(LEAF_PREFIX, entry, SLICE_NONE, ret_hash);
}

void edge_node(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
               uint8_t ret_hash[SHA256_BYTES])
{
    sha256_prefixed(NODE_PREFIX, slice_of(left, SHA256_BYTES), slice_of(right, SHA256_BYTES),
                    ret_hash);
}

/* Like adding one to a binary number: every one bit at the end merges with what comes. */
void edge_append(struct edge *edge, struct slice entry)
{
    uint8_t hash[SHA256_BYTES], merged[SHA256_BYTES];
    unsigned count = edge_count(edge);
    edge_leaf(entry, hash);
    for (uint64_t size = edge->size; (size & 1) != 0; size >>= 1) {
        edge_node(edge->hashes[--count], hash, merged);
        memcpy(hash, merged, sizeof(hash));
    }
    memcpy(edge->hashes[count], hash, sizeof(hash));
    edge->size++;
}

void edge_root(const struct edge *edge, uint8_t ret_root[SHA256_BYTES])
{
    unsigned count = edge_count(edge);
    if (count == 0) {
        sha256(SLICE_NONE, ret_root);
        return;
    }
    uint8_t root[SHA256_BYTES], merged[SHA256_BYTES];
    memcpy(root, edge->hashes[count - 1], sizeof(root));
    for (unsigned i = count - 1; i > 0; i--) {
        edge_node(edge->hashes[i - 1], root, merged);
        memcpy(root, merged, sizeof(root));
    }
    memcpy(ret_root, root, sizeof(root));
}

struct slice edge_bytes(const struct edge *edge)
{
    return slice_of(edge->hashes, (size_t)edge_count(edge) * SHA256_BYTES);
}

enum err edge_load(struct edge *edge, uint64_t size, struct slice hashes)
{
    if (hashes.len != (size_t)__builtin_popcountll(size) * SHA256_BYTES) {
        return ERR_DAMAGED;
    }
    edge->size = size;
    if (hashes.len > 0) {
        memcpy(edge->hashes, hashes.data, hashes.len);
    }
    return ERR_NONE;
}
