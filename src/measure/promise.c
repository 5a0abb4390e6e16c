#include "measure/promise.h"

#include <string.h>

enum { PARTS_MAX = 64 };

struct parts {
    struct word_range items[PARTS_MAX];
    size_t count;
};

static bool is_joint(struct slice folded)
{
    static const char *const joints[] = {
        "und", "and",  "sowie",           "inklusive", "inkl", "including", "incl", "plus", "wobei",
        "bzw", "samt", "einschliesslich", "or",        "oder", "whereby",   "mit",  "with"};
    for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++) {
        if (slice_is(folded, joints[i])) {
            return true;
        }
    }
    return false;
}

/* Punctuation between two words that may end a part. */
static bool is_cut(const struct words *words, size_t before)
{
    const struct word *left = &words->items[before], *right = &words->items[before + 1];
    for (size_t i = left->offset + left->length; i < right->offset; i++) {
        if (memchr(",;:()[]&+", words->text.data[i], 9) != NULL) {
            return true;
        }
    }
    return is_joint(right->folded);
}

static void cut_parts(const struct words *words, struct parts *ret_parts)
{
    struct parts parts = {.count = 0};
    size_t first = 0;
    for (size_t i = 0; i < words->count; i++) {
        bool last = i + 1 == words->count;
        if (last || (parts.count + 1 < PARTS_MAX && is_cut(words, i))) {
            parts.items[parts.count++] = (struct word_range){first, i + 1};
            first = i + 1;
        }
    }
    *ret_parts = parts;
}

static bool promise_within(const struct words_reading *clause, const struct promise *promise,
                           struct word_range range)
{
    for (size_t i = 0; i < promise->pattern_count; i++) {
        if (pattern_find(clause, &promise->patterns[i], range).quality_permille > 0) {
            return true;
        }
    }
    return false;
}

static bool has_promise(const struct clause_promises *promises, const struct promise *promise)
{
    for (size_t i = 0; i < promises->count; i++) {
        if (promises->items[i].promise == promise) {
            return true;
        }
    }
    return false;
}

static bool has_measure(const struct clause_promises *promises, const struct measure *measure)
{
    for (size_t i = 0; i < promises->count; i++) {
        if (promises->items[i].promise->measure == measure) {
            return true;
        }
    }
    return false;
}

static void add_promise(struct clause_promises *promises, const struct promise *promise,
                        struct word_range range)
{
    if (promises->count < CLAUSE_PROMISES_MAX) {
        promises->items[promises->count++] =
            (struct clause_promise){.promise = promise, .range = range};
    }
}

/* Adds the promises of the part that no earlier part made. Returns how many. */
static size_t add_part(const struct words_reading *clause, const struct clause_bindings *bindings,
                       struct word_range range, struct clause_promises *promises)
{
    size_t before = promises->count;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct measure *measure = bindings->items[i].measure;
        for (size_t j = 0; j < measure->promise_count; j++) {
            const struct promise *promise = &measure->promises[j];
            if (!has_promise(promises, promise) && promise_within(clause, promise, range)) {
                add_promise(promises, promise, range);
            }
        }
    }
    return promises->count - before;
}

/* A part without a promise of its own belongs to the one before it, or to the first that makes one.
 */
static void extend(struct clause_promises *promises, struct word_range from, size_t end)
{
    for (size_t i = 0; i < promises->count; i++) {
        if (promises->items[i].range.first == from.first) {
            promises->items[i].range.end = end;
        }
    }
}

static void find_parts(const struct words_reading *clause, const struct clause_bindings *bindings,
                       struct clause_promises *promises)
{
    struct parts parts;
    cut_parts(words_reading_words(clause), &parts);
    struct word_range open = {0, 0};
    bool has_open = false;
    for (size_t i = 0; i < parts.count; i++) {
        struct word_range part = {has_open ? parts.items[i].first : open.first, parts.items[i].end};
        if (add_part(clause, bindings, part, promises) > 0) {
            open = part;
            has_open = true;
        } else if (has_open) {
            extend(promises, open, part.end);
        }
    }
}

static void fill_values(const struct words *words, struct clause_promise *item)
{
    struct clause_values values = clause_values_read(words, item->range);
    for (size_t i = 0; i < item->promise->parameter_count && i < PROMISE_VALUES_MAX; i++) {
        struct promise_value *value = &item->values[item->value_count++];
        value->parameter = &item->promise->parameters[i];
        value->stated =
            clause_value(&values, value->parameter->name, value->value, sizeof(value->value));
    }
}

/* A number that another promise of the same measure states, under the same name. */
static const struct promise_value *stated_by_sibling(const struct clause_promises *promises,
                                                     const struct clause_promise *item,
                                                     const char *name)
{
    for (size_t i = 0; i < promises->count; i++) {
        const struct clause_promise *other = &promises->items[i];
        if (other->promise->measure != item->promise->measure) {
            continue;
        }
        for (size_t j = 0; j < other->value_count; j++) {
            if (other->values[j].stated && strcmp(other->values[j].parameter->name, name) == 0) {
                return &other->values[j];
            }
        }
    }
    return NULL;
}

static void complete_values(struct clause_promises *promises)
{
    for (size_t i = 0; i < promises->count; i++) {
        struct clause_promise *item = &promises->items[i];
        for (size_t j = 0; j < item->value_count; j++) {
            struct promise_value *value = &item->values[j];
            const struct promise_value *sibling =
                value->stated ? NULL : stated_by_sibling(promises, item, value->parameter->name);
            const char *text = sibling != NULL ? sibling->value : value->parameter->value;
            if (!value->stated) {
                size_t length =
                    strlen(text) < VALUE_TEXT_BYTES ? strlen(text) : VALUE_TEXT_BYTES - 1;
                memcpy(value->value, text, length);
                value->value[length] = '\0';
            }
            value->stated = value->stated || sibling != NULL;
        }
    }
}

void clause_promises_find(const struct words_reading *clause,
                          const struct clause_bindings *bindings,
                          struct clause_promises *ret_promises)
{
    struct clause_promises promises = {.count = 0};
    find_parts(clause, bindings, &promises);
    for (size_t i = 0; i < bindings->count; i++) {
        const struct measure *measure = bindings->items[i].measure;
        if (!has_measure(&promises, measure)) {
            add_promise(&promises, &measure->promises[0], words_reading_all(clause));
        }
    }
    for (size_t i = 0; i < promises.count; i++) {
        fill_values(words_reading_words(clause), &promises.items[i]);
    }
    complete_values(&promises);
    *ret_promises = promises;
}

struct slice clause_part(const struct words *words, struct word_range range)
{
    /* A word that only joins does not begin a part. */
    while (range.first + 1 < range.end && is_joint(words->items[range.first].folded)) {
        range.first++;
    }
    if (range.first >= range.end) {
        return words->text;
    }
    const struct word *first = &words->items[range.first], *last = &words->items[range.end - 1];
    size_t begin = first->offset, end = last->offset + last->length;
    bool opened = memchr(words->text.data + begin, '(', end - begin) != NULL &&
                  memchr(words->text.data + begin, ')', end - begin) == NULL;
    if (opened && end < words->text.len && words->text.data[end] == ')') {
        end++;
    }
    return slice_of(words->text.data + begin, end - begin);
}
