#include "measure/population.h"

#include "base/array.h"
#include "measure/edit.h"

#include <stdlib.h>
#include <string.h>

enum { PEOPLE_MAX = 1 << 24 };

struct observed {
    const char *kind;                   /* of the table of kinds: static */
    struct member member;
};

struct person {                         /* one subject, whatever it is */
    struct slice id;
    const struct json *subject;         /* NULL: it left, its place stays until the table grows */
    struct observed *observed;
    size_t observed_count, observed_capacity;
};

struct population {
    struct person *people;              /* in order of arrival */
    size_t count, capacity, present;
    uint32_t *slots;                    /* index + 1 of a person; 0: free */
    size_t slot_count;                  /* a power of two, at least twice `count` */
};

static uint64_t hash_of(struct slice id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < id.len; i++) {
        hash = (hash ^ id.data[i]) * UINT64_C(1099511628211);
    }
    return hash ^ (hash >> 29);
}

static size_t slot_of(const struct population *population, struct slice id)
{
    size_t at = (size_t)hash_of(id) & (population->slot_count - 1);
    while (population->slots[at] != 0 && !slice_equal(population->people[population->slots[at] - 1].id, id)) {
        at = (at + 1) & (population->slot_count - 1);
    }
    return at;
}

static struct person *find(const struct population *population, struct slice id)
{
    uint32_t number = population->slots[slot_of(population, id)];
    return number == 0 ? NULL : &population->people[number - 1];
}

struct population *population_new(void)
{
    struct population *population = calloc(1, sizeof *population);
    if (population == NULL) {
        return NULL;
    }
    population->slot_count = 64;
    population->slots = calloc(population->slot_count, sizeof *population->slots);
    if (population->slots == NULL) {
        free(population);
        return NULL;
    }
    return population;
}

void population_free(struct population *population)
{
    for (size_t i = 0; population != NULL && i < population->count; i++) {
        free(population->people[i].observed);
    }
    if (population != NULL) {
        free(population->people);
        free(population->slots);
        free(population);
    }
}

static enum err grow_slots(struct population *population)
{
    if (2 * (population->count + 1) <= population->slot_count) {
        return ERR_NONE;
    }
    uint32_t *slots = calloc(2 * population->slot_count, sizeof *slots);
    if (slots == NULL) {
        return ERR_MEMORY;
    }
    free(population->slots);
    population->slots = slots;
    population->slot_count *= 2;
    for (size_t i = 0; i < population->count; i++) {
        population->slots[slot_of(population, population->people[i].id)] = (uint32_t)i + 1;
    }
    return ERR_NONE;
}

static enum err grow_people(struct population *population)
{
    if (population->count < population->capacity) {
        return ERR_NONE;
    }
    size_t capacity = population->capacity == 0 ? 64 : 2 * population->capacity;
    struct person *people = capacity > PEOPLE_MAX ? NULL : reallocarray(population->people, capacity, sizeof *people);
    if (people == NULL) {
        return ERR_MEMORY;
    }
    population->people = people;
    population->capacity = capacity;
    return ERR_NONE;
}

enum err population_put(struct population *population, const struct json *subject)
{
    struct slice id = json_text(subject, "id", SLICE_NONE);
    if (id.len == 0) {
        return ERR_MALFORMED;
    }
    struct person *person = find(population, id);
    if (person == NULL) {
        enum err err = grow_slots(population);
        err = err == ERR_NONE ? grow_people(population) : err;
        if (err != ERR_NONE) {
            return err;
        }
        person = &population->people[population->count];
        *person = (struct person){.id = id};
        population->slots[slot_of(population, id)] = (uint32_t)++population->count;
    }
    population->present += person->subject == NULL ? 1 : 0;
    person->id = id; /* the tree of the former words may go */
    person->subject = subject;
    for (size_t i = 0; i < person->observed_count; i++) {
        person->observed[i].member.subject = id;
    }
    return ERR_NONE;
}

static void leave(struct population *population, struct person *person)
{
    population->present -= person->subject == NULL ? 0 : 1;
    person->subject = NULL;
    person->observed_count = 0;
}

void population_remove(struct population *population, struct slice id)
{
    struct person *person = find(population, id);
    if (person != NULL) {
        leave(population, person);
    }
}

enum err population_keep(struct population *population, const struct json *subjects)
{
    bool *stays = calloc(population->count + 1, sizeof *stays);
    if (stays == NULL) {
        return ERR_MEMORY;
    }
    for (const struct json *subject = subjects == NULL ? NULL : subjects->first; subject != NULL; subject = subject->next) {
        const struct person *person = find(population, json_text(subject, "id", SLICE_NONE));
        if (person != NULL) {
            stays[person - population->people] = true;
        }
    }
    for (size_t i = 0; i < population->count; i++) {
        if (!stays[i]) {
            leave(population, &population->people[i]);
        }
    }
    free(stays);
    return ERR_NONE;
}

static struct observed *place_of(struct person *person, const char *kind)
{
    for (size_t i = 0; i < person->observed_count; i++) {
        if (strcmp(person->observed[i].kind, kind) == 0) {
            return &person->observed[i];
        }
    }
    struct observed *all = array_room(person->observed, person->observed_count, &person->observed_capacity, sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    person->observed = all;
    struct observed *place = &person->observed[person->observed_count++];
    *place = (struct observed){.kind = kind};
    return place;
}

enum err population_observe(struct population *population, const struct kind *kind, const struct member *observed)
{
    struct person *person = find(population, observed->subject);
    if (kind == NULL || person == NULL || person->subject == NULL || !kind_is_about(kind, person->subject)) {
        return ERR_NONE;
    }
    struct observed *place = place_of(person, kind->id);
    if (place == NULL) {
        return ERR_MEMORY;
    }
    place->member = *observed;
    place->member.subject = person->id;
    return ERR_NONE;
}

const struct json *population_subject(const struct population *population, struct slice id)
{
    const struct person *person = find(population, id);
    return person == NULL ? NULL : person->subject;
}

size_t population_count(const struct population *population)
{
    return population->present;
}

static bool has_confirmed(const struct population *population, const char *subject_kind)
{
    for (size_t i = 0; i < population->count; i++) {
        const struct json *subject = population->people[i].subject;
        if (slice_is(json_text(subject, "kind", SLICE_NONE), subject_kind) && json_bool(subject, "confirmed", false)) {
            return true;
        }
    }
    return false;
}

static struct member member_of(const struct person *person, const struct kind *kind)
{
    struct member member = {.subject = person->id};
    for (size_t i = 0; i < person->observed_count; i++) {
        member = strcmp(person->observed[i].kind, kind->id) == 0 ? person->observed[i].member : member;
    }
    member.confirmed = json_bool(person->subject, "confirmed", false);
    return member;
}

/* The next member of this kind; *position starts with 0. False: no more. */
static bool next_member(const struct population *population, const struct kind *kind, size_t *position, struct member *ret_member)
{
    while (*position < population->count) {
        const struct person *person = &population->people[(*position)++];
        if (person->subject != NULL && kind_is_about(kind, person->subject)) {
            *ret_member = member_of(person, kind);
            return true;
        }
    }
    return false;
}

void population_tally(const struct population *population, const struct kind *kind, struct tally *ret_tally, struct member *ret_decisive)
{
    struct tally tally = {0};
    struct member member;
    bool is_asked = kind->needs == NULL || has_confirmed(population, kind->needs);
    for (size_t at = 0; is_asked && next_member(population, kind, &at, &member);) {
        tally_add(&tally, &member);
    }
    const struct person *named = tally.count == 0 ? NULL : find(population, tally.classes[tally_decisive(&tally)].subject);
    *ret_tally = tally;
    *ret_decisive = named == NULL ? (struct member){0} : member_of(named, kind);
}

static enum err copy_person(const struct person *person, struct arena *arena, struct population *copy)
{
    const struct json *subject = json_copy(arena, person->subject);
    enum err err = subject == NULL ? ERR_MEMORY : population_put(copy, subject);
    for (size_t i = 0; err == ERR_NONE && i < person->observed_count; i++) {
        struct person *own = find(copy, person->id);
        struct observed *place = own == NULL ? NULL : place_of(own, person->observed[i].kind);
        const struct json *observation = json_copy(arena, person->observed[i].member.observation);
        if (place == NULL || observation == NULL) {
            return ERR_MEMORY;
        }
        place->member = person->observed[i].member;
        place->member.subject = own->id;
        place->member.observation = observation;
    }
    return err;
}

enum err population_copy(const struct population *population, struct arena *arena, struct population **ret_copy)
{
    struct population *copy = population_new();
    enum err err = copy == NULL ? ERR_MEMORY : ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < population->count; i++) {
        err = population->people[i].subject == NULL ? ERR_NONE : copy_person(&population->people[i], arena, copy);
    }
    if (err != ERR_NONE) {
        population_free(copy);
        return err;
    }
    *ret_copy = copy;
    return ERR_NONE;
}
