#include "measure/observe.h"

#include "base/array.h"
#include "collect/self.h"
#include "measure/edit.h"
#include "measure/inventory.h"
#include "measure/observe_inside.h"
#include "measure/self_facts.h"

#include <stdlib.h>
#include <string.h>

enum {
    DETAIL_MAX_BYTES = 400,
    BROUGHT_MAX = 64000,                /* subjects and judgements of them in one run: 10,000 people of an identity provider are 60,000 */
};

/* ---- who looks at what ---- */

/* The host that a subject lies on; the machine that Vogt runs on is "this". */
static struct slice host_of(const struct json *subject)
{
    bool is_host = slice_is(json_text(subject, "kind", SLICE_NONE), "host");
    return is_host ? json_text(subject, "name", SLICE_NONE) : json_text(json_member(subject, "attributes"), "host", SLICE_LITERAL("this"));
}

/* Vogt connects to nothing that a person has not named: a port that was only discovered blocks green unprobed. */
static bool may_be_reached(const struct json *subject)
{
    return !slice_is(json_text(subject, "kind", SLICE_NONE), "endpoint") || json_bool(subject, "confirmed", false);
}

static bool is_for(const struct method *method, const struct json *subject)
{
    const struct probe *probe = catalogue_probe(slice_string(method->probe));
    return probe != NULL && slice_is(json_text(subject, "kind", SLICE_NONE), probe->subject) && may_be_reached(subject) &&
           (method->applies == NULL || method->applies(subject));
}

static bool is_from_here(const struct method *method, const struct json *subject)
{
    return method->from == FROM_ANYWHERE || (method->from == FROM_THE_HOST && slice_is(host_of(subject), "this"));
}

enum err observe_plan(struct turn *turn, const struct json *subjects, struct watch **ret_watches, size_t *ret_count)
{
    size_t count = 0, capacity = 0;
    struct watch *watches = NULL;
    for (const struct json *subject = subjects->first; subject != NULL; subject = subject->next) {
        const struct method *method = NULL;
        for (size_t i = 0; (method = method_at(i)) != NULL; i++) {
            if (!is_for(method, subject) || !is_from_here(method, subject)) {
                continue;
            }
            watches = array_room_in(turn->arena, watches, count, &capacity, sizeof *watches);
            if (watches == NULL) {
                return ERR_MEMORY;
            }
            watches[count++] = (struct watch){slice_string(method->probe), json_text(subject, "id", SLICE_NONE)};
        }
    }
    *ret_watches = watches;
    *ret_count = count;
    return ERR_NONE;
}

bool observe_is_planned(const struct json *subject, struct slice probe)
{
    const struct method *method = method_of(probe);
    return method != NULL && is_for(method, subject) && is_from_here(method, subject);
}

enum observe_phase observe_phase(struct slice probe)
{
    const struct probe *entry = catalogue_probe(probe);
    const struct method *method = method_of(probe);
    for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
        if (kind_tells_population(slice_string(entry->observations[i]), NULL, NULL)) {
            return OBSERVE_TELLERS;
        }
    }
    return method != NULL && method->of_records ? OBSERVE_RECORDS : OBSERVE_OTHERS;
}

char *observe_schedule_path(struct turn *turn, const struct watch *watch)
{
    return turn_path(turn, "schedule/%.*s/%.*s", (int)watch->probe.len, (const char *)watch->probe.data, (int)watch->subject.len, (const char *)watch->subject.data);
}

enum err observe_make_due(struct turn *turn, const struct watch *watch)
{
    const struct json *plan = NULL; /* where the newest run lies stays known */
    char *path = observe_schedule_path(turn, watch);
    enum err err = path == NULL ? ERR_MEMORY : turn_json(turn, path, &plan);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    plan = err == ERR_NONE ? plan : json_new(turn->arena, JSON_OBJECT);
    plan = edit_with(turn->arena, plan, "probe", json_string(turn->arena, watch->probe));
    plan = edit_with(turn->arena, plan, "subject", json_string(turn->arena, watch->subject));
    plan = edit_with(turn->arena, plan, "waits_ms", json_number_i64(turn->arena, turn->now_ms));
    return plan == NULL ? ERR_MEMORY : turn_put_json(turn, path, plan, turn->now_ms);
}

/* The longest a probe may wait: half of the shortest age that a promise allows what it observes. */
static int64_t every_ms(struct slice probe)
{
    uint64_t shortest_s = 24 * 3600;
    const struct probe *entry = catalogue_probe(probe);
    for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
        shortest_s = kind_tells_population(slice_string(entry->observations[i]), NULL, NULL) ? KINDS_POPULATION_MAX_AGE_S : shortest_s;
    }
    for (const struct promise *promise = entry == NULL ? NULL : catalogue_probe_promise(entry, NULL); promise != NULL; promise = catalogue_probe_promise(entry, promise)) {
        for (size_t i = 0; i < promise->observation_count; i++) {
            const struct observation_rule *rule = &promise->observations[i];
            if (rule->probe != NULL && slice_is(probe, rule->probe) && rule->max_age_s < shortest_s) {
                shortest_s = rule->max_age_s;
            }
        }
    }
    return (int64_t)shortest_s * 500;
}

/* ---- collecting ---- */

static enum err prepare(struct turn *turn, const struct world *world, struct run *run)
{
    const struct method *method = method_of(run->watch.probe);
    enum err err = standing_subject(turn, run->watch.subject, &run->subject);
    if (err != ERR_NONE) {
        return err;
    }
    run->input = json_new(turn->arena, JSON_OBJECT);
    run->options = json_new(turn->arena, JSON_OBJECT);
    run->estate = json_new(turn->arena, JSON_OBJECT);
    return method == NULL ? ERR_NOT_FOUND : method->prepare(turn, world, run);
}

static enum err collect(struct turn *turn, const struct world *world, struct run *run)
{
    const struct method *method = method_of(run->watch.probe);
    enum err err = prepare(turn, world, run);
    if (err != ERR_NONE) {
        return err;
    }
    if (method->role == ROLE_KEEP) {
        struct json *facts = NULL;
        err = self_facts(turn, run->watch.probe, run->watch.subject, &facts);
        run->facts = facts;
        run->planted = err == ERR_NONE ? self_planted(turn->arena, method->probe, facts) : NULL;
        run->collected_at_ms = turn->now_ms;
        run->vantage = json_string(turn->arena, SLICE_LITERAL("keep"));
        return err;
    }
    const struct json *output = NULL;
    err = turn_work(turn, method->role, method->collector, run->input, SLICE_NONE, &output, NULL, &run->collected_at_ms);
    if (err == ERR_NONE) {
        run->facts = json_member(output, "facts");
        run->planted = json_path(output, "plant.facts");
        run->vantage = json_member(output, "vantage");
    }
    return err;
}

static enum err judge(struct turn *turn, struct run *run)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT), *plant = NULL;
    json_set(turn->arena, input, "subject", edit_share(turn->arena, run->subject));
    json_set(turn->arena, input, "facts", run->facts == NULL ? json_new(turn->arena, JSON_NULL) : edit_share(turn->arena, run->facts));
    plant = json_set_object(turn->arena, input, "plant");
    if (run->planted != NULL) {
        json_set(turn->arena, plant, "facts", edit_share(turn->arena, run->planted));
    }
    json_set(turn->arena, input, "options", edit_share(turn->arena, run->options));
    json_set(turn->arena, input, "estate", edit_share(turn->arena, run->estate));
    if (json_set_i64(turn->arena, input, "collected_at_ms", run->collected_at_ms) == NULL) {
        return ERR_MEMORY;
    }
    char *work = standing_key(turn, "judge", run->watch.probe);
    if (work == NULL) {
        return ERR_MEMORY;
    }
    work[sizeof "judge" - 1] = '.';
    return turn_work(turn, ROLE_JUDGE, work, input, SLICE_NONE, &run->judged, NULL, NULL);
}

/* An error of every kind that the probe makes, with the reason and its values. */
static const struct json *all_errors(struct turn *turn, const struct run *run, const char *reason, const struct json *values)
{
    struct json *judged = json_new(turn->arena, JSON_OBJECT), *observations = json_set_array(turn->arena, judged, "observations");
    const struct probe *probe = catalogue_probe(run->watch.probe);
    for (size_t i = 0; i < probe->observation_count; i++) {
        struct json *one = json_append(observations, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, one, "kind", slice_string(probe->observations[i]));
        json_set_string(turn->arena, one, "outcome", SLICE_LITERAL("error"));
        json_set_string(turn->arena, one, "reason", slice_string(reason));
        json_set(turn->arena, one, "values", edit_share(turn->arena, values));
    }
    /* no plant was missed here: nothing was measured at all */
    json_set_bool(turn->arena, json_set_object(turn->arena, judged, "plant"), "caught", true);
    return judged;
}

/* A collector or judge that gave nothing is an observation too. */
static const struct json *refused(struct turn *turn, const struct run *run)
{
    struct json *values = json_new(turn->arena, JSON_OBJECT);
    char detail[DETAIL_MAX_BYTES];
    if (run->complaint.text.english != NULL) {
        complaint_format(&run->complaint, LANGUAGE_ENGLISH, detail, sizeof detail);
    }
    struct slice why = slice_string(run->complaint.text.english != NULL ? detail : err_text(run->err, LANGUAGE_ENGLISH));
    json_set_string(turn->arena, values, "detail", why);
    return all_errors(turn, run, "collector.refused", values);
}

/* What cannot be taken over is taken over in no part: the facts go, and the entry says how much it was. */
static void refuse_many(struct turn *turn, struct run *run, const char *reason, size_t found, uint64_t limit)
{
    struct json *values = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, values, "found", found);
    json_set_u64(turn->arena, values, "limit", limit);
    run->facts = run->planted = NULL;
    run->judged = all_errors(turn, run, reason, values);
}

static size_t count_of(const struct json *judged, const char *name)
{
    const struct json *list = json_member(judged, name);
    return list == NULL ? 0 : list->count;
}

static void refuse_what_is_too_much(struct turn *turn, struct run *run)
{
    size_t brought = count_of(run->judged, "observations") + count_of(run->judged, "proposals");
    if (brought > BROUGHT_MAX) {
        refuse_many(turn, run, "source.too-many", brought, BROUGHT_MAX);
    }
}

/* What the outside refuses is a result; only rows and memory stop the turn. */
static enum err settle(struct turn *turn, struct run *run, enum err err)
{
    if (err == ERR_NONE || err == ERR_NEED || err == ERR_MEMORY || err == ERR_SEALED || err == ERR_FORGED || err == ERR_DAMAGED) {
        return err;
    }
    run->err = err;
    run->complaint = turn->complaint;
    turn->complaint = (struct complaint){0};
    run->judged = refused(turn, run);
    return ERR_NONE;
}

/* Both pieces of work, one after the other. */
static enum err advance(struct turn *turn, const struct world *world, struct run *run)
{
    enum err err = collect(turn, world, run);
    err = settle(turn, run, err == ERR_NONE ? judge(turn, run) : err);
    if (err == ERR_NONE) {
        refuse_what_is_too_much(turn, run);
    }
    return err;
}

static struct json *payload_of(struct turn *turn, const struct run *run)
{
    struct arena *arena = turn->arena;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "probe", run->watch.probe);
    json_set_string(arena, body, "subject", run->watch.subject);
    edit_carry(arena, body, run->judged, "observations");
    edit_carry(arena, body, run->judged, "plant");
    edit_carry(arena, body, run->judged, "not_covered");
    json_set(arena, body, "about", edit_share(arena, run->subject));
    json_set(arena, body, "options", edit_share(arena, run->options));
    json_set(arena, body, "estate", edit_share(arena, run->estate));
    json_set_i64(arena, body, "collected_at_ms", run->collected_at_ms);
    if (run->vantage != NULL) {
        json_set(arena, body, "vantage", edit_share(arena, run->vantage));
    }
    json_set_string(arena, body, "catalogue", slice_string(catalogue_version));
    if (run->facts != NULL) {
        json_set(arena, body, "facts", edit_share(arena, run->facts));
    }
    if (run->planted != NULL) {
        json_set(arena, body, "planted", edit_share(arena, run->planted));
    }
    return body;
}

static struct json *row_of(struct turn *turn, const struct json *payload, uint64_t index)
{
    static const char *const carried[] = {"probe", "subject", "observations", "plant"};
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, row, payload, carried[i]);
    }
    json_set_i64(turn->arena, row, "at_ms", turn->now_ms);
    return json_set_u64(turn->arena, row, "index", index) == NULL ? NULL : row;
}

static char *history_path(struct turn *turn, struct slice subject, uint64_t index)
{
    return turn_path(turn, "observation/of/%.*s/%016llx", (int)subject.len, (const char *)subject.data, (unsigned long long)index);
}

struct seen {
    struct slice subject;
    const struct json *observation;
};

/* By subject; what was seen of one in the order in which it was seen: it lies in one array. */
static int by_subject(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;
    int order = slice_compare(a->subject, b->subject);
    return order != 0 ? order : a->observation < b->observation ? -1 : 1;
}

/* The run in the history of its own subject; what it saw of others stands in theirs, one row each, where any of it changed. */
static enum err put_history(struct turn *turn, const struct run *run, const struct json *payload, uint64_t index, const bool *is_new)
{
    const struct json *list = json_member(payload, "observations"), *row = row_of(turn, payload, index);
    struct seen *seen = arena_alloc_array(turn->arena, (list == NULL ? 0 : list->count) + 1, sizeof *seen);
    struct json *own = json_new(turn->arena, JSON_ARRAY);
    size_t number = 0, count = 0;
    enum err all = seen == NULL ? ERR_MEMORY : ERR_NONE;
    for (const struct json *one = all == ERR_NONE ? edit_items(payload, "observations") : NULL; one != NULL; one = one->next, number++) {
        struct slice subject = json_text(one, "subject", SLICE_NONE);
        if (subject.len == 0 || slice_equal(subject, run->watch.subject)) {
            json_append(own, edit_share(turn->arena, one));
        } else if (is_new[number]) {
            seen[count++] = (struct seen){subject, one};
        }
    }
    if (count > 0) {
        qsort(seen, count, sizeof *seen, by_subject);
    }
    for (size_t first = 0, next = 0; first < count; first = next) {
        struct json *theirs = json_new(turn->arena, JSON_ARRAY);
        for (next = first; next < count && slice_equal(seen[next].subject, seen[first].subject); next++) {
            json_append(theirs, edit_share(turn->arena, seen[next].observation));
        }
        const struct json *their_row = edit_with(turn->arena, edit_with(turn->arena, row, "observations", theirs), "subject", json_string(turn->arena, seen[first].subject));
        if (!standing_goes_on(&all, turn_put_json(turn, history_path(turn, seen[first].subject, index), their_row, 0))) {
            return all;
        }
    }
    char *path = history_path(turn, run->watch.subject, index); /* of an index that is only now given */
    enum err err = all == ERR_NONE || all == ERR_NEED ? turn_is_new(turn, path) : all;
    (void)standing_goes_on(&all, err == ERR_NONE ? turn_put_json(turn, path, edit_with(turn->arena, row, "observations", own), 0) : err);
    return all;
}

static enum err put_schedule(struct turn *turn, const struct run *run, const struct json *payload, uint64_t index)
{
    struct slice subject = run->watch.subject, probe = run->watch.probe;
    char *path = observe_schedule_path(turn, &run->watch);
    struct json *plan = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, plan, "probe", probe);
    json_set_string(turn->arena, plan, "subject", subject);
    json_set_i64(turn->arena, plan, "at_ms", turn->now_ms);
    json_set_u64(turn->arena, plan, "index", index);
    edit_carry(turn->arena, plan, payload, "not_covered");
    edit_carry(turn->arena, plan, run->judged, "powers");
    return turn_put_json(turn, path, plan, turn->now_ms + every_ms(probe));
}

/* What a source or machine told of: first who is there, then what was seen of them. */
static enum err take_proposals(struct turn *turn, struct world *world, struct run *run)
{
    const struct json *proposals = json_member(run->judged, "proposals");
    enum err err = proposals == NULL ? ERR_NONE
                                     : inventory_found(turn, world, run->watch.probe, run->watch.subject, proposals, json_bool(run->judged, "whole", false));
    if (err == ERR_TOO_LARGE) { /* before anything was changed */
        turn->complaint = (struct complaint){0};
        refuse_many(turn, run, "estate.too-many", proposals->count, STANDING_SUBJECTS_MAX);
        err = ERR_NONE;
    }
    return err;
}

/* Something new at this subject: what is judged of its records is judged anew. */
static enum err wake_records(struct turn *turn, const struct run *run)
{
    const struct method *method = NULL;
    enum err all = ERR_NONE;
    for (size_t i = 0; (method = method_at(i)) != NULL; i++) {
        struct watch watch = {slice_string(method->probe), run->watch.subject};
        bool is_woken = method->of_records && observe_phase(run->watch.probe) != OBSERVE_RECORDS && observe_is_planned(run->subject, watch.probe);
        if (is_woken && !standing_goes_on(&all, observe_make_due(turn, &watch))) {
            return all;
        }
    }
    return all;
}

static enum err record(struct turn *turn, struct world *world, struct run *run, uint64_t *failed)
{
    enum err all = ERR_NONE;
    if (!standing_goes_on(&all, take_proposals(turn, world, run))) {
        return all;
    }
    const struct json *payload = payload_of(turn, run);
    size_t count = count_of(payload, "observations");
    bool *is_new = arena_alloc_array(turn->arena, count + 1, sizeof *is_new);
    uint64_t index = 0;
    if (is_new == NULL) {
        return ERR_MEMORY;
    }
    memset(is_new, 0, (count + 1) * sizeof *is_new);
    (void)(standing_goes_on(&all, standing_observe(turn, world, payload, &index, is_new)) &&
           standing_goes_on(&all, put_history(turn, run, payload, index, is_new)) && standing_goes_on(&all, put_schedule(turn, run, payload, index)));
    bool has_news = false;
    for (size_t i = 0; i < count; i++) {
        has_news = has_news || is_new[i];
    }
    if (has_news) {
        (void)standing_goes_on(&all, wake_records(turn, run));
    }
    for (const struct json *one = edit_items(payload, "observations"); one != NULL; one = one->next) {
        *failed += slice_is(json_text(one, "outcome", SLICE_NONE), "pass") ? 0 : 1;
    }
    return all;
}

enum err observe_run(struct turn *turn, struct world *world, const struct watch *watches, size_t count, uint64_t *ret_observed, uint64_t *ret_failed)
{
    struct run *runs = arena_alloc_array(turn->arena, count + 1, sizeof *runs);
    enum err all = runs == NULL ? ERR_MEMORY : ERR_NONE;
    for (size_t i = 0; i < count && (all == ERR_NONE || all == ERR_NEED); i++) {
        runs[i] = (struct run){.watch = watches[i]};
        (void)standing_goes_on(&all, advance(turn, world, &runs[i]));
    }
    if (all == ERR_NONE && count > 0 && !world->standings[0].is_known) {
        all = standing_load_tallies(turn, world);
    }
    if (all != ERR_NONE) {
        return all;
    }
    for (size_t i = 0; i < count && standing_goes_on(&all, record(turn, world, &runs[i], ret_failed)); i++) {
        const struct json *observations = json_member(runs[i].judged, "observations");
        *ret_observed += observations == NULL ? 0 : observations->count;
    }
    return all;
}

/* ---- for others: agents on other hosts, and vantages ---- */

static enum err add_task(struct turn *turn, const struct world *world, const struct method *method, const struct json *subject, struct json *tasks)
{
    struct run run = {.watch = {slice_string(method->probe), json_text(subject, "id", SLICE_NONE)}};
    enum err err = prepare(turn, world, &run);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *task = json_append(tasks, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, task, "probe", run.watch.probe);
    json_set_string(turn->arena, task, "subject", run.watch.subject);
    json_set_string(turn->arena, task, "collector", slice_string(method->collector));
    json_set_string(turn->arena, task, "role", slice_string(method->role == ROLE_LOOK ? "look" : "reach"));
    json_set_i64(turn->arena, task, "every_ms", every_ms(run.watch.probe));
    return json_set(turn->arena, task, "input", run.input) == NULL ? ERR_MEMORY : ERR_NONE;
}

static bool is_task_of(const struct method *method, const struct json *subject, struct slice host, enum observe_place place)
{
    if (!is_for(method, subject) || method->role == ROLE_KEEP) {
        return false;
    }
    /* an agent on a host looks, a vantage reaches: what is to be tried from one place is a task of the vantage there */
    bool there = method->from == FROM_THE_HOST && slice_equal(host_of(subject), host);
    if (place == OBSERVE_FROM_VANTAGE) {
        const struct kind *kind = kinds_find(slice_string(catalogue_probe(slice_string(method->probe))->observations[0]));
        return (method->from == FROM_A_VANTAGE || (there && method->role == ROLE_REACH)) && kind != NULL && kind_is_about(kind, subject);
    }
    return there && method->role == ROLE_LOOK;
}

enum err observe_tasks(struct turn *turn, const struct world *world, struct slice host, enum observe_place place, struct json **ret_tasks)
{
    struct json *subjects = NULL, *tasks = json_new(turn->arena, JSON_ARRAY);
    enum err all = standing_subjects(turn, &subjects);
    for (const struct json *subject = all == ERR_NONE ? subjects->first : NULL; subject != NULL; subject = subject->next) {
        const struct method *method = NULL;
        for (size_t i = 0; (method = method_at(i)) != NULL; i++) {
            if (is_task_of(method, subject, host, place) && !standing_goes_on(&all, add_task(turn, world, method, subject, tasks))) {
                return all;
            }
        }
    }
    *ret_tasks = tasks;
    return all;
}

enum err observe_reported(struct turn *turn, struct world *world, const struct json *report)
{
    struct run run = {.watch = {json_text(report, "probe", SLICE_NONE), json_text(report, "subject", SLICE_NONE)}};
    uint64_t failed = 0;
    enum err err = prepare(turn, world, &run);
    if (err != ERR_NONE) {
        return err;
    }
    run.facts = json_member(report, "facts");
    run.planted = json_path(report, "plant.facts");
    run.vantage = json_member(report, "vantage");
    run.collected_at_ms = edit_number(report, "collected_at_ms", 0);
    err = settle(turn, &run, judge(turn, &run));
    if (err == ERR_NONE) {
        refuse_what_is_too_much(turn, &run);
    }
    err = err == ERR_NONE && !world->standings[0].is_known ? standing_load_tallies(turn, world) : err;
    return err == ERR_NONE ? record(turn, world, &run, &failed) : err;
}
