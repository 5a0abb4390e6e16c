/* The inbox: what waits for a person's word, and the word. */
#include "measure/inventory.h"

#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/index.h"

enum { REASON_MAX_BYTES = 2000 };

/* ---- what waits ---- */

static enum err add_seen(struct turn *turn, const struct index *waiting, struct slice path, const struct json *row)
{
    for (const struct json *one = edit_items(row, "found"); one != NULL; one = one->next) {
        const struct json *item = index_find(waiting, json_text(one, "id", SLICE_NONE));
        const struct json *list = json_member(item, "seen");
        if (list == NULL) {
            continue;
        }
        struct json *seen = json_new(turn->arena, JSON_OBJECT), *grown = NULL;
        json_set_string(turn->arena, seen, "source", inventory_found_source(path));
        json_set_string(turn->arena, seen, "probe", inventory_found_probe(path));
        edit_carry(turn->arena, seen, one, "where");
        edit_carry(turn->arena, seen, row, "at_ms");
        for (struct json *member = item->first; member != NULL; member = member->next) {
            grown = member == list ? member : grown;
        }
        if (json_append(grown, seen) == NULL) {
            return ERR_MEMORY;
        }
    }
    return ERR_NONE;
}

static struct json *add_item(struct turn *turn, struct json *items, const struct json *subject, const char *state)
{
    static const char *const carried[] = {"id", "kind", "name", "attributes"};
    struct json *item = json_append(items, json_new(turn->arena, JSON_OBJECT));
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, item, subject, carried[i]);
    }
    json_set_string(turn->arena, item, "state", slice_string(state));
    return json_set_array(turn->arena, item, "seen") == NULL ? NULL : item;
}

static enum err add_gone(struct turn *turn, struct json *items, const struct index *subjects, struct index *waiting, const struct json *row)
{
    for (const struct json *one = edit_items(row, "gone"); one != NULL; one = one->next) {
        struct slice id = json_text(one, "id", SLICE_NONE);
        const struct json *subject = index_find(subjects, id);
        if (subject == NULL || index_find(waiting, id) != NULL) {
            continue;
        }
        struct json *item = add_item(turn, items, subject, "gone");
        edit_set_time(turn->arena, item, "since", edit_number(one, "at_ms", 0));
        enum err err = index_put(waiting, id, item);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

enum err inventory_inbox(struct turn *turn, struct json **ret_items)
{
    struct json *subjects = NULL, *items = json_new(turn->arena, JSON_ARRAY);
    struct turn_names rows;
    struct index all_subjects = INDEX_IN(turn->arena), waiting = INDEX_IN(turn->arena);
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_subjects(turn, &subjects)) && standing_goes_on(&all, turn_list(turn, "found/", SLICE_NONE, STANDING_LIST_MAX, &rows)));
    if (all != ERR_NONE) {
        return all;
    }
    enum err err = index_all(&all_subjects, subjects);
    for (const struct json *one = subjects->first; err == ERR_NONE && one != NULL; one = one->next) {
        if (!json_bool(one, "confirmed", false)) {
            err = index_put(&waiting, json_text(one, "id", SLICE_NONE), add_item(turn, items, one, "new"));
        }
    }
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        err = err == ERR_NONE ? add_gone(turn, items, &all_subjects, &waiting, row) : err;
        err = err == ERR_NONE ? add_seen(turn, &waiting, rows.names[i], row) : err;
    }
    *ret_items = items;
    return err == ERR_MALFORMED ? ERR_DAMAGED : err;
}

/* ---- the word ---- */

struct deciding {
    struct turn *turn;
    const struct inventory_word *word;
    struct index subjects, waiting;
    struct json *put, *removed, *ids;   /* ids: all that the word is about */
    const struct json *ignored;
    uint64_t count;
};

static enum err refuse(struct deciding *deciding, enum err err, struct text text, struct slice id)
{
    return turn_refuse(deciding->turn, err, text, id);
}

/* What a person sets stays as set: the next finding does not take it back. */
static const struct json *confirmed(struct deciding *deciding, const struct json *subject)
{
    struct arena *arena = deciding->turn->arena;
    const struct json *attributes = json_member(subject, "attributes"), *given = deciding->word->attributes;
    for (const struct json *word = given == NULL ? NULL : given->first; word != NULL; word = word->next) {
        attributes = edit_with(arena, attributes, arena_string(arena, word->name), word);
    }
    attributes = given != NULL && given->count > 0 ? edit_with(arena, attributes, "set", given) : attributes;
    const struct json *result = edit_with(arena, subject, "source", json_string(arena, SLICE_LITERAL("confirmed")));
    result = edit_with(arena, result, "confirmed", json_boolean(arena, true));
    return edit_with(arena, result, "attributes", attributes);
}

static enum err ignore(struct deciding *deciding, struct slice id)
{
    struct arena *arena = deciding->turn->arena;
    struct json *one = json_new(arena, JSON_OBJECT);
    json_set_string(arena, one, "subject", id);
    json_set_string(arena, one, "reason", deciding->word->reason);
    json_set_string(arena, one, "by", deciding->turn->caller.name);
    json_set_i64(arena, one, "at_ms", deciding->turn->now_ms);
    deciding->ignored = edit_item(arena, deciding->ignored, edit_find(deciding->ignored, "subject", id), one);
    return json_append(deciding->removed, json_string(arena, id)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err decide_one(struct deciding *deciding, struct slice id)
{
    struct arena *arena = deciding->turn->arena;
    const struct json *subject = index_find(&deciding->subjects, id);
    enum inventory_decision decision = deciding->word->decision;
    deciding->count++;
    json_append(deciding->ids, json_string(arena, id));
    if (decision == INVENTORY_RESTORE) {
        size_t at = edit_find(deciding->ignored, "subject", id);
        if (deciding->ignored == NULL || at == deciding->ignored->count) {
            return refuse(deciding, ERR_NOT_FOUND, TEXT("nobody ignored this", "das hat niemand ausgenommen"), id);
        }
        deciding->ignored = edit_item(arena, deciding->ignored, at, NULL);
        return ERR_NONE;
    }
    if (subject == NULL) {
        return refuse(deciding, ERR_NOT_FOUND, TEXT("the inventory has no such subject", "der Bestand hat keinen solchen Gegenstand"), id);
    }
    struct slice source = json_text(subject, "source", SLICE_NONE);
    if (!slice_is(source, "discovered") && !slice_is(source, "confirmed")) {
        return refuse(deciding, ERR_CONFLICT, TEXT("this subject is written in the estate file or set up by its own command; change it there",
                                                   "dieser Gegenstand steht in der Bestandsdatei oder hat seinen eigenen Befehl; dort ändern"), id);
    }
    switch (decision) {
    case INVENTORY_CONFIRM:
        for (const struct json *word = deciding->word->attributes == NULL ? NULL : deciding->word->attributes->first; word != NULL; word = word->next) {
            if (!estate_knows(json_text(subject, "kind", SLICE_NONE), word->name)) {
                return refuse(deciding, ERR_INVALID, TEXT("unknown word in the estate", "unbekanntes Wort im Bestand"), word->name);
            }
        }
        return json_append(deciding->put, edit_share(arena, confirmed(deciding, subject))) == NULL ? ERR_MEMORY : ERR_NONE;
    case INVENTORY_IGNORE:
        return ignore(deciding, id);
    case INVENTORY_REMOVE:
    case INVENTORY_RESTORE:
        break;
    }
    if (!slice_is(json_text(index_find(&deciding->waiting, id), "state", SLICE_NONE), "gone")) {
        return refuse(deciding, ERR_CONFLICT, TEXT("it is still found; ignore it with a reason instead", "es wird noch gefunden; stattdessen mit Begründung ausnehmen"), id);
    }
    return json_append(deciding->removed, json_string(arena, id)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err decide_many(struct deciding *deciding, const struct json *inbox, struct slice pattern)
{
    struct slice prefix = slice_first(pattern, pattern.len - 1);
    enum err err = ERR_NONE;
    for (const struct json *item = inbox->first; err == ERR_NONE && item != NULL; item = item->next) {
        struct slice id = json_text(item, "id", SLICE_NONE);
        bool is_gone = slice_is(json_text(item, "state", SLICE_NONE), "gone");
        bool fits = is_gone == (deciding->word->decision == INVENTORY_REMOVE);
        err = fits && slice_starts(id, prefix) ? decide_one(deciding, id) : ERR_NONE;
    }
    return err;
}

static const char *const decision_names[] = {
    [INVENTORY_CONFIRM] = "confirm", [INVENTORY_IGNORE] = "ignore", [INVENTORY_REMOVE] = "remove", [INVENTORY_RESTORE] = "restore"};

static enum err record(struct deciding *deciding, struct world *world, const struct json *current)
{
    struct turn *turn = deciding->turn;
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "decision", slice_string(decision_names[deciding->word->decision]));
    json_set(turn->arena, body, "subjects", deciding->ids);
    json_set_string(turn->arena, body, "reason", deciding->word->reason);
    if (json_set_string(turn->arena, body, "by", turn->caller.name) == NULL) {
        return ERR_MEMORY;
    }
    struct estate_change change = {.put = deciding->put, .removed = deciding->removed, .by = turn->caller.name};
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, turn_evidence(turn, "estate.decided", body, NULL)) &&
           standing_goes_on(&all, turn_put_json(turn, "estate/current", edit_with(turn->arena, current, "ignored", deciding->ignored), 0)) &&
           standing_goes_on(&all, standing_estate_change(turn, world, &change)));
    return all;
}

enum err inventory_decide(struct turn *turn, struct world *world, const struct inventory_word *word, uint64_t *ret_count)
{
    struct deciding deciding = {.turn = turn, .word = word, .subjects = INDEX_IN(turn->arena), .waiting = INDEX_IN(turn->arena), .put = json_new(turn->arena, JSON_ARRAY),
                                .removed = json_new(turn->arena, JSON_ARRAY), .ids = json_new(turn->arena, JSON_ARRAY)};
    const struct json *current = NULL;
    struct json *subjects = NULL, *inbox = NULL;
    bool needs_reason = word->decision != INVENTORY_CONFIRM;
    if ((needs_reason && slice_trim(word->reason).len == 0) || word->reason.len > REASON_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this decision needs a reason, at most 2,000 bytes", "diese Entscheidung braucht eine Begründung, höchstens 2.000 Bytes"), SLICE_LITERAL("reason"));
    }
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, inventory_current(turn, &current)) && standing_goes_on(&all, standing_subjects(turn, &subjects)) &&
           standing_goes_on(&all, inventory_inbox(turn, &inbox)));
    if (all != ERR_NONE) {
        return all;
    }
    deciding.ignored = json_member(current, "ignored");
    deciding.ignored = deciding.ignored == NULL ? json_new(turn->arena, JSON_ARRAY) : deciding.ignored;
    enum err err = index_all(&deciding.subjects, subjects);
    err = err == ERR_NONE ? index_all(&deciding.waiting, inbox) : err;
    for (const struct json *id = word->ids == NULL ? NULL : word->ids->first; err == ERR_NONE && id != NULL; id = id->next) {
        bool is_pattern = id->text.len > 0 && id->text.data[id->text.len - 1] == '*';
        err = is_pattern ? decide_many(&deciding, inbox, id->text) : decide_one(&deciding, id->text);
    }
    if (err != ERR_NONE || deciding.count == 0) {
        return err != ERR_NONE ? err : turn_refuse(turn, ERR_NOT_FOUND, TEXT("no subject is meant", "damit ist kein Gegenstand gemeint"), SLICE_NONE);
    }
    *ret_count = deciding.count;
    return record(&deciding, world, current);
}
