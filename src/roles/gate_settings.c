/* Settings of HTTP as keep told them (engine/http_settings.h): headers that records name, pages of other origins, the page's further headers. */
#include "roles/gate.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20, VALUES_MAX = 8, VALUES_MAX_BYTES = 4 << 10 /* of all headers that a record names; what is longer is cut */ };

static const char methods[] = "DELETE, GET, OPTIONS, POST, PUT, PATCH, LIST, SCAN", preflight_seconds[] = "300";

enum err gate_settings(struct gate *gate, struct slice body)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct json *tree = NULL;
    struct slice kept = arena == NULL ? SLICE_NONE : arena_copy(arena, body); /* the tree borrows from it */
    enum err err = kept.data == NULL ? ERR_MEMORY : json_unpack(arena, kept, &tree);
    if (err != ERR_NONE) {
        arena_free(arena);
        return err;
    }
    arena_free(gate->settings_arena);
    gate->settings_arena = arena;
    gate->settings = tree;
    return ERR_NONE;
}

/* ---- headers that records name ---- */

struct named {
    struct arena *arena;
    struct slice name;
    struct json *values;
    size_t left_bytes;
};

/* Whatever a client sends becomes text: bytes that are none stand as \xff. */
static struct slice text_of(struct named *named, const char *value)
{
    static const char digits[] = "0123456789abcdef";
    struct slice given = slice_string(value == NULL ? "" : value);
    bool is_text = utf8_valid(given);
    size_t max = is_text ? given.len : 4 * given.len, len = 0;
    char *text = arena_alloc(named->arena, max + 1);
    for (size_t i = 0; text != NULL && i < given.len; i++) {
        uint8_t byte = given.data[i];
        if (is_text || byte < 0x80) {
            text[len++] = (char)byte;
            continue;
        }
        text[len++] = '\\';
        text[len++] = 'x';
        text[len++] = digits[byte >> 4];
        text[len++] = digits[byte & 15];
    }
    if (len > named->left_bytes) {
        len = named->left_bytes;
        while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80) {
            len--; /* not within a character */
        }
    }
    named->left_bytes -= text == NULL ? 0 : len;
    return slice_of(text, text == NULL ? 0 : len);
}

static enum MHD_Result take_named(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct named *named = context;
    (void)kind;
    if (slice_is_caseless(named->name, name) && named->values->count < VALUES_MAX) {
        json_append(named->values, json_string(named->arena, text_of(named, value)));
    }
    return MHD_YES;
}

const struct json *gate_settings_headers(struct exchange *exchange)
{
    const struct json *wanted = json_member(exchange->gate->settings, "headers");
    struct arena *arena = exchange->gate->arena;
    struct json *found = wanted == NULL || wanted->count == 0 ? NULL : json_new(arena, JSON_OBJECT);
    struct named named = {.arena = arena, .left_bytes = VALUES_MAX_BYTES};
    for (const struct json *one = found == NULL ? NULL : wanted->first; one != NULL; one = one->next) {
        struct json *entry = json_new(arena, JSON_OBJECT);
        json_set_bool(arena, entry, "hmac", json_bool(one, "hmac", true));
        named.name = one->name;
        named.values = json_set_array(arena, entry, "values");
        if (named.values == NULL) {
            return NULL;
        }
        (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_named, &named);
        if (named.values->count > 0) {
            json_set(arena, found, arena_string(arena, one->name), entry);
        }
    }
    return found == NULL || found->count == 0 ? NULL : found;
}

/* ---- other origins ---- */

static bool is_allowed(const struct json *origins, struct slice origin)
{
    for (const struct json *one = origins->first; one != NULL; one = one->next) {
        if (slice_is(one->text, "*") || slice_equal(one->text, origin)) {
            return true;
        }
    }
    return false;
}

/* The page that Vogt itself serves: browsers name its origin with every POST. */
static bool is_own(const struct exchange *exchange, struct slice origin)
{
    size_t scheme = slice_find(origin, SLICE_LITERAL("://"));
    struct slice host = exchange->headers[HEADER_HOST];
    return scheme != SIZE_MAX && host.len > 0 && slice_equal(slice_from(origin, scheme + 3), host);
}

static void add_list(struct MHD_Response *response, const char *name, const struct json *list)
{
    cleanup_buf struct buf text = BUF_INIT(8192);
    enum err err = ERR_NONE;
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL && err == ERR_NONE; one = one->next) {
        err = one == list->first ? ERR_NONE : buf_append_string(&text, ", ");
        err = err == ERR_NONE ? buf_append(&text, one->text) : err;
    }
    err = err == ERR_NONE ? buf_append_byte(&text, 0) : err;
    if (err == ERR_NONE) {
        gate_header(response, name, (const char *)text.data);
    }
}

static void answer_preflight(struct exchange *exchange)
{
    struct buf empty = BUF_INIT(1);
    struct MHD_Response *response = gate_response(exchange, &empty, NULL);
    if (response != NULL) {
        gate_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, methods);
        add_list(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, json_member(exchange->gate->settings, "allowed"));
        gate_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, preflight_seconds);
    }
    exchange_answer(exchange, MHD_HTTP_NO_CONTENT, response);
}

/* A provider's form (OAuth 2.0 Form Post Response Mode): the browser itself comes along, no script reads the answer. */
static bool is_provider_form(struct slice path, const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0 && slice_ends(path, SLICE_LITERAL("/oidc/callback"));
}

bool gate_settings_origin(struct exchange *exchange, struct slice path, const char *method)
{
    const struct json *origins = json_member(exchange->gate->settings, "origins");
    struct slice origin = exchange->headers[HEADER_ORIGIN];
    if (origins == NULL || origin.len == 0 || is_own(exchange, origin) || is_provider_form(path, method)) {
        return true;
    }
    exchange->is_other_origin = is_allowed(origins, origin);
    if (!exchange->is_other_origin) {
        gate_refuse(exchange, MHD_HTTP_FORBIDDEN, TEXT("origin not allowed", "diese Herkunft ist nicht erlaubt"));
        return false;
    }
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0) {
        answer_preflight(exchange);
        return false;
    }
    return true;
}

void gate_settings_reply(const struct exchange *exchange, struct MHD_Response *response)
{
    if (exchange->is_other_origin) {
        gate_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, (const char *)exchange->headers[HEADER_ORIGIN].data);
        gate_header(response, MHD_HTTP_HEADER_VARY, "Origin");
    }
}

/* ---- the page ---- */

void gate_settings_page(struct gate *gate, struct MHD_Response *response)
{
    arena_reset(gate->arena);
    const struct json *page = json_member(gate->settings, "page");
    for (const struct json *one = page == NULL ? NULL : page->first; one != NULL; one = one->next) {
        for (const struct json *value = one->first; value != NULL; value = value->next) {
            gate_header(response, arena_string(gate->arena, one->name), arena_string(gate->arena, value->text));
        }
    }
}
