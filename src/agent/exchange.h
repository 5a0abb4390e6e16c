/*
 * One question to Vogt and its answer: HTTPS over a connection of its own, TLS 1.3, the server known by the pin of its key alone (no authority of this host is
 * asked, no name compared), our client certificate shown only after the pin was found right. Bounded in bytes and time; no redirect, no proxy, no cookie.
 * Why not libcurl: it cannot be linked statically here, and an agent needs two verbs of HTTP.
 */
#ifndef VOGT_AGENT_EXCHANGE_H
#define VOGT_AGENT_EXCHANGE_H

#include "agent/identity.h"
#include "base/json.h"

enum { EXCHANGE_PIN_BYTES = 32, EXCHANGE_REPLY_MAX_BYTES = 4 << 20, EXCHANGE_HOST_MAX_BYTES = 255 };

struct exchange {
    char host[EXCHANGE_HOST_MAX_BYTES + 1];
    uint16_t port;
    uint8_t pin[EXCHANGE_PIN_BYTES];        /* SHA-256 of the SubjectPublicKeyInfo */
    int64_t timeout_ms;
};

struct exchange_reply {
    unsigned status;
    const struct json *tree;                /* in the arena; NULL: no body */
};

/* "https://HOST[:PORT]" and a pin of 64 hex digits. ERR_INVALID with a complaint. */
enum err exchange_read(struct slice url, struct slice pin, struct exchange *ret_exchange, struct complaint *complaint) must_check;
/* Before the sandbox: what OpenSSL reads of this host's files, it reads now. */
enum err exchange_start(void) must_check;
/* body NULL: GET, else POST. identity NULL or without certificate: none is shown. ERR_NONE: an answer came, whatever its status. ERR_UNREACHABLE, ERR_TIMEOUT,
 * ERR_FORGED (not the pinned key), ERR_MALFORMED, ERR_TOO_LARGE, ERR_CLOSED, each with a complaint. */
enum err exchange_ask(const struct exchange *exchange, const struct identity *identity, const char *path, const struct json *body, struct arena *arena,
                      struct exchange_reply *ret_reply, struct complaint *complaint) must_check;

#endif
