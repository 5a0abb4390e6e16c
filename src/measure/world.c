#include "measure/world.h"

#include "measure/edit.h"

#include <string.h>

enum err world_start(struct arena *arena, struct world *ret_world)
{
    struct standing *standings = arena_alloc_array(arena, kinds_count(), sizeof *standings);
    if (standings == NULL) {
        return ERR_MEMORY;
    }
    memset(standings, 0, kinds_count() * sizeof *standings);
    *ret_world = (struct world){.arena = arena, .standings = standings};
    return ERR_NONE;
}

enum err world_start_population(struct arena *arena, struct world *ret_world)
{
    struct world world;
    enum err err = world_start(arena, &world);
    if (err != ERR_NONE) {
        return err;
    }
    world.population = population_new();
    if (world.population == NULL) {
        return ERR_MEMORY;
    }
    *ret_world = world;
    return ERR_NONE;
}

void world_end(struct world *world)
{
    population_free(world->population);
    world->population = NULL;
}

const struct json *world_clause(const struct world *world, struct slice id)
{
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        if (slice_equal(json_text(clause, "id", SLICE_NONE), id)) {
            return clause;
        }
    }
    return NULL;
}

const struct standing *world_standing(const struct world *world, struct slice id)
{
    const struct kind *kind = kinds_find(id);
    if (kind == NULL) {
        return NULL;
    }
    struct standing *standing = &world->standings[kinds_index(kind)];
    if (!standing->is_known && world->population != NULL) {
        population_tally(world->population, kind, &standing->tally, &standing->decisive);
        standing->is_known = true;
    }
    return standing;
}

static enum err put_clause(struct world *world, struct slice id, const struct json *clause)
{
    const struct json *clauses = json_member(world->annex, "clauses");
    struct json *edited = edit_item(world->arena, clauses, edit_find(clauses, "id", id), clause);
    const struct json *annex = clause == NULL ? NULL : edit_with(world->arena, world->annex, "clauses", edited);
    if (edited == NULL || annex == NULL) {
        return ERR_MEMORY;
    }
    world->annex = annex;
    return ERR_NONE;
}

static enum err adopt(struct world *world, const struct json *payload)
{
    const struct json *clauses = json_member(payload, "clauses");
    if (clauses == NULL || clauses->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    world->annex = payload;
    return ERR_NONE;
}

/* What a person confirms or corrects replaces what was proposed. */
static enum err bind(struct world *world, const struct json *clause, const struct json *payload)
{
    const struct json *promises = json_member(payload, "promises"), *bindings = json_member(payload, "bindings");
    if (promises == NULL || bindings == NULL) {
        return ERR_MALFORMED;
    }
    struct json *edited = edit_with(world->arena, clause, "promises", promises);
    edited = edit_with(world->arena, edited, "bindings", bindings);
    edited = edit_with(world->arena, edited, "confirmed", json_boolean(world->arena, true));
    return put_clause(world, json_text(clause, "id", SLICE_NONE), edited);
}

/* Puts the payload into the clause's list, in place of the one with the same `key`. */
static enum err put_listed(struct world *world, const struct json *clause, const char *list, const char *key, const struct json *payload)
{
    const struct json *items = json_member(clause, list);
    struct slice name = json_text(payload, key, SLICE_NONE);
    if (name.len == 0) {
        return ERR_MALFORMED;
    }
    struct json *edited = edit_item(world->arena, items, edit_find(items, key, name), payload);
    struct json *changed = edited == NULL ? NULL : edit_with(world->arena, clause, list, edited);
    return put_clause(world, json_text(clause, "id", SLICE_NONE), changed);
}

static enum err interpret(struct world *world, const struct json *clause, const struct json *payload)
{
    return put_listed(world, clause, "interpretations", "term", payload);
}

static enum err attest(struct world *world, const struct json *clause, const struct json *payload)
{
    return put_listed(world, clause, "attestations", "promise", payload);
}

static enum err deviate(struct world *world, const struct json *clause, const struct json *payload)
{
    return put_clause(world, json_text(clause, "id", SLICE_NONE), edit_with(world->arena, clause, "deviation", payload));
}

static enum err close_deviation(struct world *world, const struct json *clause, const struct json *payload)
{
    (void)payload;
    return put_clause(world, json_text(clause, "id", SLICE_NONE), edit_with(world->arena, clause, "deviation", NULL));
}

/* ---- subjects and what was seen of them: only where a population holds them ---- */

static void forget_standings(struct world *world)
{
    for (size_t i = 0; i < kinds_count(); i++) {
        world->standings[i].is_known = false;
    }
}

/* {"whole":bool,"put":[subjects],"removed":["id"]}: with `whole` nobody else stays. */
static enum err change_estate(struct world *world, const struct json *payload)
{
    const struct json *put = json_member(payload, "put"), *removed = json_member(payload, "removed");
    if (put == NULL || put->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    enum err err = ERR_NONE;
    for (const struct json *subject = world->population == NULL ? NULL : put->first; err == ERR_NONE && subject != NULL; subject = subject->next) {
        err = population_put(world->population, subject);
    }
    for (const struct json *id = world->population == NULL || removed == NULL ? NULL : removed->first; id != NULL; id = id->next) {
        population_remove(world->population, id->text);
    }
    if (err == ERR_NONE && world->population != NULL && json_bool(payload, "whole", false)) {
        err = population_keep(world->population, put);
    }
    forget_standings(world);
    return err;
}

struct member world_member(struct arena *arena, const struct json *payload, const struct json *observation, int64_t at_ms, uint64_t index)
{
    bool caught = json_bool(json_member(payload, "plant"), "caught", false);
    struct json *seen = json_new(arena, JSON_OBJECT);
    edit_carry(arena, seen, observation, "outcome");
    edit_carry(arena, seen, observation, "reason");
    edit_carry(arena, seen, observation, "values");
    bool is_whole = json_set_bool(arena, seen, "plant", caught) != NULL;
    struct slice subject = json_text(observation, "subject", json_text(payload, "subject", SLICE_NONE));
    return (struct member){.subject = subject, .observation = is_whole ? seen : NULL, .at_ms = at_ms, .index = index};
}

size_t world_kinds_of(struct slice id, const struct json *subject, const struct kind **ret_kinds)
{
    size_t count = 0;
    const struct kind *own = kinds_find(id);
    if (own != NULL && kind_is_about(own, subject)) {
        ret_kinds[count++] = own;
    }
    for (size_t i = 0; kind_tells_population(id, subject, NULL) && i < kinds_count(); i++) {
        if (kinds_at(i)->fed != NULL && kind_is_about(kinds_at(i), subject) && kind_tells_population(id, subject, kinds_at(i)->fed)) {
            ret_kinds[count++] = kinds_at(i);
        }
    }
    return count;
}

static enum err observe_one(struct world *world, const struct json *payload, const struct json *observation, int64_t at_ms, uint64_t index)
{
    const struct kind *about[KINDS_MAX];
    struct slice kind = json_text(observation, "kind", SLICE_NONE);
    struct member member = world_member(world->arena, payload, observation, at_ms, index);
    if (kind.len == 0 || member.subject.len == 0 || member.observation == NULL) {
        return member.observation == NULL ? ERR_MEMORY : ERR_MALFORMED;
    }
    const struct json *subject = population_subject(world->population, member.subject);
    size_t count = subject == NULL ? 0 : world_kinds_of(kind, subject, about);
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = population_observe(world->population, about[i], &member);
        world->standings[kinds_index(about[i])].is_known = false;
    }
    return err;
}

/* One run of a probe: several kinds, perhaps several subjects; the facts beside them are not kept here. */
static enum err observe(struct world *world, const struct json *payload, int64_t at_ms, uint64_t index)
{
    const struct json *observations = json_member(payload, "observations");
    if (json_text(payload, "subject", SLICE_NONE).len == 0 || observations == NULL || observations->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    enum err err = ERR_NONE;
    for (const struct json *one = world->population == NULL ? NULL : observations->first; err == ERR_NONE && one != NULL; one = one->next) {
        err = observe_one(world, payload, one, at_ms, index);
    }
    return err;
}

static const struct {
    const char *type;
    enum err (*clause)(struct world *world, const struct json *clause, const struct json *payload);
    enum err (*whole)(struct world *world, const struct json *payload);
} changes[] = {
    {"annex.adopted", NULL, adopt},        {"binding.confirmed", bind, NULL},    {"interpretation.signed", interpret, NULL},
    {"attestation.signed", attest, NULL},  {"deviation.set", deviate, NULL},     {"deviation.closed", close_deviation, NULL},
    {"estate.changed", NULL, change_estate},
};

enum err world_apply(struct world *world, struct slice type, const struct json *payload, int64_t at_ms, uint64_t index)
{
    if (slice_is(type, "observation")) {
        return observe(world, payload, at_ms, index);
    }
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (!slice_is(type, changes[i].type)) {
            continue;
        }
        if (changes[i].whole != NULL) {
            return changes[i].whole(world, payload);
        }
        const struct json *clause = world_clause(world, json_text(payload, "clause", SLICE_NONE));
        return clause == NULL ? ERR_NOT_FOUND : changes[i].clause(world, clause, payload);
    }
    return ERR_NONE;
}

enum err world_copy(const struct world *world, struct arena *arena, struct world *ret_world)
{
    struct world copy;
    enum err err = world_start(arena, &copy);
    copy.annex = err != ERR_NONE || world->annex == NULL ? NULL : json_copy(arena, world->annex);
    if (err != ERR_NONE || (world->annex != NULL && copy.annex == NULL)) {
        return ERR_MEMORY;
    }
    err = world->population == NULL ? ERR_NONE : population_copy(world->population, arena, &copy.population);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_world = copy;
    return ERR_NONE;
}
