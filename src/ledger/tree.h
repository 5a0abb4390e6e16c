/*
 * The Merkle tree of RFC 6962 / RFC 9162 section 2.1 over SHA-256:
 *   leaf = SHA-256(0x00 ‖ entry), node = SHA-256(0x01 ‖ left ‖ right), empty tree = SHA-256("").
 * struct tree is the right edge of a growing tree: a plain value of fixed size, copied by
 * assignment. It owns nothing, never allocates and never sees more of the log than it is given.
 *
 * A node is named (level, index): the complete subtree over the leaves [index << level, (index + 1)
 * << level).
 */
#ifndef VOGT_LEDGER_TREE_H
#define VOGT_LEDGER_TREE_H

#include "crypto/crypto.h"

enum {
    TREE_LEVELS = 63, /* sizes stay below 2^63, so that they fit SQLite's integers */
    TREE_EDGE_MAX = TREE_LEVELS,
    TREE_PROOF_MAX = TREE_LEVELS + 1,
};
#define TREE_SIZE_MAX ((uint64_t)INT64_MAX)

struct tree_hash {
    uint8_t bytes[SHA256_BYTES];
};

/* edge[level] is the complete subtree of 2^level leaves that ends the tree at that level; it is set
 * when bit `level` of size is. */
struct tree {
    uint64_t size;
    struct tree_hash edge[TREE_EDGE_MAX];
};

struct tree_proof {
    size_t count;
    struct tree_hash hashes[TREE_PROOF_MAX];
};

void tree_leaf(struct slice entry, struct tree_hash *ret_hash);
/* ret_hash may be left or right. */
void tree_node(const struct tree_hash *left, const struct tree_hash *right,
               struct tree_hash *ret_hash);
bool tree_hash_equal(const struct tree_hash *a, const struct tree_hash *b);
struct slice tree_hash_slice(const struct tree_hash *hash);

void tree_clear(struct tree *tree);
/* ERR_TOO_LARGE: the tree is full. */
enum err tree_append(struct tree *tree, struct slice entry) must_check;
enum err tree_append_leaf(struct tree *tree, const struct tree_hash *leaf) must_check;
/* Appends a complete subtree of 2^level leaves. ERR_INVALID: the size is no multiple of that. */
enum err tree_append_subtree(struct tree *tree, unsigned level,
                             const struct tree_hash *hash) must_check;
void tree_root(const struct tree *tree, struct tree_hash *ret_root);

/* The right edge, largest subtree first; returns how many hashes were written. */
size_t tree_save(const struct tree *tree, struct tree_hash ret_edge[TREE_EDGE_MAX]);
/* ERR_INVALID: the count is not that of this size; ERR_TOO_LARGE. `edge` is count * 32 bytes. */
enum err tree_load(struct tree *tree, uint64_t size, struct slice edge) must_check;

/* Where proofs get their hashes: node (level, index), always one that is complete in the tree asked
 * for. */
struct tree_source {
    void *context;
    enum err (*node)(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash);
};

/* The root of the first `size` leaves. */
enum err tree_source_root(const struct tree_source *source, uint64_t size,
                          struct tree_hash *ret_root) must_check;
/* ERR_INVALID: index >= size. */
enum err tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size,
                              struct tree_proof *ret_proof) must_check;
/* ERR_INVALID: old_size > size. Empty for old_size 0 and old_size == size. */
enum err tree_prove_consistency(const struct tree_source *source, uint64_t old_size, uint64_t size,
                                struct tree_proof *ret_proof) must_check;

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2. ERR_FORGED: the proof does not lead to the root. */
enum err tree_check_inclusion(const struct tree_hash *leaf, uint64_t index, uint64_t size,
                              const struct tree_proof *proof,
                              const struct tree_hash *root) must_check;
enum err tree_check_consistency(uint64_t old_size, const struct tree_hash *old_root, uint64_t size,
                                const struct tree_hash *root,
                                const struct tree_proof *proof) must_check;

#endif
