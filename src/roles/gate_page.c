/* What gate answers by itself: the web page, its redirects, and the description of the API. */
#include "roles/gate.h"

#include "net/page.h"

#define PAGE_POLICY                                                                                \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "     \
    "'self'; "                                                                                     \
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

static const struct {
    const char *name, *value;
} page_headers[] = {
    {"Strict-Transport-Security", "max-age=63072000; includeSubDomains"},
    {"Content-Security-Policy", PAGE_POLICY},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
};

static void answer_constant(struct exchange *exchange, unsigned status, const void *bytes,
                            size_t len, const struct page_file *file, bool is_gzip)
{
    /* MHD takes a pointer that is not const, and with PERSISTENT only reads from it. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        for (size_t i = 0; i < sizeof(page_headers) / sizeof(page_headers[0]); i++) {
            gate_header(response, page_headers[i].name, page_headers[i].value);
        }
        gate_settings_page(exchange->gate, response);
        gate_header(response, "ETag", file->etag);
        gate_header(response, "Vary", "Accept-Encoding");
        gate_header(response, "Cache-Control",
                    file->is_unchanging ? "public, max-age=31536000, immutable" : "no-cache");
        if (len > 0) {
            gate_header(response, "Content-Type", file->content_type);
        }
        if (is_gzip) {
            gate_header(response, "Content-Encoding", "gzip");
        }
    }
    exchange->gate->counters.sent_bytes += exchange->is_head ? 0 : len;
    exchange_answer(exchange, status, response);
}

static bool takes_gzip(struct exchange *exchange)
{
    struct slice rest = exchange->headers[HEADER_ACCEPT_ENCODING], part;
    while (slice_split(&rest, ',', &part)) {
        part = slice_trim(part);
        if (slice_is(part, "gzip") || slice_starts(part, SLICE_LITERAL("gzip;q=1"))) {
            return true;
        }
    }
    return false;
}

static void answer_file(struct exchange *exchange, const struct page_file *file)
{
    if (slice_find(exchange->headers[HEADER_IF_NONE_MATCH], slice_string(file->etag)) != SIZE_MAX) {
        answer_constant(exchange, MHD_HTTP_NOT_MODIFIED, NULL, 0, file, false);
    } else if (file->gzip != NULL && takes_gzip(exchange)) {
        answer_constant(exchange, MHD_HTTP_OK, file->gzip, file->gzip_len, file, true);
    } else {
        answer_constant(exchange, MHD_HTTP_OK, file->bytes, file->len, file, false);
    }
}

void gate_redirect(struct exchange *exchange, unsigned status, const char *location)
{
    struct buf empty = BUF_INIT(1);
    struct MHD_Response *response = gate_response(exchange, &empty, NULL);
    if (response != NULL) {
        gate_header(response, "Location", location);
        gate_header(response, "Cache-Control", "no-store");
    }
    exchange_answer(exchange, status, response);
}

/* Where Vault's own page has providers send browsers back to: the page finishes those logins. */
static bool is_way_back(struct slice path)
{
    return slice_starts(path, SLICE_LITERAL("/ui/vault/auth/")) && slice_ends(path, SLICE_LITERAL("/oidc/callback"));
}

void gate_page(struct exchange *exchange)
{
    struct slice path = slice_of(exchange->path, exchange->path_len), start = SLICE_LITERAL("/ui/");
    if (slice_is(path, "/") || slice_is(path, "/ui")) {
        gate_redirect(exchange, MHD_HTTP_FOUND, "/ui/");
        return;
    }
    /* Files are found below /ui/ and, for what browsers ask for by themselves (/favicon.ico,
     * /robots.txt), at the top. */
    struct slice name = slice_from(path, slice_starts(path, start) ? start.len : 1);
    if (name.len == 0 || is_way_back(path)) {
        name = SLICE_LITERAL("index.html");
    }
    for (size_t i = 0; i < page_file_count; i++) {
        if (slice_is(name, page_files[i].path)) {
            answer_file(exchange, &page_files[i]);
            return;
        }
    }
    gate_refuse(exchange, MHD_HTTP_NOT_FOUND,
                TEXT("there is no such page", "diese Seite gibt es nicht"));
}

void gate_openapi(struct exchange *exchange)
{
    struct arena *arena = exchange->gate->arena;
    struct buf out = BUF_INIT(4 << 20);
    struct json *document;
    arena_reset(arena);
    if (route_openapi(arena, &document) != ERR_NONE || json_write(&out, document, 0) != ERR_NONE) {
        buf_free(&out);
        gate_refuse(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
                    TEXT("internal error", "interner Fehler"));
        return;
    }
    struct MHD_Response *response = gate_response(exchange, &out, "application/json");
    if (response != NULL) {
        gate_header(response, "Cache-Control", "no-cache");
    }
    exchange_answer(exchange, MHD_HTTP_OK, response);
}
