/*
 * The kinds of observations that this release can make, each with the kind of subject it is about: a table that catalogue_make writes from the
 * catalogue's probes and promises. Beside them stand the kinds of the population, one for each kind of subject that is found by machines and providers:
 * "population.endpoint" says whether all that there is of endpoints is known, and is about whatever tells Vogt of endpoints, a host or a source. No
 * promise over endpoints is kept while one of those tellers is silent. All static.
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

const struct kind *kinds_at(size_t index);                     /* in the table's order; NULL past the end */
size_t kinds_count(void);
size_t kinds_index(const struct kind *kind);
const struct kind *kinds_find(struct slice id);                /* NULL: no probe makes it */
/* Is this observation expected of this subject, as far as its kind goes? Whether what it needs is there, others say. */
bool kind_is_about(const struct kind *kind, const struct json *subject);
/* Of a source: does its kind ever tell this? An invoice tells of hosts billed, a registry of images, no other does. True for all other subjects. */
bool kind_is_told_by(const struct kind *kind, const struct json *subject);
/* The kind that tells whether these subjects are known; NULL: nothing feeds such subjects. */
const struct kind *kinds_population(struct slice subject_kind);
/* Does this observation say how whole its subject's word of these subjects was: of a host "host.discovered", and "engine.read" of its containers; of a
 * source "source.complete", and of an invoice "population.invoice", because it tells of hosts only what they cost. NULL: of any subject; of anything. */
bool kind_tells_population(struct slice kind, const struct json *subject, const char *fed);

#endif
