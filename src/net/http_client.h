/*
 * An HTTPS client over libcurl, for the command line and reach. It owns its connections (kept
 * between requests) and the bytes of a reply. It never follows a redirect, uses no proxy of the
 * environment, no cookies, no netrc, and trusts nothing but what the request names: the system's
 * authorities, a file of authorities, or one pinned certificate.
 *
 *     struct http_client *client = http_client_new();
 *     struct http_request request = {.method = "GET", .url =
 * "https://localhost:8200/v1/sys/health", .pinned_pem = pem, .timeout_ms = 10000, .reply_max_bytes
 * = 1 << 20}; struct http_reply reply = HTTP_REPLY_NONE; enum err err = http_client_ask(client,
 * &request, &reply, &complaint);
 *     ... reply.status, buf_slice(&reply.body) ...
 *     http_reply_free(&reply);
 *     http_client_free(client);
 */
#ifndef VOGT_NET_HTTP_CLIENT_H
#define VOGT_NET_HTTP_CLIENT_H

#include "base/bytes.h"

struct http_client;

/* Gets bytes of a 2xx body as they come; false ends the transfer (ERR_CLOSED). */
typedef bool (*http_sink_fn)(void *context, struct slice bytes);

/* Fills `into` with what lies at this offset of a body, at most `max` bytes; 0: it cannot, which ends the transfer (ERR_CLOSED). */
typedef size_t (*http_source_fn)(void *context, uint64_t offset, void *into, size_t max);

struct http_request {
    const char *method, *url;
    const char *const *headers;   /* "Name: value", ends with NULL; may be NULL */
    struct slice body;            /* borrowed until the call returns */
    http_source_fn source;        /* not NULL: the body comes from here */
    void *source_context;
    uint64_t source_bytes;
    const char *authorities_file; /* PEM; NULL: those of the system */
    struct slice authorities_pem;  /* the same as text; replaces the file */
    struct slice pinned_pem; /* exactly this certificate is trusted, whatever the host's name is;
                                replaces the authorities */
    bool trust_anyone;       /* no certificate is looked at: only where a person asked for just that */
    const char *client_certificate_file, *client_key_file; /* PEM; NULL: none */
    bool allow_plain;        /* http:// as well */
    bool refuse_link_local;  /* never 169.254.0.0/16 or fe80::/10: there live clouds' metadata */
    unsigned timeout_ms;     /* of the whole exchange; 0: 30 s */
    size_t reply_max_bytes;  /* without a sink; 0: 16 MiB */
    http_sink_fn sink;       /* NULL: the body is gathered in the reply */
    void *sink_context;
};

struct http_reply {
    unsigned status;
    struct buf headers; /* of the final response: lines with CR LF */
    struct buf body;
};
#define HTTP_REPLY_NONE ((struct http_reply){0, BUF_INIT(0), BUF_INIT(0)})

struct http_client *http_client_new(void); /* NULL without memory */
void http_client_free(struct http_client *client);

/* ERR_NONE: an answer came, whatever its status. ERR_UNREACHABLE, ERR_TIMEOUT, ERR_FORGED (the
 * certificate is not trusted), ERR_TOO_LARGE, ERR_CLOSED, ERR_INVALID (the address), each with a
 * complaint that says what to do. */
enum err http_client_ask(struct http_client *client, const struct http_request *request,
                         struct http_reply *ret_reply, struct complaint *complaint) must_check;

void http_reply_free(struct http_reply *reply);
struct slice http_reply_header(const struct http_reply *reply,
                               const char *name); /* trimmed; empty if absent */

#endif
