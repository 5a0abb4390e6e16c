/*
 * Matching: first clauses of equal digest, those of the same section before others; then each new clause left over is paired
 * with the most similar old one left over (words shared, weighted, in percent), best pairs first, above a threshold.
 * Candidates come from an index of words, so that two annexes of 5,000 clauses compare in well under a second.
 */
#include "measure/revision.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/crypto.h"
#include "measure/revision_weaken.h"
#include "measure/revision_words.h"

enum {
    SIMILAR_LEAST = 45,            /* percent */
    SAME_SECTION_BONUS = 5,
    SAME_ID_BONUS = 5,
    INDEXED_WORDS = 100,           /* of a clause */
    POSTINGS_MAX = 300,            /* words in more clauses than that tell nothing */
    CANDIDATES = 8,
    FILLER_WEIGHT = 1,
    WORD_WEIGHT = 3,
    CLAUSES_MAX = 20000,
};

struct clause {
    const struct json *json;
    struct slice id, section, section_title, text;
    struct tokens tokens;          /* of lead and text */
    char digest[CLAUSE_DIGEST_BYTES];
    struct clause *match;
    unsigned similarity;
};

struct side {
    struct clause *items;
    size_t count;
};

static enum err whole_text(struct arena *arena, struct slice text, struct slice lead, struct slice *ret_whole)
{
    if (lead.len == 0) {
        *ret_whole = text;
        return ERR_NONE;
    }
    const char *whole = arena_printf(arena, "%.*s %.*s", (int)lead.len, (const char *)lead.data, (int)text.len,
                                     (const char *)text.data);
    if (whole == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_whole = slice_string(whole);
    return ERR_NONE;
}

static enum err digest_of(const struct tokens *tokens, char ret_hex[CLAUSE_DIGEST_BYTES])
{
    cleanup_buf struct buf folded = BUF_INIT(1024 * 1024), hex = BUF_INIT(2 * SHA256_BYTES);
    uint8_t digest[SHA256_BYTES];
    enum err err = ERR_NONE;
    for (size_t i = 0; i < tokens->count && err == ERR_NONE; i++) {
        err = buf_append(&folded, tokens->items[i].folded);
        err = err == ERR_NONE ? buf_append_byte(&folded, ' ') : err;
    }
    if (err == ERR_NONE) {
        sha256(buf_slice(&folded), digest);
        err = hex_encode(&hex, slice_of(digest, (CLAUSE_DIGEST_BYTES - 1) / 2));
    }
    if (err == ERR_NONE) {
        memcpy(ret_hex, hex.data, CLAUSE_DIGEST_BYTES - 1);
        ret_hex[CLAUSE_DIGEST_BYTES - 1] = 0;
    }
    return err;
}

enum err clause_digest(struct arena *arena, struct slice text, struct slice lead, char ret_hex[CLAUSE_DIGEST_BYTES])
{
    struct slice whole;
    struct tokens tokens;
    enum err err = whole_text(arena, text, lead, &whole);
    err = err == ERR_NONE ? tokens_read(arena, whole, &tokens) : err;
    return err == ERR_NONE ? digest_of(&tokens, ret_hex) : err;
}

static struct slice section_title(const struct json *annex, struct slice id)
{
    const struct json *sections = json_member(annex, "sections");
    for (const struct json *item = sections == NULL ? NULL : sections->first; item != NULL; item = item->next) {
        if (slice_equal(json_text(item, "id", SLICE_NONE), id)) {
            return json_text(item, "title", SLICE_NONE);
        }
    }
    return SLICE_NONE;
}

static enum err side_read(struct arena *arena, const struct json *annex, struct side *ret_side)
{
    const struct json *clauses = json_member(annex, "clauses");
    if (clauses == NULL || clauses->type != JSON_ARRAY || clauses->count > CLAUSES_MAX) {
        return ERR_INVALID;
    }
    struct side side = {arena_alloc_array(arena, clauses->count + 1, sizeof(struct clause)), 0};
    if (side.items == NULL) {
        return ERR_TOO_LARGE;
    }
    for (const struct json *item = clauses->first; item != NULL; item = item->next) {
        struct clause *clause = &side.items[side.count];
        clause->json = item;
        clause->id = json_text(item, "id", SLICE_NONE);
        clause->section = json_text(item, "section", SLICE_NONE);
        clause->text = json_text(item, "text", SLICE_NONE);
        bool goes_on = side.count > 0 && slice_equal(clause->section, clause[-1].section);
        clause->section_title = goes_on ? clause[-1].section_title : section_title(annex, clause->section);
        struct slice whole;
        enum err err = whole_text(arena, clause->text, json_text(item, "lead", SLICE_NONE), &whole);
        err = err == ERR_NONE ? tokens_read(arena, whole, &clause->tokens) : err;
        err = err == ERR_NONE ? digest_of(&clause->tokens, clause->digest) : err;
        if (err != ERR_NONE) {
            return err;
        }
        side.count++;
    }
    *ret_side = side;
    return ERR_NONE;
}

static bool same_section(const struct clause *a, const struct clause *b)
{
    bool titled = a->section_title.len > 0 && slice_equal(a->section_title, b->section_title);
    return titled || slice_equal(a->section, b->section);
}

static void pair(struct clause *before, struct clause *after, unsigned similarity)
{
    before->match = after;
    after->match = before;
    after->similarity = similarity;
}

static int by_digest(const void *left, const void *right)
{
    const struct clause *a = *(const struct clause *const *)left, *b = *(const struct clause *const *)right;
    int order = strcmp(a->digest, b->digest);
    return order != 0 ? order : a < b ? -1 : a > b;
}

/* The first free old clause of this digest, in the same section if `near` says so. */
static struct clause *find_equal(struct clause **sorted, size_t count, const struct clause *wanted, bool near)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->digest, wanted->digest) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i < count && i < low + POSTINGS_MAX && strcmp(sorted[i]->digest, wanted->digest) == 0; i++) {
        if (sorted[i]->match == NULL && (!near || same_section(sorted[i], wanted))) {
            return sorted[i];
        }
    }
    return NULL;
}

static enum err match_equal(struct arena *arena, struct side *before, struct side *after)
{
    struct clause **sorted = arena_alloc_array(arena, before->count + 1, sizeof(struct clause *));
    if (sorted == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < before->count; i++) {
        sorted[i] = &before->items[i];
    }
    qsort(sorted, before->count, sizeof(struct clause *), by_digest);
    for (int near = 1; near >= 0; near--) {
        for (size_t i = 0; i < after->count; i++) {
            struct clause *found = after->items[i].match == NULL ? find_equal(sorted, before->count, &after->items[i], near == 1) : NULL;
            if (found != NULL) {
                pair(found, &after->items[i], 100);
            }
        }
    }
    return ERR_NONE;
}

struct posting {
    uint64_t hash;
    uint32_t clause;
};

static int by_hash(const void *left, const void *right)
{
    const struct posting *a = left, *b = right;
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->clause < b->clause ? -1 : a->clause > b->clause;
}

static unsigned weight_of(const struct token *token)
{
    return token_is_filler(token) ? FILLER_WEIGHT : WORD_WEIGHT;
}

/* Shared weight over all weight, in percent; a word counts as often as it stands in both. */
static unsigned similarity_of(const struct clause *a, const struct clause *b)
{
    bool used[TOKENS_MAX] = {false};
    unsigned shared = 0, all = 0;
    for (size_t k = 0; k < b->tokens.count; k++) {
        all += weight_of(&b->tokens.items[k]);
    }
    for (size_t i = 0; i < a->tokens.count; i++) {
        unsigned weight = weight_of(&a->tokens.items[i]);
        all += weight;
        for (size_t k = 0; k < b->tokens.count; k++) {
            if (!used[k] && a->tokens.items[i].hash == b->tokens.items[k].hash) {
                used[k] = true;
                shared += 2 * weight;
                break;
            }
        }
    }
    return all == 0 ? 0 : shared * 100 / all;
}

struct candidate {
    struct clause *before, *after;
    unsigned score, similarity;
};

static int by_score(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return a->after != b->after ? (a->after < b->after ? -1 : 1) : a->before < b->before ? -1 : a->before > b->before;
}

struct index {
    struct posting *postings;
    size_t count;
    uint32_t *hits;                /* per old clause */
    uint32_t *touched;
};

static enum err index_build(struct arena *arena, const struct side *before, struct index *ret_index)
{
    size_t most = 0;
    for (size_t i = 0; i < before->count; i++) {
        most += before->items[i].tokens.count < INDEXED_WORDS ? before->items[i].tokens.count : INDEXED_WORDS;
    }
    struct index index = {arena_alloc_array(arena, most + 1, sizeof(struct posting)), 0,
                          arena_alloc_array(arena, before->count + 1, sizeof(uint32_t)),
                          arena_alloc_array(arena, before->count + 1, sizeof(uint32_t))};
    if (index.postings == NULL || index.hits == NULL || index.touched == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < before->count; i++) {
        const struct clause *clause = &before->items[i];
        for (size_t k = 0; clause->match == NULL && k < clause->tokens.count && k < INDEXED_WORDS; k++) {
            index.postings[index.count++] = (struct posting){clause->tokens.items[k].hash, (uint32_t)i};
        }
    }
    qsort(index.postings, index.count, sizeof(struct posting), by_hash);
    *ret_index = index;
    return ERR_NONE;
}

/* Old clauses that share words with `clause`; returns how many, their numbers in index->touched. */
static size_t index_hits(struct index *index, const struct clause *clause)
{
    size_t touched = 0;
    for (size_t k = 0; k < clause->tokens.count && k < INDEXED_WORDS; k++) {
        uint64_t hash = clause->tokens.items[k].hash;
        size_t low = 0, high = index->count, end;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (index->postings[middle].hash < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (end = low; end < index->count && index->postings[end].hash == hash && end - low <= POSTINGS_MAX; end++) {
        }
        for (size_t i = low; i < end && end - low <= POSTINGS_MAX; i++) {
            uint32_t number = index->postings[i].clause;
            if (index->hits[number] == 0) {
                index->touched[touched++] = number;
            }
            index->hits[number] += 1 + POSTINGS_MAX / (uint32_t)(end - low);  /* rare words say more */
        }
    }
    return touched;
}

/* The CANDIDATES most-hit clauses come first in index->touched. */
static size_t best_hits(struct index *index, size_t touched)
{
    size_t best = touched < CANDIDATES ? touched : CANDIDATES;
    for (size_t i = 0; i < best; i++) {
        size_t top = i;
        for (size_t k = i + 1; k < touched; k++) {
            uint32_t hits = index->hits[index->touched[k]], most = index->hits[index->touched[top]];
            top = hits > most || (hits == most && index->touched[k] < index->touched[top]) ? k : top;
        }
        uint32_t swap = index->touched[i];
        index->touched[i] = index->touched[top];
        index->touched[top] = swap;
    }
    return best;
}

static enum err match_similar(struct arena *arena, struct side *before, struct side *after)
{
    struct index index;
    size_t count = 0;
    struct candidate *candidates = arena_alloc_array(arena, after->count * CANDIDATES + 1, sizeof(struct candidate));
    enum err err = candidates == NULL ? ERR_TOO_LARGE : index_build(arena, before, &index);
    for (size_t i = 0; err == ERR_NONE && i < after->count; i++) {
        struct clause *clause = &after->items[i];
        size_t touched = clause->match == NULL ? index_hits(&index, clause) : 0, best = best_hits(&index, touched);
        for (size_t k = 0; k < best; k++) {
            struct clause *old = &before->items[index.touched[k]];
            unsigned similarity = similarity_of(old, clause), score = similarity;
            score += same_section(old, clause) ? SAME_SECTION_BONUS : 0;
            score += slice_equal(old->id, clause->id) ? SAME_ID_BONUS : 0;
            if (score >= SIMILAR_LEAST) {
                candidates[count++] = (struct candidate){old, clause, score, similarity};
            }
        }
        for (size_t k = 0; k < touched; k++) {
            index.hits[index.touched[k]] = 0;
        }
    }
    if (err == ERR_NONE) {
        qsort(candidates, count, sizeof(struct candidate), by_score);
    }
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        if (candidates[i].before->match == NULL && candidates[i].after->match == NULL) {
            pair(candidates[i].before, candidates[i].after, candidates[i].similarity);
        }
    }
    return err;
}

/* A run of tokens of one kind, from the first's to the last's letters. */
static struct slice run_text(const struct tokens *tokens, size_t *i, bool changed)
{
    const struct token *first = &tokens->items[*i], *last = first;
    while (*i < tokens->count && tokens->items[*i].changed == changed) {
        last = &tokens->items[(*i)++];
    }
    return slice_of(first->text.data, (size_t)(last->text.data + last->text.len - first->text.data));
}

static void run_add(struct arena *arena, struct json *words, const char *op, struct slice text)
{
    struct json *item = json_append(words, json_new(arena, JSON_OBJECT));
    json_set_string(arena, item, "op", slice_string(op));
    json_set_string(arena, item, "text", text);
}

/* Removed before added, then what both share (in the new one's letters). */
static enum err words_write(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *words)
{
    size_t i = 0, k = 0;
    while (i < before->count || k < after->count) {
        if (i < before->count && before->items[i].changed) {
            run_add(arena, words, "removed", run_text(before, &i, true));
        } else if (k < after->count && after->items[k].changed) {
            run_add(arena, words, "added", run_text(after, &k, true));
        } else {
            size_t start = k;
            while (i < before->count && k < after->count && !before->items[i].changed && !after->items[k].changed) {
                i++;
                k++;
            }
            if (k == start) {
                return ERR_INTERNAL;
            }
            struct tokens same = {after->items, k};
            run_add(arena, words, "same", run_text(&same, &start, false));
        }
    }
    return words == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static const char *state_of(const struct clause *after)
{
    const struct clause *before = after->match;
    if (before == NULL) {
        return "added";
    }
    if (strcmp(before->digest, after->digest) != 0) {
        return "changed";
    }
    return same_section(before, after) ? "unchanged" : "moved";
}

static const char *const states[] = {"unchanged", "moved", "changed", "added", "removed", "weakened"};
enum { STATE_REMOVED = 4, STATE_WEAKENED = 5, STATE_COUNT = 6 };

static enum err clause_write(struct arena *arena, struct clause *after, struct json *array, uint64_t counts[STATE_COUNT])
{
    const char *state = state_of(after);
    struct json *item = json_append(array, json_new(arena, JSON_OBJECT));
    json_set_string(arena, item, "id", after->id);
    json_set_string(arena, item, "state", slice_string(state));
    json_set_string(arena, item, "digest", slice_string(after->digest));
    for (size_t i = 0; i < STATE_REMOVED; i++) {
        counts[i] += strcmp(states[i], state) == 0 ? 1 : 0;
    }
    if (after->match != NULL) {
        json_set_string(arena, item, "before", after->match->id);
    }
    if (strcmp(state, "changed") != 0) {
        return item == NULL ? ERR_TOO_LARGE : ERR_NONE;
    }
    json_set_u64(arena, item, "similarity", after->similarity);
    enum err err = tokens_compare(&after->match->tokens, &after->tokens);
    err = err == ERR_NONE ? words_write(arena, &after->match->tokens, &after->tokens, json_set_array(arena, item, "words")) : err;
    struct json *weakened = json_set_array(arena, item, "weakened");
    if (err == ERR_NONE && weakened == NULL) {
        err = ERR_TOO_LARGE;
    }
    err = err == ERR_NONE ? revision_weaken(arena, &after->match->tokens, &after->tokens, weakened) : err;
    counts[STATE_WEAKENED] += err == ERR_NONE && weakened->count > 0 ? 1 : 0;
    return err;
}

static enum err removed_write(struct arena *arena, const struct clause *before, struct json *array)
{
    struct json *item = json_append(array, json_new(arena, JSON_OBJECT));
    json_set_string(arena, item, "id", before->id);
    json_set_string(arena, item, "section", before->section);
    json_set_string(arena, item, "text", before->text);
    return json_set_string(arena, item, "digest", slice_string(before->digest)) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err annex_compare(struct arena *arena, const struct json *before, const struct json *after, struct json **ret_revision)
{
    struct side old, new;
    uint64_t counts[STATE_COUNT] = {0};
    enum err err = side_read(arena, before, &old);
    err = err == ERR_NONE ? side_read(arena, after, &new) : err;
    err = err == ERR_NONE ? match_equal(arena, &old, &new) : err;
    err = err == ERR_NONE ? match_similar(arena, &old, &new) : err;
    struct json *revision = json_new(arena, JSON_OBJECT);
    struct json *clauses = json_set_array(arena, revision, "clauses");
    for (size_t i = 0; err == ERR_NONE && i < new.count; i++) {
        err = clause_write(arena, &new.items[i], clauses, counts);
    }
    struct json *removed = json_set_array(arena, revision, "removed"), *summary;
    for (size_t i = 0; err == ERR_NONE && i < old.count; i++) {
        if (old.items[i].match == NULL) {
            err = removed_write(arena, &old.items[i], removed);
            counts[STATE_REMOVED]++;
        }
    }
    summary = json_set_object(arena, revision, "counts");
    for (size_t i = 0; i < STATE_COUNT; i++) {
        err = json_set_u64(arena, summary, states[i], counts[i]) == NULL && err == ERR_NONE ? ERR_TOO_LARGE : err;
    }
    if (err == ERR_NONE) {
        *ret_revision = revision;
    }
    return err;
}
