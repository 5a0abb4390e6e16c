/*
 * Agents: the same program on other hosts (kind "host": reads that machine) and at other places (kind "vantage": looks at confirmed endpoints from outside). This
 * header is what both ends agree on; the operations stand in agent_engine.c (who is one) and agent_facts.c (tasks out, facts in), the program in src/agent/.
 *
 *   agent/host/NAME   {"name","kind","every_s","created_ms","by","token": hex of its SHA-256,"token_expires_ms","enrolled_ms","hostname",
 *                      "point": hex of the SHA-256 of its key,"certificate": id,"certificate_expires_ms","next": id of one that was issued and not used yet,"next_expires_ms","revoked_ms","revoked_by"}
 *   agent/seen/NAME   {"at_ms","version","every_s","skew_ms","spooled","spooled_bytes","lost_total","cannot_see":[…],"refused":[…],"confinement":{…}}
 *   agent/newest/NAME/HEX    {"collected_at_ms","digest"}: of the newest report that was taken; an older one is a replay. HEX: SHA-256 of probe, NUL, subject
 *
 * Life of a name:  invited --enrol--> enrolled --renew, return--> enrolled ... --revoke--> revoked --create--> invited
 */
#ifndef VOGT_MEASURE_AGENT_H
#define VOGT_MEASURE_AGENT_H

#include "base/json.h"

enum {
    AGENT_NAME_MAX_BYTES = 128,
    AGENT_TOKEN_TTL_MS = 3600 * 1000,
    AGENT_RETURN_MS = 7 * 24 * 3600 * 1000, /* so long after its certificate ended an agent may come back by its key */
    AGENT_EVERY_DEFAULT_S = 24 * 3600,      /* that is: as each probe needs */
    AGENT_EVERY_MIN_S = 1,
    AGENT_EVERY_MAX_S = 24 * 3600,
    AGENT_POLL_MAX_S = 60,
    AGENT_REPORTS_MAX = 32,                 /* of one delivery */
    AGENT_DELIVERY_MAX_BYTES = 4 << 20,
    AGENT_FUTURE_MAX_MS = 60 * 1000,        /* a clock may be this far ahead of Vogt's */
    AGENT_LATE_MS = 10 * 60 * 1000,         /* older facts are history, not the present */
    AGENT_LIST_MAX = 1000,
};

/*
 * What an agent signs (ECDSA P-256, SHA-256, DER) to show that it holds the key: label with its NUL, 32 bytes, the point (65 bytes), the name. The 32 bytes are the
 * SHA-256 of the token, or when renewing and returning that of the certificate in use.
 */
#define AGENT_ENROL_LABEL "vogt/agent/enrol/v1"
#define AGENT_RENEW_LABEL "vogt/agent/renew/v1"
#define AGENT_RETURN_LABEL "vogt/agent/return/v1"
enum err agent_proof_message(struct buf *out, const char *label, struct slice digest, struct slice point, struct slice name) must_check;

/* Letters, digits, '.', '-' and '_', beginning with a letter or digit; not "this", which is Vogt's own machine. */
bool agent_name_is_good(struct slice name);

/* How often an agent asks for tasks: as often as it collects, at least once a minute. */
uint64_t agent_poll_s(uint64_t every_s);

/* What an agent says it cannot see; ids travel, sentences stay here. NULL: no such id. */
struct agent_gap {
    const char *id;
    struct text text;
};
const struct agent_gap *agent_gap_find(struct slice id);

#endif
