/*
 * Client certificates: how an agent on another host says who it is. Vogt's own authority (vault.h) signs them, for a day. Gate verifies chain and expiry in the
 * handshake and hands keep the certificate's SHA-256 alone; keep parses none. A row names each certificate that is good:
 *   certificate/HEX   {"name": of the host, "kind": "host"|"vantage", "expires_ms"}
 * A certificate whose row is gone opens nothing. It owns these rows; who gets one is decided in measure/agent_engine.c.
 */
#ifndef VOGT_ENGINE_CERTIFICATE_H
#define VOGT_ENGINE_CERTIFICATE_H

#include "engine/turn.h"

enum { CERTIFICATE_TTL_MS = 24 * 3600 * 1000 };

struct certificate_wish {
    struct slice name, kind, point;     /* point: the agent's public key, checked (p256_is_key) */
};

struct certificate_made {
    struct slice der, id;               /* id: hex of its SHA-256, the row's name */
    int64_t expires_ms;
};

/* Signs one and puts its row. */
enum err certificate_issue(struct turn *turn, const struct certificate_wish *wish, struct certificate_made *ret_made) must_check;
/* Fills turn->caller from the request's certificate. ERR_DENIED: none, unknown, ended or over. */
enum err certificate_identify(struct turn *turn) must_check;
/* Ends the one with this id; an empty id, or one that is gone already, is fine. */
enum err certificate_end(struct turn *turn, struct slice id) must_check;

#endif
