/*
 * Leases: what an engine gave for a time and has to take back (an account in a database, a certificate). A lease is a row with a due time; nothing of it is in memory.
 *
 *   lease/at/ID       {"token": HEX of the token it belongs to,"mount": uuid,"mount_path","issued_ms","expires_s","ttl_s","max_ttl_s","renewable","renewed_s"
 *                      "data": the engine's own,"ended": true (asked to end before its time),"failed": how often ending it failed,"error"}
 *                     ID is the path that made it, a slash and 24 random characters, as in Vault. Due at its end, or when ending it is tried again.
 *   lease/of/HEX/HASH {"lease": ID}: the leases of a token; HASH: half of the SHA-256 of ID, in hex
 *   lease/stuck/HASH  {"lease": ID}: ending it failed six times. It is tried once an hour, and shown.
 *   lease/cut/PREFIX  {"prefix","at_ms","force","stage","after"}: everything below PREFIX that was given until then has ended (revoke-prefix); what is there is ended in slices
 *
 * All times are of the steady clock. A lease ends at its time, with its token, with its mount, by a cut, or when asked to, and its engine's lease_end is called
 * until it succeeds (after a crash perhaps once more than that). It is over for everybody who looks from that moment on, whatever is still to be done outside.
 */
#ifndef VOGT_ENGINE_LEASE_H
#define VOGT_ENGINE_LEASE_H

#include "engine/mount.h"

enum { LEASE_STUCK_FAILURES = 6, LEASE_SWEEP_ROWS = 50, LEASE_ENDS_AT_ONCE = 8 };

struct lease_wish {
    uint64_t ttl_s;                     /* 0: the mount's default; never longer than the mount's maximum, nor than a batch token that asked lives */
    uint64_t max_ttl_s;                 /* of all renewals; 0: the mount's */
    bool not_renewable;
    const struct json *data;            /* what lease_end will need; NULL: nothing */
};

/* For an operation below a mount, asked by a caller: makes the lease and gives its id and seconds, for turn_reply_lease. */
enum err lease_create(struct turn *turn, const struct lease_wish *wish, struct slice *ret_id, uint64_t *ret_ttl_s) must_check;
/* A lease that is good now. ERR_NOT_FOUND. */
enum err lease_find(struct turn *turn, struct slice id, const struct json **ret_row) must_check;
/* Ends it: at once for who looks, outside by keep's own turns. Nothing there: ERR_NONE. */
enum err lease_end(struct turn *turn, struct slice id) must_check;
/* Ends everything below this path: at once for who looks. Forced: without asking the engines. */
enum err lease_cut(struct turn *turn, struct slice prefix, bool is_forced) must_check;
/* Has everything of this path that was given at this time been cut off? ERR_NONE: no; ERR_NOT_FOUND: yes. */
enum err lease_check_cut(struct turn *turn, struct slice path, int64_t given_ms) must_check;

/* ---- the parts of lease*.c ---- */
char *lease_path(struct turn *turn, struct slice id);
/* The rows of a lease that is over outside too. */
enum err lease_drop(struct turn *turn, struct slice id, const struct json *row) must_check;
enum err lease_stuck_path(struct turn *turn, struct slice id, char **ret_path) must_check;
/* Of a token that has ended: a slice of its leases. *ret_count: how many there were. */
enum err lease_end_of_token(struct turn *turn, struct slice token_id, uint32_t limit, size_t *ret_count) must_check;
/* Of a mount that is being removed; *ret_left: how many still wait for their engine. */
enum err lease_end_of_mount(struct turn *turn, struct slice path, struct slice uuid, uint32_t limit, size_t *ret_left) must_check;

#endif
