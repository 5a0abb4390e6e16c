/*
 * The logs' heads as a store holds them in memory: as committed, and as the running change leaves them. What may be appended and intended is decided
 * here, for every way of keeping rows. It knows no database.
 */
#ifndef VOGT_STORE_HEADS_H
#define VOGT_STORE_HEADS_H

#include "store/edge.h"
#include "store/wire.h"

enum { LOGS = 3 /* indexed by enum log_id */ };

struct log_head {
    struct edge edge;           /* holds the size */
    uint8_t root[SHA256_BYTES]; /* as intended by keep at that size */
    uint64_t published_size;
};

struct heads {
    struct log_head logs[LOGS]; /* as committed */
    struct log_head next[LOGS]; /* as the running change leaves them */
    bool appended[LOGS], intended[LOGS];
};

bool log_is_known(uint8_t log);
/* ERR_DAMAGED. */
enum err heads_load(struct heads *heads, uint64_t log, uint64_t size, struct slice root, struct slice edge, uint64_t published_size) must_check;

void heads_begin(struct heads *heads);
/* ERR_INVALID: no such log, or intended already; ERR_CONFLICT: not the next index. */
enum err heads_may_append(const struct heads *heads, const struct append *append) must_check;
void heads_append(struct heads *heads, const struct append *append);
/* ERR_INVALID: another size, or twice. */
enum err heads_may_intend(const struct heads *heads, const struct log_intent *intent) must_check;
void heads_intend(struct heads *heads, const struct log_intent *intent);
bool heads_are_whole(const struct heads *heads); /* every log with new entries has its intent */
void heads_commit(struct heads *heads);

#endif
