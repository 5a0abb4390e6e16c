#include "measure/view.h"

#include "measure/edit.h"

#include <stdlib.h>

enum { MEMBERS_SHOWN = 200 };

static void set_age(struct turn *turn, struct json *object, int64_t at_ms)
{
    if (at_ms == 0 || at_ms > turn->now_ms) {
        json_set_null(turn->arena, object, "age_s");
    } else {
        json_set_i64(turn->arena, object, "age_s", (turn->now_ms - at_ms) / 1000);
    }
}

static void set_verdict(struct turn *turn, struct json *object, const struct judgement *judgement)
{
    json_set_string(turn->arena, object, "verdict", slice_string(verdict_name(judgement->verdict)));
    explain_set(turn->arena, object, "reason", judgement);
}

static void carry_or_null(struct turn *turn, struct json *to, const struct json *from, const char *name)
{
    if (json_member(from, name) != NULL) {
        edit_carry(turn->arena, to, from, name);
    } else {
        json_set_null(turn->arena, to, name);
    }
}

/* A clause with its verdict now; `row` is verdict/CLAUSE, or NULL. */
static struct json *view_of(struct turn *turn, const struct world *world, const struct json *clause, const struct json *row)
{
    struct arena *arena = turn->arena;
    struct judgement judgement = verdict_clause(world, clause, turn->now_ms);
    struct json *view = json_new(arena, JSON_OBJECT), *measures = NULL;
    edit_carry(arena, view, clause, "id");
    edit_carry(arena, view, clause, "section");
    edit_carry(arena, view, clause, "text");
    edit_carry(arena, view, clause, "lead");
    set_verdict(turn, view, &judgement);
    edit_set_time(arena, view, "since", edit_number(row, "since_ms", 0));
    set_age(turn, view, judgement.oldest_ms);
    measures = json_set_array(arena, view, "measures");
    for (const struct json *one = edit_items(clause, "bindings"); one != NULL; one = one->next) {
        json_append(measures, json_string(arena, json_text(one, "measure", SLICE_NONE)));
    }
    json_set_bool(arena, view, "confirmed", json_bool(clause, "confirmed", false));
    carry_or_null(turn, view, clause, "deviation");
    return view;
}

static void put_member(struct turn *turn, struct json *list, const struct observation_rule *rule, const struct member *member, int64_t max_age_ms)
{
    struct judgement judgement = verdict_member(member, slice_string(rule->kind), max_age_ms, turn->now_ms);
    struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, item, "kind", slice_string(rule->subject));
    json_set_string(turn->arena, item, "subject", member->subject);
    json_set_bool(turn->arena, item, "confirmed", member->confirmed);
    set_verdict(turn, item, &judgement);
    edit_set_time(turn->arena, item, "observed", judgement.oldest_ms);
    set_age(turn, item, judgement.oldest_ms);
    if (member->observation == NULL) {
        json_set_null(turn->arena, item, "index");
    } else {
        json_set_u64(turn->arena, item, "index", member->index);
    }
    json_set_bool(turn->arena, item, "plant", json_bool(member->observation, "plant", false));
}

/* Worst first, then by name: who reads a long list reads its beginning. */
static int by_badness(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    enum standing_class of_a = member_class(a), of_b = member_class(b);
    return of_a != of_b ? (of_a > of_b ? -1 : 1) : slice_compare(a->subject, b->subject);
}

static enum err put_members(struct turn *turn, struct json *rule_view, const struct world *world, const struct observation_rule *rule, int64_t max_age_ms)
{
    struct json *list = json_set_array(turn->arena, rule_view, "subjects");
    const struct standing *standing = rule->probe == NULL ? NULL : world_standing(world, slice_string(rule->kind));
    struct member *members = NULL;
    size_t count = 0;
    enum err err = standing == NULL || standing->tally.count == 0 ? ERR_NONE : standing_all(turn, slice_string(rule->kind), &members, &count);
    if (err == ERR_NONE && count > 0) {
        qsort(members, count, sizeof *members, by_badness);
    }
    for (size_t i = 0; err == ERR_NONE && i < count && i < MEMBERS_SHOWN; i++) {
        put_member(turn, list, rule, &members[i], max_age_ms);
    }
    json_set_u64(turn->arena, rule_view, "population", standing == NULL ? 0 : standing->tally.count);
    struct json *classes = json_set_object(turn->arena, rule_view, "classes");
    for (unsigned i = 0; standing != NULL && i < CLASS_COUNT; i++) {
        if (standing->tally.classes[i].count > 0) {
            json_set_u64(turn->arena, classes, standing_class_name((enum standing_class)i), standing->tally.classes[i].count);
        }
    }
    return err;
}

static enum err put_promise(struct turn *turn, struct json *list, const struct world *world, const struct json *clause, const struct json *promise)
{
    struct arena *arena = turn->arena;
    struct judgement judgement = verdict_promise(world, clause, promise, turn->now_ms);
    const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
    struct json *item = json_append(list, json_new(arena, JSON_OBJECT)), *rules = NULL, *values = NULL;
    enum err all = ERR_NONE;
    edit_carry(arena, item, promise, "id");
    edit_carry(arena, item, promise, "text");
    edit_carry(arena, item, promise, "measure");
    edit_carry(arena, item, promise, "promise");
    set_verdict(turn, item, &judgement);
    values = json_set_object(arena, item, "values");
    for (size_t i = 0; entry != NULL && i < entry->parameter_count; i++) {
        const struct json *value = verdict_value(world, clause, promise, entry->parameters[i].name);
        json_set(arena, values, entry->parameters[i].name, value == NULL ? NULL : json_copy(arena, value));
    }
    if (entry != NULL) {
        explain_set_text(arena, item, "title", entry->title);
        json_set_bool(arena, item, "attestable", entry->attestable);
    }
    rules = json_set_array(arena, item, "observations");
    for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
        const struct observation_rule *rule = &entry->observations[i];
        int64_t max_age_ms = verdict_max_age_ms(world, clause, promise, rule);
        struct json *one = json_append(rules, json_new(arena, JSON_OBJECT));
        json_set_string(arena, one, "kind", slice_string(rule->kind));
        json_set_i64(arena, one, "max_age_s", max_age_ms / 1000);
        json_set_string(arena, one, "subject_kind", slice_string(rule->subject));
        if (rule->probe == NULL) {
            json_set_null(arena, one, "probe");
        } else {
            json_set_string(arena, one, "probe", slice_string(rule->probe));
        }
        if (rule->needs != NULL) {
            json_set_string(arena, one, "needs", slice_string(rule->needs));
        }
        (void)standing_goes_on(&all, put_members(turn, one, world, rule, max_age_ms));
    }
    return all;
}

/* Times that rows hold in milliseconds, as people read them, beside them. */
static struct json *dated(struct turn *turn, const struct json *clause, const char *list)
{
    struct json *items = json_new(turn->arena, JSON_ARRAY);
    for (const struct json *one = edit_items(clause, list); one != NULL; one = one->next) {
        struct json *item = json_append(items, json_copy(turn->arena, one));
        const struct measure *measure = catalogue_measure(json_text(one, "measure", SLICE_NONE));
        if (measure != NULL) {
            explain_set_text(turn->arena, item, "title", measure->title);
        }
        if (json_member(one, "at_ms") != NULL) {
            edit_set_time(turn->arena, item, "at", edit_number(one, "at_ms", 0));
        }
        if (json_member(one, "expires_ms") != NULL) {
            edit_set_time(turn->arena, item, "expires", edit_number(one, "expires_ms", 0));
        }
    }
    return items;
}

enum err view_clause_whole(struct turn *turn, const struct world *world, const struct json *clause, const struct json *row, struct json **ret_view)
{
    struct json *view = view_of(turn, world, clause, row), *promises = json_set_array(turn->arena, view, "promises");
    enum err all = ERR_NONE;
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        if (!standing_goes_on(&all, put_promise(turn, promises, world, clause, promise))) {
            return all;
        }
    }
    json_set(turn->arena, view, "bindings", dated(turn, clause, "bindings"));
    edit_carry(turn->arena, view, clause, "unbound");
    json_set(turn->arena, view, "interpretations", dated(turn, clause, "interpretations"));
    json_set(turn->arena, view, "attestations", dated(turn, clause, "attestations"));
    *ret_view = view;
    return all;
}

static enum err verdict_row(struct turn *turn, const struct json *clause, const struct json **ret_row)
{
    enum err err = turn_json(turn, standing_key(turn, "verdict", json_text(clause, "id", SLICE_NONE)), ret_row);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err view_annex(struct turn *turn, const struct world *world, struct json **ret_view)
{
    static const char *const carried[] = {"revision", "name", "language", "title", "digest"};
    struct arena *arena = turn->arena;
    uint64_t counts[VERDICT_COUNT] = {0};
    enum err all = ERR_NONE;
    struct json *view = json_new(arena, JSON_OBJECT), *counted = NULL, *clauses = json_new(arena, JSON_ARRAY);
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        const struct json *row = NULL;
        if (!standing_goes_on(&all, verdict_row(turn, clause, &row))) {
            return all;
        }
        counts[verdict_clause(world, clause, turn->now_ms).verdict]++;
        json_append(clauses, view_of(turn, world, clause, row));
    }
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(arena, view, world->annex, carried[i]);
    }
    edit_set_time(arena, view, "adopted", edit_number(world->annex, "adopted_ms", 0));
    counted = json_set_object(arena, view, "counts");
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        json_set_u64(arena, counted, verdict_name((enum verdict)i), counts[i]);
    }
    edit_carry(arena, view, world->annex, "sections");
    *ret_view = view;
    return json_set(arena, view, "clauses", clauses) == NULL ? ERR_TOO_LARGE : all;
}

void view_own(struct turn *turn, const struct world *world, struct json *data)
{
    static const char *const probes[] = {"ledger", "seal", "keys", "privilege"};
    struct json *own = json_set_array(turn->arena, data, "own");
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        const struct probe *probe = catalogue_probe(slice_string(probes[i]));
        for (size_t k = 0; probe != NULL && k < probe->observation_count; k++) {
            struct slice kind = slice_string(probe->observations[k]);
            const struct standing *standing = world_standing(world, kind);
            struct json *item = json_append(own, json_new(turn->arena, JSON_OBJECT));
            json_set_string(turn->arena, item, "kind", kind);
            if (standing != NULL) {
                struct judgement judgement = verdict_standing(standing, kind, (int64_t)24 * 3600000, turn->now_ms);
                set_verdict(turn, item, &judgement);
            }
        }
    }
}

enum err view_not_covered(struct turn *turn, struct json *data)
{
    struct turn_names rows;
    struct json *list = json_set_array(turn->arena, data, "not_covered");
    enum err err = turn_list(turn, "schedule/", SLICE_NONE, STANDING_LIST_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        for (const struct json *one = err == ERR_NONE ? edit_items(row, "not_covered") : NULL; one != NULL; one = one->next) {
            struct json *holder = json_new(turn->arena, JSON_OBJECT);
            struct slice subject = json_text(row, "subject", SLICE_NONE);
            explain_set_reason(turn->arena, holder, "words", json_text(one, "reason", SLICE_NONE), json_member(one, "values"), subject, json_text(row, "probe", SLICE_NONE));
            struct json *item = json_append(list, json_copy(turn->arena, json_member(holder, "words")));
            json_set_string(turn->arena, item, "subject", subject);
        }
    }
    return err;
}
