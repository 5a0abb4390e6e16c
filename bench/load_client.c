#include "load_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { REPLY_BYTES = 16 << 10, REPLY_MAX_BYTES = 32 << 20, TIMES_MAX = 1 << 20, EVENTS_MAX = 256, NUMBERED_BYTES = 16384, PLACES_MAX = 8, DIGITS = 8 };

static const char placeholder[] = "{number}"; /* as long as what stands in its place */

struct link {
    int fd;
    SSL *tls;
    double sent_at;
    size_t sent, len, capacity;
    uint32_t number; /* in the request under way */
    char *reply;
};

struct run {
    const struct load *load;
    struct load_result result;
    int epoll_fd;
    SSL_CTX *context;
    struct link *links;
    char request[NUMBERED_BYTES]; /* of a load with numbers */
    size_t places[PLACES_MAX], place_count;
    uint32_t next_number;
    float *times_us;
    size_t time_count;
    bool counts;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool link_open(struct run *run, struct link *link)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(run->load->port)};
    int on = 1;
    inet_pton(AF_INET, run->load->host, &address.sin_addr);
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return false;
    }
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    link->tls = SSL_new(run->context);
    if (link->tls != NULL) {
        SSL_set_mode(link->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    if (link->tls == NULL || SSL_set_fd(link->tls, link->fd) != 1 || SSL_connect(link->tls) != 1) {
        return false;
    }
    fcntl(link->fd, F_SETFL, fcntl(link->fd, F_GETFL) | O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};
    return epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, link->fd, &event) == 0;
}

static void watch(struct run *run, struct link *link, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = link};
    epoll_ctl(run->epoll_fd, EPOLL_CTL_MOD, link->fd, &event);
}

static const char *numbered(struct run *run, uint32_t number)
{
    char digits[DIGITS + 1];
    snprintf(digits, sizeof(digits), "%08u", (unsigned)(number % 100000000));
    for (size_t i = 0; i < run->place_count; i++) {
        memcpy(run->request + run->places[i], digits, DIGITS);
    }
    return run->request;
}

static bool take_request(struct run *run)
{
    const struct load *load = run->load;
    size_t len = load->request_len > 0 ? load->request_len : strlen(load->request);
    static_assert(sizeof(placeholder) - 1 == DIGITS, "digits stand in the placeholder's place");
    if (load->numbers == 0) {
        return true;
    }
    if (len >= sizeof(run->request)) {
        return false;
    }
    memcpy(run->request, load->request, len);
    for (const char *at = run->request; (at = strstr(at, placeholder)) != NULL && run->place_count < PLACES_MAX; at += DIGITS) {
        run->places[run->place_count++] = (size_t)(at - run->request);
    }
    return true;
}

/* What the socket takes; the rest when it takes more. */
static void link_write(struct run *run, struct link *link)
{
    size_t len = run->load->request_len > 0 ? run->load->request_len : strlen(run->load->request);
    const char *request = run->load->numbers > 0 ? numbered(run, link->number) : run->load->request;
    bool was_cut = link->sent > 0;
    while (link->sent < len) {
        int put = SSL_write(link->tls, request + link->sent, (int)(len - link->sent));
        if (put <= 0) {
            bool waits = SSL_get_error(link->tls, put) == SSL_ERROR_WANT_WRITE;
            run->result.bad += !waits;
            watch(run, link, waits ? EPOLLIN | EPOLLOUT : 0);
            return;
        }
        link->sent += (size_t)put;
    }
    if (was_cut) {
        watch(run, link, EPOLLIN);
    }
}

static void link_ask(struct run *run, struct link *link)
{
    link->len = link->sent = 0;
    link->number = run->next_number;
    run->next_number = run->next_number + 1 < run->load->numbers ? run->next_number + 1 : 0;
    link->sent_at = now();
    link_write(run, link);
}

/* Length of the reply at the start of the buffer; 0: not complete. */
static size_t whole_reply(const struct link *link)
{
    const char *end = memmem(link->reply, link->len, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    size_t head = (size_t)(end - link->reply) + 4, body = 0;
    for (const char *line = link->reply; line < end; line++) {
        if (*line == '\n' && strncasecmp(line + 1, "content-length:", 15) == 0) {
            body = strtoul(line + 16, NULL, 10);
        }
    }
    return link->len >= head + body ? head + body : 0;
}

static void finish(struct run *run, struct link *link, size_t len)
{
    run->result.reply_bytes = len;
    if (link->reply[9] != '2') {
        run->result.bad++;
    }
    if (run->counts) {
        run->result.requests++;
        if (run->time_count < TIMES_MAX) {
            run->times_us[run->time_count++] = (float)((now() - link->sent_at) * 1e6);
        }
    }
}

static bool make_room(struct link *link)
{
    if (link->len < link->capacity) {
        return true;
    }
    size_t capacity = link->capacity == 0 ? REPLY_BYTES : link->capacity * 2;
    char *grown = capacity > REPLY_MAX_BYTES ? NULL : realloc(link->reply, capacity);
    link->reply = grown == NULL ? link->reply : grown;
    link->capacity = grown == NULL ? link->capacity : capacity;
    return grown != NULL;
}

static void link_read(struct run *run, struct link *link)
{
    for (;;) {
        if (!make_room(link)) {
            run->result.bad++;
            return;
        }
        int got = SSL_read(link->tls, link->reply + link->len, (int)(link->capacity - link->len));
        if (got <= 0) {
            if (SSL_get_error(link->tls, got) != SSL_ERROR_WANT_READ) {
                run->result.bad++;
                epoll_ctl(run->epoll_fd, EPOLL_CTL_DEL, link->fd, NULL);
            }
            return;
        }
        link->len += (size_t)got;
        size_t len = whole_reply(link);
        if (len > 0) {
            finish(run, link, len);
            link_ask(run, link);
            return;
        }
    }
}

static void go_on_until(struct run *run, double end)
{
    while (now() < end) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(run->epoll_fd, events, EVENTS_MAX, 100);
        for (int i = 0; i < count; i++) {
            if ((events[i].events & EPOLLOUT) != 0) {
                link_write(run, events[i].data.ptr);
            }
            link_read(run, events[i].data.ptr);
        }
    }
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static bool run_all(struct run *run)
{
    const struct load *load = run->load;
    for (size_t i = 0; i < load->connections; i++) {
        if (!link_open(run, &run->links[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < load->connections; i++) {
        link_ask(run, &run->links[i]);
    }
    go_on_until(run, now() + load->warm_up_seconds);
    run->counts = true;
    double start = now();
    go_on_until(run, start + load->seconds);
    run->result.requests_per_second = (double)run->result.requests / (now() - start);
    qsort(run->times_us, run->time_count, sizeof(*run->times_us), compare);
    if (run->time_count > 0) {
        run->result.p50_us = (double)run->times_us[run->time_count / 2];
        run->result.p99_us = (double)run->times_us[run->time_count * 99 / 100];
    }
    return true;
}

bool load_run(const struct load *load, struct load_result *ret_result)
{
    struct run run = {.load = load,
                      .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                      .context = SSL_CTX_new(TLS_client_method())};
    run.links = calloc(load->connections, sizeof(*run.links));
    run.times_us = calloc(TIMES_MAX, sizeof(*run.times_us));
    bool good = take_request(&run) && run.context != NULL && run.links != NULL && run.times_us != NULL &&
                SSL_CTX_set_min_proto_version(run.context, TLS1_3_VERSION) == 1;
    if (good) {
        SSL_CTX_set_read_ahead(run.context, 1); /* a system call for what lies there, not two for each record: the client shares the processors with the server */
        good = run_all(&run);
    }
    for (size_t i = 0; run.links != NULL && i < load->connections; i++) {
        if (run.links[i].tls != NULL) {
            SSL_free(run.links[i].tls);
            close(run.links[i].fd);
        }
        free(run.links[i].reply);
    }
    SSL_CTX_free(run.context);
    free(run.links);
    free(run.times_us);
    close(run.epoll_fd);
    if (good) {
        *ret_result = run.result;
    }
    return good;
}
