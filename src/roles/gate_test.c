/* vogt-gate itself, over real TLS, with this program for its parent and its keep. */
#include "base/check.h"
#include "process/role_start.h"
#include "roles/gate_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { ANSWER_BYTES = 1 << 20, PATIENCE_SECONDS = 20, LARGE_BYTES = 12 << 20 };

/* ---- keep ---- */

static struct json *echo(struct arena *arena, const struct request *request)
{
    struct json *tree = json_new(arena, JSON_OBJECT), *data = json_set_object(arena, tree, "data");
    json_set_u64(arena, data, "verb", (uint64_t)request->verb);
    json_set_string(arena, data, "path", request->path);
    json_set_string(arena, data, "token", request->token);
    json_set_string(arena, data, "wrap_ttl", request->wrap_ttl);
    json_set_string(arena, data, "name_space", request->name_space);
    json_set_bool(arena, data, "remote",
                  slice_starts(request->remote, SLICE_LITERAL("127.0.0.1:")));
    json_set_u64(arena, data, "raw_bytes", request->raw.len);
    if (request->query != NULL) {
        json_set(arena, data, "query", json_copy(arena, request->query));
    }
    if (request->body != NULL) {
        json_set(arena, data, "body", json_copy(arena, request->body));
    }
    return tree;
}

static bool answer(struct gate_peer *from, struct arena *arena, const struct request *request,
                   struct reply *reply)
{
    *reply = (struct reply){.status = 200, .kind = REPLY_TREE};
    if (slice_is(request->path, "auth/link/login")) {
        struct json *tree = json_new(arena, JSON_OBJECT);
        json_set_string(arena, json_set_object(arena, tree, "auth"), "client_token",
                        SLICE_LITERAL("hvs.session-1"));
        reply->tree = tree;
    } else if (slice_is(request->path, "auth/token/lookup-self")) {
        struct json *tree = json_new(arena, JSON_OBJECT);
        json_set_string(arena, json_set_object(arena, tree, "data"), "id", request->token);
        reply->tree = tree;
    } else if (slice_is(request->path, "sys/metrics")) {
        reply->kind = REPLY_RAW;
        reply->content_type = SLICE_LITERAL("text/plain; version=0.0.4");
        reply->raw = SLICE_LITERAL("vogt_keep_up 1\n");
    } else if (slice_starts(request->path, SLICE_LITERAL("ledger/"))) {
        reply->kind = REPLY_RAW;
        reply->content_type = SLICE_LITERAL("application/octet-stream");
        reply->raw = request->path;
    } else if (slice_is(request->path, "annex/clauses/nothing")) {
        *reply = (struct reply){.status = 204, .kind = REPLY_NONE};
    } else if (slice_is(request->path, "annex/clauses/never")) {
        return false;
    } else if (slice_is(request->path, "annex/clauses/renew")) {
        reply->tree = json_boolean(arena, gate_peer_renew(from));
    } else if (slice_is(request->path, "annex/clauses/large")) {
        uint8_t *bytes = arena_alloc(arena, LARGE_BYTES);
        *reply = (struct reply){.status = 200,
                                .kind = REPLY_RAW,
                                .file_name = SLICE_LITERAL("a\"ä.pdf"),
                                .raw = slice_of(bytes, bytes == NULL ? 0 : LARGE_BYTES)};
    } else {
        reply->tree = echo(arena, request);
    }
    return true;
}

/* ---- a client that sends exactly the bytes it is told ---- */

struct client {
    int fd;
    SSL_CTX *context;
    SSL *tls;
};

static struct gate_peer peer;

static void client_close(struct client *client)
{
    SSL_free(client->tls);
    SSL_CTX_free(client->context);
    if (client->fd >= 0) {
        close(client->fd);
    }
}
#define cleanup_client __attribute__((cleanup(client_close)))

static bool client_open_version(struct client *client, int version)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(peer.port)};
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                              .context = SSL_CTX_new(TLS_client_method())};
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return false;
    }
    setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SSL_CTX_set_options(client->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_max_proto_version(client->context, version);
    client->tls = SSL_new(client->context);
    return SSL_set_fd(client->tls, client->fd) == 1 && SSL_connect(client->tls) == 1;
}

static bool client_open(struct client *client)
{
    return client_open_version(client, TLS1_3_VERSION);
}

static bool client_send(struct client *client, struct slice bytes)
{
    return bytes.len == 0 || SSL_write(client->tls, bytes.data, (int)bytes.len) == (int)bytes.len;
}

struct answer {
    int status;
    struct buf bytes; /* head and body */
    struct slice head, body;
};

static void answer_free(struct answer *got)
{
    buf_free(&got->bytes);
}
#define cleanup_answer __attribute__((cleanup(answer_free)))
#define ANSWER_NONE ((struct answer){.bytes = {NULL, 0, 0, ANSWER_BYTES}})

static size_t content_length(struct slice head)
{
    size_t at = slice_find(head, SLICE_LITERAL("\r\nContent-Length: "));
    struct slice rest = at == SIZE_MAX ? SLICE_NONE : slice_from(head, at + 18);
    uint64_t len = 0;
    return slice_to_u64(slice_first(rest, slice_find_byte(rest, '\r')), &len) == ERR_NONE
               ? (size_t)len
               : 0;
}

/* Reads one answer; with_body is false after HEAD. */
static bool client_read(struct client *client, bool with_body, struct answer *got)
{
    buf_clear(&got->bytes);
    got->status = 0;
    size_t end = SIZE_MAX, wanted = SIZE_MAX;
    while (end == SIZE_MAX || got->bytes.len < wanted) {
        char byte[1];
        if (SSL_read(client->tls, byte, 1) != 1 ||
            buf_append(&got->bytes, slice_of(byte, 1)) != ERR_NONE) {
            return false;
        }
        end = end == SIZE_MAX ? slice_find(buf_slice(&got->bytes), SLICE_LITERAL("\r\n\r\n")) : end;
        if (end != SIZE_MAX) {
            got->head = slice_first(buf_slice(&got->bytes), end + 2);
            wanted = end + 4 + (with_body ? content_length(got->head) : 0);
        }
    }
    got->head = slice_first(buf_slice(&got->bytes), end + 2);
    got->body = slice_from(buf_slice(&got->bytes), end + 4);
    got->status = got->bytes.len > 12 ? atoi((const char *)got->bytes.data + 9) : 0;
    return true;
}

static bool has(struct slice text, const char *part)
{
    return slice_find(text, slice_string(part)) != SIZE_MAX;
}

/* One request on a connection of its own. */
static bool ask(const char *request, struct answer *got)
{
    cleanup_client struct client client;
    return client_open(&client) && client_send(&client, slice_string(request)) &&
           client_read(&client, true, got);
}

#define HOST "Host: localhost\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" HOST
#define END "\r\n"

static bool ask_with_body(const char *start, const char *headers, const char *body,
                          struct answer *got)
{
    char request[8192];
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n%s\r\n%s",
             start, strlen(body), headers, body);
    return ask(request, got);
}

/* ---- what it must do ---- */

TEST(a_request_goes_to_keep_and_its_reply_comes_back)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/3.1?a=1&b=x+y%20z") "X-Vault-Token: "
                                                         "hvs.abc\r\nX-Vault-Namespace: team\r\n"
                                                         "X-Vault-Wrap-TTL: 1m\r\n" END,
              &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.head, "\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains\r\n"));
    CHECK(has(got.head, "\r\nCache-Control: no-store\r\n"));
    CHECK(has(got.head, "\r\nContent-Type: application/json\r\n"));
    CHECK(has(got.head, "\r\nX-Vault-Namespace: team\r\n"));
    CHECK(!has(got.head, "\r\nServer: "));
    CHECK_SLICE("{\"data\":{\"verb\":1,\"path\":\"annex/clauses/"
                "3.1\",\"token\":\"hvs.abc\",\"wrap_ttl\":\"60\","
                "\"name_space\":\"team\",\"remote\":true,\"raw_bytes\":0,\"query\":{\"a\":\"1\","
                "\"b\":\"x y z\"}}}\n",
                got.body);
}

TEST(bearer_tokens_count_too)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/1") "Authorization: Bearer hvs.bearer\r\n" END, &got));
    CHECK(has(got.body, "\"token\":\"hvs.bearer\""));
}

TEST(paths_are_decoded_once)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/%C3%A4%2520b") END, &got));
    CHECK(has(got.body, "\"path\":\"annex/clauses/ä%20b\""));
}

TEST(broken_paths_are_refused)
{
    static const char *const requests[] = {
        GET("/v1/annex/clauses/%zz") END, GET("/v1/annex/clauses/%00") END,
        GET("/v1/annex/clauses/%0a") END, GET("/v1/annex/clauses/%ff") END,
        GET("/v1/annex/clauses/%4") END,  GET("/v1/annex/clauses/a b") END,
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(requests[i], &got));
        CHECK_U64(400, got.status);
        CHECK(has(got.body, "{\"errors\":[\"the path is not"));
        CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/..") END, &got));
    CHECK_U64(404, got.status);
}

TEST(unknown_paths_and_wrong_verbs)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/no/such/thing") END, &got));
    CHECK_U64(404, got.status);
    CHECK_SLICE("{\"errors\":[\"no handler for route\"]}\n", got.body);
    CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
    CHECK(ask("DELETE /v1/sys/seal-status HTTP/1.1\r\n" HOST END, &got));
    CHECK_U64(405, got.status);
    CHECK_SLICE("{\"errors\":[\"unsupported operation\"]}\n", got.body);
    CHECK(ask("OPTIONS /v1/sys/seal-status HTTP/1.1\r\n" HOST END, &got));
    CHECK_U64(405, got.status);
}

TEST(refusals_speak_german_when_asked)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/no/such/thing") "Accept-Language: de-DE,de;q=0.9\r\n" END, &got));
    CHECK_SLICE("{\"errors\":[\"unter diesem Pfad gibt es nichts\"]}\n", got.body);
}

TEST(lists_by_verb_and_by_query)
{
    static const char *const requests[] = {"LIST /v1/sys/policies/acl HTTP/1.1\r\n" HOST END,
                                           GET("/v1/sys/policies/acl?list=true") END,
                                           GET("/v1/sys/policies/acl/?list=1") END};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(requests[i], &got));
        CHECK_U64(200, got.status);
        CHECK(has(got.body, "\"verb\":8"));
    }
}

TEST(put_and_post_are_the_same_with_or_without_a_content_type)
{
    static const char *const starts[] = {"POST /v1/sys/policies/acl/a",
                                         "PUT /v1/sys/policies/acl/a"};
    static const char *const types[] = {"", "Content-Type: application/json\r\n",
                                        "Content-Type: application/x-www-form-urlencoded\r\n"};
    for (size_t i = 0; i < 6; i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask_with_body(starts[i % 2], types[i / 2], " {\"policy\":\"a = 1\"}", &got));
        CHECK_U64(200, got.status);
        CHECK(has(got.body, "\"verb\":2"));
        CHECK(has(got.body, "\"body\":{\"policy\":{\"text\":\"a = 1\",\"tree\":{\"a\":1}}}"));
    }
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body(starts[0], types[2], "policy=a+%3D+1", &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.body, "\"text\":\"a = 1\""));
}

TEST(bad_json_names_its_place)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\n  \"policy\": tru }", &got));
    CHECK_U64(400, got.status);
    CHECK(has(got.body, "{\"errors\":[\"line 2, column 13: "));
    CHECK(has(got.body, "\"line\":2,\"column\":13"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\xff\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(
        ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\",\"policy\":\"\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "[1]", &got));
    CHECK_U64(400, got.status);
    CHECK(has(got.body, "the body must be a JSON object"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"a = \\n b {\"}", &got));
    CHECK_U64(400, got.status);
    CHECK(has(got.body, "\"line\":"));
}

TEST(deep_json_is_refused)
{
    char body[4096] = "{\"policy\":";
    memset(body + 10, '[', 3000);
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", body, &got));
    CHECK_U64(400, got.status);
}

TEST(missing_and_unknown_fields_are_named)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{}", &got));
    CHECK_U64(400, got.status);
    CHECK(has(got.body, "a required field is missing: policy"));
    CHECK(ask_with_body("PUT /v1/sys/policies/acl/a", "", "{\"policy\":\"\",\"polizei\":1}", &got));
    CHECK_U64(400, got.status);
    CHECK(has(got.body, "there is no such field here: polizei"));
}

TEST(files_arrive_as_they_are)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("POST /v1/annex/read?name=annex.docx", "", "\x01 not json", &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.body, "\"raw_bytes\":10,\"query\":{\"name\":\"annex.docx\"}"));
}

TEST(chunked_bodies_arrive)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask("POST /v1/annex/read HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
              "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
              &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.body, "\"raw_bytes\":7"));
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
    CHECK(has(got.body, "\"raw_bytes\":8388608"));
    CHECK(ask("POST /v1/annex/read HTTP/1.1\r\n" HOST "Content-Length: 8388609\r\n" END, &got));
    CHECK_U64(413, got.status);
    CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
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
    CHECK(client_send(&client,
                      SLICE_LITERAL(GET("/v1/annex/clauses/large") "Connection: close\r\n" END)));
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
    CHECK(has(slice_first(slice_of(head, head_bytes), end + 2),
              "\r\nContent-Disposition: attachment; filename*=UTF-8''a%22%C3%A4.pdf\r\n"));
}

TEST(a_body_is_waited_for_when_it_is_announced)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("POST /v1/annex/read HTTP/1.1\r\n" HOST
                                             "Content-Length: 3\r\nExpect: 100-continue\r\n" END)));
    CHECK(client_read(&client, false, &got));
    CHECK_U64(100, got.status);
    CHECK(client_send(&client, SLICE_LITERAL("abc")));
    CHECK(client_read(&client, true, &got));
    CHECK(has(got.body, "\"raw_bytes\":3"));
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
    CHECK(ask(GET("/v1/annex/clauses/renew") END, &got));
    CHECK_SLICE("true\n", got.body);
    CHECK_U64(before + 1, serial_seen());
}

TEST(patch_needs_its_content_type)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("PATCH /v1/sys/seal-status", "", "{}", &got));
    CHECK_U64(405, got.status);
}

TEST(head_has_no_body)
{
    cleanup_client struct client client;
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL("HEAD /v1/sys/health HTTP/1.1\r\n" HOST END)));
    CHECK(client_read(&client, false, &got));
    CHECK_U64(200, got.status);
    /* Were a body sent, it would stand in front of the next answer. */
    CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/sys/health") END)));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.body, "\"path\":\"sys/health\""));
}

TEST(empty_replies)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/nothing") END, &got));
    CHECK_U64(204, got.status);
    CHECK_U64(0, got.body.len);
    CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
}

TEST(pipelined_requests_are_answered_in_order)
{
    cleanup_client struct client client;
    CHECK(client_open(&client));
    CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/annex/clauses/1") END GET("/v1/no")
                                                 END GET("/v1/annex/clauses/2") END)));
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(client_read(&client, true, &got));
    CHECK(has(got.body, "annex/clauses/1"));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(404, got.status);
    CHECK(client_read(&client, true, &got));
    CHECK(has(got.body, "annex/clauses/2"));
}

TEST(a_login_with_a_cookie_hides_the_token)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask_with_body("POST /v1/auth/link/login", "X-Vogt-Session: cookie\r\n",
                        "{\"code\":\"abc\"}", &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.head, "\r\nSet-Cookie: __Host-vogt=hvs.session-1; HttpOnly; Secure; "
                        "SameSite=Strict; Path=/\r\n"));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"\"}}\n", got.body);
    CHECK(ask_with_body("POST /v1/auth/link/login", "", "{\"code\":\"abc\"}", &got));
    CHECK(!has(got.head, "Set-Cookie"));
    CHECK_SLICE("{\"auth\":{\"client_token\":\"hvs.session-1\"}}\n", got.body);
}

TEST(a_cookie_counts_only_beside_its_header)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/v1/annex/clauses/1") "Cookie: __Host-vogt=hvs.cookie\r\n" END, &got));
    CHECK(has(got.body, "\"token\":\"\""));
    CHECK(ask(GET("/v1/annex/clauses/1") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: "
                                         "cookie\r\n" END,
              &got));
    CHECK(has(got.body, "\"token\":\"hvs.cookie\""));
    CHECK(ask(GET("/v1/auth/token/lookup-self") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: "
                                                "cookie\r\n" END,
              &got));
    CHECK_SLICE("{\"data\":{\"id\":\"\"}}\n", got.body);
    CHECK(ask(
        GET("/v1/annex/clauses/1") "Cookie: __Host-vogt=hvs.cookie\r\nX-Vogt-Session: end\r\n" END,
        &got));
    CHECK(has(
        got.head,
        "\r\nSet-Cookie: __Host-vogt=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0\r\n"));
}

TEST(the_page_has_strict_headers)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/") END, &got));
    CHECK_U64(302, got.status);
    CHECK(has(got.head, "\r\nLocation: /ui/\r\n"));
    CHECK(ask(GET("/ui/") END, &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.head, "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; "));
    CHECK(has(got.head, "frame-ancestors 'none'\r\n"));
    CHECK(has(got.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    CHECK(has(got.head, "\r\nReferrer-Policy: no-referrer\r\n"));
    CHECK(has(got.head, "\r\nCross-Origin-Opener-Policy: same-origin\r\n"));
    CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
    CHECK(has(got.body, "<title>"));
    size_t at = slice_find(got.head, SLICE_LITERAL("\r\nETag: "));
    CHECK(at != SIZE_MAX);
    char request[512];
    struct slice tag = slice_first(slice_from(got.head, at + 8), 34);
    snprintf(request, sizeof(request), GET("/ui/") "If-None-Match: %.*s\r\n" END, (int)tag.len,
             (const char *)tag.data);
    CHECK(ask(request, &got));
    CHECK_U64(304, got.status);
    CHECK(ask(GET("/ui/nothing.js") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask(GET("/ui/../../etc/passwd") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask("POST /ui/ HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, &got));
    CHECK_U64(405, got.status);
}

TEST(the_ledger_is_served_as_tiles)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/ledger/evidence/checkpoint") END, &got));
    CHECK_SLICE("ledger/evidence/tile/checkpoint", got.body);
    CHECK(has(got.head, "\r\nCache-Control: no-cache\r\n"));
    CHECK(ask(GET("/ledger/audit/tile/0/x001/234") END, &got));
    CHECK_SLICE("ledger/audit/tile/0/x001/234", got.body);
    CHECK(has(got.head, "\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(ask(GET("/ledger/audit/tile/0/001.p/7") END, &got));
    CHECK(has(got.head, "\r\nCache-Control: public, max-age=60\r\n"));
    CHECK(ask(GET("/ledger/other/checkpoint") END, &got));
    CHECK_U64(404, got.status);
    CHECK(ask(GET("/ledger/evidence/vogt.db") END, &got));
    CHECK_U64(404, got.status);
}

TEST(metrics_join_both)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/metrics") "X-Vault-Token: hvs.a\r\n" END, &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.head, "\r\nContent-Type: text/plain; version=0.0.4\r\n"));
    CHECK(has(got.body, "vogt_keep_up 1\n# HELP vogt_gate_connections_open "));
    CHECK(has(got.body, "vogt_gate_requests_total{gate=\"0\",class=\"2xx\"} "));
}

TEST(openapi_is_served)
{
    cleanup_answer struct answer got = ANSWER_NONE;
    CHECK(ask(GET("/openapi.json") END, &got));
    CHECK_U64(200, got.status);
    CHECK(has(got.body, "{\"openapi\":\"3.1.0\""));
    CHECK(has(got.body, "\"/sys/seal-status\""));
}

TEST(long_addresses_and_headers_are_refused)
{
    static char request[70000];
    cleanup_answer struct answer got = ANSWER_NONE;
    size_t len = (size_t)snprintf(request, sizeof(request), "GET /v1/annex/clauses/");
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
    CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
    memset(request + len, 'a', 60000);
    snprintf(request + len + 60000, 20, "\r\n\r\n");
    CHECK(!ask(request, &got) || got.status == 431);
    CHECK(ask(GET("/v1/sys/health") END, &got));
    CHECK_U64(200, got.status);
}

TEST(ambiguous_headers_are_refused)
{
    static const char *const requests[] = {
        "GET /v1/sys/health HTTP/1.1\r\n" END,
        GET("/v1/sys/health") "Host: other\r\n" END,
        GET("/v1/sys/health") "X-Vault-Token: a\r\nx-vault-token: b\r\n" END,
        "POST /v1/annex/read HTTP/1.1\r\n" HOST
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n",
        "POST /v1/annex/read HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n" END
        "abcd",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        cleanup_answer struct answer got = ANSWER_NONE;
        CHECK(ask(requests[i], &got));
        CHECK_U64(400, got.status);
        CHECK(has(got.head, "\r\nStrict-Transport-Security: "));
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
    char request[1024];
    cleanup_answer struct answer got = ANSWER_NONE;
    snprintf(request, sizeof(request), GET("/v1/sys/health") "X-Vault-Token: %0300d\r\n" END, 1);
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

TEST(a_client_that_leaves_while_keep_works_does_no_harm)
{
    unsigned before = __atomic_load_n(&peer.requests, __ATOMIC_ACQUIRE);
    {
        cleanup_client struct client client;
        CHECK(client_open(&client));
        CHECK(client_send(&client, SLICE_LITERAL(GET("/v1/annex/clauses/never") END)));
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
        !client_send(client, SLICE_LITERAL(GET("/v1/annex/clauses/never") END))) {
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
    CHECK(gate_peer_start(&peer, answer, 64, 32));
    CHECK(client_read(&client, true, &got));
    CHECK_U64(503, got.status);
    CHECK(has(got.body, "Vogt is stopping"));
}

TEST(without_keep_gate_ends)
{
    cleanup_client struct client client;
    CHECK(ask_and_wait(&client));
    (void)shutdown(channel_fd(peer.keep), SHUT_RDWR);
    CHECK_U64(ROLE_EXIT_FAILED, gate_peer_stop(&peer));
    CHECK(gate_peer_start(&peer, answer, 64, 32));
}

int main(void)
{
    if (!gate_peer_start(&peer, answer, 64, 32)) {
        return 1;
    }
    int code = check_main();
    int gate_code = gate_peer_stop(&peer);
    if (gate_code != 0) {
        printf("FAIL vogt-gate ended with %d\n", gate_code);
    }
    return code != 0 || gate_code != 0;
}
