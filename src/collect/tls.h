/*
 * The TLS probe. Collector (reach): what an endpoint's every address accepts, shows and answers. Judge: tls.version, tls.ciphers,
 * tls.hsts, tls.certificate. Facts are specified on top of tls.c.
 */
#ifndef VOGT_COLLECT_TLS_H
#define VOGT_COLLECT_TLS_H

#include "process/worker.h"

/* "collect.tls". Input {"host","port","address"?,"server_name"?,"protocol"?,"clear_port"?,"timeout_ms"?}. The protocols stand in protocol.c; none
 * named means the usual one of the port. clear_port asks http there, in the clear, where it sends people. */
enum err collect_tls(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.tls". Options: "minimum" "1.2"|"1.3" (1.3), "hsts_seconds" (31536000), "trust" "public"|"pinned"|"any" (public),
 * "pins" [SHA-256 of a leaf certificate or of its public key, hex], "days_left" (0: not yet expired is enough). */
enum err judge_tls(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.outside": the same of what a vantage saw; its kinds are outside.version, outside.ciphers, outside.hsts, outside.certificate. */
enum err judge_outside(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
