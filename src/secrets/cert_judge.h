/*
 * Judge's part of logins by client certificate. Pure; keeps nothing; libcrypto parses and verifies.
 *   cert.entry  raw: PEM of one or more certificates -> {"count"}
 *   cert.crl    raw: a revocation list, PEM or DER   -> {"issuer": HEX of the SHA-256 of its name,"serials":[decimal…]}
 *   cert.login  {"now_s","nonce": hex, of a question to an OCSP server,"entries":[{"name","certificate": PEM,"allowed_…","required_extensions",
 *                "allowed_metadata_extensions","ocsp_enabled","ocsp_servers_override"}]}, raw: the chain as in REQUEST
 *               -> {"name": the first entry that takes it,"common_name","serial_number","subject_key_id","authority_key_id","certificate": HEX of the SHA-256
 *                  of the leaf,"extensions":{"1-2-3": value},"chain":[{"issuer","serial"}],"ocsp"?: see cert_ocsp_judge.h}
 */
#ifndef VOGT_SECRETS_CERT_JUDGE_H
#define VOGT_SECRETS_CERT_JUDGE_H

#include "process/worker.h"

enum { CERT_PEM_MAX_BYTES = 64 << 10, CERT_CRL_MAX_BYTES = 1 << 20, CERT_CRL_SERIALS_MAX = 20000 };

enum err cert_judge_entry(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err cert_judge_crl(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err cert_judge_login(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
