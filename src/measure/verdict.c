#include "measure/verdict.h"

#include "base/time.h"
#include "measure/edit.h"

static const struct {
    const char *name;
    unsigned badness;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_UNPROVEN] = {"unproven", 3}, [VERDICT_BROKEN] = {"broken", 4}, [VERDICT_STALE] = {"stale", 2},
    [VERDICT_ATTESTED] = {"attested", 1}, [VERDICT_KEPT] = {"kept", 0},
};

const char *verdict_name(enum verdict verdict)
{
    return verdicts[verdict].name;
}

enum verdict verdict_of_name(struct slice name)
{
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        if (slice_is(name, verdicts[i].name)) {
            return (enum verdict)i;
        }
    }
    return VERDICT_UNPROVEN;
}

bool verdict_is_worse(enum verdict a, enum verdict b)
{
    return verdicts[a].badness > verdicts[b].badness;
}

static struct judgement judged(enum verdict verdict, const char *reason)
{
    return (struct judgement){.verdict = verdict, .reason = slice_string(reason), .until_ms = INT64_MAX};
}

/* The worse one decides; ages add up to the oldest, ends to the soonest. Of two alike the first stays. */
static void worst(struct judgement *all, struct judgement next)
{
    int64_t oldest_ms = all->oldest_ms == 0 || (next.oldest_ms != 0 && next.oldest_ms < all->oldest_ms) ? next.oldest_ms : all->oldest_ms;
    int64_t until_ms = next.until_ms < all->until_ms ? next.until_ms : all->until_ms;
    if (next.reason.len == 0) {
        return; /* nothing was asked */
    }
    if (all->reason.len == 0 || verdict_is_worse(next.verdict, all->verdict)) {
        *all = next;
    }
    all->oldest_ms = oldest_ms;
    all->until_ms = until_ms;
}

static const struct promise *entry_of(const struct json *promise)
{
    return catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
}

const struct json *verdict_value(const struct world *world, const struct json *clause, const struct json *promise, const char *name)
{
    const struct json *own = json_member(json_member(promise, "values"), name);
    for (const struct json *one = own == NULL ? edit_items(clause, "interpretations") : NULL; one != NULL && own == NULL; one = one->next) {
        own = json_member(json_member(one, "values"), name);
    }
    if (own != NULL) {
        return own;
    }
    const struct promise *entry = entry_of(promise);
    const struct parameter *parameter = entry == NULL ? NULL : promise_parameter(entry, name);
    if (parameter == NULL) {
        return NULL;
    }
    struct slice text = slice_string(parameter->value);
    bool quoted = text.len >= 2 && text.data[0] == '"';
    return quoted ? json_string(world->arena, slice_of(text.data + 1, text.len - 2)) : json_number_text(world->arena, text);
}

int64_t verdict_max_age_ms(const struct world *world, const struct json *clause, const struct json *promise, const struct observation_rule *rule)
{
    uint64_t days = 0;
    const struct json *value = rule->max_age_from == NULL ? NULL : verdict_value(world, clause, promise, rule->max_age_from);
    if (value != NULL && slice_to_u64(value->text, &days) == ERR_NONE && days > 0 && days <= 3660) {
        return (int64_t)days * 86400000;
    }
    return (int64_t)rule->max_age_s * 1000;
}

/* What each class comes to. A pass may still be stale, and an observation from the future proves nothing. */
static const struct {
    enum verdict verdict;
    const char *reason;                 /* NULL: the observation's own */
} by_class[CLASS_COUNT] = {
    [CLASS_PASS] = {VERDICT_KEPT, NULL},
    [CLASS_UNPROVABLE] = {VERDICT_UNPROVEN, NULL},
    [CLASS_UNCONFIRMED] = {VERDICT_UNPROVEN, "verdict.unconfirmed"},
    [CLASS_UNSEEN] = {VERDICT_UNPROVEN, "verdict.not-observed"},
    [CLASS_ERROR] = {VERDICT_UNPROVEN, NULL},
    [CLASS_PLANT] = {VERDICT_UNPROVEN, "plant.missed"},
    [CLASS_FAIL] = {VERDICT_BROKEN, NULL}, /* at any age: only measuring again clears it */
};

static struct judgement of_class(enum standing_class class, const struct member *member, struct slice kind)
{
    struct judgement judgement = judged(by_class[class].verdict, by_class[class].reason);
    if (by_class[class].reason == NULL) {
        judgement.reason = json_text(member->observation, "reason", SLICE_LITERAL("facts.missing"));
    }
    if (by_class[class].reason == NULL || class == CLASS_PLANT) {
        judgement.values = json_member(member->observation, "values");
    }
    judgement.kind = kind;
    judgement.subject = member->subject;
    return judgement;
}

static struct judgement of_reason(const char *reason, enum verdict verdict, struct slice subject, struct slice kind)
{
    struct judgement judgement = judged(verdict, reason);
    judgement.kind = kind;
    judgement.subject = subject;
    return judgement;
}

struct judgement verdict_standing(const struct standing *standing, struct slice kind, int64_t max_age_ms, int64_t now_ms)
{
    const struct tally *tally = &standing->tally;
    if (tally->count == 0) {
        return of_reason("verdict.no-subject", VERDICT_UNPROVEN, SLICE_NONE, kind);
    }
    enum standing_class class = tally_decisive(tally);
    struct judgement judgement = of_class(class, &standing->decisive, kind);
    const struct tally_class *passes = &tally->classes[CLASS_PASS];
    if (class != CLASS_FAIL && tally->newest_ms > now_ms + VERDICT_CLOCK_SLACK_MS) {
        judgement = of_reason("verdict.future", VERDICT_UNPROVEN, tally->newest, kind);
    } else if (class == CLASS_PASS && now_ms - passes->at_ms > max_age_ms) {
        judgement = of_reason("verdict.stale", VERDICT_STALE, passes->subject, kind);
    }
    judgement.oldest_ms = tally->oldest_ms;
    judgement.until_ms = passes->count > 0 ? passes->at_ms + max_age_ms : INT64_MAX;
    return judgement;
}

struct judgement verdict_member(const struct member *member, struct slice kind, int64_t max_age_ms, int64_t now_ms)
{
    struct standing alone = {.is_known = true, .decisive = *member};
    tally_add(&alone.tally, member);
    return verdict_standing(&alone, kind, max_age_ms, now_ms);
}

/* Nothing about endpoints is kept while one of those who tell Vogt what endpoints there are is silent. */
static struct judgement judge_population(const struct world *world, const char *subject_kind, int64_t now_ms)
{
    const struct kind *kind = kinds_population(slice_string(subject_kind));
    const struct standing *standing = kind == NULL ? NULL : world_standing(world, slice_string(kind->id));
    if (standing == NULL || standing->tally.count == 0) {
        return (struct judgement){.until_ms = INT64_MAX};
    }
    struct judgement judgement = verdict_standing(standing, slice_string(kind->id), (int64_t)KINDS_POPULATION_MAX_AGE_S * 1000, now_ms);
    if (judgement.verdict != VERDICT_KEPT) {
        int64_t oldest_ms = judgement.oldest_ms;
        judgement = of_reason("verdict.population", VERDICT_UNPROVEN, judgement.subject, slice_string(kind->id));
        judgement.oldest_ms = oldest_ms;
    }
    return judgement;
}

/* A person's word counts only where no machine looks, because it cannot or nothing shows it where: it never outweighs what a machine saw. */
static void attest(struct judgement *judgement, const struct json *word, bool expired)
{
    if (word == NULL && !expired) {
        return;
    }
    struct judgement attested = judged(word != NULL ? VERDICT_ATTESTED : VERDICT_STALE, word != NULL ? "verdict.attested" : "verdict.attestation-expired");
    attested.until_ms = word != NULL ? edit_number(word, "expires_ms", 0) : INT64_MAX;
    attested.until_ms = judgement->until_ms < attested.until_ms ? judgement->until_ms : attested.until_ms;
    attested.oldest_ms = judgement->oldest_ms;
    *judgement = attested;
}

static struct judgement judge_rule(const struct world *world, const struct json *clause, const struct json *promise, const struct observation_rule *rule,
                                   const struct json *word, bool expired, int64_t now_ms)
{
    struct slice kind = slice_string(rule->kind);
    const struct standing *standing = rule->probe == NULL ? NULL : world_standing(world, kind);
    if (standing == NULL) {
        struct judgement none = judged(VERDICT_UNPROVEN, "verdict.no-probe");
        attest(&none, word, expired);
        none.kind = kind;
        return none;
    }
    if (rule->needs != NULL && standing->tally.count == 0) {
        return (struct judgement){.until_ms = INT64_MAX}; /* what it needs is not there: nothing is asked */
    }
    int64_t max_age_ms = verdict_max_age_ms(world, clause, promise, rule);
    struct judgement all = verdict_standing(standing, kind, max_age_ms, now_ms);
    const struct tally_class *passes = &standing->tally.classes[CLASS_PASS];
    bool old_passes = passes->count > 0 && now_ms - passes->at_ms > max_age_ms;
    bool unseeable = standing->tally.count == 0 || tally_decisive(&standing->tally) == CLASS_UNPROVABLE;
    if (unseeable && !old_passes && !slice_is(all.reason, "verdict.future")) {
        attest(&all, word, expired);
        all.kind = kind;
    }
    worst(&all, judge_population(world, rule->subject, now_ms));
    return all;
}

/* The attestation that stands for this promise now, or NULL. */
static const struct json *attestation_of(const struct json *clause, struct slice promise_id, int64_t now_ms, bool *ret_expired)
{
    const struct json *items = json_member(clause, "attestations");
    const struct json *found = edit_at(items, edit_find(items, "promise", promise_id));
    int64_t at_ms = edit_number(found, "at_ms", 0), expires_ms = edit_number(found, "expires_ms", 0);
    *ret_expired = found != NULL && expires_ms <= now_ms;
    return found != NULL && expires_ms > now_ms && at_ms <= now_ms + VERDICT_CLOCK_SLACK_MS ? found : NULL;
}

struct judgement verdict_promise(const struct world *world, const struct json *clause, const struct json *promise, int64_t now_ms)
{
    const struct promise *entry = entry_of(promise);
    struct judgement all = {.until_ms = INT64_MAX};
    bool expired = false;
    const struct json *word = attestation_of(clause, json_text(promise, "id", SLICE_NONE), now_ms, &expired);
    bool may = entry != NULL && entry->attestable;
    for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
        worst(&all, judge_rule(world, clause, promise, &entry->observations[i], may ? word : NULL, may && expired, now_ms));
    }
    if (all.reason.len == 0) {
        all = judged(VERDICT_UNPROVEN, entry == NULL ? "verdict.unknown-promise" : "verdict.no-probe");
    }
    all.promise = json_text(promise, "id", SLICE_NONE);
    return all;
}

struct judgement verdict_ledger(const struct world *world, int64_t now_ms)
{
    static const char *const kinds[] = {"ledger.integrity", "ledger.completeness"};
    struct judgement all = {.until_ms = INT64_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct slice kind = slice_string(kinds[i]);
        const struct standing *standing = world_standing(world, kind);
        worst(&all, standing == NULL ? of_reason("verdict.no-probe", VERDICT_UNPROVEN, SLICE_NONE, kind)
                                     : verdict_standing(standing, kind, (int64_t)24 * 3600000, now_ms));
    }
    return all;
}

/* Green rests on the ledger: while it is not known to be whole, nothing is proven. */
static void doubt(struct judgement *whole, const struct judgement *ledger)
{
    if (whole->verdict == VERDICT_KEPT && ledger->verdict != VERDICT_KEPT) {
        int64_t oldest_ms = whole->oldest_ms;
        *whole = judged(VERDICT_UNPROVEN, "verdict.ledger");
        whole->oldest_ms = oldest_ms;
        whole->kind = ledger->kind;
        whole->subject = ledger->subject;
    } else if (whole->verdict == VERDICT_KEPT && ledger->until_ms < whole->until_ms) {
        whole->until_ms = ledger->until_ms;
    }
}

struct judgement verdict_clause(const struct world *world, const struct json *clause, int64_t now_ms)
{
    struct judgement all = {.until_ms = INT64_MAX};
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        worst(&all, verdict_promise(world, clause, promise, now_ms));
    }
    if (all.reason.len == 0) {
        all = judged(VERDICT_UNPROVEN, "verdict.unbound");
    }
    struct judgement ledger = verdict_ledger(world, now_ms);
    doubt(&all, &ledger);
    return all;
}

static void put(struct arena *arena, struct json *record, const struct judgement *judgement)
{
    json_set_string(arena, record, "verdict", slice_string(verdict_name(judgement->verdict)));
    json_set_string(arena, record, "reason", judgement->reason);
    if (judgement->kind.len > 0) {
        json_set_string(arena, record, "kind", judgement->kind);
    }
    if (judgement->subject.len > 0) {
        json_set_string(arena, record, "subject", judgement->subject);
    }
}

struct json *verdict_record(const struct world *world, const struct json *clause, int64_t now_ms, struct judgement *ret_whole)
{
    struct arena *arena = world->arena;
    struct judgement whole = verdict_clause(world, clause, now_ms), ledger = verdict_ledger(world, now_ms);
    struct json *record = json_new(arena, JSON_OBJECT);
    json_set_string(arena, record, "clause", json_text(clause, "id", SLICE_NONE));
    put(arena, record, &whole);
    if (whole.promise.len > 0) {
        json_set_string(arena, record, "promise", whole.promise);
    }
    json_set(arena, record, "values", whole.values == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, whole.values));
    struct json *promises = json_set_array(arena, record, "promises");
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        struct judgement one = verdict_promise(world, clause, promise, now_ms);
        doubt(&one, &ledger);
        struct json *item = json_append(promises, json_new(arena, JSON_OBJECT));
        json_set_string(arena, item, "id", json_text(promise, "id", SLICE_NONE));
        put(arena, item, &one);
    }
    *ret_whole = whole;
    return json_set_string(arena, record, "catalogue", slice_string(catalogue_version)) == NULL ? NULL : record;
}

bool verdict_same(const struct json *a, const struct json *b)
{
    static const char *const members[] = {"clause", "verdict", "reason", "kind", "subject", "promise", "promises", "catalogue"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct json *one = json_member(a, members[i]), *other = json_member(b, members[i]);
        if ((one == NULL) != (other == NULL) || (one != NULL && !json_equal(one, other))) {
            return false;
        }
    }
    return true;
}
