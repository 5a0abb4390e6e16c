#include "collect/post.h"

#include "net/http_client.h"

#include <curl/urlapi.h>
#include <stdlib.h>

enum { TIMEOUT_DEFAULT_MS = 15000, TIMEOUT_MAX_MS = 60000, REPLY_DEFAULT_BYTES = 64 << 10, REPLY_MAX_BYTES = 1 << 20, TYPE_MAX_BYTES = 128, AUTHORIZATION_MAX_BYTES = 32 << 10 };

/* The port that the client would connect to, read by the client's own reader of addresses. False: not http(s), or with a password. */
static bool port_of_url(const char *url, uint64_t *ret_port)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *port = NULL, *user = NULL;
    bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
                (slice_is(slice_string(scheme), "https") || slice_is(slice_string(scheme), "http")) &&
                slice_to_u64(slice_string(port), ret_port) == ERR_NONE;
    curl_free(scheme);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(parts);
    return good;
}

static uint64_t bounded(const struct json *input, const char *name, uint64_t fallback, uint64_t max)
{
    uint64_t value = 0;
    return json_u64(input, name, &value) != ERR_NONE || value == 0 ? fallback : value < max ? value : max;
}

static bool is_header_value(struct slice text, size_t max_bytes)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e) {
            return false;
        }
    }
    return text.len > 0 && text.len <= max_bytes;
}

static enum err answer(struct arena *arena, const struct http_reply *got, struct work_reply *reply)
{
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "status", got->status);
    if (json_set_string(arena, reply->output, "content_type", http_reply_header(got, "Content-Type")) == NULL) {
        return ERR_MEMORY;
    }
    return buf_append(reply->raw, buf_slice(&got->body));
}

static enum err refuse(struct work_reply *reply, struct text text, struct slice url)
{
    return complain(&reply->complaint, ERR_INVALID, text, 0, 0, (const char *)url.data, url.len);
}

/* The headers that a task may set: its content's type, and who asks. False: a value that no header has. */
static bool put_headers(struct arena *arena, const struct json *input, bool has_body, const char **ret_headers, size_t *ret_count)
{
    struct slice type = json_text(input, "content_type", SLICE_NONE), authorization = json_text(input, "authorization", SLICE_NONE);
    size_t count = 0;
    ret_headers[count++] = "Accept: application/json, */*;q=0.1";
    if (has_body) {
        ret_headers[count++] = arena_printf(arena, "Content-Type: %.*s", (int)type.len, (const char *)type.data);
    }
    if (authorization.len > 0) {
        ret_headers[count++] = arena_printf(arena, "Authorization: %.*s", (int)authorization.len, (const char *)authorization.data);
    }
    *ret_count = count;
    return (!has_body || is_header_value(type, TYPE_MAX_BYTES)) && (authorization.len == 0 || is_header_value(authorization, AUTHORIZATION_MAX_BYTES));
}

static enum err ask(struct arena *arena, const struct json *input, const char *method, struct slice body, struct work_reply *reply)
{
    struct slice text = json_text(input, "url", SLICE_NONE);
    const char *url = arena_string(arena, text), *headers[4] = {NULL};
    bool has_body = method[0] == 'P';
    uint64_t port = 0, allowed = 0;
    size_t count = 0;
    if (url == NULL) {
        return ERR_MEMORY;
    }
    if (slice_find_byte(text, '\0') != SIZE_MAX || !port_of_url(url, &port) || !put_headers(arena, input, has_body, headers, &count)) {
        return refuse(reply, TEXT("this is no address of a web server", "das ist keine Adresse eines Webservers"), text);
    }
    if (json_u64(input, "port", &allowed) != ERR_NONE || allowed != port) {
        return refuse(reply, TEXT("the address has another port than was allowed", "die Adresse hat einen anderen Port als erlaubt"), text);
    }
    for (size_t i = 0; i < count; i++) {
        if (headers[i] == NULL) {
            return ERR_MEMORY;
        }
    }
    struct http_client *client = http_client_new();
    struct http_reply got = HTTP_REPLY_NONE;
    const struct http_request request = {.method = method, .url = url, .headers = headers, .body = body, .allow_plain = true, .refuse_link_local = true,
                                         .authorities_pem = json_text(input, "authorities_pem", SLICE_NONE),
                                         .timeout_ms = (unsigned)bounded(input, "timeout_ms", TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS),
                                         .reply_max_bytes = (size_t)bounded(input, "max_bytes", REPLY_DEFAULT_BYTES, REPLY_MAX_BYTES)};
    enum err err = client == NULL ? ERR_MEMORY : http_client_ask(client, &request, &got, &reply->complaint);
    err = err == ERR_NONE ? answer(arena, &got, reply) : err;
    http_reply_free(&got);
    http_client_free(client);
    return err;
}

enum err http_post(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    return ask(arena, input, "POST", raw, reply);
}

enum err http_get(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)raw;
    return ask(arena, input, "GET", SLICE_NONE, reply);
}
