/* estate: what people wrote, what Vogt discovered, and what of it is judged. */
#include "measure/operations.h"

#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/observe.h"
#include "measure/view.h"

/* "judged": some probe has looked; "not covered": none of this release can, from here. */
static enum err put_coverage(struct turn *turn, const struct world *world, struct json *data)
{
    static const struct {
        const char *state;
        struct text text;
    } states[] = {
        {"judged", TEXT_INIT("observed and judged", "gemessen und beurteilt")},
        {"seen", TEXT_INIT("can be observed; not observed yet", "messbar; noch nicht gemessen")},
        {"not covered", TEXT_INIT("no probe of this release sees it from here", "keine Messung dieser Fassung sieht das von hier aus")},
    };
    struct watch *watches = NULL;
    size_t count = 0;
    enum err err = observe_plan(turn, world, &watches, &count);
    struct json *coverage = json_set_array(turn->arena, data, "coverage");
    for (const struct json *subject = err == ERR_NONE && world->subjects != NULL ? world->subjects->first : NULL; subject != NULL; subject = subject->next) {
        struct slice id = json_text(subject, "id", SLICE_NONE);
        size_t state = 2;
        for (size_t i = 0; i < count; i++) {
            state = slice_equal(watches[i].subject, id) ? 1 : state;
        }
        for (size_t i = 0; i < world->seen_count; i++) {
            state = slice_equal(world->seen[i].subject, id) ? 0 : state;
        }
        struct json *one = json_append(coverage, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, one, "subject", id);
        json_set_string(turn->arena, one, "state", slice_string(states[state].state));
        json_set_string(turn->arena, one, "english", slice_string(states[state].text.english));
        json_set_string(turn->arena, one, "german", slice_string(states[state].text.german));
    }
    return err;
}

static enum err reply_estate(struct turn *turn, const struct world *world, const struct json *row)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "text", json_text(row, "text", SLICE_NONE));
    edit_carry(turn->arena, data, row, "subjects");
    const struct json *allowed = json_path(row, "estate.allowed");
    json_set(turn->arena, data, "allowed", allowed == NULL ? json_new(turn->arena, JSON_ARRAY) : json_copy(turn->arena, allowed));
    enum err err = put_coverage(turn, world, data);
    err = err == ERR_NONE ? view_not_covered(turn, data) : err;
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_estate_read(struct turn *turn)
{
    struct world world;
    const struct json *row = NULL;
    bool written = false;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_load(turn, &world)) && standing_goes_on(&all, standing_estate(turn, &row, &written)));
    if (all != ERR_NONE) {
        return all;
    }
    world.subjects = world.subjects == NULL ? json_member(row, "subjects") : world.subjects;
    return reply_estate(turn, &world, row);
}

enum err operation_estate_write(struct turn *turn)
{
    struct world world;
    const struct json *row = NULL, *given = json_member(turn->request->body, "hcl");
    struct json *estate = NULL, *subjects = NULL, *fresh = json_new(turn->arena, JSON_OBJECT), *body = json_new(turn->arena, JSON_OBJECT);
    bool written = false;
    enum err err = estate_build(turn->arena, json_member(given, "tree"), &estate, &turn->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_load(turn, &world)) && standing_goes_on(&all, standing_estate(turn, &row, &written)));
    if (all != ERR_NONE) {
        return all;
    }
    err = estate_merge(turn->arena, estate, json_member(row, "proposals"), &subjects);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, fresh, "text", json_text(given, "text", SLICE_NONE));
    json_set(turn->arena, fresh, "estate", estate);
    edit_carry(turn->arena, fresh, row, "proposals");
    json_set(turn->arena, fresh, "subjects", json_copy(turn->arena, subjects));
    json_set(turn->arena, body, "subjects", subjects);
    json_set(turn->arena, body, "allowed", json_copy(turn->arena, json_member(estate, "allowed")));
    json_set_string(turn->arena, body, "by", turn->caller.name);
    (void)(standing_goes_on(&all, turn_put_json(turn, "estate/current", fresh, 0)) && standing_goes_on(&all, standing_change(turn, &world, "estate.changed", body)));
    return all == ERR_NONE ? reply_estate(turn, &world, fresh) : all;
}
