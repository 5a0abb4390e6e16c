/*
 * The audit log's records age out after 400 days: the sealed blobs below an anchor of that age go. Their entries, and every tile and bundle over
 * them, stay for ever, so proofs and roots hold as before: in the words of C2SP tlog-tiles the minimum index of both logs stays zero.
 *
 *   own_anchor (hourly)  "audit.anchor" into the evidence log: size and root of the audit log; once a day also a row ledger/anchor/<number>
 *   own_prune (after it) an anchor row older than 400 days --> "audit.pruned" into the evidence log, ledger/audit-kept/<size>, the anchor's row goes
 *                        then blobs below ledger/audit-kept go, PRUNE_ROWS a turn, until none is left
 *
 *   ledger/anchored           {"at_ms","number"}: of the newest row below ledger/anchor/
 *   ledger/anchor/<number>    {"at_ms","audit_size","root"}: what the audit log was then; numbered in the order of making, 16 hex digits
 *   ledger/audit-kept/<size>  {"at_ms"}: blobs of entries below it may be missing. The number stands in the path, in the open, for `vogt ledger verify`
 *
 * Only an anchor's age counts, and only behind older ones: one that was dated back by a wrong clock waits for those made before it.
 */
#include "engine/operations.h"

#include "base/encode.h"
#include "engine/turn.h"
#include "ledger/commitment.h"

enum { PRUNE_ROWS = 64, ANCHORS_MAX = 512, KEPT_ROWS_MAX = 4 };

static const int64_t DAY_MS = 86400000, KEPT_MS = 400 * INT64_C(86400000);

static const char anchor_folder[] = "ledger/anchor", kept_folder[] = "ledger/audit-kept";

static char *path_of(struct turn *turn, const char *folder, uint64_t number)
{
    return turn_path(turn, "%s/%016llx", folder, (unsigned long long)number);
}

/* "000000000000002a" */
static enum err number_of(struct turn *turn, const char *folder, struct slice name, uint64_t *ret_number)
{
    char *path = turn_path(turn, "%s/%.*s", folder, (int)name.len, (const char *)name.data);
    enum err err = path == NULL ? ERR_MEMORY : ledger_row_index(folder, slice_string(path), ret_number);
    return err == ERR_MALFORMED ? ERR_DAMAGED : err;
}

/* ---- anchoring ---- */

/* A row a day; also when the clock went back, for then nobody knows how long ago the last one was. */
static enum err keep_anchor(struct turn *turn, uint64_t size, struct slice root)
{
    const struct json *last = NULL;
    int64_t at_ms = 0;
    uint64_t number = 0;
    enum err err = turn_json(turn, "ledger/anchored", &last);
    if (err == ERR_NONE) {
        err = json_i64(last, "at_ms", &at_ms);
        err = err == ERR_NONE ? json_u64(last, "number", &number) : err;
    } else if (err == ERR_NOT_FOUND) {
        at_ms = turn->now_ms - DAY_MS;
        err = ERR_NONE;
    }
    if (err != ERR_NONE || (turn->now_ms >= at_ms && turn->now_ms - at_ms < DAY_MS)) {
        return err;
    }
    struct json *anchored = json_new(turn->arena, JSON_OBJECT), *anchor = json_new(turn->arena, JSON_OBJECT);
    json_set_i64(turn->arena, anchored, "at_ms", turn->now_ms);
    json_set_u64(turn->arena, anchored, "number", number + 1);
    json_set_i64(turn->arena, anchor, "at_ms", turn->now_ms);
    json_set_u64(turn->arena, anchor, "audit_size", size);
    json_set_string(turn->arena, anchor, "root", root);
    err = turn_put_json(turn, "ledger/anchored", anchored, 0);
    return err == ERR_NONE ? turn_put_json(turn, path_of(turn, anchor_folder, number + 1), anchor, 0) : err;
}

enum err operation_own_anchor(struct turn *turn)
{
    struct tree_hash root;
    const struct log_edge *audit = state_log(turn->state, LOG_AUDIT);
    tree_root(&audit->tree, &root);
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    enum err err = hex_encode(&hex, tree_hash_slice(&root));
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, body, "audit_size", audit->tree.size);
    json_set_string(turn->arena, body, "audit_root", buf_slice(&hex));
    err = err == ERR_NONE ? keep_anchor(turn, audit->tree.size, buf_slice(&hex)) : err;
    err = err == ERR_NONE ? turn_evidence(turn, "audit.anchor", body, NULL) : err;
    err = err == ERR_NONE ? turn_start(turn, "own_prune", NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- pruning ---- */

/* The newest anchor that is old enough. All up to it go: `count` of the list. */
struct aged {
    size_t count;
    uint64_t size;
    int64_t at_ms;
    struct slice root;
};

static enum err find_aged(struct turn *turn, const struct turn_names *anchors, struct aged *ret_aged)
{
    struct aged aged = {0};
    for (size_t i = 0; i < anchors->count; i++) {
        struct json *anchor = NULL;
        uint64_t size = 0;
        int64_t at_ms = 0;
        enum err err = json_unpack(turn->arena, anchors->bytes[i], &anchor);
        err = err == ERR_NONE ? json_u64(anchor, "audit_size", &size) : err;
        err = err == ERR_NONE ? json_i64(anchor, "at_ms", &at_ms) : err;
        if (err != ERR_NONE) {
            return err == ERR_MEMORY ? err : ERR_DAMAGED;
        }
        if (at_ms > turn->now_ms - KEPT_MS) {
            break; /* a clock that went back must not let younger ones through behind it */
        }
        aged = (struct aged){i + 1, size, at_ms, json_text(anchor, "root", SLICE_NONE)};
    }
    *ret_aged = aged;
    return ERR_NONE;
}

static enum err record(struct turn *turn, const struct aged *aged, uint64_t kept_from)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT), *row = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, body, "from", kept_from);
    json_set_u64(turn->arena, body, "below", aged->size);
    json_set_i64(turn->arena, body, "anchored_at_ms", aged->at_ms);
    json_set_string(turn->arena, body, "audit_root", aged->root);
    json_set_u64(turn->arena, body, "kept_days", (uint64_t)(KEPT_MS / DAY_MS));
    json_set_i64(turn->arena, row, "at_ms", turn->now_ms);
    enum err err = turn_put_json(turn, path_of(turn, kept_folder, aged->size), row, 0);
    return err == ERR_NONE ? turn_evidence(turn, "audit.pruned", body, NULL) : err;
}

static enum err drop_rows(struct turn *turn, const struct turn_names *rows, size_t count)
{
    bool waits = false;
    for (size_t i = 0; i < count; i++) {
        enum err err = turn_delete(turn, arena_string(turn->arena, rows->names[i]));
        waits = waits || err == ERR_NEED;
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
    }
    return waits ? ERR_NEED : ERR_NONE;
}

/* Blobs below `below`, oldest first; their names come without their bytes. */
static enum err drop_blobs(struct turn *turn, const struct turn_names *names, uint64_t below, bool *ret_more)
{
    bool waits = false;
    size_t dropped = 0;
    for (; dropped < names->count && dropped < PRUNE_ROWS; dropped++) {
        uint64_t index = 0;
        enum err err = number_of(turn, "audit", names->names[dropped], &index);
        if (err != ERR_NONE || index >= below) {
            *ret_more = false;
            return err != ERR_NONE ? err : waits ? ERR_NEED : ERR_NONE;
        }
        err = turn_delete(turn, path_of(turn, "audit", index));
        waits = waits || err == ERR_NEED;
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
    }
    *ret_more = dropped == PRUNE_ROWS;
    return waits ? ERR_NEED : ERR_NONE;
}

/* 0: nothing was pruned yet. */
static enum err kept_from(const struct turn_names *kept, uint64_t *ret_index)
{
    *ret_index = 0;
    if (kept->count > 1) {
        return ERR_DAMAGED;
    }
    return kept->count == 0 ? ERR_NONE : ledger_row_index(kept_folder, kept->names[0], ret_index) == ERR_NONE ? ERR_NONE : ERR_DAMAGED;
}

enum err operation_own_prune(struct turn *turn)
{
    struct turn_names anchors, kept, blobs;
    struct aged aged;
    uint64_t below = 0;
    bool has_more = false;
    enum err first = turn_list(turn, turn_path(turn, "%s/", anchor_folder), SLICE_NONE, ANCHORS_MAX, &anchors);
    enum err second = turn_list(turn, turn_path(turn, "%s/", kept_folder), SLICE_NONE, KEPT_ROWS_MAX, &kept);
    enum err third = turn_names(turn, "audit/", SLICE_NONE, PRUNE_ROWS + 1, &blobs);
    if (first != ERR_NONE || second != ERR_NONE || third != ERR_NONE) {
        return first != ERR_NONE ? first : second != ERR_NONE ? second : third;
    }
    enum err err = find_aged(turn, &anchors, &aged);
    err = err == ERR_NONE ? kept_from(&kept, &below) : err;
    if (err != ERR_NONE) {
        return err;
    }
    bool goes_on = true;
    if (aged.size > below) {
        first = record(turn, &aged, below);
        second = drop_rows(turn, &kept, kept.count);
        below = aged.size;
        goes_on = first == ERR_NONE || first == ERR_NEED;
    }
    third = goes_on ? drop_rows(turn, &anchors, aged.count) : ERR_NONE;
    enum err fourth = goes_on ? drop_blobs(turn, &blobs, below, &has_more) : ERR_NONE;
    const enum err all[] = {first, second, third, fourth};
    for (size_t i = 0; i < sizeof all / sizeof all[0] && err == ERR_NONE; i++) {
        err = all[i] == ERR_NEED ? ERR_NONE : all[i];
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0] && err == ERR_NONE; i++) {
        err = all[i];
    }
    err = err == ERR_NONE && has_more ? turn_start(turn, "own_prune", NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
