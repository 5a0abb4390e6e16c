/*
 * DNS messages (RFC 1035, section 4; AXFR: RFC 5936): the question for a whole zone, and the records of the answers. Hostile bytes: names are followed
 * backwards only, so that no compression can go in a circle; everything is bounded by the message. Pure; borrows.
 */
#ifndef VOGT_COLLECT_DNS_WIRE_H
#define VOGT_COLLECT_DNS_WIRE_H

#include "base/json.h"

enum { DNS_MESSAGE_MAX_BYTES = 65535, DNS_RECORDS_MAX = 20000 };

/* Appends a message, with its length before it, that asks for a zone. ERR_INVALID: no name. */
enum err dns_put_axfr(struct buf *out, uint16_t id, struct slice zone) must_check;

/* A transfer under way: from the zone's SOA until the same SOA again. */
struct dns_transfer {
    uint16_t id;
    unsigned rcode;                 /* of the last message: 0, or why it was refused (5: refused, 9: not authoritative) */
    unsigned soa_count;             /* 2: the zone is whole */
    size_t record_count;            /* of every type */
    struct slice zone;              /* lower case, without the last dot */
};
/* Takes one message (without length) and appends {"name","type","value","port"?} of A, AAAA, CNAME, MX, NS, SOA and SRV to `records`.
 * ERR_MALFORMED, ERR_PROTOCOL (no answer to this question), ERR_DENIED (rcode), ERR_TOO_LARGE. */
enum err dns_take(struct dns_transfer *transfer, struct slice message, struct arena *arena, struct json *records) must_check;

#endif
