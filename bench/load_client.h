/* A load of HTTPS requests from one thread: TLS 1.3, keep-alive, epoll and OpenSSL. For benches
 * only. */
#ifndef VOGT_BENCH_LOAD_CLIENT_H
#define VOGT_BENCH_LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load {
    const char *host; /* an address in numbers */
    uint16_t port;
    const char *request; /* sent again and again, complete with its empty line and body */
    size_t request_len;  /* 0: up to its NUL */
    uint32_t numbers;    /* not 0: every "{number}" in the request becomes eight digits, which count up to this from one request to the next */
    size_t connections;
    double warm_up_seconds, seconds;
};

struct load_result {
    double requests_per_second;
    double p50_us, p99_us;
    uint64_t requests, bad; /* bad: a status other than 2xx, or a connection that broke */
    size_t reply_bytes;     /* of one whole reply, head and body */
};

bool load_run(const struct load *load,
              struct load_result *ret_result); /* false: no connection came about */

#endif
