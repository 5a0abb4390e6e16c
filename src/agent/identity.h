/*
 * Who this agent is: a P-256 key made here ("key.pem", mode 0600, never leaves the directory) and the client certificate that Vogt signed for it
 * ("certificate.der"). Owns the key; wipes nothing else.
 */
#ifndef VOGT_AGENT_IDENTITY_H
#define VOGT_AGENT_IDENTITY_H

#include "base/bytes.h"

#include <openssl/evp.h>

enum { IDENTITY_POINT_BYTES = 65, IDENTITY_ID_BYTES = 32, IDENTITY_CERTIFICATE_MAX_BYTES = 4096 };

struct identity {
    EVP_PKEY *key;
    uint8_t point[IDENTITY_POINT_BYTES];
    struct buf certificate;                 /* DER; empty: not enrolled */
    uint8_t id[IDENTITY_ID_BYTES];          /* its SHA-256 */
};

/* Reads key and certificate; makes a key where there is none. ERR_DAMAGED: a file is there and cannot be read. */
enum err identity_open(int directory_fd, struct identity *ret_identity) must_check;
void identity_free(struct identity *identity);
/* Takes a new certificate and keeps it. ERR_FORGED: it is for another key. */
enum err identity_take(int directory_fd, struct identity *identity, struct slice der) must_check;
/* ECDSA over SHA-256 of the message, DER. */
enum err identity_sign(const struct identity *identity, struct slice message, struct buf *out) must_check;

#endif
