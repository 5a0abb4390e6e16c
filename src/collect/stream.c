#include "collect/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t stream_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t stream_deadline(int64_t timeout_ms, int64_t latest_ns)
{
    int64_t deadline_ns = stream_now_ns() + timeout_ms * 1000000;
    return deadline_ns < latest_ns ? deadline_ns : latest_ns;
}

static bool address_of(const struct addrinfo *info, struct stream_address *ret_address)
{
    struct stream_address address = {.length = info->ai_addrlen, .ipv6 = info->ai_family == AF_INET6};
    if ((info->ai_family != AF_INET && info->ai_family != AF_INET6) || info->ai_addrlen > sizeof(address.storage)) {
        return false;
    }
    memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    if (getnameinfo(info->ai_addr, info->ai_addrlen, address.text, sizeof(address.text), NULL, 0, NI_NUMERICHOST) != 0) {
        return false;
    }
    *ret_address = address;
    return true;
}

enum err stream_resolve(struct slice host, uint16_t port, struct stream_address *ret_addresses, size_t max,
                        size_t *ret_count)
{
    char name[256], service[6];
    if (host.len == 0 || host.len >= sizeof(name) || memchr(host.data, 0, host.len) != NULL) {
        return ERR_INVALID;
    }
    memcpy(name, host.data, host.len);
    name[host.len] = '\0';
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int failure = getaddrinfo(name, service, &hints, &found);
    if (failure != 0) {
        return failure == EAI_NONAME ? ERR_NOT_FOUND : ERR_UNREACHABLE;
    }
    size_t count = 0;
    for (const struct addrinfo *info = found; info != NULL && count < max; info = info->ai_next) {
        count += address_of(info, &ret_addresses[count]) ? 1 : 0;
    }
    freeaddrinfo(found);
    if (count == 0) {
        return ERR_NOT_FOUND;
    }
    *ret_count = count;
    return ERR_NONE;
}

/* Waits until the descriptor is ready for `events` or the deadline has passed. */
static enum err wait_for(int fd, short events, int64_t deadline_ns)
{
    for (;;) {
        int64_t left_ns = deadline_ns - stream_now_ns();
        if (left_ns <= 0) {
            return ERR_TIMEOUT;
        }
        int64_t left_ms = left_ns / 1000000 + 1;
        struct pollfd waiting = {.fd = fd, .events = events};
        int ready = poll(&waiting, 1, left_ms > 3600000 ? 3600000 : (int)left_ms);
        if (ready > 0) {
            return ERR_NONE;
        }
        if (ready < 0 && errno != EINTR) {
            return ERR_IO;
        }
    }
}

/* A refused connection is an answer ("nothing listens here"), unlike a network that leads nowhere. */
static enum err connect_error(int number)
{
    return number == ECONNREFUSED || number == ECONNRESET ? ERR_CLOSED : err_from_errno(number);
}

static enum err connect_fd(int fd, const struct stream_address *address, int64_t deadline_ns)
{
    if (connect(fd, (const struct sockaddr *)&address->storage, address->length) == 0) {
        return ERR_NONE;
    }
    if (errno != EINPROGRESS) {
        return connect_error(errno);
    }
    enum err err = wait_for(fd, POLLOUT, deadline_ns);
    if (err != ERR_NONE) {
        return err;
    }
    int number = 0;
    socklen_t length = sizeof(number);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0) {
        return ERR_IO;
    }
    return number == 0 ? ERR_NONE : connect_error(number);
}

enum err stream_connect(const struct stream_address *address, int64_t deadline_ns, size_t read_max_bytes,
                        struct stream *ret_stream)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    enum err err = connect_fd(fd, address, deadline_ns);
    if (err != ERR_NONE) {
        close(fd);
        return err;
    }
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only speed depends on it */
    *ret_stream = (struct stream){.fd = fd, .deadline_ns = deadline_ns, .left_bytes = read_max_bytes};
    return ERR_NONE;
}

struct stream stream_planted(const struct stream_peer *peer, size_t read_max_bytes)
{
    return (struct stream){.fd = -1, .peer = peer, .deadline_ns = INT64_MAX, .left_bytes = read_max_bytes};
}

void stream_close(struct stream *stream)
{
    if (stream->fd >= 0) {
        close(stream->fd);
    }
    stream->fd = -1;
    stream->peer = NULL;
}

enum err stream_write(struct stream *stream, struct slice bytes)
{
    if (stream->peer != NULL) {
        return stream->peer->take(stream->peer->context, bytes);
    }
    while (bytes.len > 0) {
        ssize_t count = send(stream->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (count > 0) {
            bytes = slice_from(bytes, (size_t)count);
        } else if (errno == EAGAIN) {
            enum err err = wait_for(stream->fd, POLLOUT, stream->deadline_ns);
            if (err != ERR_NONE) {
                return err;
            }
        } else if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    return ERR_NONE;
}

static enum err receive(struct stream *stream, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    for (;;) {
        enum err err = wait_for(stream->fd, POLLIN, stream->deadline_ns);
        if (err != ERR_NONE) {
            return err;
        }
        ssize_t count = recv(stream->fd, out, max_bytes, 0);
        if (count > 0) {
            *ret_count = (size_t)count;
            return ERR_NONE;
        }
        if (count == 0) {
            return ERR_CLOSED;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return err_from_errno(errno);
        }
    }
}

enum err stream_read(struct stream *stream, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    if (stream->left_bytes == 0) {
        return ERR_TOO_LARGE;
    }
    size_t count = 0, room = max_bytes < stream->left_bytes ? max_bytes : stream->left_bytes;
    enum err err = stream->peer != NULL ? stream->peer->give(stream->peer->context, out, room, &count)
                                        : receive(stream, out, room, &count);
    if (err != ERR_NONE) {
        return err;
    }
    if (count == 0) {
        return ERR_CLOSED; /* a planted peer that waits for more will never answer */
    }
    stream->left_bytes -= count;
    *ret_count = count;
    return ERR_NONE;
}
