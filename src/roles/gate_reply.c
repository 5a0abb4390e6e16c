/* What leaves: keep's replies as HTTP, refusals, and the headers that every answer carries. */
#include "roles/gate.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/url.h"

#define COOKIE "__Host-vogt="
#define COOKIE_ATTRIBUTES "; HttpOnly; Secure; SameSite=Strict; Path=/"

static const char json_type[] = "application/json";

void gate_header(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

/* Replies may hold secrets: not left behind in freed memory. */
static void release(void *data)
{
    explicit_bzero(data, malloc_usable_size(data));
    free(data);
}

static void common_headers(struct MHD_Response *response, const char *content_type)
{
    gate_header(response, "Strict-Transport-Security", "max-age=63072000; includeSubDomains");
    gate_header(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
    if (content_type != NULL) {
        gate_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    }
}

struct MHD_Response *gate_response(struct exchange *exchange, struct buf *bytes,
                                   const char *content_type)
{
    struct buf taken = buf_take(bytes);
    struct MHD_Response *response;
    exchange->gate->counters.sent_bytes += exchange->is_head ? 0 : taken.len;
    exchange->reply_bytes = taken.len;
    if (taken.data == NULL) {
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    } else {
        response =
            MHD_create_response_from_buffer_with_free_callback(taken.len, taken.data, release);
    }
    if (response == NULL) {
        buf_free(&taken);
        return NULL;
    }
    common_headers(response, taken.len > 0 ? content_type : NULL);
    gate_settings_reply(exchange, response);
    return response;
}

/* Full tiles never change again; partial ones and checkpoints do within seconds. */
static const char *cache_control(const struct exchange *exchange, unsigned status)
{
    if (exchange->place != PLACE_LEDGER || status != MHD_HTTP_OK) {
        return "no-store";
    }
    struct slice path = slice_of(exchange->path, exchange->path_len);
    if (slice_ends(path, SLICE_LITERAL("/checkpoint"))) {
        return "no-cache";
    }
    bool is_partial = slice_find(path, SLICE_LITERAL(".p/")) != SIZE_MAX;
    return is_partial ? "public, max-age=60" : "public, max-age=31536000, immutable";
}

static void end_session(struct exchange *exchange, struct MHD_Response *response)
{
    if (exchange->session == SESSION_END) {
        gate_header(response, MHD_HTTP_HEADER_SET_COOKIE, COOKIE COOKIE_ATTRIBUTES "; Max-Age=0");
    }
}

static void answer(struct exchange *exchange, unsigned status, struct buf *bytes,
                   const char *content_type, const char *cookie)
{
    struct MHD_Response *response = gate_response(exchange, bytes, content_type);
    if (response != NULL) {
        gate_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache_control(exchange, status));
        if (cookie != NULL) {
            gate_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
        }
        end_session(exchange, response);
        if (exchange->headers[HEADER_NAME_SPACE].len > 0) {
            gate_header(response, "X-Vault-Namespace",
                        (const char *)exchange->headers[HEADER_NAME_SPACE].data);
        }
        if (status == MHD_HTTP_SERVICE_UNAVAILABLE || status == MHD_HTTP_TOO_MANY_REQUESTS) {
            char seconds[16];
            snprintf(seconds, sizeof(seconds), "%u", exchange->retry_after_s == 0 ? 1 : exchange->retry_after_s);
            gate_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
        }
    }
    exchange_answer(exchange, status, response);
}

static enum err put_errors(struct buf *out, const char *text)
{
    enum err err = buf_append_string(out, "{\"errors\":[");
    if (err == ERR_NONE) {
        err = json_write_string(out, slice_string(text));
    }
    return err == ERR_NONE ? buf_append_string(out, "]") : err;
}

void gate_refuse(struct exchange *exchange, unsigned status, struct text text)
{
    struct buf out = BUF_INIT(4096);
    enum err err = put_errors(&out, text_in(text, exchange->language));
    if (err != ERR_NONE || buf_append_string(&out, "}\n") != ERR_NONE) {
        buf_free(&out);
    }
    answer(exchange, status, &out, json_type, NULL);
}

/* Vault's clients read `errors`; our own page and command line read the place as well. */
static enum err put_complaint(struct buf *out, const struct complaint *complaint,
                              enum language language)
{
    char line[1024];
    struct {
        const char *name, *text;
    } const members[] = {
        {",\"complaint\":{\"english\":", complaint->text.english},
        {",\"german\":", complaint->text.german},
        {",\"detail\":", complaint->detail},
    };
    complaint_format(complaint, language, line, sizeof(line));
    enum err err = put_errors(out, line);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && err == ERR_NONE; i++) {
        err = buf_append_string(out, members[i].name);
        if (err == ERR_NONE) {
            err = json_write_string(out, slice_string(members[i].text));
        }
    }
    if (err == ERR_NONE) {
        err =
            buf_printf(out, ",\"line\":%zu,\"column\":%zu}}\n", complaint->line, complaint->column);
    }
    return err;
}

void gate_refuse_complaint(struct exchange *exchange, unsigned status,
                           const struct complaint *complaint)
{
    struct buf out = BUF_INIT(16384);
    if (put_complaint(&out, complaint, exchange->language) != ERR_NONE) {
        buf_free(&out);
    }
    answer(exchange, status, &out, json_type, NULL);
}

static bool is_cookie_value(struct slice text)
{
    return text.len > 0 && text.len <= REQUEST_TOKEN_MAX_BYTES && slice_consists_of(text, ASCII_LETTERS ASCII_DIGITS "-._~+/=");
}

static struct json *child(struct json *object, const char *name)
{
    for (struct json *member = object == NULL || object->type != JSON_OBJECT ? NULL : object->first;
         member != NULL; member = member->next) {
        if (slice_is(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

static bool is_session_token(const struct exchange *exchange, const struct json *value)
{
    return value != NULL && value->type == JSON_STRING && value->text.len > 0 &&
           slice_equal(value->text, exchange->session_token);
}

/*
 * With a cookie for a session no script ever sees the token: a login's, of whatever method, moves
 * into the cookie, and wherever a reply repeats the session's own token, "" stands. Tokens made for
 * others (auth/token/create) are shown: that is what they are for.
 */
static struct json *hide_token(struct exchange *exchange, const struct reply *reply,
                               char **ret_cookie)
{
    struct arena *arena = exchange->gate->arena;
    struct json *copy = json_copy(arena, reply->tree);
    struct json *token = child(child(copy, "auth"), "client_token");
    struct json *id = child(child(copy, "data"), "id");
    bool is_login = reply->is_login && token != NULL && token->type == JSON_STRING &&
                    is_cookie_value(token->text);
    if (is_login) {
        *ret_cookie = arena_printf(arena, COOKIE "%.*s" COOKIE_ATTRIBUTES, (int)token->text.len,
                                   (const char *)token->text.data);
    }
    if (is_login || is_session_token(exchange, token)) {
        token->text = SLICE_NONE;
    }
    if (is_session_token(exchange, id)) {
        id->text = SLICE_NONE;
    }
    return copy;
}

static enum err write_tree(struct exchange *exchange, const struct reply *reply, struct buf *out,
                           char **ret_cookie)
{
    const struct json *tree = exchange->session == SESSION_COOKIE ? hide_token(exchange, reply, ret_cookie) : reply->tree;
    if (tree == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = json_write(out, tree, 0);
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

static void answer_file(struct exchange *exchange, const struct reply *reply, struct buf *bytes)
{
    const char *type = reply->content_type.len == 0 ? NULL : arena_string(exchange->gate->arena, reply->content_type);
    type = type == NULL ? "application/octet-stream" : type;
    struct MHD_Response *response = reply->next.len > 0 ? gate_stream_begin(exchange, reply->next, bytes) : gate_response(exchange, bytes, type);
    if (response != NULL && reply->next.len > 0) {
        common_headers(response, type);
        gate_settings_reply(exchange, response);
    }
    if (response != NULL) {
        gate_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                    cache_control(exchange, reply->status));
        gate_header(response, MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY,
                    "default-src 'none'; sandbox");
        cleanup_buf struct buf name = BUF_INIT(1024);
        if (reply->file_name.len > 0 &&
            buf_append_string(&name, "attachment; filename*=UTF-8''") == ERR_NONE &&
            url_encode_path(&name, reply->file_name) == ERR_NONE &&
            buf_append_byte(&name, 0) == ERR_NONE) {
            gate_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, (const char *)name.data);
        }
        end_session(exchange, response);
    }
    exchange_answer(exchange, reply->status, response);
}

static enum err write_body(struct exchange *exchange, const struct reply *reply, struct buf *out,
                           char **ret_cookie)
{
    if (reply->kind == REPLY_TREE) {
        return write_tree(exchange, reply, out, ret_cookie);
    }
    enum err err = reply->raw.len > 0 ? buf_append(out, reply->raw) : ERR_NONE;
    if (err == ERR_NONE && exchange->place == PLACE_METRICS && reply->status == MHD_HTTP_OK) {
        err = gate_metrics_put(exchange->gate, out);
    }
    return err;
}

void gate_reply(struct exchange *exchange, struct slice body)
{
    struct buf out = BUF_INIT(GATE_REPLY_MAX_BYTES);
    struct reply reply = {0};
    char *cookie = NULL;
    arena_reset(exchange->gate->arena);
    enum err err = reply_get(exchange->gate->arena, body, &reply);
    exchange->retry_after_s = reply.retry_after_s;
    if (err == ERR_NONE && reply.kind == REPLY_REDIRECT) {
        gate_redirect(exchange, reply.status, arena_string(exchange->gate->arena, reply.raw));
        return;
    }
    if (err == ERR_NONE && body.len > GATE_SMALL_REPLY_BYTES) {
        err = buf_reserve(&out, body.len < GATE_REPLY_MAX_BYTES ? body.len : GATE_REPLY_MAX_BYTES); /* at once: growing copies and wipes */
    }
    if (err == ERR_NONE) {
        err = write_body(exchange, &reply, &out, &cookie);
    }
    if (err == ERR_NONE && out.len > GATE_SMALL_REPLY_BYTES &&
        !exchange_charge(exchange, out.len)) {
        err = ERR_BUSY;
    }
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "gate.reply-unusable", LOG_ERR(err));
        buf_free(&out);
        gate_refuse(
            exchange,
            err == ERR_BUSY ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
            TEXT("the reply could not be written; the request was carried out",
                 "die Antwort konnte nicht geschrieben werden; die Anfrage wurde ausgeführt"));
    } else if (reply.kind == REPLY_RAW) {
        answer_file(exchange, &reply, &out);
    } else {
        answer(exchange, reply.status, &out, json_type, cookie);
    }
}
