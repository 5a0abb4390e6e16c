#include "crypto/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>

static EVP_PKEY *private_key(struct slice seed)
{
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
}

enum err ed25519_public(struct slice seed, uint8_t ret_public[ED25519_PUBLIC_BYTES])
{
    if (seed.len != ED25519_SEED_BYTES) {
        return ERR_INVALID;
    }
    EVP_PKEY *key = private_key(seed);
    size_t len = ED25519_PUBLIC_BYTES;
    bool done = key != NULL && EVP_PKEY_get_raw_public_key(key, ret_public, &len) == 1 &&
                len == ED25519_PUBLIC_BYTES;
    EVP_PKEY_free(key);
    return done ? ERR_NONE : ERR_CRYPTO;
}

enum err ed25519_sign(struct slice seed, struct slice message,
                      uint8_t ret_signature[ED25519_SIGNATURE_BYTES])
{
    if (seed.len != ED25519_SEED_BYTES) {
        return ERR_INVALID;
    }
    EVP_PKEY *key = private_key(seed);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = ED25519_SIGNATURE_BYTES;
    static const uint8_t nothing[1]; /* libcrypto wants a pointer even to no bytes */
    const uint8_t *data = message.len == 0 ? nothing : message.data;
    bool done = key != NULL && context != NULL &&
                EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, ret_signature, &len, data, message.len) == 1 &&
                len == ED25519_SIGNATURE_BYTES;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return done ? ERR_NONE : ERR_CRYPTO;
}

enum err ed25519_verify(struct slice public_key, struct slice message, struct slice signature)
{
    if (public_key.len != ED25519_PUBLIC_BYTES) {
        return ERR_INVALID;
    }
    if (signature.len != ED25519_SIGNATURE_BYTES) {
        return ERR_FORGED;
    }
    enum err err = ERR_CRYPTO;
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key.data, public_key.len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    static const uint8_t nothing[1];
    const uint8_t *data = message.len == 0 ? nothing : message.data;
    if (key != NULL && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1) {
        int result = EVP_DigestVerify(context, signature.data, signature.len, data, message.len);
        err = result == 1 ? ERR_NONE : ERR_FORGED;
    }
    ERR_clear_error(); /* a refusal is an answer; its traces must not be taken for a later failure
                        */
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return err;
}
