#include "measure/inventory.h"

#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/index.h"

#include <string.h>

static const char current_path[] = "estate/current";

enum err inventory_current(struct turn *turn, const struct json **ret_row)
{
    enum err err = turn_json(turn, current_path, ret_row);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "text", SLICE_NONE);
    json_set_array(turn->arena, row, "allowed");
    *ret_row = row;
    return json_set_array(turn->arena, row, "ignored") == NULL ? ERR_MEMORY : ERR_NONE;
}

static bool has_source(const struct json *subject, const char *source)
{
    return slice_is(json_text(subject, "source", SLICE_NONE), source);
}

static bool is_listed(const struct json *list, struct slice id)
{
    return list != NULL && edit_find(list, "subject", id) < list->count;
}

static struct slice own_endpoint(const struct turn *turn)
{
    struct slice address = slice_string(turn->around->address);
    size_t scheme = slice_find(address, SLICE_LITERAL("://"));
    return scheme == SIZE_MAX ? address : slice_from(address, scheme + 3);
}

/* ---- what stands when nobody wrote anything ---- */

enum err inventory_default(struct turn *turn, struct json **ret_subjects)
{
    struct json *estate = NULL;
    enum err err = estate_default(turn->arena, own_endpoint(turn), &estate);
    *ret_subjects = edit_share(turn->arena, json_member(estate, "subjects"));
    return err == ERR_NONE && *ret_subjects == NULL ? ERR_MEMORY : err;
}

enum err inventory_ensure(struct turn *turn, struct world *world)
{
    const struct json *row = NULL;
    struct json *wanted = NULL, *subjects = NULL, *removed = json_new(turn->arena, JSON_ARRAY);
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, inventory_current(turn, &row)) && standing_goes_on(&all, standing_subjects(turn, &subjects)));
    if (all != ERR_NONE || json_text(row, "text", SLICE_NONE).len > 0) {
        return all;
    }
    enum err err = inventory_default(turn, &wanted);
    struct index index = INDEX_IN(turn->arena);
    err = err == ERR_NONE ? index_all(&index, wanted) : err;
    for (const struct json *one = err == ERR_NONE ? subjects->first : NULL; one != NULL; one = one->next) {
        if ((has_source(one, "estate") || has_source(one, "vogt")) && index_find(&index, json_text(one, "id", SLICE_NONE)) == NULL) {
            json_append(removed, json_string(turn->arena, json_text(one, "id", SLICE_NONE)));
        }
    }
    struct estate_change change = {.put = wanted, .removed = removed, .by = SLICE_LITERAL("vogt")};
    return err == ERR_NONE ? standing_estate_change(turn, world, &change) : err;
}

/* ---- what people write ---- */

static enum err add_found(struct turn *turn, struct index *index, struct json *wanted, const struct json *row, const struct json *allowed, const struct json *ignored)
{
    for (const struct json *one = edit_items(row, "found"); one != NULL; one = one->next) {
        struct slice id = json_text(one, "id", SLICE_NONE);
        if (index_find(index, id) != NULL || is_listed(allowed, id) || is_listed(ignored, id)) {
            continue;
        }
        struct json *subject = estate_discovered(turn->arena, json_text(one, "kind", SLICE_NONE), json_text(one, "name", SLICE_NONE), json_member(one, "attributes"));
        if (subject == NULL || json_append(wanted, subject) == NULL || index_put(index, id, subject) != ERR_NONE) {
            return ERR_MEMORY;
        }
    }
    return ERR_NONE;
}

static enum err found_rows(struct turn *turn, struct turn_names *ret_rows)
{
    return turn_list(turn, "found/", SLICE_NONE, STANDING_LIST_MAX, ret_rows);
}

enum err inventory_write(struct turn *turn, struct world *world, const struct json *estate, struct slice text)
{
    const struct json *row = NULL, *allowed = json_member(estate, "allowed");
    struct json *subjects = NULL, *wanted = json_new(turn->arena, JSON_ARRAY), *fresh = json_new(turn->arena, JSON_OBJECT);
    struct turn_names found;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, inventory_current(turn, &row)) && standing_goes_on(&all, standing_subjects(turn, &subjects)) && standing_goes_on(&all, found_rows(turn, &found)));
    if (all != ERR_NONE) {
        return all;
    }
    struct index index = INDEX_IN(turn->arena);
    enum err err = index_all(&index, json_member(estate, "subjects"));
    for (const struct json *one = edit_items(estate, "subjects"); one != NULL; one = one->next) {
        json_append(wanted, edit_share(turn->arena, one));
    }
    for (const struct json *one = subjects->first; err == ERR_NONE && one != NULL; one = one->next) {
        struct slice id = json_text(one, "id", SLICE_NONE);
        bool stays = has_source(one, "configured") || (has_source(one, "confirmed") && !is_listed(allowed, id));
        if (stays && index_find(&index, id) == NULL) {
            struct json *kept = json_append(wanted, edit_share(turn->arena, one));
            err = index_put(&index, id, kept);
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < found.count; i++) {
        struct json *tree = NULL;
        err = json_unpack(turn->arena, found.bytes[i], &tree);
        err = err == ERR_NONE ? add_found(turn, &index, wanted, tree, allowed, json_member(row, "ignored")) : err;
    }
    json_set_string(turn->arena, fresh, "text", text);
    json_set(turn->arena, fresh, "allowed", allowed == NULL ? json_new(turn->arena, JSON_ARRAY) : json_copy(turn->arena, allowed));
    edit_carry(turn->arena, fresh, row, "ignored");
    struct estate_change change = {.put = wanted, .whole = true, .by = turn->caller.name};
    if (err == ERR_NONE) {
        (void)(standing_goes_on(&all, turn_put_json(turn, current_path, fresh, 0)) && standing_goes_on(&all, standing_estate_change(turn, world, &change)));
    }
    return err == ERR_NONE ? all : err;
}

/* ---- what is found ---- */

struct finding_run {
    struct turn *turn;
    const char *path;                   /* found/PROBE/SUBJECT */
    const struct json *current, *before;/* estate/current; what stands at `path` */
    struct index subjects, found;       /* all that stand; of this source now */
    struct json *put, *removed, *gone, *list;
};

static struct json *found_item(struct turn *turn, const struct json *proposal, struct slice id)
{
    static const char *const carried[] = {"kind", "name", "where", "attributes"};
    struct json *item = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, item, "id", id);
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, item, proposal, carried[i]);
    }
    return item;
}

/* What was found of a subject that people did not write themselves is taken over; nothing that somebody set is removed. */
static const struct json *with_attributes(struct turn *turn, const struct json *subject, const struct json *fresh)
{
    const struct json *attributes = json_member(subject, "attributes"), *set = json_member(attributes, "set");
    for (const struct json *word = fresh == NULL ? NULL : fresh->first; word != NULL; word = word->next) {
        char *name = arena_string(turn->arena, word->name);
        if (json_member(set, name) == NULL) {
            attributes = edit_with(turn->arena, attributes, name, word);
        }
    }
    return edit_with(turn->arena, subject, "attributes", attributes);
}

static enum err take_proposal(struct finding_run *run, const struct json *proposal)
{
    struct turn *turn = run->turn;
    struct slice kind = json_text(proposal, "kind", SLICE_NONE), name = json_text(proposal, "name", SLICE_NONE), id = estate_id(turn->arena, kind, name);
    struct json *subject = estate_discovered(turn->arena, kind, name, json_member(proposal, "attributes"));
    if (subject == NULL || index_find(&run->found, id) != NULL) {
        return ERR_NONE; /* no kind of ours, or the same twice */
    }
    struct json *item = json_append(run->list, found_item(turn, proposal, id));
    enum err err = index_put(&run->found, id, item);
    const struct json *standing = index_find(&run->subjects, id);
    bool is_excepted = is_listed(json_member(run->current, "allowed"), id) || is_listed(json_member(run->current, "ignored"), id);
    if (err != ERR_NONE || is_excepted || (standing != NULL && !has_source(standing, "discovered") && !has_source(standing, "confirmed"))) {
        return err;
    }
    json_append(run->put, standing == NULL ? subject : edit_share(turn->arena, with_attributes(turn, standing, json_member(subject, "attributes"))));
    return ERR_NONE;
}

/* Does another probe, or the same elsewhere, find it too? */
static bool is_found_elsewhere(const struct turn_names *rows, struct index *others, struct turn *turn, const char *path, struct slice id)
{
    if (others->capacity == 0) {
        for (size_t i = 0; i < rows->count; i++) {
            struct json *tree = NULL;
            if (!slice_is(rows->names[i], path) && json_unpack(turn->arena, rows->bytes[i], &tree) == ERR_NONE &&
                index_all(others, json_member(tree, "found")) != ERR_NONE) {
                return true;
            }
        }
    }
    return index_find(others, id) != NULL;
}

static enum err note_gone(struct finding_run *run, struct slice id)
{
    const struct json *known = json_member(run->before, "gone"), *old = edit_at(known, edit_find(known, "id", id));
    struct json *item = json_append(run->gone, json_new(run->turn->arena, JSON_OBJECT));
    json_set_string(run->turn->arena, item, "id", id);
    return json_set_i64(run->turn->arena, item, "at_ms", edit_number(old, "at_ms", run->turn->now_ms)) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* Who was found here before, or is known to be gone, and is not found now. */
static enum err miss(struct finding_run *run, const struct turn_names *rows, struct index *others, struct slice id)
{
    const struct json *standing = index_find(&run->subjects, id);
    if (standing == NULL || index_find(&run->found, id) != NULL || is_found_elsewhere(rows, others, run->turn, run->path, id)) {
        return ERR_NONE;
    }
    bool leaves = has_source(standing, "discovered") || (has_source(standing, "confirmed") && slice_is(json_text(standing, "kind", SLICE_NONE), "container"));
    if (leaves) {
        return json_append(run->removed, json_string(run->turn->arena, id)) == NULL ? ERR_MEMORY : ERR_NONE;
    }
    return note_gone(run, id);
}

static enum err miss_all(struct finding_run *run)
{
    struct turn_names rows;
    struct index others = INDEX_IN(run->turn->arena);
    enum err err = found_rows(run->turn, &rows);
    for (const struct json *one = err == ERR_NONE ? edit_items(run->before, "found") : NULL; err == ERR_NONE && one != NULL; one = one->next) {
        err = miss(run, &rows, &others, json_text(one, "id", SLICE_NONE));
    }
    for (const struct json *one = err == ERR_NONE ? edit_items(run->before, "gone") : NULL; err == ERR_NONE && one != NULL; one = one->next) {
        struct slice id = json_text(one, "id", SLICE_NONE);
        err = edit_find(run->gone, "id", id) < run->gone->count ? ERR_NONE : miss(run, &rows, &others, id);
    }
    return err;
}

/* A run that did not see everything keeps what an earlier one saw. */
static enum err keep_former(struct finding_run *run)
{
    enum err err = ERR_NONE;
    for (const struct json *one = edit_items(run->before, "found"); err == ERR_NONE && one != NULL; one = one->next) {
        if (index_find(&run->found, json_text(one, "id", SLICE_NONE)) == NULL) {
            struct json *kept = json_append(run->list, edit_share(run->turn->arena, one));
            err = index_put(&run->found, json_text(one, "id", SLICE_NONE), kept);
        }
    }
    for (const struct json *one = err == ERR_NONE ? edit_items(run->before, "gone") : NULL; one != NULL; one = one->next) {
        json_append(run->gone, edit_share(run->turn->arena, one));
    }
    return err;
}

static enum err put_found(struct finding_run *run, bool whole)
{
    struct turn *turn = run->turn;
    const struct json *found = json_member(run->before, "found"), *gone = json_member(run->before, "gone");
    bool same = found != NULL && gone != NULL && json_equal(found, run->list) && json_equal(gone, run->gone) && json_bool(run->before, "whole", false) == whole;
    if (same) {
        return ERR_NONE;
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_i64(turn->arena, row, "at_ms", turn->now_ms);
    json_set_bool(turn->arena, row, "whole", whole);
    json_set(turn->arena, row, "found", run->list);
    json_set(turn->arena, row, "gone", run->gone);
    return turn_put_json(turn, run->path, row, 0);
}

char *inventory_found_path(struct turn *turn, struct slice probe, struct slice source)
{
    return turn_path(turn, "found/%.*s/%.*s", (int)probe.len, (const char *)probe.data, (int)source.len, (const char *)source.data);
}

struct slice inventory_found_probe(struct slice path)
{
    struct slice rest = slice_from(path, sizeof "found/" - 1);
    return slice_first(rest, slice_find_byte(rest, '/'));
}

struct slice inventory_found_source(struct slice path)
{
    struct slice rest = slice_from(path, sizeof "found/" - 1);
    return slice_from(rest, slice_find_byte(rest, '/') + 1);
}

enum err inventory_found(struct turn *turn, struct world *world, struct slice probe, struct slice source, const struct json *proposals, bool whole)
{
    struct finding_run run = {.turn = turn, .path = inventory_found_path(turn, probe, source), .subjects = INDEX_IN(turn->arena), .found = INDEX_IN(turn->arena), .put = json_new(turn->arena, JSON_ARRAY),
                              .removed = json_new(turn->arena, JSON_ARRAY), .gone = json_new(turn->arena, JSON_ARRAY), .list = json_new(turn->arena, JSON_ARRAY)};
    struct json *subjects = NULL;
    enum err all = ERR_NONE, err = run.path == NULL ? ERR_MEMORY : turn_json(turn, run.path, &run.before);
    run.before = err == ERR_NONE ? run.before : NULL;
    (void)(standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err) && standing_goes_on(&all, inventory_current(turn, &run.current)) &&
           standing_goes_on(&all, standing_subjects(turn, &subjects)));
    if (all != ERR_NONE) {
        return all;
    }
    err = run.list == NULL ? ERR_MEMORY : index_all(&run.subjects, subjects);
    for (const struct json *one = proposals == NULL ? NULL : proposals->first; err == ERR_NONE && one != NULL; one = one->next) {
        err = take_proposal(&run, one);
    }
    err = err == ERR_NONE ? (whole ? miss_all(&run) : keep_former(&run)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct estate_change change = {.put = run.put, .removed = run.removed, .by = source};
    /* the estate first: it refuses what is too much before anything is changed */
    (void)(standing_goes_on(&all, standing_estate_change(turn, world, &change)) && standing_goes_on(&all, put_found(&run, whole)));
    return all;
}
