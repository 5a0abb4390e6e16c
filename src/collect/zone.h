/*
 * DNS zones as text: master files (RFC 1035, section 5: $ORIGIN, $TTL, relative names, blank owners, parentheses, quoted strings, comments) and CSV lists
 * with the columns name, type and value. Pure, on hostile bytes. Only names and the records that lead to services are kept.
 */
#ifndef VOGT_COLLECT_ZONE_H
#define VOGT_COLLECT_ZONE_H

#include "base/json.h"

enum { ZONE_NAME_MAX_BYTES = 253, ZONE_RECORDS_MAX = 20000 };

/* Appends {"name","type","value"} for A, AAAA, CNAME, MX, NS, SOA and SRV: names in lower case without the last dot; the value is the address, or the name it
 * leads to. `zone` is the origin at the beginning. ERR_MALFORMED with *ret_line, ERR_UNSUPPORTED ($INCLUDE, $GENERATE: not all is here), ERR_TOO_LARGE. */
enum err zone_read(struct arena *arena, struct slice text, struct slice zone, struct json *records, size_t *ret_line) must_check;
enum err zone_read_csv(struct arena *arena, struct slice text, struct slice zone, struct json *records, size_t *ret_line) must_check;
/* A name as it is kept; empty when it is none. Relative ones get the origin, "@" is the origin. */
struct slice zone_name(struct arena *arena, struct slice text, struct slice origin);

#endif
