#include "roles/gate_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 20 };

struct gate_peer peer;

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

/* A file of PARTS_COUNT parts, each of another letter; of one that is cut the second is not there. */
static void answer_part(struct arena *arena, const struct request *request, struct reply *reply)
{
    struct slice next = json_text(request->query, "next", SLICE_LITERAL("0"));
    unsigned part = (unsigned)(next.data[0] - '0');
    uint8_t *bytes = arena_alloc(arena, PART_BYTES);
    if ((slice_is(request->path, "sys/policies/acl/cut") && part > 0) || !slice_is(request->token, "hvs.parts") || bytes == NULL) {
        *reply = (struct reply){.status = 404, .kind = REPLY_TREE, .tree = echo(arena, request)};
        return;
    }
    memset(bytes, 'a' + (int)part, PART_BYTES);
    *reply = (struct reply){.status = 200, .kind = REPLY_RAW, .content_type = SLICE_LITERAL("application/gzip"), .file_name = SLICE_LITERAL("parts"), .raw = slice_of(bytes, PART_BYTES),
                            .next = part + 1 == PARTS_COUNT ? SLICE_NONE : slice_string(arena_printf(arena, "%u", part + 1))};
}

bool gate_client_answer(struct gate_peer *from, struct arena *arena, const struct request *request,
                        struct reply *reply)
{
    *reply = (struct reply){.status = 200, .kind = REPLY_TREE};
    if (slice_is(request->path, "auth/link/login") || slice_starts(request->path, SLICE_LITERAL("auth/people/"))) { /* one of ours, and one that is mounted */
        reply->is_login = !slice_ends(request->path, SLICE_LITERAL("/made"));
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
    } else if (slice_is(request->path, "sys/policies/acl/nothing")) {
        *reply = (struct reply){.status = 204, .kind = REPLY_NONE};
    } else if (slice_is(request->path, "sys/policies/acl/elsewhere")) {
        *reply = (struct reply){.status = 303, .kind = REPLY_REDIRECT, .raw = SLICE_LITERAL("/ui/#state=a&code=b")};
    } else if (slice_is(request->path, "sys/policies/acl/never")) {
        return false;
    } else if (slice_is(request->path, "sys/policies/acl/with-signature")) {
        from->hold_reply = true;
        reply->tree = echo(arena, request);
    } else if (slice_is(request->path, "sys/policies/acl/renew")) {
        reply->tree = json_boolean(arena, gate_peer_renew(from));
    } else if (slice_is(request->path, "sys/policies/acl/parts") || slice_is(request->path, "sys/policies/acl/cut")) {
        answer_part(arena, request, reply);
    } else if (slice_is(request->path, "sys/policies/acl/large")) {
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

int client_end(int code)
{
    int gate_code = gate_peer_stop(&peer);
    if (gate_code != 0) {
        printf("FAIL vogt-gate ended with %d\n", gate_code);
    }
    return code != 0 || gate_code != 0;
}

void client_close(struct client *client)
{
    SSL_free(client->tls);
    SSL_CTX_free(client->context);
    if (client->fd >= 0) {
        close(client->fd);
    }
}

static bool open_client(struct client *client, int version, X509 *certificate, EVP_PKEY *key)
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
    if (certificate != NULL && (SSL_CTX_use_certificate(client->context, certificate) != 1 ||
                                SSL_CTX_use_PrivateKey(client->context, key) != 1)) {
        return false;
    }
    client->tls = SSL_new(client->context);
    return SSL_set_fd(client->tls, client->fd) == 1 && SSL_connect(client->tls) == 1;
}

bool client_open_version(struct client *client, int version)
{
    return open_client(client, version, NULL, NULL);
}

bool client_open(struct client *client)
{
    return open_client(client, TLS1_3_VERSION, NULL, NULL);
}

bool client_open_as(struct client *client, X509 *certificate, EVP_PKEY *key)
{
    return open_client(client, TLS1_3_VERSION, certificate, key);
}

bool client_send(struct client *client, struct slice bytes)
{
    return bytes.len == 0 || SSL_write(client->tls, bytes.data, (int)bytes.len) == (int)bytes.len;
}

void answer_free(struct answer *got)
{
    buf_free(&got->bytes);
}

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
bool client_read(struct client *client, bool with_body, struct answer *got)
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

bool answer_has(struct slice text, const char *part)
{
    return slice_find(text, slice_string(part)) != SIZE_MAX;
}

/* One request on a connection of its own. */
bool ask(const char *request, struct answer *got)
{
    cleanup_client struct client client;
    return client_open(&client) && client_send(&client, slice_string(request)) &&
           client_read(&client, true, got);
}

bool ask_with_body(const char *start, const char *headers, const char *body, struct answer *got)
{
    char request[8192];
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n%s\r\n%s",
             start, strlen(body), headers, body);
    return ask(request, got);
}
