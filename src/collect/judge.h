/*
 * What every judgement shares. A judge is a pure function of facts, options, estate and the time of the facts; it never
 * reads a clock, a file or a socket, and never trusts a fact: what is missing or of the wrong type is an error, never a pass.
 *
 * Input of a judge work:  {"subject":{…},"facts":{…},"plant":{"facts":{…}},"options":{…},"estate":{…},"collected_at_ms":N}
 * Output:                 {"observations":[{"kind","subject"?,"outcome":"pass|fail|error|unprovable","reason","values":{…}}],
 *                          "plant":{"caught":bool,"missed":["kind"]},"not_covered":[{"reason","values":{…}}],
 *                          "proposals":[{"kind","name","attributes":{…},"where"}],"powers":[{"reason","values":{…}}],"whole":bool}
 *
 * One run at a source (a provider's API, an engine, a file) speaks of many subjects: an observation then names its own "subject"; without one it
 * is about the subject of the run. "proposals" are what the facts say there is; "whole" is true only when the collector read all of it, so that what
 * is missing is gone. "powers" says what the credential could do beyond reading. The three are absent where a judge adds none.
 * "unprovable": the outside offers no way to see it. It is never a pass; a person's attestation may stand in for it.
 *
 * The planted facts come from the same collector in the same run and pass through the same judge first. Unless every kind
 * fails on them (or, by its table, is unprovable) for exactly the planted reason, all observations of the run are errors with the reason "plant.missed".
 */
#ifndef VOGT_COLLECT_JUDGE_H
#define VOGT_COLLECT_JUDGE_H

#include "process/worker.h"

/* Ordered by what wins when several places are judged as one: a failure is certain, an error hides a pass. */
enum outcome { OUTCOME_ERROR, OUTCOME_FAIL, OUTCOME_PASS, OUTCOME_UNPROVABLE };

struct judge_case {
    struct arena *arena;
    const struct json *subject, *facts, *options, *estate; /* objects, or NULL */
    int64_t collected_at_ms;
    bool planted;                                          /* these are the planted facts */
    struct json *observations, *not_covered;               /* arrays that grow */
    struct json *proposals, *powers;                       /* likewise */
    bool whole;                                            /* the proposals are all there is */
    bool full;                                             /* the arena was: the whole work fails */
};

/* A kind that the judge reports, and the reason for which it must fail on the planted facts. Where the outside never shows enough to refute, the
 * plant must be found unprovable instead: whoever took it for a pass would be blind. */
struct judge_kind {
    const char *kind;
    const char *planted_reason;
    bool unprovable;
};

struct judge {
    const struct judge_kind *kinds;
    size_t kind_count;
    void (*run)(struct judge_case *judge_case);            /* adds at least one observation; none is an error */
};

/* Judges plant and facts of one work. ERR_INVALID when the input is not an object, ERR_TOO_LARGE when the arena is full. */
enum err judge_run(struct arena *arena, const struct json *input, const struct judge *judge,
                   struct work_reply *reply) must_check;

/* Adds an observation and returns its empty values object (NULL once the arena is full: setting members is harmless). */
struct json *judge_observe(struct judge_case *judge_case, const char *kind, enum outcome outcome, const char *reason);
/* The same about another subject than the run's own, by its id ("account:github/alice"). */
struct json *judge_observe_at(struct judge_case *judge_case, const char *kind, struct slice subject, enum outcome outcome, const char *reason);
/* What one place of several was judged to. Places are judged one by one, the worst is reported. */
struct finding {
    enum outcome outcome;
    const char *reason;                                    /* NULL: none yet */
    struct json *values;
};
struct finding judge_finding(struct judge_case *judge_case, enum outcome outcome, const char *reason);
/* A failure beats an error, an error what cannot be proven, that a pass; of two alike the first stays. */
void judge_worst(struct finding *worst, struct finding next);
/* Adds the finding as an observation; one without reason becomes the error "facts.missing". */
void judge_report(struct judge_case *judge_case, const char *kind, struct finding finding);

/* The same finding about the subject whose id stands in this option, if it does; what keeps one side apart keeps the other. */
void judge_report_also(struct judge_case *judge_case, const char *kind, const char *option, struct finding finding);

/* Says what was not seen and why; it does not change any outcome. */
struct json *judge_not_covered(struct judge_case *judge_case, const char *reason);

/* Something that there is. `where` says how to find it in the facts ("servers/42"). Returns its attributes; only words of the estate go there
 * (measure/estate.h). NULL once the arena is full. */
struct json *judge_propose(struct judge_case *judge_case, const char *kind, struct slice name, struct slice where);
/* What the credential could do beyond reading; returns its values. */
struct json *judge_power(struct judge_case *judge_case, const char *reason);

/* A fact's text as part of values, cut to what people read. */
void judge_value(struct judge_case *judge_case, struct json *values, const char *name, struct slice text);

/* The whole number member, or the fallback when it is absent or no number. */
int64_t judge_number(const struct json *object, const char *name, int64_t fallback);
bool judge_is(const struct json *object, const char *name, const char *expected);
/* First child of an array member; NULL when there is none or it is no array. */
const struct json *judge_items(const struct json *object, const char *name);

#endif
