#include "measure/world.h"

#include "measure/edit.h"

#include <string.h>

struct world world_empty(struct arena *arena)
{
    return (struct world){.arena = arena};
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

const struct seen *world_seen(const struct world *world, struct slice kind, struct slice subject)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (slice_equal(world->seen[i].kind, kind) && slice_equal(world->seen[i].subject, subject)) {
            return &world->seen[i];
        }
    }
    return NULL;
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

static enum err change_estate(struct world *world, const struct json *payload)
{
    const struct json *subjects = json_member(payload, "subjects");
    if (subjects == NULL || subjects->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    world->subjects = subjects;
    return ERR_NONE;
}

static struct seen *seen_place(struct world *world, struct slice kind, struct slice subject)
{
    for (size_t i = 0; i < world->seen_count; i++) {
        if (slice_equal(world->seen[i].kind, kind) && slice_equal(world->seen[i].subject, subject)) {
            return &world->seen[i];
        }
    }
    if (world->seen_count == world->seen_capacity) {
        size_t capacity = world->seen_capacity == 0 ? 32 : 2 * world->seen_capacity;
        struct seen *grown = arena_alloc_array(world->arena, capacity, sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        if (world->seen_count > 0) {
            memcpy(grown, world->seen, world->seen_count * sizeof *grown);
        }
        world->seen = grown;
        world->seen_capacity = capacity;
    }
    struct seen *place = &world->seen[world->seen_count++];
    *place = (struct seen){.kind = kind, .subject = subject};
    return place;
}

/* One run of a probe: several kinds, the facts beside them are not kept here. */
static enum err observe(struct world *world, const struct json *payload, int64_t at_ms, uint64_t index)
{
    struct slice subject = json_text(payload, "subject", SLICE_NONE);
    const struct json *observations = json_member(payload, "observations");
    bool caught = json_bool(json_member(payload, "plant"), "caught", false);
    if (subject.len == 0 || observations == NULL || observations->type != JSON_ARRAY) {
        return ERR_MALFORMED;
    }
    for (const struct json *one = observations->first; one != NULL; one = one->next) {
        struct slice kind = json_text(one, "kind", SLICE_NONE);
        struct seen *place = kind.len == 0 ? NULL : seen_place(world, kind, subject);
        struct json *body = edit_with(world->arena, one, "plant", json_boolean(world->arena, caught));
        if (place == NULL || body == NULL) {
            return kind.len == 0 ? ERR_MALFORMED : ERR_MEMORY;
        }
        *place = (struct seen){.kind = kind, .subject = subject, .body = body, .at_ms = at_ms, .index = index};
    }
    return ERR_NONE;
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
    struct world copy = world_empty(arena);
    copy.annex = world->annex == NULL ? NULL : json_copy(arena, world->annex);
    copy.subjects = world->subjects == NULL ? NULL : json_copy(arena, world->subjects);
    copy.seen = arena_alloc_array(arena, world->seen_count + 1, sizeof *copy.seen);
    if ((world->annex != NULL && copy.annex == NULL) || (world->subjects != NULL && copy.subjects == NULL) || copy.seen == NULL) {
        return ERR_MEMORY;
    }
    copy.seen_capacity = world->seen_count + 1;
    for (; copy.seen_count < world->seen_count; copy.seen_count++) {
        struct seen seen = world->seen[copy.seen_count];
        seen.kind = arena_copy(arena, seen.kind);
        seen.subject = arena_copy(arena, seen.subject);
        seen.body = json_copy(arena, seen.body);
        if (seen.kind.data == NULL || seen.subject.data == NULL || seen.body == NULL) {
            return ERR_MEMORY;
        }
        copy.seen[copy.seen_count] = seen;
    }
    *ret_world = copy;
    return ERR_NONE;
}
