/*
 * What the files of the TLS collector share: one endpoint at one address (or the plant), and how to reach it. Facts are specified on top
 * of tls.c. Owns nothing; every connection ends by the probe's deadline.
 */
#ifndef VOGT_COLLECT_TLS_PROBE_H
#define VOGT_COLLECT_TLS_PROBE_H

#include "collect/protocol.h"
#include "collect/roots.h"
#include "collect/tls_plant.h"
#include "collect/tls_session.h"

#include "base/json.h"

enum { TLS_NAME_MAX_BYTES = 253, TLS_TEXT_MAX_BYTES = 512 };

struct tls_probe {
    struct arena *arena;
    char server_name[TLS_NAME_MAX_BYTES + 1];
    bool by_address;                      /* the server has no name: no name is sent */
    const struct protocol *protocol;
    uint16_t port, clear_port;            /* clear_port: where http in the clear is asked too, or 0 */
    int64_t deadline_ns, step_ms;
    const struct stream_address *address; /* or the plant */
    struct tls_plant *plant;
    SSL_CTX *context;
    const struct roots *roots;            /* NULL: this machine has no list */
};

struct tls_version {
    int version;
    const char *name;
};

/* "open", "no-listener", "timeout", "unreachable", "denied", "closed", "no-starttls", "not-the-protocol". */
const char *tls_reach_name(enum err err, bool connected);
/* To the first byte of TLS. *ret_connected says whether the connection was there when it failed. The greeting may be NULL. */
enum err tls_probe_open(const struct tls_probe *probe, struct greeting *greeting, bool *ret_connected, struct stream *ret_stream) must_check;
enum err tls_probe_connect(const struct tls_probe *probe, uint16_t port, struct stream *ret_stream) must_check;

/* tls_ask.c: handshakes, hellos and suites of an endpoint reached by `first`, which is used up. */
void tls_ask_all(const struct tls_probe *probe, struct stream first, struct json *facts);

/* tls_http.c: asks for a path over an open session, which is good for one request; adds to `replies`. A NULL path is a request that no server
 * may take for whole. */
void tls_http_put(const struct tls_probe *probe, struct json *replies, const char *path, struct tls_session *session);
/* What http on the clear port answers, and where it sends people. */
void tls_http_put_clear(const struct tls_probe *probe, struct json *facts);
#define TLS_HTTP_NO_PAGE "/.well-known/vogt-no-such-page"

/* tls_plain.c: what an endpoint that gave no answer in TLS says in the clear: "plain". True when it was understood. */
bool tls_plain_put(const struct tls_probe *probe, struct json *facts);
/* Whether an endpoint that begins TLS after a greeting lets people go on without: "unencrypted". */
void tls_plain_put_unencrypted(const struct tls_probe *probe, const struct greeting *greeting, struct json *facts);

#endif
