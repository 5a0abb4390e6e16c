#include "collect/source_run.h"

#include "base/time.h"

#include <curl/curl.h>
#include <string.h>

int64_t source_mono_ms(void)
{
    return clock_now().mono_ns / 1000000;
}

/* ---- addresses ---- */

enum err source_escape(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    enum err err = ERR_NONE;
    for (size_t i = 0; i < text.len && err == ERR_NONE; i++) {
        uint8_t byte = text.data[i];
        bool plain = byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-._~");
        err = plain ? buf_append_byte(out, byte) : buf_append(out, slice_of((const char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3));
    }
    return err;
}

/* {request.member}: of the first item that an earlier request brought. */
static struct slice earlier(const struct source_run *run, struct slice word)
{
    size_t dot = slice_find_byte(word, '.');
    struct slice name = slice_first(word, dot), member = slice_from(word, dot + 1);
    for (const struct json *request = run->requests->first; request != NULL; request = request->next) {
        const struct json *items = json_member(request, "items"), *item = items == NULL ? NULL : items->first;
        for (const struct json *value = slice_equal(json_text(request, "name", SLICE_NONE), name) && item != NULL ? item->first : NULL; value != NULL; value = value->next) {
            if (slice_equal(value->name, member)) {
                return value->text;
            }
        }
    }
    return SLICE_NONE;
}

static struct slice word_value(const struct source_run *run, struct slice word, struct slice id)
{
    if (slice_is(word, "id")) {
        return id;
    }
    if (slice_find_byte(word, '.') != SIZE_MAX) {
        return earlier(run, word);
    }
    for (const struct json *option = run->options == NULL ? NULL : run->options->first; option != NULL; option = option->next) {
        if (slice_equal(option->name, word) && option->type == JSON_STRING) {
            return option->text;
        }
    }
    return SLICE_NONE;
}

enum err source_url(struct source_run *run, const struct source_address *address, const char *template, struct slice id, struct buf *out)
{
    struct slice base = address->target, rest = slice_string(template);
    enum err err = buf_append(out, address->origin);
    base.len -= base.len > 0 && base.data[base.len - 1] == '/' ? 1 : 0;
    err = err == ERR_NONE ? buf_append(out, base) : err;
    while (err == ERR_NONE && rest.len > 0) {
        size_t open = slice_find_byte(rest, '{'), close = slice_find_byte(rest, '}');
        if (open == SIZE_MAX || close == SIZE_MAX || close < open) {
            return buf_append(out, rest);
        }
        struct slice value = word_value(run, slice_first(slice_from(rest, open + 1), close - open - 1), id);
        /* "." and ".." would be taken as steps of the path */
        if (value.len == 0 || slice_is(value, ".") || slice_is(value, "..")) {
            return ERR_NOT_FOUND;
        }
        err = buf_append(out, slice_first(rest, open));
        err = err == ERR_NONE ? source_escape(out, value) : err;
        rest = slice_from(rest, close + 1);
    }
    return err;
}

/* ---- what an answer says ---- */

/* Seconds until the provider wants to be asked again; -1: it does not say. */
static int64_t retry_after_s(const struct source_run *run, const struct http_reply *reply)
{
    static const char *const reset_names[] = {"X-RateLimit-Reset", "RateLimit-Reset"};
    struct slice after = http_reply_header(reply, "Retry-After");
    uint64_t seconds = 0;
    if (slice_to_u64(after, &seconds) == ERR_NONE && seconds < 1000000) {
        return (int64_t)seconds;
    }
    if (after.len > 0 && after.len < 64) {
        char date[64] = "";
        memcpy(date, after.data, after.len);
        time_t at = curl_getdate(date, NULL);
        return at < 0 ? -1 : (int64_t)at * 1000 > run->now_ms ? (int64_t)at - run->now_ms / 1000 : 0;
    }
    for (size_t i = 0; i < 2; i++) {
        if (slice_to_u64(http_reply_header(reply, reset_names[i]), &seconds) == ERR_NONE && seconds < (uint64_t)1 << 40) {
            int64_t left = (int64_t)seconds - run->now_ms / 1000;
            return left > 0 ? left : 0;
        }
    }
    return -1;
}

static bool is_rate_limit(const struct http_reply *reply)
{
    bool may_be = reply->status == 403 || reply->status == 503;
    return reply->status == 429 || (may_be && http_reply_header(reply, "Retry-After").len > 0) ||
           (may_be && slice_is(http_reply_header(reply, "X-RateLimit-Remaining"), "0"));
}

const char *source_status_reason(unsigned status)
{
    switch (status) {
    case 401:
        return "source.unauthorised";
    case 403:
        return "source.forbidden";
    case 404:
        return "source.not-found";
    case 429:
        return "source.rate-limited";
    default:
        return status >= 300 && status < 400 ? "source.led-elsewhere" : "source.status";
    }
}

const char *source_transport_reason(enum err err, bool *ret_stops)
{
    static const struct {
        enum err err;
        const char *reason;
        bool stops;
    } rows[] = {
        {ERR_TIMEOUT, "source.timeout", true},      {ERR_UNREACHABLE, "source.unreachable", true}, {ERR_FORGED, "source.untrusted", true},
        {ERR_TOO_LARGE, "source.too-large", false}, {ERR_CLOSED, "source.cut", false},             {ERR_INVALID, "source.untrusted", true},
    };
    const char *reason = "source.unreachable";
    bool stops = false;
    for (size_t i = 0; i < SOURCE_COUNT(rows); i++) {
        reason = rows[i].err == err ? rows[i].reason : reason;
        stops = rows[i].err == err ? rows[i].stops : stops;
    }
    if (ret_stops != NULL) {
        *ret_stops = stops;
    }
    return reason;
}

static const char *status_reason(struct source_run *run, const struct http_reply *reply, struct json *note)
{
    if (is_rate_limit(reply)) {
        int64_t seconds = retry_after_s(run, reply);
        if (seconds >= 0) {
            json_set_i64(run->arena, note, "retry_after_s", seconds);
        }
        run->stopped = "source.rate-limited";
        return run->stopped;
    }
    if (reply->status >= 200 && reply->status < 300) {
        return NULL;
    }
    run->stopped = reply->status == 401 ? source_status_reason(401) : run->stopped;
    return source_status_reason(reply->status);
}

/* ---- asking ---- */

enum { HEADERS_MAX_COUNT = 8 };

static const char *refuse_before(struct source_run *run, int64_t left_ms)
{
    if (run->stopped == NULL && left_ms <= 0) {
        run->stopped = "source.timeout";
    }
    if (run->stopped == NULL && run->asked_count == SOURCE_REQUESTS_MAX_COUNT) {
        run->stopped = "source.too-much";
    }
    return run->stopped;
}

static struct http_request request_of(const struct source_run *run, const struct source_ask *ask, const char **headers, int64_t left_ms)
{
    size_t count = 0;
    for (size_t i = 0; run->api->extra != NULL && run->api->extra[i] != NULL && count < HEADERS_MAX_COUNT - 3; i++) {
        headers[count++] = run->api->extra[i];
    }
    headers[count++] = "User-Agent: Vogt";
    if (ask->content_type != NULL) {
        headers[count++] = ask->content_type;
    }
    if (ask->with_login && run->login.len > 0) {
        headers[count++] = (const char *)run->login.data;
    }
    headers[count] = NULL;
    return (struct http_request){
        .method = ask->method,
        .url = (const char *)ask->url->data,
        .headers = headers,
        .body = ask->body,
        .authorities_pem = json_text(run->options, "authorities_pem", SLICE_NONE),
        .pinned_pem = json_text(run->options, "pinned_pem", SLICE_NONE),
        .allow_plain = run->address.plain || run->token_address.plain,
        .refuse_link_local = true,
        .timeout_ms = (unsigned)(left_ms < SOURCE_EXCHANGE_MAX_MS ? left_ms : SOURCE_EXCHANGE_MAX_MS),
        .reply_max_bytes = SOURCE_REPLY_MAX_BYTES,
    };
}

const char *source_exchange(struct source_run *run, const struct source_ask *ask, bool ask_anyway, struct json *note, struct http_reply *ret_reply)
{
    int64_t left_ms = run->deadline_ms - source_mono_ms();
    const char *reason = refuse_before(run, left_ms);
    if (reason != NULL) {
        return reason;
    }
    const char *headers[HEADERS_MAX_COUNT + 1];
    struct http_request request = request_of(run, ask, headers, left_ms);
    struct http_reply reply = HTTP_REPLY_NONE;
    struct complaint complaint = {0}; /* the reason id says it, in both languages */
    run->asked_count++;
    enum err err = run->wire.ask(run->wire.context, &request, &reply, &complaint);
    if (err != ERR_NONE) {
        bool stops = false;
        const char *why = source_transport_reason(err, &stops);
        run->stopped = stops ? why : run->stopped;
        return why;
    }
    if (json_member(note, "status") == NULL) {
        json_set_u64(run->arena, note, "status", reply.status);
    }
    reason = status_reason(run, &reply, note);
    if (reason != NULL && !ask_anyway) {
        http_reply_free(&reply);
        return reason;
    }
    *ret_reply = reply;
    return reason;
}

const char *source_read(const struct http_reply *reply, struct arena *tree_arena, struct json **ret_tree)
{
    enum err err = json_read(tree_arena, buf_slice(&reply->body), ret_tree, NULL);
    return err == ERR_NONE ? NULL : err == ERR_TOO_LARGE || err == ERR_MEMORY ? "source.too-large" : "source.malformed";
}
