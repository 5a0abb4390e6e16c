/*
 * The authorities that this machine trusts, and what they say of a chain. Their list is read as bytes once; only those that could have
 * signed something of the chain are decoded, for decoding all costs more than every handshake of an endpoint together.
 */
#ifndef VOGT_COLLECT_ROOTS_H
#define VOGT_COLLECT_ROOTS_H

#include "base/bytes.h"

#include <openssl/x509.h>

struct roots;

/* Reads a file of PEM blocks. ERR_NOT_FOUND where there is no readable one. */
#define ROOTS_FILE "/etc/ssl/certs/ca-certificates.crt"
enum err roots_load(const char *path, struct roots **ret_roots) must_check;
void roots_free(struct roots *roots);
/* The library's code for the chain, whose first certificate is the leaf; X509_V_OK when it leads to an authority. Times are left out: they
 * are judged by the judge. ERR_MEMORY. */
enum err roots_verify(const struct roots *roots, STACK_OF(X509) *chain, int *ret_code) must_check;

#endif
