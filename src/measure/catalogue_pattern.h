/*
 * Patterns of words while building the catalogue. How they are written:
 *
 *   "mfa"                          the word, inflected or (five letters or more) within a compound
 *   "encrypt*"                     any ending       "*log"   at the end of compounds although short      "signal=" exactly
 *   "break glass|notfallzugang"    either phrase; the words of a phrase stand in order, only fillers between
 *   "breach|panne + notify|melden" both groups somewhere in the clause
 *
 * Each folded word is stored once; catalogue_tables.h says how spans point to each other.
 */
#ifndef VOGT_MEASURE_CATALOGUE_PATTERN_H
#define VOGT_MEASURE_CATALOGUE_PATTERN_H

#include "measure/catalogue_source.h"
#include "measure/catalogue_tables.h"

enum { PATTERN_WORDS_MAX = 4096, PATTERN_SPANS_MAX = 8192 };

struct pattern_set {
    struct arena *arena;
    struct pattern_word words[PATTERN_WORDS_MAX];
    size_t word_count;
    uint16_t phrase_words[PATTERN_SPANS_MAX];
    size_t phrase_word_count;
    struct pattern_span phrases[PATTERN_SPANS_MAX];
    size_t phrase_count;
    struct pattern_span groups[PATTERN_SPANS_MAX];
    size_t group_count;
};

/* Adds one pattern's groups; *ret_groups is their span. ERR_MALFORMED: no word in a phrase; ERR_TOO_LARGE; set stays usable. */
enum err pattern_add(struct pattern_set *set, struct slice text, struct pattern_span *ret_groups) must_check;

#endif
