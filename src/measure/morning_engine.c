/* morning: what changed, the three fixes that turn most sentences green, what is due, Vogt itself. */
#include "measure/operations.h"

#include "base/time.h"
#include "measure/edit.h"
#include "measure/fix_list.h"
#include "measure/inventory.h"
#include "measure/view.h"

enum { FIXES_SHOWN = 3, CHANGES_SHOWN = 500 };
static const int64_t day_ms = 86400000;

/* ---- changes ---- */

static enum err put_changes(struct turn *turn, const struct world *world, int64_t since_ms, struct json *data)
{
    struct turn_names rows;
    struct json *list = json_set_array(turn->arena, data, "changes");
    char *after = turn_path(turn, "change/%016llx", (unsigned long long)since_ms);
    enum err err = turn_list(turn, "change/", slice_string(after), STANDING_LIST_MAX, &rows);
    for (size_t i = err == ERR_NONE ? rows.count : 0; i > 0 && err == ERR_NONE && list != NULL && list->count < CHANGES_SHOWN; i--) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i - 1], &row);
        const struct json *record = json_member(row, "record");
        struct slice from = json_text(row, "from", SLICE_NONE);
        if (err != ERR_NONE || from.len == 0) {
            continue; /* the first verdict of a sentence is no change */
        }
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        struct slice id = json_text(row, "clause", SLICE_NONE);
        json_set_string(turn->arena, item, "clause", id);
        json_set_string(turn->arena, item, "text", json_text(world_clause(world, id), "text", SLICE_NONE));
        json_set_string(turn->arena, item, "from", from);
        edit_carry(turn->arena, item, row, "verdict");
        json_set_string(turn->arena, item, "to", json_text(row, "verdict", SLICE_NONE));
        edit_set_time(turn->arena, item, "at", edit_number(row, "at_ms", 0));
        explain_set_reason(turn->arena, item, "reason", json_text(record, "reason", SLICE_NONE), json_member(record, "values"), json_text(record, "subject", SLICE_NONE),
                           json_text(record, "kind", SLICE_NONE));
    }
    return err;
}

/* ---- fixes ---- */

static enum err put_fixes(struct turn *turn, const struct world *world, struct json *data)
{
    struct json *list = json_set_array(turn->arena, data, "fixes");
    struct fix_list fixes;
    enum err all = fix_list_gather(turn, world, SLICE_NONE, &fixes);
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < fixes.count && i < FIXES_SHOWN; i++) {
        (void)standing_goes_on(&all, fix_list_put(turn, world, &fixes.items[i], true, list));
    }
    return all;
}

/* ---- duties ---- */

static struct json *add_duty(struct turn *turn, struct json *list, const char *kind, const struct json *clause, struct text text)
{
    struct json *duty = json_append(list, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, duty, "kind", slice_string(kind));
    json_set_string(turn->arena, duty, "clause", json_text(clause, "id", SLICE_NONE));
    json_set_string(turn->arena, duty, "english", slice_string(text.english));
    json_set_string(turn->arena, duty, "german", slice_string(text.german));
    return duty;
}

static void put_duties(struct turn *turn, const struct world *world, struct json *data)
{
    struct json *list = json_set_array(turn->arena, data, "duties");
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        const struct json *deviation = json_member(clause, "deviation");
        if (deviation != NULL) {
            struct json *duty = add_duty(turn, list, "deviation", clause, TEXT("an open deviation", "eine offene Abweichung"));
            edit_carry(turn->arena, duty, deviation, "owner");
            edit_carry(turn->arena, duty, deviation, "due");
        }
        for (const struct json *word = edit_items(clause, "attestations"); word != NULL; word = word->next) {
            if (edit_number(word, "expires_ms", 0) < turn->now_ms + 14 * day_ms) {
                struct json *duty = add_duty(turn, list, "attestation", clause, TEXT("an attestation ends soon or has ended", "eine Bestätigung läuft bald ab oder ist abgelaufen"));
                edit_carry(turn->arena, duty, word, "promise");
                edit_set_time(turn->arena, duty, "due", edit_number(word, "expires_ms", 0));
            }
        }
        if (!json_bool(clause, "confirmed", false) && edit_items(clause, "bindings") != NULL) {
            (void)add_duty(turn, list, "binding", clause, TEXT("the proposed measures wait for a person's confirmation", "die vorgeschlagenen Maßnahmen warten auf Bestätigung"));
        }
    }
}

/* How much waits for a person's word: {"new","gone"}. */
static enum err put_inbox(struct turn *turn, struct json *data)
{
    struct json *items = NULL, *inbox = json_set_object(turn->arena, data, "inbox");
    enum err err = inventory_inbox(turn, &items);
    uint64_t count = 0, gone = 0;
    for (const struct json *item = err == ERR_NONE ? items->first : NULL; item != NULL; item = item->next, count++) {
        gone += slice_is(json_text(item, "state", SLICE_NONE), "gone") ? 1 : 0;
    }
    json_set_u64(turn->arena, inbox, "new", count - gone);
    return err == ERR_NONE && json_set_u64(turn->arena, inbox, "gone", gone) == NULL ? ERR_MEMORY : err;
}

enum err operation_morning(struct turn *turn)
{
    struct world world;
    struct slice since = turn_query(turn, "since");
    int64_t since_ms = turn->now_ms - day_ms;
    if (since.len > 0 && rfc3339_parse(since, &since_ms) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("since is a time such as 2026-11-23T09:00:00Z", "since ist ein Zeitpunkt wie 2026-11-23T09:00:00Z"), since);
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *view = NULL;
    edit_set_time(turn->arena, data, "since", since_ms);
    enum err all = ERR_NONE;
    if (standing_goes_on(&all, standing_load(turn, &world)) && all == ERR_NONE) {
        (void)(standing_goes_on(&all, put_changes(turn, &world, since_ms, data)) && standing_goes_on(&all, put_fixes(turn, &world, data)) &&
               standing_goes_on(&all, view_annex(turn, &world, &view)));
    }
    if (all != ERR_NONE) {
        return all;
    }
    put_duties(turn, &world, data);
    edit_carry(turn->arena, data, view, "counts");
    view_own(turn, &world, data);
    (void)(standing_goes_on(&all, put_inbox(turn, data)) && standing_goes_on(&all, view_not_covered(turn, data)));
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}
