#include "measure/binding.h"

#include <math.h>

/*
 * Evidence for a measure is the sum of -ln(1 - weight) over the patterns that occur, less what
 * denies it; words counted already count little again. The section's title shifts it a little.
 * Constants are fitted on the labelled annexes in tests/labelled (binding_test prints what they
 * give).
 */
static const double REPEATED_SHARE = 0.2; /* of a pattern whose words all counted already */
static const double LEAD_SHARE = 0.6; /* of a pattern that stands in the lead-in sentence alone */
static const double DENIAL = 1.1;
static const double OUTSIDE = 1.3;
static const double SECTION_AGREES = 0.25;
static const double SECTION_DIFFERS = 0.15;
static const double EVIDENCE_MIN = 0.72;     /* below, no binding */
static const double SHARE_OF_BEST_MIN = 0.3; /* weaker ones are side notes */
/* score = 1 / (1 + exp(OFFSET - SLOPE * evidence)) */
static const double SCORE_OFFSET = 1.2, SCORE_SLOPE = 1.6;

enum { WORDS_SEEN_MAX = WORDS_MAX_COUNT };

struct seen {
    uint8_t words[WORDS_SEEN_MAX];
};

static bool mark_seen(struct seen *seen, const struct pattern_match *match)
{
    bool fresh = false;
    for (size_t i = 0; i < match->place_count; i++) {
        fresh = fresh || seen->words[match->places[i]] == 0;
        seen->words[match->places[i]] = 1;
    }
    return fresh;
}

static bool within_lead(const struct pattern_match *match, size_t lead_words)
{
    for (size_t i = 0; i < match->place_count; i++) {
        if (match->places[i] >= lead_words) {
            return false;
        }
    }
    return true;
}

static double pattern_evidence(const struct words_reading *clause, size_t lead_words,
                               const struct pattern *pattern, struct seen *seen)
{
    struct pattern_match match = pattern_find(clause, pattern, words_reading_all(clause));
    if (match.quality_permille == 0) {
        return 0;
    }
    double weight = (double)pattern->weight_permille / 1000 * match.quality_permille / 1000;
    double evidence = -log1p(-weight);
    if (!mark_seen(seen, &match)) {
        evidence *= REPEATED_SHARE;
    }
    return within_lead(&match, lead_words) ? evidence * LEAD_SHARE : evidence;
}

static size_t denial_count(const struct words_reading *clause, const struct measure *measure)
{
    size_t count = 0;
    for (size_t i = 0; i < measure->denial_count; i++) {
        count +=
            pattern_find(clause, &measure->denials[i], words_reading_all(clause)).quality_permille >
                    0
                ? 1
                : 0;
    }
    return count;
}

/* Runs of words that counted, as ranges. */
static void note_words(struct binding *binding, const struct seen *seen, size_t word_count)
{
    for (size_t i = 0; i < word_count && binding->word_count < BINDING_WORDS_MAX; i++) {
        if (seen->words[i] == 0) {
            continue;
        }
        size_t first = i;
        while (i < word_count && seen->words[i] != 0) {
            i++;
        }
        binding->words[binding->word_count++] = (struct word_range){first, i};
    }
}

struct context {
    const struct words_reading *clause;
    size_t lead_words;
    bool section_known;
    bool section_agrees[16]; /* by catalogue section */
    size_t outside_count;
};

static bool in_section(const struct context *context, const struct measure *measure)
{
    for (size_t i = 0; i < catalogue_section_count() && i < 16; i++) {
        if (context->section_agrees[i] &&
            slice_is(slice_string(measure->section), catalogue_section_at(i)->id)) {
            return true;
        }
    }
    return false;
}

static struct binding bind_measure(const struct context *context, const struct measure *measure)
{
    struct binding binding = {.measure = measure};
    struct seen seen = {{0}};
    double evidence = 0;
    for (size_t i = 0; i < measure->pattern_count; i++) {
        evidence +=
            pattern_evidence(context->clause, context->lead_words, &measure->patterns[i], &seen);
    }
    if (evidence <= 0) {
        return binding;
    }
    evidence -= DENIAL * (double)denial_count(context->clause, measure);
    evidence -= OUTSIDE * (double)context->outside_count;
    binding.section_agrees = context->section_known && in_section(context, measure);
    if (context->section_known) {
        evidence += binding.section_agrees ? SECTION_AGREES : -SECTION_DIFFERS;
    }
    binding.evidence = evidence;
    binding.score_permille =
        (unsigned)lround(1000 / (1 + exp(SCORE_OFFSET - SCORE_SLOPE * evidence)));
    note_words(&binding, &seen, words_reading_words(context->clause)->count);
    return binding;
}

/* Keeps the best ones in order of evidence. */
static void insert(struct clause_bindings *bindings, const struct binding *binding)
{
    size_t at = bindings->count < BINDINGS_MAX ? bindings->count++ : BINDINGS_MAX - 1;
    if (at == BINDINGS_MAX - 1 && bindings->items[at].measure != NULL &&
        bindings->items[at].evidence >= binding->evidence) {
        return;
    }
    for (; at > 0 && bindings->items[at - 1].evidence < binding->evidence; at--) {
        bindings->items[at] = bindings->items[at - 1];
    }
    bindings->items[at] = *binding;
}

static bool any_pattern(const struct words_reading *reading, const struct pattern *patterns,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_find(reading, &patterns[i], words_reading_all(reading)).quality_permille > 0) {
            return true;
        }
    }
    return false;
}

static void read_section(struct context *context, const struct words_reading *title)
{
    for (size_t i = 0; title != NULL && i < catalogue_section_count() && i < 16; i++) {
        const struct section_theme *section = catalogue_section_at(i);
        context->section_agrees[i] = any_pattern(title, section->patterns, section->pattern_count);
        context->section_known = context->section_known || context->section_agrees[i];
    }
}

void binding_find(const struct words_reading *clause, size_t lead_words,
                  const struct words_reading *section_title, struct clause_bindings *ret_bindings)
{
    struct context context = {.clause = clause, .lead_words = lead_words};
    struct clause_bindings all = {.count = 0};
    read_section(&context, section_title);
    for (size_t i = 0; i < catalogue_outside_count(); i++) {
        const struct outside_topic *topic = catalogue_outside_at(i);
        if (any_pattern(clause, topic->patterns, topic->pattern_count)) {
            context.outside_count++;
            all.outside = all.outside == NULL ? topic : all.outside;
        }
    }
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        struct binding binding = bind_measure(&context, catalogue_measure_at(i));
        if (binding.evidence >= EVIDENCE_MIN) {
            insert(&all, &binding);
        }
    }
    while (all.count > 0 &&
           all.items[all.count - 1].evidence < SHARE_OF_BEST_MIN * all.items[0].evidence) {
        all.count--;
    }
    *ret_bindings = all;
}
