/*
 * What logins ask of servers outside: one exchange by reach, which connects to the port of the address given and nowhere else, follows no redirect, and is bounded
 * in bytes and time. Owns nothing.
 */
#ifndef VOGT_SECRETS_WEB_H
#define VOGT_SECRETS_WEB_H

#include "engine/turn.h"

enum { WEB_REPLY_MAX_BYTES = 256 << 10, WEB_TIMEOUT_MS = 10000 };

struct web_ask {
    struct slice url;
    struct slice authorities_pem;       /* empty: those of the system */
    struct slice authorization;         /* value of the header; empty: none */
    const char *content_type;           /* NULL: GET; else POST of `body` */
    struct slice body;
    bool proves_itself;                 /* the answer is signed and the question no secret: any http address will do */
};
/* An answer of any status. ERR_NEED until it is there; ERR_INVALID with a complaint that names the address and why there was none. */
enum err web_exchange(struct turn *turn, const struct web_ask *ask, uint64_t *ret_status, struct slice *ret_body) must_check;

/* Appends text as forms and queries want it: all but letters, digits and "-._~" escaped. */
enum err web_encode(struct buf *out, struct slice text) must_check;
/* Appends "name=value", with '&' before it where something stands that does not end with '?', '#' or '&'. */
enum err web_put_parameter(struct buf *out, const char *name, struct slice value) must_check;

#endif
