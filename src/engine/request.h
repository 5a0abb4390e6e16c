/*
 * A request as gate hands it to keep, and the reply as keep hands it back. Gate has parsed everything: keep sees typed trees only.
 *
 * REQUEST body: u8 verb, u8 flags, bytes path (after /v1/, no query, decoded, UTF-8), bytes token, bytes remote ("127.0.0.1:5123"),
 *               bytes wrap_ttl, bytes namespace, bytes certificate (SHA-256 of the client certificate that gate verified,
 *               or empty), bytes chain (the certificates that a client showed who logs in or renews, each as bytes DER, its own
 *               first; gate vouches for nothing but that the client holds the first one's key), bytes packed query (an object of strings), bytes packed body (an object; empty: none),
 *               bytes packed headers that records name ({"x-name":{"hmac":true,"values":[…]}}; empty: none), bytes raw (the body of a route that takes files).
 * A body in parts (ROUTE_PARTS): each is a REQUEST with its bytes as raw and a query of gate's own, in place of the client's: `next` as the reply before named it; with the
 *               last part `last`, and of an archive `packed`, its files `meta` (meta.json) and `sums` (SHA256SUMS). A next that is named after the last is asked without raw.
 * REPLY body:   u16 HTTP status, u8 kind, u8 1: answers somebody without a token, so that a token in its `auth` is a login,
 *               u32 seconds for Retry-After (0: not said), bytes content type (kind RAW), bytes file name (RAW, may be empty),
 *               bytes next (RAW; not empty: the file goes on with the reply to the same request with this as its query's `next`;
 *               of a route that takes parts, the next part is taken with it), bytes body
 *               (kind TREE: packed JSON, written as JSON text by gate; RAW: as it is; REDIRECT: where on this server the browser goes on; NONE: empty).
 */
#ifndef VOGT_ENGINE_REQUEST_H
#define VOGT_ENGINE_REQUEST_H

#include "base/json.h"

enum verb {
    VERB_NONE = 0,
    VERB_READ = 1,          /* GET, HEAD */
    VERB_WRITE = 2,         /* POST, PUT */
    VERB_DELETE = 4,
    VERB_LIST = 8,          /* LIST, or GET with list=true */
    VERB_PATCH = 16,
    VERB_SCAN = 32,         /* SCAN, or GET with scan=true: a list with all that lies below, as OpenBao has it */
};

enum {
    REQUEST_PATH_MAX_BYTES = 480,
    REQUEST_TOKEN_MAX_BYTES = 3072,     /* a batch token carries its row */
    REQUEST_CERTIFICATE_BYTES = 32,
    REQUEST_CHAIN_MAX_BYTES = 32 << 10,
    REQUEST_CHAIN_MAX_COUNT = 8,
    REQUEST_RAW_MAX_BYTES = 8 << 20,
    REQUEST_BODY_MAX_BYTES = 8 << 20,
    REQUEST_HEADERS_MAX_BYTES = 9 << 10, /* in a record they are at most six times as long */
    REPLY_NEXT_MAX_BYTES = 64,
};

struct request {
    enum verb verb;
    uint8_t flags;
    struct slice path, token, remote, wrap_ttl, name_space, certificate, chain;
    const struct json *query, *body, *headers; /* NULL: none */
    struct slice raw;
};

enum reply_kind { REPLY_NONE, REPLY_TREE, REPLY_RAW, REPLY_REDIRECT };

struct reply {
    uint16_t status;
    enum reply_kind kind;
    bool is_login;                      /* of a public route: a token in `auth` is the caller's from now on */
    uint32_t retry_after_s;             /* of 429 and 503; 0: gate says 1 */
    struct slice content_type, file_name, next;
    const struct json *tree;
    struct slice raw;                   /* of RAW and REDIRECT */
};

/* Does gate hand on the client's certificates with this request? Logins and renewals below auth/ only. */
bool request_takes_chain(enum verb verb, struct slice path);
/* Writers append; readers borrow from the body and unpack trees into the arena. ERR_MALFORMED on anything unexpected. */
enum err request_put(struct buf *out, const struct request *request) must_check;
enum err request_get(struct arena *arena, struct slice body, struct request *ret_request) must_check;
enum err reply_put(struct buf *out, const struct reply *reply) must_check;
enum err reply_get(struct arena *arena, struct slice body, struct reply *ret_reply) must_check;

#endif
