/*
 * Signed tokens in the compact form, read from hostile bytes: JWS (RFC 7515), JWK (RFC 7517), the algorithms of RFC 7518 and RFC 8037, JWT (RFC 7519). For judge
 * alone. Strict where the RFCs leave room: base64url has one spelling, members are unique, `crit` and `b64` are refused because nothing critical is understood here,
 * `none` and HMAC are no algorithms (a public key is no secret), and an algorithm fits one kind of key, so that nobody chooses how a key is used. Only signatures
 * are decided here: whose keys are taken, and what the claims must say, is the caller's.
 *
 *   jose_split -> jose_key_jwk / jose_key_pem -> jose_key_fits -> jose_verify -> jose_claims
 */
#ifndef VOGT_SECRETS_JOSE_H
#define VOGT_SECRETS_JOSE_H

#include "base/json.h"

#include <openssl/evp.h>

enum {
    JOSE_TOKEN_MAX_BYTES = 64 << 10,
    JOSE_HEADER_MAX_BYTES = 8 << 10,
    JOSE_KEYS_MAX = 100,                /* of a set */
    JOSE_RSA_MIN_BITS = 2048,           /* RFC 7518, 3.3 */
    JOSE_RSA_MAX_BITS = 8192,           /* a check costs its square */
    JOSE_PEM_MAX_BYTES = 16 << 10,
};

struct jose_algorithm;
/* By its name ("RS256"). NULL: unknown, or not one that anybody can check with a public key. */
const struct jose_algorithm *jose_algorithm_find(struct slice name);
const char *jose_algorithm_name(const struct jose_algorithm *algorithm);

/* A token cut into its parts; all but the decoded bytes are borrowed from the text. */
struct jose {
    struct slice signed_part;           /* what the signature is over: "HEADER.PAYLOAD" */
    struct slice payload, signature;    /* decoded, in the arena */
    const struct json *header;
    const struct jose_algorithm *algorithm;
    struct slice kid;                   /* empty: the header names none */
};
/* ERR_INVALID with a complaint, ERR_TOO_LARGE. Nothing is checked yet but the form. */
enum err jose_split(struct arena *arena, struct slice text, struct jose *ret_jose, struct complaint *complaint) must_check;
/* The payload as an object: the claims. Call it after jose_verify. */
enum err jose_claims(struct arena *arena, const struct jose *jose, struct json **ret_claims, struct complaint *complaint) must_check;

enum jose_kind { JOSE_RSA, JOSE_P256, JOSE_P384, JOSE_P521, JOSE_ED25519 };
struct jose_key {
    EVP_PKEY *key;                      /* owned: jose_key_free */
    enum jose_kind kind;
    struct slice kid, algorithm;        /* of a JWK; borrowed; empty: it says nothing */
};
/* ERR_UNSUPPORTED: of a kind or for a use that is none of ours, which a set may hold (RFC 7517, 5); ERR_INVALID: malformed, or too weak. */
enum err jose_key_jwk(const struct json *jwk, struct jose_key *ret_key) must_check;
/* A public key or a certificate in PEM; of a certificate the key alone counts. ERR_INVALID, ERR_UNSUPPORTED. */
enum err jose_key_pem(struct slice pem, struct jose_key *ret_key) must_check;
void jose_key_free(struct jose_key *key);
/* Is this algorithm for this kind of key, and does the key allow it? */
bool jose_key_fits(const struct jose_key *key, const struct jose_algorithm *algorithm);

/* ERR_FORGED: the signature is not that key's. Of a key that fits only. */
enum err jose_verify(const struct jose_key *key, const struct jose *jose) must_check;

#endif
