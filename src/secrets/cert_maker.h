/* For the tests of logins by certificate: makes authorities, certificates and revocation lists. Never part of a daemon. */
#ifndef VOGT_SECRETS_CERT_MAKER_H
#define VOGT_SECRETS_CERT_MAKER_H

#include "base/arena.h"
#include "base/bytes.h"

#include <openssl/x509v3.h>

struct made {
    EVP_PKEY *key;
    X509 *certificate;
};

struct cert_wish {
    const struct made *issuer;          /* NULL: itself */
    const char *name, *unit;            /* CN, OU; NULL: none */
    const char *sans;                   /* "DNS:a.example,email:a@b" */
    const char *usage;                  /* "clientAuth"; NULL: no such extension */
    const char *oid, *value;            /* another extension: "1.2.3.4", "ASN1:UTF8String:blue" */
    bool is_authority;
    int64_t start_s, end_s;             /* counted from `now_s` of cert_make */
    unsigned rsa_bits;                  /* 0: P-256 */
};

struct made cert_make(const struct cert_wish *wish, int64_t now_s);
void made_free(struct made *made);
struct slice made_pem(struct arena *arena, const struct made *made);
/* A revocation list of this authority that names one certificate. */
struct slice made_crl(struct arena *arena, const struct made *issuer, const struct made *revoked, int64_t now_s);
/* Appends it as REQUEST has chains. */
void made_chain(struct buf *chain, const struct made *made);

#endif
