#include "measure/words_match.h"

#include "measure/catalogue_tables.h"

/* A word that stands in a clause more often than HITS_MAX times says no more by it; so hostile text costs no more either. */
enum { HITS_MAX = 48 };
enum { BUCKETS = 4096, GAP_MAX_WORDS = 2, QUALITY_SAME = 1000, QUALITY_COMPOUND = 880 };

/* Catalogue words by the hash of their first two letters: a word can only match where those stand
 * in the text's word. */
struct words_index {
    uint16_t first[BUCKETS]; /* 1 + index of a word; 0 ends */
    uint16_t *next;          /* by word */
};

struct hit {
    uint32_t place; /* of the text's word */
    uint16_t quality_permille;
    struct hit *next; /* in order of place */
};

struct words_reading {
    struct words words;
    struct hit **first, **last; /* by catalogue word */
    uint8_t *hit_count;
};

/* `left` letters stand from there; a word of one letter has a bucket of its own. */
static size_t bucket_of(const uint8_t *letters, size_t left)
{
    return ((size_t)letters[0] * 61 + (left > 1 ? letters[1] : 0)) % BUCKETS;
}

enum err words_index_make(struct arena *arena, struct words_index **ret_index)
{
    struct words_index *index = arena_alloc(arena, sizeof(*index));
    if (index != NULL) {
        index->next = arena_alloc_array(arena, catalogue_words_count, sizeof(index->next[0]));
    }
    if (index == NULL || index->next == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < catalogue_words_count; i++) {
        const struct pattern_word *word = &catalogue_words[i];
        size_t bucket = bucket_of((const uint8_t *)word->folded, word->length);
        index->next[i] = index->first[bucket];
        index->first[bucket] = (uint16_t)(i + 1);
    }
    *ret_index = index;
    return ERR_NONE;
}

static enum err add_hit(struct arena *arena, struct words_reading *reading, size_t word,
                        size_t place, enum word_match match)
{
    unsigned quality = match == WORD_SAME ? QUALITY_SAME : QUALITY_COMPOUND;
    struct hit *last = reading->last[word];
    if (last != NULL && last->place == place) {
        last->quality_permille =
            quality > last->quality_permille ? (uint16_t)quality : last->quality_permille;
        return ERR_NONE;
    }
    if (reading->hit_count[word] == HITS_MAX) {
        return ERR_NONE;
    }
    reading->hit_count[word]++;
    struct hit *hit = arena_alloc(arena, sizeof(*hit));
    if (hit == NULL) {
        return ERR_TOO_LARGE;
    }
    *hit = (struct hit){(uint32_t)place, (uint16_t)quality, NULL};
    if (last == NULL) {
        reading->first[word] = hit;
    } else {
        last->next = hit;
    }
    reading->last[word] = hit;
    return ERR_NONE;
}

/* All catalogue words that begin at one letter of the text's word; beginnings at 1 and 2 are no
 * compounds. */
static enum err read_word(struct arena *arena, const struct words_index *index,
                          struct words_reading *reading, size_t place)
{
    struct slice folded = reading->words.items[place].folded;
    for (size_t at = 0; at == 0 || at + 2 <= folded.len; at = at == 0 ? 3 : at + 1) {
        for (size_t i = index->first[bucket_of(folded.data + at, folded.len - at)]; i != 0;
             i = index->next[i - 1]) {
            const struct pattern_word *wanted = &catalogue_words[i - 1];
            struct hit *last = reading->last[i - 1];
            if (last != NULL && last->place == place && last->quality_permille == QUALITY_SAME) {
                continue;
            }
            enum word_match match =
                word_compare_at(folded, at, slice_of(wanted->folded, wanted->length), wanted->flags);
            if (match != WORD_DIFFERENT &&
                add_hit(arena, reading, i - 1, place, match) != ERR_NONE) {
                return ERR_TOO_LARGE;
            }
        }
    }
    return ERR_NONE;
}

enum err words_reading_make(struct arena *arena, const struct words_index *index, struct slice text,
                            struct words_reading **ret_reading)
{
    struct words_reading *reading = arena_alloc(arena, sizeof(*reading));
    if (reading == NULL) {
        return ERR_TOO_LARGE;
    }
    reading->first = arena_alloc_array(arena, catalogue_words_count, sizeof(struct hit *));
    reading->last = arena_alloc_array(arena, catalogue_words_count, sizeof(struct hit *));
    reading->hit_count = arena_alloc_array(arena, catalogue_words_count, sizeof(uint8_t));
    if (reading->first == NULL || reading->last == NULL || reading->hit_count == NULL) {
        return ERR_TOO_LARGE;
    }
    enum err err = words_read(arena, text, &reading->words);
    for (size_t i = 0; err == ERR_NONE && i < reading->words.count; i++) {
        err = read_word(arena, index, reading, i);
    }
    if (err == ERR_NONE) {
        *ret_reading = reading;
    }
    return err;
}

const struct words *words_reading_words(const struct words_reading *reading)
{
    return &reading->words;
}

struct word_range words_reading_all(const struct words_reading *reading)
{
    return (struct word_range){0, reading->words.count};
}

static const struct hit *hit_at(const struct words_reading *reading, size_t word, size_t place)
{
    for (const struct hit *hit = reading->first[word]; hit != NULL && hit->place <= place;
         hit = hit->next) {
        if (hit->place == place) {
            return hit;
        }
    }
    return NULL;
}

/* The next word of a phrase: right behind `place`, or behind at most two fillers. */
static const struct hit *hit_behind(const struct words_reading *reading, size_t word, size_t place,
                                    size_t end)
{
    for (size_t gap = 0; gap <= GAP_MAX_WORDS && place + 1 + gap < end; gap++) {
        const struct hit *hit = hit_at(reading, word, place + 1 + gap);
        if (hit != NULL || !word_is_filler(reading->words.items[place + 1 + gap].folded)) {
            return hit;
        }
    }
    return NULL;
}

struct phrase_match {
    unsigned quality_permille;
    size_t first, last;
};

static struct phrase_match find_phrase(const struct words_reading *reading,
                                       struct pattern_span phrase, struct word_range range)
{
    struct phrase_match best = {0, 0, 0};
    const uint16_t *words = catalogue_phrase_words + phrase.first;
    for (const struct hit *hit = reading->first[words[0]]; hit != NULL && hit->place < range.end;
         hit = hit->next) {
        if (hit->place < range.first) {
            continue;
        }
        struct phrase_match match = {hit->quality_permille, hit->place, hit->place};
        for (size_t i = 1; i < phrase.count && match.quality_permille > 0; i++) {
            const struct hit *behind = hit_behind(reading, words[i], match.last, range.end);
            match.quality_permille =
                behind == NULL ? 0 : match.quality_permille * behind->quality_permille / 1000;
            match.last = behind == NULL ? match.last : behind->place;
        }
        if (match.quality_permille > best.quality_permille) {
            best = match;
        }
    }
    return best;
}

static struct phrase_match find_group(const struct words_reading *reading,
                                      struct pattern_span group, struct word_range range)
{
    struct phrase_match best = {0, 0, 0};
    for (size_t i = 0; i < group.count; i++) {
        struct phrase_match match = find_phrase(reading, catalogue_phrases[group.first + i], range);
        bool earlier = match.quality_permille == best.quality_permille &&
                       match.quality_permille > 0 && match.first < best.first;
        if (match.quality_permille > best.quality_permille || earlier) {
            best = match;
        }
    }
    return best;
}

static void add_places(struct pattern_match *match, struct phrase_match phrase)
{
    for (size_t place = phrase.first;
         place <= phrase.last && match->place_count < PATTERN_PLACES_MAX; place++) {
        match->places[match->place_count++] = place;
    }
}

struct pattern_match pattern_find(const struct words_reading *reading,
                                  const struct pattern *pattern, struct word_range range)
{
    struct pattern_match match = {.quality_permille = QUALITY_SAME};
    for (size_t i = 0; i < pattern->group_count; i++) {
        struct phrase_match phrase =
            find_group(reading, catalogue_groups[pattern->first_group + i], range);
        if (phrase.quality_permille == 0) {
            return (struct pattern_match){0};
        }
        match.quality_permille = match.quality_permille * phrase.quality_permille / 1000;
        add_places(&match, phrase);
    }
    return match;
}
