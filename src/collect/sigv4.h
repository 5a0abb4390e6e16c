/*
 * Signatures of AWS and of everything that speaks S3: Signature Version 4, in headers. Written out here instead of left to libcurl, whose canonical form of
 * queries differs between the versions of Debian 12 and 13. Pure; the secret stays the caller's.
 */
#ifndef VOGT_COLLECT_SIGV4_H
#define VOGT_COLLECT_SIGV4_H

#include "base/bytes.h"

struct sigv4 {
    struct slice access_key, secret_key, session_token; /* the last may be empty */
    struct slice region, service;       /* "eu-central-1", "s3" */
    int64_t unix_ms;
};

struct sigv4_request {
    const char *method;
    struct slice host;                  /* as the Host header has it: with its port, unless that is the scheme's own */
    struct slice path, query;           /* escaped, the query's parameters sorted and each with its '=' */
};

/* "x-amz-date: …", "x-amz-content-sha256: …" (of an empty body), "Authorization: …", each ended by NUL, one after the other; with a session token a fourth
 * before the last. ERR_TOO_LARGE of the buf, ERR_INVALID: a time before 1970, an empty key. */
enum err sigv4_sign(const struct sigv4 *keys, const struct sigv4_request *request, struct buf *out) must_check;

#endif
