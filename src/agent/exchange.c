#include "agent/exchange.h"

#include "base/encode.h"
#include "collect/http_head.h"
#include "collect/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>

enum { ADDRESSES_MAX = 8, HEAD_MAX_BYTES = 16 << 10, BODY_MAX_BYTES = 8 << 20, CHUNK_BYTES = 16 << 10, PORT_DEFAULT = 8200 };

static const struct failure {
    enum err err;
    struct text text;
} failures[] = {
    {ERR_NOT_FOUND, TEXT_INIT("Vogt's host name cannot be resolved", "der Rechnername von Vogt ist unbekannt")},
    {ERR_CLOSED, TEXT_INIT("Vogt does not take the connection", "Vogt nimmt die Verbindung nicht an")},
    {ERR_TIMEOUT, TEXT_INIT("Vogt does not answer in time", "Vogt antwortet nicht rechtzeitig")},
    {ERR_FORGED, TEXT_INIT("the server's key is not the pinned one: another Vogt, or somebody between; compare with `vogt agent create`",
                           "der Schlüssel des Servers ist nicht der festgelegte: ein anderes Vogt, oder jemand dazwischen; vergleiche mit `vogt agent create`")},
    {ERR_PROTOCOL, TEXT_INIT("no TLS 1.3 connection came about", "es kam keine TLS-1.3-Verbindung zustande")},
    {ERR_MALFORMED, TEXT_INIT("the answer is no answer of Vogt", "die Antwort ist keine Antwort von Vogt")},
    {ERR_TOO_LARGE, TEXT_INIT("the answer is larger than allowed", "die Antwort ist größer als erlaubt")},
};

static enum err explain(const struct exchange *exchange, enum err err, struct complaint *complaint)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].err == err) {
            return complain(complaint, err == ERR_NOT_FOUND ? ERR_UNREACHABLE : err, failures[i].text, 0, 0, exchange->host, strlen(exchange->host));
        }
    }
    return err == ERR_NONE ? ERR_NONE : complain(complaint, err, TEXT("Vogt cannot be reached", "Vogt ist nicht erreichbar"), 0, 0, exchange->host, strlen(exchange->host));
}

/* ---- the address ---- */

static bool read_port(struct slice text, uint16_t *ret_port)
{
    uint64_t port = 0;
    if (slice_to_u64(text, &port) != ERR_NONE || port == 0 || port > UINT16_MAX) {
        return false;
    }
    *ret_port = (uint16_t)port;
    return true;
}

/* "host", "host:port", "[v6]:port" */
static bool read_authority(struct slice text, struct exchange *exchange)
{
    struct slice host = text, port = SLICE_NONE;
    if (text.len > 0 && text.data[0] == '[') {
        size_t end = slice_find_byte(text, ']');
        host = end == SIZE_MAX ? SLICE_NONE : slice_first(slice_from(text, 1), end - 1);
        port = end == SIZE_MAX ? SLICE_NONE : slice_from(text, end + 1);
    } else if (slice_find_byte(text, ':') != SIZE_MAX) {
        host = slice_first(text, slice_find_byte(text, ':'));
        port = slice_from(text, host.len);
    }
    exchange->port = PORT_DEFAULT;
    if (host.len == 0 || host.len > EXCHANGE_HOST_MAX_BYTES || memchr(host.data, 0, host.len) != NULL) {
        return false;
    }
    if (port.len > 0 && (port.data[0] != ':' || !read_port(slice_from(port, 1), &exchange->port))) {
        return false;
    }
    memcpy(exchange->host, host.data, host.len);
    exchange->host[host.len] = '\0';
    return true;
}

enum err exchange_read(struct slice url, struct slice pin, struct exchange *ret_exchange, struct complaint *complaint)
{
    static const char scheme[] = "https://";
    struct exchange exchange = {.timeout_ms = 20000};
    struct slice rest = slice_from(url, sizeof(scheme) - 1);
    rest = slice_ends(rest, SLICE_LITERAL("/")) ? slice_first(rest, rest.len - 1) : rest;
    if (!slice_starts(url, slice_string(scheme)) || slice_find_byte(rest, '/') != SIZE_MAX || !read_authority(rest, &exchange)) {
        return complain(complaint, ERR_INVALID, TEXT("the server is given as https://HOST:PORT", "der Server wird als https://RECHNER:PORT angegeben"), 0, 0, (const char *)url.data, url.len);
    }
    cleanup_buf struct buf bytes = BUF_INIT(EXCHANGE_PIN_BYTES);
    if (hex_decode(&bytes, pin) != ERR_NONE || bytes.len != EXCHANGE_PIN_BYTES) {
        return complain(complaint, ERR_INVALID, TEXT("the pin is 64 hexadecimal digits, as `vogt agent create` prints it", "der Pin sind 64 hexadezimale Ziffern, wie `vogt agent create` sie ausgibt"), 0, 0,
                        (const char *)pin.data, pin.len);
    }
    memcpy(exchange.pin, bytes.data, EXCHANGE_PIN_BYTES);
    *ret_exchange = exchange;
    return ERR_NONE;
}

/* ---- TLS ---- */

struct connection {
    struct stream stream;
    SSL *ssl;
};

/* Called within the handshake, before our certificate is shown: the leaf's key decides, and nothing else of the chain. */
static int check_pin(X509_STORE_CTX *store, void *context)
{
    const struct exchange *exchange = context;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    unsigned char *info = NULL;
    uint8_t digest[EXCHANGE_PIN_BYTES];
    int len = leaf == NULL ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &info);
    bool right = len > 0 && EVP_Digest(info, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1 && CRYPTO_memcmp(digest, exchange->pin, sizeof(digest)) == 0;
    OPENSSL_free(info);
    X509_STORE_CTX_set_error(store, right ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return right ? 1 : 0;
}

static SSL_CTX *make_context(const struct exchange *exchange, const struct identity *identity)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool made = context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1;
    if (made && exchange != NULL) {
        union {
            const struct exchange *borrowed;
            void *argument;
        } pinned = {.borrowed = exchange}; /* check_pin changes nothing of it */
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(context, check_pin, pinned.argument);
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    }
    if (made && identity != NULL && identity->certificate.len > 0) {
        made = SSL_CTX_use_certificate_ASN1(context, (int)identity->certificate.len, identity->certificate.data) == 1 && SSL_CTX_use_PrivateKey(context, identity->key) == 1;
    }
    if (!made) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

enum err exchange_start(void)
{
    SSL_CTX *context = OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1 ? make_context(NULL, NULL) : NULL;
    SSL_CTX_free(context);
    return context == NULL ? ERR_CRYPTO : ERR_NONE;
}

/* After a call that did not go through: waits for what it wants. */
static enum err wait_more(const struct connection *connection, int result)
{
    int wanted = SSL_get_error(connection->ssl, result);
    if (wanted == SSL_ERROR_ZERO_RETURN) {
        return ERR_CLOSED;
    }
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
        return SSL_get_verify_result(connection->ssl) == X509_V_ERR_CERT_REJECTED ? ERR_FORGED : ERR_PROTOCOL;
    }
    int64_t left_ms = (connection->stream.deadline_ns - stream_now_ns()) / 1000000;
    struct pollfd waiting = {connection->stream.fd, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0};
    return left_ms <= 0 || poll(&waiting, 1, (int)left_ms + 1) == 0 ? ERR_TIMEOUT : ERR_NONE;
}

static enum err connect_any(const struct exchange *exchange, int64_t deadline_ns, struct stream *ret_stream)
{
    struct stream_address addresses[ADDRESSES_MAX];
    size_t count = 0;
    enum err err = stream_resolve(slice_string(exchange->host), exchange->port, addresses, ADDRESSES_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        err = stream_connect(&addresses[i], stream_deadline(exchange->timeout_ms / (int64_t)count, deadline_ns), SIZE_MAX, ret_stream);
        if (err == ERR_NONE) {
            ret_stream->deadline_ns = deadline_ns;
            return ERR_NONE;
        }
    }
    return err;
}

static enum err open_connection(const struct exchange *exchange, const struct identity *identity, struct connection *connection)
{
    enum err err = connect_any(exchange, stream_deadline(exchange->timeout_ms, INT64_MAX), &connection->stream);
    if (err != ERR_NONE) {
        return err;
    }
    SSL_CTX *context = make_context(exchange, identity);
    connection->ssl = context == NULL ? NULL : SSL_new(context);
    SSL_CTX_free(context);
    if (connection->ssl == NULL || SSL_set_fd(connection->ssl, connection->stream.fd) != 1) {
        return ERR_CRYPTO;
    }
    while (err == ERR_NONE) {
        ERR_clear_error();
        int result = SSL_connect(connection->ssl);
        if (result == 1) {
            return ERR_NONE;
        }
        err = wait_more(connection, result);
    }
    return err;
}

static void close_connection(struct connection *connection)
{
    SSL_free(connection->ssl);
    if (connection->stream.fd >= 0) {
        stream_close(&connection->stream);
    }
    ERR_clear_error();
}

static enum err write_all(struct connection *connection, struct slice bytes)
{
    enum err err = ERR_NONE;
    while (bytes.len > 0 && err == ERR_NONE) {
        ERR_clear_error();
        int step = bytes.len > CHUNK_BYTES ? CHUNK_BYTES : (int)bytes.len;
        int written = SSL_write(connection->ssl, bytes.data, step);
        if (written > 0) {
            bytes = slice_from(bytes, (size_t)written);
        } else {
            err = wait_more(connection, written);
        }
    }
    return err;
}

static enum err read_some(struct connection *connection, struct buf *out)
{
    enum err err = buf_reserve(out, 1);
    while (err == ERR_NONE) {
        uint8_t chunk[CHUNK_BYTES];
        ERR_clear_error();
        int got = SSL_read(connection->ssl, chunk, sizeof(chunk));
        if (got > 0) {
            return buf_append(out, slice_of(chunk, (size_t)got));
        }
        err = wait_more(connection, got);
    }
    return err;
}

/* ---- HTTP ---- */

static enum err write_request(const struct exchange *exchange, const char *path, const struct json *body, struct buf *out)
{
    cleanup_buf struct buf text = BUF_INIT(BODY_MAX_BYTES);
    enum err err = body == NULL ? ERR_NONE : json_write(&text, body, 0);
    bool is_v6 = strchr(exchange->host, ':') != NULL;
    err = err == ERR_NONE ? buf_printf(out, "%s /v1/%s HTTP/1.1\r\nHost: %s%s%s:%u\r\nConnection: close\r\n", body == NULL ? "GET" : "POST", path, is_v6 ? "[" : "",
                                       exchange->host, is_v6 ? "]" : "", (unsigned)exchange->port)
                          : err;
    err = err == ERR_NONE && body != NULL ? buf_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", text.len) : err;
    err = err == ERR_NONE ? buf_append_string(out, "\r\n") : err;
    err = err == ERR_NONE ? buf_append(out, buf_slice(&text)) : err;
    return err;
}

/* Head and exactly the announced body; a reply of Vogt always says how long it is. */
static enum err read_reply(struct connection *connection, struct buf *received, struct http_head *head, struct slice *ret_body)
{
    size_t head_bytes = 0;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && !http_head_whole(buf_slice(received), &head_bytes)) {
        err = received->len > HEAD_MAX_BYTES ? ERR_TOO_LARGE : read_some(connection, received);
    }
    err = err == ERR_NONE ? http_head_read(slice_first(buf_slice(received), head_bytes), head) : err == ERR_CLOSED && received->len > 0 ? ERR_MALFORMED : err;
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t len = 0;
    if (head->status == 204) {
        *ret_body = SLICE_NONE;
        return ERR_NONE;
    }
    if (head->length_count != 1 || slice_to_u64(head->length, &len) != ERR_NONE) {
        return ERR_MALFORMED;
    }
    if (len > EXCHANGE_REPLY_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    while (err == ERR_NONE && received->len - head_bytes < len) {
        err = read_some(connection, received);
    }
    *ret_body = slice_first(slice_from(buf_slice(received), head_bytes), (size_t)len);
    return err == ERR_CLOSED ? ERR_MALFORMED : err;
}

static enum err talk(const struct exchange *exchange, const struct identity *identity, const char *path, const struct json *body, struct arena *arena, struct exchange_reply *reply)
{
    struct connection connection = {.stream = {.fd = -1}};
    cleanup_buf struct buf request = BUF_INIT(BODY_MAX_BYTES + HEAD_MAX_BYTES), received = BUF_INIT(EXCHANGE_REPLY_MAX_BYTES + 2 * HEAD_MAX_BYTES);
    struct http_head head;
    struct slice text = SLICE_NONE;
    struct json *tree = NULL;
    enum err err = write_request(exchange, path, body, &request);
    err = err == ERR_NONE ? open_connection(exchange, identity, &connection) : err;
    err = err == ERR_NONE ? write_all(&connection, buf_slice(&request)) : err;
    err = err == ERR_NONE ? read_reply(&connection, &received, &head, &text) : err;
    close_connection(&connection);
    if (err == ERR_NONE && text.len > 0) {
        struct slice copy = arena_copy(arena, text);
        err = copy.data == NULL ? ERR_MEMORY : json_read(arena, copy, &tree, NULL);
    }
    if (err == ERR_NONE) {
        *reply = (struct exchange_reply){head.status, tree};
    }
    return err;
}

enum err exchange_ask(const struct exchange *exchange, const struct identity *identity, const char *path, const struct json *body, struct arena *arena,
                      struct exchange_reply *ret_reply, struct complaint *complaint)
{
    return explain(exchange, talk(exchange, identity, path, body, arena, ret_reply), complaint);
}
