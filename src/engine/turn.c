#include "engine/turn_inside.h"

#include "base/time.h"
#include "engine/device.h"
#include "engine/mount.h"
#include "engine/namespace.h"
#include "engine/quota.h"
#include "engine/wrap.h"
#include "ledger/commitment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn *turn_new(struct state *state, const struct surroundings *around)
{
    struct turn *turn = calloc(1, sizeof *turn);
    struct turn_private *inside = calloc(1, sizeof *inside);
    struct arena *arena = arena_new(TURN_ARENA_MAX_BYTES);
    struct arena *lasting = arena_new(TURN_ARENA_MAX_BYTES);
    if (turn == NULL || inside == NULL || arena == NULL || lasting == NULL) {
        free(turn);
        free(inside);
        arena_free(arena);
        arena_free(lasting);
        return NULL;
    }
    turn->inside = inside;
    turn->arena = arena;
    turn->state = state;
    turn->around = around;
    inside->lasting = lasting;
    inside->scratch = BUF_INIT(ROW_MAX_BYTES);
    return turn;
}

void turn_reset(struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    struct turn_private kept = {.lasting = inside->lasting, .refusal = inside->refusal, .row_asks = inside->row_asks, .row_ask_capacity = inside->row_ask_capacity,
                                .evidence = inside->evidence, .evidence_capacity = inside->evidence_capacity, .scratch = inside->scratch};
    turn_release_rows(turn);
    wipe(inside->seed, sizeof inside->seed);
    wipe(kept.scratch.data, kept.scratch.len);
    buf_clear(&kept.scratch);
    arena_reset(turn->arena);
    arena_reset(inside->lasting);
    if (inside->refusal != NULL) {
        arena_reset(inside->refusal);
    }
    *inside = kept;
    *turn = (struct turn){.arena = turn->arena, .state = turn->state, .around = turn->around, .inside = inside};
}

size_t turn_memory(const struct turn *turn)
{
    return arena_used(turn->arena) + arena_used(turn->inside->lasting) + turn->inside->scratch.capacity;
}

void turn_free(struct turn *turn)
{
    if (turn == NULL) {
        return;
    }
    wipe(turn->inside->scratch.data, turn->inside->scratch.capacity);
    buf_free(&turn->inside->scratch);
    turn_release_rows(turn);
    arena_free(turn->arena);
    wipe(turn->inside->seed, sizeof turn->inside->seed);
    arena_free(turn->inside->lasting);
    arena_free(turn->inside->refusal);
    free(turn->inside->row_asks);
    free(turn->inside->evidence);
    free(turn->inside);
    free(turn);
}

enum err turn_begin_request(struct turn *turn, struct slice body, int64_t now_ms, const uint8_t seed[32])
{
    struct turn_private *inside = turn->inside;
    struct slice copy = arena_copy(inside->lasting, body);
    struct request *request = arena_alloc(inside->lasting, sizeof *request);
    if (request == NULL || copy.data == NULL) {
        return ERR_MEMORY;
    }
    enum err err = request_get(inside->lasting, copy, request);
    if (err != ERR_NONE) {
        return err;
    }
    turn->request = inside->request = request;
    turn->now_ms = now_ms;
    turn->steady_ms = now_ms + turn->around->steady_ahead_ms;
    memcpy(inside->seed, seed, sizeof inside->seed);
    return ERR_NONE;
}

enum err turn_begin_input(struct turn *turn, const char *operation, struct slice packed_input, int64_t now_ms, const uint8_t seed[32])
{
    struct turn_private *inside = turn->inside;
    struct slice copy = arena_copy(inside->lasting, packed_input);
    struct json *input = NULL;
    enum err err = json_unpack(inside->lasting, copy, &input);
    if (err != ERR_NONE) {
        return err;
    }
    turn->input = input;
    turn->now_ms = now_ms;
    turn->steady_ms = now_ms + turn->around->steady_ahead_ms;
    inside->operation = operation_find(operation);
    memcpy(inside->seed, seed, sizeof inside->seed);
    return inside->operation == NULL ? ERR_INTERNAL : ERR_NONE;
}

static void forget_run(struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    turn_release_rows(turn);
    arena_reset(turn->arena);
    inside->random_count = 0;
    inside->needs = false;
    inside->row_ask_count = 0;
    inside->effects = NULL;
    inside->last_effect = NULL;
    inside->last_kept = NULL;
    inside->effect_bytes = 0;
    inside->evidence_count = 0;
    inside->started = NULL;
    inside->ignored = SLICE_NONE;
    inside->devices = NULL;
    turn->caller = (struct caller){0};
    turn->reply = (struct reply){0};
    turn->complaint = (struct complaint){0};
    turn->retry_after_s = 0;
    turn->mount = NULL;
    turn->space = (struct namespace){.path = SLICE_NONE};
    turn->request = inside->request;
}

/* A store that went back takes unsealing and logins, so that somebody may reopen it, and nothing else. */
static bool is_allowed_before_reopen(const struct route *route)
{
    struct slice operation = slice_string(route->operation);
    return slice_starts(slice_string(route->pattern), SLICE_LITERAL("auth/")) || slice_is(operation, "ledger_reopen") || slice_is(operation, "sys_unseal") ||
           slice_is(operation, "sys_seal");
}

/* Once a turn: the same request has the same route in every run. */
static enum err find_route(struct turn *turn)
{
    struct route_match match;
    enum err err = route_find(turn->request->verb, turn->request->path, &match);
    bool is_as_it_came = turn->request == turn->inside->request;
    if (err == ERR_NOT_FOUND && (is_as_it_came ? turn->inside->may_be_mounted : route_may_be_mounted(turn->request->path))) {
        turn->inside->is_mounted = true;
        turn->route = route_mounted();
        return ERR_NONE;
    }
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < ROUTE_VALUES_MAX; i++) {
        turn->values[i] = is_as_it_came || match.values[i].len == 0 ? match.values[i] : arena_copy(turn->inside->lasting, match.values[i]); /* a namespace's path ends with the run */
        if (turn->values[i].len > 0 && turn->values[i].data == NULL) {
            return ERR_MEMORY;
        }
    }
    turn->route = match.route;
    turn->inside->operation = operation_find(match.route->operation);
    return ERR_NONE;
}

/* A namespace has some of the table's routes. Where only the path names it, gate could not tell which route it is, so what gate alone reads is not taken. */
static enum err check_space(struct turn *turn)
{
    if (turn->inside->is_mounted || turn->space.id.len == 0) {
        return ERR_NONE;
    }
    bool is_read_by_gate = (turn->route->flags & (ROUTE_RAW_BODY | ROUTE_RAW_REPLY)) != 0;
    for (const struct field *field = turn->route->fields; field->name != NULL; field++) {
        is_read_by_gate = is_read_by_gate || (field->type == FIELD_HCL && turn->request->verb == VERB_WRITE);
    }
    if (turn->space.is_by_path && is_read_by_gate) {
        return turn_refuse(turn, ERR_INVALID, TEXT("name the namespace with the header X-Vault-Namespace for this", "dafür bitte den Namensraum mit der Kopfzeile X-Vault-Namespace nennen"), SLICE_NONE);
    }
    return namespace_check_route(turn, turn->route);
}

/* The body as the engine's route wants it, in a copy of the request. */
static enum err check_body(struct turn *turn, const struct route *route)
{
    const struct request *given = turn->request;
    bool has_body = given->verb == VERB_WRITE || given->verb == VERB_PATCH || (given->verb == VERB_DELETE && given->body != NULL);
    struct request *checked = arena_alloc(turn->arena, sizeof *checked);
    if (checked == NULL) {
        return ERR_MEMORY;
    }
    *checked = *given;
    turn->request = checked;
    if (!has_body || (route->flags & ROUTE_RAW_BODY) != 0) {
        return ERR_NONE;
    }
    const struct json *known = NULL;
    enum err err = route_known(route, turn->arena, given->body, &known, &turn->inside->ignored);
    return err == ERR_NONE ? route_check(route, turn->arena, known, &checked->body, &turn->complaint) : err;
}

/* Who misspelled a field learns it from a warning, as with Vault. */
static enum err warn_of_ignored(struct turn *turn)
{
    struct slice names = turn->inside->ignored;
    char *warning = turn_path(turn, "Endpoint ignored these unrecognized parameters: [%.*s]", (int)names.len, (const char *)names.data);
    if (warning == NULL || turn->reply.kind == REPLY_RAW) {
        return warning == NULL ? ERR_MEMORY : ERR_NONE;
    }
    return turn->reply.kind == REPLY_NONE ? turn_reply_warning(turn, 200, warning) : turn_reply_warn(turn, warning);
}

/* Below a mount: which engine answers, by which of its routes. What there is not is said only to those who may ask there. */
static enum err find_mounted(struct turn *turn, enum err *ret_missing)
{
    struct mount *mount = arena_alloc(turn->arena, sizeof *mount);
    struct slice rest;
    struct route_match match = {0};
    enum err err = mount == NULL ? ERR_MEMORY : mount_find(turn, turn->request->path, mount, &rest);
    turn->route = route_mounted();
    turn->inside->operation = NULL;
    if (err == ERR_NOT_FOUND) {
        *ret_missing = turn_refuse(turn, err, TEXT("no handler for route", "unter diesem Pfad gibt es nichts"), turn->request->path);
        return ERR_NONE;
    }
    if (err != ERR_NONE) {
        return err;
    }
    turn->mount = mount;
    err = route_find_in(mount->engine->routes, mount->engine->route_count, turn->request->verb, rest, &match);
    if (err != ERR_NONE) {
        *ret_missing = err == ERR_METHOD ? turn_refuse(turn, err, TEXT("unsupported operation", "das kann diese Engine hier nicht"), SLICE_NONE)
                                         : turn_refuse(turn, err, TEXT("unsupported path", "diesen Pfad kennt die Engine nicht"), rest);
        return ERR_NONE;
    }
    turn->route = match.route;
    memcpy(turn->values, match.values, sizeof turn->values);
    turn->inside->operation = operation_find(match.route->operation);
    return ERR_NONE;
}

/* A request: is there such a route, is Vogt in a state to answer it, may the caller? Then its operation. */
static enum err run_request(struct turn *turn)
{
    enum err err = namespace_enter(turn);
    err = err == ERR_NONE && turn->route == NULL ? find_route(turn) : err;
    err = err == ERR_NONE ? check_space(turn) : err;
    if (err != ERR_NONE) {
        return err;
    }
    unsigned flags = turn->route->flags;
    if ((flags & ROUTE_WHILE_SEALED) == 0 && turn->around->sealed) {
        return turn->around->initialized ? ERR_SEALED : ERR_UNINITIALIZED;
    }
    enum err missing = ERR_NONE, devices = (flags & ROUTE_WHILE_SEALED) == 0 ? device_load(turn, &turn->inside->devices) : ERR_NONE;
    if (devices != ERR_NONE && devices != ERR_NEED) {
        return devices;
    }
    if (turn->inside->is_mounted) {
        err = find_mounted(turn, &missing);
        flags = turn->route->flags;
    }
    struct complaint what_is_missing = turn->complaint;
    turn->complaint = (struct complaint){0};
    if (err == ERR_NONE && !turn->inside->is_counted) {
        err = quota_check(turn);
        turn->inside->is_counted = err == ERR_NONE;
    }
    if (err == ERR_NONE && (flags & ROUTE_PUBLIC) == 0) {
        err = turn_authorize(turn);
    }
    if (err == ERR_NONE && missing != ERR_NONE) { /* said only to those who may ask there */
        turn->complaint = what_is_missing;
        err = missing;
    }
    err = err == ERR_NONE && (turn->mount != NULL || (turn->space.is_by_path && !turn->inside->is_mounted)) ? check_body(turn, turn->route) : err;
    err = devices == ERR_NEED ? ERR_NEED : err; /* who is refused is told to the devices as well */
    if (err != ERR_NONE) {
        return err;
    }
    if (turn->around->reopen_needed && (flags & ROUTE_EFFECT) != 0 && !is_allowed_before_reopen(turn->route)) {
        return turn_refuse(turn, ERR_CONFLICT, TEXT("the store is older than its last checkpoint; it takes nothing until `vogt ledger reopen`",
                                                    "der Bestand ist älter als sein letzter Checkpoint; er nimmt nichts an bis `vogt ledger reopen`"), SLICE_NONE);
    }
    err = turn->inside->devices != NULL ? device_ask(turn, turn->inside->devices) : ERR_NONE;
    if (err != ERR_NONE) {
        return err;
    }
    operation_fn operation = turn->inside->operation;
    err = operation == NULL ? ERR_INTERNAL : operation(turn);
    err = err == ERR_NONE && turn->inside->ignored.len > 0 ? warn_of_ignored(turn) : err;
    bool may_wrap = turn->request->wrap_ttl.len > 0 && (flags & ROUTE_WHILE_SEALED) == 0;
    err = err == ERR_NONE && may_wrap ? wrap_reply(turn) : err;
    turn->reply.is_login = (flags & ROUTE_PUBLIC) != 0;
    return err;
}

static bool needs_barrier(const struct turn *turn)
{
    for (const struct effect *effect = turn->inside->effects; effect != NULL; effect = effect->next) {
        if (!slice_starts(effect->path, SLICE_LITERAL("boot/"))) {
            return true;
        }
    }
    return turn->inside->evidence_count > 0;
}

static void drop_changes(struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    if (inside->last_kept == NULL) {
        inside->effects = NULL;
    } else {
        inside->last_kept->next = NULL;
    }
    inside->last_effect = inside->last_kept;
    inside->evidence_count = 0;
    inside->started = NULL;
}

void turn_fail(struct turn *turn, enum err err)
{
    turn->inside->last_kept = NULL;
    drop_changes(turn);
    reply_error(turn, err);
}

enum err turn_run(struct turn *turn)
{
    struct turn_private *inside = turn->inside;
    forget_run(turn);
    if (inside->rounds++ >= TURN_ROUNDS_MAX) {
        reply_error(turn, ERR_TOO_LARGE);
        return ERR_TOO_LARGE;
    }
    enum err err = turn->request != NULL ? run_request(turn) : inside->operation(turn);
    if (err == ERR_NEED && inside->needs) {
        return ERR_NEED;
    }
    if (err == ERR_NONE && state_barrier(turn->state) == NULL && needs_barrier(turn)) {
        err = ERR_SEALED; /* a turn of keep's own, before unsealing */
    }
    if (err == ERR_NONE && inside->effect_bytes > TURN_EFFECTS_MAX_BYTES) {
        err = turn_refuse(turn, ERR_TOO_LARGE, TEXT("this would change more at once than 48 MiB; do it in parts", "das würde auf einmal mehr als 48 MiB ändern; bitte in Teilen"), SLICE_NONE);
    }
    if (err != ERR_NONE) {
        drop_changes(turn);
        reply_error(turn, err == ERR_NEED ? ERR_INTERNAL : err);
    }
    return err;
}

void turn_random(struct turn *turn, void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len > 0) {
        uint8_t block[SHA256_BYTES], counter[8];
        store_u64_little(counter, turn->inside->random_count++);
        sha256_prefixed(0x52, slice_of(turn->inside->seed, sizeof turn->inside->seed), slice_of(counter, sizeof counter), block);
        size_t take = len < sizeof block ? len : sizeof block;
        memcpy(bytes, block, take);
        bytes += take;
        len -= take;
        wipe(block, sizeof block);
    }
}

/* ---- replies and small helpers ---- */

struct slice turn_field(const struct turn *turn, const char *name)
{
    return turn->request == NULL ? json_text(turn->input, name, SLICE_NONE) : json_text(turn->request->body, name, SLICE_NONE);
}

struct slice turn_query(const struct turn *turn, const char *name)
{
    return turn->request == NULL ? SLICE_NONE : json_text(turn->request->query, name, SLICE_NONE);
}

enum err turn_refuse(struct turn *turn, enum err err, struct text text, struct slice detail)
{
    return complain(&turn->complaint, err, text, 0, 0, (const char *)detail.data, detail.len);
}

enum { USUAL_TTL_S = 32 * 24 * 3600 };

uint64_t turn_max_ttl_s(const struct turn *turn)
{
    return turn->around == NULL || turn->around->max_lease_s == 0 ? USUAL_TTL_S : turn->around->max_lease_s;
}

uint64_t turn_default_ttl_s(const struct turn *turn)
{
    uint64_t own = turn->around == NULL || turn->around->default_lease_s == 0 ? USUAL_TTL_S : turn->around->default_lease_s, max = turn_max_ttl_s(turn);
    return own < max ? own : max;
}
