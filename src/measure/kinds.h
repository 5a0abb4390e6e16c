/*
 * The kinds of observations that this release can make, each with the kind of subject it is about: gathered from the catalogue's probes and promises.
 * Beside them stand the kinds of the population: "population.endpoint" says whether all that there is of endpoints is known, and is about whatever tells
 * Vogt of endpoints, a host or a source. No promise over endpoints is kept while one of those tellers is silent.
 */
#ifndef VOGT_MEASURE_KINDS_H
#define VOGT_MEASURE_KINDS_H

#include "base/json.h"

enum { KINDS_MAX = 192, KINDS_POPULATION_MAX_AGE_S = 3600 };

struct kind {
    const char *id;                     /* "tls.version" */
    const char *subject;                /* "endpoint"; of a population kind NULL */
    const char *fed;                    /* of a population kind: "endpoint"; else NULL */
    const char *needs;                  /* counts only while the estate has a confirmed subject of this kind ("vantage"); NULL: always */
};

struct kinds {
    struct kind items[KINDS_MAX];
    size_t count;
};

void kinds_gather(struct kinds *ret_kinds);
const struct kind *kinds_find(const struct kinds *kinds, struct slice id);      /* NULL: no probe makes it */
/* Is this observation expected of this subject? `needed` is whether what it needs is there. */
bool kind_is_about(const struct kind *kind, const struct json *subject);
/* The id of the kind that tells whether these subjects are known; NULL: nothing feeds such subjects. */
const char *kinds_population(const struct kinds *kinds, struct slice subject_kind);
/* Observations that say how whole a teller's word was: "source.complete", "host.discovered". */
bool kind_tells_population(struct slice kind);

#endif
