#include "crypto/hash.h"

#include "crypto/algorithms.h"

#include <openssl/hmac.h>

size_t hash_bytes(enum hash hash)
{
    static const uint8_t bytes[HASH_COUNT] = {0, 20, 28, 32, 48, 64, 28, 32, 48, 64};
    return bytes[hash];
}

enum err hash_of(enum hash hash, struct slice data, uint8_t ret_digest[HASH_MAX_BYTES])
{
    static const uint8_t nothing[1];
    const EVP_MD *md = algorithms()->hashes[hash];
    unsigned len = 0;
    return md != NULL && EVP_Digest(data.len == 0 ? nothing : data.data, data.len, ret_digest, &len, md, NULL) == 1 ? ERR_NONE : ERR_CRYPTO;
}

enum err hash_mac(enum hash hash, struct slice key, struct slice data, uint8_t ret_mac[HASH_MAX_BYTES])
{
    static const uint8_t nothing[1];
    const EVP_MD *md = algorithms()->hashes[hash];
    unsigned len = 0;
    bool is_good = md != NULL && key.len <= INT32_MAX;
    return is_good && HMAC(md, key.len == 0 ? nothing : key.data, (int)key.len, data.len == 0 ? nothing : data.data, data.len, ret_mac, &len) != NULL ? ERR_NONE : ERR_CRYPTO;
}
