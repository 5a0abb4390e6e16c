/* HTTP/1.1 heads over sessions that are already open, and over the clear port. Redirects are written down, never followed; bodies are never read. */
#include "collect/tls_probe.h"

#include "collect/fact.h"
#include "collect/http_head.h"

#include <string.h>

/* A name, or an address; those of IPv6 stand in brackets. */
static enum err put_request(const struct tls_probe *probe, const char *path, uint16_t port, uint16_t usual_port, struct buf *request)
{
    bool brackets = strchr(probe->server_name, ':') != NULL;
    enum err err = buf_printf(request, "GET %s HTTP/1.1\r\nHost: %s%s%s", path, brackets ? "[" : "", probe->server_name, brackets ? "]" : "");
    if (err == ERR_NONE && port != usual_port) {
        err = buf_printf(request, ":%u", (unsigned)port);
    }
    return err != ERR_NONE ? err : buf_append_string(request, "\r\nUser-Agent: vogt\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

/* No path: HTTP/1.1 without Host, twice Content-Length: every server must answer 400 (RFC 9112, 3.2 and 6.3). */
static enum err put_broken_request(struct buf *request)
{
    return buf_append_string(request, "GET / HTTP/1.1\r\nUser-Agent: vogt\r\nContent-Length: 0\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
}

static enum err read_session(void *session, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    return tls_session_read(session, out, max_bytes, ret_count);
}

static enum err read_stream(void *stream, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    return stream_read(stream, out, max_bytes, ret_count);
}

static enum err read_head(enum err (*read)(void *from, uint8_t *out, size_t max_bytes, size_t *ret_count), void *from, struct buf *received)
{
    size_t head_bytes = 0;
    while (!http_head_whole(buf_slice(received), &head_bytes)) {
        uint8_t chunk[4096];
        size_t count = 0;
        enum err err = read(from, chunk, sizeof(chunk), &count);
        err = err != ERR_NONE ? err : buf_append(received, slice_of(chunk, count));
        if (err != ERR_NONE) {
            return err;
        }
    }
    received->len = head_bytes;
    return ERR_NONE;
}

static const char *http_result(enum err err)
{
    switch ((int)err) {
    case ERR_NONE:
        return "ok";
    case ERR_CLOSED:
        return "cut-short";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_TOO_LARGE:
        return "too-large";
    }
    return "garbage";
}

static void put_head(const struct tls_probe *probe, struct json *fact, const struct http_head *head)
{
    struct arena *arena = probe->arena;
    json_set_u64(arena, fact, "status", head->status);
    struct json *hsts = json_set_array(arena, fact, "hsts");
    for (size_t i = 0; i < head->hsts_count && i < HTTP_VALUES_MAX; i++) {
        json_append(hsts, json_string(arena, fact_text(arena, head->hsts[i], TLS_TEXT_MAX_BYTES)));
    }
    json_set_u64(arena, fact, "hsts_count", head->hsts_count);
    if (head->location.data != NULL) {
        fact_set_text(arena, fact, "location", head->location, TLS_TEXT_MAX_BYTES);
    }
}

static enum err ask_session(const struct tls_probe *probe, const char *path, struct tls_session *session, struct buf *received)
{
    cleanup_buf struct buf request = BUF_INIT(1024);
    if (session->result != TLS_ACCEPTED) {
        return session->result == TLS_TIMEOUT ? ERR_TIMEOUT : ERR_PROTOCOL;
    }
    enum err err = path == NULL ? put_broken_request(&request) : put_request(probe, path, probe->port, 443, &request);
    err = err != ERR_NONE ? err : tls_session_write(session, buf_slice(&request));
    return err != ERR_NONE ? err : read_head(read_session, session, received);
}

void tls_http_put(const struct tls_probe *probe, struct json *replies, const char *path, struct tls_session *session)
{
    struct json *fact = json_append(replies, json_new(probe->arena, JSON_OBJECT));
    if (path == NULL) {
        json_set_bool(probe->arena, fact, "broken", true);
    }
    json_set_string(probe->arena, fact, "path", slice_string(path == NULL ? "/" : path));
    cleanup_buf struct buf received = BUF_INIT(HTTP_HEAD_MAX_BYTES);
    struct http_head head = {0};
    enum err err = ask_session(probe, path, session, &received);
    err = err != ERR_NONE ? err : http_head_read(buf_slice(&received), &head);
    json_set_string(probe->arena, fact, "result", slice_string(http_result(err)));
    if (err == ERR_NONE) {
        put_head(probe, fact, &head);
    }
}

void tls_http_put_clear(const struct tls_probe *probe, struct json *facts)
{
    cleanup_buf struct buf request = BUF_INIT(1024), received = BUF_INIT(HTTP_HEAD_MAX_BYTES);
    struct json *fact = json_set_object(probe->arena, facts, "clear");
    json_set_u64(probe->arena, fact, "port", probe->clear_port);
    struct stream stream;
    enum err err = tls_probe_connect(probe, probe->clear_port, &stream);
    json_set_string(probe->arena, fact, "reach", slice_string(tls_reach_name(err, false)));
    if (err != ERR_NONE) {
        return;
    }
    struct http_head head = {0};
    err = put_request(probe, "/", probe->clear_port, 80, &request);
    err = err != ERR_NONE ? err : stream_write(&stream, buf_slice(&request));
    err = err != ERR_NONE ? err : read_head(read_stream, &stream, &received);
    err = err != ERR_NONE ? err : http_head_read(buf_slice(&received), &head);
    stream_close(&stream);
    json_set_string(probe->arena, fact, "result", slice_string(http_result(err)));
    if (err == ERR_NONE) {
        put_head(probe, fact, &head);
    }
}
