#include "net/http_client.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

enum {
    TIMEOUT_DEFAULT_MS = 30000,
    CONNECT_MAX_MS = 10000,
    REPLY_DEFAULT_BYTES = 16 << 20,
    HEADERS_MAX_BYTES = 64 << 10,
};

struct http_client {
    CURL *curl;
};

/* What the callbacks of one transfer share. */
struct transfer {
    CURL *curl;
    const struct http_request *request;
    struct http_reply reply;
    bool too_large, ended_by_sink, ended_by_source;
    uint64_t given_bytes; /* of the source */
};

static const struct failure {
    CURLcode code;
    enum err err;
    struct text text;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST,
     ERR_UNREACHABLE,
     {"the host name cannot be resolved; check the address",
      "der Rechnername ist unbekannt; bitte die Adresse prüfen"}},
    {CURLE_COULDNT_CONNECT,
     ERR_UNREACHABLE,
     {"nothing answers at this address; is Vogt running there?",
      "unter dieser Adresse antwortet nichts; läuft Vogt dort?"}},
    {CURLE_OPERATION_TIMEDOUT,
     ERR_TIMEOUT,
     {"no complete answer within the time allowed",
      "keine vollständige Antwort in der erlaubten Zeit"}},
    {CURLE_PEER_FAILED_VERIFICATION,
     ERR_FORGED,
     {"the server's certificate is not the one expected; check VOGT_CACERT or --dir",
      "das Zertifikat des Servers ist nicht das erwartete; bitte VOGT_CACERT oder --dir prüfen"}},
    {CURLE_SSL_CACERT_BADFILE,
     ERR_INVALID,
     {"the file of trusted certificates cannot be read",
      "die Datei mit vertrauten Zertifikaten ist nicht lesbar"}},
    {CURLE_SSL_CONNECT_ERROR,
     ERR_UNREACHABLE,
     {"no TLS connection came about", "es kam keine TLS-Verbindung zustande"}},
    {CURLE_URL_MALFORMAT,
     ERR_INVALID,
     {"this is no address of a server; https://HOST:PORT is",
      "das ist keine Serveradresse; https://HOST:PORT ist eine"}},
    {CURLE_UNSUPPORTED_PROTOCOL,
     ERR_INVALID,
     {"only https:// addresses are used", "nur Adressen mit https:// werden benutzt"}},
    {CURLE_GOT_NOTHING,
     ERR_CLOSED,
     {"the server closed the connection without an answer",
      "der Server schloss die Verbindung ohne Antwort"}},
    {CURLE_RECV_ERROR, ERR_CLOSED, {"the answer was cut short", "die Antwort brach ab"}},
    {CURLE_PARTIAL_FILE, ERR_CLOSED, {"the answer was cut short", "die Antwort brach ab"}},
    {CURLE_SEND_ERROR,
     ERR_CLOSED,
     {"the server closed the connection while it was being asked",
      "der Server schloss die Verbindung während der Anfrage"}},
    {CURLE_OUT_OF_MEMORY, ERR_MEMORY, {"out of memory", "nicht genug Speicher"}},
};

struct http_client *http_client_new(void)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return NULL;
    }
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        curl_global_cleanup();
        free(client);
        return NULL;
    }
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        curl_global_cleanup();
        free(client);
    }
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count; /* libcurl: size is always 1 */
    long status = 0;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->request->sink != NULL && status >= 200 && status < 300) {
        transfer->ended_by_sink =
            !transfer->request->sink(transfer->request->sink_context, slice_of(data, len));
        return transfer->ended_by_sink ? 0 : len;
    }
    transfer->too_large = buf_append(&transfer->reply.body, slice_of(data, len)) != ERR_NONE;
    return transfer->too_large ? 0 : len;
}

static size_t give_body(char *into, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct http_request *request = transfer->request;
    uint64_t left = request->source_bytes - transfer->given_bytes;
    size_t max = size * count < left ? size * count : (size_t)left;
    size_t given = max == 0 ? 0 : request->source(request->source_context, transfer->given_bytes, into, max);
    transfer->given_bytes += given;
    transfer->ended_by_source = max > 0 && given == 0;
    return transfer->ended_by_source ? CURL_READFUNC_ABORT : given;
}

/* A kept connection that turned out to be closed: the same once more. */
static int begin_body_again(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > transfer->request->source_bytes) {
        return CURL_SEEKFUNC_FAIL;
    }
    transfer->given_bytes = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* A status line begins a new response: what an interim one (100 Continue) said is forgotten. */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;
    if (slice_starts(slice_of(data, len), SLICE_LITERAL("HTTP/"))) {
        buf_clear(&transfer->reply.headers);
        return len;
    }
    transfer->too_large = buf_append(&transfer->reply.headers, slice_of(data, len)) != ERR_NONE;
    return transfer->too_large ? 0 : len;
}

static struct curl_slist *header_list(const struct http_request *request, bool *ret_good)
{
    /* Without this libcurl asks for "100 Continue" first and adds a content type of its own. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    *ret_good = list != NULL;
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL && *ret_good; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        *ret_good = longer != NULL;
        list = longer == NULL ? list : longer;
    }
    return list;
}

static void headers_free(struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next) {
        explicit_bzero(line->data, strlen(line->data)); /* tokens stand here */
    }
    curl_slist_free_all(list);
}

/* The first refusal is kept: an option that this libcurl does not know must not be passed over. */
#define SET(code, curl, option, value)                                                             \
    do {                                                                                           \
        CURLcode set_code = curl_easy_setopt((curl), (option), (value));                           \
        if (*(code) == CURLE_OK) {                                                                 \
            *(code) = set_code;                                                                    \
        }                                                                                          \
    } while (0)

static void set_trust(CURL *curl, const struct http_request *request, CURLcode *code)
{
    bool is_pinned = request->pinned_pem.len > 0;
    SET(code, curl, CURLOPT_SSL_VERIFYPEER, request->trust_anyone ? 0L : 1L);
    SET(code, curl, CURLOPT_SSL_VERIFYHOST, is_pinned || request->trust_anyone ? 0L : 2L);
    SET(code, curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (is_pinned) {
        struct curl_blob blob = {.data = (void *)(uintptr_t)request->pinned_pem.data,
                                 .len = request->pinned_pem.len,
                                 .flags = CURL_BLOB_COPY};
        SET(code, curl, CURLOPT_CAINFO, NULL);
        SET(code, curl, CURLOPT_CAPATH, NULL);
        SET(code, curl, CURLOPT_CAINFO_BLOB, &blob);
    } else if (request->authorities_pem.len > 0) {
        struct curl_blob blob = {.data = (void *)(uintptr_t)request->authorities_pem.data,
                                 .len = request->authorities_pem.len,
                                 .flags = CURL_BLOB_COPY};
        SET(code, curl, CURLOPT_CAINFO, NULL);
        SET(code, curl, CURLOPT_CAPATH, NULL);
        SET(code, curl, CURLOPT_CAINFO_BLOB, &blob);
    } else if (request->authorities_file != NULL) {
        SET(code, curl, CURLOPT_CAPATH, NULL);
        SET(code, curl, CURLOPT_CAINFO, request->authorities_file);
    }
    if (request->client_certificate_file != NULL) {
        SET(code, curl, CURLOPT_SSLCERT, request->client_certificate_file);
        SET(code, curl, CURLOPT_SSLKEY, request->client_key_file);
    }
}

static void set_source(struct transfer *transfer, CURLcode *code)
{
    SET(code, transfer->curl, CURLOPT_POST, 1L);
    SET(code, transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->request->source_bytes);
    SET(code, transfer->curl, CURLOPT_READFUNCTION, give_body);
    SET(code, transfer->curl, CURLOPT_READDATA, transfer);
    SET(code, transfer->curl, CURLOPT_SEEKFUNCTION, begin_body_again);
    SET(code, transfer->curl, CURLOPT_SEEKDATA, transfer);
}

static void set_method(struct transfer *transfer, CURLcode *code)
{
    CURL *curl = transfer->curl;
    const struct http_request *request = transfer->request;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    bool has_body = request->body.len > 0 || strcmp(request->method, "POST") == 0 ||
                    strcmp(request->method, "PUT") == 0;
    if (request->source != NULL) {
        set_source(transfer, code);
    } else if (has_body && !is_head) {
        SET(code, curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(code, curl, CURLOPT_POSTFIELDS,
            request->body.len == 0 ? "" : (const char *)request->body.data);
    }
    SET(code, curl, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (!is_head) {
        SET(code, curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

/* A name may lead anywhere; the addresses at which clouds answer every machine on it are nobody's
 * service. */
static bool is_link_local(const struct curl_sockaddr *address)
{
    if (address->family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, &address->addr, sizeof(four));
        return (ntohl(four.sin_addr.s_addr) >> 16) == 0xa9fe;
    }
    struct sockaddr_in6 six;
    memcpy(&six, &address->addr, sizeof(six));
    const uint8_t *bytes = six.sin6_addr.s6_addr;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
           (memcmp(bytes, mapped, sizeof(mapped)) == 0 && bytes[12] == 169 && bytes[13] == 254);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    if (purpose != CURLSOCKTYPE_IPCXN) {
        return CURL_SOCKET_BAD;
    }
    if (address->family != AF_INET && address->family != AF_INET6) {
        return CURL_SOCKET_BAD;
    }
    return is_link_local(address)
               ? CURL_SOCKET_BAD
               : socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode set_up(struct transfer *transfer, struct curl_slist *headers)
{
    CURL *curl = transfer->curl;
    const struct http_request *request = transfer->request;
    long timeout_ms = request->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS : (long)request->timeout_ms;
    CURLcode code = CURLE_OK;
    curl_easy_reset(curl); /* connections live on */
    SET(&code, curl, CURLOPT_URL, request->url);
    SET(&code, curl, CURLOPT_PROTOCOLS_STR, request->allow_plain ? "https,http" : "https");
    SET(&code, curl, CURLOPT_FOLLOWLOCATION, 0L);
    SET(&code, curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(&code, curl, CURLOPT_PROXY, "");
    SET(&code, curl, CURLOPT_NOSIGNAL, 1L);
    SET(&code, curl, CURLOPT_TCP_NODELAY, 1L);
    SET(&code, curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(&code, curl, CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_MAX_MS ? timeout_ms : (long)CONNECT_MAX_MS);
    SET(&code, curl, CURLOPT_HTTPHEADER, headers);
    SET(&code, curl, CURLOPT_WRITEFUNCTION, take_body);
    SET(&code, curl, CURLOPT_WRITEDATA, transfer);
    SET(&code, curl, CURLOPT_HEADERFUNCTION, take_header);
    SET(&code, curl, CURLOPT_HEADERDATA, transfer);
    if (request->refuse_link_local) {
        SET(&code, curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    }
    set_trust(curl, request, &code);
    set_method(transfer, &code);
    return code;
}

static enum err explain(const struct transfer *transfer, CURLcode code, struct complaint *complaint)
{
    const char *url = transfer->request->url;
    if (transfer->too_large) {
        return complain(
            complaint, ERR_TOO_LARGE,
            TEXT("the answer is larger than allowed", "die Antwort ist größer als erlaubt"), 0, 0,
            url, strlen(url));
    }
    if (transfer->ended_by_sink || transfer->ended_by_source) {
        return complain(complaint, ERR_CLOSED,
                        TEXT("the transfer was ended", "die Übertragung wurde beendet"), 0, 0, url,
                        strlen(url));
    }
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == code) {
            return complain(complaint, failures[i].err, failures[i].text, 0, 0, url, strlen(url));
        }
    }
    const char *why = curl_easy_strerror(code);
    return complain(
        complaint, ERR_UNREACHABLE,
        TEXT("the exchange with the server failed", "der Austausch mit dem Server misslang"), 0, 0,
        why, strlen(why));
}

enum err http_client_ask(struct http_client *client, const struct http_request *request,
                         struct http_reply *ret_reply, struct complaint *complaint)
{
    size_t max = request->reply_max_bytes == 0 ? REPLY_DEFAULT_BYTES : request->reply_max_bytes;
    struct transfer transfer = {
        .curl = client->curl, .request = request, .reply = {0, BUF_INIT(HEADERS_MAX_BYTES), BUF_INIT(max)}};
    bool good;
    struct curl_slist *headers = header_list(request, &good);
    CURLcode code = good ? set_up(&transfer, headers) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK) {
        code = curl_easy_perform(client->curl);
    }
    long status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    headers_free(headers);
    if (code != CURLE_OK) {
        http_reply_free(&transfer.reply);
        return explain(&transfer, code, complaint);
    }
    transfer.reply.status = (unsigned)status;
    *ret_reply = transfer.reply;
    return ERR_NONE;
}

void http_reply_free(struct http_reply *reply)
{
    buf_free(&reply->headers);
    buf_free(&reply->body);
}

struct slice http_reply_header(const struct http_reply *reply, const char *name)
{
    struct slice rest = buf_slice(&reply->headers), line;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find_byte(line, ':');
        if (colon != SIZE_MAX && slice_is_caseless(slice_first(line, colon), name)) {
            return slice_trim(slice_from(line, colon + 1));
        }
    }
    return SLICE_NONE;
}
