/*
 * The catalogue: the 28 measures with the promises that a clause can make under each, the observations that prove a promise,
 * the words that clauses use for them, vague terms and how Vogt proposes to read them. Written in measures/ (HCL), checked and
 * turned into constant tables by catalogue_make while building; so it never parses, never allocates, and every role may link it.
 * All pointers are static. What a build says is wrong in measures/, it says with file and line.
 */
#ifndef VOGT_MEASURE_CATALOGUE_H
#define VOGT_MEASURE_CATALOGUE_H

#include "base/bytes.h"

/* One observation that a promise needs for each subject in its scope. */
struct observation_rule {
    const char *kind;                   /* "tls.version" */
    const char *subject;                /* the kind of subject: "endpoint"; see catalogue_subject */
    const char *probe;                  /* "tls"; NULL: no probe yet, so the promise cannot be kept by observation */
    uint64_t max_age_s;                 /* older observations are stale */
    const char *max_age_from;           /* "days": the clause's own number replaces max_age_s; NULL: never */
    const char *needs;                  /* "vantage": asked for only while the estate has a confirmed one; NULL: always */
};

/* A number (or version) that a clause may set: what is taken when it sets none. */
struct parameter {
    const char *name;                   /* "days" "hours" "minutes" "bits" "version" */
    const char *value;                  /* JSON text: 90 or "1.3" with its quotes */
};

/* A pattern of words: all groups must occur, of each group any phrase, of each phrase all words in order. */
struct pattern {
    const char *text;                   /* as written in measures/ */
    uint16_t first_group, group_count;
    uint16_t weight_permille;           /* how much it says by itself, lowered where several measures use it */
};

struct measure;

struct promise {
    const char *name;                   /* "tls13" */
    const char *id;                     /* "crypto.transit/tls13" */
    struct text title;
    const struct measure *measure;
    bool attestable;                    /* a person's signed word may stand where no machine can see */
    const struct parameter *parameters;
    size_t parameter_count;
    const struct observation_rule *observations;
    size_t observation_count;
    const struct pattern *patterns;
    size_t pattern_count;
};

struct framework_ids {
    const char *framework;              /* "iso27001" "gdpr" "gspp" "nis2" "c5" */
    const char *const *ids;
    size_t id_count;
};

struct measure {
    const char *id;                     /* "crypto.transit" */
    unsigned number;                    /* 1..28 */
    const char *section;                /* "3" */
    struct text title, runs, proves;    /* what it is; what runs it; what proves it */
    const struct framework_ids *frameworks;
    size_t framework_count;
    const struct promise *promises;     /* the first one is meant when a clause names none of them */
    size_t promise_count;
    const struct pattern *patterns;
    size_t pattern_count;
    const struct pattern *denials;      /* what shows that a clause speaks of something else */
    size_t denial_count;
};

/* The nine sections; `patterns` recognise the title that an annex gives to such a section. */
struct section_theme {
    const char *id;                     /* "3" */
    struct text title;
    const struct pattern *patterns;
    size_t pattern_count;
};

/* What annexes promise and no measure covers, so that a person reads why a clause stays unbound. */
struct outside_topic {
    const char *id;                     /* "physical" */
    struct text title;
    const struct pattern *patterns;
    size_t pattern_count;
};

/* A vague word and its proposed reading; {days} and the like are filled from the values. */
struct term {
    const char *id;                     /* "regular" */
    struct text proposal;
    const char *parameter;              /* "days": speaks only where a promise has this parameter and the clause no number; or NULL */
    const char *const *measures;        /* only under these; none listed: under all */
    size_t measure_count;
    const struct parameter *values;
    size_t value_count;
    const struct pattern *patterns;     /* none: said when a promise needs a number and the clause gives no word for it */
    size_t pattern_count;
};

struct probe {
    const char *id;                     /* "tls" */
    struct text title;
    const char *subject;                /* "endpoint" */
    const char *const *observations;    /* the kinds that it makes */
    size_t observation_count;
};

struct subject_kind {
    const char *id;                     /* "endpoint" */
    struct text title;
};

extern const char catalogue_version[17]; /* first 16 hex digits of SHA-256 over the sources */

size_t catalogue_measure_count(void);
const struct measure *catalogue_measure_at(size_t index);             /* in order of number; NULL past the end */
const struct measure *catalogue_measure(struct slice id);             /* NULL: unknown; the same for all look-ups below */
const struct promise *catalogue_promise(struct slice measure_id, struct slice promise_name);
const struct parameter *promise_parameter(const struct promise *promise, const char *name);
bool promise_has_probe(const struct promise *promise);                /* every observation that it needs has a probe */

size_t catalogue_probe_count(void);
const struct probe *catalogue_probe_at(size_t index);
const struct probe *catalogue_probe(struct slice id);
/* The next promise, after `previous` (NULL: the first), that needs something of this probe. */
const struct promise *catalogue_probe_promise(const struct probe *probe, const struct promise *previous);

size_t catalogue_term_count(void);
const struct term *catalogue_term_at(size_t index);
const struct term *catalogue_term(struct slice id);
const struct subject_kind *catalogue_subject(struct slice id);
size_t catalogue_section_count(void);
const struct section_theme *catalogue_section_at(size_t index);
const struct section_theme *catalogue_section(struct slice id);
size_t catalogue_outside_count(void);
const struct outside_topic *catalogue_outside_at(size_t index);

#endif
