/* Digests and MACs by name, as people choose them for signatures: FIPS 180-4, FIPS 202, RFC 2104. What Vogt itself needs of SHA-256 stands in crypto.h. */
#ifndef VOGT_CRYPTO_HASH_H
#define VOGT_CRYPTO_HASH_H

#include "base/bytes.h"

enum hash { HASH_NONE, HASH_SHA1, HASH_SHA2_224, HASH_SHA2_256, HASH_SHA2_384, HASH_SHA2_512, HASH_SHA3_224, HASH_SHA3_256, HASH_SHA3_384, HASH_SHA3_512, HASH_COUNT };
enum { HASH_MAX_BYTES = 64 };

size_t hash_bytes(enum hash hash);      /* of HASH_NONE: 0 */
/* Never for HASH_NONE. */
enum err hash_of(enum hash hash, struct slice data, uint8_t ret_digest[HASH_MAX_BYTES]) must_check;
enum err hash_mac(enum hash hash, struct slice key, struct slice data, uint8_t ret_mac[HASH_MAX_BYTES]) must_check;

#endif
