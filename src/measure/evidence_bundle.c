#include "measure/evidence_bundle.h"

#include "base/encode.h"
#include "engine/vault.h"
#include "ledger/checkpoint.h"
#include "ledger/commitment.h"
#include "ledger/proof.h"
#include "ledger/tile.h"
#include "measure/edit.h"

#include <stdlib.h>
#include <string.h>

enum { PROOF_TEXT_BYTES = 65536 };

/* ---- which entries ---- */

struct indices {
    uint64_t *items;
    size_t count, capacity;
};

static void add(struct indices *indices, uint64_t index)
{
    for (size_t i = 0; i < indices->count; i++) {
        if (indices->items[i] == index) {
            return;
        }
    }
    if (indices->count < indices->capacity) {
        indices->items[indices->count++] = index;
    }
}

static int by_index(const void *a, const void *b)
{
    uint64_t one, other;
    memcpy(&one, a, sizeof one);
    memcpy(&other, b, sizeof other);
    return one < other ? -1 : one > other;
}

static bool needs(const struct json *clause, const struct seen *seen)
{
    if (clause == NULL || slice_starts(seen->kind, SLICE_LITERAL("ledger."))) {
        return true; /* green rests on the ledger, everywhere */
    }
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
        for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
            if (slice_is(seen->kind, entry->observations[i].kind)) {
                return true;
            }
        }
    }
    return false;
}

static enum err choose(struct turn *turn, const struct world *world, const struct json *clause, struct indices *ret_indices)
{
    const struct json *said = NULL;
    enum err err = turn_json(turn, "entries/said", &said);
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *words = json_member(said, "words");
    struct indices indices = {.capacity = world->seen_count + (words == NULL ? 0 : words->count) + 2};
    indices.items = arena_alloc_array(turn->arena, indices.capacity, sizeof *indices.items);
    if (indices.items == NULL) {
        return ERR_MEMORY;
    }
    static const char *const whole[] = {"annex", "estate"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        uint64_t index = 0;
        if (json_u64(said, whole[i], &index) == ERR_NONE) {
            add(&indices, index);
        }
    }
    for (const struct json *word = words == NULL ? NULL : words->first; word != NULL; word = word->next) {
        uint64_t index = 0;
        bool meant = clause == NULL || slice_equal(json_text(word, "clause", SLICE_NONE), json_text(clause, "id", SLICE_NONE));
        if (meant && json_u64(word, "index", &index) == ERR_NONE) {
            add(&indices, index);
        }
    }
    for (size_t i = 0; i < world->seen_count; i++) {
        if (needs(clause, &world->seen[i])) {
            add(&indices, world->seen[i].index);
        }
    }
    qsort(indices.items, indices.count, sizeof *indices.items, by_index);
    *ret_indices = indices;
    return ERR_NONE;
}

/* ---- their proofs, from the published tiles ---- */

struct source {
    struct turn *turn;
    uint64_t size;
};

static enum err source_node(void *context, unsigned level, uint64_t index, struct tree_hash *ret_hash)
{
    const struct source *source = context;
    unsigned tile_level = 0, offset = 0, count = 0;
    uint64_t number = 0;
    tile_of_node(level, index, &tile_level, &number, &offset, &count);
    unsigned width = tile_width_at(tile_level, number, source->size);
    struct slice bytes;
    enum err err = turn_tile(source->turn, LOG_EVIDENCE, (uint8_t)tile_level, number, (uint16_t)width, &bytes);
    if (err == ERR_NOT_FOUND && width < TILE_WIDTH) {
        err = turn_tile(source->turn, LOG_EVIDENCE, (uint8_t)tile_level, number, TILE_WIDTH, &bytes);
    }
    if (err != ERR_NONE || bytes.len < ((size_t)offset + count) * SHA256_BYTES) {
        return err == ERR_NOT_FOUND || err == ERR_NONE ? ERR_DAMAGED : err;
    }
    struct tree_hash hashes[TILE_WIDTH];
    memcpy(hashes, bytes.data + (size_t)offset * SHA256_BYTES, (size_t)count * SHA256_BYTES);
    tile_fold(hashes, count, ret_hash);
    return ERR_NONE;
}

static enum err put_payload(struct turn *turn, struct json *item, struct slice entry, uint64_t index)
{
    char path[LEDGER_ROW_PATH_BYTES];
    struct slice row, payload;
    ledger_row_path("evidence", index, path);
    enum err err = turn_row(turn, arena_string(turn->arena, slice_string(path)), &row);
    if (err == ERR_NOT_FOUND) {
        json_set_null(turn->arena, item, "salt"); /* erased: the entry stays, and says that something stood here */
        json_set_null(turn->arena, item, "payload");
        return ERR_NONE;
    }
    cleanup_buf struct buf salt = BUF_INIT(4 * COMMITMENT_SALT_BYTES);
    err = err == ERR_NONE ? evidence_open(entry, row, &payload) : err;
    err = err == ERR_NONE ? base64_encode(&salt, slice_first(row, COMMITMENT_SALT_BYTES)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, item, "salt", buf_slice(&salt));
    return json_set_string(turn->arena, item, "payload", payload) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

static enum err put_entry(struct turn *turn, struct json *list, uint64_t index, struct slice note, uint64_t size)
{
    struct slice *entries = NULL;
    size_t count = 0;
    struct source source = {turn, size};
    struct tree_source nodes = {&source, source_node};
    struct tree_proof path;
    struct json *item = json_append(list, json_new(turn->arena, JSON_OBJECT));
    enum err all = ERR_NONE;
    if (!standing_goes_on(&all, turn_entries(turn, LOG_EVIDENCE, index, 1, &entries, &count)) || !standing_goes_on(&all, tree_prove_inclusion(&nodes, index, size, &path)) ||
        all == ERR_NEED) {
        return all;
    }
    cleanup_buf struct buf proof = BUF_INIT(PROOF_TEXT_BYTES), entry = BUF_INIT(256);
    enum err err = count == 1 ? base64_encode(&entry, entries[0]) : ERR_DAMAGED;
    err = err == ERR_NONE ? proof_write(SLICE_NONE, index, &path, note, &proof) : err;
    json_set_u64(turn->arena, item, "index", index);
    json_set_string(turn->arena, item, "entry", buf_slice(&entry));
    err = err == ERR_NONE ? put_payload(turn, item, entries[0], index) : err;
    json_set_string(turn->arena, item, "proof", buf_slice(&proof));
    return err;
}

static enum err put_key(struct turn *turn, struct json *bundle)
{
    char origin[96];
    struct note_key key;
    struct slice seed;
    cleanup_buf struct buf vkey = BUF_INIT(512);
    enum err err = vault_log_key(turn->around->vault, LOG_EVIDENCE, origin, &key, &seed);
    err = err == ERR_NONE ? note_key_write(&key, &vkey) : err;
    json_set_string(turn->arena, bundle, "vkey", buf_slice(&vkey));
    return err;
}

static void put_verdicts(struct turn *turn, const struct world *world, const struct json *clause, struct json *bundle)
{
    struct judgement whole;
    if (clause != NULL) {
        json_set(turn->arena, bundle, "verdict", verdict_record(world, clause, turn->now_ms, &whole));
        return;
    }
    struct json *list = json_set_array(turn->arena, bundle, "verdicts");
    for (const struct json *one = edit_items(world->annex, "clauses"); one != NULL; one = one->next) {
        json_append(list, verdict_record(world, one, turn->now_ms, &whole));
    }
}

enum err evidence_bundle(struct turn *turn, const struct world *world, const struct json *clause, struct json **ret_bundle)
{
    struct indices indices = {0};
    struct slice note;
    uint64_t size = 0;
    struct json *bundle = json_new(turn->arena, JSON_OBJECT), *list = json_new(turn->arena, JSON_ARRAY);
    enum err err = choose(turn, world, clause, &indices);
    err = err == ERR_NONE ? turn_publish(turn, LOG_EVIDENCE) : err;
    err = err == ERR_NONE ? turn_checkpoint(turn, LOG_EVIDENCE, &note, &size) : err;
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, bundle, "format", slice_string(clause == NULL ? "vogt-evidence-annex/v1" : "vogt-evidence/v1"));
    edit_set_time(turn->arena, bundle, "made", turn->now_ms);
    if (clause != NULL) {
        json_set_string(turn->arena, bundle, "clause", json_text(clause, "id", SLICE_NONE));
        edit_carry(turn->arena, bundle, clause, "text");
    }
    edit_carry(turn->arena, bundle, world->annex, "revision");
    err = put_key(turn, bundle);
    json_set_string(turn->arena, bundle, "checkpoint", note);
    put_verdicts(turn, world, clause, bundle);
    enum err all = err;
    for (size_t i = 0; i < indices.count && (all == ERR_NONE || all == ERR_NEED); i++) {
        (void)standing_goes_on(&all, put_entry(turn, list, indices.items[i], note, size));
    }
    if (all == ERR_NONE && json_set(turn->arena, bundle, "entries", list) == NULL) {
        return ERR_TOO_LARGE;
    }
    *ret_bundle = bundle;
    return all;
}
