#include "collect/judge.h"

enum { VALUE_TEXT_MAX_BYTES = 300 };

static const char *const outcome_names[] = {
    [OUTCOME_ERROR] = "error",
    [OUTCOME_FAIL] = "fail",
    [OUTCOME_PASS] = "pass",
    [OUTCOME_UNPROVABLE] = "unprovable",
};

static struct json *add(struct judge_case *judge_case, struct json *array, const char *kind, const char *outcome,
                        const char *reason)
{
    struct arena *arena = judge_case->arena;
    struct json *entry = json_append(array, json_new(arena, JSON_OBJECT));
    if (kind != NULL) {
        json_set_string(arena, entry, "kind", slice_string(kind));
        json_set_string(arena, entry, "outcome", slice_string(outcome));
    }
    json_set_string(arena, entry, "reason", slice_string(reason));
    struct json *values = json_set_object(arena, entry, "values");
    if (values == NULL) {
        judge_case->full = true;
    }
    return values;
}

struct json *judge_observe(struct judge_case *judge_case, const char *kind, enum outcome outcome, const char *reason)
{
    return add(judge_case, judge_case->observations, kind, outcome_names[outcome], reason);
}

struct finding judge_finding(struct judge_case *judge_case, enum outcome outcome, const char *reason)
{
    return (struct finding){outcome, reason, json_new(judge_case->arena, JSON_OBJECT)};
}

struct json *judge_observe_at(struct judge_case *judge_case, const char *kind, struct slice subject, enum outcome outcome, const char *reason)
{
    struct json *values = judge_observe(judge_case, kind, outcome, reason);
    struct json *entry = judge_case->observations == NULL ? NULL : judge_case->observations->last;
    if (values == NULL || json_set_string(judge_case->arena, entry, "subject", subject) == NULL) {
        judge_case->full = true;
        return NULL;
    }
    return values;
}

struct json *judge_propose(struct judge_case *judge_case, const char *kind, struct slice name, struct slice where)
{
    struct arena *arena = judge_case->arena;
    struct json *entry = json_append(judge_case->proposals, json_new(arena, JSON_OBJECT));
    json_set_string(arena, entry, "kind", slice_string(kind));
    json_set_string(arena, entry, "name", name);
    json_set_string(arena, entry, "where", where);
    struct json *attributes = json_set_object(arena, entry, "attributes");
    judge_case->full = judge_case->full || attributes == NULL;
    return attributes;
}

struct json *judge_power(struct judge_case *judge_case, const char *reason)
{
    return add(judge_case, judge_case->powers, NULL, NULL, reason);
}

static int badness(enum outcome outcome)
{
    static const int badness[] = {[OUTCOME_FAIL] = 3, [OUTCOME_ERROR] = 2, [OUTCOME_UNPROVABLE] = 1, [OUTCOME_PASS] = 0};
    return badness[outcome];
}

void judge_worst(struct finding *worst, struct finding next)
{
    if (worst->reason == NULL || badness(next.outcome) > badness(worst->outcome)) {
        *worst = next;
    }
}

static void copy_values(struct judge_case *judge_case, struct json *values, const struct json *found)
{
    const struct json *member = found == NULL ? NULL : found->first;
    for (; values != NULL && member != NULL; member = member->next) {
        const char *name = arena_string(judge_case->arena, member->name);
        struct json *copy = json_copy(judge_case->arena, member);
        if (name == NULL || json_set(judge_case->arena, values, name, copy) == NULL) {
            judge_case->full = true;
            return;
        }
    }
    if (found == NULL) {
        judge_case->full = true;
    }
}

void judge_report(struct judge_case *judge_case, const char *kind, struct finding finding)
{
    if (finding.reason == NULL) {
        judge_observe(judge_case, kind, OUTCOME_ERROR, "facts.missing");
        return;
    }
    copy_values(judge_case, judge_observe(judge_case, kind, finding.outcome, finding.reason), finding.values);
}

void judge_report_also(struct judge_case *judge_case, const char *kind, const char *option, struct finding finding)
{
    struct slice subject = json_text(judge_case->options, option, SLICE_NONE);
    if (subject.len == 0 || judge_case->planted) {
        return;
    }
    if (finding.reason == NULL) {
        judge_observe_at(judge_case, kind, subject, OUTCOME_ERROR, "facts.missing");
        return;
    }
    copy_values(judge_case, judge_observe_at(judge_case, kind, subject, finding.outcome, finding.reason), finding.values);
}

struct json *judge_not_covered(struct judge_case *judge_case, const char *reason)
{
    return add(judge_case, judge_case->not_covered, NULL, NULL, reason);
}

/* A cut may not leave half a character: step back over continuation bytes. */
static struct slice cut(struct slice text)
{
    if (text.len <= VALUE_TEXT_MAX_BYTES) {
        return text;
    }
    size_t len = VALUE_TEXT_MAX_BYTES;
    while (len > 0 && (text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    return slice_first(text, len);
}

void judge_value(struct judge_case *judge_case, struct json *values, const char *name, struct slice text)
{
    if (json_set_string(judge_case->arena, values, name, cut(text)) == NULL) {
        judge_case->full = true;
    }
}

int64_t judge_number(const struct json *object, const char *name, int64_t fallback)
{
    int64_t value = 0;
    return json_i64(object, name, &value) == ERR_NONE ? value : fallback;
}

bool judge_is(const struct json *object, const char *name, const char *expected)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == JSON_STRING && slice_is(member->text, expected);
}

const struct json *judge_items(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == JSON_ARRAY ? member->first : NULL;
}

static const struct json *object_member(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == JSON_OBJECT ? member : NULL;
}

static struct judge_case case_of(struct arena *arena, const struct json *input, const struct json *facts, bool planted)
{
    return (struct judge_case){
        .arena = arena,
        .subject = object_member(input, "subject"),
        .facts = facts,
        .options = object_member(input, "options"),
        .estate = object_member(input, "estate"),
        .collected_at_ms = judge_number(input, "collected_at_ms", -1),
        .planted = planted,
        .observations = json_new(arena, JSON_ARRAY),
        .not_covered = json_new(arena, JSON_ARRAY),
        .proposals = json_new(arena, JSON_ARRAY),
        .powers = json_new(arena, JSON_ARRAY),
    };
}

/* Facts that are absent, or judged to nothing, are errors of every kind. */
static void judge_facts(struct judge_case *judge_case, const struct judge *judge)
{
    if (judge_case->facts != NULL && judge_case->collected_at_ms >= 0) {
        judge->run(judge_case);
    }
    if (judge_case->observations == NULL || judge_case->observations->count > 0) {
        return;
    }
    for (size_t i = 0; i < judge->kind_count; i++) {
        judge_observe(judge_case, judge->kinds[i].kind, OUTCOME_ERROR, "facts.missing");
    }
}

static bool planted_failure_seen(const struct json *observations, const struct judge_kind *expected)
{
    bool seen = false;
    for (const struct json *entry = observations == NULL ? NULL : observations->first; entry != NULL;
         entry = entry->next) {
        if (!judge_is(entry, "kind", expected->kind)) {
            continue;
        }
        if (!judge_is(entry, "outcome", expected->unprovable ? "unprovable" : "fail") || !judge_is(entry, "reason", expected->planted_reason)) {
            return false;
        }
        seen = true;
    }
    return seen;
}

/* What the real facts were judged to is dropped: a blind probe's word is worth nothing, in either direction. */
static void distrust(struct judge_case *judge_case, const struct judge *judge, const struct json *missed)
{
    struct slice first = missed == NULL || missed->first == NULL ? SLICE_NONE : missed->first->text;
    judge_case->observations = json_new(judge_case->arena, JSON_ARRAY);
    judge_case->whole = false;
    for (size_t i = 0; i < judge->kind_count; i++) {
        struct json *values = judge_observe(judge_case, judge->kinds[i].kind, OUTCOME_ERROR, "plant.missed");
        judge_value(judge_case, values, "missed", first);
    }
}

enum err judge_run(struct arena *arena, const struct json *input, const struct judge *judge, struct work_reply *reply)
{
    if (input == NULL || input->type != JSON_OBJECT) {
        return complain(&reply->complaint, ERR_INVALID,
                        TEXT("facts to judge must be an object", "zu beurteilende Fakten müssen ein Objekt sein"), 0, 0,
                        NULL, 0);
    }
    struct judge_case planted = case_of(arena, input, object_member(object_member(input, "plant"), "facts"), true);
    judge_facts(&planted, judge);
    struct judge_case real = case_of(arena, input, object_member(input, "facts"), false);
    judge_facts(&real, judge);

    struct json *output = json_new(arena, JSON_OBJECT);
    struct json *missed = json_new(arena, JSON_ARRAY);
    for (size_t i = 0; i < judge->kind_count; i++) {
        if (!planted_failure_seen(planted.observations, &judge->kinds[i])) {
            json_append(missed, json_string(arena, slice_string(judge->kinds[i].kind)));
        }
    }
    if (missed == NULL || missed->count > 0) {
        distrust(&real, judge, missed);
    }
    if (output == NULL || real.observations == NULL || real.not_covered == NULL || missed == NULL || planted.full ||
        real.full) {
        return ERR_TOO_LARGE;
    }
    json_set(arena, output, "observations", real.observations);
    struct json *plant = json_set_object(arena, output, "plant");
    json_set_bool(arena, plant, "caught", missed->count == 0);
    json_set(arena, plant, "missed", missed);
    if (json_set(arena, output, "not_covered", real.not_covered) == NULL || plant == NULL) {
        return ERR_TOO_LARGE;
    }
    if (real.proposals != NULL && (real.proposals->count > 0 || real.whole)) {
        json_set(arena, output, "proposals", real.proposals);
        json_set_bool(arena, output, "whole", real.whole);
    }
    if (real.powers != NULL && real.powers->count > 0) {
        json_set(arena, output, "powers", real.powers);
    }
    reply->output = output;
    return ERR_NONE;
}
