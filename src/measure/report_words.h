/* The report's fixed words and the five verdicts: name, word, meaning, colour and shape. Constant
 * tables. */
#ifndef VOGT_MEASURE_REPORT_WORDS_H
#define VOGT_MEASURE_REPORT_WORDS_H

#include "measure/report_sheet.h"

enum report_word {
#define WORD(id, english, german) WORD_##id,
#include "measure/report_words.def"
#undef WORD
    WORD_COUNT
};

struct slice report_word(enum report_word word, enum language language);

enum { REPORT_VERDICTS = 5 };

/* Colour never stands alone: each verdict has its own shape and its word. */
struct report_verdict {
    const char *name;
    struct text word, meaning;
    struct tint tint;
    const char *path;
};

extern const struct report_verdict report_verdicts[REPORT_VERDICTS];

/* SIZE_MAX: no such verdict. */
size_t report_verdict_find(struct slice name);

#endif
