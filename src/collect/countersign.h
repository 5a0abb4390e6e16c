/*
 * What a witness or a time-stamping authority answered, read by judge: their bytes come from the network and never reach keep but through
 * here. Pure; the bytes were fetched by "http.post".
 */
#ifndef VOGT_COLLECT_COUNTERSIGN_H
#define VOGT_COLLECT_COUNTERSIGN_H

#include "process/worker.h"

/* "countersign.witness". Input {"status","content_type","old_size","checkpoint","vkey"}, raw: the reply's body. Output {"outcome": "cosigned" |
 * "other-size" | "ahead" | "unknown-log" | "bad-signature" | "bad-proof" | "bad-request" | "no-answer", "size" (other-size, ahead), "time_unix_s" and "lines"
 * (cosigned: one signature line of this witness's key alone)}. */
enum err countersign_witness(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* "countersign.stamp". Input {"digest": hex, "nonce", "trust"?: PEM}, raw: the reply (DER). Output {"time_unix_s","chained": against `trust`}. ERR_DENIED,
 * ERR_FORGED, ERR_MALFORMED with a complaint. */
enum err countersign_stamp(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
