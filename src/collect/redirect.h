/*
 * Where an HTTP redirect would lead. Pure; Vogt follows none, but a page that sends its readers to this machine or to a cloud's metadata
 * address is not the answer of the service that was asked for.
 */
#ifndef VOGT_COLLECT_REDIRECT_H
#define VOGT_COLLECT_REDIRECT_H

#include "base/bytes.h"

enum redirect {
    REDIRECT_ELSEWHERE,    /* another page, relative or of a host as any */
    REDIRECT_LOOPBACK,     /* this machine, by name or address, however written */
    REDIRECT_LINK_LOCAL,   /* 169.254.0.0/16, fe80::/10 and the names and addresses of metadata services */
};

enum redirect redirect_read(struct slice location);
bool redirect_is_https(struct slice location);

#endif
