/* The row boot/clock: read at the start, before anything lives by the steady clock; written by keep's own turns. */
#include "engine/steady.h"

#include "engine/operations.h"

#include <string.h>

static const char path[] = "boot/clock";

enum err steady_load(struct turn *turn, struct anchor *ret_anchor)
{
    const struct json *row = NULL;
    struct anchor anchor = {.steady_ms = 0};
    enum err err = turn_json(turn, path, &row);
    err = err == ERR_NONE ? json_i64(row, "steady_ms", &anchor.steady_ms) : err;
    err = err == ERR_NONE ? json_i64(row, "wall_ms", &anchor.wall_ms) : err;
    err = err == ERR_NONE ? json_i64(row, "mono_ms", &anchor.mono_ms) : err;
    struct slice boot = json_text(row, "boot", SLICE_NONE);
    if (err != ERR_NONE) {
        return err;
    }
    if (boot.len > 0 && boot.len < sizeof anchor.boot) {
        memcpy(anchor.boot, boot.data, boot.len);
    }
    *ret_anchor = anchor;
    return ERR_NONE;
}

/* Keep's own: what all clocks showed. A step of the wall is an event that people should see. */
enum err operation_own_clock(struct turn *turn)
{
    int64_t step_ms = 0;
    struct json *row = json_new(turn->arena, JSON_OBJECT), *record = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = turn->input->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "step_ms")) {
            json_set(turn->arena, row, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    enum err err = turn_put_json(turn, path, row, 0);
    if (err == ERR_NONE && json_i64(turn->input, "step_ms", &step_ms) == ERR_NONE && step_ms != 0) {
        json_set_i64(turn->arena, record, "by_ms", step_ms);
        err = turn_evidence(turn, "clock.stepped", record, NULL);
    }
    return err;
}
