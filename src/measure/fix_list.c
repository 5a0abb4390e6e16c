#include "measure/fix_list.h"

#include "measure/edit.h"
#include "measure/explain.h"
#include "measure/fix.h"
#include "measure/observe.h"

#include <stdlib.h>

enum { FIXES_MAX = 500 };

/* One thing to do: the same reason at the same subject; where there is no subject, of the same kind of observation. */
static bool is_same(const struct judgement *a, const struct judgement *b)
{
    return slice_equal(a->reason, b->reason) && slice_equal(a->subject, b->subject) && (a->subject.len > 0 || slice_equal(a->kind, b->kind));
}

static void add(struct turn *turn, struct fix_list *list, const struct judgement *judgement, struct slice clause)
{
    size_t i = 0;
    while (i < list->count && !is_same(&list->items[i].sample, judgement)) {
        i++;
    }
    if (i == list->count) {
        struct json *words = json_new(turn->arena, JSON_OBJECT);
        if (list->count == FIXES_MAX || !explain_fix(turn->arena, words, judgement->reason, judgement->values, judgement->subject, judgement->kind)) {
            return;
        }
        list->items[i] = (struct fix_item){.sample = *judgement, .clauses = json_new(turn->arena, JSON_ARRAY), .minutes = (uint64_t)edit_number(words, "minutes", 0)};
        list->count++;
    }
    struct json *clauses = list->items[i].clauses;
    if (clauses != NULL && (clauses->last == NULL || !slice_equal(clauses->last->text, clause))) {
        json_append(clauses, json_string(turn->arena, clause));
    }
}

static void add_clause(struct turn *turn, const struct world *world, struct fix_list *list, const struct json *clause)
{
    struct slice id = json_text(clause, "id", SLICE_NONE);
    struct judgement whole = verdict_clause(world, clause, turn->now_ms);
    if (whole.verdict == VERDICT_KEPT || whole.verdict == VERDICT_ATTESTED) {
        return;
    }
    /* a sentence that nothing is bound to waits for a decision, no fix would turn it green */
    if (whole.promise.len == 0 && !slice_is(whole.reason, "verdict.unbound")) {
        add(turn, list, &whole, id);
    }
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        struct judgement one = verdict_promise(world, clause, promise, turn->now_ms);
        if (one.verdict != VERDICT_KEPT && one.verdict != VERDICT_ATTESTED) {
            add(turn, list, &one, id);
        }
    }
}

static int by_use(const void *left, const void *right)
{
    const struct fix_item *a = left, *b = right;
    size_t of_a = a->clauses == NULL ? 0 : a->clauses->count, of_b = b->clauses == NULL ? 0 : b->clauses->count;
    if (of_a != of_b) {
        return of_a > of_b ? -1 : 1;
    }
    if (a->minutes != b->minutes) {
        return a->minutes < b->minutes ? -1 : 1;
    }
    int order = slice_compare(a->sample.reason, b->sample.reason);
    return order != 0 ? order : slice_compare(a->sample.subject, b->sample.subject);
}

enum err fix_list_gather(struct turn *turn, const struct world *world, struct slice clause, struct fix_list *ret_list)
{
    struct fix_list list = {.items = arena_alloc_array(turn->arena, FIXES_MAX, sizeof *list.items)};
    if (list.items == NULL) {
        return ERR_MEMORY;
    }
    for (const struct json *one = edit_items(world->annex, "clauses"); one != NULL; one = one->next) {
        if (clause.len == 0 || slice_equal(json_text(one, "id", SLICE_NONE), clause)) {
            add_clause(turn, world, &list, one);
        }
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, by_use);
    }
    *ret_list = list;
    return ERR_NONE;
}

/* The subject and its host as the estate has them; what left meanwhile has no change to offer. */
static enum err put_changes(struct turn *turn, const struct world *world, const struct judgement *sample, struct json *list)
{
    struct fix_subject about = {.minimum = "1.3"};
    const struct json *version = observe_strictest(world, "crypto.transit", "version");
    about.minimum = version != NULL && slice_is(version->text, "1.2") ? "1.2" : "1.3";
    if (sample->subject.len == 0) {
        return ERR_NONE;
    }
    enum err err = standing_subject(turn, sample->subject, &about.subject);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    struct slice host = json_text(json_member(about.subject, "attributes"), "host", SLICE_LITERAL("this"));
    char *host_id = turn_path(turn, "host:%.*s", (int)host.len, (const char *)host.data);
    if (slice_is(json_text(about.subject, "kind", SLICE_NONE), "host")) {
        about.host = about.subject;
    } else {
        err = host_id == NULL ? ERR_MEMORY : standing_subject(turn, slice_string(host_id), &about.host);
        about.host = err == ERR_NONE ? about.host : NULL;
    }
    return err != ERR_NONE && err != ERR_NOT_FOUND ? err : fix_changes(turn->arena, sample->reason, &about, list);
}

enum err fix_list_put(struct turn *turn, const struct world *world, const struct fix_item *item, bool changes, struct json *list)
{
    struct json *shown = json_append(list, json_new(turn->arena, JSON_OBJECT));
    (void)explain_fix(turn->arena, shown, item->sample.reason, item->sample.values, item->sample.subject, item->sample.kind);
    explain_set(turn->arena, shown, "why", &item->sample);
    json_set_string(turn->arena, shown, "subject", item->sample.subject);
    json_set_string(turn->arena, shown, "reason_id", item->sample.reason);
    struct json *waiting = json_set(turn->arena, shown, "clauses", item->clauses == NULL ? NULL : json_copy(turn->arena, item->clauses));
    enum err err = changes ? put_changes(turn, world, &item->sample, json_set_array(turn->arena, shown, "changes")) : ERR_NONE;
    return err == ERR_NONE && waiting == NULL ? ERR_MEMORY : err;
}
