/*
 * Time-stamps (RFC 3161) over a checkpoint: the request to an authority and the check of its reply.
 * The digest stamped is SHA-256 of the checkpoint's note text, so that cosignatures added later do
 * not change it. The reply (a TimeStampResp, DER) is kept as it came in the side file
 * `checkpoint.tsr`. Pure; the HTTP exchange (application/timestamp-query,
 * application/timestamp-reply) is done elsewhere.
 */
#ifndef VOGT_LEDGER_TIMESTAMP_H
#define VOGT_LEDGER_TIMESTAMP_H

#include "crypto/crypto.h"

enum { TIMESTAMP_REPLY_MAX_BYTES = 64 << 10, TIMESTAMP_TRUST_MAX_BYTES = 1 << 20 };

struct timestamp {
    int64_t unix_s;
    uint64_t serial;     /* the lowest 64 bits of the authority's serial number */
    char authority[128]; /* the signer's subject name, cut to fit, printable ASCII */
};

/* A DER TimeStampReq that asks for the signer's certificate. */
enum err timestamp_request(const uint8_t digest[SHA256_BYTES], uint64_t nonce,
                           struct buf *out) must_check;

/* Checks a reply: granted, over this digest, signed by a time-stamping certificate that chains to
 * one of `trust` (PEM certificates). `nonce` NULL: not compared, as when a kept side file is read
 * again. ERR_MALFORMED; ERR_DENIED: the authority refused; ERR_FORGED: digest, nonce, signature or
 * chain do not fit; ERR_INVALID: `trust` holds no certificate. */
enum err timestamp_check(struct slice reply, const uint8_t digest[SHA256_BYTES],
                         const uint64_t *nonce, struct slice trust,
                         struct timestamp *ret_timestamp) must_check;
/* The same without a chain: granted, over this digest, with this nonce. Whose signature it bears is
 * left open, for those who name no authority; a later check with `trust` still can tell. */
enum err timestamp_check_unchained(struct slice reply, const uint8_t digest[SHA256_BYTES],
                                   const uint64_t *nonce, int64_t *ret_unix_s) must_check;
/* The time a reply names, unverified: for showing only. */
enum err timestamp_peek(struct slice reply, int64_t *ret_unix_s) must_check;

#endif
