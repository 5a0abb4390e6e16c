/*
 * RSA of 2048, 3072 and 4096 bits (RFC 8017): PSS, PKCS #1 v1.5, OAEP. A private key is an RSAPrivateKey in DER, a public one an RSAPublicKey. Private operations and
 * above all making a key take milliseconds to seconds: not for a loop that others wait for.
 */
#ifndef VOGT_CRYPTO_RSA_H
#define VOGT_CRYPTO_RSA_H

#include "crypto/hash.h"
#include "crypto/secret.h"

enum { RSA_BITS_MAX = 4096, RSA_MAX_BYTES = RSA_BITS_MAX / 8, RSA_PRIVATE_MAX_BYTES = 2500, RSA_PUBLIC_MAX_BYTES = 600 };
enum { RSA_SALT_AUTO = -1, RSA_SALT_HASH = -2 };

struct rsa_scheme {
    bool is_pss;                        /* else PKCS #1 v1.5 */
    enum hash hash;                     /* HASH_NONE: v1.5 over the bytes as they are, without the hash's name */
    int salt_bytes;                     /* of PSS; AUTO: the most that fits, and any when checking */
};

enum err rsa_make(unsigned bits, struct buf *ret_private) must_check;
/* The parts' lengths, and that they fit one another; `deep` tests the primes and takes long. ERR_INVALID. ret_bits: of the modulus. */
enum err rsa_check_private(struct slice private_key, bool deep, unsigned *ret_bits) must_check;
enum err rsa_check_public(struct slice public_key, unsigned *ret_bits) must_check;
enum err rsa_public(struct slice private_key, struct buf *ret_public) must_check;
enum err rsa_sign(struct slice private_key, const struct rsa_scheme *scheme, struct slice digest, struct buf *ret_signature) must_check; /* ERR_INVALID: the salt does not fit */
enum err rsa_verify(struct slice public_key, const struct rsa_scheme *scheme, struct slice digest, struct slice signature) must_check;  /* ERR_FORGED */
/* OAEP with MGF1 of the same hash, without label. ERR_TOO_LARGE: longer than fits. */
enum err rsa_encrypt(struct slice public_key, enum hash hash, struct slice plain, struct buf *out) must_check;
enum err rsa_decrypt(struct slice private_key, enum hash hash, struct slice sealed, struct buf *out) must_check;                         /* ERR_FORGED */
/* The nine numbers of an RSAPrivateKey without its version: n e d p q dp dq qi. */
enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_NUMBERS };
enum err rsa_numbers(struct slice private_key, struct slice ret_numbers[RSA_NUMBERS]) must_check;
enum err rsa_public_numbers(struct slice public_key, struct slice *ret_n, struct slice *ret_e) must_check;
/* From n, e, d and both primes: the others are computed. */
enum err rsa_from_numbers(const struct slice numbers[RSA_NUMBERS], struct buf *ret_private) must_check;

#endif
