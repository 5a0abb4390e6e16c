/*
 * Verdicts: pure functions of the world (evidence) and the clock. They read nothing else, change nothing, and never take a person's word for
 * an observation. Of several promises, observations and subjects the worst decides: broken, unproven, stale, attested, kept.
 *
 * Kept needs, for every promise of the clause, every observation that the catalogue asks for, of every subject in scope: passed, younger than
 * its greatest age, not from the future, its probe's planted failure caught; every subject in scope confirmed by a person; and Vogt's own
 * ledger observed whole and complete. Everything else has a name below and is not green.
 */
#ifndef VOGT_MEASURE_VERDICT_H
#define VOGT_MEASURE_VERDICT_H

#include "measure/catalogue.h"
#include "measure/world.h"

enum verdict { VERDICT_UNPROVEN, VERDICT_BROKEN, VERDICT_STALE, VERDICT_ATTESTED, VERDICT_KEPT, VERDICT_COUNT };

enum { VERDICT_CLOCK_SLACK_MS = 5 * 60 * 1000 };

const char *verdict_name(enum verdict verdict);                       /* "kept" */
enum verdict verdict_of_name(struct slice name);                      /* unknown names are unproven */
bool verdict_is_worse(enum verdict a, enum verdict b);

/* A verdict and what it rests on. */
struct judgement {
    enum verdict verdict;
    struct slice reason;                /* id: of an observation (collect/reason.h) or of our own (explain.h) */
    const struct json *values;          /* for the reason's sentence; NULL: none */
    struct slice promise, kind, subject;/* where it was decided; empty: the whole */
    int64_t oldest_ms;                  /* the oldest observation it rests on; 0: none */
    int64_t until_ms;                   /* when it goes stale by itself; INT64_MAX: never */
};

/* The value of a parameter for a promise of a clause: the clause's own number, else its interpretations', else the catalogue's. NULL: none. */
const struct json *verdict_value(const struct world *world, const struct json *clause, const struct json *promise, const char *name);
/* The greatest age of an observation there. */
int64_t verdict_max_age_ms(const struct world *world, const struct json *clause, const struct json *promise, const struct observation_rule *rule);

/* One subject, as a list of subjects shows it. */
struct judgement verdict_member(const struct member *member, struct slice kind, int64_t max_age_ms, int64_t now_ms);
/* All subjects of a kind of observation: the worst class decides. Without a subject "verdict.no-subject". */
struct judgement verdict_standing(const struct standing *standing, struct slice kind, int64_t max_age_ms, int64_t now_ms);
struct judgement verdict_promise(const struct world *world, const struct json *clause, const struct json *promise, int64_t now_ms);
struct judgement verdict_clause(const struct world *world, const struct json *clause, int64_t now_ms);
/* Vogt's own ledger: kept or the reason why nothing can be. */
struct judgement verdict_ledger(const struct world *world, int64_t now_ms);

/* What is recorded: {"clause","verdict","reason","values","promise","kind","subject","promises":[{"id","verdict","reason","kind","subject"}],"catalogue"}.
 * The same world and clock always give the same bytes. NULL: the arena is full. */
struct json *verdict_record(const struct world *world, const struct json *clause, int64_t now_ms, struct judgement *ret_whole);
/* Do two records say the same but for the values in their sentences? */
bool verdict_same(const struct json *a, const struct json *b);

#endif
