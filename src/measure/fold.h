/*
 * Replay: the evidence log folded from its beginning to the same world that keep judged by. Every recorded verdict is computed again from what
 * stood before it and compared byte for byte; every observation names the judge that can judge its facts again. Pure and offline.
 */
#ifndef VOGT_MEASURE_FOLD_H
#define VOGT_MEASURE_FOLD_H

#include "measure/verdict.h"

struct fold_counts {
    uint64_t entries, erased, verdicts, agreed, differing, other_catalogue, observations, damaged;
};

struct fold {
    struct world world;
    struct arena *arena;                /* of the world; changed for a fresh one when it has grown */
    struct fold_counts counts;
};

enum fold_result { FOLD_TAKEN, FOLD_VERDICT_AGREES, FOLD_VERDICT_DIFFERS, FOLD_OTHER_CATALOGUE, FOLD_ERASED, FOLD_DAMAGED };

enum err fold_start(struct fold *ret_fold) must_check;
void fold_free(struct fold *fold);
/* The next entry's payload; empty when it was erased. ERR_MEMORY, ERR_TOO_LARGE. Of a verdict that differs, *ret_expected (may be NULL) gets what should stand there. */
enum err fold_take(struct fold *fold, struct slice payload, uint64_t index, enum fold_result *ret_result, struct buf *ret_expected) must_check;

/* An observation's payload as input of its judge work, whose name is *ret_work; ERR_NOT_FOUND: no observation. */
enum err fold_judge_input(struct arena *arena, const struct json *payload, const char **ret_work, struct json **ret_input) must_check;

#endif
