/*
 * SHA-256, HMAC, HKDF, SHAKE-128. Digests of short data are most of the ledger's work, so each
 * thread keeps one context of libcrypto and starts it anew, instead of allocating one a call; it
 * holds nothing between calls that matters. Digests cannot fail but for memory, which aborts: a
 * caller could do nothing better with half a hash.
 */
#include "crypto/crypto.h"

#include "crypto/algorithms.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 };

static _Thread_local EVP_MD_CTX *shared;

static void must(int result)
{
    if (result != 1) {
        abort();
    }
}

static EVP_MD_CTX *begin(void)
{
    if (shared == NULL) {
        const struct algorithms *known = algorithms(); /* may digest, and so make the context */
        if (shared == NULL) {
            shared = EVP_MD_CTX_new();
            must(shared != NULL);
        }
        must(EVP_DigestInit_ex2(shared, known->sha256, NULL));
        return shared;
    }
    must(EVP_DigestInit_ex2(shared, NULL, NULL));
    return shared;
}

void digest_end_thread(void)
{
    EVP_MD_CTX_free(shared);
    shared = NULL;
}

static void update(EVP_MD_CTX *context, struct slice data)
{
    if (data.len > 0) {
        must(EVP_DigestUpdate(context, data.data, data.len));
    }
}

static void finish(EVP_MD_CTX *context, uint8_t digest[SHA256_BYTES])
{
    must(EVP_DigestFinal_ex(context, digest, NULL));
}

void sha256(struct slice data, uint8_t ret_digest[SHA256_BYTES])
{
    EVP_MD_CTX *context = begin();
    update(context, data);
    finish(context, ret_digest);
}

void sha256_prefixed(uint8_t prefix, struct slice a, struct slice b,
                     uint8_t ret_digest[SHA256_BYTES])
{
    EVP_MD_CTX *context = begin();
    update(context, slice_of(&prefix, 1));
    update(context, a);
    update(context, b);
    finish(context, ret_digest);
}

struct sha256 {
    EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *running = calloc(1, sizeof(*running));
    if (running == NULL) {
        return NULL;
    }
    running->context = EVP_MD_CTX_new();
    if (running->context == NULL ||
        EVP_DigestInit_ex2(running->context, algorithms()->sha256, NULL) != 1) {
        sha256_free(running);
        return NULL;
    }
    return running;
}

void sha256_update(struct sha256 *sha256, struct slice data)
{
    update(sha256->context, data);
}

void sha256_finish(struct sha256 *sha256, uint8_t ret_digest[SHA256_BYTES])
{
    finish(sha256->context, ret_digest);
    must(EVP_DigestInit_ex2(sha256->context, NULL, NULL));
}

void sha256_free(struct sha256 *sha256)
{
    if (sha256 != NULL) {
        EVP_MD_CTX_free(sha256->context);
        free(sha256);
    }
}

/* The key, hashed if it is longer than a block, under both pads (RFC 2104). */
struct mac_key {
    uint8_t inner[BLOCK_BYTES], outer[BLOCK_BYTES];
};

static void mac_key_of(struct slice key, struct mac_key *ret_key)
{
    uint8_t block[BLOCK_BYTES] = {0};
    if (key.len > BLOCK_BYTES) {
        sha256(key, block);
    } else if (key.len > 0) {
        memcpy(block, key.data, key.len);
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        ret_key->inner[i] = block[i] ^ 0x36;
        ret_key->outer[i] = block[i] ^ 0x5c;
    }
    wipe(block, sizeof(block));
}

/* MAC over three parts in a row, so that HKDF need not join them. */
static void mac_of(const struct mac_key *key, struct slice a, struct slice b, struct slice c,
                   uint8_t ret_mac[SHA256_BYTES])
{
    uint8_t inner[SHA256_BYTES];
    EVP_MD_CTX *context = begin();
    update(context, slice_of(key->inner, BLOCK_BYTES));
    update(context, a);
    update(context, b);
    update(context, c);
    finish(context, inner);
    begin();
    update(context, slice_of(key->outer, BLOCK_BYTES));
    update(context, slice_of(inner, sizeof(inner)));
    finish(context, ret_mac);
    wipe(inner, sizeof(inner));
}

void hmac_sha256(struct slice key, struct slice data, uint8_t ret_mac[SHA256_BYTES])
{
    struct mac_key pads;
    mac_key_of(key, &pads);
    mac_of(&pads, data, SLICE_NONE, SLICE_NONE, ret_mac);
    wipe(&pads, sizeof(pads));
}

enum err hkdf_sha256(struct slice key, struct slice salt, struct slice info, uint8_t *ret_out,
                     size_t out_bytes)
{
    if (out_bytes > 255 * SHA256_BYTES) {
        return ERR_INVALID;
    }
    uint8_t block[SHA256_BYTES];
    struct mac_key pads;
    hmac_sha256(salt, key, block);
    mac_key_of(slice_of(block, sizeof(block)), &pads);
    struct slice previous = SLICE_NONE;
    uint8_t counter = 0;
    for (size_t done = 0; done < out_bytes;) {
        counter++;
        mac_of(&pads, previous, info, slice_of(&counter, 1), block);
        previous = slice_of(block, sizeof(block));
        size_t left = out_bytes - done, take = left < sizeof(block) ? left : sizeof(block);
        memcpy(ret_out + done, block, take);
        done += take;
    }
    wipe(block, sizeof(block));
    wipe(&pads, sizeof(pads));
    return ERR_NONE;
}

enum err shake128(struct slice data, uint8_t *ret_out, size_t out_bytes)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) {
        return ERR_MEMORY;
    }
    bool done = EVP_DigestInit_ex2(context, algorithms()->shake128, NULL) == 1 &&
                (data.len == 0 || EVP_DigestUpdate(context, data.data, data.len) == 1) &&
                EVP_DigestFinalXOF(context, ret_out, out_bytes) == 1;
    EVP_MD_CTX_free(context);
    return done ? ERR_NONE : ERR_CRYPTO;
}
