/*
 * UDP ports, as far as they can be told. A datagram that is answered shows an open port, an ICMP refusal a closed one; silence shows
 * nothing: a filter, a lost datagram, a program that did not like the question, and a refusal that the other side held back (Linux
 * sends about one a second) look alike.
 */
#ifndef VOGT_COLLECT_SCAN_UDP_H
#define VOGT_COLLECT_SCAN_UDP_H

#include "collect/scan.h"

enum scan_udp_state { SCAN_UDP_SILENT, SCAN_UDP_ANSWERED, SCAN_UDP_CLOSED, SCAN_UDP_ERROR };
enum { SCAN_UDP_PORTS_MAX = 32, SCAN_UDP_WAIT_MS = 1500 };

/* Asks each port at most twice within the wait; a well-known port in its own protocol, others with one zero byte. At most
 * SCAN_UDP_PORTS_MAX ports. */
void scan_udp_run(const struct scan_address *address, const uint16_t *ports, size_t count, int64_t deadline_ns, enum scan_udp_state *ret_states);

#endif
