#include "measure/words.h"

#include "base/utf8.h"

#include <string.h>

enum { COMPOUND_MIN_BYTES = 5, REST_MIN_BYTES = 3, STEM_MIN_BYTES = 4 };

struct fold {
    uint32_t code_point;
    const char *letters;
};

/* Lower-case letters that two ASCII letters, or one without its accent, stand for. */
static const struct fold folds[] = {
    {0xe4, "ae"},    {0xf6, "oe"},  {0xfc, "ue"},   {0xdf, "ss"},   {0x1e9e, "ss"}, {0xe6, "ae"},
    {0xf8, "oe"},    {0x153, "oe"}, {0xe0, "a"},    {0xe1, "a"},    {0xe2, "a"},    {0xe3, "a"},
    {0xe5, "a"},     {0xe7, "c"},   {0xe8, "e"},    {0xe9, "e"},    {0xea, "e"},    {0xeb, "e"},
    {0xec, "i"},     {0xed, "i"},   {0xee, "i"},    {0xef, "i"},    {0xf1, "n"},    {0xf2, "o"},
    {0xf3, "o"},     {0xf4, "o"},   {0xf5, "o"},    {0xf9, "u"},    {0xfa, "u"},    {0xfb, "u"},
    {0xfd, "y"},     {0xff, "y"},   {0xfb00, "ff"}, {0xfb01, "fi"}, {0xfb02, "fl"}, {0xfb03, "ffi"},
    {0xfb04, "ffl"},
};

enum { SOFT_HYPHEN = 0xad, COMBINING_DIAERESIS = 0x308 };

/* The letters that a code point gives to a folded word; NULL: it separates words; "": it is passed
 * over. */
static const char *folded_letters(uint32_t code_point, char one[2])
{
    uint32_t lower = utf8_fold(code_point);
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
        one[0] = (char)lower;
        one[1] = '\0';
        return one;
    }
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        if (folds[i].code_point == lower || folds[i].code_point == code_point) {
            return folds[i].letters;
        }
    }
    if (code_point == COMBINING_DIAERESIS) {
        return "e";
    }
    return code_point == SOFT_HYPHEN ? "" : NULL;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* A dot or comma between two digits belongs to the number. */
static bool joins_digits(struct slice text, size_t position)
{
    uint8_t byte = text.data[position];
    return (byte == '.' || byte == ',') && position > 0 && position + 1 < text.len &&
           is_digit(text.data[position - 1]) && is_digit(text.data[position + 1]);
}

struct builder {
    struct arena *arena;
    struct words *words;
    char letters[WORD_MAX_BYTES];
    size_t letter_count, start, end;
};

static enum err finish_word(struct builder *builder)
{
    if (builder->letter_count == 0 || builder->words->count == WORDS_MAX_COUNT) {
        builder->letter_count = 0;
        return ERR_NONE;
    }
    struct slice folded =
        arena_copy(builder->arena, slice_of(builder->letters, builder->letter_count));
    if (folded.data == NULL) {
        return ERR_TOO_LARGE;
    }
    builder->words->items[builder->words->count++] =
        (struct word){folded, builder->start, builder->end - builder->start};
    builder->letter_count = 0;
    return ERR_NONE;
}

static void add_letters(struct builder *builder, const char *letters, size_t start, size_t end)
{
    if (builder->letter_count == 0) {
        builder->start = start;
    }
    builder->end = end;
    for (; *letters != '\0' && builder->letter_count < WORD_MAX_BYTES; letters++) {
        builder->letters[builder->letter_count++] = *letters;
    }
}

static size_t word_limit(struct slice text)
{
    size_t most = text.len / 2 + 1;
    return most < WORDS_MAX_COUNT ? most : WORDS_MAX_COUNT;
}

enum err words_read(struct arena *arena, struct slice text, struct words *ret_words)
{
    struct words words = {text, arena_alloc_array(arena, word_limit(text), sizeof(struct word)), 0};
    if (words.items == NULL) {
        return ERR_TOO_LARGE;
    }
    struct builder builder = {.arena = arena, .words = &words};
    size_t position = 0;
    while (position < text.len) {
        size_t start = position;
        uint32_t code_point = 0;
        char one[2];
        const char *letters = NULL;
        if (utf8_next(text, &position, &code_point) != ERR_NONE) {
            position = start + 1;
        } else if (joins_digits(text, start)) {
            letters = ".";
        } else {
            letters = folded_letters(code_point, one);
        }
        if (letters != NULL) {
            add_letters(&builder, letters, start, position);
        } else if (finish_word(&builder) != ERR_NONE) {
            return ERR_TOO_LARGE;
        }
    }
    if (finish_word(&builder) != ERR_NONE) {
        return ERR_TOO_LARGE;
    }
    *ret_words = words;
    return ERR_NONE;
}

static bool listed(const char *const *list, size_t count, struct slice word)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, list[i])) {
            return true;
        }
    }
    return false;
}

bool word_is_filler(struct slice folded)
{
    static const char *const fillers[] = {
        "der",   "die",   "das", "den",  "dem", "des",  "ein",    "eine", "einer", "eines",
        "einen", "einem", "und", "fuer", "von", "vom",  "in",     "im",   "zu",    "zur",
        "zum",   "mit",   "auf", "an",   "am",  "bei",  "the",    "a",    "an",    "of",
        "for",   "and",   "to",  "on",   "by",  "with", "via",    "as",   "our",   "all",
        "oder",  "or",    "und", "is",   "are", "be",   "unsere",
    };
    return listed(fillers, sizeof(fillers) / sizeof(fillers[0]), folded);
}

/* Endings of inflected German and English words, longest first. */
static const char *const endings[] = {"innen", "ungen", "ings", "nen", "ern", "ies", "ing",
                                      "ens",   "em",    "en",   "er",  "es",  "ed",  "ns",
                                      "te",    "e",     "s",    "n",   "y",   "t"};

static bool is_ending(struct slice rest)
{
    return rest.len == 0 || listed(endings, sizeof(endings) / sizeof(endings[0]), rest);
}

/* Length of a folded word without its inflection ("datenbanken" -> "datenbank", "policies" -> "polic"). */
static size_t stem_length(struct slice folded)
{
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct slice ending = slice_string(endings[i]);
        /* "ungen" -> "ung": the noun keeps its suffix, only the plural goes. */
        size_t kept = strcmp(endings[i], "ungen") == 0 ? 3 : 0;
        if (folded.len >= STEM_MIN_BYTES + ending.len && slice_ends(folded, ending)) {
            return folded.len - ending.len + kept;
        }
    }
    return folded.len;
}

/* The same word but for its inflection. */
static bool inflected(struct slice folded, struct slice wanted)
{
    if (slice_equal(folded, wanted)) {
        return true;
    }
    struct slice stem = slice_first(wanted, stem_length(wanted));
    if (slice_starts(folded, wanted) && is_ending(slice_from(folded, wanted.len))) {
        return true;
    }
    return stem.len >= STEM_MIN_BYTES && slice_starts(folded, stem) &&
           is_ending(slice_from(folded, stem.len));
}

static bool may_be_compound(struct slice wanted, unsigned flags)
{
    return wanted.len >= COMPOUND_MIN_BYTES || (flags & WORD_INSIDE) != 0;
}

static enum word_match compare_front(struct slice folded, struct slice wanted, unsigned flags)
{
    if ((flags & WORD_EXACT) != 0) {
        return slice_equal(folded, wanted) ? WORD_SAME : WORD_DIFFERENT;
    }
    bool begins = slice_starts(folded, wanted);
    if (((flags & WORD_PREFIX) != 0 && begins) || inflected(folded, wanted)) {
        return WORD_SAME;
    }
    bool leads = begins && folded.len >= wanted.len + REST_MIN_BYTES;
    return leads && may_be_compound(wanted, flags) ? WORD_COMPOUND : WORD_DIFFERENT;
}

enum word_match word_compare_at(struct slice folded, size_t at, struct slice wanted, unsigned flags)
{
    if (at == 0) {
        return compare_front(folded, wanted, flags);
    }
    if (at < REST_MIN_BYTES || (flags & WORD_EXACT) != 0 || !may_be_compound(wanted, flags)) {
        return WORD_DIFFERENT;
    }
    struct slice tail = slice_from(folded, at);
    bool fits = (flags & WORD_PREFIX) != 0 ? slice_starts(tail, wanted) : inflected(tail, wanted);
    return fits ? WORD_COMPOUND : WORD_DIFFERENT;
}

enum word_match word_compare(struct slice folded, struct slice wanted, unsigned flags)
{
    enum word_match match = compare_front(folded, wanted, flags);
    for (size_t at = REST_MIN_BYTES; match == WORD_DIFFERENT && at < folded.len; at++) {
        match = word_compare_at(folded, at, wanted, flags);
    }
    return match;
}
