/*
 * Certificates as libcrypto reads them, for cert_judge: chains from clients, PEM from operators, verification, and what a certificate says of its holder.
 */
#ifndef VOGT_SECRETS_CERT_CHAIN_H
#define VOGT_SECRETS_CERT_CHAIN_H

#include "base/json.h"

#include <openssl/x509v3.h>

typedef STACK_OF(X509) cert_stack;

/* All certificates of a PEM text; at most 16. ERR_INVALID: none, or one that cannot be read. */
enum err cert_read_pem(struct slice pem, cert_stack **ret_stack) must_check;
/* A chain as in REQUEST, the client's own first. ERR_INVALID. */
enum err cert_read_chain(struct slice chain, cert_stack **ret_stack) must_check;
void cert_stack_free(cert_stack *stack);

/*
 * Does the chain's first certificate lead to one of these, is it meant for this (X509_PURPOSE_…), and good at this time? An anchor is an authority, or the client's certificate itself:
 * what is no authority vouches for nobody else. *ret_path (freed by the caller): from the client's to the anchor. ERR_DENIED: no.
 */
enum err cert_verify(cert_stack *chain, cert_stack *anchors, int purpose, int64_t now_s, cert_stack **ret_path) must_check;

/* What it says, as arrays of texts: common names, organizational units, and the kinds of subjectAltName. */
enum cert_names { CERT_COMMON_NAMES, CERT_UNITS, CERT_DNS, CERT_EMAIL, CERT_URI };
struct json *cert_names(struct arena *arena, X509 *certificate, enum cert_names which);
/* The value of an extension: a text when it is an ASN.1 string, else NULL; *ret_der its bytes. False: there is no such extension. */
bool cert_extension(struct arena *arena, X509 *certificate, struct slice oid, struct slice *ret_der, struct slice *ret_text);
struct slice cert_serial(struct arena *arena, const ASN1_INTEGER *serial);             /* decimal */
struct slice cert_key_id(struct arena *arena, const ASN1_OCTET_STRING *id);            /* "aa:bb"; empty: none */
struct slice cert_name_hash(struct arena *arena, const X509_NAME *name);               /* HEX of its SHA-256 */
struct slice cert_hash(struct arena *arena, X509 *certificate);                        /* likewise */

#endif
