#include "ledger/tree.h"

#include <string.h>

enum { LEAF_PREFIX = 0x00, NODE_PREFIX = 0x01 };

void tree_leaf(struct slice entry, struct tree_hash *ret_hash)
{
    sha256_prefixed(LEAF_PREFIX, entry, SLICE_NONE, ret_hash->bytes);
}

void tree_node(const struct tree_hash *left, const struct tree_hash *right,
               struct tree_hash *ret_hash)
{
    sha256_prefixed(NODE_PREFIX, tree_hash_slice(left), tree_hash_slice(right), ret_hash->bytes);
}

bool tree_hash_equal(const struct tree_hash *a, const struct tree_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0; /* public values */
}

struct slice tree_hash_slice(const struct tree_hash *hash)
{
    return slice_of(hash->bytes, sizeof(hash->bytes));
}

void tree_clear(struct tree *tree)
{
    memset(tree, 0, sizeof(*tree));
}

enum err tree_append(struct tree *tree, struct slice entry)
{
    struct tree_hash leaf;
    tree_leaf(entry, &leaf);
    return tree_append_subtree(tree, 0, &leaf);
}

enum err tree_append_leaf(struct tree *tree, const struct tree_hash *leaf)
{
    return tree_append_subtree(tree, 0, leaf);
}

/* Binary addition: a subtree that meets another of its size becomes one of twice the size. */
enum err tree_append_subtree(struct tree *tree, unsigned level, const struct tree_hash *hash)
{
    if (level >= TREE_LEVELS || TREE_SIZE_MAX - tree->size < (uint64_t)1 << level) {
        return ERR_TOO_LARGE;
    }
    if ((tree->size & (((uint64_t)1 << level) - 1)) != 0) {
        return ERR_INVALID;
    }
    struct tree_hash carried = *hash;
    unsigned at = level;
    for (; (tree->size >> at & 1) != 0; at++) {
        tree_node(&tree->edge[at], &carried, &carried);
    }
    tree->edge[at] = carried;
    tree->size += (uint64_t)1 << level;
    return ERR_NONE;
}

void tree_root(const struct tree *tree, struct tree_hash *ret_root)
{
    if (tree->size == 0) {
        sha256(SLICE_NONE, ret_root->bytes);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(tree->size);
    struct tree_hash root = tree->edge[level];
    for (level++; level < TREE_LEVELS; level++) {
        if ((tree->size >> level & 1) != 0) {
            tree_node(&tree->edge[level], &root, &root);
        }
    }
    *ret_root = root;
}

size_t tree_save(const struct tree *tree, struct tree_hash ret_edge[TREE_EDGE_MAX])
{
    size_t count = 0;
    for (unsigned level = TREE_LEVELS; level-- > 0;) {
        if ((tree->size >> level & 1) != 0) {
            ret_edge[count++] = tree->edge[level];
        }
    }
    return count;
}

enum err tree_load(struct tree *tree, uint64_t size, struct slice edge)
{
    if (size > TREE_SIZE_MAX) {
        return ERR_TOO_LARGE;
    }
    if (edge.len != (size_t)__builtin_popcountll(size) * SHA256_BYTES) {
        return ERR_INVALID;
    }
    tree_clear(tree);
    tree->size = size;
    size_t position = 0;
    for (unsigned level = TREE_LEVELS; level-- > 0;) {
        if ((size >> level & 1) != 0) {
            memcpy(tree->edge[level].bytes, edge.data + position, SHA256_BYTES);
            position += SHA256_BYTES;
        }
    }
    return ERR_NONE;
}
