/*
 * Keep's own turns that end what is due by the steady clock: tokens, leases, and the slices of what was ended as a whole. Each turn takes a bounded number of rows and
 * starts the next, so that requests come between them; at most LEASE_ENDS_AT_ONCE leases are with their engines for each chain. Every piece of work stands in a row
 * with a due time, so that a crash or a seal only delays it.
 */
#include "engine/lease.h"

#include "engine/namespace.h"
#include "engine/operations.h"
#include "engine/token.h"

#include <string.h>

enum { CLAIM_MS = 300 * 1000, RETRY_MS = 10 * 1000, RETRY_MAX_MS = 3600 * 1000, CHAIN_MS = 5000, CUT_ROWS = 50, LATER_MS = 5000 };

static void join(enum err *all, enum err err)
{
    *all = *all == ERR_NONE || (*all == ERR_NEED && err != ERR_NONE) ? err : *all;
}

/* ---- one lease ---- */

static enum err mount_of_lease(struct turn *turn, const struct json *row, struct mount *ret_mount)
{
    return mount_remains(turn, json_text(row, "mount_path", SLICE_NONE), json_text(row, "mount", SLICE_NONE), ret_mount);
}

/* Nothing is left outside of a lease whose engine has nothing to end, or is not known any more. */
static enum err needs_engine(struct turn *turn, const struct json *row, bool *ret_needs)
{
    struct mount mount;
    enum err err = mount_of_lease(turn, row, &mount);
    *ret_needs = err == ERR_NONE && mount.engine->lease_end != NULL;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err claim(struct turn *turn, struct slice id, const struct json *row, int64_t until_ms)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "lease", id);
    json_set_i64(turn->arena, input, "until_ms", until_ms);
    enum err err = turn_put_json(turn, lease_path(turn, id), token_with(turn, row, "ended", json_boolean(turn->arena, true)), turn_due_steady(turn->steady_ms + CLAIM_MS));
    return err == ERR_NONE ? turn_start(turn, "own_lease_end", input) : err;
}

struct sweep {
    uint64_t ends_left;         /* leases that may still be handed to their engines */
    int64_t until_ms;           /* when this chain ends */
    size_t done;                /* rows that are gone or moved on */
};

static enum err sweep_lease(struct turn *turn, struct sweep *sweep, struct slice id)
{
    const struct json *row = NULL;
    bool needs = false;
    enum err err = turn_json(turn, lease_path(turn, id), &row);
    err = err == ERR_NONE ? needs_engine(turn, row, &needs) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    if (!needs) {
        sweep->done++;
        return lease_drop(turn, id, row);
    }
    if (sweep->ends_left == 0) {
        return ERR_NONE; /* another chain, or the next */
    }
    sweep->ends_left--;
    sweep->done++;
    return claim(turn, id, row, sweep->until_ms);
}

/* A row that holds the input of the turn that goes on with it: it is tried again unless that turn deletes it first. */
static enum err resume(struct turn *turn, const char *operation, struct slice path, struct slice bytes)
{
    struct json *input = NULL;
    enum err err = json_unpack(turn->arena, bytes, &input);
    err = err == ERR_NONE ? turn_put(turn, arena_string(turn->arena, path), bytes, turn_due_steady(turn->steady_ms + CLAIM_MS)) : ERR_DAMAGED;
    return err == ERR_NONE ? turn_start(turn, operation, input) : err;
}

enum way { WAY_TOKEN, WAY_LEASE, WAY_RESUME, WAY_DELETE };
static const struct {
    const char *folder;
    enum way way;
    const char *operation;              /* that a row goes on with */
} kinds[] = {
    {"token/id/", WAY_TOKEN, NULL},
    {"lease/at/", WAY_LEASE, NULL},
    {"token/end/", WAY_RESUME, "own_token_sweep"},
    {"lease/cut/", WAY_RESUME, "own_lease_cut"},
    {"sweep/", WAY_RESUME, "mount_sweep"},
    {"m/", WAY_DELETE, NULL},           /* an engine's own (a secret id): nothing hangs on it any more */
    {"lockout/", WAY_DELETE, NULL},
    {"moved/", WAY_DELETE, NULL},
};

static enum err sweep_row(struct turn *turn, struct sweep *sweep, struct slice path, struct slice bytes)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct slice rest = slice_from(path, strlen(kinds[i].folder));
        if (!slice_starts(path, slice_string(kinds[i].folder))) {
            continue;
        }
        sweep->done += kinds[i].way != WAY_LEASE;
        switch (kinds[i].way) {
        case WAY_TOKEN:
            return token_due(turn, rest);
        case WAY_LEASE:
            return sweep_lease(turn, sweep, rest);
        case WAY_RESUME:
            return resume(turn, kinds[i].operation, path, bytes);
        case WAY_DELETE:
            return turn_delete(turn, arena_string(turn->arena, path));
        }
    }
    return ERR_NONE;
}

/* Every few seconds, and as a chain while there is more: {"ends","until_ms"} (both may be missing). */
enum err operation_own_lease_sweep(struct turn *turn)
{
    struct turn_names due = {0}; /* untouched while it has to be asked for */
    struct sweep sweep = {.ends_left = LEASE_ENDS_AT_ONCE, .until_ms = turn->steady_ms + CHAIN_MS};
    (void)!json_u64(turn->input, "ends", &sweep.ends_left);
    (void)!json_i64(turn->input, "until_ms", &sweep.until_ms);
    enum err all = turn_due_leases(turn, LEASE_SWEEP_ROWS, &due);
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < due.count; i++) {
        join(&all, sweep_row(turn, &sweep, due.names[i], due.bytes[i]));
    }
    if (all == ERR_NONE && due.count == LEASE_SWEEP_ROWS && sweep.done > 0) {
        struct json *input = json_new(turn->arena, JSON_OBJECT);
        json_set_u64(turn->arena, input, "ends", sweep.ends_left);
        json_set_i64(turn->arena, input, "until_ms", sweep.until_ms);
        all = turn_start(turn, "own_lease_sweep", input);
    }
    return all;
}

/* ---- with its engine ---- */

static enum err note_failure(struct turn *turn, struct slice id, const struct json *row, enum err failed)
{
    uint64_t failures = token_number(row, "failed") + 1;
    int64_t pause_ms = failures > 9 ? RETRY_MAX_MS : (int64_t)RETRY_MS << (failures - 1);
    struct slice text = turn->complaint.text.english != NULL ? slice_string(turn->complaint.text.english) : slice_string(err_text(failed, LANGUAGE_ENGLISH));
    struct json *noted = token_with(turn, row, "failed", json_number_u64(turn->arena, failures)), *entry = json_new(turn->arena, JSON_OBJECT);
    noted = noted == NULL ? NULL : token_with(turn, noted, "error", json_string(turn->arena, text));
    char *stuck = NULL;
    json_set_string(turn->arena, entry, "lease", id);
    json_set_string(turn->arena, entry, "error", text);
    pause_ms = pause_ms > RETRY_MAX_MS || failures >= LEASE_STUCK_FAILURES ? RETRY_MAX_MS : pause_ms;
    enum err err = turn_put_json(turn, lease_path(turn, id), noted, turn_due_steady(turn->steady_ms + pause_ms));
    if (err == ERR_NONE && failures == LEASE_STUCK_FAILURES) {
        err = lease_stuck_path(turn, id, &stuck);
        err = err == ERR_NONE ? turn_put_json(turn, stuck, entry, 0) : err;
        err = err == ERR_NONE ? turn_evidence(turn, "lease.stuck", entry, NULL) : err;
    }
    return err;
}

static enum err go_on(struct turn *turn)
{
    int64_t until_ms = 0;
    if (json_i64(turn->input, "until_ms", &until_ms) != ERR_NONE || turn->steady_ms >= until_ms) {
        return ERR_NONE;
    }
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, input, "ends", 1);
    json_set_i64(turn->arena, input, "until_ms", until_ms);
    return turn_start(turn, "own_lease_sweep", input);
}

/* Keep's own: {"lease","until_ms"}. The engine ends what the lease stands for; what fails is tried again, more and more seldom. */
enum err operation_own_lease_end(struct turn *turn)
{
    struct slice id = json_text(turn->input, "lease", SLICE_NONE);
    const struct json *row = NULL;
    struct mount mount;
    enum err err = turn_json(turn, lease_path(turn, id), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    err = mount_of_lease(turn, row, &mount);
    if (err == ERR_NONE && mount.engine->lease_end != NULL) {
        turn->mount = &mount;
        err = mount.engine->lease_end(turn, json_member(row, "data"));
        turn->mount = NULL;
    }
    if (err == ERR_NEED) {
        return err;
    }
    err = err == ERR_NONE || err == ERR_NOT_FOUND ? lease_drop(turn, id, row) : note_failure(turn, id, row, err);
    return err == ERR_NONE ? go_on(turn) : err;
}

/* ---- cuts ---- */

static bool lies_below(struct slice path, struct slice prefix)
{
    return slice_starts(path, prefix) && (path.len == prefix.len || path.data[prefix.len] == '/');
}

static enum err cut_lease(struct turn *turn, struct slice id, const struct json *row, const struct json *cut)
{
    int64_t issued_ms = 0, at_ms = 0;
    if (json_i64(row, "issued_ms", &issued_ms) != ERR_NONE || json_i64(cut, "at_ms", &at_ms) != ERR_NONE) {
        return ERR_DAMAGED;
    }
    if (issued_ms > at_ms) {
        return ERR_NONE;
    }
    return json_bool(cut, "force", false) ? lease_drop(turn, id, row) : lease_end(turn, id);
}

static enum err cut_token(struct turn *turn, struct slice id, const struct json *row, const struct json *cut)
{
    int64_t at_ms = 0;
    enum err err = json_i64(cut, "at_ms", &at_ms);
    bool is_below = lies_below(namespace_path_of(turn, row), json_text(cut, "prefix", SLICE_NONE));
    return err != ERR_NONE ? ERR_DAMAGED : is_below && token_expires_s(row) != 0 && token_created_ms(row) <= at_ms ? token_end(turn, id) : ERR_NONE;
}

/* A slice of rows below `folder` after the cursor. */
static enum err cut_slice(struct turn *turn, const char *folder, size_t skip, enum err (*one)(struct turn *, struct slice, const struct json *, const struct json *),
                          struct slice *ret_after)
{
    struct turn_names rows;
    enum err all = turn_list(turn, folder, json_text(turn->input, "after", SLICE_NONE), CUT_ROWS, &rows);
    for (size_t i = 0, count = all == ERR_NONE ? rows.count : 0; i < count; i++) {
        struct json *row = NULL;
        enum err err = json_unpack(turn->arena, rows.bytes[i], &row);
        join(&all, err == ERR_NONE ? one(turn, slice_from(rows.names[i], skip), row, turn->input) : ERR_DAMAGED);
    }
    *ret_after = all == ERR_NONE && rows.count == CUT_ROWS ? rows.names[rows.count - 1] : SLICE_NONE;
    return all;
}

static enum err cut_goes_on(struct turn *turn, const char *path, const char *stage, struct slice after)
{
    static const char *const kept[] = {"prefix", "at_ms", "force"};
    struct json *next = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct json *member = json_member(turn->input, kept[i]);
        json_set(turn->arena, next, kept[i], member == NULL ? json_new(turn->arena, JSON_NULL) : json_copy(turn->arena, member));
    }
    json_set_string(turn->arena, next, "stage", slice_string(stage));
    json_set_string(turn->arena, next, "after", after);
    enum err err = turn_put_json(turn, path, next, turn_due_steady(turn->steady_ms + CLAIM_MS));
    return err == ERR_NONE ? turn_start(turn, "own_lease_cut", next) : err;
}

/* Keep's own, with what stands in lease/cut/PREFIX: leases first, then the tokens of a login. The row goes when nothing is left that it has to deny. */
enum err operation_own_lease_cut(struct turn *turn)
{
    struct slice prefix = json_text(turn->input, "prefix", SLICE_NONE), stage = json_text(turn->input, "stage", SLICE_NONE), after;
    char *path = turn_path(turn, "lease/cut/%.*s", (int)prefix.len, (const char *)prefix.data);
    enum err err = turn_exists(turn, path);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    bool is_login = slice_starts(prefix, SLICE_LITERAL("auth/")) || slice_is(prefix, "auth");
    if (slice_is(stage, "tokens")) {
        err = cut_slice(turn, "token/id/", sizeof "token/id/" - 1, cut_token, &after);
        return err != ERR_NONE ? err : after.len > 0 ? cut_goes_on(turn, path, "tokens", after) : turn_delete(turn, path);
    }
    err = cut_slice(turn, turn_path(turn, "lease/at/%.*s/", (int)prefix.len, (const char *)prefix.data), sizeof "lease/at/" - 1, cut_lease, &after);
    if (err != ERR_NONE || after.len > 0) {
        return err != ERR_NONE ? err : cut_goes_on(turn, path, "leases", after);
    }
    err = is_login ? cut_goes_on(turn, path, "tokens", SLICE_NONE) : turn_delete(turn, path);
    return err == ERR_NONE ? turn_start(turn, "own_lease_sweep", NULL) : err;
}
