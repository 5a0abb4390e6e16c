/* Rows as a turn sees them: what is stored with what it has changed itself on top; and its effects, taken together when it ends. */
#include "engine/turn_inside.h"

#include "base/array.h"
#include "base/time.h"
#include "ledger/commitment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err ask_row(struct turn *turn, struct slice path)
{
    struct turn_private *inside = turn->inside;
    struct slice *asks = array_room(inside->row_asks, inside->row_ask_count, &inside->row_ask_capacity, sizeof *asks);
    if (asks == NULL) {
        return ERR_MEMORY;
    }
    inside->row_asks = asks;
    inside->row_asks[inside->row_ask_count++] = path;
    inside->needs = true;
    return ERR_NEED;
}

static const struct effect *own_effect(const struct turn *turn, struct slice path)
{
    const struct effect *found = NULL;
    for (const struct effect *effect = turn->inside->effects; effect != NULL; effect = effect->next) {
        if (slice_equal(effect->path, path)) {
            found = effect;
        }
    }
    return found;
}

void turn_release_rows(struct turn *turn)
{
    for (struct held_row *held = turn->inside->held; held != NULL; held = held->next) {
        opened_release(held->opened);
    }
    turn->inside->held = NULL;
}

/* *ret_opened: NULL if rows like this one do not stay open. */
static enum err hold(struct turn *turn, const struct stored_row *row, const struct opened_row **ret_opened)
{
    struct opened_row *opened = NULL;
    enum err err = state_hold(turn->state, row, &opened);
    struct held_row *held = opened == NULL ? NULL : arena_alloc(turn->arena, sizeof *held);
    if (opened != NULL && held == NULL) {
        opened_release(opened);
        return ERR_MEMORY;
    }
    if (held != NULL) {
        *held = (struct held_row){turn->inside->held, opened};
        turn->inside->held = held;
    }
    *ret_opened = opened;
    return err;
}

static enum err open_alone(struct turn *turn, const struct stored_row *row, struct slice *ret_bytes)
{
    struct buf *scratch = &turn->inside->scratch;
    buf_clear(scratch);
    enum err err = state_open(turn->state, row, scratch);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_bytes = arena_copy(turn->arena, buf_slice(scratch));
    return ret_bytes->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err turn_open_row(struct turn *turn, const struct stored_row *row, struct slice *ret_bytes)
{
    const struct opened_row *opened = NULL;
    enum err err = hold(turn, row, &opened);
    if (err != ERR_NONE || opened == NULL) {
        return err != ERR_NONE ? err : open_alone(turn, row, ret_bytes);
    }
    *ret_bytes = opened->bytes;
    return ERR_NONE;
}

/* The newest of a row: what this turn makes of it (*ret_effect), or what is stored. */
static enum err find_row(struct turn *turn, const char *path, const struct effect **ret_effect, struct stored_row *ret_row)
{
    if (path == NULL) {
        return ERR_MEMORY;
    }
    struct slice name = slice_string(path);
    *ret_effect = own_effect(turn, name);
    if (*ret_effect != NULL) {
        return (*ret_effect)->is_delete ? ERR_NOT_FOUND : ERR_NONE;
    }
    enum lookup lookup = state_row(turn->state, name, ret_row);
    return lookup == LOOKUP_UNKNOWN ? ask_row(turn, name) : lookup == LOOKUP_ABSENT ? ERR_NOT_FOUND : ERR_NONE;
}

enum err turn_row(struct turn *turn, const char *path, struct slice *ret_bytes)
{
    const struct effect *effect = NULL;
    struct stored_row row;
    enum err err = find_row(turn, path, &effect, &row);
    if (err == ERR_NONE && effect != NULL) {
        *ret_bytes = effect->bytes;
    }
    return err != ERR_NONE || effect != NULL ? err : turn_open_row(turn, &row, ret_bytes);
}

enum err turn_json(struct turn *turn, const char *path, const struct json **ret_tree)
{
    const struct effect *effect = NULL;
    const struct opened_row *opened = NULL;
    struct stored_row row;
    struct slice bytes;
    enum err err = find_row(turn, path, &effect, &row);
    err = err == ERR_NONE && effect == NULL ? hold(turn, &row, &opened) : err;
    if (err == ERR_NONE && opened != NULL) {
        *ret_tree = opened->tree;
        return opened->tree == NULL ? ERR_DAMAGED : ERR_NONE;
    }
    bytes = effect == NULL ? SLICE_NONE : effect->bytes;
    err = err == ERR_NONE && effect == NULL ? open_alone(turn, &row, &bytes) : err;
    struct json *tree = NULL;
    err = err == ERR_NONE ? json_unpack(turn->arena, bytes, &tree) : err;
    *ret_tree = tree;
    return err == ERR_MALFORMED ? ERR_DAMAGED : err;
}

enum err turn_exists(struct turn *turn, const char *path)
{
    const struct effect *effect = NULL;
    struct stored_row row;
    return find_row(turn, path, &effect, &row);
}

bool turn_want(struct turn *turn, const char *path)
{
    struct stored_row row;
    if (path == NULL || own_effect(turn, slice_string(path)) != NULL || state_row(turn->state, slice_string(path), &row) != LOOKUP_UNKNOWN) {
        return true;
    }
    (void)!ask_row(turn, slice_string(path));
    return false;
}

enum err turn_is_new(struct turn *turn, const char *path)
{
    return path == NULL ? ERR_MEMORY : state_supply(turn->state, slice_string(path), NULL);
}

/* ---- effects ---- */

static enum err add_effect(struct turn *turn, const char *path, struct slice bytes, int64_t due_ms, bool is_delete)
{
    if (path == NULL) {
        return ERR_MEMORY;
    }
    struct slice name = slice_string(path);
    struct stored_row row;
    if (name.len > PATH_MAX_BYTES || bytes.len > ROW_MAX_BYTES - SEALED_OVERHEAD_BYTES) {
        return ERR_TOO_LARGE;
    }
    if (state_row(turn->state, name, &row) == LOOKUP_UNKNOWN) {
        return ask_row(turn, name);
    }
    struct effect *effect = arena_alloc(turn->arena, sizeof *effect);
    struct slice copy = arena_copy(turn->arena, bytes);
    if (effect == NULL || (bytes.len > 0 && copy.data == NULL)) {
        return ERR_MEMORY;
    }
    *effect = (struct effect){.path = name, .bytes = copy, .due_ms = due_ms, .is_delete = is_delete};
    if (turn->inside->effects == NULL) {
        turn->inside->effects = effect;
    } else {
        turn->inside->last_effect->next = effect;
    }
    turn->inside->last_effect = effect;
    turn->inside->effect_bytes += bytes.len + name.len;
    return ERR_NONE;
}

int64_t turn_wall_ms(const struct turn *turn, int64_t steady_ms)
{
    return steady_ms - (turn->steady_ms - turn->now_ms);
}

int64_t turn_due_steady(int64_t steady_ms)
{
    return steady_ms <= 0 ? 0 : steady_ms | DUE_STEADY;
}

enum err turn_put(struct turn *turn, const char *path, struct slice bytes, int64_t due_ms)
{
    return add_effect(turn, path, bytes, due_ms, false);
}

enum err turn_put_json(struct turn *turn, const char *path, const struct json *tree, int64_t due_ms)
{
    if (tree == NULL) {
        return ERR_MEMORY;
    }
    cleanup_buf struct buf packed = BUF_INIT(ROW_MAX_BYTES);
    enum err err = json_pack(&packed, tree);
    err = err == ERR_NONE ? turn_put(turn, path, buf_slice(&packed), due_ms) : err;
    wipe(packed.data, packed.len);
    return err;
}

enum err turn_delete(struct turn *turn, const char *path)
{
    return add_effect(turn, path, SLICE_NONE, 0, true);
}

void turn_keep_changes(struct turn *turn)
{
    turn->inside->last_kept = turn->inside->last_effect;
}

static enum err add_evidence(struct turn *turn, struct slice payload)
{
    struct turn_private *inside = turn->inside;
    struct slice *evidence = array_room(inside->evidence, inside->evidence_count, &inside->evidence_capacity, sizeof *evidence);
    if (evidence == NULL) {
        return ERR_MEMORY;
    }
    inside->evidence = evidence;
    inside->evidence[inside->evidence_count++] = payload;
    inside->effect_bytes += payload.len;
    return ERR_NONE;
}

enum err turn_evidence(struct turn *turn, const char *type, const struct json *body, uint64_t *ret_index)
{
    uint64_t index = state_log(turn->state, LOG_EVIDENCE)->tree.size + turn->inside->evidence_count;
    char time[RFC3339_BYTES];
    rfc3339_format(turn->now_ms, time);
    struct json *payload = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, payload, "type", slice_string(type));
    json_set_string(turn->arena, payload, "time", slice_string(time));
    for (const struct json *member = body == NULL ? NULL : body->first; member != NULL; member = member->next) {
        json_set(turn->arena, payload, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
    }
    char *path = turn_path(turn, "evidence/%016llx", (unsigned long long)index);
    cleanup_buf struct buf text = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    enum err err = payload == NULL || path == NULL ? ERR_MEMORY : json_write(&text, payload, 0);
    struct slice copy = arena_copy(turn->arena, buf_slice(&text));
    if (err != ERR_NONE || copy.data == NULL) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    err = turn_is_new(turn, path); /* the log has no entry of this index, so store has no row of it */
    if (ret_index != NULL) {
        *ret_index = index;
    }
    return err != ERR_NONE ? err : add_evidence(turn, copy);
}

enum err turn_start(struct turn *turn, const char *operation, const struct json *input)
{
    struct started *started = arena_alloc(turn->arena, sizeof *started);
    cleanup_buf struct buf packed = BUF_INIT(REQUEST_BODY_MAX_BYTES);
    struct json empty = {.type = JSON_OBJECT};
    enum err err = json_pack(&packed, input == NULL ? &empty : input);
    if (started == NULL || err != ERR_NONE) {
        return err != ERR_NONE ? err : ERR_MEMORY;
    }
    started->operation = operation;
    started->input = arena_copy(turn->arena, buf_slice(&packed));
    started->next = turn->inside->started;
    turn->inside->started = started;
    return started->input.data == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err apply_evidence(struct turn *turn, struct slice payload)
{
    uint8_t salt[COMMITMENT_SALT_BYTES], nonce[XAES_NONCE_BYTES], entry[EVIDENCE_ENTRY_BYTES];
    turn_random(turn, salt, sizeof salt);
    turn_random(turn, nonce, sizeof nonce);
    evidence_entry(slice_of(salt, sizeof salt), payload, entry);
    char path[64];
    snprintf(path, sizeof path, "evidence/%016llx", (unsigned long long)state_log(turn->state, LOG_EVIDENCE)->tree.size);
    struct buf *scratch = &turn->inside->scratch;
    buf_clear(scratch);
    enum err err = buf_append(scratch, slice_of(salt, sizeof salt));
    err = err == ERR_NONE ? buf_append(scratch, payload) : err;
    err = err == ERR_NONE ? state_put(turn->state, slice_string(path), buf_slice(scratch), 0, nonce) : err;
    return err == ERR_NONE ? state_append(turn->state, LOG_EVIDENCE, slice_of(entry, sizeof entry)) : err;
}

enum err turn_apply(struct turn *turn)
{
    for (const struct effect *effect = turn->inside->effects; effect != NULL; effect = effect->next) {
        uint8_t nonce[XAES_NONCE_BYTES];
        turn_random(turn, nonce, sizeof nonce);
        enum err err = effect->is_delete ? state_delete(turn->state, effect->path)
                                         : state_put(turn->state, effect->path, effect->bytes, (uint64_t)effect->due_ms, nonce);
        if (err != ERR_NONE) {
            return err;
        }
    }
    for (size_t i = 0; i < turn->inside->evidence_count; i++) {
        enum err err = apply_evidence(turn, turn->inside->evidence[i]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}
