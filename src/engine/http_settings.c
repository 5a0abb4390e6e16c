/* sys/config/cors, sys/config/ui/headers, sys/config/auditing/request-headers: see http_settings.h. */
#include "engine/http_settings.h"

#include "engine/operations.h"

#include <string.h>

static const char row_path[] = "core/http";

/* What Vault's clients send, and a page of another origin must be allowed to. */
static const char *const usual_headers[] = {"Content-Type", "X-Requested-With", "X-Vault-AWS-IAM-Server-ID", "X-Vault-MFA", "X-Vault-No-Request-Forwarding", "X-Vault-Wrap-Format",
                                            "X-Vault-Wrap-TTL", "X-Vault-Policy-Override", "Authorization", "X-Vault-Token", "X-Vault-Namespace"};

/* Headers of the page that protect it, or mean something to HTTP itself. */
static const char *const fixed_headers[] = {"Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
                                            "Cross-Origin-Resource-Policy", "X-Frame-Options", "Permissions-Policy", "ETag", "Vary", "Cache-Control", "Content-Type", "Content-Encoding",
                                            "Content-Length", "Transfer-Encoding", "Connection", "Date", "Server", "Location", "Set-Cookie", "Trailer", "Upgrade"};
static const char *const fixed_starts[] = {"X-Vault-", "X-Vogt-", "Access-Control-"};

/* Whoever has the value of one of these is somebody else. */
static const char *const secret_headers[] = {"X-Vault-Token", "Authorization", "Cookie", "Proxy-Authorization"};

static bool is_among(struct slice name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is_caseless(name, names[i])) {
            return true;
        }
    }
    return false;
}
#define IS_AMONG(name, names) is_among((name), (names), sizeof(names) / sizeof((names)[0]))

static bool is_fixed(struct slice name)
{
    for (size_t i = 0; i < sizeof fixed_starts / sizeof fixed_starts[0]; i++) {
        if (slice_starts_caseless(name, slice_string(fixed_starts[i]))) {
            return true;
        }
    }
    return IS_AMONG(name, fixed_headers);
}

/* A token of RFC 9110. */
static bool is_header_name(struct slice name)
{
    return name.len > 0 && name.len <= HTTP_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "!#$%&'*+-.^_`|~");
}

static bool is_printable(struct slice text, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return text.len > 0 && text.len <= max;
}

enum err http_settings_load(struct turn *turn, const struct json **ret_row)
{
    enum err err = turn_json(turn, row_path, ret_row);
    if (err == ERR_NOT_FOUND) {
        *ret_row = json_new(turn->arena, JSON_OBJECT);
        return *ret_row == NULL ? ERR_MEMORY : ERR_NONE;
    }
    return err;
}

enum err http_settings_tell(struct turn *turn, const struct json *row)
{
    struct http_settings *settings = turn->around->http;
    cleanup_buf struct buf packed = BUF_INIT(HTTP_SETTINGS_MAX_BYTES);
    if (settings == NULL) {
        return ERR_NONE;
    }
    enum err err = json_pack(&packed, row);
    if (err != ERR_NONE) {
        return err == ERR_TOO_LARGE ? turn_refuse(turn, ERR_INVALID, TEXT("these settings are too many", "das sind zu viele Einstellungen"), SLICE_NONE) : err;
    }
    buf_free(&settings->packed);
    settings->packed = buf_take(&packed);
    settings->number++;
    return ERR_NONE;
}

/* A copy of the row to change. */
static enum err open_row(struct turn *turn, struct json **ret_row)
{
    const struct json *row = NULL;
    enum err err = http_settings_load(turn, &row);
    struct json *copy = err == ERR_NONE ? json_copy(turn->arena, row) : NULL;
    if (err == ERR_NONE && copy == NULL) {
        return ERR_MEMORY;
    }
    *ret_row = copy;
    return err;
}

static enum err close_row(struct turn *turn, const struct json *row)
{
    enum err err = turn_put_json(turn, row_path, row, 0);
    err = err == ERR_NONE ? http_settings_tell(turn, row) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* A copy of an object without one member. */
static struct json *without(struct arena *arena, const struct json *object, struct slice name)
{
    struct json *copy = json_new(arena, JSON_OBJECT);
    for (const struct json *one = object == NULL ? NULL : object->first; one != NULL; one = one->next) {
        if (!slice_equal_caseless(one->name, name)) {
            json_set(arena, copy, arena_string(arena, one->name), json_copy(arena, one));
        }
    }
    return copy;
}

/* ---- headers in records ---- */

struct json *http_settings_headers(struct arena *arena, const struct json *headers, http_hash_fn hash, struct slice salt)
{
    struct json *copy = headers == NULL || headers->count == 0 ? NULL : json_new(arena, JSON_OBJECT);
    for (const struct json *one = copy == NULL ? NULL : headers->first; one != NULL; one = one->next) {
        struct json *values = json_set_array(arena, copy, arena_string(arena, one->name));
        bool is_hashed = json_bool(one, "hmac", true);
        const struct json *given = json_member(one, "values");
        for (const struct json *value = given == NULL ? NULL : given->first; value != NULL; value = value->next) {
            json_append(values, json_string(arena, is_hashed ? hash(arena, salt, value->text) : value->text));
        }
    }
    return copy;
}

enum err operation_sys_request_headers_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = http_settings_load(turn, &row);
    const struct json *headers = json_member(row, "headers");
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (err != ERR_NONE) {
        return err;
    }
    if (turn->values[0].len == 0) {
        json_set(turn->arena, data, "headers", headers == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, headers));
        return turn_reply_both(turn, data);
    }
    char *name = arena_lower(turn->arena, turn->values[0]);
    const struct json *found = json_member(headers, name);
    return found == NULL ? ERR_NOT_FOUND : json_set(turn->arena, data, name, json_copy(turn->arena, found)) == NULL ? ERR_MEMORY : turn_reply_both(turn, data);
}

enum err operation_sys_request_headers_write(struct turn *turn)
{
    struct json *row = NULL;
    struct slice name = turn->values[0];
    enum err err = open_row(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (!is_header_name(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this is no name of a header", "das ist kein Name einer Kopfzeile"), name);
    }
    if (IS_AMONG(name, secret_headers)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this header carries secrets: records never name it", "diese Kopfzeile trägt Geheimnisse: Einträge nennen sie nie"), name);
    }
    char *key = arena_lower(turn->arena, name);
    struct json *headers = without(turn->arena, json_member(row, "headers"), slice_string(key));
    if (headers == NULL || headers->count >= HTTP_HEADERS_MAX) {
        return headers == NULL ? ERR_MEMORY : turn_refuse(turn, ERR_INVALID, TEXT("records name 32 headers at most", "Einträge nennen höchstens 32 Kopfzeilen"), name);
    }
    json_set_bool(turn->arena, json_set_object(turn->arena, headers, key), "hmac", json_bool(turn->request->body, "hmac", false));
    struct json *changed = without(turn->arena, row, SLICE_LITERAL("headers"));
    return json_set(turn->arena, changed, "headers", headers) == NULL ? ERR_MEMORY : close_row(turn, changed);
}

enum err operation_sys_request_headers_delete(struct turn *turn)
{
    struct json *row = NULL;
    enum err err = open_row(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *headers = without(turn->arena, json_member(row, "headers"), turn->values[0]), *changed = without(turn->arena, row, SLICE_LITERAL("headers"));
    return json_set(turn->arena, changed, "headers", headers) == NULL ? ERR_MEMORY : close_row(turn, changed);
}

/* ---- other origins ---- */

enum err operation_sys_cors_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = http_settings_load(turn, &row);
    const struct json *origins = json_member(row, "origins"), *allowed = json_member(row, "allowed");
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_bool(turn->arena, data, "enabled", origins != NULL);
    if (origins == NULL) {
        json_set_null(turn->arena, data, "allowed_origins");
        json_set_null(turn->arena, data, "allowed_headers");
    } else {
        json_set(turn->arena, data, "allowed_origins", json_copy(turn->arena, origins));
        json_set(turn->arena, data, "allowed_headers", json_copy(turn->arena, allowed));
    }
    return turn_reply_both(turn, data);
}

/* "https://app.example", "http://localhost:3000" or "*" */
static bool is_origin(struct slice text)
{
    struct slice https = SLICE_LITERAL("https://"), http = SLICE_LITERAL("http://");
    struct slice rest = slice_starts(text, https) ? slice_from(text, https.len) : slice_starts(text, http) ? slice_from(text, http.len) : SLICE_NONE;
    return slice_is(text, "*") || (is_printable(rest, HTTP_VALUE_MAX_BYTES) && slice_find_byte(rest, '/') == SIZE_MAX && slice_find_byte(rest, '*') == SIZE_MAX && slice_find_byte(rest, ' ') == SIZE_MAX);
}

static enum err refuse_origins(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("origins are https://host:port, without a path, or * alone; 32 at most", "Herkünfte sind https://rechner:port, ohne Pfad, oder * allein; höchstens 32"), SLICE_NONE);
}

enum err operation_sys_cors_write(struct turn *turn)
{
    const struct json *origins = json_member(turn->request->body, "allowed_origins"), *headers = json_member(turn->request->body, "allowed_headers");
    struct json *row = NULL;
    enum err err = open_row(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (origins == NULL || origins->count == 0 || origins->count > HTTP_HEADERS_MAX || (headers != NULL && headers->count > HTTP_HEADERS_MAX)) {
        return refuse_origins(turn);
    }
    for (const struct json *one = origins->first; one != NULL; one = one->next) {
        if (!is_origin(one->text) || (slice_is(one->text, "*") && origins->count > 1)) {
            return refuse_origins(turn);
        }
    }
    struct json *changed = without(turn->arena, without(turn->arena, row, SLICE_LITERAL("origins")), SLICE_LITERAL("allowed"));
    json_set(turn->arena, changed, "origins", json_copy(turn->arena, origins));
    struct json *allowed = json_set_array(turn->arena, changed, "allowed");
    for (size_t i = 0; i < sizeof usual_headers / sizeof usual_headers[0]; i++) {
        json_append(allowed, json_string(turn->arena, slice_string(usual_headers[i])));
    }
    for (const struct json *one = headers == NULL ? NULL : headers->first; one != NULL; one = one->next) {
        if (!is_header_name(one->text) || slice_is_caseless(one->text, "x-vogt-session")) {
            return turn_refuse(turn, ERR_INVALID, TEXT("this header cannot be allowed to other origins", "diese Kopfzeile lässt sich fremden Herkünften nicht erlauben"), SLICE_NONE);
        }
        if (!IS_AMONG(one->text, usual_headers)) {
            json_append(allowed, json_copy(turn->arena, one));
        }
    }
    return allowed == NULL ? ERR_MEMORY : close_row(turn, changed);
}

enum err operation_sys_cors_delete(struct turn *turn)
{
    struct json *row = NULL;
    enum err err = open_row(turn, &row);
    return err != ERR_NONE ? err : close_row(turn, without(turn->arena, without(turn->arena, row, SLICE_LITERAL("origins")), SLICE_LITERAL("allowed")));
}

/* ---- the page's headers ---- */

static const struct json *find_header(const struct json *row, struct slice name)
{
    const struct json *page = json_member(row, "page"), *one = page == NULL ? NULL : page->first;
    while (one != NULL && !slice_equal_caseless(one->name, name)) {
        one = one->next;
    }
    return one;
}

enum err operation_sys_headers_list(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = http_settings_load(turn, &row);
    const struct json *page = json_member(row, "page");
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    if (err != ERR_NONE || page == NULL || page->count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    for (const struct json *one = page->first; one != NULL; one = one->next) {
        json_append(keys, json_string(turn->arena, one->name));
    }
    return turn_reply_data(turn, data);
}

enum err operation_sys_headers_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = http_settings_load(turn, &row);
    const struct json *values = err == ERR_NONE ? find_header(row, turn->values[0]) : NULL;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (values == NULL) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    if (slice_is(turn_query(turn, "multivalue"), "true")) {
        json_set(turn->arena, data, "values", json_copy(turn->arena, values));
    } else {
        json_set_string(turn->arena, data, "value", values->first->text);
    }
    return turn_reply_data(turn, data);
}

enum err operation_sys_headers_write(struct turn *turn)
{
    const struct json *values = json_member(turn->request->body, "values");
    struct json *row = NULL;
    struct slice name = turn->values[0];
    enum err err = open_row(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (!is_header_name(name) || is_fixed(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this header of the page is fixed: what it protects does not depend on a setting", "diese Kopfzeile der Seite steht fest: ihr Schutz hängt an keiner Einstellung"), name);
    }
    for (const struct json *one = values == NULL ? NULL : values->first; one != NULL; one = one->next) {
        if (!is_printable(one->text, HTTP_VALUE_MAX_BYTES)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("a value has 1 to 1024 printable characters of ASCII", "ein Wert hat 1 bis 1024 druckbare Zeichen aus ASCII"), SLICE_NONE);
        }
    }
    struct json *page = without(turn->arena, json_member(row, "page"), name), *changed = without(turn->arena, row, SLICE_LITERAL("page"));
    if (values == NULL || values->count == 0 || values->count > HTTP_HEADERS_MAX || page == NULL || page->count >= HTTP_HEADERS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("values has 1 to 32 texts, and the page 32 headers at most", "values hat 1 bis 32 Texte, und die Seite höchstens 32 Kopfzeilen"), name);
    }
    json_set(turn->arena, page, arena_string(turn->arena, name), json_copy(turn->arena, values));
    return json_set(turn->arena, changed, "page", page) == NULL ? ERR_MEMORY : close_row(turn, changed);
}

enum err operation_sys_headers_delete(struct turn *turn)
{
    struct json *row = NULL;
    enum err err = open_row(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *page = without(turn->arena, json_member(row, "page"), turn->values[0]), *changed = without(turn->arena, row, SLICE_LITERAL("page"));
    return json_set(turn->arena, changed, "page", page) == NULL ? ERR_MEMORY : close_row(turn, changed);
}
