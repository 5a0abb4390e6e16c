/* Listening sockets: "localhost:8200" means 127.0.0.1 and ::1 on one port; else what the name or
 * number resolves to. */
#include "roles/parent.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512, PORT_TRIES = 8 };

struct endpoint {
    char host[256], port[8];
};

/* "host:port", "[v6]:port", ":port". */
static enum err split(const char *text, struct endpoint *ret_endpoint)
{
    struct endpoint endpoint;
    const char *colon = strrchr(text, ':');
    uint64_t number;
    if (colon == NULL || slice_to_u64(slice_string(colon + 1), &number) != ERR_NONE ||
        number > UINT16_MAX) {
        return ERR_INVALID;
    }
    size_t length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    } else if (memchr(text, ':', length) != NULL) {
        return ERR_INVALID; /* an IPv6 address without brackets could be read in two ways */
    }
    if (length >= sizeof(endpoint.host)) {
        return ERR_TOO_LARGE;
    }
    memcpy(endpoint.host, text, length);
    endpoint.host[length] = '\0';
    snprintf(endpoint.port, sizeof(endpoint.port), "%u", (unsigned)number);
    *ret_endpoint = endpoint;
    return ERR_NONE;
}

static int open_socket(const struct addrinfo *info)
{
    const int one = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
              (info->ai_family != AF_INET6 ||
               setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
              bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    if (!ok) {
        int number = errno;
        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        return 0;
    }
    /* The port stands at the same place in both families. */
    return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static void close_all(struct parent *parent)
{
    for (size_t i = 0; i < parent->socket_count; i++) {
        close(parent->sockets[i]);
    }
    parent->socket_count = 0;
}

/* Adds a socket for each address. A family that the host does not have is passed over; *ret_errno:
 * why none could be had. */
static void open_host(struct parent *parent, const char *host, const char *port, int *ret_errno)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    if (getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &list) != 0) {
        *ret_errno = EADDRNOTAVAIL;
        return;
    }
    for (const struct addrinfo *info = list; info != NULL && parent->socket_count < SOCKETS_MAX;
         info = info->ai_next) {
        int fd = open_socket(info);
        if (fd >= 0) {
            parent->sockets[parent->socket_count++] = fd;
        } else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) {
            *ret_errno = errno;
        }
    }
    freeaddrinfo(list);
}

/* Both families on one port; a port of the kernel's choice may be taken in the other family, so
 * that is tried again. */
static int open_localhost(struct parent *parent, const char *port)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        char same[8];
        int number = 0;
        open_host(parent, "127.0.0.1", port, &number);
        snprintf(same, sizeof(same), "%s", port);
        if (number == 0 && parent->socket_count > 0) {
            snprintf(same, sizeof(same), "%u", port_of(parent->sockets[0]));
        }
        if (number == 0) {
            open_host(parent, "::1", same, &number);
        }
        if (number == 0) {
            return parent->socket_count > 0 ? 0 : EADDRNOTAVAIL;
        }
        close_all(parent);
        if (strcmp(port, "0") != 0) {
            return number;
        }
    }
    return EADDRINUSE;
}

static enum err complain_listen(const struct parent *parent, int number,
                                struct complaint *complaint)
{
    const char *listen = parent->options.listen;
    if (number == EADDRINUSE) {
        return complain(complaint, ERR_EXISTS,
                        TEXT("another program listens on this address already; stop it, or give "
                             "another --listen",
                             "auf dieser Adresse lauscht schon ein anderes Programm; beende es "
                             "oder nimm ein anderes --listen"),
                        0, 0, listen, strlen(listen));
    }
    if (number == EACCES) {
        return complain(complaint, ERR_RIGHTS,
                        TEXT("ports below 1024 need more rights; give another --listen",
                             "Ports unter 1024 brauchen mehr Rechte; nimm ein anderes --listen"),
                        0, 0, listen, strlen(listen));
    }
    return complain(complaint, ERR_INVALID,
                    TEXT("this machine has no such address to listen on",
                         "diese Maschine hat keine solche Adresse zum Lauschen"),
                    0, 0, listen, strlen(listen));
}

/* Without TLS a token crosses the wire as it is: only where the wire is this machine's own. */
static bool only_loopback(const struct parent *parent)
{
    for (size_t i = 0; i < parent->socket_count; i++) {
        struct sockaddr_storage address;
        socklen_t length = sizeof(address);
        if (getsockname(parent->sockets[i], (struct sockaddr *)&address, &length) != 0) {
            return false;
        }
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&address;
        bool is_loopback = address.ss_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(v6) : ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        if (!is_loopback) {
            return false;
        }
    }
    return true;
}

enum err listen_open(struct parent *parent, struct complaint *complaint)
{
    struct endpoint endpoint;
    const char *listen = parent->options.listen;
    if (split(listen, &endpoint) != ERR_NONE) {
        return complain(
            complaint, ERR_INVALID,
            TEXT("--listen takes ADDRESS:PORT, for example localhost:8200 or [::]:8200",
                 "--listen nimmt ADRESSE:PORT, zum Beispiel localhost:8200 oder [::]:8200"),
            0, 0, listen, strlen(listen));
    }
    int number = 0;
    if (strcmp(endpoint.host, "localhost") == 0) {
        number = open_localhost(parent, endpoint.port);
    } else {
        open_host(parent, endpoint.host, endpoint.port, &number);
    }
    if (number != 0 || parent->socket_count == 0) {
        close_all(parent);
        return complain_listen(parent, number, complaint);
    }
    parent->plain = json_bool(parent->config, "plain_http", false);
    if (parent->plain && !only_loopback(parent)) {
        close_all(parent);
        return complain(complaint, ERR_INVALID,
                        TEXT("plain_http is for this machine's own addresses (localhost, 127.0.0.1, ::1); elsewhere leave it out",
                             "plain_http gilt nur für eigene Adressen dieser Maschine (localhost, 127.0.0.1, ::1); sonst weglassen"),
                        0, 0, listen, strlen(listen));
    }
    bool v6 = strchr(endpoint.host, ':') != NULL;
    snprintf(parent->address, sizeof(parent->address), "%s://%s%s%s:%u", parent->plain ? "http" : "https", v6 ? "[" : "",
             endpoint.host[0] == '\0' ? "localhost" : endpoint.host, v6 ? "]" : "",
             port_of(parent->sockets[0]));
    return ERR_NONE;
}
