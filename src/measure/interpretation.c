#include "measure/interpretation.h"

#include <string.h>

static bool term_speaks_of(const struct term *term, const struct measure *measure)
{
    if (term->measure_count == 0) {
        return true;
    }
    for (size_t i = 0; i < term->measure_count; i++) {
        if (strcmp(term->measures[i], measure->id) == 0) {
            return true;
        }
    }
    return false;
}

/* The first place of any of the term's words. */
static bool find_term(const struct words_reading *clause, const struct term *term,
                      struct word_range *ret_words)
{
    for (size_t i = 0; i < term->pattern_count; i++) {
        struct pattern_match match =
            pattern_find(clause, &term->patterns[i], words_reading_all(clause));
        if (match.quality_permille > 0 && match.place_count > 0) {
            *ret_words =
                (struct word_range){match.places[0], match.places[match.place_count - 1] + 1};
            return true;
        }
    }
    return false;
}

static void add(struct clause_interpretations *list, const struct interpretation *item)
{
    if (list->count < INTERPRETATIONS_MAX && item->promises != 0) {
        list->items[list->count++] = *item;
    }
}

/* The promises in whose part the word stands; if it stands in none of theirs, all of those that the
 * term speaks of. */
static uint32_t promises_around(const struct term *term, const struct clause_promises *promises,
                                struct word_range words)
{
    uint32_t around = 0, all = 0;
    for (size_t i = 0; i < promises->count; i++) {
        const struct clause_promise *promise = &promises->items[i];
        if (!term_speaks_of(term, promise->promise->measure)) {
            continue;
        }
        all |= UINT32_C(1) << i;
        if (words.first >= promise->range.first && words.first < promise->range.end) {
            around |= UINT32_C(1) << i;
        }
    }
    return around != 0 ? around : all;
}

/* A term without a parameter: one reading for the promises that it touches. */
static void read_word(const struct words_reading *clause, const struct term *term,
                      const struct clause_promises *promises, struct clause_interpretations *list)
{
    struct interpretation item = {.term = term};
    if (find_term(clause, term, &item.words)) {
        item.promises = promises_around(term, promises, item.words);
        add(list, &item);
    }
}

static const struct promise_value *unstated(const struct clause_promise *promise,
                                            const char *parameter)
{
    for (size_t i = 0; i < promise->value_count; i++) {
        if (!promise->values[i].stated &&
            strcmp(promise->values[i].parameter->name, parameter) == 0) {
            return &promise->values[i];
        }
    }
    return NULL;
}

static struct interpretation *with_value(struct clause_interpretations *list,
                                         const struct term *term, const char *value)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].term == term && strcmp(list->items[i].value, value) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* A number that is missing: promises that take the same value share one reading. `handled` keeps a
 * promise from a second one. */
static void read_number(const struct words_reading *clause, const struct term *term,
                        const struct clause_promises *promises, uint32_t *handled,
                        struct clause_interpretations *list)
{
    struct interpretation item = {.term = term, .parameter = term->parameter};
    if (term->pattern_count > 0 && !find_term(clause, term, &item.words)) {
        return;
    }
    for (size_t i = 0; i < promises->count; i++) {
        const struct clause_promise *promise = &promises->items[i];
        const struct promise_value *value = unstated(promise, term->parameter);
        if (value == NULL || (*handled & UINT32_C(1) << i) != 0 ||
            !term_speaks_of(term, promise->promise->measure)) {
            continue;
        }
        struct interpretation *same = with_value(list, term, value->value);
        if (same != NULL) {
            same->promises |= UINT32_C(1) << i;
        } else {
            item.value = value->value;
            item.promises = UINT32_C(1) << i;
            add(list, &item);
        }
        *handled |= UINT32_C(1) << i;
    }
}

void interpretations_find(const struct words_reading *clause,
                          const struct clause_bindings *bindings,
                          const struct clause_promises *promises,
                          struct clause_interpretations *ret_interpretations)
{
    struct clause_interpretations list = {.count = 0};
    uint32_t handled = 0;
    /* Words of the clause first; what they leave open is said to be unstated. */
    for (size_t pass = 0; bindings->count > 0 && pass < 2; pass++) {
        for (size_t i = 0; i < catalogue_term_count(); i++) {
            const struct term *term = catalogue_term_at(i);
            bool wordless = term->pattern_count == 0;
            if (wordless != (pass == 1)) {
                continue;
            }
            if (term->parameter == NULL) {
                read_word(clause, term, promises, &list);
            } else {
                read_number(clause, term, promises, &handled, &list);
            }
        }
    }
    *ret_interpretations = list;
}

struct slice interpretation_text(struct arena *arena, const struct interpretation *interpretation,
                                 enum language language)
{
    const char *text = text_in(interpretation->term->proposal, language);
    char filled[PROPOSAL_MAX_BYTES];
    size_t length = 0;
    for (const char *at = text; *at != '\0' && length < sizeof(filled);) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;
        struct slice name = close == NULL ? SLICE_NONE : slice_of(at + 1, (size_t)(close - at - 1));
        if (close == NULL || interpretation->parameter == NULL ||
            !slice_is(name, interpretation->parameter)) {
            filled[length++] = *at++;
            continue;
        }
        for (const char *digit = interpretation->value; *digit != '\0' && length < sizeof(filled);
             digit++) {
            if (*digit != '"') {
                filled[length++] = *digit;
            }
        }
        at = close + 1;
    }
    return arena_copy(arena, slice_of(filled, length));
}
