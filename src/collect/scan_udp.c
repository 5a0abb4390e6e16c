#include "collect/scan_udp.h"

#include "collect/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { QUIC_BYTES = 1200, ROUNDS = 2, QUESTION_GAP_MS = 5 };

struct question {
    uint16_t port;
    struct slice bytes;
    size_t sent_bytes;                 /* padded with zeros up to here; 0: as long as it is */
};

/* Each asks for nothing but a sign of life. DNS: the root's name servers; NTP: client mode 3; SNMPv3: whose engine is this (no name,
 * no password); QUIC: a version that nobody speaks, answered with those that are spoken; STUN: binding; memcached: version; RPC: null. */
static const struct question questions[] = {
    {53, SLICE_INIT("\x76\x6f\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"), 0},
    {5353, SLICE_INIT("\x76\x6f\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"), 0},
    {111, SLICE_INIT("vogt\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                     "\x00\x00\x00\x00\x00\x00\x00\x00"), 0},
    {123, SLICE_INIT("\x1b"), 48},
    {161, SLICE_INIT("\x30\x3a\x02\x01\x03\x30\x0f\x02\x02\x4a\x69\x02\x03\x00\xff\xe3\x04\x01\x04\x02\x01\x03\x04\x10\x30\x0e\x04\x00"
                     "\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00\x30\x12\x04\x00\x04\x00\xa0\x0c\x02\x02\x37\xf0\x02\x01\x00\x02"
                     "\x01\x00\x30\x00"), 0},
    {443, SLICE_INIT("\xc0\x1a\x2a\x3a\x4a\x08vogtvogt\x08vogtvogt"), QUIC_BYTES},
    {3478, SLICE_INIT("\x00\x01\x00\x00\x21\x12\xa4\x42vogtvogtvogt"), 0},
    {11211, SLICE_INIT("\x00\x01\x00\x00\x00\x01\x00\x00version\r\n"), 0},
};

static void ask(int fd, uint16_t port)
{
    uint8_t bytes[QUIC_BYTES] = {0};
    size_t len = 1;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (questions[i].port == port) {
            memcpy(bytes, questions[i].bytes.data, questions[i].bytes.len);
            len = questions[i].sent_bytes > 0 ? questions[i].sent_bytes : questions[i].bytes.len;
        }
    }
    (void)!send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL); /* a refusal shows when we read */
}

static int open_socket(const struct scan_address *address, uint16_t port)
{
    struct sockaddr_storage to = address->storage;
    if (address->ipv6) {
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&to)->sin_port = htons(port);
    }
    int fd = socket(address->storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, address->length) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* What came says only that something came. */
static enum scan_udp_state hear(int fd)
{
    uint8_t byte[1];
    ssize_t count = recv(fd, byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC);
    if (count >= 0) {
        return SCAN_UDP_ANSWERED;
    }
    return errno == ECONNREFUSED ? SCAN_UDP_CLOSED : errno == EAGAIN || errno == EINTR ? SCAN_UDP_SILENT : SCAN_UDP_ERROR;
}

static void listen_until(struct pollfd *waiting, size_t count, int64_t until_ns, enum scan_udp_state *states)
{
    for (;;) {
        int64_t left_ns = until_ns - stream_now_ns();
        int ready = left_ns <= 0 ? 0 : poll(waiting, (nfds_t)count, (int)(left_ns / 1000000 + 1));
        if (left_ns <= 0) {
            return;
        }
        for (size_t i = 0; ready > 0 && i < count; i++) {
            if (waiting[i].fd >= 0 && waiting[i].revents != 0) {
                states[i] = hear(waiting[i].fd);
                close(waiting[i].fd);
                waiting[i].fd = -1;    /* poll passes over it */
            }
        }
    }
}

void scan_udp_run(const struct scan_address *address, const uint16_t *ports, size_t count, int64_t deadline_ns, enum scan_udp_state *ret_states)
{
    struct pollfd waiting[SCAN_UDP_PORTS_MAX];
    count = count < SCAN_UDP_PORTS_MAX ? count : SCAN_UDP_PORTS_MAX;
    for (size_t i = 0; i < count; i++) {
        waiting[i] = (struct pollfd){.fd = open_socket(address, ports[i]), .events = POLLIN};
        ret_states[i] = waiting[i].fd < 0 ? SCAN_UDP_ERROR : SCAN_UDP_SILENT;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            if (waiting[i].fd >= 0) {
                ask(waiting[i].fd, ports[i]);
                listen_until(waiting, count, stream_deadline(QUESTION_GAP_MS, deadline_ns), ret_states);
            }
        }
        listen_until(waiting, count, stream_deadline(SCAN_UDP_WAIT_MS / ROUNDS, deadline_ns), ret_states);
    }
    for (size_t i = 0; i < count; i++) {
        if (waiting[i].fd >= 0) {
            close(waiting[i].fd);
        }
    }
}
