/*
 * Addresses of web servers as configurations and provider's documents write them: http(s)://host[:port][/path][?query]. Strict, and no more than is needed to say which
 * port reach may connect to. Pure; borrows. Keep and judge use it.
 */
#ifndef VOGT_SECRETS_WEB_ADDRESS_H
#define VOGT_SECRETS_WEB_ADDRESS_H

#include "base/bytes.h"

enum { WEB_ADDRESS_MAX_BYTES = 2048 };

struct web_address {
    bool is_plain;                      /* http */
    bool is_local;                      /* this machine: localhost, 127.0.0.1, [::1] */
    struct slice host;                  /* with brackets where it has some */
    uint16_t port;
};

/* False: it is none; has a user, a fragment, a space or other bytes that have no place there. */
bool web_address_read(struct slice text, struct web_address *ret_address);
/* Is it one to which secrets may go and whose answers may be believed? https; or plain on this machine. */
bool web_address_is_safe(struct slice text);

#endif
