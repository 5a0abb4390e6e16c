/*
 * One TLS client connection over a stream: the library's bytes go through memory, so that the same handshake runs over TCP and
 * against the planted server. Owns the SSL object and the stream. Certificates are never rejected here: judging is the judge's.
 */
#ifndef VOGT_COLLECT_TLS_SESSION_H
#define VOGT_COLLECT_TLS_SESSION_H

#include "collect/stream.h"

#include <openssl/ssl.h>

/* What a handshake came to. Only ACCEPTED and the two refusals are answers; the rest leaves the question open. */
enum tls_result {
    TLS_NOT_TRIED,
    TLS_ACCEPTED,
    TLS_ALERT,        /* refused by an alert */
    TLS_REFUSED,      /* the server insisted on another version */
    TLS_CLOSED,       /* the connection ended without a word */
    TLS_TIMEOUT,
    TLS_TOO_LARGE,    /* more bytes than a handshake may have */
    TLS_GARBAGE,      /* not TLS, or broken TLS */
    TLS_LOCAL,        /* our own library could not ask */
};
const char *tls_result_name(enum tls_result result); /* "accepted" */

struct tls_session {
    SSL *ssl;
    struct stream stream;
    enum tls_result result;
    uint8_t alert;
    char error[120];          /* the library's words, "" when there are none */
};

/* What all sessions of a task share; making it costs more than a handshake. NULL without memory; SSL_CTX_free. */
SSL_CTX *tls_session_context(void);

struct tls_ask {
    SSL_CTX *context;
    int version;              /* TLS1_3_VERSION ... */
    const char *server_name;  /* NULL: an address, no name is sent */
    const char *alpn;         /* as on the wire, or NULL */
    const char *ciphers;      /* below TLS 1.3, in the library's words; NULL: all */
};

/* Takes the stream in every case. Never fails: the result says what happened. tls_session_close afterwards. */
void tls_session_open(const struct tls_ask *ask, struct stream stream, struct tls_session *ret_session);
void tls_session_close(struct tls_session *session);
enum err tls_session_write(struct tls_session *session, struct slice bytes) must_check;
/* At least one byte; ERR_CLOSED at the end, ERR_PROTOCOL when the record layer breaks, or the stream's error. */
enum err tls_session_read(struct tls_session *session, uint8_t *out, size_t max_bytes, size_t *ret_count) must_check;

#endif
