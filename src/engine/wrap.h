/*
 * Response wrapping: a request with X-Vault-Wrap-TTL gets a token instead of the reply, and whoever shows that token first gets the reply.
 *
 * A wrapping token is a row of the type "wrapping" (engine/token.h): one use, its own time, its path the one that was asked. The reply lies in its cubbyhole
 * (engine/cubbyhole.c) as cubby/HEX/response, whole as it would have left, and goes with it. No policy says what the token may do: it opens its reply, nothing else.
 */
#ifndef VOGT_ENGINE_WRAP_H
#define VOGT_ENGINE_WRAP_H

#include "engine/turn.h"

/* After an operation that succeeded: puts the reply away and replies with wrap_info, when the request asks for it and there is something to wrap. */
enum err wrap_reply(struct turn *turn) must_check;
/* A caller whose token is a wrapping one may read its reply in the cubbyhole, and nothing else that asks for a token. */
enum err wrap_authorize(const struct turn *turn) must_check;
bool wrap_is_token(const struct json *token_row);

#endif
