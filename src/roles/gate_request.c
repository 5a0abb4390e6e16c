/* All bytes of a request are there: it is parsed into bounded trees and goes to keep as one frame.
 */
#include "roles/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "net/url.h"

enum { NAME_SPACE_MAX_BYTES = 256, FLUSH_AFTER = 16 };

/* As Vault does: "curl -d '{…}'" says that it sends a form, and does not. */
static bool is_form(struct exchange *exchange, struct slice body)
{
    return body.data[0] != '{' &&
           gate_header_starts(exchange, HEADER_CONTENT_TYPE, "application/x-www-form-urlencoded");
}

static bool refuse_input(struct exchange *exchange, enum err err, struct complaint *complaint)
{
    if (complaint->text.english == NULL) {
        (void)!complain(
            complaint, err,
            TEXT("the request holds too many values", "die Anfrage enthält zu viele Werte"), 0, 0,
            NULL, 0);
    }
    gate_refuse_complaint(exchange, (unsigned)err_http_status(err), complaint);
    return false;
}

/* What could not be read may be a secret with a quote missing: its place is named, its text is not repeated. */
static bool refuse_unread(struct exchange *exchange, enum err err, struct complaint *complaint)
{
    complaint->detail[0] = '\0';
    return refuse_input(exchange, err, complaint);
}

static bool read_query(struct exchange *exchange, struct request *request,
                       struct complaint *complaint)
{
    struct target target;
    struct json *query = NULL;
    enum err err = target_split(slice_of(exchange->uri, exchange->uri_len), &target);
    if (err == ERR_NONE && target.query.len > 0) {
        err = url_decode_form(exchange->gate->arena, target.query, &query, complaint);
    }
    request->query = query;
    return err == ERR_NONE || refuse_unread(exchange, err, complaint);
}

static bool read_body(struct exchange *exchange, struct request *request,
                      struct complaint *complaint)
{
    const struct route *route = exchange->route;
    struct arena *arena = exchange->gate->arena;
    if (exchange->verb == VERB_READ || exchange->verb == VERB_LIST ||
        exchange->verb == VERB_SCAN) {
        return true; /* clients that send one to a GET mean nothing by it */
    }
    if ((route->flags & ROUTE_RAW_BODY) != 0) {
        request->raw = buf_slice(&exchange->body);
        return true;
    }
    struct slice text = slice_trim(buf_slice(&exchange->body));
    struct json *body = NULL;
    enum err err = ERR_NONE;
    if (text.len > 0 && is_form(exchange, text)) {
        err = url_decode_form(arena, text, &body, complaint);
    } else if (text.len > 0) {
        /* Untrimmed, so that lines are counted as the sender counts them. */
        err = json_read(arena, buf_slice(&exchange->body), &body, complaint);
    }
    if (err != ERR_NONE) {
        return refuse_unread(exchange, err, complaint);
    }
    request->body = body;
    if (exchange->verb != VERB_DELETE || body != NULL) {
        err = route_check(route, arena, body, &request->body, complaint);
    }
    return err == ERR_NONE || refuse_input(exchange, err, complaint);
}

static void read_session(struct exchange *exchange)
{
    struct slice mode = exchange->headers[HEADER_SESSION];
    exchange->session = slice_is(mode, "cookie") ? SESSION_COOKIE
                        : slice_is(mode, "end")  ? SESSION_END
                                                 : SESSION_NONE;
    if (exchange->session != SESSION_NONE) {
        exchange->session_token = slice_string(
            MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, "__Host-vogt"));
    }
}

/* The cookie counts only beside a header that another site's page cannot send without being asked
 * first. */
static struct slice read_token(struct exchange *exchange)
{
    static const char bearer[] = "Bearer ";
    struct slice token = exchange->headers[HEADER_TOKEN];
    if (token.len == 0 && gate_header_starts(exchange, HEADER_AUTHORIZATION, bearer)) {
        token = slice_trim(slice_from(exchange->headers[HEADER_AUTHORIZATION], sizeof(bearer) - 1));
    }
    return token.len == 0 ? exchange->session_token : token;
}

/* "60" and "1m" both become "60". */
static bool read_wrap_ttl(struct exchange *exchange, struct request *request, char text[static 24])
{
    struct slice given = exchange->headers[HEADER_WRAP_TTL];
    uint64_t seconds;
    if (given.len == 0) {
        return true;
    }
    if (duration_parse(given, &seconds) != ERR_NONE) {
        gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    TEXT("X-Vault-Wrap-TTL is no duration", "X-Vault-Wrap-TTL ist keine Dauer"));
        return false;
    }
    int len = snprintf(text, 24, "%llu", (unsigned long long)seconds);
    request->wrap_ttl = slice_of(text, len > 0 ? (size_t)len : 0);
    return true;
}

static bool is_name_space(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return text.len <= NAME_SPACE_MAX_BYTES;
}

static bool read_headers(struct exchange *exchange, struct request *request,
                         char wrap_ttl[static 24])
{
    read_session(exchange);
    request->token = read_token(exchange);
    if (request->token.len > REQUEST_TOKEN_MAX_BYTES) {
        gate_refuse(exchange, MHD_HTTP_FORBIDDEN, TEXT("permission denied", "Zugriff verweigert"));
        return false;
    }
    request->name_space = exchange->headers[HEADER_NAME_SPACE];
    if (!is_name_space(request->name_space)) {
        gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    TEXT("X-Vault-Namespace holds other characters than a path has",
                         "X-Vault-Namespace enthält andere Zeichen als ein Pfad"));
        return false;
    }
    return read_wrap_ttl(exchange, request, wrap_ttl);
}

static enum err ask_keep(struct exchange *exchange, const struct request *request)
{
    struct channel *keep = exchange->gate->start.keep;
    struct buf *out = channel_begin(keep, MESSAGE_REQUEST, exchange_id(exchange));
    if (out == NULL) {
        return ERR_BUSY;
    }
    enum err err = request_put(out, request);
    return err == ERR_NONE ? channel_end(keep) : err; /* what was begun and not ended is dropped */
}

enum err gate_request_part(struct exchange *exchange, const struct json *query, struct slice raw)
{
    char wrap_ttl[24];
    struct request request = {.verb = exchange->verb,
                              .path = slice_of(exchange->path, exchange->path_len),
                              .remote = slice_string(exchange->link->remote)};
    if (query == NULL || !read_headers(exchange, &request, wrap_ttl)) {
        return query == NULL ? ERR_MEMORY : ERR_INVALID;
    }
    request.wrap_ttl = SLICE_NONE; /* what is said between parts is for gate */
    request.certificate = gate_tls_peer(exchange);
    request.query = query;
    request.headers = gate_settings_headers(exchange);
    request.raw = raw;
    return ask_keep(exchange, &request);
}

void gate_request(struct exchange *exchange)
{
    struct gate *gate = exchange->gate;
    if (exchange->place == PLACE_PAGE) {
        gate_page(exchange);
        return;
    }
    if (exchange->place == PLACE_OPENAPI) {
        gate_openapi(exchange);
        return;
    }
    char wrap_ttl[24];
    struct complaint complaint = {.text = {NULL, NULL}};
    struct request request = {.verb = exchange->verb,
                              .path = slice_of(exchange->path, exchange->path_len),
                              .remote = slice_string(exchange->link->remote)};
    arena_reset(gate->arena);
    if (!read_headers(exchange, &request, wrap_ttl) ||
        !read_query(exchange, &request, &complaint) || !read_body(exchange, &request, &complaint)) {
        return;
    }
    request.headers = gate_settings_headers(exchange);
    request.certificate = gate_tls_peer(exchange);
    cleanup_buf struct buf chain = BUF_INIT(REQUEST_CHAIN_MAX_BYTES);
    if (request_takes_chain(request.verb, request.path) && gate_tls_chain(exchange, &chain) == ERR_NONE) {
        request.chain = buf_slice(&chain);
    }
    if (gate->stopping || ask_keep(exchange, &request) != ERR_NONE) {
        gate_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                    TEXT("too many requests are waiting, try again",
                         "es warten zu viele Anfragen, bitte erneut versuchen"));
        return;
    }
    exchange->stage = STAGE_WAITING;
    gate->waiting_count++;
    exchange_drop_body(exchange);
    if (++gate->unsent >= FLUSH_AFTER) { /* keep has work while the rest of this round is read */
        gate_flush(gate);
    }
}
