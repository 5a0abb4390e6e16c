/* Proofs of struct tree: made from a source of node hashes, checked without one. */
#include "ledger/tree.h"

/* The largest power of two below n (n >= 2): where RFC 6962 splits a tree of n leaves. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* The hash of the leaves [begin, end), a range that RFC 6962's splitting yields: complete subtrees,
 * largest first. */
static enum err range_hash(const struct tree_source *source, uint64_t begin, uint64_t end,
                           struct tree_hash *ret_hash)
{
    struct tree_hash parts[TREE_LEVELS];
    size_t count = 0;
    while (begin < end) {
        unsigned level = 63u - (unsigned)__builtin_clzll(end - begin);
        enum err err = source->node(source->context, level, begin >> level, &parts[count]);
        if (err != ERR_NONE) {
            return err;
        }
        count++;
        begin += (uint64_t)1 << level;
    }
    struct tree_hash hash = parts[count - 1];
    for (size_t i = count - 1; i-- > 0;) {
        tree_node(&parts[i], &hash, &hash);
    }
    *ret_hash = hash;
    return ERR_NONE;
}

enum err tree_source_root(const struct tree_source *source, uint64_t size,
                          struct tree_hash *ret_root)
{
    if (size > TREE_SIZE_MAX) {
        return ERR_TOO_LARGE;
    }
    if (size == 0) {
        sha256(SLICE_NONE, ret_root->bytes);
        return ERR_NONE;
    }
    return range_hash(source, 0, size, ret_root);
}

/* The splits are walked from the root down, the proofs are written from the leaf up. */
static void reverse(struct tree_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct tree_hash other = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = proof->hashes[i];
        proof->hashes[i] = other;
    }
}

static enum err push(const struct tree_source *source, uint64_t begin, uint64_t end,
                     struct tree_proof *proof)
{
    enum err err = range_hash(source, begin, end, &proof->hashes[proof->count]);
    if (err == ERR_NONE) {
        proof->count++;
    }
    return err;
}

enum err tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size,
                              struct tree_proof *ret_proof)
{
    if (index >= size || size > TREE_SIZE_MAX) {
        return ERR_INVALID;
    }
    struct tree_proof proof = {.count = 0};
    uint64_t begin = 0, end = size;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = index < middle;
        enum err err =
            left ? push(source, middle, end, &proof) : push(source, begin, middle, &proof);
        if (err != ERR_NONE) {
            return err;
        }
        begin = left ? begin : middle;
        end = left ? middle : end;
    }
    reverse(&proof);
    *ret_proof = proof;
    return ERR_NONE;
}

enum err tree_prove_consistency(const struct tree_source *source, uint64_t old_size, uint64_t size,
                                struct tree_proof *ret_proof)
{
    if (old_size > size || size > TREE_SIZE_MAX) {
        return ERR_INVALID;
    }
    struct tree_proof proof = {.count = 0};
    uint64_t begin = 0, end = old_size == 0 ? 0 : size;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && end > old_size) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = old_size <= middle;
        err = left ? push(source, middle, end, &proof) : push(source, begin, middle, &proof);
        begin = left ? begin : middle;
        end = left ? middle : end;
    }
    /* A subtree that begins at 0 is the old tree itself, whose root the verifier holds. */
    if (err == ERR_NONE && begin > 0) {
        err = push(source, begin, end, &proof);
    }
    if (err == ERR_NONE) {
        reverse(&proof);
        *ret_proof = proof;
    }
    return err;
}

enum err tree_check_inclusion(const struct tree_hash *leaf, uint64_t index, uint64_t size,
                              const struct tree_proof *proof, const struct tree_hash *root)
{
    if (index >= size || size > TREE_SIZE_MAX || proof->count > TREE_PROOF_MAX) {
        return ERR_FORGED;
    }
    uint64_t node = index, last = size - 1;
    struct tree_hash hash = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0) {
            return ERR_FORGED;
        }
        if ((node & 1) != 0 || node == last) {
            tree_node(&proof->hashes[i], &hash, &hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node(&hash, &proof->hashes[i], &hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && tree_hash_equal(&hash, root) ? ERR_NONE : ERR_FORGED;
}

/* The two roots are folded together: `old` takes only the hashes that the old tree already had. */
static enum err fold_consistency(uint64_t old_size, const struct tree_hash *old_root, uint64_t size,
                                 const struct tree_hash *root, const struct tree_proof *proof)
{
    uint64_t node = old_size - 1, last = size - 1;
    for (; (node & 1) != 0; node >>= 1) {
        last >>= 1;
    }
    /* An old size that is a power of two is a subtree of its own: the proof leaves its root out. */
    bool implied = (old_size & (old_size - 1)) == 0;
    struct tree_hash old = implied ? *old_root : proof->hashes[0];
    struct tree_hash new = old;
    for (size_t i = implied ? 0 : 1; i < proof->count; i++) {
        if (last == 0) {
            return ERR_FORGED;
        }
        if ((node & 1) != 0 || node == last) {
            tree_node(&proof->hashes[i], &old, &old);
            tree_node(&proof->hashes[i], &new, &new);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node(&new, &proof->hashes[i], &new);
        }
        node >>= 1;
        last >>= 1;
    }
    bool good = last == 0 && tree_hash_equal(&old, old_root) && tree_hash_equal(&new, root);
    return good ? ERR_NONE : ERR_FORGED;
}

enum err tree_check_consistency(uint64_t old_size, const struct tree_hash *old_root, uint64_t size,
                                const struct tree_hash *root, const struct tree_proof *proof)
{
    if (old_size > size || size > TREE_SIZE_MAX || proof->count > TREE_PROOF_MAX) {
        return ERR_FORGED;
    }
    if (old_size == 0) {
        struct tree_hash empty;
        sha256(SLICE_NONE, empty.bytes);
        bool good = proof->count == 0 && tree_hash_equal(old_root, &empty) &&
                    (size > 0 || tree_hash_equal(root, &empty));
        return good ? ERR_NONE : ERR_FORGED;
    }
    if (old_size == size) {
        return proof->count == 0 && tree_hash_equal(old_root, root) ? ERR_NONE : ERR_FORGED;
    }
    if (proof->count == 0) {
        return ERR_FORGED;
    }
    return fold_consistency(old_size, old_root, size, root, proof);
}
