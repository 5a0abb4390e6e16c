#include "command/client.h"

#include "net/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TOKEN_MAX_BYTES = 4096,
    PEM_MAX_BYTES = 64 << 10,
    PATH_BYTES = 4096,
    REPLY_MAX_BYTES = 64 << 20,
    HEADER_BYTES = TOKEN_MAX_BYTES + 32
};

struct client {
    struct http_client *http;
    const char *address, *authorities; /* in the run's arena */
    struct buf pem;
    const char *namespace_header; /* NULL: the root */
    struct secret token_header; /* "X-Vault-Token: …" and NUL; empty without a token */
};

static bool read_small(const char *path, size_t max_bytes, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t got = buf_reserve(out, max_bytes) == ERR_NONE ? read(fd, out->data, max_bytes) : -1;
    out->len = got > 0 ? (size_t)got : 0;
    close(fd);
    return got > 0;
}

/* Whether what follows a host ends it: a port of digits and a path, never "localhost:x@elsewhere". */
static bool ends_host(const char *rest)
{
    size_t digits = rest[0] == ':' ? strspn(rest + 1, "0123456789") : 0;
    rest += rest[0] == ':' ? 1 + digits : 0;
    return rest[0] == '/' || rest[0] == '\0';
}

/* Plain HTTP carries the token readably: it is for this machine alone, named by one of these. */
static bool is_this_host(const char *address)
{
    static const char *const hosts[] = {"https://localhost", "https://127.0.0.1", "https://[::1]",
                                        "http://localhost",  "http://127.0.0.1",  "http://[::1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        size_t len = strlen(hosts[i]);
        if (strncmp(address, hosts[i], len) == 0 && ends_host(address + len)) {
            return true;
        }
    }
    return false;
}

static const char *find_address(struct run *run, const char *directory)
{
    const char *given = run_option(run, OPTION_ADDRESS);
    given = given == NULL ? getenv("VOGT_ADDR") : given;
    if (given == NULL || given[0] == '\0') {
        cleanup_buf struct buf text = BUF_INIT(PATH_BYTES);
        const char *path = arena_printf(run->arena, "%s/address", directory);
        bool found = path != NULL && read_small(path, 512, &text);
        given = found ? arena_string(run->arena, slice_trim(buf_slice(&text)))
                      : "https://localhost:8200";
    }
    size_t len = given == NULL ? 0 : strlen(given);
    while (len > 0 && given[len - 1] == '/') {
        len--;
    }
    return arena_string(run->arena, slice_of(given, len));
}

static enum err set_token(struct client *client, struct slice token)
{
    token = slice_trim(token);
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] <= ' ' || token.data[i] >= 0x7f) {
            return ERR_INVALID; /* it would end the header */
        }
    }
    if (token.len == 0 || token.len > TOKEN_MAX_BYTES) {
        return token.len == 0 ? ERR_NOT_FOUND : ERR_TOO_LARGE;
    }
    static const char name[] = "X-Vault-Token: ";
    struct secret header cleanup_secret = SECRET_NONE;
    enum err err = secret_new(sizeof(name) - 1 + token.len + 1, &header);
    if (err == ERR_NONE) {
        memcpy(header.data, name, sizeof(name) - 1);
        memcpy(header.data + sizeof(name) - 1, token.data, token.len);
        secret_free(&client->token_header);
        client->token_header = secret_take(&header);
    }
    return err;
}

static void find_token(struct run *run, struct client *client, const char *directory,
                       bool directory_first)
{
    const char *given = getenv("VOGT_TOKEN"), *home = getenv("HOME");
    if (given != NULL && set_token(client, slice_string(given)) == ERR_NONE && !directory_first) {
        return;
    }
    const char *own = arena_printf(run->arena, "%s/operator.token", directory);
    const char *kept = home == NULL ? NULL : arena_printf(run->arena, "%s/.vogt/token", home);
    directory_first = directory_first || run_has(run, OPTION_DIR);
    const char *const order[] = {directory_first ? own : kept, directory_first ? kept : own};
    for (size_t i = 0; i < 2; i++) {
        cleanup_buf struct buf text = BUF_INIT(TOKEN_MAX_BYTES + 1);
        if (order[i] != NULL && read_small(order[i], TOKEN_MAX_BYTES, &text) &&
            set_token(client, buf_slice(&text)) == ERR_NONE) {
            return;
        }
    }
}

static enum outcome start(struct run *run, const char *address, const char *directory,
                          bool directory_first)
{
    client_free(run->client);
    run->client = calloc(1, sizeof(*run->client));
    if (run->client == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    struct client *client = run->client;
    client->pem.max = PEM_MAX_BYTES;
    client->http = http_client_new();
    client->address = address;
    if (client->http == NULL || address == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    const char *authorities = getenv("VOGT_CACERT");
    if (!directory_first && authorities != NULL && authorities[0] != '\0') {
        client->authorities = authorities;
    } else if (run_has(run, OPTION_DIR) || directory_first || is_this_host(address)) {
        const char *path = arena_printf(run->arena, "%s/tls.pem", directory);
        if (path == NULL || !read_small(path, PEM_MAX_BYTES, &client->pem)) {
            buf_clear(&client->pem);
        }
    }
    find_token(run, client, directory, directory_first);
    return OUTCOME_OK;
}

enum outcome client_start(struct run *run, const char *address, const char *directory)
{
    return start(run, arena_string(run->arena, slice_string(address)), directory, true);
}

static enum outcome ready(struct run *run)
{
    if (run->client != NULL) {
        return OUTCOME_OK;
    }
    const char *directory = run_directory(run);
    return start(run, find_address(run, directory), directory, false);
}

const char *client_address(struct run *run)
{
    return ready(run) == OUTCOME_OK ? run->client->address : "";
}

enum outcome client_open(struct run *run, const char *address, const char *authorities_file, struct slice token)
{
    size_t len = strlen(address);
    while (len > 0 && address[len - 1] == '/') {
        len--;
    }
    run->client = calloc(1, sizeof(*run->client));
    if (run->client == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    run->client->pem.max = PEM_MAX_BYTES;
    run->client->http = http_client_new();
    run->client->address = arena_string(run->arena, slice_of(address, len));
    run->client->authorities = authorities_file != NULL && authorities_file[0] != '\0' ? authorities_file : NULL;
    if (run->client->http == NULL || run->client->address == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    const char *namespace = getenv("VAULT_NAMESPACE");
    for (const char *letter = namespace == NULL ? "" : namespace; *letter != '\0'; letter++) {
        if (*letter <= ' ' || *letter > '~') {
            return run_fail(run, OUTCOME_INPUT, TEXT("this is no namespace", "das ist kein Namespace"), slice_string(namespace));
        }
    }
    run->client->namespace_header = namespace == NULL || namespace[0] == '\0' ? NULL : arena_printf(run->arena, "X-Vault-Namespace: %s", namespace);
    return client_use_token(run, token);
}

enum outcome client_use_token(struct run *run, struct slice token)
{
    enum outcome outcome = ready(run);
    enum err err = outcome == OUTCOME_OK ? set_token(run->client, token) : ERR_NONE;
    return err == ERR_NONE ? outcome : run_fail(run, OUTCOME_INPUT, TEXT("this is no token", "das ist kein Token"), SLICE_NONE);
}

void client_free(struct client *client)
{
    if (client != NULL) {
        http_client_free(client->http);
        buf_free(&client->pem);
        secret_free(&client->token_header);
        free(client);
    }
}

/* ---- one exchange ---- */

static enum err exchange(struct run *run, const struct ask *ask, size_t max_bytes,
                         struct http_reply *ret_reply, struct complaint *complaint)
{
    struct client *client = run->client;
    cleanup_buf struct buf body = BUF_INIT(REPLY_MAX_BYTES);
    const char *headers[5] = {NULL};
    size_t count = 0;
    if (client->token_header.len > 0) {
        headers[count++] = (const char *)client->token_header.data;
    }
    if (client->namespace_header != NULL) {
        headers[count++] = client->namespace_header;
    }
    struct slice bytes = SLICE_NONE;
    if (ask->raw != NULL) {
        headers[count++] = "Content-Type: application/octet-stream";
        bytes = buf_slice(ask->raw);
    } else if (ask->body != NULL) {
        enum err err = json_write(&body, ask->body, 0);
        if (err != ERR_NONE) {
            return err;
        }
        const char *type = ask->content_type == NULL ? "application/json" : ask->content_type;
        headers[count++] = arena_printf(run->arena, "Content-Type: %s", type);
        bytes = buf_slice(&body);
    }
    headers[count] =
        run->language == LANGUAGE_GERMAN ? "Accept-Language: de" : "Accept-Language: en";
    const char *all[6] = {headers[0], headers[1], headers[2], headers[3], headers[4], NULL};
    const char *url = arena_printf(run->arena, "%s%s%s", client->address,
                                   ask->path[0] == '/' ? "" : "/v1/", ask->path);
    struct http_request request = {.method = ask->method,
                                   .url = url,
                                   .headers = all,
                                   .body = bytes,
                                   .authorities_file = client->authorities,
                                   .pinned_pem = buf_slice(&client->pem),
                                   .allow_plain = is_this_host(client->address),
                                   .timeout_ms = ask->timeout_ms,
                                   .reply_max_bytes = max_bytes};
    return url == NULL ? ERR_MEMORY : http_client_ask(client->http, &request, ret_reply, complaint);
}

static const struct {
    unsigned status;
    enum outcome outcome;
} status_rows[] = {{400, OUTCOME_INPUT},       {401, OUTCOME_DENIED},     {403, OUTCOME_DENIED},
                   {404, OUTCOME_INPUT},       {405, OUTCOME_INPUT},      {409, OUTCOME_INPUT},
                   {413, OUTCOME_INPUT},       {415, OUTCOME_INPUT},      {422, OUTCOME_INPUT},
                   {501, OUTCOME_UNREACHABLE}, {503, OUTCOME_UNREACHABLE}};

static enum outcome outcome_of_status(unsigned status)
{
    for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
        if (status_rows[i].status == status) {
            return status_rows[i].outcome;
        }
    }
    return status >= 200 && status < 300 ? OUTCOME_OK : OUTCOME_FAILED;
}

/* The words of a refusal: the complaint in our language with its place, else the first of "errors",
 * else the status. */
static enum outcome refuse(struct run *run, const struct ask *ask, unsigned status,
                           const struct json *reply)
{
    enum outcome outcome = outcome_of_status(status);
    if (ask->quiet) {
        return outcome;
    }
    const struct json *complaint = json_member(reply, "complaint"),
                      *errors = json_member(reply, "errors");
    struct slice words = run_words(run, complaint),
                 detail = json_text(complaint, "detail", SLICE_NONE);
    if (words.len == 0 && errors != NULL && errors->first != NULL) {
        words = errors->first->text;
    }
    uint64_t line = 0, column = 0;
    if (json_u64(complaint, "line", &line) == ERR_NONE && line > 0 &&
        json_u64(complaint, "column", &column) == ERR_NONE) {
        const char *text =
            arena_printf(run->arena,
                         run->language == LANGUAGE_GERMAN ? "Zeile %llu, Spalte %llu: %.*s"
                                                          : "line %llu, column %llu: %.*s",
                         (unsigned long long)line, (unsigned long long)column, (int)words.len,
                         (const char *)words.data);
        words = slice_string(text);
    }
    if (words.len == 0) {
        words = slice_string(arena_printf(run->arena, "HTTP %u", status));
    }
    const char *text = arena_string(run->arena, words);
    detail = slice_ends(words, detail) ? SLICE_NONE : detail; /* the words name it already */
    detail = detail.len == 0 && complaint == NULL ? slice_string(ask->path) : detail;
    if (ask->ret_words != NULL) {
        *ask->ret_words = text == NULL ? "" : text;
        return outcome;
    }
    return run_fail(run, outcome,
                    text == NULL ? TEXT("refused", "abgelehnt") : (struct text){text, text},
                    detail);
}

enum outcome client_ask(struct run *run, const struct ask *ask, const struct json **ret_reply)
{
    enum outcome outcome = ready(run);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct http_reply reply = HTTP_REPLY_NONE;
    struct complaint complaint = {.text = {NULL, NULL}};
    struct json *tree = NULL;
    enum err err = exchange(run, ask, REPLY_MAX_BYTES, &reply, &complaint);
    if (err != ERR_NONE) {
        if (ask->ret_words != NULL) {
            *ask->ret_words = complaint.text.english == NULL ? err_text(err, run->language) : text_in(complaint.text, run->language);
        }
        return ask->quiet || ask->ret_words != NULL ? OUTCOME_UNREACHABLE : run_fail_complaint(run, err, &complaint);
    }
    struct slice body = arena_copy(run->arena, buf_slice(&reply.body));
    unsigned status = reply.status;
    if (ask->ret_status != NULL) {
        *ask->ret_status = status;
    }
    http_reply_free(&reply);
    if (slice_trim(body).len > 0 && json_read(run->arena, body, &tree, &complaint) != ERR_NONE) {
        tree = NULL;
        if (outcome_of_status(status) == OUTCOME_OK) {
            return run_fail(run, OUTCOME_FAILED,
                            TEXT("the answer is no JSON; is this address Vogt's?",
                                 "die Antwort ist kein JSON; ist das die Adresse von Vogt?"),
                            slice_string(run->client->address));
        }
    }
    if (outcome_of_status(status) != OUTCOME_OK && !(status == 404 && ask->missing_is_fine)) {
        return refuse(run, ask, status, tree);
    }
    *ret_reply = status == 404 ? NULL : tree;
    return OUTCOME_OK;
}

enum outcome client_data(struct run *run, const struct ask *ask, const struct json **ret_data)
{
    const struct json *reply = NULL;
    enum outcome outcome = client_ask(run, ask, &reply);
    if (outcome == OUTCOME_OK) {
        *ret_data = json_member(reply, "data");
    }
    return outcome;
}

enum outcome client_get(struct run *run, const char *path, const struct json **ret_data)
{
    struct ask ask = {.method = "GET", .path = path};
    return path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, ret_data);
}

enum outcome client_post(struct run *run, const char *path, const struct json *body,
                         const struct json **ret_data)
{
    struct ask ask = {.method = "POST", .path = path, .body = body};
    return path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, ret_data);
}

enum outcome client_raw(struct run *run, const struct ask *ask, struct buf *out)
{
    enum outcome outcome = ready(run);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    struct http_reply reply = HTTP_REPLY_NONE;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum err err = exchange(run, ask, out->max, &reply, &complaint);
    if (err != ERR_NONE) {
        return run_fail_complaint(run, err, &complaint);
    }
    if (outcome_of_status(reply.status) != OUTCOME_OK) {
        struct json *tree = NULL;
        if (json_read(run->arena, arena_copy(run->arena, buf_slice(&reply.body)), &tree,
                      &complaint) != ERR_NONE) {
            tree = NULL;
        }
        outcome = refuse(run, ask, reply.status, tree);
    } else {
        err = buf_append(out, buf_slice(&reply.body));
        outcome = err == ERR_NONE ? OUTCOME_OK : run_fail_err(run, err, ask->path);
    }
    http_reply_free(&reply);
    return outcome;
}

enum err client_fetch(struct run *run, const char *path, size_t max_bytes, struct buf *out)
{
    struct http_reply reply = HTTP_REPLY_NONE;
    struct complaint complaint;
    struct ask ask = {.method = "GET", .path = path};
    if (ready(run) != OUTCOME_OK) {
        return ERR_UNREACHABLE;
    }
    enum err err = exchange(run, &ask, max_bytes, &reply, &complaint);
    if (err == ERR_NONE && reply.status != 200) {
        err = reply.status == 404 ? ERR_NOT_FOUND : ERR_PROTOCOL;
    }
    err = err == ERR_NONE ? buf_append(out, buf_slice(&reply.body)) : err;
    http_reply_free(&reply);
    return err;
}

const char *path_segment(struct run *run, const char *text)
{
    cleanup_buf struct buf out = BUF_INIT(PATH_BYTES);
    if (url_encode_path(&out, slice_string(text)) != ERR_NONE) {
        return NULL;
    }
    return arena_string(run->arena, buf_slice(&out));
}

enum outcome client_keep_token(struct run *run, struct slice token)
{
    const char *home = getenv("HOME");
    const char *folder = home == NULL ? NULL : arena_printf(run->arena, "%s/.vogt", home);
    const char *path = folder == NULL ? NULL : arena_printf(run->arena, "%s/token", folder);
    const char *beside = folder == NULL ? NULL : arena_printf(run->arena, "%s/token.new", folder);
    if (beside == NULL || (mkdir(folder, 0700) != 0 && errno != EEXIST)) {
        return run_fail(run, OUTCOME_FAILED,
                        TEXT("there is no place to keep the token (HOME)",
                             "es gibt keinen Ort für das Token (HOME)"),
                        SLICE_NONE);
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good =
        fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, token.data, token.len) == (ssize_t)token.len;
    good = fd >= 0 && close(fd) == 0 && good && rename(beside, path) == 0;
    return good ? OUTCOME_OK : run_fail_err(run, err_from_errno(errno), path);
}
