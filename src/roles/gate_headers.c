/* One pass over the headers of a request. What two readers could understand in two ways is refused
 * here. */
#include "roles/gate.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    bool may_repeat; /* a list: the first line of it is enough for us */
} rows[HEADER_COUNT] = {
    [HEADER_HOST] = {"Host", false},
    [HEADER_CONTENT_LENGTH] = {"Content-Length", false},
    [HEADER_TRANSFER_ENCODING] = {"Transfer-Encoding", false},
    [HEADER_CONTENT_TYPE] = {"Content-Type", false},
    [HEADER_TOKEN] = {"X-Vault-Token", false},
    [HEADER_AUTHORIZATION] = {"Authorization", false},
    [HEADER_NAME_SPACE] = {"X-Vault-Namespace", false},
    [HEADER_WRAP_TTL] = {"X-Vault-Wrap-TTL", false},
    [HEADER_SESSION] = {"X-Vogt-Session", false},
    [HEADER_ACCEPT_LANGUAGE] = {"Accept-Language", true},
    [HEADER_ACCEPT_ENCODING] = {"Accept-Encoding", true},
    [HEADER_IF_NONE_MATCH] = {"If-None-Match", true},
    [HEADER_ORIGIN] = {"Origin", false},
};

struct scan {
    struct exchange *exchange;
    const char *repeated;
};

static enum MHD_Result take(void *context, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    struct scan *scan = context;
    (void)kind;
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (strcasecmp(name, rows[i].name) != 0) {
            continue;
        }
        if (scan->exchange->headers[i].data == NULL) {
            scan->exchange->headers[i] = slice_string(value == NULL ? "" : value);
        } else if (!rows[i].may_repeat) {
            scan->repeated = rows[i].name;
        }
        break;
    }
    return MHD_YES;
}

bool gate_header_starts(const struct exchange *exchange, enum header header, const char *start)
{
    return slice_starts_caseless(exchange->headers[header], slice_string(start));
}

bool gate_headers(struct exchange *exchange, const char *version)
{
    struct scan scan = {exchange, NULL};
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take, &scan);
    exchange->language = gate_header_starts(exchange, HEADER_ACCEPT_LANGUAGE, "de")
                             ? LANGUAGE_GERMAN
                             : LANGUAGE_ENGLISH;
    if (scan.repeated != NULL) {
        gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    TEXT("a header stands twice that may stand once",
                         "eine Kopfzeile steht doppelt, die nur einmal stehen darf"));
        return false;
    }
    bool is_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    if (exchange->headers[HEADER_HOST].len == 0 && !is_1_0) {
        gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    TEXT("the Host header is missing", "die Kopfzeile Host fehlt"));
        return false;
    }
    if (exchange->headers[HEADER_CONTENT_LENGTH].data != NULL &&
        exchange->headers[HEADER_TRANSFER_ENCODING].data != NULL) {
        gate_refuse(exchange, MHD_HTTP_BAD_REQUEST,
                    TEXT("Content-Length and Transfer-Encoding contradict each other",
                         "Content-Length und Transfer-Encoding widersprechen einander"));
        return false;
    }
    return true;
}
