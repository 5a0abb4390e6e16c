/*
 * The primitives, over libcrypto (OpenSSL 3) and libsodium. Inputs are slices, outputs fixed arrays or bufs.
 *   SHA-256            FIPS 180-4            HMAC-SHA-256   RFC 2104
 *   HKDF-SHA-256       RFC 5869              Ed25519        RFC 8032
 *   AES-256-GCM        SP 800-38D            XAES-256-GCM   C2SP XAES-256-GCM (24-byte nonce, 2^80 messages a key)
 *   Argon2id           RFC 9106              Shamir         GF(2^8), 0x11b, Vault's share format: y bytes then x
 *   SHAKE-128          FIPS 202              ECDSA P-256    FIPS 186-4 (only checked here)
 *   AES-128-GCM        SP 800-38D            ChaCha20-Poly1305  RFC 8439
 */
#ifndef VOGT_CRYPTO_CRYPTO_H
#define VOGT_CRYPTO_CRYPTO_H

#include "crypto/secret.h"

enum {
    SHA256_BYTES = 32,
    KEY_BYTES = 32,
    XAES_NONCE_BYTES = 24,
    XAES_TAG_BYTES = 16,
    XAES_OVERHEAD_BYTES = XAES_NONCE_BYTES + XAES_TAG_BYTES,
    ED25519_PUBLIC_BYTES = 32,
    ED25519_SEED_BYTES = 32,
    ED25519_SIGNATURE_BYTES = 64,
    P256_PUBLIC_BYTES = 65,             /* 0x04, x, y */
    P256_SIGNATURE_MAX_BYTES = 72,      /* DER */
};

/* Once per process, before any sandbox: libsodium, fetched algorithms, the random generator warmed. */
enum err crypto_start(void) must_check;

void sha256(struct slice data, uint8_t ret_digest[SHA256_BYTES]);
struct sha256;                                                  /* running digest */
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *sha256, struct slice data);
void sha256_finish(struct sha256 *sha256, uint8_t ret_digest[SHA256_BYTES]); /* starts anew */
void sha256_free(struct sha256 *sha256);
/* SHA256(prefix ‖ a ‖ b): the tree's hashes without copying. */
void sha256_prefixed(uint8_t prefix, struct slice a, struct slice b, uint8_t ret_digest[SHA256_BYTES]);
/* The last that a thread calls which digested: gives back what it kept for that. */
void digest_end_thread(void);

void hmac_sha256(struct slice key, struct slice data, uint8_t ret_mac[SHA256_BYTES]);
enum err hkdf_sha256(struct slice key, struct slice salt, struct slice info, uint8_t *ret_out, size_t out_bytes) must_check;
enum err shake128(struct slice data, uint8_t *ret_out, size_t out_bytes) must_check;

/* An XAES-256-GCM key, expanded once. Sealing appends nonce ‖ ciphertext ‖ tag. */
struct xaes;
enum err xaes_new(struct slice key, struct xaes **ret_xaes) must_check;
void xaes_free(struct xaes *xaes);
enum err xaes_seal(struct xaes *xaes, const uint8_t nonce[XAES_NONCE_BYTES], struct slice associated, struct slice plain,
                   struct buf *out) must_check;
enum err xaes_open(struct xaes *xaes, struct slice associated, struct slice sealed, struct buf *out) must_check; /* ERR_FORGED */

/* A cipher with a nonce of 12 bytes, expanded once; for keys that people manage and whose nonces are drawn at random (2^32 messages a key at most). The caller lays out
 * nonce, text and tag itself: texts are large, and are sealed and opened where they lie (`out` may be the input). */
enum aead_kind { AEAD_AES128_GCM, AEAD_AES256_GCM, AEAD_CHACHA20_POLY1305 };
enum { AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16 };
struct aead;
size_t aead_key_bytes(enum aead_kind kind);
enum err aead_new(enum aead_kind kind, struct slice key, struct aead **ret_aead) must_check;
void aead_free(struct aead *aead);
enum err aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice associated, struct slice plain, uint8_t *out, uint8_t ret_tag[AEAD_TAG_BYTES]) must_check;
/* ERR_FORGED: what was written to `out` is wiped. */
enum err aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice associated, struct slice sealed, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *out) must_check;

enum err ed25519_public(struct slice seed, uint8_t ret_public[ED25519_PUBLIC_BYTES]) must_check;
enum err ed25519_sign(struct slice seed, struct slice message, uint8_t ret_signature[ED25519_SIGNATURE_BYTES]) must_check;
enum err ed25519_verify(struct slice public_key, struct slice message, struct slice signature) must_check; /* ERR_FORGED */

/* ECDSA over P-256 with SHA-256, of others' keys: a point in the plain form, a signature in DER. ERR_INVALID: no point of the curve; ERR_FORGED. */
bool p256_is_key(struct slice point);
enum err p256_verify(struct slice point, struct slice message, struct slice signature) must_check;

/* Argon2id, parallelism 1, into 32 bytes; memory in KiB (at least 8), passes at least 1. Slow: judge only. */
enum err argon2id(struct slice password, struct slice salt, uint32_t memory_kib, uint32_t passes, uint8_t ret_out[32]) must_check;

/* Splits into `shares` (2..255) of which `threshold` (2..shares) rebuild; each share is secret.len + 1 bytes. The random
 * coefficients come from the caller: secret.len * (threshold - 1) bytes. Combining with wrong shares gives a wrong secret,
 * never an error; ERR_INVALID: lengths differ, fewer than 2, an x twice or zero. */
enum err shamir_split(struct slice secret, unsigned shares, unsigned threshold, struct slice random, struct secret *ret_shares) must_check;
enum err shamir_combine(const struct slice *shares, size_t count, struct secret *ret_secret) must_check;

void random_bytes(void *out, size_t len);                        /* getrandom; aborts if the kernel cannot */

#endif
