/*
 * Many TCP connection attempts at once: which of these (address, port) pairs take a connection? Only connects and closes; not one
 * byte is read or sent. Bounded in rate, in how many are open at a time, and in time. Owns its sockets while it runs.
 */
#ifndef VOGT_COLLECT_SCAN_H
#define VOGT_COLLECT_SCAN_H

#include "base/json.h"

#include <sys/socket.h>

enum scan_state {
    SCAN_NOT_ASKED,                    /* the time was over before */
    SCAN_OPEN,
    SCAN_CLOSED,                       /* refused by a reset: from the machine itself, or from a filter that plays it */
    SCAN_REJECTED,                     /* refused by an ICMP message: a filter, for certain */
    SCAN_FILTERED,                     /* nothing came back */
    SCAN_UNREACHABLE,                  /* no route, or a router said so */
    SCAN_DENIED,                       /* refused here: this machine's sandbox or filter */
    SCAN_ERROR,
    SCAN_STATES,
};
const char *scan_state_name(enum scan_state state);               /* "open"… */

struct scan_address {
    struct sockaddr_storage storage;   /* the port in it is of no matter */
    socklen_t length;
    char text[46];
    bool ipv6;
    bool local;                        /* one of this machine's own: what connects from here is no outside */
};
/* Numeric only: names are nobody's to resolve here. ERR_INVALID. */
enum err scan_address_of(struct slice text, struct scan_address *ret_address) must_check;

struct scan_probe {
    uint16_t address;                  /* index into the addresses */
    uint16_t port;
    uint8_t state;                     /* enum scan_state */
    int16_t error;                     /* errno of SCAN_ERROR */
};

struct scan_limits {
    unsigned per_second, at_a_time;
    int64_t wait_ms;                   /* for one answer; from 1,100 on the kernel repeats its question once */
    int64_t deadline_ns;               /* of the whole, as stream_now_ns counts */
};
enum { SCAN_AT_A_TIME_MAX = 128, SCAN_PER_SECOND_MAX = 2000 };

/* Asks the probes in their order and fills in their states. */
void scan_run(const struct scan_address *addresses, struct scan_probe *probes, size_t count, const struct scan_limits *limits);

#endif
