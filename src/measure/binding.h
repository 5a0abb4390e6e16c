/*
 * Which measures of the catalogue a clause speaks of, with score and reason; its single promises with their numbers; readings
 * proposed for its vague words. Pure: the same clause and catalogue give the same answer. A person confirms; nothing is judged here.
 *
 * The work "annex.bind" takes the tree of annex.read and gives it back, each clause extended by
 *   "bindings":[{"measure":"crypto.transit","number":7,"score":0.97,"reason":{"en":…,"de":…}}]      best first
 *   "reason":{"en":…,"de":…}                          only when bindings is empty: why
 *   "promises":[{"id":"3.1.a","text":…,"measure":"crypto.transit","promise":"tls13","values":{"version":"1.3"}}]
 *   "interpretations":[{"term":"regular","word":"regelmäßige","promises":["3.3.b"],"proposal":{"en":…,"de":…},"values":{"days":90}}]
 * and the tree by "catalogue": the catalogue's version.
 */
#ifndef VOGT_MEASURE_BINDING_H
#define VOGT_MEASURE_BINDING_H

#include "measure/words_match.h"
#include "process/worker.h"

enum { BINDINGS_MAX = 6, BINDING_WORDS_MAX = 8 };

struct binding {
    const struct measure *measure;
    double evidence;
    unsigned score_permille;
    bool section_agrees;
    struct word_range words[BINDING_WORDS_MAX];     /* what in the clause speaks for it, in order */
    size_t word_count;
};

struct clause_bindings {
    struct binding items[BINDINGS_MAX];
    size_t count;
    const struct outside_topic *outside;            /* what else the clause speaks of; NULL: nothing known */
};

/* `lead_words`: how many words at the front of the reading belong to the lead-in sentence; they say less. */
void binding_find(const struct words_reading *clause, size_t lead_words, const struct words_reading *section_title,
                  struct clause_bindings *ret_bindings);

enum err annex_bind(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
