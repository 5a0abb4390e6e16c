/*
 * XAES-256-GCM: from key K and the nonce's first half a key for AES-256-GCM, whose nonce is the
 * second half. L  = AES-256(K, 0^128)          K1 = L << 1, xor 0x87 into the last byte if a bit
 * fell out (CMAC's first subkey) Mi = 00 i 'X' 00 nonce[0..12]   Kx = AES-256(K, M1 xor K1) ||
 * AES-256(K, M2 xor K1) sealed = nonce[24] || AES-256-GCM(Kx, nonce[12..24], associated, plain) ||
 * tag[16] K itself lives in the expanded state of `derive` only; libcrypto wipes that when it is
 * freed. Not for several threads.
 */
#include "crypto/crypto.h"

#include "crypto/algorithms.h"

#include <stdlib.h>
#include <string.h>

enum { AES_BLOCK_BYTES = 16, HALF_NONCE_BYTES = 12, PIECE_MAX_BYTES = 1 << 30 };

struct xaes {
    EVP_CIPHER_CTX *derive;          /* AES-256-ECB under K */
    EVP_CIPHER_CTX *cipher;          /* AES-256-GCM, keyed anew for each message */
    uint8_t subkey[AES_BLOCK_BYTES]; /* K1 */
};

static bool encrypt_blocks(EVP_CIPHER_CTX *context, const uint8_t *blocks, int bytes, uint8_t *out)
{
    int written = 0;
    return EVP_EncryptUpdate(context, out, &written, blocks, bytes) == 1 && written == bytes;
}

static bool expand_subkey(struct xaes *xaes)
{
    static const uint8_t zero[AES_BLOCK_BYTES];
    uint8_t block[AES_BLOCK_BYTES];
    if (!encrypt_blocks(xaes->derive, zero, sizeof(zero), block)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(block); i++) {
        unsigned next = i + 1 < sizeof(block) ? block[i + 1] : 0u;
        xaes->subkey[i] = (uint8_t)((unsigned)block[i] << 1 | next >> 7);
    }
    /* A mask, not a branch: the bit belongs to the key. */
    unsigned top = (unsigned)block[0] >> 7;
    xaes->subkey[sizeof(block) - 1] =
        (uint8_t)(xaes->subkey[sizeof(block) - 1] ^ (0x87u & (0u - top)));
    wipe(block, sizeof(block));
    return true;
}

enum err xaes_new(struct slice key, struct xaes **ret_xaes)
{
    if (key.len != KEY_BYTES) {
        return ERR_INVALID;
    }
    struct xaes *xaes = calloc(1, sizeof(*xaes));
    if (xaes == NULL) {
        return ERR_MEMORY;
    }
    const struct algorithms *known = algorithms();
    xaes->derive = EVP_CIPHER_CTX_new();
    xaes->cipher = EVP_CIPHER_CTX_new();
    bool ready = xaes->derive != NULL && xaes->cipher != NULL &&
                 EVP_EncryptInit_ex2(xaes->derive, known->aes256_ecb, key.data, NULL, NULL) == 1 &&
                 EVP_CIPHER_CTX_set_padding(xaes->derive, 0) == 1 &&
                 EVP_EncryptInit_ex2(xaes->cipher, known->aes256_gcm, NULL, NULL, NULL) == 1 &&
                 expand_subkey(xaes);
    if (!ready) {
        xaes_free(xaes);
        return ERR_CRYPTO;
    }
    *ret_xaes = xaes;
    return ERR_NONE;
}

void xaes_free(struct xaes *xaes)
{
    if (xaes == NULL) {
        return;
    }
    EVP_CIPHER_CTX_free(xaes->derive);
    EVP_CIPHER_CTX_free(xaes->cipher);
    wipe(xaes, sizeof(*xaes));
    free(xaes);
}

/* Keys xaes->cipher for the message with this nonce. */
static bool start_message(struct xaes *xaes, const uint8_t nonce[XAES_NONCE_BYTES], int encrypt)
{
    uint8_t blocks[2 * AES_BLOCK_BYTES], message_key[KEY_BYTES];
    for (size_t i = 0; i < 2; i++) {
        uint8_t *block = blocks + i * AES_BLOCK_BYTES;
        block[0] = 0;
        block[1] = (uint8_t)(i + 1);
        block[2] = 'X';
        block[3] = 0;
        memcpy(block + 4, nonce, HALF_NONCE_BYTES);
        for (size_t j = 0; j < AES_BLOCK_BYTES; j++) {
            block[j] ^= xaes->subkey[j];
        }
    }
    bool done = encrypt_blocks(xaes->derive, blocks, sizeof(blocks), message_key) &&
                EVP_CipherInit_ex2(xaes->cipher, NULL, message_key, nonce + HALF_NONCE_BYTES,
                                   encrypt, NULL) == 1;
    wipe(message_key, sizeof(message_key));
    wipe(blocks, sizeof(blocks));
    return done;
}

/* libcrypto counts in int; data beyond a piece goes in several. A NULL `out` feeds associated data.
 */
static bool feed(EVP_CIPHER_CTX *cipher, struct slice data, uint8_t *out)
{
    while (data.len > 0) {
        struct slice piece = slice_first(data, PIECE_MAX_BYTES);
        int written = 0;
        if (EVP_CipherUpdate(cipher, out, &written, piece.data, (int)piece.len) != 1 ||
            written != (int)piece.len) {
            return false;
        }
        out = out == NULL ? NULL : out + piece.len;
        data = slice_from(data, piece.len);
    }
    return true;
}

enum err xaes_seal(struct xaes *xaes, const uint8_t nonce[XAES_NONCE_BYTES],
                   struct slice associated, struct slice plain, struct buf *out)
{
    if (plain.len > SIZE_MAX - XAES_OVERHEAD_BYTES) {
        return ERR_TOO_LARGE;
    }
    enum err err = buf_reserve(out, plain.len + XAES_OVERHEAD_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t *sealed = out->data + out->len, *text = sealed + XAES_NONCE_BYTES,
            *tag = text + plain.len;
    int written = 0;
    memcpy(sealed, nonce, XAES_NONCE_BYTES);
    if (!start_message(xaes, nonce, 1) || !feed(xaes->cipher, associated, NULL) ||
        !feed(xaes->cipher, plain, text) || EVP_CipherFinal_ex(xaes->cipher, tag, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(xaes->cipher, EVP_CTRL_AEAD_GET_TAG, XAES_TAG_BYTES, tag) != 1) {
        return ERR_CRYPTO;
    }
    out->len += plain.len + XAES_OVERHEAD_BYTES;
    return ERR_NONE;
}

enum err xaes_open(struct xaes *xaes, struct slice associated, struct slice sealed, struct buf *out)
{
    if (sealed.len < XAES_OVERHEAD_BYTES) {
        return ERR_FORGED;
    }
    size_t plain_bytes = sealed.len - XAES_OVERHEAD_BYTES;
    enum err err = buf_reserve(out, plain_bytes);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t tag[XAES_TAG_BYTES], rest[AES_BLOCK_BYTES];
    uint8_t *plain =
        plain_bytes == 0 ? rest : out->data + out->len; /* an empty buf may have no memory */
    memcpy(tag, sealed.data + sealed.len - sizeof(tag), sizeof(tag));
    int written = 0;
    if (!start_message(xaes, sealed.data, 0) || !feed(xaes->cipher, associated, NULL) ||
        !feed(xaes->cipher, slice_first(slice_from(sealed, XAES_NONCE_BYTES), plain_bytes),
              plain) ||
        EVP_CIPHER_CTX_ctrl(xaes->cipher, EVP_CTRL_AEAD_SET_TAG, XAES_TAG_BYTES, tag) != 1) {
        wipe(plain, plain_bytes);
        return ERR_CRYPTO;
    }
    if (EVP_CipherFinal_ex(xaes->cipher, rest, &written) != 1) {
        wipe(plain, plain_bytes); /* unauthenticated text never leaves */
        return ERR_FORGED;
    }
    out->len += plain_bytes;
    return ERR_NONE;
}
