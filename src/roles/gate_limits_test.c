/* Limits, hostile input, and the ends of gate: as gate_test.c. */
#include "base/check.h"
#include "process/role_start.h"
#include "roles/gate_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

TEST(deep_json_is_refused)
{
    char body[4096] = "{\"policy\":";
    memset(body + 10, '[', 3000);
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", body, &got));
    CHECK_U64(400, got.status);
}

TEST(a_body_of_eight_mebibytes_arrives_and_one_byte_more_does_not)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    cleanup_buf struct buf body = BUF_INIT(REQUEST_RAW_MAX_BYTES);
    CHECK_ERR(ERR_NONE, buf_reserve(&body, REQUEST_RAW_MAX_BYTES));
    memset(body.data, 'x', REQUEST_RAW_MAX_BYTES);
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("POST /v1/annex/read HTTP/1.1\r\n" HOST
                                             "Content-Length: 8388608\r\n" END)));
    CHECK(client_send(&client, slice_of(body.data, REQUEST_RAW_MAX_BYTES)));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"raw_bytes\":8388608"));
    CHECK(ask("POST /v1/annex/read HTTP/1.1\r\n" HOST "Content-Length: 8388609\r\n" END, &got));
    CHECK_U64(413, got.status);
    CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
    CHECK(ask("POST /v1/annex/read HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999\r\n" END,
              &got));
    CHECK_U64(413, got.status);
}

TEST(a_chunked_body_that_grows_too_large_is_refused)
{
    static char chunk[(64 << 10) + 1];
    memset(chunk, 'x', sizeof(chunk) - 1);
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("POST /v1/annex/read HTTP/1.1\r\n" HOST
                                             "Transfer-Encoding: chunked\r\n" END)));
    for (size_t i = 0; i < 130; i++) {
        CHECK(client_send(&client, SLICE_LITERAL("10000\r\n")));
        CHECK(client_send(&client, slice_of(chunk, 64 << 10)));
        CHECK(client_send(&client, SLICE_LITERAL("\r\n")));
    }
    CHECK(client_send(&client, SLICE_LITERAL("0\r\n\r\n")));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(413, got.status);
}

TEST(uploads_together_are_bounded)
{
    static char part[4 << 20];
    struct client clients[18];
    cleanup_answer struct answer got = ANSWER_NONE;
    for (size_t i = 0; i < 18; i++) {
        CHECK(client_open(&clients[i]));
        CHECK(client_send(&clients[i], SLICE_LITERAL("POST /v1/annex/read HTTP/1.1\r\n" HOST
                                                     "Content-Length: 4194305\r\n" END)));
        CHECK(client_send(&clients[i], slice_of(part, sizeof(part))));
    }
    usleep(500000); /* what lies in the sockets is read */
    CHECK(ask(GET("/v1/sys/health") END, &got));
    CHECK_U64(200, got.status);
    size_t taken = 0, refused = 0;
    for (size_t i = 0; i < 18; i++) {
        CHECK(client_send(&clients[i], SLICE_LITERAL("x")));
        CHECK(client_read(&clients[i], true, &got));
        taken += got.status == 200;
        refused += got.status == 503;
        client_close(&clients[i]);
    }
    CHECK_U64(18, taken + refused);
    CHECK_U64(15, taken); /* 16 fill the 64 MiB; the first of them finds no room for its last byte
                             and leaves the rest its own */
}

TEST(large_replies_arrive_whole)
{
    cleanup_client struct client client;
    CHECK(client_open(&client));
    CHECK(client_send(
        &client, SLICE_LITERAL(GET("/v1/sys/policies/acl/large") "Connection: close\r\n" END)));
    static char part[65536];
    char head[2048] = "";
    size_t total = 0, head_bytes = 0;
    for (int got; (got = SSL_read(client.tls, part, sizeof(part))) > 0; total += (size_t)got) {
        size_t more = (size_t)got < sizeof(head) - 1 - head_bytes ? (size_t)got
                                                                  : sizeof(head) - 1 - head_bytes;
        memcpy(head + head_bytes, part, more);
        head_bytes += more;
    }
    size_t end = slice_find(slice_of(head, head_bytes), SLICE_LITERAL("\r\n\r\n"));
    CHECK(end != SIZE_MAX);
    CHECK_U64(end + 4 + LARGE_BYTES, total);
    CHECK(answer_has(slice_first(slice_of(head, head_bytes), end + 2),
                     "\r\nContent-Disposition: attachment; filename*=UTF-8''a%22%C3%A4.pdf\r\n"));
}

struct chunks {
    char head[2048], line[32];
    size_t head_len, line_len, left, bytes[PARTS_COUNT], others;
    bool is_in_body, is_ended;
};

/* Takes chunked bytes apart (RFC 9112): size in hexadecimal, CR LF, bytes, CR LF. */
static void take_chunked(struct chunks *chunks, char byte)
{
    if (!chunks->is_in_body) {
        chunks->head[chunks->head_len] = byte;
        chunks->head_len += chunks->head_len < sizeof chunks->head - 1 ? 1 : 0;
        chunks->is_in_body = slice_ends(slice_of(chunks->head, chunks->head_len), SLICE_LITERAL("\r\n\r\n"));
    } else if (chunks->left > 0) {
        chunks->left--;
        *(byte >= 'a' && byte < 'a' + PARTS_COUNT ? &chunks->bytes[byte - 'a'] : &chunks->others) += 1;
    } else if (byte == '\n' && chunks->line_len > 0) {
        chunks->line[chunks->line_len] = 0;
        chunks->left = strtoul(chunks->line, NULL, 16);
        chunks->is_ended = chunks->left == 0;
        chunks->line_len = 0;
    } else if (byte != '\r' && byte != '\n' && chunks->line_len < sizeof chunks->line - 1) {
        chunks->line[chunks->line_len++] = byte;
    }
}

static bool ask_for_parts(const char *request, struct chunks *chunks)
{
    cleanup_client struct client client;
    static char part[65536];
    *chunks = (struct chunks){.left = 0};
    if (!client_open(&client) || !client_send(&client, slice_string(request))) {
        return false;
    }
    for (int got; (got = SSL_read(client.tls, part, sizeof(part))) > 0;) {
        for (int i = 0; i < got; i++) {
            take_chunked(chunks, part[i]);
        }
    }
    return true;
}

TEST(a_file_in_parts_arrives_as_one)
{
    struct chunks chunks;
    CHECK(ask_for_parts(GET("/v1/sys/policies/acl/parts") "X-Vault-Token: hvs.parts\r\nConnection: close\r\n" END, &chunks));
    CHECK(chunks.is_ended && chunks.others == 0);
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        CHECK_U64(PART_BYTES, chunks.bytes[i]);
    }
    struct slice head = slice_of(chunks.head, chunks.head_len);
    CHECK(answer_has(head, "\r\nTransfer-Encoding: chunked\r\n") && answer_has(head, "\r\nContent-Type: application/gzip\r\n"));
    CHECK(answer_has(head, "\r\nStrict-Transport-Security: ") && answer_has(head, "\r\nCache-Control: no-store\r\n"));
}

TEST(a_file_whose_part_does_not_come_has_no_end)
{
    struct chunks chunks;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_for_parts(GET("/v1/sys/policies/acl/cut") "X-Vault-Token: hvs.parts\r\n" END, &chunks));
    CHECK(!chunks.is_ended && chunks.others == 0);
    CHECK_U64(PART_BYTES, chunks.bytes[0]);
    CHECK_U64(0, chunks.bytes[1]);
    CHECK(ask(GET("/v1/sys/policies/acl/after") END, &got)); /* the gate goes on */
    CHECK_U64(200, got.status);
}

/* Whoever stops reading half way costs nothing but their own connection. */
TEST(a_client_that_leaves_in_the_midst_of_a_file_does_no_harm)
{
    for (int i = 0; i < 40; i++) { /* 40 parts would be more than all that may be buffered */
        cleanup_client struct client client;
        char part[1000];
        CHECK(client_open(&client));
        CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/sys/policies/acl/parts") "X-Vault-Token: hvs.parts\r\n" END)));
        CHECK(SSL_read(client.tls, part, sizeof part) > 0);
    }
    struct chunks chunks;
    CHECK(ask_for_parts(GET("/v1/sys/policies/acl/parts") "X-Vault-Token: hvs.parts\r\nConnection: close\r\n" END, &chunks));
    CHECK(chunks.is_ended);
    CHECK_U64(PART_BYTES, chunks.bytes[PARTS_COUNT - 1]);
}

static long serial_seen(void)
{
    cleanup_client struct client client;
    X509 *certificate = client_open(&client) ? SSL_get1_peer_certificate(client.tls) : NULL;
    long serial = certificate == NULL ? 0 : ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
    X509_free(certificate);
    return serial;
}

TEST(a_new_certificate_is_shown_at_once)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    long before = serial_seen();
    CHECK(before > 0);
    CHECK(ask(GET("/v1/sys/policies/acl/renew") END, &got));
    CHECK_SLICE("true\n", got.body);
    CHECK_U64(before + 1, serial_seen());
}

TEST(long_addresses_and_headers_are_refused)
{
    static char request[70000];
    cleanup_answer struct answer got = ANSWER_NONE;
    size_t len = (size_t)snprintf(request, sizeof(request), "GET /v1/sys/policies/acl/");
    memset(request + len, 'a', 2100);
    snprintf(request + len + 2100, 200, " HTTP/1.1\r\n" HOST END);
    CHECK(ask(request, &got));
    CHECK_U64(414, got.status);
    memset(request + len, 'a', 1000);
    snprintf(request + len + 1000, 200, " HTTP/1.1\r\n" HOST END);
    CHECK(ask(request, &got));
    CHECK_U64(414, got.status);
    len = (size_t)snprintf(request, sizeof(request), GET("/v1/sys/health") "X-Large: ");
    memset(request + len, 'a', 17000);
    snprintf(request + len + 17000, 20, "\r\n\r\n");
    CHECK(ask(request, &got));
    CHECK_U64(431, got.status);
    CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: "));
    memset(request + len, 'a', 60000);
    snprintf(request + len + 60000, 20, "\r\n\r\n");
    CHECK(!ask(request, &got) || got.status == 431);
    CHECK(ask(GET("/v1/sys/health") END, &got));
    CHECK_U64(200, got.status);
}

TEST(ambiguous_headers_are_refused)
{
    static const struct {
        const char *request;
        bool by_mhd; /* where it refuses by itself, its reply has none of our headers */
    } rows[] = {
        {"GET /v1/sys/health HTTP/1.1\r\n" END, MHD_REFUSES},
        {GET("/v1/sys/health") "Host: other\r\n" END, false},
        {GET("/v1/sys/health") "X-Vault-Token: a\r\nx-vault-token: b\r\n" END, false},
        {"POST /v1/annex/read HTTP/1.1\r\n" HOST
         "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n",
         MHD_REFUSES},
        {"POST /v1/annex/read HTTP/1.1\r\n" HOST
         "Content-Length: 3\r\nContent-Length: 4\r\n" END "abcd",
         false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(rows[i].request, &got));
        CHECK_U64(400, got.status);
        CHECK(answer_has(got.head, "\r\nStrict-Transport-Security: ") != rows[i].by_mhd);
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask("GET /v1/sys/health HTTP/1.0\r\n" END, &got));
    CHECK_U64(200, got.status);
}

TEST(headers_that_would_be_echoed_broken_are_not)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/health") "X-Vault-Namespace: a\x01"
                                    "b\r\n" END,
              &got));
    CHECK_U64(400, got.status);
    CHECK(ask(GET("/v1/sys/health") "X-Vault-Wrap-TTL: soon\r\n" END, &got));
    CHECK_U64(400, got.status);
}

TEST(garbage_does_no_harm)
{
    static const char *const requests[] = {
        "\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01 x y\r\n\r\n",
        "GET /v1/sys/health HTTP/9.9\r\n\r\n", "GET /v1/sys/health HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_client struct client client;
        CHECK(client_open(&client));
        CHECK(client_send(&client, slice_string(requests[i])));
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/health") END, &got));
    CHECK_U64(200, got.status);
}

TEST(long_tokens_are_denied)
{
    char request[4096];
    cleanup_answer struct answer got = ANSWER_NONE;
    snprintf(request, sizeof(request), GET("/v1/sys/health") "X-Vault-Token: %0*d\r\n" END, REQUEST_TOKEN_MAX_BYTES + 1, 1);
    CHECK(ask(request, &got));
    CHECK_U64(403, got.status);
}

TEST(older_tls_is_refused)
{
    cleanup_client struct client client;
    CHECK(!client_open_version(&client, TLS1_2_VERSION));
}

TEST(a_refused_signature_fails_one_handshake_only)
{
    cleanup_client struct client refused, good;
    __atomic_store_n(&peer.refuse_signatures, 1, __ATOMIC_RELEASE);
    CHECK(!client_open(&refused));
    CHECK(client_open(&good));
}

/* While gate waits for a signature it reads keep's channel itself: what came in the same read must
 * not lie there until keep sends something else. Here keep sends nothing else. */
TEST(a_reply_that_comes_with_a_signature_leaves_at_once)
{
    unsigned before = __atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE);
    cleanup_client struct client asks, shakes_hands;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&asks));
    CHECK(client_send(&asks, SLICE_LITERAL(GET("/v1/sys/policies/acl/with-signature") END)));
    while (__atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE) == before) {
        usleep(1000);
    }
    CHECK(client_open(&shakes_hands));
    CHECK(client_read(&asks, true, &got));
    CHECK_U64(200, got.status);
    CHECK(answer_has(got.body, "\"path\":\"sys/policies/acl/with-signature\""));
}

TEST(a_client_that_leaves_while_keep_works_does_no_harm)
{
    unsigned before = __atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE);
    {
        cleanup_client struct client client;
        CHECK(client_open(&client));
        CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/sys/policies/acl/never") END)));
        while (__atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE) == before) {
            usleep(1000);
        }
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/health") END, &got));
    CHECK_U64(200, got.status);
}

TEST(connections_beyond_the_limit_are_refused)
{
    struct client clients[40];
    size_t opened = 0;
    for (size_t i = 0; i < 40; i++) {
        opened += client_open(&clients[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < 40; i++) {
        client_close(&clients[i]);
    }
    CHECK(opened >= 28 && opened <= 32);
    usleep(200000);
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/sys/health") END, &got));
}

/* Starts last in its letter of the law: a drip of headers is cut at its deadline although bytes
 * keep coming. */
TEST(slow_headers_are_cut)
{
    cleanup_client struct client client;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("GET /v1/sys/health HTTP/1.1\r\n" HOST)));
    bool open = true;
    for (int seconds = 0; seconds < 25 && open; seconds++) {
        struct timeval second = {.tv_sec = 1};
        setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
        char byte;
        int got = client_send(&client, SLICE_LITERAL("X-Drip: 1\r\n"))
                      ? SSL_read(client.tls, &byte, 1)
                      : 0;
        open = got < 0 && SSL_get_error(client.tls, got) == SSL_ERROR_SYSCALL
                   ? errno == EAGAIN
                   : got < 0 && SSL_get_error(client.tls, got) == SSL_ERROR_WANT_READ;
    }
    CHECK(!open);
}

/* The two last tests end the gate and start another. */
static bool ask_and_wait(struct client *client)
{
    unsigned before = __atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE);
    if (!client_open(client) ||
        !client_send(client, SLICE_LITERAL(GET("/v1/sys/policies/acl/never") END))) {
        return false;
    }
    for (int waited_ms = 0;
         waited_ms < 5000 && __atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE) == before;
         waited_ms++) {
        usleep(1000);
    }
    return true;
}

TEST(whoever_waits_at_the_stop_is_told)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_and_wait(&client));
    CHECK_U64(0, gate_peer_stop(&peer));
    CHECK(gate_peer_start(&peer, gate_client_answer, 64, 32));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(503, got.status);
    CHECK(answer_has(got.body, "Vogt is stopping"));
}

TEST(without_keep_gate_ends)
{
    cleanup_client struct client client;
    CHECK(ask_and_wait(&client));
    (void)shutdown(channel_fd(peer.keep), SHUT_RDWR);
    CHECK_U64(ROLE_EXIT_FAILED, gate_peer_stop(&peer));
    CHECK(gate_peer_start(&peer, gate_client_answer, 64, 32));
}

int main(void)
{
    return gate_peer_start(&peer, gate_client_answer, 64, 32) ? client_end(check_main()) : 1;
}
