#include "collect/tls_session.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

enum { CERTIFICATES_MAX_BYTES = 65536 };

static const char *const result_names[] = {
    [TLS_NOT_TRIED] = "not-tried", [TLS_ACCEPTED] = "accepted", [TLS_ALERT] = "alert",
    [TLS_REFUSED] = "refused",     [TLS_CLOSED] = "closed",     [TLS_TIMEOUT] = "timeout",
    [TLS_TOO_LARGE] = "too-large", [TLS_GARBAGE] = "garbage",   [TLS_LOCAL] = "local-error",
};

const char *tls_result_name(enum tls_result result)
{
    return result_names[result];
}

static int verify_nothing(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

/* Everything the library can do, at security level 0: what it offers must not depend on this machine's own policy. */
SSL_CTX *tls_session_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return NULL;
    }
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_TICKET);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_MAX_BYTES);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_nothing, NULL); /* once a chain is enough, and roots.c does it */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    static const char suites13[] = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
                                   "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";
    if (SSL_CTX_set_ciphersuites(context, suites13) != 1 || SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

static bool name_server(SSL *ssl, const char *name)
{
    return name == NULL || SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1; /* the macro casts const away */
}

static bool prepare(const struct tls_ask *ask, struct tls_session *session)
{
    session->ssl = SSL_new(ask->context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (session->ssl == NULL || in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(session->ssl, in, out);
    SSL_set_connect_state(session->ssl);
    size_t alpn_bytes = ask->alpn == NULL ? 0 : strlen(ask->alpn);
    return SSL_set_min_proto_version(session->ssl, ask->version) == 1 && SSL_set_max_proto_version(session->ssl, ask->version) == 1 &&
           (ask->ciphers == NULL || SSL_set_cipher_list(session->ssl, ask->ciphers) == 1) &&
           (ask->alpn == NULL || SSL_set_alpn_protos(session->ssl, (const unsigned char *)ask->alpn, (unsigned)alpn_bytes) == 0) &&
           name_server(session->ssl, ask->server_name);
}

static enum err flush(struct tls_session *session)
{
    char *data = NULL;
    long count = BIO_get_mem_data(SSL_get_wbio(session->ssl), &data);
    if (count <= 0) {
        return ERR_NONE;
    }
    enum err err = stream_write(&session->stream, slice_of(data, (size_t)count));
    (void)BIO_reset(SSL_get_wbio(session->ssl));
    return err;
}

static enum err feed(struct tls_session *session)
{
    uint8_t chunk[16384];
    size_t count = 0;
    enum err err = stream_read(&session->stream, chunk, sizeof(chunk), &count);
    if (err != ERR_NONE) {
        return err;
    }
    return BIO_write(SSL_get_rbio(session->ssl), chunk, (int)count) == (int)count ? ERR_NONE : ERR_MEMORY;
}

static enum tls_result result_of_stream(enum err err)
{
    if (err == ERR_CLOSED) {
        return TLS_CLOSED;
    }
    if (err == ERR_TIMEOUT) {
        return TLS_TIMEOUT;
    }
    return err == ERR_TOO_LARGE ? TLS_TOO_LARGE : TLS_GARBAGE;
}

/* The library numbers a received alert as 1000 + alert; the rest tells whether it was ours or the peer's doing. */
static enum tls_result result_of_library(struct tls_session *session)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_REASON(error);
    const char *words = ERR_reason_error_string(error);
    snprintf(session->error, sizeof(session->error), "%s", words == NULL ? "" : words);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
        return TLS_GARBAGE;
    }
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
        session->alert = (uint8_t)(reason - SSL_AD_REASON_OFFSET);
        return TLS_ALERT;
    }
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
        return TLS_REFUSED;
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_CIPHERS_AVAILABLE:
        return TLS_LOCAL;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return TLS_TOO_LARGE;
    }
    return TLS_GARBAGE;
}

static enum tls_result handshake(struct tls_session *session)
{
    for (;;) {
        ERR_clear_error();
        int done = SSL_do_handshake(session->ssl);
        int wanted = SSL_get_error(session->ssl, done);
        enum tls_result failed = TLS_ACCEPTED;
        if (done != 1 && wanted != SSL_ERROR_WANT_READ) {
            failed = result_of_library(session);
        }
        enum err err = flush(session);
        if (failed != TLS_ACCEPTED) {
            return failed;
        }
        if (err != ERR_NONE) {
            return result_of_stream(err);
        }
        if (done == 1) {
            return TLS_ACCEPTED;
        }
        err = feed(session);
        if (err != ERR_NONE) {
            return result_of_stream(err);
        }
    }
}

void tls_session_open(const struct tls_ask *ask, struct stream stream, struct tls_session *ret_session)
{
    struct tls_session session = {.stream = stream, .result = TLS_LOCAL};
    if (prepare(ask, &session)) {
        session.result = handshake(&session);
    }
    ERR_clear_error();
    *ret_session = session;
}

void tls_session_close(struct tls_session *session)
{
    SSL_free(session->ssl);
    session->ssl = NULL;
    stream_close(&session->stream);
}

enum err tls_session_write(struct tls_session *session, struct slice bytes)
{
    ERR_clear_error();
    if (bytes.len > INT_MAX || SSL_write(session->ssl, bytes.data, (int)bytes.len) != (int)bytes.len) {
        return ERR_PROTOCOL;
    }
    return flush(session);
}

enum err tls_session_read(struct tls_session *session, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    for (;;) {
        ERR_clear_error();
        int count = SSL_read(session->ssl, out, max_bytes > INT_MAX ? INT_MAX : (int)max_bytes);
        if (count > 0) {
            *ret_count = (size_t)count;
            return ERR_NONE;
        }
        int wanted = SSL_get_error(session->ssl, count);
        if (wanted == SSL_ERROR_ZERO_RETURN) {
            return ERR_CLOSED;
        }
        if (wanted != SSL_ERROR_WANT_READ) {
            return ERR_PROTOCOL;
        }
        enum err err = flush(session);
        err = err != ERR_NONE ? err : feed(session);
        if (err != ERR_NONE) {
            return err;
        }
    }
}
