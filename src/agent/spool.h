/*
 * The spool: reports that Vogt has not taken yet, oldest first, each a file that was synced before anything else happened to it. Bounded in bytes, count and age:
 * what no longer fits is dropped from the old end and counted, so that Vogt hears of the gap.
 *
 * Folder "spool": SEQUENCE-TIME.json (both 16 hex digits; TIME is the report's collected_at_ms), and
 *   "gap"   {"total": how many were ever dropped,"upto": the highest sequence dropped,"next": the next sequence}: written before they go, so that a crash counts none twice
 * Owns the folder's descriptor and the index in memory.
 */
#ifndef VOGT_AGENT_SPOOL_H
#define VOGT_AGENT_SPOOL_H

#include "base/bytes.h"

struct spool;

struct spool_limits {
    uint64_t bytes_max, count_max;
    int64_t age_max_ms;
};

/* Opens or makes the folder. What a crash left half-written is removed. */
enum err spool_open(int directory_fd, const struct spool_limits *limits, struct spool **ret_spool) must_check;
void spool_free(struct spool *spool);

/* Keeps a report, durably; drops old ones to make room. ERR_TOO_LARGE: larger than the whole spool may be; counted as dropped. */
enum err spool_put(struct spool *spool, struct slice report, int64_t collected_at_ms) must_check;
/* Drops what is too old. */
enum err spool_expire(struct spool *spool, int64_t now_ms) must_check;

/* Drops the oldest `count`, counted: nobody will take them. */
enum err spool_drop(struct spool *spool, size_t count) must_check;

/* The report at `index`, 0 is the oldest. */
enum err spool_read(struct spool *spool, size_t index, struct buf *out) must_check;
/* Removes the oldest `count`: they were taken, or refused for good. */
void spool_remove(struct spool *spool, size_t count);

size_t spool_count(const struct spool *spool);
uint64_t spool_bytes(const struct spool *spool);
uint64_t spool_size(const struct spool *spool, size_t index); /* bytes of one */
uint64_t spool_dropped(const struct spool *spool);            /* ever */

#endif
