#include "dropin/dropin.h"

#include "net/http_client.h"
#include "net/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_MAX_BYTES = 8192, URL_BYTES = 16 << 10, BODY_MAX_BYTES = 64 << 20, FILE_TIMEOUT_MS = 24 * 3600 * 1000, HEADERS_MAX = 16 };

struct connection {
    struct http_client *http;
    const char *address, *authorities; /* in the run's arena */
    const char *ca_text;
    struct secret token_header; /* "X-Vault-Token: …" and NUL; empty without */
};

static const char token_name[] = "X-Vault-Token: ";

/* ---- token and address ---- */

static const char *token_file(struct dropin *dropin)
{
    const char *home = getenv("HOME");
    return home == NULL ? NULL : arena_printf(dropin->run.arena, "%s/.vault-token", home);
}

static int set_token(struct dropin *dropin, struct slice token)
{
    struct connection *connection = dropin->connection;
    secret_free(&connection->token_header);
    token = slice_trim(token);
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] <= ' ' || token.data[i] >= 0x7f) {
            return dropin_say(dropin, TEXT("the token holds characters that no token has", "das Token enthält Zeichen, die kein Token hat"), NULL);
        }
    }
    if (token.len == 0 || token.len > TOKEN_MAX_BYTES) {
        return token.len == 0 ? DROPIN_OK : dropin_say(dropin, TEXT("the token is too long", "das Token ist zu lang"), NULL);
    }
    if (secret_new(sizeof(token_name) - 1 + token.len + 1, &connection->token_header) != ERR_NONE) {
        return dropin_out_of_memory(dropin);
    }
    memcpy(connection->token_header.data, token_name, sizeof(token_name) - 1);
    memcpy(connection->token_header.data + sizeof(token_name) - 1, token.data, token.len);
    return DROPIN_OK;
}

static int find_token(struct dropin *dropin)
{
    const char *given = dropin_variable("TOKEN"), *path = token_file(dropin);
    if (given != NULL) {
        return set_token(dropin, slice_string(given));
    }
    uint8_t text[TOKEN_MAX_BYTES];
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text));
    if (fd >= 0) {
        close(fd);
    }
    int code = got > 0 ? set_token(dropin, slice_of(text, (size_t)got)) : DROPIN_OK;
    wipe(text, sizeof(text));
    return code;
}

static const char *setting(struct dropin *dropin, const char *flag, const char *variable)
{
    const char *given = dropin_flag(dropin, flag);
    return given != NULL && given[0] != '\0' ? given : dropin_variable(variable);
}

static int connect(struct dropin *dropin)
{
    if (dropin->connection != NULL) {
        return DROPIN_OK;
    }
    dropin->connection = calloc(1, sizeof(*dropin->connection));
    if (dropin->connection == NULL) {
        return dropin_out_of_memory(dropin);
    }
    const char *address = setting(dropin, "address", "ADDR");
    address = address == NULL ? "https://127.0.0.1:8200" : address;
    size_t len = strlen(address);
    while (len > 0 && address[len - 1] == '/') {
        len--;
    }
    dropin->connection->address = arena_string(dropin->run.arena, slice_of(address, len));
    dropin->connection->authorities = setting(dropin, "ca-cert", "CACERT");
    dropin->connection->ca_text = dropin_flag(dropin, "ca-cert") == NULL ? dropin_variable("CACERT_BYTES") : NULL;
    dropin->connection->http = http_client_new();
    return dropin->connection->http == NULL || dropin->connection->address == NULL ? dropin_out_of_memory(dropin) : find_token(dropin);
}

void connection_free(struct connection *connection)
{
    if (connection != NULL) {
        http_client_free(connection->http);
        secret_free(&connection->token_header);
        free(connection);
    }
}

int dropin_use_token(struct dropin *dropin, struct slice token)
{
    int code = connect(dropin);
    return code == DROPIN_OK ? set_token(dropin, token) : code;
}

void dropin_use_address(struct dropin *dropin, const char *address, const char *authorities)
{
    if (connect(dropin) == DROPIN_OK) {
        dropin->connection->address = address;
        dropin->connection->authorities = authorities;
        dropin->connection->ca_text = NULL;
    }
}

struct slice dropin_token(struct dropin *dropin)
{
    if (connect(dropin) != DROPIN_OK || dropin->connection->token_header.len == 0) {
        return SLICE_NONE;
    }
    struct slice header = secret_slice(&dropin->connection->token_header);
    return slice_from(slice_first(header, header.len - 1), sizeof(token_name) - 1);
}

int dropin_keep_token(struct dropin *dropin, struct slice token)
{
    const char *path = token_file(dropin), *beside = path == NULL ? NULL : arena_printf(dropin->run.arena, "%s.new", path);
    int fd = beside == NULL ? -1 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, token.data, token.len) == (ssize_t)token.len;
    good = fd >= 0 && close(fd) == 0 && good && rename(beside, path) == 0;
    return good ? DROPIN_OK : dropin_say(dropin, TEXT("the token cannot be kept", "das Token lässt sich nicht aufbewahren"), path == NULL ? "HOME" : path);
}

/* ---- one exchange ---- */

const char *dropin_address(struct dropin *dropin)
{
    return dropin->connection->address;
}

static const char *url_of(struct dropin *dropin, const struct dropin_ask *ask)
{
    cleanup_buf struct buf path = BUF_INIT(URL_BYTES);
    const char *query = strchr(ask->path, '?');
    struct slice bare = slice_of(ask->path, query == NULL ? strlen(ask->path) : (size_t)(query - ask->path));
    while (bare.len > 0 && bare.data[0] == '/') {
        bare = slice_from(bare, 1);
    }
    if (url_encode_path(&path, bare) != ERR_NONE) {
        return NULL;
    }
    return arena_printf(dropin->run.arena, "%s/v1/%.*s%s", dropin->connection->address, (int)path.len, path.len > 0 ? (const char *)path.data : "", query == NULL ? "" : query);
}

static size_t add_headers(struct dropin *dropin, const struct dropin_ask *ask, const char **headers)
{
    struct arena *arena = dropin->run.arena;
    size_t count = 0, position = 0;
    const char *namespace = dropin_flag(dropin, "ns"), *wrap = dropin_flag(dropin, "wrap-ttl"), *own;
    namespace = namespace == NULL ? setting(dropin, "namespace", "NAMESPACE") : namespace;
    headers[count++] = "X-Vault-Request: true";
    if (dropin->connection->token_header.len > 0) {
        headers[count++] = (const char *)dropin->connection->token_header.data;
    }
    if (namespace != NULL && namespace[0] != '\0') {
        headers[count++] = arena_printf(arena, "X-Vault-Namespace: %s", namespace);
    }
    if (!ask->is_own && wrap != NULL && wrap[0] != '\0') {
        headers[count++] = arena_printf(arena, "X-Vault-Wrap-TTL: %s", wrap);
    }
    if (ask->body != NULL || ask->file > 0) {
        headers[count++] = arena_printf(arena, "Content-Type: %s", ask->content_type == NULL ? "application/json" : ask->content_type);
    }
    while (count < HEADERS_MAX && dropin_next_flag(dropin, "header", &position, &own)) {
        const char *equals = strchr(own, '=');
        headers[count++] = equals == NULL ? own : arena_printf(arena, "%.*s: %s", (int)(equals - own), own, equals + 1);
    }
    return count;
}

static unsigned timeout_ms(void)
{
    uint64_t seconds = 60;
    const char *given = dropin_variable("CLIENT_TIMEOUT");
    if (given != NULL && slice_to_u64(slice_string(given), &seconds) != ERR_NONE && (strlen(given) < 2 || slice_to_u64(slice_of(given, strlen(given) - 1), &seconds) != ERR_NONE)) {
        seconds = 60;
    }
    return (unsigned)(seconds > 3600 ? 3600 : seconds) * 1000;
}

static bool wants_no_trust(struct dropin *dropin)
{
    const char *skip = dropin_variable("SKIP_VERIFY");
    return dropin_switch(dropin, "tls-skip-verify") || (skip != NULL && (strcmp(skip, "1") == 0 || strcmp(skip, "true") == 0));
}

/* Where a reply goes that is not kept in memory; it may take its time. */
struct destination {
    http_sink_fn sink;
    void *context;
};

/* to NULL: into *ret_reply. */
static size_t read_part(void *context, uint64_t offset, void *into, size_t max)
{
    const int *fd = context;
    ssize_t got = pread(*fd, into, max, (off_t)offset);
    return got > 0 ? (size_t)got : 0;
}

static int exchange(struct dropin *dropin, const struct dropin_ask *ask, const char *url, const struct destination *to, struct http_reply *ret_reply)
{
    cleanup_buf struct buf body = BUF_INIT(BODY_MAX_BYTES);
    const char *headers[HEADERS_MAX + 1] = {NULL};
    struct complaint complaint = {.text = {NULL, NULL}};
    if (ask->body != NULL && json_write(&body, ask->body, 0) != ERR_NONE) {
        return dropin_out_of_memory(dropin);
    }
    headers[add_headers(dropin, ask, headers)] = NULL;
    struct stat status = {.st_size = 0};
    int file = ask->file;
    if (file > 0 && fstat(file, &status) != 0) {
        return dropin_say(dropin, TEXT("the file cannot be read", "die Datei lässt sich nicht lesen"), NULL);
    }
    struct connection *connection = dropin->connection;
    struct http_request request = {.method = ask->method, .url = url, .headers = headers, .body = buf_slice(&body),
                                   .source = file > 0 ? read_part : NULL, .source_context = &file, .source_bytes = (uint64_t)status.st_size,
                                   .authorities_file = connection->authorities, .authorities_pem = slice_string(connection->ca_text),
                                   .trust_anyone = wants_no_trust(dropin), .client_certificate_file = setting(dropin, "client-cert", "CLIENT_CERT"),
                                   .client_key_file = setting(dropin, "client-key", "CLIENT_KEY"), .allow_plain = true, .timeout_ms = to == NULL && file <= 0 ? timeout_ms() : FILE_TIMEOUT_MS, .reply_max_bytes = BODY_MAX_BYTES,
                                   .sink = to == NULL ? NULL : to->sink, .sink_context = to == NULL ? NULL : to->context};
    if (http_client_ask(connection->http, &request, ret_reply, &complaint) == ERR_NONE) {
        return DROPIN_OK;
    }
    const char *words = text_in(complaint.text, dropin->run.language);
    return dropin_say(dropin, TEXT(ask->doing, ask->doing), arena_printf(dropin->run.arena, "%s: %s", words == NULL ? "" : words, complaint.detail));
}

/* The form that scripts look for: the request, "Code: N", each error with a star. */
static int say_refusal(const struct dropin_ask *ask, const char *url, unsigned status, const struct json *tree)
{
    struct screen errors = screen_of(stderr);
    const struct json *list = json_member(tree, "errors");
    fflush(stdout);
    fprintf(stderr, "%s: Error making API request.\n\nURL: %s %s\nCode: %u. Errors:\n\n", ask->doing, ask->method, url, status);
    for (const struct json *error = list == NULL ? NULL : list->first; error != NULL; error = error->next) {
        fputs("* ", stderr);
        screen_put(&errors, COLOUR_NONE, error->text);
        fputc('\n', stderr);
    }
    return DROPIN_REMOTE;
}

static const struct json *parse(struct dropin *dropin, const struct buf *body)
{
    struct json *tree = NULL;
    struct slice text = arena_copy(dropin->run.arena, buf_slice(body));
    return slice_trim(text).len > 0 && json_read(dropin->run.arena, text, &tree, NULL) == ERR_NONE ? tree : NULL;
}

static bool is_nothing(unsigned status, const struct json *tree)
{
    const struct json *errors = json_member(tree, "errors");
    return status == 404 && (errors == NULL || errors->count == 0);
}

static void say_warnings(const struct json *tree)
{
    struct screen errors = screen_of(stderr);
    const struct json *list = json_member(tree, "warnings");
    for (const struct json *warning = list == NULL || list->type != JSON_ARRAY ? NULL : list->first; warning != NULL; warning = warning->next) {
        fputs("WARNING! ", stderr);
        screen_put(&errors, COLOUR_NONE, warning->text);
        fputs("\n", stderr);
    }
}

static int ask_quietly(struct dropin *dropin, const struct dropin_ask *ask, struct dropin_answer *ret_answer, const char **ret_url)
{
    struct http_reply reply = HTTP_REPLY_NONE;
    int code = connect(dropin);
    *ret_url = code == DROPIN_OK ? url_of(dropin, ask) : NULL;
    if (*ret_url == NULL) {
        return code == DROPIN_OK ? dropin_out_of_memory(dropin) : code;
    }
    code = exchange(dropin, ask, *ret_url, NULL, &reply);
    if (code == DROPIN_OK) {
        *ret_answer = (struct dropin_answer){reply.status, parse(dropin, &reply.body)};
        http_reply_free(&reply);
    }
    return code;
}

int dropin_ask(struct dropin *dropin, const struct dropin_ask *ask, struct dropin_answer *ret_answer)
{
    const char *url = NULL;
    int code = ask_quietly(dropin, ask, ret_answer, &url);
    if (code != DROPIN_OK || (ask->missing_is_fine && is_nothing(ret_answer->status, ret_answer->tree))) {
        return code;
    }
    if (ret_answer->status < 200 || ret_answer->status > 299) {
        return say_refusal(ask, url, ret_answer->status, ret_answer->tree);
    }
    say_warnings(ret_answer->tree);
    return DROPIN_OK;
}

bool dropin_try(struct dropin *dropin, const struct dropin_ask *ask, struct dropin_answer *ret_answer)
{
    const char *url = NULL;
    return ask_quietly(dropin, ask, ret_answer, &url) == DROPIN_OK && ret_answer->status >= 200 && ret_answer->status <= 299;
}

static bool write_part(void *context, struct slice bytes)
{
    const int *fd = context;
    while (bytes.len > 0) {
        ssize_t wrote = write(*fd, bytes.data, bytes.len);
        if (wrote <= 0) {
            return false;
        }
        bytes = slice_from(bytes, (size_t)wrote);
    }
    return true;
}

int dropin_ask_file(struct dropin *dropin, const struct dropin_ask *ask, int fd)
{
    struct http_reply reply = HTTP_REPLY_NONE;
    struct destination to = {write_part, &fd};
    int code = connect(dropin);
    const char *url = code == DROPIN_OK ? url_of(dropin, ask) : NULL;
    if (url == NULL) {
        return code == DROPIN_OK ? dropin_out_of_memory(dropin) : code;
    }
    code = exchange(dropin, ask, url, &to, &reply);
    if (code == DROPIN_OK && (reply.status < 200 || reply.status > 299)) {
        code = say_refusal(ask, url, reply.status, parse(dropin, &reply.body));
    }
    http_reply_free(&reply);
    return code;
}
