/* periods: verdicts over a time, from the history that every change of a verdict leaves. */
#include "measure/operations.h"

#include "base/time.h"
#include "measure/edit.h"
#include "measure/period_engine.h"

static const int64_t day_ms = 86400000;


static enum err changes_of(struct turn *turn, struct slice id, struct verdict_change **ret_changes, size_t *ret_count)
{
    struct turn_names rows;
    enum err err = turn_list(turn, turn_path(turn, "history/%.*s/", (int)id.len, (const char *)id.data), SLICE_NONE, STANDING_LIST_MAX, &rows);
    if (err != ERR_NONE) {
        return err;
    }
    struct verdict_change *changes = arena_alloc_array(turn->arena, rows.count + 1, sizeof *changes);
    for (size_t i = 0; changes != NULL && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err != ERR_NONE) {
            return ERR_DAMAGED;
        }
        changes[i] = (struct verdict_change){edit_number(row, "at_ms", 0), verdict_of_name(json_text(row, "verdict", SLICE_NONE))};
    }
    *ret_changes = changes;
    *ret_count = rows.count;
    return changes == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err period_describe(struct turn *turn, struct slice id, int64_t from_ms, int64_t to_ms, struct json *item)
{
    struct verdict_change *changes = NULL;
    struct period period;
    size_t count = 0;
    enum err err = changes_of(turn, id, &changes, &count);
    err = err == ERR_NONE ? period_of(turn->arena, changes, count, from_ms, to_ms, &period) : err;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, item, "id", id);
    json_set_i64(turn->arena, item, "kept_s", period.kept_ms / 1000);
    json_set_i64(turn->arena, item, "total_s", period.total_ms / 1000);
    char *percent = turn_path(turn, "%u.%02u", period.kept_permyriad / 100, period.kept_permyriad % 100);
    json_set(turn->arena, item, "percent", json_number_text(turn->arena, slice_string(percent)));
    struct json *gaps = json_set_array(turn->arena, item, "gaps");
    for (size_t i = 0; i < period.gap_count; i++) {
        struct json *gap = json_append(gaps, json_new(turn->arena, JSON_OBJECT));
        edit_set_time(turn->arena, gap, "from", period.gaps[i].from_ms);
        edit_set_time(turn->arena, gap, "to", period.gaps[i].to_ms);
        json_set_string(turn->arena, gap, "verdict", slice_string(verdict_name(period.gaps[i].verdict)));
    }
    return ERR_NONE;
}

static enum err time_of(struct turn *turn, const char *name, int64_t fallback_ms, int64_t *ret_ms)
{
    struct slice text = turn_query(turn, name);
    *ret_ms = fallback_ms;
    if (text.len > 0 && rfc3339_parse(text, ret_ms) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("from and to are times such as 2026-11-23T09:00:00Z", "from und to sind Zeitpunkte wie 2026-11-23T09:00:00Z"), text);
    }
    return ERR_NONE;
}

enum err operation_periods(struct turn *turn)
{
    struct world world;
    int64_t from_ms = 0, to_ms = 0;
    enum err err = time_of(turn, "to", turn->now_ms, &to_ms);
    to_ms = to_ms > turn->now_ms ? turn->now_ms : to_ms; /* nothing is known of what is to come */
    err = err == ERR_NONE ? time_of(turn, "from", to_ms - 90 * day_ms, &from_ms) : err;
    if (err == ERR_NONE && from_ms > to_ms) {
        return turn_refuse(turn, ERR_INVALID, TEXT("from lies after to, or in the future", "from liegt nach to oder in der Zukunft"), turn_query(turn, "from"));
    }
    err = err == ERR_NONE ? standing_load(turn, &world) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = NULL;
    edit_set_time(turn->arena, data, "from", from_ms);
    edit_set_time(turn->arena, data, "to", to_ms);
    list = json_set_array(turn->arena, data, "clauses");
    enum err all = ERR_NONE;
    for (const struct json *clause = edit_items(world.annex, "clauses"); clause != NULL; clause = clause->next) {
        if (!standing_goes_on(&all, period_describe(turn, json_text(clause, "id", SLICE_NONE), from_ms, to_ms, json_append(list, json_new(turn->arena, JSON_OBJECT))))) {
            return all;
        }
    }
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}
