#include "measure/standing.h"

#include "measure/edit.h"
#include "measure/standing_inside.h"

#include <string.h>

bool standing_goes_on(enum err *all, enum err err)
{
    if (err == ERR_NEED && *all == ERR_NONE) {
        *all = ERR_NEED;
    } else if (err != ERR_NONE && err != ERR_NEED) {
        *all = err;
    }
    return err == ERR_NONE || err == ERR_NEED;
}

char *standing_key(struct turn *turn, const char *folder, struct slice name)
{
    return turn_path(turn, "%s/%.*s", folder, (int)name.len, (const char *)name.data);
}

static enum err load_row(struct turn *turn, struct world *world, const char *path, const char *type)
{
    const struct json *tree = NULL;
    enum err err = turn_json(turn, path, &tree);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return world_apply(world, slice_string(type), tree, edit_number(tree, "at_ms", 0), 0);
}

enum err standing_load_annex(struct turn *turn, struct world *ret_world)
{
    struct world world;
    enum err err = world_start(turn->arena, &world);
    err = err == ERR_NONE ? load_row(turn, &world, "annex/current", "annex.adopted") : err;
    if (err == ERR_NONE) {
        *ret_world = world;
    }
    return err;
}

enum err standing_load(struct turn *turn, struct world *ret_world)
{
    struct world world;
    enum err err = standing_load_annex(turn, &world);
    err = err == ERR_NONE ? standing_load_tallies(turn, &world) : err;
    if (err == ERR_NONE) {
        *ret_world = world;
    }
    return err;
}

/* Where the entries stand that a bundle of evidence needs: the adoption, and what people said since. */
static enum err note_entry(struct turn *turn, const char *type, const struct json *body, uint64_t index)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, "entries/said", &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    bool adopted = strcmp(type, "annex.adopted") == 0;
    const struct json *said = err == ERR_NONE ? row : json_new(turn->arena, JSON_OBJECT);
    if (adopted) {
        said = edit_with(turn->arena, said, "annex", json_number_u64(turn->arena, index));
        said = edit_with(turn->arena, said, "words", NULL);
    } else {
        const struct json *words = json_member(said, "words");
        struct json *word = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, word, "clause", json_text(body, "clause", SLICE_NONE));
        json_set_u64(turn->arena, word, "index", index);
        said = edit_with(turn->arena, said, "words", edit_item(turn->arena, words, words == NULL ? 0 : words->count, word));
    }
    return turn_put_json(turn, "entries/said", said, 0);
}

enum err standing_record(struct turn *turn, struct world *world, const char *type, const struct json *body, uint64_t *ret_index)
{
    uint64_t index = 0;
    if (body == NULL) {
        return ERR_MEMORY;
    }
    enum err err = turn_evidence(turn, type, body, &index);
    err = err == ERR_NONE ? world_apply(world, slice_string(type), body, turn->now_ms, index) : err;
    err = err == ERR_NONE ? note_entry(turn, type, body, index) : err;
    err = err == ERR_NONE ? turn_put_json(turn, "annex/current", world->annex, 0) : err;
    if (err == ERR_NONE && ret_index != NULL) {
        *ret_index = index;
    }
    return err;
}

/* When green ended by itself, it ended when its observation grew too old, not when somebody looked. */
static int64_t changed_at(const struct turn *turn, const struct json *before, const struct judgement *now)
{
    int64_t until_ms = edit_number(before, "until_ms", 0);
    bool by_itself = now->verdict == VERDICT_STALE || slice_is(now->reason, "verdict.population");
    bool by_age = by_itself && until_ms > 0 && until_ms < turn->now_ms;
    return by_age ? until_ms : turn->now_ms;
}

static enum err put_change(struct turn *turn, const struct json *record, struct slice from, struct slice to, int64_t at_ms, uint64_t index)
{
    struct slice clause = json_text(record, "clause", SLICE_NONE);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "clause", clause);
    json_set_i64(turn->arena, row, "at_ms", at_ms);
    json_set_string(turn->arena, row, "from", from);
    json_set_string(turn->arena, row, "verdict", to);
    json_set(turn->arena, row, "record", json_copy(turn->arena, record));
    unsigned long long key = (unsigned long long)at_ms, number = (unsigned long long)index;
    enum err all = ERR_NONE;
    char *own = turn_path(turn, "history/%.*s/%016llx-%016llx", (int)clause.len, (const char *)clause.data, key, number);
    char *common = turn_path(turn, "change/%016llx-%016llx", key, number);
    (void)(standing_goes_on(&all, turn_put_json(turn, own, row, 0)) && standing_goes_on(&all, turn_put_json(turn, common, row, 0)));
    return all;
}

static enum err refresh_clause(struct turn *turn, const struct world *world, const struct json *clause)
{
    struct judgement whole;
    struct slice id = json_text(clause, "id", SLICE_NONE);
    char *path = standing_key(turn, "verdict", id);
    const struct json *before = NULL;
    struct json *record = verdict_record(world, clause, turn->now_ms, &whole);
    enum err err = turn_json(turn, path, &before);
    if (record == NULL || (err != ERR_NONE && err != ERR_NOT_FOUND)) {
        return record == NULL ? ERR_MEMORY : err;
    }
    const struct json *old = json_member(before, "record");
    struct slice from = json_text(old, "verdict", SLICE_NONE), to = json_text(record, "verdict", SLICE_NONE);
    bool same = old != NULL && verdict_same(old, record), same_verdict = old != NULL && slice_equal(from, to);
    if (same && edit_number(before, "until_ms", 0) == whole.until_ms && edit_number(before, "oldest_ms", 0) == whole.oldest_ms) {
        return ERR_NONE;
    }
    uint64_t index = 0;
    int64_t at_ms = changed_at(turn, before, &whole);
    enum err all = ERR_NONE;
    if (!same && !standing_goes_on(&all, turn_evidence(turn, "verdict", record, &index))) {
        return all;
    }
    if (!same_verdict && !standing_goes_on(&all, put_change(turn, record, from, to, at_ms, index))) {
        return all;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, row, "record", json_copy(turn->arena, record));
    json_set_i64(turn->arena, row, "since_ms", same_verdict ? edit_number(before, "since_ms", at_ms) : at_ms);
    json_set_i64(turn->arena, row, "until_ms", whole.until_ms);
    json_set_i64(turn->arena, row, "oldest_ms", whole.oldest_ms);
    (void)standing_goes_on(&all, turn_put_json(turn, path, row, 0));
    return all;
}

enum err standing_refresh(struct turn *turn, const struct world *world)
{
    enum err all = ERR_NONE;
    const struct json *clauses = json_member(world->annex, "clauses");
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL; clause = clause->next) {
        if (!standing_goes_on(&all, refresh_clause(turn, world, clause))) {
            return all;
        }
    }
    return all;
}

enum err standing_change(struct turn *turn, struct world *world, const char *type, const struct json *body)
{
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_record(turn, world, type, body, NULL)) && (all == ERR_NEED || standing_goes_on(&all, standing_refresh(turn, world))));
    return all;
}
