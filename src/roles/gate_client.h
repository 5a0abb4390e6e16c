/*
 * For the gate's tests: a TLS client that sends exactly the bytes it is told, and a keep that
 * answers by telling what it was asked. Never part of a daemon.
 */
#ifndef VOGT_ROLES_GATE_CLIENT_H
#define VOGT_ROLES_GATE_CLIENT_H

#include "roles/gate_peer.h"

#include <microhttpd.h>
#include <openssl/ssl.h>

enum { ANSWER_BYTES = 1 << 20, LARGE_BYTES = 12 << 20, PART_BYTES = 3 << 20, PARTS_COUNT = 4 };

#define HOST "Host: localhost\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST
#define END "\r\n"

/* Whether this libmicrohttpd refuses what breaks HTTP's grammar by itself; older ones leave it to us. */
#define MHD_REFUSES (MHD_VERSION >= 0x00097601)

extern struct gate_peer peer; /* the gate under test */

/* Stops the gate after all tests; what main returns, `code` being that of the tests. */
int client_end(int code);

/* What keep answers: the request itself, but for some paths (sys/policies/acl/never, /large,
 * /renew, /with-signature, a login ...). */
bool gate_client_answer(struct gate_peer *from, struct arena *arena, const struct request *request,
                        struct reply *reply);

struct client {
    int fd;
    SSL_CTX *context;
    SSL *tls;
};

bool client_open(struct client *client);
bool client_open_version(struct client *client, int version); /* at most this one of TLS */
/* With a client certificate and its key; both borrowed. */
bool client_open_as(struct client *client, X509 *certificate, EVP_PKEY *key);
bool client_send(struct client *client, struct slice bytes);
void client_close(struct client *client);
#define cleanup_client __attribute__((cleanup(client_close)))

struct answer {
    int status;
    struct buf bytes; /* head and body */
    struct slice head, body;
};
#define ANSWER_NONE ((struct answer){.bytes = {NULL, 0, 0, ANSWER_BYTES}})
#define cleanup_answer __attribute__((cleanup(answer_free)))

/* Reads one answer; with_body is false after HEAD. */
bool client_read(struct client *client, bool with_body, struct answer *got);
void answer_free(struct answer *got);
bool answer_has(struct slice text, const char *part);

/* One request on a connection of its own. */
bool ask(const char *request, struct answer *got);
bool ask_with_body(const char *start, const char *headers, const char *body, struct answer *got);

#endif
