/*
 * TLS cipher suites by their registered numbers, with what a strict reader holds against each; all but those that need a pre-shared key,
 * SRP or Kerberos, and so no certificate. Owns a const table only.
 * The collector offers the suites; the judge looks them up. A number outside the table is judged weak, never strong.
 */
#ifndef VOGT_COLLECT_CIPHER_H
#define VOGT_COLLECT_CIPHER_H

#include "base/bytes.h"

enum cipher_class {
    CIPHER_UNKNOWN,     /* not in the table */
    CIPHER_STRONG,      /* forward secrecy and authenticated encryption */
    CIPHER_STATIC,      /* authenticated encryption, but RSA key transport: no forward secrecy */
    CIPHER_CBC,
    CIPHER_RC4,
    CIPHER_DES,         /* single and triple DES, RC2, IDEA: 64-bit blocks */
    CIPHER_EXPORT,
    CIPHER_NULL,        /* no encryption at all */
    CIPHER_ANONYMOUS,   /* no authentication of the server */
    CIPHER_SHORT_TAG,   /* CCM with an 8-byte tag */
};

struct cipher {
    uint16_t number;
    enum cipher_class class;
    bool tls13;         /* belongs to TLS 1.3 only */
    const char *name;   /* of the registry */
};

const struct cipher *cipher_by_number(uint16_t number); /* NULL when unknown */
const char *cipher_class_name(enum cipher_class class); /* "cbc" */
/* The table, for offering; *ret_count entries. */
const struct cipher *cipher_all(size_t *ret_count);

#endif
