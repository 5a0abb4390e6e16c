/*
 * The client of the API: where the daemon is, whose certificate is trusted, which token is used. It
 * owns the connection and the token (in locked memory) and says every failure itself, once. address
 * --address, VOGT_ADDR, DIR/address, https://localhost:8200 certificate  VOGT_CACERT (authorities),
 * else DIR/tls.pem exactly when --dir is given or the address is this host, else the system's
 * authorities token        VOGT_TOKEN; DIR/operator.token when --dir is given; ~/.vogt/token;
 * DIR/operator.token
 */
#ifndef VOGT_COMMAND_CLIENT_H
#define VOGT_COMMAND_CLIENT_H

#include "command/command.h"
#include "crypto/secret.h"
#include "net/http_client.h"

struct ask {
    const char *method;
    const char *path;        /* after /v1/; or from the root when it begins with '/' */
    const struct json *body; /* or */
    const struct buf *raw;   /* a file's bytes */
    const char *content_type; /* of `body`; NULL: application/json */
    unsigned timeout_ms;     /* 0: 30 s */
    bool missing_is_fine;    /* 404 gives OUTCOME_OK and NULL */
    bool quiet;              /* nothing is said of a failure */
    unsigned *ret_status;    /* of the answer, whatever it was; may be NULL */
    const char **ret_words;  /* nothing is said; the words come here, in the run's arena. May be NULL */
};

/* Told by `up`, which knows better than the environment. */
enum outcome client_start(struct run *run, const char *address, const char *directory);
/* The whole reply as a tree in the run's arena (NULL when there is no body). */
enum outcome client_ask(struct run *run, const struct ask *ask, const struct json **ret_reply);
/* The same for the member "data". */
enum outcome client_data(struct run *run, const struct ask *ask, const struct json **ret_data);
enum outcome client_get(struct run *run, const char *path, const struct json **ret_data);
enum outcome client_post(struct run *run, const char *path, const struct json *body,
                         const struct json **ret_data);
/* A reply that is no JSON, in *out (initialised by the caller with its maximum). */
enum outcome client_raw(struct run *run, const struct ask *ask, struct buf *out);
enum err client_fetch(struct run *run, const char *path, size_t max_bytes,
                      struct buf *out) must_check; /* public, quiet */
const char *client_address(struct run *run);
/* Another server than Vogt's own: its address, a file of its authorities (NULL: the system's), a token; a namespace as VAULT_NAMESPACE names it. Replaces
 * run->client, which the caller kept. */
enum outcome client_open(struct run *run, const char *address, const char *authorities_file, struct slice token);
/* From now on with this token, until the client is freed. Says that it cannot be one. */
enum outcome client_use_token(struct run *run, struct slice token);
void client_free(struct client *client);

/* One path segment, escaped; in the run's arena. */
const char *path_segment(struct run *run, const char *text);
/* Keeps the token for later calls: ~/.vogt/token, 0600. */
enum outcome client_keep_token(struct run *run, struct slice token);

#endif
