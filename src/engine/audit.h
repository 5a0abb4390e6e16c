/*
 * The audit log's open batch: one record for every request with an effect and every reading of a secret. When keep closes a batch of changes, the records become one
 * entry (ledger/commitment.h): root of the salted records, digest of the sealed blob, digest of the state, edge of the evidence log.
 * Requests that were refused leave no record of their own: they are counted, and the sums are recorded with the next batch.
 */
#ifndef VOGT_ENGINE_AUDIT_H
#define VOGT_ENGINE_AUDIT_H

#include "engine/turn.h"

struct audit;

struct audit *audit_new(void);
void audit_free(struct audit *audit);
/* After the turn was applied. Turns that keep began itself are recorded when they changed something. */
enum err audit_add(struct audit *audit, const struct turn *turn, const uint8_t salt[32]) must_check;
void audit_count_refused(struct audit *audit, enum err err);
bool audit_is_empty(const struct audit *audit);
/* Puts blob and entry into the state's open batch. seed: 64 fresh random bytes. */
enum err audit_close(struct audit *audit, struct state *state, int64_t now_ms, const uint8_t seed[64]) must_check;

#endif
