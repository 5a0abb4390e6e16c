/*
 * Vogt about itself: keep gathers the facts, judge judges them, here as for any other subject. Facts:
 *   seal       {"seal":"key-file|shamir|pkcs11|tpm|awskms|transit","kms_asked_at_ms"?}
 *   ledger     {"evidence":{"size","root","verified_size","verified_root","findings"},"audit":{the same},"checkpoint_age_ms","gaps"}
 *              root: what is signed; verified_*: what was recomputed; findings, gaps: numbers or arrays
 *   keys       {"term","installed_at_ms","late":["JOB"],"transit_keys","transit_unscheduled"}: of the ring that seals every row; rotations that were due and did not happen
 *   privilege  {"rules":[{"holder","rule","capabilities":[…],"granted_at_ms","last_used_ms"?}],"probe":{"tried","denied","path"}}
 */
#ifndef VOGT_COLLECT_SELF_H
#define VOGT_COLLECT_SELF_H

#include "process/worker.h"

/* "judge.seal": seal.kms. Option "accept": further kinds of seal that count, e.g. ["shamir"]. */
enum err judge_seal(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.ledger": ledger.integrity, ledger.completeness. Option "checkpoint_max_ms" (600000). */
enum err judge_ledger(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.privilege": privilege.used, privilege.denied. Option "days" (90), which is also the grace of a new grant. */
enum err judge_privilege(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* "judge.keys": keys.rotated. Option "days" (365). */
enum err judge_keys(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* The planted facts of "seal", "keys", "ledger", "privilege", "exposure" or "disjoint", made of the real ones: what is planted is added to a copy, so that a judge that
 * is blind among real facts is found out. NULL when the arena is full or the probe unknown. */
struct json *self_planted(struct arena *arena, const char *probe, const struct json *facts);

#endif
