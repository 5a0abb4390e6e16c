/* AES-GCM and ChaCha20-Poly1305 with nonces of 12 bytes. Not for several threads. */
#include "crypto/crypto.h"

#include "crypto/algorithms.h"

#include <openssl/err.h>
#include <stdlib.h>

enum { PIECE_MAX_BYTES = 1 << 30 };

struct aead {
    EVP_CIPHER_CTX *context;
};

static const EVP_CIPHER *cipher_of(enum aead_kind kind)
{
    const struct algorithms *known = algorithms();
    const EVP_CIPHER *ciphers[] = {[AEAD_AES128_GCM] = known->aes128_gcm, [AEAD_AES256_GCM] = known->aes256_gcm, [AEAD_CHACHA20_POLY1305] = known->chacha20_poly1305};
    return ciphers[kind];
}

size_t aead_key_bytes(enum aead_kind kind)
{
    return kind == AEAD_AES128_GCM ? 16 : 32;
}

enum err aead_new(enum aead_kind kind, struct slice key, struct aead **ret_aead)
{
    if (key.len != aead_key_bytes(kind)) {
        return ERR_INVALID;
    }
    struct aead *aead = calloc(1, sizeof *aead);
    if (aead == NULL) {
        return ERR_MEMORY;
    }
    aead->context = EVP_CIPHER_CTX_new();
    if (aead->context == NULL || EVP_EncryptInit_ex2(aead->context, cipher_of(kind), key.data, NULL, NULL) != 1) {
        aead_free(aead);
        return ERR_CRYPTO;
    }
    *ret_aead = aead;
    return ERR_NONE;
}

void aead_free(struct aead *aead)
{
    if (aead != NULL) {
        EVP_CIPHER_CTX_free(aead->context); /* wipes the expanded key */
        free(aead);
    }
}

/* libcrypto counts in int. A NULL `out` feeds associated data. */
static bool feed(EVP_CIPHER_CTX *context, struct slice data, uint8_t *out)
{
    while (data.len > 0) {
        struct slice piece = slice_first(data, PIECE_MAX_BYTES);
        int written = 0;
        if (EVP_CipherUpdate(context, out, &written, piece.data, (int)piece.len) != 1 || written != (int)piece.len) {
            return false;
        }
        out = out == NULL ? NULL : out + piece.len;
        data = slice_from(data, piece.len);
    }
    return true;
}

enum err aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice associated, struct slice plain, uint8_t *out, uint8_t ret_tag[AEAD_TAG_BYTES])
{
    uint8_t rest[AEAD_TAG_BYTES];
    int written = 0;
    bool done = EVP_CipherInit_ex2(aead->context, NULL, NULL, nonce, 1, NULL) == 1 && feed(aead->context, associated, NULL) && feed(aead->context, plain, out) &&
                EVP_CipherFinal_ex(aead->context, rest, &written) == 1 && EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, ret_tag) == 1;
    return done ? ERR_NONE : ERR_CRYPTO;
}

enum err aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice associated, struct slice sealed, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *out)
{
    uint8_t rest[AEAD_TAG_BYTES], expected[AEAD_TAG_BYTES];
    int written = 0;
    for (size_t i = 0; i < sizeof expected; i++) {
        expected[i] = tag[i]; /* libcrypto takes no const, and the tag may lie where the text is written */
    }
    bool done = EVP_CipherInit_ex2(aead->context, NULL, NULL, nonce, 0, NULL) == 1 && feed(aead->context, associated, NULL) &&
                EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, expected) == 1 && feed(aead->context, sealed, out);
    enum err err = !done ? ERR_CRYPTO : EVP_CipherFinal_ex(aead->context, rest, &written) == 1 ? ERR_NONE : ERR_FORGED;
    if (err != ERR_NONE && sealed.len > 0) {
        wipe(out, sealed.len); /* unauthenticated text never leaves */
    }
    ERR_clear_error();
    return err;
}
