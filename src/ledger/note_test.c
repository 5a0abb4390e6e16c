#include "crypto/check_crypto.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"
#include "ledger/witness.h"

#include "base/check.h"

static const char *const bad_notes[] = {
    "",
    "\n",
    "\n\n",
    "text\n",
    "text\n\n",
    "text\n\n\xe2\x80\x94 name\n",
    "text\n\n\xe2\x80\x94 name \n",
    "text\n\n\xe2\x80\x94 name AAAA\n", /* a key id needs four bytes and a signature more */
    "text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
    "text\n\n\xe2\x80\x94 name AAAAAAA\n",
    "text\n\n\xe2\x80\x94 name AAAAAAA=",
    "text\n\n- name AAAAAAA=\n",
    "te\rxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
    "te\xfft\n\n\xe2\x80\x94 name AAAAAAA=\n",
    "text\n\n\xe2\x80\x94 name AAAAAAA=\nmore\n",
    "text\n\n\xe2\x80\x94 n\xc2\xa0me AAAAAAA=\n",
};

struct signer {
    uint8_t seed[ED25519_SEED_BYTES];
    struct note_key key;
};

static enum err make_signer(const char *name, uint8_t type, uint8_t filler,
                            struct signer *ret_signer)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    memset(ret_signer->seed, filler, sizeof(ret_signer->seed));
    enum err err = ed25519_public(slice_of(ret_signer->seed, sizeof(ret_signer->seed)), public_key);
    return err == ERR_NONE
               ? note_key_make(slice_string(name), type, slice_of(public_key, sizeof(public_key)),
                               &ret_signer->key)
               : err;
}

static struct slice seed_of(const struct signer *signer)
{
    return slice_of(signer->seed, sizeof(signer->seed));
}

static enum err make_checkpoint(const struct signer *log, uint64_t size, struct tree_hash *root,
                                struct buf *out)
{
    struct tree tree;
    tree_clear(&tree);
    for (uint64_t i = 0; i < size; i++) {
        enum err err = tree_append(&tree, slice_of(&i, sizeof(i)));
        if (err != ERR_NONE) {
            return err;
        }
    }
    tree_root(&tree, root);
    return checkpoint_sign(&log->key, seed_of(log), size, root, out);
}

static enum err cosign(const struct signer *witness, uint64_t time_unix_s, struct buf *bytes)
{
    struct note note;
    cleanup_buf struct buf line = BUF_INIT(1024);
    enum err err = note_parse(buf_slice(bytes), &note);
    if (err == ERR_NONE) {
        err = note_sign_line(note.text, &witness->key, seed_of(witness), time_unix_s, &line);
    }
    return err == ERR_NONE ? buf_append(bytes, buf_slice(&line)) : err;
}

TEST(bad_notes_are_refused)
{
    struct note note;
    for (size_t i = 0; i < sizeof(bad_notes) / sizeof(bad_notes[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, note_parse(slice_string(bad_notes[i]), &note));
    }
}

/* The key and note that the Go project's note package and the specification use as their example.
 */
TEST(a_note_made_elsewhere_verifies)
{
    static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    static const char bytes[] =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your "
        "problem is.\n\n"
        "\xe2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/"
        "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    struct note_key key;
    struct note note;
    cleanup_buf struct buf written = BUF_INIT(1024);
    CHECK_ERR(ERR_NONE, note_key_parse(slice_string(vkey), &key));
    CHECK_ERR(ERR_NONE, note_parse(slice_string(bytes), &note));
    CHECK_ERR(ERR_NONE, note_verify(&note, &key, NULL));
    CHECK_ERR(ERR_NONE, note_key_write(&key, &written));
    CHECK(slice_is(buf_slice(&written), vkey));
    key.public_key[0] ^= 1;
    CHECK_ERR(ERR_FORGED, note_verify(&note, &key, NULL));
    key.id ^= 1;
    CHECK_ERR(ERR_NOT_FOUND, note_verify(&note, &key, NULL));
}

TEST(verifier_keys_are_read_strictly)
{
    struct note_key key;
    CHECK_ERR(
        ERR_INVALID,
        note_key_parse(
            SLICE_LITERAL("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
            &key));
    CHECK_ERR(
        ERR_INVALID,
        note_key_parse(
            SLICE_LITERAL("PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
            &key));
    CHECK_ERR(
        ERR_UNSUPPORTED,
        note_key_parse(
            SLICE_LITERAL("PeterNeumann+c74f20a3+Bhpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
            &key));
    CHECK_ERR(ERR_MALFORMED, note_key_parse(SLICE_LITERAL("PeterNeumann+c74f20a3"), &key));
    CHECK_ERR(ERR_MALFORMED, note_key_parse(SLICE_LITERAL("PeterNeumann+c74f20a+ARpc"), &key));
    CHECK_ERR(ERR_MALFORMED, note_key_parse(SLICE_NONE, &key));
}

TEST(checkpoints_are_signed_and_every_flip_is_seen)
{
    struct signer log;
    struct tree_hash root;
    struct note note;
    struct checkpoint checkpoint;
    cleanup_buf struct buf bytes = BUF_INIT(4096);
    CHECK_ERR(ERR_NONE, make_signer("example.com/log", NOTE_TYPE_ED25519, 1, &log));
    CHECK_ERR(ERR_NONE, make_checkpoint(&log, 12, &root, &bytes));
    CHECK_ERR(ERR_NONE, checkpoint_open(buf_slice(&bytes), &log.key, &note, &checkpoint));
    CHECK_U64(12, checkpoint.size);
    CHECK(tree_hash_equal(&root, &checkpoint.root));
    for (size_t i = 0; i < bytes.len * 8; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK(checkpoint_open(buf_slice(&bytes), &log.key, &note, &checkpoint) != ERR_NONE);
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t length = 0; length < bytes.len; length++) {
        CHECK(checkpoint_open(slice_first(buf_slice(&bytes), length), &log.key, &note,
                              &checkpoint) != ERR_NONE);
    }
}

TEST(checkpoint_texts_are_read_strictly)
{
    static const char hash[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    static const char *const bad[] = {
        "", "o\n", "\n1\n", "o\n01\n", "o\n+1\n", "o\n9223372036854775808\n", "o\n-\n"};
    struct checkpoint checkpoint;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cleanup_buf struct buf text = BUF_INIT(256);
        CHECK_ERR(ERR_NONE, buf_printf(&text, "%s%s", bad[i], hash));
        CHECK_ERR(ERR_MALFORMED, checkpoint_parse(buf_slice(&text), &checkpoint));
    }
    cleanup_buf struct buf text = BUF_INIT(256);
    CHECK_ERR(ERR_NONE, buf_printf(&text, "o\n0\n%sextension\n", hash));
    CHECK_ERR(ERR_NONE, checkpoint_parse(buf_slice(&text), &checkpoint));
    CHECK_SLICE("extension\n", checkpoint.extensions);
    CHECK_ERR(ERR_NONE, buf_append_string(&text, "\n"));
    CHECK_ERR(ERR_MALFORMED, checkpoint_parse(buf_slice(&text), &checkpoint));
}

TEST(sixteen_unknown_signatures_do_no_harm)
{
    struct signer log, other;
    struct tree_hash root;
    struct note note;
    struct checkpoint checkpoint;
    cleanup_buf struct buf bytes = BUF_INIT(1 << 16);
    CHECK_ERR(ERR_NONE, make_signer("example.com/log", NOTE_TYPE_ED25519, 1, &log));
    CHECK_ERR(ERR_NONE, make_checkpoint(&log, 3, &root, &bytes));
    for (uint8_t i = 0; i < NOTE_SIGNATURES_MAX - 1; i++) {
        CHECK_ERR(ERR_NONE,
                  make_signer("example.com/log", NOTE_TYPE_ED25519, (uint8_t)(i + 2), &other));
        CHECK_ERR(ERR_NONE, cosign(&other, 0, &bytes));
    }
    CHECK_ERR(ERR_NONE, checkpoint_open(buf_slice(&bytes), &log.key, &note, &checkpoint));
    CHECK_U64(NOTE_SIGNATURES_MAX, note.signature_count);
    CHECK_ERR(ERR_NONE, cosign(&other, 0, &bytes));
    CHECK_ERR(ERR_TOO_LARGE, checkpoint_open(buf_slice(&bytes), &log.key, &note, &checkpoint));
}

/* A policy of one log and three witnesses, two of which are needed. */
static enum err make_cast(struct signer *log, struct signer witnesses[3])
{
    enum err err = make_signer("example.com/log", NOTE_TYPE_ED25519, 1, log);
    for (uint8_t i = 0; err == ERR_NONE && i < 3; i++) {
        err = make_signer("example.com/witness", NOTE_TYPE_COSIGNATURE, (uint8_t)(i + 10),
                          &witnesses[i]);
    }
    return err;
}

static enum err leaves_node(void *context, unsigned level, uint64_t index,
                            struct tree_hash *ret_hash)
{
    struct tree tree;
    (void)context;
    tree_clear(&tree);
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        enum err err = tree_append(&tree, slice_of(&i, sizeof(i)));
        if (err != ERR_NONE) {
            return err;
        }
    }
    tree_root(&tree, ret_hash);
    return ERR_NONE;
}

TEST(a_proof_is_written_read_and_every_flip_is_seen)
{
    struct signer log;
    struct tree_hash root;
    struct tree_proof path;
    struct proof proof;
    struct checkpoint checkpoint;
    uint64_t entry = 4;
    cleanup_buf struct buf note = BUF_INIT(4096);
    cleanup_buf struct buf bytes = BUF_INIT(8192);
    CHECK_ERR(ERR_NONE, make_signer("example.com/log", NOTE_TYPE_ED25519, 1, &log));
    CHECK_ERR(ERR_NONE, make_checkpoint(&log, 11, &root, &note));
    CHECK_ERR(ERR_NONE,
              tree_prove_inclusion(&(struct tree_source){NULL, leaves_node}, 4, 11, &path));
    CHECK_ERR(ERR_NONE,
              proof_write(SLICE_LITERAL("what it is"), 4, &path, buf_slice(&note), &bytes));
    CHECK_ERR(ERR_NONE, proof_read(buf_slice(&bytes), &proof));
    CHECK_ERR(ERR_NONE,
              proof_check(&proof, slice_of(&entry, sizeof(entry)), &log.key, &checkpoint));
    CHECK_U64(11, checkpoint.size);
    size_t extra_begin = strlen("c2sp.org/tlog-proof@v1\nextra "), extra_end = extra_begin + 16;
    for (size_t i = 0; i < bytes.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            bool good = proof_read(buf_slice(&bytes), &proof) == ERR_NONE &&
                        proof_check(&proof, slice_of(&entry, sizeof(entry)), &log.key,
                                    &checkpoint) == ERR_NONE;
            /* extra data are no part of what is proved, as the format says */
            CHECK(!good || (i >= extra_begin && i < extra_end));
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    entry = 5;
    CHECK_ERR(ERR_NONE, proof_read(buf_slice(&bytes), &proof));
    CHECK_ERR(ERR_FORGED,
              proof_check(&proof, slice_of(&entry, sizeof(entry)), &log.key, &checkpoint));
}

TEST(witnesses_are_asked_and_understood)
{
    struct signer log, witnesses[3];
    struct tree_hash root;
    struct tree_proof path = {.count = 0};
    struct witness_reply reply;
    struct slice size_type = SLICE_LITERAL("text/x.tlog.size");
    cleanup_buf struct buf bytes = BUF_INIT(4096);
    cleanup_buf struct buf cosigned = BUF_INIT(4096);
    cleanup_buf struct buf request = BUF_INIT(8192);
    CHECK_ERR(ERR_NONE, make_cast(&log, witnesses));
    CHECK_ERR(ERR_NONE, make_checkpoint(&log, 8, &root, &bytes));
    struct slice sent = buf_slice(&bytes);
    CHECK_ERR(ERR_NONE,
              tree_prove_consistency(&(struct tree_source){NULL, leaves_node}, 3, 8, &path));
    CHECK_ERR(ERR_NONE, witness_request(3, &path, sent, &request));
    CHECK(slice_starts(buf_slice(&request), SLICE_LITERAL("old 3\n")) &&
          slice_ends(buf_slice(&request), sent));
    CHECK_U64('\n', request.data[6 + path.count * 45]);
    CHECK_ERR(ERR_INVALID, witness_request(0, &path, sent, &request));

    CHECK_ERR(ERR_NONE, buf_append(&cosigned, sent));
    CHECK_ERR(ERR_NONE, cosign(&witnesses[0], 77, &cosigned));
    struct slice body = slice_from(buf_slice(&cosigned), sent.len);
    CHECK_ERR(ERR_NONE,
              witness_reply_read(200, SLICE_NONE, body, 3, sent, &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_COSIGNED && reply.time_unix_s == 77 &&
          slice_equal(reply.lines, body));
    CHECK_ERR(ERR_NONE,
              witness_reply_read(200, SLICE_NONE, body, 3, sent, &witnesses[1].key, &reply));
    CHECK(reply.outcome == WITNESS_NO_ANSWER);
    CHECK_ERR(ERR_NONE, witness_reply_read(409, size_type, SLICE_LITERAL("5\n"), 3, sent,
                                           &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_OTHER_SIZE && reply.size == 5);
    CHECK_ERR(ERR_NONE, witness_reply_read(409, size_type, SLICE_LITERAL("9\n"), 3, sent,
                                           &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_AHEAD && reply.size == 9);
    CHECK_ERR(ERR_NONE, witness_reply_read(409, size_type, SLICE_LITERAL("8\n"), 8, sent,
                                           &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_AHEAD);
    CHECK_ERR(ERR_NONE, witness_reply_read(409, SLICE_LITERAL("text/html"), SLICE_LITERAL("5\n"), 3,
                                           sent, &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_NO_ANSWER);
    CHECK_ERR(ERR_NONE,
              witness_reply_read(422, SLICE_NONE, SLICE_NONE, 3, sent, &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_BAD_PROOF);
    CHECK_ERR(ERR_NONE,
              witness_reply_read(404, SLICE_NONE, SLICE_NONE, 3, sent, &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_UNKNOWN_LOG);
    CHECK_ERR(ERR_NONE,
              witness_reply_read(503, SLICE_NONE, SLICE_NONE, 3, sent, &witnesses[0].key, &reply));
    CHECK(reply.outcome == WITNESS_NO_ANSWER);
}

TEST_MAIN
