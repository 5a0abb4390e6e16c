/*
 * Keys in the forms in which they are handed about: PKCS #8 (RFC 5958), SubjectPublicKeyInfo (RFC 5280), ECPrivateKey (RFC 5915); and AES key wrap with padding
 * (RFC 5649), in which they travel. Read strictly: of each form only what the standards let a program write, no attributes, no leftover bytes. Keys themselves are as
 * in ec.h and rsa.h; of Ed25519 the seed (RFC 8410).
 */
#ifndef VOGT_CRYPTO_KEY_FORM_H
#define VOGT_CRYPTO_KEY_FORM_H

#include "crypto/ec.h"

enum key_family { KEY_ED25519, KEY_EC, KEY_RSA };
struct key_type {
    enum key_family family;
    enum curve curve;               /* of KEY_EC */
};
enum { KEY_FORM_MAX_BYTES = 4096 };

/* ERR_MALFORMED: not this form, or a key of another type. Borrows where it can: ret_key points into `der`; of EC numbers that were written short it is padded in `room`. */
enum err key_from_pkcs8(struct key_type type, struct slice der, uint8_t room[EC_PRIVATE_MAX_BYTES], struct slice *ret_key) must_check;
enum err key_from_spki(struct key_type type, struct slice der, struct slice *ret_public) must_check;
enum err key_to_pkcs8(struct key_type type, struct slice key, struct slice public_key, struct buf *out) must_check;
enum err key_to_spki(struct key_type type, struct slice public_key, struct buf *out) must_check;
/* ECPrivateKey, with curve and public half, as "EC PRIVATE KEY" holds it. */
enum err key_to_sec1(enum curve curve, struct slice key, struct slice public_key, struct buf *out) must_check;

/* AES key wrap with padding. ERR_INVALID: the wrapping key has no AES length; ERR_FORGED: it is not what was wrapped with it. */
enum err kwp_wrap(struct slice wrapping, struct slice key, struct buf *out) must_check;
enum err kwp_unwrap(struct slice wrapping, struct slice wrapped, struct buf *out) must_check;

/* Whole numbers that are not negative, in decimal and big-endian. ERR_MALFORMED: something else, or longer than a key's number. */
enum { NUMBER_DIGITS_MAX = 1300 };
enum err number_to_decimal(struct slice big_endian, struct buf *out) must_check;
enum err number_from_decimal(struct slice digits, struct buf *out) must_check;

#endif
