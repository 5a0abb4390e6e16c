/*
 * Rate-limit quotas: how many requests an address may make below a path. Of all quotas that match a request the most specific decides: one of the login's role, then the
 * longest path; the one without a path is for all others. Refused before token and policy are looked at, with 429 and the seconds to wait.
 *
 *   core/quotas  {"quotas":[{"name","path","rate","interval_s","block_s","role","is_below"}],"exempt":[patterns] (absent: as Vault's)}
 *
 * What was counted is in memory only and bounded: so many counters as COUNTERS, found by a keyed hash of quota and address (of IPv6 the network of 64 bits); where there
 * is no room, the one that is longest over makes it. A counter that was pushed out counts anew: who has thousands of addresses gets more than one has.
 * The limiter is what turns may change outside of rows, like the vault; each request counts once, however often its turn runs.
 */
#ifndef VOGT_ENGINE_QUOTA_H
#define VOGT_ENGINE_QUOTA_H

#include "engine/turn.h"

enum { QUOTAS_MAX = 256, QUOTA_NAME_MAX_BYTES = 128, QUOTA_PATH_MAX_BYTES = 256, QUOTA_ROLE_MAX_BYTES = 128, QUOTA_EXEMPT_MAX = 64 };

struct limiter;
/* The seed keys the hash. NULL: no memory. */
struct limiter *limiter_new(const uint8_t seed[32]);
void limiter_free(struct limiter *limiter);
size_t limiter_bytes(const struct limiter *limiter);

/* ERR_NEED; ERR_BUSY with a complaint and turn->retry_after_s: too many. Below a mount only after the mount was found. */
enum err quota_check(struct turn *turn) must_check;

/* The row, or an empty object. */
enum err quota_load(struct turn *turn, const struct json **ret_row) must_check;
/* Patterns that are never limited; "*" at the end stands for any ending. */
extern const char *const quota_exempt_usual[];   /* ends with NULL */

#endif
