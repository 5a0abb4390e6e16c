/*
 * The right edge of an RFC 6962 tree: the roots of its complete subtrees, largest first, as many as
 * the size has one bits. Appending an entry and taking the root touch nothing else, so store keeps
 * the edge in the row of its log and starts without reading the entries.
 */
#ifndef VOGT_STORE_EDGE_H
#define VOGT_STORE_EDGE_H

#include "crypto/crypto.h"

enum { EDGE_HASHES_MAX = 64, EDGE_BYTES_MAX = EDGE_HASHES_MAX * SHA256_BYTES };

struct edge {
    uint64_t size; /* of the tree, in entries */
    uint8_t hashes[EDGE_HASHES_MAX][SHA256_BYTES];
};

unsigned edge_count(const struct edge *edge); /* hashes held */
void edge_leaf(struct slice entry, uint8_t ret_hash[SHA256_BYTES]);
void edge_node(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
               uint8_t ret_hash[SHA256_BYTES]);
void edge_append(struct edge *edge, struct slice entry);
void edge_root(const struct edge *edge, uint8_t ret_root[SHA256_BYTES]);
struct slice edge_bytes(const struct edge *edge); /* the hashes one after the other; borrowed */
enum err edge_load(struct edge *edge, uint64_t size, struct slice hashes)
    must_check; /* ERR_DAMAGED: the count does not fit the size */

#endif
