/*
 * Strict-Transport-Security (RFC 6797, 6.1): directives between semicolons, names without case, each at most once,
 * max-age required, values as tokens or quoted strings, unknown directives ignored. Pure.
 */
#ifndef VOGT_COLLECT_HSTS_H
#define VOGT_COLLECT_HSTS_H

#include "base/bytes.h"

struct hsts {
    uint64_t max_age_s;
    bool include_subdomains, preload;
};

/* ERR_MALFORMED: a browser would ignore this header. */
enum err hsts_read(struct slice value, struct hsts *ret_hsts) must_check;

#endif
