/* Subjects in their rows, who comes and leaves, and what is observed of them. */
#include "measure/standing_inside.h"

#include "base/array.h"
#include "measure/edit.h"

#include <string.h>

enum { ESTATE_ENTRIES_MAX = 64 };       /* after so many changes the next one tells the whole, so that a bundle needs few entries */

static const char subjects_folder[] = "estate/subjects";

enum err standing_subject(struct turn *turn, struct slice id, const struct json **ret_subject)
{
    const struct json *part = NULL;
    enum err err = turn_json(turn, standing_part_path(turn, subjects_folder, tally_shard(id)), &part);
    const struct json *found = err == ERR_NONE ? standing_named(part, id) : NULL;
    if (err == ERR_NONE && found == NULL) {
        return ERR_NOT_FOUND;
    }
    *ret_subject = found;
    return err;
}

enum err standing_subjects(struct turn *turn, struct json **ret_subjects)
{
    struct standing_parts parts = {0};
    struct json *list = json_new(turn->arena, JSON_ARRAY);
    enum err all = ERR_NONE;
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        const struct json *part = NULL;
        if (!standing_goes_on(&all, standing_part(turn, &parts, subjects_folder, shard, &part))) {
            return all;
        }
        for (const struct json *one = part == NULL ? NULL : part->first; one != NULL; one = one->next) {
            json_append(list, edit_share(turn->arena, one));
        }
    }
    *ret_subjects = list;
    return list == NULL ? ERR_MEMORY : all;
}

/* ---- who is in scope ---- */

struct changing {
    struct turn *turn;
    struct world *world;
    struct standing_parts before;
    struct json *put, *removed;         /* what really changes */
    struct member_change *changes;
    size_t count, capacity;
};

static enum err add_change(struct changing *changing, const struct kind *kind, enum member_change_type type, struct slice id, bool confirmed)
{
    struct member_change *changes = array_room_in(changing->turn->arena, changing->changes, changing->count, &changing->capacity, sizeof *changes);
    if (changes == NULL) {
        return ERR_MEMORY;
    }
    changing->changes = changes;
    changing->changes[changing->count++] = (struct member_change){.kind = kind, .type = type, .member = {.subject = id, .confirmed = confirmed}};
    return ERR_NONE;
}

/* The kinds that were or are asked of a subject; `after` NULL: it leaves. What a kind needs decides for all subjects at once (change_needed). */
static enum err change_scope(struct changing *changing, const struct json *before, const struct json *after, const bool *asked)
{
    struct slice id = json_text(after == NULL ? before : after, "id", SLICE_NONE);
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < kinds_count(); i++) {
        bool was = before != NULL && kind_is_about(kinds_at(i), before), is = after != NULL && asked[i] && kind_is_about(kinds_at(i), after);
        if (is) {
            err = add_change(changing, kinds_at(i), MEMBER_IN_SCOPE, id, json_bool(after, "confirmed", false));
        } else if (was) {
            err = add_change(changing, kinds_at(i), MEMBER_GONE, id, false);
        }
    }
    return err;
}

static const struct json *former(const struct changing *changing, struct slice id)
{
    return standing_named(changing->before.trees[tally_shard(id)], id);
}

/* How many confirmed subjects of a kind there will be. */
static bool will_have(const struct changing *changing, const struct json *after, const char *kind)
{
    (void)changing;
    for (const struct json *subject = after->first; subject != NULL; subject = subject->next) {
        if (slice_is(json_text(subject, "kind", SLICE_NONE), kind) && json_bool(subject, "confirmed", false)) {
            return true;
        }
    }
    return false;
}

static bool did_have(const struct changing *changing, const char *kind)
{
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        const struct json *part = changing->before.trees[shard];
        if (part != NULL && will_have(changing, part, kind)) {
            return true;
        }
    }
    return false;
}

/* All subjects after the change: those before, without the removed, with the put in their place. */
static enum err after_all(struct changing *changing, struct json **ret_after)
{
    struct json *after = json_new(changing->turn->arena, JSON_ARRAY), *gone = json_new(changing->turn->arena, JSON_OBJECT);
    struct json *replaced[TALLY_SHARDS] = {0};
    for (const struct json *subject = changing->put->first; subject != NULL; subject = subject->next) {
        struct slice id = json_text(subject, "id", SLICE_NONE);
        unsigned shard = tally_shard(id);
        replaced[shard] = replaced[shard] == NULL ? json_new(changing->turn->arena, JSON_OBJECT) : replaced[shard];
        json_set(changing->turn->arena, replaced[shard], arena_string(changing->turn->arena, id), edit_share(changing->turn->arena, subject));
    }
    for (const struct json *id = changing->removed->first; id != NULL; id = id->next) {
        json_set(changing->turn->arena, gone, arena_string(changing->turn->arena, id->text), json_new(changing->turn->arena, JSON_NULL));
    }
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        const struct json *part = changing->before.trees[shard];
        for (const struct json *one = part == NULL ? NULL : part->first; one != NULL; one = one->next) {
            if (standing_named(replaced[shard], one->name) == NULL && standing_named(gone, one->name) == NULL) {
                json_append(after, edit_share(changing->turn->arena, one));
            }
        }
        for (const struct json *one = replaced[shard] == NULL ? NULL : replaced[shard]->first; one != NULL; one = one->next) {
            json_append(after, edit_share(changing->turn->arena, one));
        }
    }
    *ret_after = after;
    return after == NULL || gone == NULL ? ERR_MEMORY : ERR_NONE;
}

/* What a kind needs came or went: then everybody it is about gains or loses it. */
static enum err change_needed(struct changing *changing, const struct json *after, const struct kind *kind, bool is_asked)
{
    enum err err = ERR_NONE;
    for (const struct json *subject = after->first; err == ERR_NONE && subject != NULL; subject = subject->next) {
        if (kind_is_about(kind, subject)) {
            err = add_change(changing, kind, is_asked ? MEMBER_IN_SCOPE : MEMBER_GONE, json_text(subject, "id", SLICE_NONE), json_bool(subject, "confirmed", false));
        }
    }
    return err;
}

static enum err gather_changes(struct changing *changing, const struct json *after)
{
    bool asked[KINDS_MAX];
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < kinds_count(); i++) {
        const char *needs = kinds_at(i)->needs;
        asked[i] = needs == NULL;
        if (needs != NULL) {
            bool has = will_have(changing, after, needs), had = did_have(changing, needs);
            asked[i] = has && had; /* where it changes, all are gathered here, the changed subjects among them */
            err = has != had ? change_needed(changing, after, kinds_at(i), has) : ERR_NONE;
        }
    }
    for (const struct json *subject = changing->put->first; err == ERR_NONE && subject != NULL; subject = subject->next) {
        err = change_scope(changing, former(changing, json_text(subject, "id", SLICE_NONE)), subject, asked);
    }
    for (const struct json *id = changing->removed->first; err == ERR_NONE && id != NULL; id = id->next) {
        err = change_scope(changing, former(changing, id->text), NULL, asked);
    }
    return err;
}

/* ---- rows and record ---- */

static enum err put_subjects(struct changing *changing, const struct json *after)
{
    struct turn *turn = changing->turn;
    struct json *parts[TALLY_SHARDS] = {0};
    bool touched[TALLY_SHARDS] = {false};
    enum err all = ERR_NONE;
    for (const struct json *subject = changing->put->first; subject != NULL; subject = subject->next) {
        touched[tally_shard(json_text(subject, "id", SLICE_NONE))] = true;
    }
    for (const struct json *id = changing->removed->first; id != NULL; id = id->next) {
        touched[tally_shard(id->text)] = true;
    }
    for (const struct json *subject = after->first; subject != NULL; subject = subject->next) {
        struct slice id = json_text(subject, "id", SLICE_NONE);
        unsigned shard = tally_shard(id);
        if (touched[shard]) {
            parts[shard] = parts[shard] == NULL ? json_new(turn->arena, JSON_OBJECT) : parts[shard];
            json_set(turn->arena, parts[shard], arena_string(turn->arena, id), edit_share(turn->arena, subject));
        }
    }
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        if (touched[shard]) {
            struct json *part = parts[shard] == NULL ? json_new(turn->arena, JSON_OBJECT) : parts[shard];
            (void)standing_goes_on(&all, turn_put_json(turn, standing_part_path(turn, subjects_folder, shard), part, 0));
        }
    }
    return all;
}

/* entries/said: the entries that the estate as it stands came from, beginning with the newest that told it whole. */
static enum err note_estate(struct turn *turn, const struct json *said, uint64_t index, bool whole)
{
    const struct json *before = json_member(said, "estate");
    struct json *list = edit_item(turn->arena, whole || before == NULL ? json_new(turn->arena, JSON_ARRAY) : before, whole || before == NULL ? 0 : before->count,
                                  json_number_u64(turn->arena, index));
    return turn_put_json(turn, "entries/said", edit_with(turn->arena, said == NULL ? json_new(turn->arena, JSON_OBJECT) : said, "estate", list), 0);
}

static enum err record_estate(struct changing *changing, const struct json *after, struct slice by)
{
    struct turn *turn = changing->turn;
    const struct json *said = NULL;
    enum err err = turn_json(turn, "entries/said", &said);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    said = err == ERR_NONE ? said : NULL;
    const struct json *entries = json_member(said, "estate");
    bool whole = entries == NULL || entries->count >= ESTATE_ENTRIES_MAX;
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    uint64_t index = 0;
    json_set_bool(turn->arena, body, "whole", whole);
    json_set(turn->arena, body, "put", edit_share(turn->arena, whole ? after : changing->put));
    json_set(turn->arena, body, "removed", edit_share(turn->arena, changing->removed));
    if (json_set_string(turn->arena, body, "by", by) == NULL) {
        return ERR_MEMORY;
    }
    err = turn_evidence(turn, "estate.changed", body, &index);
    return err == ERR_NONE ? note_estate(turn, said, index, whole) : err;
}

/* What really changes: subjects with other words than before, ids that were there. */
static enum err find_changes(struct changing *changing, const struct estate_change *change)
{
    struct arena *arena = changing->turn->arena;
    const struct json *given = change->put == NULL ? NULL : change->put->first;
    struct json *wanted[TALLY_SHARDS] = {0};
    changing->put = json_new(arena, JSON_ARRAY);
    changing->removed = json_new(arena, JSON_ARRAY);
    for (const struct json *subject = given; subject != NULL; subject = subject->next) {
        struct slice id = json_text(subject, "id", SLICE_NONE);
        unsigned shard = tally_shard(id);
        const struct json *before = former(changing, id);
        if (before == NULL || !json_equal(before, subject)) {
            json_append(changing->put, edit_share(arena, subject));
        }
        wanted[shard] = wanted[shard] == NULL ? json_new(arena, JSON_OBJECT) : wanted[shard];
        json_set_null(arena, wanted[shard], arena_string(arena, id));
    }
    for (const struct json *id = change->removed == NULL ? NULL : change->removed->first; id != NULL; id = id->next) {
        if (former(changing, id->text) != NULL) {
            json_append(changing->removed, json_string(arena, id->text));
        }
    }
    for (unsigned shard = 0; change->whole && shard < TALLY_SHARDS; shard++) {
        const struct json *part = changing->before.trees[shard];
        for (const struct json *one = part == NULL ? NULL : part->first; one != NULL; one = one->next) {
            if (standing_named(wanted[shard], one->name) == NULL) {
                json_append(changing->removed, json_string(arena, one->name));
            }
        }
    }
    return changing->removed == NULL || changing->put == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err standing_estate_change(struct turn *turn, struct world *world, const struct estate_change *change)
{
    struct changing changing = {.turn = turn, .world = world};
    const struct json *part = NULL;
    struct json *after = NULL;
    enum err all = ERR_NONE;
    for (unsigned shard = 0; shard < TALLY_SHARDS; shard++) {
        if (!standing_goes_on(&all, standing_part(turn, &changing.before, subjects_folder, shard, &part))) {
            return all;
        }
    }
    if (all != ERR_NONE) {
        return all;
    }
    enum err err = find_changes(&changing, change);
    if (err != ERR_NONE || (changing.put->count == 0 && changing.removed->count == 0)) {
        return err;
    }
    err = after_all(&changing, &after);
    if (err == ERR_NONE && after->count > STANDING_SUBJECTS_MAX) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("the estate would have more than 20,000 subjects", "der Bestand hätte mehr als 20.000 Gegenstände"), SLICE_NONE);
    }
    err = err == ERR_NONE ? gather_changes(&changing, after) : err;
    if (err != ERR_NONE) {
        return err;
    }
    (void)(standing_goes_on(&all, record_estate(&changing, after, change->by)) && standing_goes_on(&all, put_subjects(&changing, after)) &&
           standing_goes_on(&all, standing_apply(turn, world, changing.changes, changing.count)));
    return all;
}

/* ---- observations ---- */

static enum err add_observed(struct changing *changing, const struct json *payload, const struct json *observation, size_t number, uint64_t index)
{
    const struct kind *about[KINDS_MAX];
    const struct json *part = NULL;
    struct member member = world_member(changing->turn->arena, payload, observation, changing->turn->now_ms, index);
    enum err err = member.observation == NULL ? ERR_MEMORY : standing_part(changing->turn, &changing->before, subjects_folder, tally_shard(member.subject), &part);
    const struct json *subject = err == ERR_NONE ? standing_named(part, member.subject) : NULL;
    size_t count = subject == NULL ? 0 : world_kinds_of(json_text(observation, "kind", SLICE_NONE), subject, about);
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = add_change(changing, about[i], MEMBER_OBSERVED, member.subject, false);
        if (err == ERR_NONE) {
            changing->changes[changing->count - 1].member = member;
            changing->changes[changing->count - 1].number = number;
        }
    }
    return err;
}

enum err standing_observe(struct turn *turn, struct world *world, const struct json *payload, uint64_t *ret_index, bool *ret_new)
{
    struct changing changing = {.turn = turn, .world = world};
    const struct json *observations = json_member(payload, "observations");
    uint64_t index = 0;
    size_t number = 0;
    enum err all = payload == NULL || observations == NULL ? ERR_MEMORY : turn_evidence(turn, "observation", payload, &index);
    for (const struct json *one = all == ERR_NONE ? observations->first : NULL; one != NULL; one = one->next) {
        if (!standing_goes_on(&all, add_observed(&changing, payload, one, number++, index))) {
            return all;
        }
    }
    if (all != ERR_NONE) {
        return all;
    }
    all = standing_apply(turn, world, changing.changes, changing.count);
    for (size_t i = 0; all == ERR_NONE && ret_new != NULL && i < changing.count; i++) {
        ret_new[changing.changes[i].number] = ret_new[changing.changes[i].number] || changing.changes[i].is_new;
    }
    *ret_index = index;
    return all;
}
