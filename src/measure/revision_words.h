/*
 * A clause as a row of words and signs, and the difference of two such rows. Everything lives in the arena.
 */
#ifndef VOGT_MEASURE_REVISION_WORDS_H
#define VOGT_MEASURE_REVISION_WORDS_H

#include "base/arena.h"

enum { TOKENS_MAX = 1500 };

struct token {
    struct slice text;             /* in the clause */
    struct slice folded;           /* lower case */
    uint64_t hash;
    bool changed;                  /* removed (in the old row) or added (in the new one) */
};

struct tokens {
    struct token *items;
    size_t count;
};

enum err tokens_read(struct arena *arena, struct slice text, struct tokens *ret_tokens) must_check;
/* Marks what is not in the longest common row of both. Where both are very long, everything between the common ends. */
enum err tokens_compare(struct tokens *before, struct tokens *after) must_check;
/* " und für ": words that carry no promise of their own. */
bool token_is_filler(const struct token *token);
bool token_in(const struct token *token, const char *list); /* " alle jede " */

#endif
