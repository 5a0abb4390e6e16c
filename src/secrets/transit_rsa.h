/*
 * Slow cryptography of turns: what the loop must not wait for, as works of keep's own thread (roles/keep_slow.c). `raw` is the key: the private one, for key.verify the public.
 *   key.sign     {"family","detail","pss","hash","salt","message"}  -> raw: the signature, of ECDSA in DER. "salt": bytes, "auto" or "hash"; "message": the digest, of
 *                                                                     Ed25519 the text
 *   key.verify   the same, and "signature"                          -> {}; ERR_FORGED
 *   rsa.make     {"bits"}                              -> raw: a private key
 *   rsa.decrypt  {"hash","sealed"}                     -> raw: the text
 *   rsa.check    {}                                    -> {"bits"}; ERR_INVALID: no key
 * "message", "signature" and "sealed" are base64; "hash" is a number of enum hash, "family" one of enum transit_family, "detail" the curve.
 */
#ifndef VOGT_SECRETS_TRANSIT_RSA_H
#define VOGT_SECRETS_TRANSIT_RSA_H

#include "process/worker.h"

enum err transit_rsa_make(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_key_sign(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_key_verify(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_rsa_decrypt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err transit_rsa_check(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#define TRANSIT_RSA_WORKS \
    {"rsa.make", transit_rsa_make}, {"key.sign", transit_key_sign}, {"key.verify", transit_key_verify}, {"rsa.decrypt", transit_rsa_decrypt}, {"rsa.check", transit_rsa_check},

#endif
