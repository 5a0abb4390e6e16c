/* estate: what people wrote, what Vogt discovered, what waits for a word, and what of it is judged. */
#include "measure/operations.h"

#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/inventory.h"
#include "measure/observe.h"
#include "measure/standing_inside.h"
#include "measure/view.h"

#include <stdlib.h>
#include <string.h>

enum { SUBJECTS_SHOWN = 1000 };

/* "judged": some probe has looked; "not covered": none of this release can, from here. */
enum coverage { COVERAGE_JUDGED, COVERAGE_SEEN, COVERAGE_NONE };
static const struct {
    const char *state;
    struct text text;
} coverages[] = {
    [COVERAGE_JUDGED] = {"judged", TEXT_INIT("observed and judged", "gemessen und beurteilt")},
    [COVERAGE_SEEN] = {"seen", TEXT_INIT("can be observed; not observed yet", "messbar; noch nicht gemessen")},
    [COVERAGE_NONE] = {"not covered", TEXT_INIT("no probe of this release sees it from here", "keine Messung dieser Fassung sieht das von hier aus")},
};

struct showing {
    struct turn *turn;
    struct standing_parts parts[KINDS_MAX];
    int64_t max_age_ms[KINDS_MAX];      /* the strictest that the catalogue asks for; 0: no promise needs this kind */
};

/* How a subject is covered, and the worst that was judged of it. */
struct covering {
    enum coverage coverage;
    struct judgement worst;
    uint64_t index;                     /* of the entry that the worst rests on; 0: none */
};

static void read_ages(struct showing *showing)
{
    for (size_t i = 0; i < kinds_count(); i++) { /* how a source was read is asked by no promise, but by the population of many */
        const struct kind *kind = kinds_at(i);
        bool is_teller = kind->fed == NULL && strcmp(kind->subject, "source") == 0;
        showing->max_age_ms[i] = is_teller ? (int64_t)KINDS_POPULATION_MAX_AGE_S * 1000 : 0;
    }
    for (size_t i = 0; i < catalogue_measure_count(); i++) {
        const struct measure *measure = catalogue_measure_at(i);
        for (size_t p = 0; p < measure->promise_count; p++) {
            for (size_t o = 0; o < measure->promises[p].observation_count; o++) {
                const struct observation_rule *rule = &measure->promises[p].observations[o];
                const struct kind *kind = kinds_find(slice_string(rule->kind));
                int64_t *known = kind == NULL ? NULL : &showing->max_age_ms[kinds_index(kind)], given = (int64_t)rule->max_age_s * 1000;
                if (known != NULL && (*known == 0 || given < *known)) {
                    *known = given;
                }
            }
        }
    }
}

static enum err weigh(struct showing *showing, size_t kind, const struct json *tree, struct slice id, struct covering *covering)
{
    struct member member = {.subject = id};
    int64_t max_age_ms = showing->max_age_ms[kind];
    if (tree == NULL || max_age_ms == 0) {
        return ERR_NONE;
    }
    enum err err = member_of_tree(tree, &member);
    struct judgement judgement = verdict_member(&member, slice_string(kinds_at(kind)->id), max_age_ms, showing->turn->now_ms);
    if (err == ERR_NONE && (covering->worst.kind.len == 0 || verdict_is_worse(judgement.verdict, covering->worst.verdict))) {
        covering->worst = judgement;
        covering->worst.kind = slice_string(kinds_at(kind)->id);
        covering->worst.subject = id;
        covering->index = member.observation == NULL ? 0 : member.index;
    }
    return err;
}

static enum err cover(struct showing *showing, const struct json *subject, struct covering *ret_covering)
{
    struct slice id = json_text(subject, "id", SLICE_NONE);
    struct covering covering = {.worst = {.verdict = VERDICT_UNPROVEN}};
    enum coverage coverage = COVERAGE_NONE;
    for (size_t i = 0; i < catalogue_probe_count(); i++) {
        coverage = observe_is_planned(subject, slice_string(catalogue_probe_at(i)->id)) ? COVERAGE_SEEN : coverage;
    }
    enum err all = ERR_NONE;
    for (size_t i = 0; i < kinds_count(); i++) {
        const struct kind *kind = kinds_at(i);
        const struct json *part = NULL;
        if (kind->fed != NULL || !kind_is_about(kind, subject) || !kind_is_told_by(kind, subject)) {
            continue;
        }
        if (!standing_goes_on(&all, standing_part(showing->turn, &showing->parts[i], standing_key(showing->turn, "standing", slice_string(kind->id)), tally_shard(id), &part))) {
            return all;
        }
        const struct json *tree = standing_named(part, id);
        coverage = json_member(tree, "observation") != NULL ? COVERAGE_JUDGED : coverage;
        enum err err = weigh(showing, i, tree, id, &covering);
        if (err != ERR_NONE) {
            return err;
        }
    }
    covering.coverage = coverage;
    *ret_covering = covering;
    return all;
}

static enum err put_coverage(struct showing *showing, struct json *list, const struct json *subject)
{
    struct covering covering = {.coverage = COVERAGE_NONE};
    enum err err = cover(showing, subject, &covering);
    enum coverage coverage = covering.coverage;
    struct arena *arena = showing->turn->arena;
    struct json *one = json_append(list, json_new(arena, JSON_OBJECT));
    json_set_string(arena, one, "subject", json_text(subject, "id", SLICE_NONE));
    json_set_string(arena, one, "state", slice_string(coverages[coverage].state));
    json_set_string(arena, one, "english", slice_string(coverages[coverage].text.english));
    json_set_string(arena, one, "german", slice_string(coverages[coverage].text.german));
    if (err == ERR_NONE && coverage == COVERAGE_JUDGED && covering.worst.kind.len > 0) {
        json_set_string(arena, one, "verdict", slice_string(verdict_name(covering.worst.verdict)));
        json_set_string(arena, one, "kind", covering.worst.kind);
        explain_set(arena, one, "reason", &covering.worst);
        edit_set_time(arena, one, "observed", covering.worst.oldest_ms);
        if (covering.index > 0) {
            json_set_u64(arena, one, "index", covering.index);
        }
    }
    return err;
}

static bool is_wanted(const struct turn *turn, const struct json *subject)
{
    struct slice kind = turn_query(turn, "kind"), query = turn_query(turn, "q"), after = turn_query(turn, "after"), id = json_text(subject, "id", SLICE_NONE);
    return (kind.len == 0 || slice_equal(json_text(subject, "kind", SLICE_NONE), kind)) && (query.len == 0 || slice_find(id, query) != SIZE_MAX) &&
           (after.len == 0 || slice_compare(id, after) > 0);
}

static int by_id(const void *left, const void *right)
{
    const struct json *const *a = left, *const *b = right;
    return slice_compare(json_text(*a, "id", SLICE_NONE), json_text(*b, "id", SLICE_NONE));
}

static enum err put_subjects(struct turn *turn, const struct json *subjects, struct json *data)
{
    struct showing *showing = arena_alloc(turn->arena, sizeof *showing);
    const struct json **wanted = arena_alloc_array(turn->arena, subjects->count + 1, sizeof(const struct json *));
    struct json *shown = json_set_array(turn->arena, data, "subjects"), *coverage = json_set_array(turn->arena, data, "coverage"), *counts = json_new(turn->arena, JSON_OBJECT);
    size_t count = 0;
    enum err all = ERR_NONE;
    if (showing == NULL || wanted == NULL || counts == NULL) {
        return ERR_MEMORY;
    }
    *showing = (struct showing){.turn = turn};
    read_ages(showing);
    for (const struct json *subject = subjects->first; subject != NULL; subject = subject->next) {
        char *kind = arena_string(turn->arena, json_text(subject, "kind", SLICE_NONE));
        uint64_t known = (uint64_t)edit_number(counts, kind, 0);
        counts = edit_with(turn->arena, counts, kind, json_number_u64(turn->arena, known + 1));
        if (is_wanted(turn, subject)) {
            wanted[count++] = subject;
        }
    }
    if (count > 0) {
        qsort(wanted, count, sizeof *wanted, by_id);
    }
    for (size_t i = 0; i < count && i < SUBJECTS_SHOWN; i++) {
        json_append(shown, edit_share(turn->arena, wanted[i]));
        if (!standing_goes_on(&all, put_coverage(showing, coverage, wanted[i]))) {
            return all;
        }
    }
    json_set(turn->arena, data, "counts", counts);
    if (count > SUBJECTS_SHOWN) {
        json_set_string(turn->arena, data, "next", json_text(wanted[SUBJECTS_SHOWN - 1], "id", SLICE_NONE));
    }
    return all;
}

static enum err reply_estate(struct turn *turn)
{
    const struct json *row = NULL;
    struct json *data = json_new(turn->arena, JSON_OBJECT), *subjects = NULL;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, inventory_current(turn, &row)) && standing_goes_on(&all, standing_subjects(turn, &subjects)));
    if (all != ERR_NONE) {
        return all;
    }
    if (subjects->count == 0) { /* before the first observation: what it will begin with */
        all = inventory_default(turn, &subjects);
    }
    if (all != ERR_NONE) {
        return all;
    }
    bool is_first = turn_query(turn, "after").len == 0;
    if (is_first) { /* what is said of the whole stands on the first page only */
        edit_carry(turn->arena, data, row, "text");
        edit_carry(turn->arena, data, row, "allowed");
        edit_carry(turn->arena, data, row, "ignored");
    }
    (void)(standing_goes_on(&all, put_subjects(turn, subjects, data)) && (!is_first || standing_goes_on(&all, view_not_covered(turn, data))));
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}

enum err operation_estate_read(struct turn *turn)
{
    return reply_estate(turn);
}

enum err operation_estate_write(struct turn *turn)
{
    struct world world;
    const struct json *given = json_member(turn->request->body, "hcl");
    struct json *estate = NULL;
    enum err err = estate_build(turn->arena, json_member(given, "tree"), &estate, &turn->complaint);
    err = err == ERR_NONE ? standing_load(turn, &world) : err;
    err = err == ERR_NONE ? inventory_write(turn, &world, estate, json_text(given, "text", SLICE_NONE)) : err;
    err = err == ERR_NONE ? standing_refresh(turn, &world) : err;
    return err == ERR_NONE ? reply_estate(turn) : err;
}

/* ---- the inbox ---- */

/* By id, so that what belongs together stands together. */
static enum err put_sorted(struct turn *turn, const struct json *items, struct json *data)
{
    const struct json **sorted = arena_alloc_array(turn->arena, items->count + 1, sizeof(const struct json *));
    struct json *list = json_set_array(turn->arena, data, "items");
    size_t count = 0;
    if (sorted == NULL || list == NULL) {
        return ERR_MEMORY;
    }
    for (const struct json *item = items->first; item != NULL; item = item->next) {
        sorted[count++] = item;
    }
    if (count > 0) {
        qsort(sorted, count, sizeof *sorted, by_id);
    }
    for (size_t i = 0; i < count; i++) {
        json_append(list, edit_share(turn->arena, sorted[i]));
    }
    return ERR_NONE;
}

enum err operation_estate_inbox(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *items = NULL;
    const struct json *row = NULL;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, inventory_inbox(turn, &items)) && standing_goes_on(&all, inventory_current(turn, &row)));
    if (all != ERR_NONE) {
        return all;
    }
    edit_carry(turn->arena, data, row, "ignored");
    return put_sorted(turn, items, data) == ERR_NONE ? turn_reply_data(turn, data) : ERR_MEMORY;
}

static enum err decide(struct turn *turn, enum inventory_decision decision)
{
    struct world world;
    struct inventory_word word = {.decision = decision, .ids = json_member(turn->request->body, "subjects"), .attributes = json_member(turn->request->body, "attributes"),
                                  .reason = turn_field(turn, "reason")};
    uint64_t count = 0;
    enum err err = standing_load(turn, &world);
    err = err == ERR_NONE ? inventory_decide(turn, &world, &word, &count) : err;
    err = err == ERR_NONE ? standing_refresh(turn, &world) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, data, "decided", count);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_estate_confirm(struct turn *turn)
{
    return decide(turn, INVENTORY_CONFIRM);
}

enum err operation_estate_ignore(struct turn *turn)
{
    return decide(turn, INVENTORY_IGNORE);
}

enum err operation_estate_remove(struct turn *turn)
{
    return decide(turn, INVENTORY_REMOVE);
}

enum err operation_estate_restore(struct turn *turn)
{
    return decide(turn, INVENTORY_RESTORE);
}
