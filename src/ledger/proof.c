#include "ledger/proof.h"

#include "base/encode.h"

#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1";

static enum err append_line(struct buf *out, const char *word, struct slice bytes)
{
    enum err err = buf_append_string(out, word);
    if (err == ERR_NONE) {
        err = base64_encode(out, bytes);
    }
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

enum err proof_write(struct slice extra, uint64_t index, const struct tree_proof *path,
                     struct slice checkpoint, struct buf *out)
{
    if (extra.len > PROOF_EXTRA_MAX_BYTES || path->count > TREE_PROOF_MAX) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_append_string(out, first_line);
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    if (err == ERR_NONE && extra.len > 0) {
        err = append_line(out, "extra ", extra);
    }
    if (err == ERR_NONE) {
        err = buf_append_string(out, "index ");
    }
    if (err == ERR_NONE) {
        err = buf_append_u64_decimal(out, index);
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    for (size_t i = 0; err == ERR_NONE && i < path->count; i++) {
        err = append_line(out, "", tree_hash_slice(&path->hashes[i]));
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(out, '\n');
    }
    return err == ERR_NONE ? buf_append(out, checkpoint) : err;
}

/* Cuts a line that ends in a newline; it may be empty. */
static enum err take_line(struct slice *rest, struct slice *ret_line)
{
    size_t end = slice_find_byte(*rest, '\n');
    if (end == SIZE_MAX) {
        return ERR_MALFORMED;
    }
    *ret_line = slice_first(*rest, end);
    *rest = slice_from(*rest, end + 1);
    return ERR_NONE;
}

static enum err read_extra(struct slice *rest, struct slice *line, struct slice *ret_extra)
{
    struct slice word = SLICE_LITERAL("extra ");
    *ret_extra = SLICE_NONE;
    if (!slice_starts(*line, word)) {
        return ERR_NONE;
    }
    cleanup_buf struct buf extra = BUF_INIT(PROOF_EXTRA_MAX_BYTES);
    struct slice base64 = slice_from(*line, word.len);
    enum err err = base64.len == 0 ? ERR_MALFORMED : base64_decode(&extra, base64);
    if (err == ERR_NONE) {
        *ret_extra = base64;
        err = take_line(rest, line);
    }
    return err;
}

static enum err read_path(struct slice *rest, struct tree_proof *path)
{
    struct slice line;
    enum err err = take_line(rest, &line);
    for (path->count = 0; err == ERR_NONE && line.len > 0; err = take_line(rest, &line)) {
        cleanup_buf struct buf hash = BUF_INIT(SHA256_BYTES);
        if (path->count == TREE_PROOF_MAX) {
            return ERR_TOO_LARGE;
        }
        if (base64_decode(&hash, line) != ERR_NONE || hash.len != SHA256_BYTES) {
            return ERR_MALFORMED;
        }
        memcpy(path->hashes[path->count++].bytes, hash.data, SHA256_BYTES);
    }
    return err;
}

enum err proof_read(struct slice bytes, struct proof *ret_proof)
{
    if (bytes.len > PROOF_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    struct proof proof = {.index = 0};
    struct slice rest = bytes, line, index_word = SLICE_LITERAL("index ");
    if (take_line(&rest, &line) != ERR_NONE || !slice_is(line, first_line) ||
        take_line(&rest, &line) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    enum err err = read_extra(&rest, &line, &proof.extra_base64);
    if (err == ERR_NONE &&
        (!slice_starts(line, index_word) ||
         slice_to_u64(slice_from(line, index_word.len), &proof.index) != ERR_NONE)) {
        err = ERR_MALFORMED;
    }
    if (err == ERR_NONE) {
        err = read_path(&rest, &proof.path);
    }
    if (err == ERR_NONE) {
        struct note note;
        struct checkpoint checkpoint;
        err = note_parse(rest, &note);
        if (err == ERR_NONE) {
            err = checkpoint_parse(note.text, &checkpoint);
        }
    }
    if (err == ERR_NONE) {
        proof.checkpoint = rest;
        *ret_proof = proof;
    }
    return err;
}

static enum err check_path(const struct proof *proof, struct slice entry,
                           const struct checkpoint *checkpoint)
{
    struct tree_hash leaf;
    tree_leaf(entry, &leaf);
    return tree_check_inclusion(&leaf, proof->index, checkpoint->size, &proof->path,
                                &checkpoint->root);
}

enum err proof_check(const struct proof *proof, struct slice entry, const struct note_key *key,
                     struct checkpoint *ret_checkpoint)
{
    struct note note;
    struct checkpoint checkpoint;
    enum err err = checkpoint_open(proof->checkpoint, key, &note, &checkpoint);
    if (err == ERR_NONE) {
        err = check_path(proof, entry, &checkpoint);
    }
    if (err == ERR_NONE) {
        *ret_checkpoint = checkpoint;
    }
    return err;
}
