/*
 * Words of a German or English text, folded for comparing: lower case, umlauts as two letters (ä = ae), ß = ss, other accents
 * dropped, split at everything but letters and digits ("1.3" stays whole, a soft hyphen joins). Borrows nothing but positions
 * from the text; the folded letters live in the arena. Never fails on bad UTF-8: such bytes separate words.
 */
#ifndef VOGT_MEASURE_WORDS_H
#define VOGT_MEASURE_WORDS_H

#include "base/arena.h"

enum { WORDS_MAX_COUNT = 2048, WORD_MAX_BYTES = 120 };

struct word {
    struct slice folded;
    size_t offset, length;              /* where it stands in the text */
};

struct words {
    struct slice text;
    struct word *items;
    size_t count;
};

/* ERR_TOO_LARGE: the arena is full. Words beyond WORDS_MAX_COUNT are left out, longer words are cut. */
enum err words_read(struct arena *arena, struct slice text, struct words *ret_words) must_check;

bool word_is_filler(struct slice folded);  /* "der", "for", "of": may stand between the words of a phrase */

enum word_match { WORD_DIFFERENT, WORD_COMPOUND, WORD_SAME };

enum word_flags {
    WORD_PREFIX = 1,                    /* "encrypt*": any ending */
    WORD_INSIDE = 2,                    /* "*log": also at the end of a compound, although it is short */
    WORD_EXACT = 4,                     /* "signal=": no inflection, no compound */
};

/* Does `folded` stand for `wanted`: the same but for inflection, or a German compound with it ("backupverschluesselung")? */
enum word_match word_compare(struct slice folded, struct slice wanted, unsigned flags);
/* The same, where `wanted` shall begin at one letter of `folded`: 0, or 3 and more within a compound. */
enum word_match word_compare_at(struct slice folded, size_t at, struct slice wanted, unsigned flags);

#endif
