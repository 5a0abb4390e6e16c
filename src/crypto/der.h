/*
 * DER (X.690), strictly, as far as keys need it: tags of one byte, definite lengths in their shortest form, numbers in theirs. And PEM (RFC 7468) of one block.
 * A reader is moved past what was read; ERR_MALFORMED leaves it where it was.
 */
#ifndef VOGT_CRYPTO_DER_H
#define VOGT_CRYPTO_DER_H

#include "base/bytes.h"

enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_OCTET_STRING = 0x04, DER_NULL = 0x05, DER_OID = 0x06, DER_SEQUENCE = 0x30, DER_CONTEXT_0 = 0xa0, DER_CONTEXT_1 = 0xa1 };

enum err der_get(struct reader *reader, uint8_t tag, struct slice *ret_content) must_check;
bool der_next_is(const struct reader *reader, uint8_t tag);
/* A number that is not negative, without leading zeros; zero is the empty slice. */
enum err der_get_number(struct reader *reader, struct slice *ret_big_endian) must_check;
enum err der_get_bits(struct reader *reader, struct slice *ret_bytes) must_check;   /* a BIT STRING of whole bytes */

enum err der_put(struct buf *out, uint8_t tag, struct slice content) must_check;
enum err der_put_number(struct buf *out, struct slice big_endian) must_check;       /* leading zeros are dropped */
enum err der_put_bits(struct buf *out, struct slice bytes) must_check;

enum err pem_write(struct buf *out, const char *label, struct slice der) must_check;
/* Exactly one block of this label; white space around it is passed over. */
enum err pem_read(struct slice text, const char *label, struct buf *out) must_check;

#endif
