/* annex/report: the annex as a PDF with its evidence embedded; evidence/clauses: what one sentence rests on, as a bundle. */
#include "measure/operations.h"

#include "measure/edit.h"
#include "measure/evidence_bundle.h"
#include "measure/period_engine.h"
#include "measure/view.h"

enum { BUNDLE_MAX_BYTES = 8 << 20 };
static const int64_t period_ms = INT64_C(90) * 86400000;

enum err operation_clause_evidence(struct turn *turn)
{
    struct world world;
    struct json *bundle = NULL;
    enum err err = standing_load(turn, &world);
    const struct json *clause = err == ERR_NONE ? world_clause(&world, turn->values[0]) : NULL;
    if (err == ERR_NONE && clause == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("the annex has no such sentence", "der Anhang hat keinen solchen Satz"), turn->values[0]);
    }
    err = err == ERR_NONE ? evidence_bundle(turn, &world, clause, &bundle) : err;
    return err == ERR_NONE ? turn_reply_data(turn, bundle) : err;
}

/* How many different subjects the clause's promises look at: of each kind of subject once. */
static uint64_t population(const struct world *world, const struct json *clause)
{
    struct json *counted = json_new(world->arena, JSON_OBJECT);
    uint64_t count = 0;
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
        for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
            const struct observation_rule *rule = &entry->observations[i];
            const struct standing *standing = rule->probe == NULL ? NULL : world_standing(world, slice_string(rule->kind));
            if (standing != NULL && json_member(counted, rule->subject) == NULL) {
                count += standing->tally.count;
                json_set_null(world->arena, counted, rule->subject);
            }
        }
    }
    return count;
}

static void put_measures(struct turn *turn, struct json *item, const struct json *clause)
{
    struct json *list = json_set_array(turn->arena, item, "measures");
    for (const struct json *one = edit_items(clause, "bindings"); one != NULL; one = one->next) {
        const struct measure *measure = catalogue_measure(json_text(one, "measure", SLICE_NONE));
        if (measure != NULL) {
            struct json *shown = json_append(list, json_new(turn->arena, JSON_OBJECT));
            json_set_u64(turn->arena, shown, "number", measure->number);
            explain_set_text(turn->arena, shown, "title", measure->title);
        }
    }
}

static enum err put_clause(struct turn *turn, const struct world *world, struct json *list, const struct json *clause, int64_t from_ms)
{
    static const char *const carried[] = {"id", "text", "verdict", "since", "reason", "interpretations", "attestations"};
    struct slice id = json_text(clause, "id", SLICE_NONE);
    const struct json *row = NULL;
    enum err err = turn_json(turn, standing_key(turn, "verdict", id), &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct json *view = NULL, *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
    enum err all = ERR_NONE;
    if (!standing_goes_on(&all, view_clause_whole(turn, world, clause, row, &view))) {
        return all;
    }
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, item, view, carried[i]);
    }
    if (json_member(clause, "deviation") != NULL) {
        edit_carry(turn->arena, item, clause, "deviation");
    }
    json_set_u64(turn->arena, item, "population", population(world, clause));
    put_measures(turn, item, clause);
    (void)standing_goes_on(&all, period_describe(turn, id, from_ms, turn->now_ms, json_set_object(turn->arena, item, "period")));
    return all;
}

static enum err put_sections(struct turn *turn, const struct world *world, struct json *input, int64_t from_ms)
{
    struct json *sections = json_set_array(turn->arena, input, "sections");
    enum err all = ERR_NONE;
    for (const struct json *section = edit_items(world->annex, "sections"); section != NULL; section = section->next) {
        struct json *item = json_append(sections, json_new(turn->arena, JSON_OBJECT)), *clauses = NULL;
        edit_carry(turn->arena, item, section, "id");
        edit_carry(turn->arena, item, section, "number");
        edit_carry(turn->arena, item, section, "title");
        clauses = json_set_array(turn->arena, item, "clauses");
        for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
            bool here = slice_equal(json_text(clause, "section", SLICE_NONE), json_text(section, "id", SLICE_NONE));
            if (here && !standing_goes_on(&all, put_clause(turn, world, clauses, clause, from_ms))) {
                return all;
            }
        }
    }
    return all;
}

static enum err build_input(struct turn *turn, const struct world *world, const struct json *bundle, struct json **ret_input)
{
    static const char *const carried[] = {"title", "revision", "digest"};
    struct json *input = json_new(turn->arena, JSON_OBJECT), *annex = NULL, *period = NULL;
    struct slice language = turn_field(turn, "language");
    int64_t adopted_ms = edit_number(world->annex, "adopted_ms", 0), from_ms = turn->now_ms - period_ms;
    from_ms = adopted_ms > from_ms && adopted_ms <= turn->now_ms ? adopted_ms : from_ms;
    bool known = slice_is(language, "de") || slice_is(language, "en");
    if (language.len > 0 && !known) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the report is written in de or en", "den Bericht gibt es in de oder en"), language);
    }
    json_set_string(turn->arena, input, "language", known ? language : json_text(world->annex, "language", SLICE_LITERAL("en")));
    annex = json_set_object(turn->arena, input, "annex");
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, annex, world->annex, carried[i]);
    }
    edit_set_time(turn->arena, annex, "adopted", adopted_ms);
    edit_set_time(turn->arena, input, "generated", turn->now_ms);
    period = json_set_object(turn->arena, input, "period");
    edit_set_time(turn->arena, period, "from", from_ms);
    edit_set_time(turn->arena, period, "to", turn->now_ms);
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, put_sections(turn, world, input, from_ms)) && standing_goes_on(&all, view_not_covered(turn, input)));
    view_own(turn, world, input);
    edit_carry(turn->arena, input, bundle, "checkpoint");
    edit_carry(turn->arena, input, bundle, "vkey");
    *ret_input = input;
    return all;
}

enum err operation_annex_report(struct turn *turn)
{
    struct world world;
    struct json *bundle = NULL, *input = NULL;
    const struct json *output = NULL;
    struct slice pdf = SLICE_NONE;
    enum err err = standing_load(turn, &world);
    if (err == ERR_NONE && world.annex == NULL) {
        return turn_refuse(turn, ERR_NOT_FOUND, TEXT("no annex is adopted yet", "noch ist kein Anhang übernommen"), SLICE_NONE);
    }
    enum err all = err;
    if (all == ERR_NONE) {
        (void)(standing_goes_on(&all, evidence_bundle(turn, &world, NULL, &bundle)) && standing_goes_on(&all, build_input(turn, &world, bundle, &input)));
    }
    cleanup_buf struct buf text = BUF_INIT(BUNDLE_MAX_BYTES);
    all = all == ERR_NONE ? json_write(&text, bundle, 0) : all;
    all = all == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "report.pdf", input, buf_slice(&text), &output, &pdf, NULL) : all;
    return all == ERR_NONE ? turn_reply_raw(turn, "application/pdf", "annex.pdf", pdf) : all;
}
