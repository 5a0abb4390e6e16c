/*
 * Which patterns of the catalogue occur in a text. An index over the catalogue's words is made once for many texts; a reading
 * belongs to one text and says for each word of the catalogue where it stands. Both live in the arena given.
 */
#ifndef VOGT_MEASURE_WORDS_MATCH_H
#define VOGT_MEASURE_WORDS_MATCH_H

#include "measure/catalogue.h"
#include "measure/words.h"

struct words_index;
struct words_reading;

/* ERR_TOO_LARGE: the arena is full. */
enum err words_index_make(struct arena *arena, struct words_index **ret_index) must_check;
enum err words_reading_make(struct arena *arena, const struct words_index *index, struct slice text,
                            struct words_reading **ret_reading) must_check;
const struct words *words_reading_words(const struct words_reading *reading);

/* Words of the text, [first, end). The whole text is {0, words->count}. */
struct word_range {
    size_t first, end;
};

enum { PATTERN_PLACES_MAX = 12 };

struct pattern_match {
    unsigned quality_permille;              /* 0: does not occur; 1000: as written; less within compounds */
    size_t places[PATTERN_PLACES_MAX];      /* the words that matched, in the order of groups */
    size_t place_count;
};

/* The best occurrence of the pattern within the range: each group's first best phrase. */
struct pattern_match pattern_find(const struct words_reading *reading, const struct pattern *pattern, struct word_range range);
struct word_range words_reading_all(const struct words_reading *reading);

#endif
