/*
 * A stream: bytes to and from one peer with a deadline and a bound on what is read, over TCP or to a planted peer inside
 * this process. Collectors speak through streams alone, so that the planted failure passes through the same code as the
 * outside. Owns its descriptor; never blocks past its deadline; is the only place of a collector that reads the clock.
 */
#ifndef VOGT_COLLECT_STREAM_H
#define VOGT_COLLECT_STREAM_H

#include "base/bytes.h"

#include <sys/socket.h>

/* A peer inside this process: takes what is written, gives what it answers (count 0: nothing now, it waits for more). */
struct stream_peer {
    enum err (*take)(void *context, struct slice bytes);
    enum err (*give)(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count);
    void *context;
};

struct stream {
    int fd;                          /* -1 when planted */
    const struct stream_peer *peer;
    int64_t deadline_ns;
    size_t left_bytes;               /* that may still be read */
};

struct stream_address {
    struct sockaddr_storage storage;
    socklen_t length;
    char text[46];                   /* numeric, without port */
    bool ipv6;
};

int64_t stream_now_ns(void);
int64_t stream_deadline(int64_t timeout_ms, int64_t latest_ns); /* the earlier of now + timeout and latest */

/* Resolves to at most max addresses, IPv6 and IPv4. ERR_NOT_FOUND: no such name; ERR_UNREACHABLE: resolver failed. */
enum err stream_resolve(struct slice host, uint16_t port, struct stream_address *ret_addresses, size_t max,
                        size_t *ret_count) must_check;
/* ERR_CLOSED: the peer refused the connection (nothing listens there); ERR_UNREACHABLE, ERR_TIMEOUT, ERR_RIGHTS. */
enum err stream_connect(const struct stream_address *address, int64_t deadline_ns, size_t read_max_bytes,
                        struct stream *ret_stream) must_check;
struct stream stream_planted(const struct stream_peer *peer, size_t read_max_bytes);
void stream_close(struct stream *stream);

enum err stream_write(struct stream *stream, struct slice bytes) must_check;
/* At least one byte. ERR_CLOSED at the end or a reset, ERR_TIMEOUT, ERR_TOO_LARGE past the bound. */
enum err stream_read(struct stream *stream, uint8_t *out, size_t max_bytes, size_t *ret_count) must_check;

#endif
