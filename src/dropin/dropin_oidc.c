/*
 * login -method=oidc: the browser goes to the provider and comes back to a listener on this machine, which hands state and code on to the server. Only an answer with
 * the state of this very login ends the waiting: pages that knock at the port meanwhile change nothing. With callbackmode=direct it comes back to the server, with
 * callbackmode=device nowhere; then the server is asked until the login has ended.
 */
#include "dropin/dropin.h"

#include "base/encode.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "net/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 300, HEAD_S = 5, HEAD_MAX_BYTES = 16 << 10, LISTENERS_MAX = 2, NONCE_BYTES = 20, PORT_DEFAULT = 8250 };

struct browser_login {
    struct dropin *dropin;
    const char *mount, *redirect;
    struct slice nonce, state;          /* the client's own word; what the way back must bring */
    struct slice user_code;             /* that a person enters at the provider; empty: none */
    bool polls;                         /* the server is asked, every so many seconds; else the listeners wait */
    uint64_t interval_s;
    int listeners[LISTENERS_MAX];
    size_t listener_count;
};

static int64_t now_s(void)
{
    return clock_now().mono_ns / 1000000000;
}

/* ---- the listener ---- */

static int listen_at(const char *address, uint16_t port)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1;
    int on = 1;
    if (!is_ipv4 && inet_pton(AF_INET6, address, &ipv6.sin6_addr) != 1) {
        return -1;
    }
    int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && (is_ipv4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
                bind(fd, is_ipv4 ? (struct sockaddr *)&ipv4 : (struct sockaddr *)&ipv6, is_ipv4 ? sizeof ipv4 : sizeof ipv6) == 0 && listen(fd, 8) == 0;
    if (!good && fd >= 0) {
        close(fd);
    }
    return good ? fd : -1;
}

/* "localhost" is both of its addresses, because browsers take either. */
static void open_listeners(struct browser_login *login, const char *address, uint16_t port)
{
    bool is_localhost = strcmp(address, "localhost") == 0;
    const char *addresses[LISTENERS_MAX] = {is_localhost ? "127.0.0.1" : address, is_localhost ? "::1" : NULL};
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        int fd = addresses[i] == NULL ? -1 : listen_at(addresses[i], port);
        if (fd >= 0) {
            login->listeners[login->listener_count++] = fd;
        }
    }
}

static void close_listeners(struct browser_login *login)
{
    for (size_t i = 0; i < login->listener_count; i++) {
        close(login->listeners[i]);
    }
}

/* -1: nobody came until then. */
static int next_visitor(const struct browser_login *login, int64_t until_s)
{
    for (int64_t left_s = until_s - now_s(); left_s > 0; left_s = until_s - now_s()) {
        struct pollfd waits[LISTENERS_MAX];
        for (size_t i = 0; i < login->listener_count; i++) {
            waits[i] = (struct pollfd){.fd = login->listeners[i], .events = POLLIN};
        }
        int ready = poll(waits, login->listener_count, (int)(left_s * 1000));
        for (size_t i = 0; ready > 0 && i < login->listener_count; i++) {
            int fd = (waits[i].revents & POLLIN) != 0 ? accept4(login->listeners[i], NULL, NULL, SOCK_CLOEXEC) : -1;
            if (fd >= 0) {
                return fd;
            }
        }
        if (ready < 0 && errno != EINTR) {
            return -1;
        }
    }
    return -1;
}

/* ---- one visit ---- */

static bool read_more(int fd, int64_t until_s, struct buf *request)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int64_t left_s = until_s - now_s();
    if (left_s <= 0 || poll(&wait, 1, (int)(left_s * 1000)) <= 0 || buf_reserve(request, 1024) != ERR_NONE) {
        return false;
    }
    ssize_t got = recv(fd, request->data + request->len, 1024, 0);
    request->len += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* Of the form that is posted; 0: none, or no length that could be read. */
static uint64_t body_bytes(struct slice head)
{
    static const char name[] = "content-length:";
    uint64_t bytes = 0;
    struct slice line;
    while (slice_split(&head, '\n', &line)) {
        if (line.len >= sizeof name - 1 && strncasecmp((const char *)line.data, name, sizeof name - 1) == 0 && slice_to_u64(slice_trim(slice_from(line, sizeof name - 1)), &bytes) != ERR_NONE) {
            return 0;
        }
    }
    return bytes;
}

/* Head and body; false: they did not come whole, in time, or small enough. */
static bool read_request(int fd, struct buf *request, struct slice *ret_head, struct slice *ret_body)
{
    int64_t until_s = now_s() + HEAD_S;
    size_t end = SIZE_MAX;
    while ((end = slice_find(buf_slice(request), SLICE_LITERAL("\r\n\r\n"))) == SIZE_MAX) {
        if (!read_more(fd, until_s, request)) {
            return false;
        }
    }
    uint64_t bytes = body_bytes(slice_first(buf_slice(request), end));
    while (request->len - (end + 4) < bytes) {
        if (!read_more(fd, until_s, request)) {
            return false;
        }
    }
    *ret_head = slice_first(buf_slice(request), end + 4);
    *ret_body = slice_first(slice_from(buf_slice(request), end + 4), (size_t)bytes);
    return true;
}

/* What a provider says: the query of "GET /oidc/callback?…", or the form of "POST /oidc/callback" (oidc_response_mode=form_post). NULL: this is another request. */
static const struct json *read_way_back(struct arena *arena, struct slice head, struct slice body)
{
    struct slice line = slice_first(head, slice_find_byte(head, '\r')), method, text;
    struct target target;
    struct json *said = NULL;
    bool good = slice_split(&line, ' ', &method) && slice_split(&line, ' ', &text) && target_split(text, &target) == ERR_NONE && slice_is(target.path, "/oidc/callback");
    good = good && (slice_is(method, "GET") || slice_is(method, "POST")) && url_decode_form(arena, slice_is(method, "GET") ? target.query : body, &said, NULL) == ERR_NONE;
    return good ? said : NULL;
}

static void answer(int fd, const char *status, const char *words)
{
    cleanup_buf struct buf out = BUF_INIT(4096);
    enum err err = buf_printf(&out, "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
                                    "<!doctype html><title>Vogt</title><p>%s</p>\n", status, words);
    for (size_t sent = 0; err == ERR_NONE && sent < out.len;) {
        ssize_t count = send(fd, out.data + sent, out.len - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            break;
        }
        sent += (size_t)count;
    }
    shutdown(fd, SHUT_WR);
    close(fd);
}

/* Waits for the browser with this login's state; *ret_fd is its connection, still without an answer. NULL: it did not come. */
static const struct json *await_browser(struct browser_login *login, int *ret_fd)
{
    int64_t until_s = now_s() + WAIT_S;
    int fd;
    while ((fd = next_visitor(login, until_s)) >= 0) {
        cleanup_buf struct buf request = BUF_INIT(HEAD_MAX_BYTES);
        struct slice head, body;
        const struct json *query = read_request(fd, &request, &head, &body) ? read_way_back(login->dropin->run.arena, head, body) : NULL;
        if (query != NULL && slice_equal(json_text(query, "state", SLICE_NONE), login->state)) {
            *ret_fd = fd;
            return query;
        }
        answer(fd, query == NULL ? "404 Not Found" : "400 Bad Request", text_in(TEXT("This is not the login that is being waited for.", "Das ist nicht die Anmeldung, auf die gewartet wird."), login->dropin->run.language));
    }
    return NULL;
}

/* ---- what the words say ---- */

static const char *word(const struct json *data, struct dropin *dropin, const char *name, const char *fallback)
{
    struct slice text = json_text(data, name, SLICE_NONE);
    return text.len > 0 ? arena_string(dropin->run.arena, text) : fallback;
}

static bool port_of(const char *text, uint16_t *ret_port)
{
    uint64_t number = 0;
    bool good = text == NULL || (slice_to_u64(slice_string(text), &number) == ERR_NONE && number > 0 && number <= UINT16_MAX);
    *ret_port = text == NULL ? PORT_DEFAULT : (uint16_t)number;
    return good;
}

static bool make_nonce(struct browser_login *login)
{
    uint8_t bytes[NONCE_BYTES];
    cleanup_buf struct buf text = BUF_INIT(64);
    random_bytes(bytes, sizeof bytes);
    bool made = base64url_encode(&text, slice_of(bytes, sizeof bytes)) == ERR_NONE;
    login->nonce = made ? arena_copy(login->dropin->run.arena, buf_slice(&text)) : SLICE_NONE;
    return login->nonce.data != NULL;
}

/* ---- the browser ---- */

/* Where there is a screen. That it cannot be opened is no failure: the address stands there. */
static void open_browser(const char *url)
{
    char *const arguments[] = {(char *)(uintptr_t)"xdg-open", (char *)(uintptr_t)url, NULL};
    extern char **environ;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if ((getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL) || posix_spawn_file_actions_init(&actions) != 0) {
        return;
    }
    for (int fd = 0; fd < 3; fd++) {
        (void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    (void)posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
}

/* The provider's address, from which the state is read that must come back. */
static int begin(struct browser_login *login, const char *role, const char **ret_url)
{
    struct dropin *dropin = login->dropin;
    struct arena *arena = dropin->run.arena;
    struct json *body = json_new(arena, JSON_OBJECT), *query = NULL;
    struct dropin_answer reply;
    struct dropin_ask ask = {.method = "PUT", .path = arena_printf(arena, "auth/%s/oidc/auth_url", login->mount), .body = body, .doing = "Error authenticating"};
    json_set_string(arena, body, "role", slice_string(role));
    json_set_string(arena, body, "redirect_uri", slice_string(login->redirect));
    if (json_set_string(arena, body, "client_nonce", login->nonce) == NULL || ask.path == NULL) {
        return dropin_out_of_memory(dropin);
    }
    int code = dropin_ask(dropin, &ask, &reply);
    if (code != DROPIN_OK) {
        return code;
    }
    const struct json *data = json_member(reply.tree, "data");
    struct slice url = json_text(data, "auth_url", SLICE_NONE);
    size_t question = slice_find_byte(url, '?');
    if (url.len == 0) {
        (void)dropin_say(dropin, TEXT("the role does not allow this redirect_uri (allowed_redirect_uris)", "die Rolle erlaubt diese redirect_uri nicht (allowed_redirect_uris)"), login->redirect);
        return DROPIN_REMOTE;
    }
    bool is_web = slice_starts(url, SLICE_LITERAL("https://")) || slice_starts(url, SLICE_LITERAL("http://"));
    bool has_query = !login->polls && question != SIZE_MAX && url_decode_form(arena, slice_from(url, question + 1), &query, NULL) == ERR_NONE;
    login->state = json_text(login->polls ? data : has_query ? query : NULL, "state", SLICE_NONE);
    login->user_code = json_text(data, "user_code", SLICE_NONE);
    bool says_when = json_u64(data, "poll_interval", &login->interval_s) == ERR_NONE && login->interval_s > 0 && login->interval_s < WAIT_S;
    if (says_when != login->polls) {
        (void)dropin_say(dropin, TEXT("the role has another callback_mode than the word callbackmode= says", "die Rolle hat einen anderen callback_mode, als das Wort callbackmode= sagt"), NULL);
        return DROPIN_REMOTE;
    }
    if (!is_web || login->state.len == 0) {
        (void)dropin_say(dropin, TEXT("the server's answer is no address of a login", "die Antwort des Servers ist keine Adresse einer Anmeldung"), NULL);
        return DROPIN_REMOTE;
    }
    *ret_url = arena_string(arena, url);
    return *ret_url == NULL ? dropin_out_of_memory(dropin) : DROPIN_OK;
}

/* The path of a question with the client's own word and those of `said` that are there; NULL: no room. */
static const char *path_of(const struct browser_login *login, const char *end, const struct json *said)
{
    static const char *const names[] = {"state", "code", "error", "iss"};
    cleanup_buf struct buf path = BUF_INIT(HEAD_MAX_BYTES * 3);
    enum err err = buf_printf(&path, "auth/%s/oidc/%s?client_nonce=%.*s", login->mount, end, (int)login->nonce.len, (const char *)login->nonce.data);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_NONE; i++) {
        struct slice value = json_text(said, names[i], SLICE_NONE);
        err = value.len > 0 ? buf_printf(&path, "&%s=", names[i]) : err;
        err = value.len > 0 && err == ERR_NONE ? url_encode_path(&path, value) : err;
    }
    return err == ERR_NONE ? arena_string(login->dropin->run.arena, buf_slice(&path)) : NULL;
}

/* ---- waiting ---- */

static int wait_for_browser(struct browser_login *login, struct dropin_answer *ret_answer)
{
    struct dropin *dropin = login->dropin;
    int fd = -1;
    const struct json *said = await_browser(login, &fd);
    if (said == NULL) {
        return dropin_say(dropin, TEXT("timed out waiting for response from provider", "der Anbieter hat sich nicht rechtzeitig gemeldet"), NULL);
    }
    struct dropin_ask ask = {.method = "GET", .path = path_of(login, "callback", said), .doing = "Error authenticating"};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, ret_answer);
    answer(fd, code == DROPIN_OK ? "200 OK" : "400 Bad Request",
           code == DROPIN_OK ? text_in(TEXT("Signed in. You can close this page and go back to the command line.", "Angemeldet. Diese Seite kann geschlossen werden; weiter geht es in der Befehlszeile."), dropin->run.language)
                             : text_in(TEXT("Not signed in. The command line says why.", "Nicht angemeldet. Die Befehlszeile sagt, warum."), dropin->run.language));
    return code;
}

static bool is_error(const struct json *tree, const char *word)
{
    const struct json *errors = json_member(tree, "errors");
    return errors != NULL && errors->first != NULL && slice_is(errors->first->text, word);
}

/* RFC 8628, 3.5: who is told to slow down waits five seconds longer from then on. Any other refusal is asked for once more, to be said. */
static int wait_for_server(struct browser_login *login, struct dropin_answer *ret_answer)
{
    struct dropin *dropin = login->dropin;
    struct json *said = json_new(dropin->run.arena, JSON_OBJECT);
    json_set_string(dropin->run.arena, said, "state", login->state);
    struct dropin_ask ask = {.method = "GET", .path = path_of(login, "poll", said), .doing = "Error authenticating"};
    if (ask.path == NULL) {
        return dropin_out_of_memory(dropin);
    }
    for (int64_t until_s = now_s() + WAIT_S; now_s() < until_s;) {
        nanosleep(&(struct timespec){.tv_sec = (time_t)login->interval_s}, NULL);
        *ret_answer = (struct dropin_answer){0};
        if (dropin_try(dropin, &ask, ret_answer)) {
            return DROPIN_OK;
        }
        bool is_slower = is_error(ret_answer->tree, "slow_down");
        login->interval_s += is_slower ? 5 : 0;
        if (!is_slower && !is_error(ret_answer->tree, "authorization_pending")) {
            return dropin_ask(dropin, &ask, ret_answer);
        }
    }
    return dropin_say(dropin, TEXT("timed out waiting for response from provider", "der Anbieter hat sich nicht rechtzeitig gemeldet"), NULL);
}

static int run(struct browser_login *login, const char *role, bool skips_browser, struct dropin_answer *ret_answer)
{
    struct dropin *dropin = login->dropin;
    const char *url = NULL;
    int code = begin(login, role, &url);
    if (code != DROPIN_OK) {
        return code;
    }
    if (login->user_code.len > 0) {
        struct screen errors = screen_of(stderr);
        fputs(text_in(TEXT("The provider asks for this code: ", "Der Anbieter fragt nach diesem Code: "), dropin->run.language), stderr);
        screen_put(&errors, COLOUR_NONE, login->user_code);
        fputc('\n', stderr);
    }
    fprintf(stderr, "%s\n\n    %s\n\n%s\n", text_in(TEXT("Complete the login via your OIDC provider. Launching browser to:", "Bitte die Anmeldung beim Anbieter abschließen. Der Browser öffnet:"), dropin->run.language), url,
            text_in(TEXT("Waiting for OIDC authentication to complete...", "Warte auf das Ende der Anmeldung ..."), dropin->run.language));
    if (!skips_browser) {
        open_browser(url);
    }
    return login->polls ? wait_for_server(login, ret_answer) : wait_for_browser(login, ret_answer);
}

/* Where this machine waits, and what the browser is told of it. */
static int open_way_back(struct browser_login *login, const struct json *data)
{
    struct dropin *dropin = login->dropin;
    uint16_t port = 0, back_port = 0;
    const char *address = word(data, dropin, "listenaddress", "localhost"), *port_text = word(data, dropin, "port", NULL);
    if (!port_of(port_text, &port) || !port_of(word(data, dropin, "callbackport", port_text), &back_port)) {
        return dropin_say(dropin, TEXT("this is no port", "das ist kein Port"), port_text);
    }
    login->redirect = arena_printf(dropin->run.arena, "%s://%s:%u/oidc/callback", word(data, dropin, "callbackmethod", "http"), word(data, dropin, "callbackhost", "localhost"), (unsigned)back_port);
    open_listeners(login, address, port);
    if (login->listener_count == 0) {
        return dropin_say(dropin, TEXT("cannot listen there for the browser; port=N takes another port", "dort kann nicht auf den Browser gewartet werden; port=N nimmt einen anderen Port"), arena_printf(dropin->run.arena, "%s:%u", address, (unsigned)port));
    }
    return DROPIN_OK;
}

int dropin_login_browser(struct dropin *dropin, const char *mount, struct dropin_answer *ret_answer)
{
    struct json *data = NULL;
    struct browser_login login = {.dropin = dropin, .mount = mount};
    int code = dropin_data(dropin, 0, &data);
    code = code == DROPIN_OK ? dropin_use_token(dropin, SLICE_NONE) : code;
    if (code != DROPIN_OK) {
        return code;
    }
    const char *mode = word(data, dropin, "callbackmode", "client");
    login.polls = strcmp(mode, "direct") == 0 || strcmp(mode, "device") == 0;
    if (!login.polls && strcmp(mode, "client") != 0) {
        return dropin_say(dropin, TEXT("callbackmode is client, direct or device", "callbackmode ist client, direct oder device"), mode);
    }
    code = login.polls ? DROPIN_OK : open_way_back(&login, data);
    login.redirect = login.polls ? arena_printf(dropin->run.arena, "%s/v1/auth/%s/oidc/callback", dropin_address(dropin), mount) : login.redirect;
    if (code != DROPIN_OK || login.redirect == NULL || !make_nonce(&login)) {
        close_listeners(&login);
        return code != DROPIN_OK ? code : dropin_out_of_memory(dropin);
    }
    code = run(&login, word(data, dropin, "role", ""), strcmp(word(data, dropin, "skip_browser", "false"), "true") == 0, ret_answer);
    close_listeners(&login);
    return code;
}
