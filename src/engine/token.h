/*
 * Tokens (Vault's: "hvs." and 24 random bytes in base64url). A row never holds the token itself: it is named by an HMAC of it.
 *   token/id/HEX         {"accessor","policies":[…],"name","created_s","expires_s" (0: never),"ttl_s","uses_left" (absent: no limit),"path","meta"}; due at its end
 *   token/accessor/HEX   {"id": HEX}
 */
#ifndef VOGT_ENGINE_TOKEN_H
#define VOGT_ENGINE_TOKEN_H

#include "engine/turn.h"

/* How the operator's token was got; no route gives this path. */
#define OPERATOR_PATH "parent"

struct token_wish {
    const char *name;                   /* shown and recorded: a person, "operator", ... */
    const char *path;                   /* how it was got: "auth/link/login" */
    const struct json *policies;        /* array of names */
    uint64_t ttl_s;                     /* 0: never ends */
    uint64_t uses;                      /* 0: no limit */
};

/* Creates one and gives the `auth` part of a reply with client_token. */
enum err token_create(struct turn *turn, const struct token_wish *wish, struct json **ret_auth) must_check;
/* Fills turn->caller from the request's token; ERR_DENIED when there is none, it is unknown or over. Counts a limited use. */
enum err token_identify(struct turn *turn) must_check;
/* Ends the token with this id (as in caller.token_id): rows of token and accessor. */
enum err token_end(struct turn *turn, struct slice id) must_check;
/* May the caller give these policies on? Nobody gives what he does not hold; root and admin may widen, never to root, and so may the operator whose token
 * the parent wrote into the data directory. ERR_DENIED with a complaint. */
enum err token_may_give(struct turn *turn, const struct json *policies) must_check;
/* An array of one or more policy names, for a wish. */
struct json *token_policies(struct turn *turn, const char *first, const char *second);


#endif
