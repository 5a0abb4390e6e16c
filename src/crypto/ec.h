/*
 * ECDSA over NIST's curves (FIPS 186-4). A private key is its number, big-endian, as long as the curve's order; a public one 0x04, x, y. Signatures are DER
 * (asn1) or r and s side by side (jws, RFC 7515).
 */
#ifndef VOGT_CRYPTO_EC_H
#define VOGT_CRYPTO_EC_H

#include "crypto/secret.h"

enum curve { CURVE_P256, CURVE_P384, CURVE_P521 };
enum { EC_PRIVATE_MAX_BYTES = 66, EC_PUBLIC_MAX_BYTES = 133, EC_SIGNATURE_MAX_BYTES = 139, EC_DRAW_BYTES = 74 };

size_t ec_private_bytes(enum curve curve);
size_t ec_public_bytes(enum curve curve);
struct slice ec_oid(enum curve curve);                              /* content of the OID */
/* From EC_DRAW_BYTES random bytes (FIPS 186-4, B.4.1): at least 64 bits more than the order has. */
enum err ec_make(enum curve curve, const uint8_t drawn[EC_DRAW_BYTES], uint8_t *ret_private, uint8_t *ret_public) must_check;
enum err ec_public(enum curve curve, struct slice private_key, uint8_t *ret_public) must_check;    /* ERR_INVALID: no number of a key */
bool ec_is_public(enum curve curve, struct slice public_key);
enum err ec_sign(enum curve curve, struct slice private_key, struct slice digest, struct buf *ret_der) must_check;
/* ERR_FORGED; ERR_INVALID: no key. */
enum err ec_verify(enum curve curve, struct slice public_key, struct slice digest, struct slice der) must_check;
enum err ec_to_jws(enum curve curve, struct slice der, struct buf *out) must_check;
enum err ec_from_jws(enum curve curve, struct slice jws, struct buf *out) must_check;              /* ERR_FORGED: wrong length */

#endif
