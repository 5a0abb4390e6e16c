#include "measure/catalogue_pattern.h"

#include "measure/words.h"

static enum err add_word(struct pattern_set *set, struct slice folded, unsigned flags)
{
    if (set->phrase_word_count == PATTERN_SPANS_MAX) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < set->word_count; i++) {
        if (set->words[i].flags == flags && slice_is(folded, set->words[i].folded)) {
            set->phrase_words[set->phrase_word_count++] = (uint16_t)i;
            return ERR_NONE;
        }
    }
    if (set->word_count == PATTERN_WORDS_MAX) {
        return ERR_TOO_LARGE;
    }
    const char *kept = arena_string(set->arena, folded);
    if (kept == NULL) {
        return ERR_TOO_LARGE;
    }
    set->words[set->word_count] = (struct pattern_word){kept, (uint8_t)folded.len, (uint8_t)flags};
    set->phrase_words[set->phrase_word_count++] = (uint16_t)set->word_count++;
    return ERR_NONE;
}

/* One piece between spaces: "*log", "encrypt*", "signal=", "four-eyes" (two words). */
static enum err add_piece(struct pattern_set *set, struct slice piece)
{
    unsigned flags = 0;
    if (piece.data[0] == '*') {
        flags |= WORD_INSIDE;
    }
    if (piece.data[piece.len - 1] == '*' && piece.len > 1) {
        flags |= WORD_PREFIX;
    } else if (piece.data[piece.len - 1] == '=') {
        flags |= WORD_EXACT;
    }
    struct words words;
    enum err err = words_read(set->arena, piece, &words);
    for (size_t i = 0; err == ERR_NONE && i < words.count; i++) {
        err = add_word(set, words.items[i].folded, i + 1 == words.count ? flags : 0);
    }
    return err;
}

static enum err add_phrase(struct pattern_set *set, struct slice text)
{
    if (set->phrase_count == PATTERN_SPANS_MAX) {
        return ERR_TOO_LARGE;
    }
    size_t first = set->phrase_word_count;
    struct slice rest = text, piece;
    while (slice_split(&rest, ' ', &piece)) {
        enum err err = piece.len == 0 ? ERR_NONE : add_piece(set, piece);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (set->phrase_word_count == first) {
        return ERR_MALFORMED;
    }
    set->phrases[set->phrase_count++] =
        (struct pattern_span){(uint16_t)first, (uint16_t)(set->phrase_word_count - first)};
    return ERR_NONE;
}

static enum err add_group(struct pattern_set *set, struct slice text)
{
    size_t first = set->phrase_count;
    struct slice rest = text, phrase;
    while (slice_split(&rest, '|', &phrase)) {
        enum err err = add_phrase(set, phrase);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (set->phrase_count == first) {
        return ERR_MALFORMED;
    }
    if (set->group_count == PATTERN_SPANS_MAX) {
        return ERR_TOO_LARGE;
    }
    set->groups[set->group_count++] =
        (struct pattern_span){(uint16_t)first, (uint16_t)(set->phrase_count - first)};
    return ERR_NONE;
}

enum err pattern_add(struct pattern_set *set, struct slice text, struct pattern_span *ret_groups)
{
    size_t first = set->group_count;
    struct slice rest = text, group;
    while (slice_split(&rest, '+', &group)) {
        enum err err = add_group(set, group);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (set->group_count == first) {
        return ERR_MALFORMED;
    }
    *ret_groups = (struct pattern_span){(uint16_t)first, (uint16_t)(set->group_count - first)};
    return ERR_NONE;
}
