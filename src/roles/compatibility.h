/*
 * docs/vault-compatibility.md: every documented endpoint of Vault's API (compatibility.def) held against the tables of routes. An endpoint is done when a route takes
 * it, different when compatibility.def says how, or when the route's own help begins with "Refused", else not there. It owns nothing and asks no daemon.
 */
#ifndef VOGT_ROLES_COMPATIBILITY_H
#define VOGT_ROLES_COMPATIBILITY_H

#include "base/bytes.h"

/* The whole page. ERR_INVALID with a complaint: a difference is said of something that is not there, or an endpoint stands there twice. */
enum err compatibility_page(struct buf *out, struct complaint *complaint) must_check;

#endif
