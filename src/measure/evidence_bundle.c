#include "measure/evidence_bundle.h"

#include "base/array.h"
#include "base/encode.h"
#include "engine/ledger_source.h"
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
    struct turn *turn;
    uint64_t *items;
    size_t count, capacity;
};

static enum err add(struct indices *indices, uint64_t index)
{
    uint64_t *items = array_room_in(indices->turn->arena, indices->items, indices->count, &indices->capacity, sizeof *items);
    if (items == NULL) {
        return ERR_MEMORY;
    }
    indices->items = items;
    indices->items[indices->count++] = index;
    return ERR_NONE;
}

static int by_index(const void *a, const void *b)
{
    uint64_t one, other;
    memcpy(&one, a, sizeof one);
    memcpy(&other, b, sizeof other);
    return one < other ? -1 : one > other;
}

static void sort_once(struct indices *indices)
{
    size_t kept = 0;
    if (indices->count > 0) {
        qsort(indices->items, indices->count, sizeof *indices->items, by_index);
    }
    for (size_t i = 0; i < indices->count; i++) {
        if (kept == 0 || indices->items[kept - 1] != indices->items[i]) {
            indices->items[kept++] = indices->items[i];
        }
    }
    indices->count = kept;
}

/* The observations of everybody in scope of one kind. */
static enum err add_kind(struct indices *indices, struct slice kind)
{
    struct member *members = NULL;
    size_t count = 0;
    enum err err = standing_all(indices->turn, kind, &members, &count);
    for (size_t i = 0; err == ERR_NONE && i < count; i++) {
        err = members[i].observation == NULL ? ERR_NONE : add(indices, members[i].index);
    }
    return err;
}

/* What one rule rests on: its own observations, and those that say whether its subjects are all known. */
static enum err add_rule(struct indices *indices, const struct observation_rule *rule)
{
    const struct kind *population = kinds_population(slice_string(rule->subject));
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, add_kind(indices, slice_string(rule->kind))) &&
           standing_goes_on(&all, population == NULL ? ERR_NONE : add_kind(indices, slice_string(population->id))));
    return all;
}

static enum err add_clause(struct indices *indices, const struct json *clause)
{
    enum err all = ERR_NONE;
    for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
        const struct promise *entry = catalogue_promise(json_text(promise, "measure", SLICE_NONE), json_text(promise, "promise", SLICE_NONE));
        for (size_t i = 0; entry != NULL && i < entry->observation_count; i++) {
            bool asked = entry->observations[i].probe != NULL;
            if (asked && !standing_goes_on(&all, add_rule(indices, &entry->observations[i]))) {
                return all;
            }
        }
    }
    return all;
}

/* Green rests on the ledger, everywhere. */
static enum err add_observations(struct indices *indices, const struct world *world, const struct json *clause)
{
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, add_kind(indices, SLICE_LITERAL("ledger.integrity"))) && standing_goes_on(&all, add_kind(indices, SLICE_LITERAL("ledger.completeness"))));
    if (clause != NULL) {
        (void)standing_goes_on(&all, add_clause(indices, clause));
        return all;
    }
    for (const struct json *one = edit_items(world->annex, "clauses"); one != NULL; one = one->next) {
        if (!standing_goes_on(&all, add_clause(indices, one))) {
            return all;
        }
    }
    return all;
}

static enum err choose(struct turn *turn, const struct world *world, const struct json *clause, struct indices *ret_indices)
{
    const struct json *said = NULL;
    struct indices indices = {.turn = turn};
    enum err all = turn_json(turn, "entries/said", &said);
    uint64_t index = 0;
    if (all != ERR_NONE) {
        return all;
    }
    all = json_u64(said, "annex", &index) == ERR_NONE ? add(&indices, index) : ERR_NONE;
    for (const struct json *one = edit_items(said, "estate"); all == ERR_NONE && one != NULL; one = one->next) {
        all = slice_to_u64(one->text, &index) == ERR_NONE ? add(&indices, index) : ERR_DAMAGED;
    }
    for (const struct json *word = edit_items(said, "words"); all == ERR_NONE && word != NULL; word = word->next) {
        bool meant = clause == NULL || slice_equal(json_text(word, "clause", SLICE_NONE), json_text(clause, "id", SLICE_NONE));
        all = meant && json_u64(word, "index", &index) == ERR_NONE ? add(&indices, index) : ERR_NONE;
    }
    all = all == ERR_NONE ? add_observations(&indices, world, clause) : all;
    sort_once(&indices);
    *ret_indices = indices;
    return all;
}

/* ---- their proofs, from the published tiles ---- */

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
    struct ledger_source source = {turn, LOG_EVIDENCE, size};
    struct tree_source nodes = {&source, ledger_source_node};
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
