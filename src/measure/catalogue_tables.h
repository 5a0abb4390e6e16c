/*
 * The tables behind catalogue.h, as catalogue_make writes them into catalogue_data.c: the entries in order, and the words of all
 * patterns, each once. Only catalogue.c, words_match.c and the generated file see them.
 *
 *   pattern -> groups[first_group .. +group_count]    all must occur
 *   group   -> phrases[first .. +count]               any
 *   phrase  -> phrase_words[first .. +count]          in order, next to each other but for fillers; values are indices of words
 */
#ifndef VOGT_MEASURE_CATALOGUE_TABLES_H
#define VOGT_MEASURE_CATALOGUE_TABLES_H

#include "measure/catalogue.h"
#include "measure/kinds.h"

struct pattern_word {
    const char *folded;
    uint8_t length;
    uint8_t flags;                      /* enum word_flags */
};

struct pattern_span {
    uint16_t first, count;
};

extern const struct pattern_word catalogue_words[];
extern const size_t catalogue_words_count;
extern const uint16_t catalogue_phrase_words[];
extern const struct pattern_span catalogue_phrases[];
extern const struct pattern_span catalogue_groups[];

extern const struct measure catalogue_measures[];
extern const size_t catalogue_measures_count;
extern const struct section_theme catalogue_sections[];
extern const size_t catalogue_sections_count;
extern const struct outside_topic catalogue_outsides[];
extern const size_t catalogue_outsides_count;
extern const struct term catalogue_terms[];
extern const size_t catalogue_terms_count;
extern const struct probe catalogue_probes[];
extern const size_t catalogue_probes_count;
extern const struct kind catalogue_kinds[];
extern const size_t catalogue_kinds_count;
extern const struct subject_kind catalogue_subjects[];
extern const size_t catalogue_subjects_count;

#endif
