/* How a token ends: it at once, what belongs to it in slices. */
#include "engine/token.h"

#include "engine/lease.h"
#include "engine/operations.h"

enum { SLICE_ROWS = 20, CUT_LOOK_MS = 24 * 3600 * 1000 };

static char *below(struct turn *turn, const char *folder, struct slice id)
{
    return turn_path(turn, "%s/%.*s/", folder, (int)id.len, (const char *)id.data);
}

static char *end_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "token/end/%.*s", (int)id.len, (const char *)id.data);
}

/* Everything that these calls still need is asked for at once. */
static void join(enum err *all, enum err err)
{
    *all = *all == ERR_NONE || (*all == ERR_NEED && err != ERR_NONE) ? err : *all;
}

static enum err start_sweep(struct turn *turn, struct slice id, bool keeps_children)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "id", id);
    json_set_bool(turn->arena, input, "keeps_children", keeps_children);
    enum err err = turn_put_json(turn, end_path(turn, id), input, turn_due_steady(turn->steady_ms));
    return err == ERR_NONE ? turn_start(turn, "own_token_sweep", input) : err;
}

static bool leaves_something(const struct json *row)
{
    return json_bool(row, "children", false) || json_bool(row, "leases", false) || json_bool(row, "cubby", false);
}

enum err token_end(struct turn *turn, struct slice id)
{
    const struct json *row = NULL;
    enum err all = turn_json(turn, token_row_path(turn, id), &row);
    if (all != ERR_NONE) {
        return all == ERR_NOT_FOUND ? ERR_NONE : all;
    }
    struct slice accessor = json_text(row, "accessor", SLICE_NONE), parent = json_text(row, "parent", SLICE_NONE);
    join(&all, turn_delete(turn, token_row_path(turn, id)));
    if (accessor.len > 0) {
        join(&all, turn_delete(turn, token_accessor_path(turn, row)));
    }
    if (parent.len > 0) {
        join(&all, turn_delete(turn, turn_path(turn, "token/child/%.*s/%.*s", (int)parent.len, (const char *)parent.data, (int)id.len, (const char *)id.data)));
    }
    if (leaves_something(row)) {
        join(&all, start_sweep(turn, id, false));
    }
    return all;
}

enum err token_cut(struct turn *turn, const struct token *token)
{
    const struct json *row = token->row;
    struct slice parent = json_text(row, "parent", SLICE_NONE), id = token->id;
    struct json *mark = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, mark, "cut", true);
    enum err all = turn_put_json(turn, token_row_path(turn, id), mark, turn_due_steady(turn->steady_ms + CUT_LOOK_MS));
    join(&all, turn_delete(turn, token_accessor_path(turn, row)));
    if (parent.len > 0) {
        join(&all, turn_delete(turn, turn_path(turn, "token/child/%.*s/%.*s", (int)parent.len, (const char *)parent.data, (int)id.len, (const char *)id.data)));
    }
    join(&all, start_sweep(turn, id, true));
    return all;
}

enum err token_due(struct turn *turn, struct slice id)
{
    const struct json *row = NULL;
    struct turn_names children;
    enum err err = turn_json(turn, token_row_path(turn, id), &row);
    if (err != ERR_NONE || !json_bool(row, "cut", false)) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err != ERR_NONE ? err : token_end(turn, id);
    }
    err = turn_list(turn, below(turn, "token/child", id), SLICE_NONE, 1, &children);
    if (err != ERR_NONE) {
        return err;
    }
    return children.count == 0 ? turn_delete(turn, token_row_path(turn, id)) : turn_put_json(turn, token_row_path(turn, id), row, turn_due_steady(turn->steady_ms + CUT_LOOK_MS));
}

/* ---- the slices ---- */

/* The children of an ended token: each ends as its parent did. */
static enum err end_children(struct turn *turn, struct slice id, size_t *ret_count)
{
    struct turn_names rows;
    enum err all = turn_list(turn, below(turn, "token/child", id), SLICE_NONE, SLICE_ROWS, &rows);
    *ret_count = all == ERR_NONE ? rows.count : 0;
    size_t skip = sizeof "token/child//" - 1 + id.len;
    for (size_t i = 0, count = *ret_count; i < count; i++) {
        join(&all, token_end(turn, slice_from(rows.names[i], skip)));
        join(&all, turn_delete(turn, arena_string(turn->arena, rows.names[i]))); /* of a child whose row is gone already, too */
    }
    return all;
}

static enum err end_cubbyhole(struct turn *turn, struct slice id, size_t *ret_count)
{
    struct turn_names rows;
    enum err all = turn_list(turn, below(turn, "cubby", id), SLICE_NONE, SLICE_ROWS, &rows);
    *ret_count = all == ERR_NONE ? rows.count : 0;
    for (size_t i = 0, count = *ret_count; i < count; i++) {
        join(&all, turn_delete(turn, arena_string(turn->arena, rows.names[i])));
    }
    return all;
}

/* Keep's own: {"id"}. The row token/end/ID, which holds the same, brings it back after a restart (own_lease_sweep). */
enum err operation_own_token_sweep(struct turn *turn)
{
    struct slice id = json_text(turn->input, "id", SLICE_NONE);
    size_t children = 0, secrets = 0, leases = 0;
    enum err all = json_bool(turn->input, "keeps_children", false) ? ERR_NONE : end_children(turn, id, &children);
    join(&all, end_cubbyhole(turn, id, &secrets));
    join(&all, lease_end_of_token(turn, id, SLICE_ROWS, &leases));
    if (all == ERR_NONE && leases > 0) {
        all = turn_start(turn, "own_lease_sweep", NULL);
    }
    if (all != ERR_NONE) {
        return all;
    }
    return children + secrets + leases > 0 ? turn_start(turn, "own_token_sweep", turn->input) : turn_delete(turn, end_path(turn, id));
}
