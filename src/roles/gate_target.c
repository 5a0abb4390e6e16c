/* Which place a target belongs to, and by which verb and route. Everything is refused here that
 * needs no body to be refused. */
#include "roles/gate.h"

#include <stdio.h>
#include <string.h>

#include "net/url.h"

static const struct {
    const char *start;
    bool whole; /* the path is this and nothing follows */
    enum place place;
} places[] = {
    {"/v1/", false, PLACE_API},        {"/ledger/", false, PLACE_LEDGER},
    {"/metrics", true, PLACE_METRICS}, {"/openapi.json", true, PLACE_OPENAPI},
    {"/", false, PLACE_PAGE},
};

static const struct {
    const char *name;
    enum verb verb;
} methods[] = {
    {"GET", VERB_READ},  {"POST", VERB_WRITE},    {"PUT", VERB_WRITE},   {"LIST", VERB_LIST},
    {"HEAD", VERB_READ}, {"DELETE", VERB_DELETE}, {"PATCH", VERB_PATCH},
    {"SCAN", VERB_SCAN},
};

static bool refuse(struct exchange *exchange, unsigned status, struct text text)
{
    gate_refuse(exchange, status, text);
    return false;
}

static bool refuse_method(struct exchange *exchange)
{
    return refuse(exchange, MHD_HTTP_METHOD_NOT_ALLOWED,
                  TEXT("unsupported operation", "Operation nicht unterstützt"));
}

static enum verb verb_of(const char *method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i].name) == 0) {
            return methods[i].verb;
        }
    }
    return VERB_NONE;
}

/* A GET that means to list: clients that cannot send other methods say so in the query. */
static enum verb meant_verb(struct slice query)
{
    static const struct {
        const char *start;
        enum verb verb;
    } names[] = {{"list=", VERB_LIST}, {"scan=", VERB_SCAN}};
    /* what Vault takes for true; Python's clients write True */
    static const char *const truths[] = {"true", "1", "True", "TRUE", "t", "T"};
    struct slice part;
    while (slice_split(&query, '&', &part)) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            struct slice start = slice_string(names[i].start);
            for (size_t k = 0; slice_starts(part, start) && k < sizeof(truths) / sizeof(truths[0]); k++) {
                if (slice_is(slice_from(part, start.len), truths[k])) {
                    return names[i].verb;
                }
            }
        }
    }
    return VERB_READ;
}

/* "/ledger/evidence/checkpoint" -> "ledger/evidence/tile/checkpoint"; "/ledger/evidence/tile/0/000"
 * keeps its path: the public layout is the one that C2SP tlog-tiles prescribes, keep has one route
 * for all of it. */
static bool ledger_path(struct exchange *exchange, struct slice path)
{
    struct slice rest = slice_from(path, strlen("/ledger/")), log;
    if (!slice_split(&rest, '/', &log) || (!slice_is(log, "evidence") && !slice_is(log, "audit"))) {
        return false;
    }
    bool is_checkpoint = slice_is(rest, "checkpoint");
    if (!is_checkpoint && !slice_starts(rest, SLICE_LITERAL("tile/"))) {
        return false;
    }
    int len = snprintf(exchange->path, sizeof(exchange->path), "ledger/%.*s/%s%.*s", (int)log.len,
                       (const char *)log.data, is_checkpoint ? "tile/" : "", (int)rest.len,
                       (const char *)rest.data);
    exchange->path_len = len > 0 && (size_t)len < sizeof(exchange->path) ? (size_t)len : 0;
    return exchange->path_len > 0;
}

static bool set_path(struct exchange *exchange, struct slice path)
{
    if (path.len > REQUEST_PATH_MAX_BYTES) {
        return refuse(
            exchange, MHD_HTTP_URI_TOO_LONG,
            TEXT("the path is longer than 480 bytes", "der Pfad ist länger als 480 Bytes"));
    }
    if (path.len > 0) {
        memcpy(exchange->path, path.data, path.len);
    }
    exchange->path_len = path.len;
    return true;
}

static bool find_route(struct exchange *exchange)
{
    struct route_match match;
    enum err err = route_find(exchange->verb, slice_of(exchange->path, exchange->path_len), &match);
    if (err == ERR_METHOD) {
        return refuse_method(exchange);
    }
    if (err != ERR_NONE && !route_may_be_mounted(slice_of(exchange->path, exchange->path_len))) {
        return refuse(exchange, MHD_HTTP_NOT_FOUND,
                      TEXT("no handler for route", "unter diesem Pfad gibt es nichts"));
    }
    /* what no row knows may lie under a mount: keep knows, after it has seen the token */
    exchange->route = err == ERR_NONE ? match.route : route_mounted();
    if (exchange->verb == VERB_PATCH &&
        !gate_header_starts(exchange, HEADER_CONTENT_TYPE, "application/merge-patch+json")) {
        return refuse(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      TEXT("PATCH takes Content-Type: application/merge-patch+json",
                           "PATCH nimmt Content-Type: application/merge-patch+json"));
    }
    return true;
}

static bool place_path(struct exchange *exchange, struct slice path)
{
    if (exchange->place == PLACE_API) {
        return set_path(exchange, slice_from(path, strlen("/v1/"))) && find_route(exchange);
    }
    if (exchange->verb != VERB_READ) {
        return refuse_method(exchange);
    }
    if (exchange->place == PLACE_METRICS) {
        return set_path(exchange, SLICE_LITERAL("sys/metrics")) && find_route(exchange);
    }
    if (exchange->place != PLACE_LEDGER) {
        return set_path(exchange, path);
    }
    if (!ledger_path(exchange, path)) {
        return refuse(exchange, MHD_HTTP_NOT_FOUND,
                      TEXT("no such part of the ledger", "diesen Teil des Ledgers gibt es nicht"));
    }
    return find_route(exchange);
}

bool gate_target(struct exchange *exchange, const char *method)
{
    uint8_t space[GATE_URL_MAX_BYTES];
    struct buf decoded = {space, 0, sizeof(space), sizeof(space)};
    struct target target;
    if (exchange->uri_len > GATE_URL_MAX_BYTES) {
        return refuse(exchange, MHD_HTTP_URI_TOO_LONG,
                      TEXT("the address is longer than 2 KiB", "die Adresse ist länger als 2 KiB"));
    }
    if (target_split(slice_of(exchange->uri, exchange->uri_len), &target) != ERR_NONE ||
        url_decode_path(&decoded, target.path) != ERR_NONE) {
        return refuse(exchange, MHD_HTTP_BAD_REQUEST,
                      TEXT("the path is not well-formed UTF-8 with %XX escapes",
                           "der Pfad ist kein wohlgeformtes UTF-8 mit %XX-Zeichen"));
    }
    struct slice path = buf_slice(&decoded);
    if (slice_starts(path, SLICE_LITERAL("/v1/")) && !gate_settings_origin(exchange, path, method)) {
        return false;
    }
    exchange->verb = verb_of(method);
    if (exchange->verb == VERB_NONE) {
        return refuse_method(exchange);
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct slice start = slice_string(places[i].start);
        if (places[i].whole ? slice_equal(path, start) : slice_starts(path, start)) {
            exchange->place = places[i].place;
            break;
        }
    }
    if (exchange->place == PLACE_API && exchange->verb == VERB_READ) {
        exchange->verb = meant_verb(target.query);
    }
    return place_path(exchange, path);
}
