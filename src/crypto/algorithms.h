/*
 * The algorithms of libcrypto, fetched once by crypto_start and never changed after: fetching looks
 * into providers and takes locks, and a confined process can do neither files nor waste. Used by
 * this folder only.
 */
#ifndef VOGT_CRYPTO_ALGORITHMS_H
#define VOGT_CRYPTO_ALGORITHMS_H

#include "crypto/hash.h"

#include <openssl/evp.h>

struct algorithms {
    EVP_MD *sha256, *shake128;
    EVP_MD *hashes[HASH_COUNT];     /* of HASH_NONE: NULL */
    EVP_CIPHER *aes256_ecb, *aes256_gcm, *aes128_gcm, *chacha20_poly1305;
};

/* Starts what was not started, and aborts if that fails. */
const struct algorithms *algorithms(void);

#endif
