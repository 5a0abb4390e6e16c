#include "measure/fold.h"

#include "base/time.h"
#include "measure/edit.h"

enum { WORLD_ARENA_BYTES = 512 << 20, WORLD_FRESH_BYTES = 32 << 20 };

enum err fold_start(struct fold *ret_fold)
{
    struct arena *arena = arena_new(WORLD_ARENA_BYTES);
    struct world world;
    enum err err = arena == NULL ? ERR_MEMORY : world_start_population(arena, &world);
    if (err != ERR_NONE) {
        arena_free(arena);
        return err;
    }
    *ret_fold = (struct fold){.world = world, .arena = arena};
    return ERR_NONE;
}

void fold_free(struct fold *fold)
{
    world_end(&fold->world);
    arena_free(fold->arena);
    *fold = (struct fold){0};
}

/* What was replaced still fills the arena: the world moves to a fresh one. */
static enum err move(struct fold *fold)
{
    struct arena *arena = arena_new(WORLD_ARENA_BYTES);
    struct world world;
    enum err err = arena == NULL ? ERR_MEMORY : world_copy(&fold->world, arena, &world);
    if (err != ERR_NONE) {
        arena_free(arena);
        return err;
    }
    world_end(&fold->world);
    arena_free(fold->arena);
    fold->arena = arena;
    fold->world = world;
    return ERR_NONE;
}

/* The record as it must stand: the computed one, with the type and time that every payload begins with. */
static enum err compare(struct fold *fold, const struct json *payload, struct slice text, int64_t at_ms, enum fold_result *ret_result, struct buf *ret_expected)
{
    const struct json *clause = world_clause(&fold->world, json_text(payload, "clause", SLICE_NONE));
    fold->counts.verdicts++;
    if (!slice_is(json_text(payload, "catalogue", SLICE_NONE), catalogue_version)) {
        fold->counts.other_catalogue++;
        *ret_result = FOLD_OTHER_CATALOGUE;
        return ERR_NONE;
    }
    struct judgement whole;
    struct json *record = clause == NULL ? NULL : verdict_record(&fold->world, clause, at_ms, &whole);
    struct json *expected = json_new(fold->arena, JSON_OBJECT);
    edit_carry(fold->arena, expected, payload, "type");
    edit_carry(fold->arena, expected, payload, "time");
    for (const struct json *member = record == NULL ? NULL : record->first; member != NULL; member = member->next) {
        json_set(fold->arena, expected, arena_string(fold->arena, member->name), json_copy(fold->arena, member));
    }
    if (expected == NULL || (clause != NULL && record == NULL)) {
        return ERR_MEMORY;
    }
    cleanup_buf struct buf written = BUF_INIT(16 << 20);
    enum err err = json_write(&written, expected, 0);
    if (err != ERR_NONE) {
        return err;
    }
    bool agrees = slice_equal(buf_slice(&written), text);
    fold->counts.agreed += agrees ? 1 : 0;
    fold->counts.differing += agrees ? 0 : 1;
    *ret_result = agrees ? FOLD_VERDICT_AGREES : FOLD_VERDICT_DIFFERS;
    return agrees || ret_expected == NULL ? ERR_NONE : buf_append(ret_expected, buf_slice(&written));
}

static enum err take(struct fold *fold, struct slice payload, uint64_t index, enum fold_result *ret_result, struct buf *ret_expected)
{
    struct slice text = arena_copy(fold->arena, payload);
    struct json *tree = NULL;
    int64_t at_ms = 0;
    enum err err = text.data == NULL ? ERR_MEMORY : json_read(fold->arena, text, &tree, NULL);
    if (err == ERR_TOO_LARGE || err == ERR_MEMORY) {
        return err;
    }
    struct slice type = json_text(tree, "type", SLICE_NONE);
    if (err != ERR_NONE || rfc3339_parse(json_text(tree, "time", SLICE_NONE), &at_ms) != ERR_NONE || type.len == 0) {
        fold->counts.damaged++;
        *ret_result = FOLD_DAMAGED;
        return ERR_NONE;
    }
    if (slice_is(type, "verdict")) {
        return compare(fold, tree, payload, at_ms, ret_result, ret_expected);
    }
    fold->counts.observations += slice_is(type, "observation") ? 1 : 0;
    /* the facts stay behind: they may be large and the world does not need them */
    const struct json *lean = slice_is(type, "observation") ? edit_with(fold->arena, edit_with(fold->arena, tree, "facts", NULL), "planted", NULL) : tree;
    err = lean == NULL ? ERR_MEMORY : world_apply(&fold->world, type, lean, at_ms, index);
    if (err == ERR_MALFORMED || err == ERR_NOT_FOUND) {
        fold->counts.damaged++;
        *ret_result = FOLD_DAMAGED;
        return ERR_NONE;
    }
    *ret_result = FOLD_TAKEN;
    return err;
}

enum err fold_take(struct fold *fold, struct slice payload, uint64_t index, enum fold_result *ret_result, struct buf *ret_expected)
{
    fold->counts.entries++;
    if (payload.len == 0) {
        fold->counts.erased++;
        *ret_result = FOLD_ERASED;
        return ERR_NONE;
    }
    enum err err = take(fold, payload, index, ret_result, ret_expected);
    return err == ERR_NONE && arena_used(fold->arena) > WORLD_FRESH_BYTES ? move(fold) : err;
}

enum err fold_judge_input(struct arena *arena, const struct json *payload, const char **ret_work, struct json **ret_input)
{
    struct slice probe = json_text(payload, "probe", SLICE_NONE);
    if (!slice_is(json_text(payload, "type", SLICE_LITERAL("observation")), "observation") || catalogue_probe(probe) == NULL) {
        return ERR_NOT_FOUND;
    }
    struct json *input = json_new(arena, JSON_OBJECT), *plant = NULL;
    const struct json *about = json_member(payload, "about"), *planted = json_member(payload, "planted");
    json_set(arena, input, "subject", about == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, about));
    edit_carry(arena, input, payload, "facts");
    plant = json_set_object(arena, input, "plant");
    if (planted != NULL) {
        json_set(arena, plant, "facts", json_copy(arena, planted));
    }
    edit_carry(arena, input, payload, "options");
    edit_carry(arena, input, payload, "estate");
    edit_carry(arena, input, payload, "collected_at_ms");
    char *work = arena_printf(arena, "judge.%.*s", (int)probe.len, (const char *)probe.data);
    if (plant == NULL || work == NULL) {
        return ERR_MEMORY;
    }
    *ret_work = work;
    *ret_input = input;
    return ERR_NONE;
}
