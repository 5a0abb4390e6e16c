/*
 * The head of an HTTP/1.x reply (RFC 9112), read from hostile bytes: status line and the headers that a judge wants.
 * Pure; borrows from the bytes given. Bodies are never read.
 */
#ifndef VOGT_COLLECT_HTTP_HEAD_H
#define VOGT_COLLECT_HTTP_HEAD_H

#include "base/bytes.h"

enum { HTTP_HEAD_MAX_BYTES = 32768, HTTP_HEADERS_MAX = 200, HTTP_VALUES_MAX = 4 };

struct http_head {
    unsigned status;
    struct slice hsts[HTTP_VALUES_MAX];     /* values of Strict-Transport-Security, in order */
    size_t hsts_count;                      /* all of them, also those that found no room above */
    struct slice location;
    struct slice length;                    /* Content-Length */
    size_t length_count;                    /* how often it stood there */
};

/* True once `received` holds a whole head, whose length (with the empty line) is *ret_bytes. */
bool http_head_whole(struct slice received, size_t *ret_bytes);
/* ERR_MALFORMED: not HTTP/1.x, a header without colon, NUL bytes; ERR_TOO_LARGE: too many headers. */
enum err http_head_read(struct slice head, struct http_head *ret_head) must_check;

#endif
