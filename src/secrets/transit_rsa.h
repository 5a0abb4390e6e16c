/*
 * RSA for turns: what the loop must not wait for, as works of keep's own thread (roles/keep_slow.c). `raw` is the private key.
 *   rsa.make     {"bits"}                              -> raw: a private key
 *   rsa.sign     {"pss","hash","salt","digest"}        -> raw: the signature. "salt": bytes, "auto" or "hash"
 *   rsa.decrypt  {"hash","sealed"}                     -> raw: the text
 *   rsa.check    {}                                    -> {"bits"}; ERR_INVALID: no key
 * "digest" and "sealed" are base64; "hash" is a number of enum hash.
 */
#ifndef VOGT_SECRETS_TRANSIT_RSA_H
#define VOGT_SECRETS_TRANSIT_RSA_H

#include "process/worker.h"

enum err transit_rsa_make(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_rsa_sign(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_rsa_decrypt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_rsa_check(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#define TRANSIT_RSA_WORKS \
    {"rsa.make", transit_rsa_make}, {"rsa.sign", transit_rsa_sign}, {"rsa.decrypt", transit_rsa_decrypt}, {"rsa.check", transit_rsa_check},

#endif
