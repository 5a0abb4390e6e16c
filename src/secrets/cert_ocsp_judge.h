/*
 * Asking whether a certificate was revoked (OCSP, RFC 6960), judge's part: the question, and what an answer says. Pure; libcrypto encodes, decodes and verifies.
 *   cert.ocsp   {"now_s","max_age_s": how old an answer may be; 0: as it says itself,"question": base64 of the request's DER,"issuer": base64 of its certificate's DER,
 *                "authorities": PEM of others that may answer; may be empty}, raw: an answer
 *               -> {"status":"good"|"revoked"|"unknown"}. ERR_INVALID with a complaint: the answer does not count
 */
#ifndef VOGT_SECRETS_CERT_OCSP_JUDGE_H
#define VOGT_SECRETS_CERT_OCSP_JUDGE_H

#include "process/worker.h"
#include "secrets/cert_chain.h"

enum { CERT_NONCE_BYTES = 16 };

/* Adds to what judge says of a login {"ocsp":{"question","issuer","servers":[address…]}}, where the entry wants it; without question and issuer where the path names no
 * issuer, so that nobody can be asked. False: no room. */
bool cert_ocsp_question(struct arena *arena, const struct json *entry, cert_stack *path, struct slice nonce, struct json *output);

enum err cert_judge_ocsp(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
