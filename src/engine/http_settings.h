/*
 * Settings of HTTP: which headers of requests the records name, pages of which other origins may call the API, which headers the page carries besides its own.
 *
 *   core/http  {"headers":{"x-request-id":{"hmac":true}},"origins":["https://app.example"] or ["*"],"allowed":["X-Custom"],"page":{"Report-To":["…"]}}
 *
 * Gates keep to it: they are told the row whenever it changes (message SETTINGS), hand on the values of the named headers, answer preflights, and add the page's headers.
 * Nobody's cookie ever goes with a request of another origin: neither credentials nor X-Vogt-Session are allowed to it.
 */
#ifndef VOGT_ENGINE_HTTP_SETTINGS_H
#define VOGT_ENGINE_HTTP_SETTINGS_H

#include "engine/turn.h"

enum { HTTP_HEADERS_MAX = 32, HTTP_NAME_MAX_BYTES = 64, HTTP_VALUE_MAX_BYTES = 1024, HTTP_SETTINGS_MAX_BYTES = 65536 };

/* What gates were told last; keep's, and changed by turns in their last run, as the vault is. */
struct http_settings {
    uint64_t number;                    /* grows with every change; 0: never loaded */
    struct buf packed;
};

/* The row, or an empty object. ERR_NEED. */
enum err http_settings_load(struct turn *turn, const struct json **ret_row) must_check;
/* What gates shall be told from now on. */
enum err http_settings_tell(struct turn *turn, const struct json *row) must_check;
/* The headers of the request as a record names them: "x-name": ["value" or hash(value)]. NULL: none, or no memory. */
typedef struct slice (*http_hash_fn)(struct arena *arena, struct slice salt, struct slice text);
struct json *http_settings_headers(struct arena *arena, const struct json *headers, http_hash_fn hash, struct slice salt);

#endif
