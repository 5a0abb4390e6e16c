#include "crypto/check_crypto.h"
#include "ledger/tree.h"

#include "base/check.h"
#include "base/encode.h"

struct vector {
    uint64_t size;
    const char *root, *inclusion, *consistency;
};

static const struct vector vectors[] = {
#define VECTOR(size, root, inclusion, consistency) {size, root, inclusion, consistency},
#include "ledger/tree_vectors.def"
#undef VECTOR
};

enum { SIZES = sizeof(vectors) / sizeof(vectors[0]) };

static void leaf_of(uint64_t index, struct tree_hash *ret_leaf)
{
    uint8_t entry[2] = {(uint8_t)index, (uint8_t)(7 * index)};
    tree_leaf(slice_of(entry, sizeof(entry)), ret_leaf);
}

/* A source that knows nothing but the leaves. */
static enum err node(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash)
{
    uint64_t size = *(const uint64_t *)context;
    struct tree tree;
    tree_clear(&tree);
    if ((index + 1) << level > size) {
        return ERR_NOT_FOUND;
    }
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        struct tree_hash leaf;
        leaf_of(i, &leaf);
        enum err err = tree_append_leaf(&tree, &leaf);
        if (err != ERR_NONE) {
            return err;
        }
    }
    tree_root(&tree, ret_hash);
    return ERR_NONE;
}

static bool is_hex(const char *hex, const uint8_t digest[SHA256_BYTES])
{
    cleanup_buf struct buf text = BUF_INIT(64);
    return hex_encode(&text, slice_of(digest, SHA256_BYTES)) == ERR_NONE &&
           slice_is(buf_slice(&text), hex);
}

static enum err grow(struct tree *tree, uint64_t size)
{
    enum err err = ERR_NONE;
    tree_clear(tree);
    while (err == ERR_NONE && tree->size < size) {
        struct tree_hash leaf;
        leaf_of(tree->size, &leaf);
        err = tree_append_leaf(tree, &leaf);
    }
    return err;
}

TEST(tree_roots_are_those_of_the_recursive_definition)
{
    for (size_t i = 0; i < SIZES; i++) {
        struct tree tree;
        struct tree_hash root, other;
        CHECK_ERR(ERR_NONE, grow(&tree, vectors[i].size));
        tree_root(&tree, &root);
        CHECK(is_hex(vectors[i].root, root.bytes));
        uint64_t size = vectors[i].size;
        CHECK_ERR(ERR_NONE, tree_source_root(&(struct tree_source){&size, node}, size, &other));
        CHECK(tree_hash_equal(&root, &other));
    }
}

TEST(tree_proofs_are_those_of_the_recursive_definition)
{
    for (size_t i = 0; i < SIZES; i++) {
        uint64_t size = vectors[i].size;
        struct tree_source source = {&size, node};
        cleanup_buf struct buf all = BUF_INIT(1 << 20);
        struct tree_proof proof;
        uint8_t digest[SHA256_BYTES];
        for (uint64_t index = 0; index < size; index++) {
            CHECK_ERR(ERR_NONE, tree_prove_inclusion(&source, index, size, &proof));
            CHECK_ERR(ERR_NONE,
                      buf_append(&all, slice_of(proof.hashes, proof.count * SHA256_BYTES)));
        }
        sha256(buf_slice(&all), digest);
        CHECK(is_hex(vectors[i].inclusion, digest));
        buf_clear(&all);
        for (uint64_t old = 1; old <= size; old++) {
            CHECK_ERR(ERR_NONE, tree_prove_consistency(&source, old, size, &proof));
            CHECK_ERR(ERR_NONE,
                      buf_append(&all, slice_of(proof.hashes, proof.count * SHA256_BYTES)));
        }
        sha256(buf_slice(&all), digest);
        CHECK(is_hex(vectors[i].consistency, digest));
    }
}

/* Every proof holds, and no longer once any hash of it, its size or its index is another. */
TEST(inclusion_proofs_hold_and_nothing_else_does)
{
    for (uint64_t size = 1; size < 40; size++) {
        struct tree tree;
        struct tree_hash root, leaf;
        CHECK_ERR(ERR_NONE, grow(&tree, size));
        tree_root(&tree, &root);
        for (uint64_t index = 0; index < size; index++) {
            struct tree_proof proof;
            CHECK_ERR(ERR_NONE, tree_prove_inclusion(&(struct tree_source){&size, node}, index,
                                                     size, &proof));
            leaf_of(index, &leaf);
            CHECK_ERR(ERR_NONE, tree_check_inclusion(&leaf, index, size, &proof, &root));
            for (uint64_t other = 0; other < size + 2; other++) {
                CHECK(other == index ||
                      tree_check_inclusion(&leaf, other, size, &proof, &root) == ERR_FORGED);
            }
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i].bytes[i % SHA256_BYTES] ^= 1;
                CHECK_ERR(ERR_FORGED, tree_check_inclusion(&leaf, index, size, &proof, &root));
                proof.hashes[i].bytes[i % SHA256_BYTES] ^= 1;
            }
            proof.count++;
            proof.hashes[proof.count - 1] = root;
            CHECK_ERR(ERR_FORGED, tree_check_inclusion(&leaf, index, size, &proof, &root));
            proof.count -= 2;
            CHECK(size == 1 ||
                  tree_check_inclusion(&leaf, index, size, &proof, &root) == ERR_FORGED);
        }
    }
}

TEST(consistency_proofs_hold_and_nothing_else_does)
{
    for (uint64_t size = 0; size < 40; size++) {
        struct tree tree, before;
        struct tree_hash root, old_root, wrong;
        CHECK_ERR(ERR_NONE, grow(&tree, size));
        tree_root(&tree, &root);
        for (uint64_t old = 0; old <= size; old++) {
            struct tree_proof proof;
            CHECK_ERR(ERR_NONE, grow(&before, old));
            tree_root(&before, &old_root);
            CHECK_ERR(ERR_NONE, tree_prove_consistency(&(struct tree_source){&size, node}, old,
                                                       size, &proof));
            CHECK_ERR(ERR_NONE, tree_check_consistency(old, &old_root, size, &root, &proof));
            wrong = old_root;
            wrong.bytes[5] ^= 4;
            CHECK_ERR(ERR_FORGED, tree_check_consistency(old, &wrong, size, &root, &proof));
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i].bytes[31] ^= 0x80;
                CHECK_ERR(ERR_FORGED, tree_check_consistency(old, &old_root, size, &root, &proof));
                proof.hashes[i].bytes[31] ^= 0x80;
            }
            proof.hashes[proof.count] = root;
            proof.count++;
            CHECK_ERR(ERR_FORGED, tree_check_consistency(old, &old_root, size, &root, &proof));
        }
    }
}

TEST(an_edge_comes_back_and_grows_on)
{
    for (uint64_t size = 0; size < SIZES; size++) {
        struct tree tree, loaded;
        struct tree_hash edge[TREE_EDGE_MAX], root, again;
        CHECK_ERR(ERR_NONE, grow(&tree, size));
        size_t count = tree_save(&tree, edge);
        CHECK_U64(__builtin_popcountll(size), count);
        CHECK_ERR(ERR_NONE, tree_load(&loaded, size, slice_of(edge, count * SHA256_BYTES)));
        CHECK_ERR(ERR_INVALID,
                  tree_load(&loaded, size, slice_of(edge, (count + 1) * SHA256_BYTES)));
        CHECK_ERR(ERR_NONE, tree_append(&tree, SLICE_LITERAL("next")));
        CHECK_ERR(ERR_NONE, tree_append(&loaded, SLICE_LITERAL("next")));
        tree_root(&tree, &root);
        tree_root(&loaded, &again);
        CHECK(tree_hash_equal(&root, &again));
    }
}

TEST(subtrees_join_only_at_their_own_boundary)
{
    struct tree parts, tree;
    struct tree_hash four, root, other;
    CHECK_ERR(ERR_NONE, grow(&parts, 4));
    tree_root(&parts, &four);
    tree_clear(&tree);
    CHECK_ERR(ERR_NONE, tree_append_subtree(&tree, 2, &four));
    CHECK_ERR(ERR_NONE, grow(&parts, 5));
    struct tree_hash leaf;
    leaf_of(4, &leaf);
    CHECK_ERR(ERR_NONE, tree_append_leaf(&tree, &leaf));
    tree_root(&parts, &root);
    tree_root(&tree, &other);
    CHECK(tree_hash_equal(&root, &other));
    CHECK_ERR(ERR_INVALID, tree_append_subtree(&tree, 1, &four));
    CHECK_ERR(ERR_TOO_LARGE, tree_append_subtree(&tree, TREE_LEVELS, &four));
}

TEST_MAIN
