/*
 * "http.post", "http.get": one request to one address, for what Vogt asks of others: a witness's cosignature, an authority's time-stamp, an issuer's keys, whether a
 * token is good. It judges nothing and owns nothing. It never follows a redirect, sends no cookie or password, and connects to the address's own port only.
 */
#ifndef VOGT_COLLECT_POST_H
#define VOGT_COLLECT_POST_H

#include "process/worker.h"

/* Input {"url","port","content_type","authorization"?,"authorities_pem"?,"timeout_ms"?,"max_bytes"?}, raw: the body. Output {"status","content_type"}, raw: the reply's
 * body. "port" must be that of the address: it is what the task's process may connect to. An answer of any status is a success; ERR_INVALID,
 * ERR_UNREACHABLE, ERR_TIMEOUT, ERR_FORGED (certificate), ERR_TOO_LARGE come with a complaint. */
enum err http_post(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* The same without content_type and body. */
enum err http_get(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
