/* observe, observations and the tick: when measuring happens and what was measured. */
#include "measure/observe.h"

#include "engine/job.h"
#include "engine/token.h"
#include "ledger/commitment.h"
#include "measure/edit.h"
#include "measure/inventory.h"
#include "measure/operations.h"

enum {
    DUE_MAX = 2000,
    AT_ONCE_MAX = 40,                   /* observations that one turn waits for: it runs again with every answer */
    CLAIMED_MS = 600000,                /* what was started is not due again before this, even if its answer is slow */
    SHOWN_MAX = 500,
};

/* Due at once: the tick that is started after this turn begins a turn of its own for each. */
static enum err make_due(struct turn *turn, const struct watch *watches, size_t count)
{
    enum err all = ERR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!standing_goes_on(&all, observe_make_due(turn, &watches[i]))) {
            return all;
        }
    }
    return all == ERR_NONE && count > 0 ? turn_start(turn, "tick", NULL) : all;
}

/* What is too much for one turn is made due; so is what judges records, because a turn does not read the entries that it makes. */
static enum err run_watches(struct turn *turn, struct world *world, enum observe_phase phase, uint64_t *observed, uint64_t *failed, uint64_t *later)
{
    struct watch *watches = NULL;
    struct json *subjects = NULL;
    size_t count = 0, chosen = 0;
    enum err all = standing_subjects(turn, &subjects);
    all = all == ERR_NONE ? observe_plan(turn, subjects, &watches, &count) : all;
    for (size_t i = 0; all == ERR_NONE && i < count; i++) {
        if (observe_phase(watches[i].probe) == phase) {
            watches[chosen++] = watches[i];
        }
    }
    if (all != ERR_NONE || phase == OBSERVE_RECORDS || chosen > AT_ONCE_MAX) {
        *later += chosen;
        return all != ERR_NONE ? all : make_due(turn, watches, chosen);
    }
    return observe_run(turn, world, watches, chosen, observed, failed);
}

enum err operation_observe(struct turn *turn)
{
    struct world world;
    uint64_t observed = 0, failed = 0, later = 0;
    enum err err = standing_load(turn, &world);
    err = err == ERR_NONE ? inventory_ensure(turn, &world) : err;
    err = err == ERR_NONE ? run_watches(turn, &world, OBSERVE_TELLERS, &observed, &failed, &later) : err;
    err = err == ERR_NONE ? run_watches(turn, &world, OBSERVE_OTHERS, &observed, &failed, &later) : err;
    err = err == ERR_NONE ? run_watches(turn, &world, OBSERVE_RECORDS, &observed, &failed, &later) : err;
    err = err == ERR_NONE ? standing_refresh(turn, &world) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, data, "observed", observed);
    json_set_u64(turn->arena, data, "failed", failed);
    json_set_u64(turn->arena, data, "later", later);
    return turn_reply_data(turn, data);
}

/* Keep's own turn for one scheduled observation: {"probe","subject"}. A subject that left the estate leaves the schedule. */
enum err operation_observe_one(struct turn *turn)
{
    struct world world;
    struct watch watch = {json_text(turn->input, "probe", SLICE_NONE), json_text(turn->input, "subject", SLICE_NONE)};
    const struct json *subject = NULL;
    uint64_t observed = 0, failed = 0;
    enum err all = ERR_NONE, err = standing_subject(turn, watch.subject, &subject);
    (void)(standing_goes_on(&all, err == ERR_NOT_FOUND ? ERR_NONE : err) && standing_goes_on(&all, standing_load_annex(turn, &world)));
    if (all != ERR_NONE) {
        return all;
    }
    if (err == ERR_NOT_FOUND || !observe_is_planned(subject, watch.probe)) {
        return turn_delete(turn, observe_schedule_path(turn, &watch));
    }
    all = observe_run(turn, &world, &watch, 1, &observed, &failed);
    return all == ERR_NONE ? standing_refresh(turn, &world) : all;
}

static enum err start_due(struct turn *turn, const char *operation, struct slice path, struct slice row)
{
    struct json *tree = NULL;
    enum err err = json_unpack(turn->arena, row, &tree);
    const struct json *claimed = err == ERR_NONE ? edit_with(turn->arena, tree, "waits_ms", json_number_i64(turn->arena, turn->now_ms)) : NULL;
    err = claimed == NULL ? ERR_DAMAGED : turn_put_json(turn, arena_string(turn->arena, path), claimed, turn->now_ms + CLAIMED_MS);
    return err == ERR_NONE ? turn_start(turn, operation, tree) : err;
}

/* Once a minute: what is due is observed or ended, and verdicts that age alone changes are recorded. */
enum err operation_tick(struct turn *turn)
{
    struct turn_names due = {0};
    struct world world;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, turn_due(turn, turn->now_ms, DUE_MAX, &due)) && standing_goes_on(&all, standing_load(turn, &world)));
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < due.count; i++) {
        static const char token[] = "token/id/";
        if (slice_starts(due.names[i], SLICE_LITERAL("schedule/"))) {
            (void)standing_goes_on(&all, start_due(turn, "observe_one", due.names[i], due.bytes[i]));
        } else if (slice_starts(due.names[i], SLICE_LITERAL("sweep/"))) {
            (void)standing_goes_on(&all, start_due(turn, "mount_sweep", due.names[i], due.bytes[i])); /* a stop came between */
        } else if (slice_starts(due.names[i], slice_string(token))) {
            (void)standing_goes_on(&all, token_end(turn, slice_from(due.names[i], sizeof token - 1)));
        } else if (slice_starts(due.names[i], SLICE_LITERAL("job/"))) {
            (void)standing_goes_on(&all, job_due(turn, due.names[i], due.bytes[i]));
        }
    }
    if (all == ERR_NONE) {
        (void)standing_goes_on(&all, standing_refresh(turn, &world));
    }
    return all;
}

/* How many observations were asked for and have no answer yet: what waits in the schedule. */
enum err operation_observe_waiting(struct turn *turn)
{
    struct turn_names rows;
    uint64_t waiting = 0;
    enum err err = turn_list(turn, "schedule/", SLICE_NONE, STANDING_LIST_MAX, &rows);
    for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i], &row);
        waiting += err == ERR_NONE && json_member(row, "waits_ms") != NULL ? 1 : 0;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, data, "waiting", waiting);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* ---- what was observed ---- */

static void describe(struct turn *turn, struct json *list, const struct json *row, struct slice kind)
{
    for (const struct json *one = edit_items(row, "observations"); one != NULL; one = one->next) {
        struct slice own = json_text(one, "kind", SLICE_NONE), subject = json_text(one, "subject", json_text(row, "subject", SLICE_NONE));
        if (kind.len > 0 && !slice_equal(own, kind)) {
            continue;
        }
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, item, "kind", own);
        json_set_string(turn->arena, item, "subject", subject);
        json_set_string(turn->arena, item, "probe", json_text(row, "probe", SLICE_NONE));
        json_set_string(turn->arena, item, "outcome", json_text(one, "outcome", SLICE_NONE));
        explain_set_reason(turn->arena, item, "reason", json_text(one, "reason", SLICE_NONE), json_member(one, "values"), subject, own);
        edit_set_time(turn->arena, item, "at", edit_number(row, "at_ms", 0));
        edit_carry(turn->arena, item, row, "index");
        json_set_i64(turn->arena, item, "facts_index", edit_number(row, "index", 0));
        json_set_bool(turn->arena, item, "plant", json_bool(json_member(row, "plant"), "caught", false));
    }
}

static enum err newest_of_kind(struct turn *turn, struct json *list, struct slice kind, uint64_t limit)
{
    struct member *members = NULL;
    size_t count = 0;
    enum err err = standing_all(turn, kind, &members, &count);
    for (size_t i = 0; err == ERR_NONE && list != NULL && i < count && list->count < limit; i++) {
        if (members[i].observation == NULL) {
            continue;
        }
        struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, item, "kind", kind);
        json_set_string(turn->arena, item, "subject", members[i].subject);
        json_set_string(turn->arena, item, "outcome", json_text(members[i].observation, "outcome", SLICE_NONE));
        explain_set_reason(turn->arena, item, "reason", json_text(members[i].observation, "reason", SLICE_NONE), json_member(members[i].observation, "values"), members[i].subject, kind);
        edit_set_time(turn->arena, item, "at", members[i].at_ms);
        json_set_u64(turn->arena, item, "index", members[i].index);
        json_set_u64(turn->arena, item, "facts_index", members[i].index);
        json_set_bool(turn->arena, item, "plant", json_bool(members[i].observation, "plant", false));
    }
    return err;
}

/* The newest of every kind and subject. */
static enum err newest(struct turn *turn, struct json *list, struct slice wanted, uint64_t limit)
{
    enum err all = ERR_NONE;
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < kinds_count(); i++) {
        struct slice kind = slice_string(kinds_at(i)->id);
        if (kinds_at(i)->fed == NULL && (wanted.len == 0 || slice_equal(wanted, kind))) {
            (void)standing_goes_on(&all, newest_of_kind(turn, list, kind, limit));
        }
    }
    return all;
}

/* Newest first; without a subject the newest of every kind and subject. */
enum err operation_observations(struct turn *turn)
{
    struct slice subject = turn_query(turn, "subject"), kind = turn_query(turn, "kind"), limit_text = turn_query(turn, "limit");
    uint64_t limit = SHOWN_MAX;
    if (limit_text.len > 0 && (slice_to_u64(limit_text, &limit) != ERR_NONE || limit == 0 || limit > SHOWN_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("limit is a whole number from 1 to 500", "limit ist eine ganze Zahl von 1 bis 500"), limit_text);
    }
    struct turn_names rows = {0};
    struct json *data = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, data, "observations");
    enum err err = subject.len == 0 ? newest(turn, list, kind, limit)
                                    : turn_list(turn, turn_path(turn, "observation/of/%.*s/", (int)subject.len, (const char *)subject.data), turn_query(turn, "after"), STANDING_LIST_MAX, &rows);
    for (size_t i = err == ERR_NONE ? rows.count : 0; i > 0 && list != NULL && list->count < limit; i--) {
        struct json *row = NULL;
        err = json_unpack(turn->arena, rows.bytes[i - 1], &row);
        if (err != ERR_NONE) {
            return ERR_DAMAGED;
        }
        describe(turn, list, row, kind);
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

/* Facts verbatim, the judgement, the plant; what was erased is said. */
enum err operation_observation(struct turn *turn)
{
    uint64_t index = 0;
    struct slice row;
    char path[LEDGER_ROW_PATH_BYTES];
    if (slice_to_u64(turn->values[0], &index) != ERR_NONE || index >= state_log(turn->state, LOG_EVIDENCE)->tree.size) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the evidence log has no entry of this number", "das Beweis-Logbuch hat keinen Eintrag dieser Nummer"), turn->values[0]);
    }
    ledger_row_path("evidence", index, path);
    enum err err = turn_row(turn, arena_string(turn->arena, slice_string(path)), &row);
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the payload of this entry was erased", "der Inhalt dieses Eintrags wurde gelöscht"), turn->values[0]);
    }
    struct json *payload = NULL;
    err = err == ERR_NONE ? json_read(turn->arena, slice_from(row, COMMITMENT_SALT_BYTES), &payload, NULL) : err;
    if (err != ERR_NONE) {
        return err == ERR_MALFORMED ? ERR_DAMAGED : err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, data, "index", index);
    json_set(turn->arena, data, "payload", payload);
    struct json *sentences = json_set_array(turn->arena, data, "observations");
    struct json *shown = edit_with(turn->arena, payload, "index", json_number_u64(turn->arena, index));
    describe(turn, sentences, shown, SLICE_NONE);
    return turn_reply_data(turn, data);
}
