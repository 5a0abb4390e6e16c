/*
 * What judge does for logins with signed tokens (jose.h). Pure; keeps nothing, and no complaint repeats a token.
 *   login.jwt   {"algorithms":[…] (empty: all),"keys":[JWK…],"pems":[…]}, raw: the token
 *               -> {"outcome":"good","claims":{…}} | {"outcome":"unknown-key"}: no key of the set has the token's kid, so that newer ones may be asked for
 *                  | {"outcome":"forged"}: no key made this signature
 *   login.keys  {"pems":[…],"algorithms":[…]} -> {}: may these be taken into a configuration?
 */
#ifndef VOGT_SECRETS_JWT_JUDGE_H
#define VOGT_SECRETS_JWT_JUDGE_H

#include "process/worker.h"

enum { JWT_PEMS_MAX = 32 };

enum err login_jwt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_keys(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
