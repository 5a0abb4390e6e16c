#include "engine/audit.h"

#include "base/time.h"
#include "engine/device.h"
#include "engine/http_settings.h"
#include "engine/turn_inside.h"
#include "ledger/commitment.h"

#include <stdlib.h>

enum { AUDIT_BATCH_MAX_BYTES = 4 << 20 };

struct audit {
    struct audit_batch batch;
    struct arena *arena;
    size_t records;
    uint64_t denied, malformed, other;      /* refused since the last close */
};

struct audit *audit_new(void)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (audit == NULL) {
        return NULL;
    }
    audit->arena = arena_new(1 << 20);
    if (audit->arena == NULL || audit_batch_start(AUDIT_BATCH_MAX_BYTES, &audit->batch) != ERR_NONE) {
        arena_free(audit->arena);
        free(audit);
        return NULL;
    }
    return audit;
}

void audit_free(struct audit *audit)
{
    if (audit == NULL) {
        return;
    }
    audit_batch_free(&audit->batch);
    arena_free(audit->arena);
    free(audit);
}

static enum err add(struct audit *audit, const struct json *record, const uint8_t salt[32])
{
    cleanup_buf struct buf text = BUF_INIT(64 << 10);
    enum err err = record == NULL ? ERR_MEMORY : json_write(&text, record, 0);
    err = err == ERR_NONE ? audit_batch_add(&audit->batch, slice_of(salt, COMMITMENT_SALT_BYTES), buf_slice(&text)) : err;
    if (err == ERR_NONE) {
        audit->records++;
    }
    return err;
}

enum err audit_add(struct audit *audit, const struct turn *turn, const uint8_t salt[32])
{
    struct arena *arena = audit->arena;
    arena_reset(arena);
    char time[RFC3339_BYTES];
    rfc3339_format(turn->now_ms, time);
    struct json *record = json_new(arena, JSON_OBJECT);
    json_set_string(arena, record, "time", slice_string(time));
    if (turn->request != NULL) {
        json_set_string(arena, record, "operation", slice_string(turn->route->operation));
        struct slice space = turn->space.path, path = turn->request->path;
        json_set_string(arena, record, "path", space.len == 0 ? path : slice_string(arena_printf(arena, "%.*s/%.*s", (int)space.len, (const char *)space.data, (int)path.len, (const char *)path.data)));
        json_set_string(arena, record, "accessor", turn->caller.accessor);
        json_set_string(arena, record, "name", turn->caller.name);
        json_set_string(arena, record, "remote", turn->request->remote);
        json_set_u64(arena, record, "status", turn->reply.status);
        struct json *headers = http_settings_headers(arena, turn->request->headers, device_hash, slice_of(salt, COMMITMENT_SALT_BYTES));
        if (headers != NULL) {
            json_set(arena, record, "headers", headers);
        }
    } else {
        json_set_string(arena, record, "operation", SLICE_LITERAL("own"));
    }
    return add(audit, record, salt);
}

void audit_count_refused(struct audit *audit, enum err err)
{
    *(err == ERR_DENIED ? &audit->denied : err == ERR_MALFORMED || err == ERR_INVALID ? &audit->malformed : &audit->other) += 1;
}

bool audit_is_empty(const struct audit *audit)
{
    return audit->records == 0;
}

static enum err add_refused(struct audit *audit, int64_t now_ms, const uint8_t salt[32])
{
    if (audit->denied == 0 && audit->malformed == 0 && audit->other == 0) {
        return ERR_NONE;
    }
    struct arena *arena = audit->arena;
    arena_reset(arena);
    char time[RFC3339_BYTES];
    rfc3339_format(now_ms, time);
    struct json *record = json_new(arena, JSON_OBJECT);
    json_set_string(arena, record, "time", slice_string(time));
    json_set_string(arena, record, "operation", SLICE_LITERAL("refused"));
    json_set_u64(arena, record, "denied", audit->denied);
    json_set_u64(arena, record, "malformed", audit->malformed);
    json_set_u64(arena, record, "other", audit->other);
    audit->denied = audit->malformed = audit->other = 0;
    return add(audit, record, salt);
}

enum err audit_close(struct audit *audit, struct state *state, int64_t now_ms, const uint8_t seed[64])
{
    enum err err = add_refused(audit, now_ms, seed);
    if (err != ERR_NONE) {
        return err;
    }
    char path[LEDGER_ROW_PATH_BYTES];
    ledger_row_path("audit", state_log(state, LOG_AUDIT)->tree.size, path);
    struct audit_entry entry = {.evidence_size = state_log(state, LOG_EVIDENCE)->tree.size};
    audit_batch_root(&audit->batch, &entry.records_root);
    tree_root(&state_log(state, LOG_EVIDENCE)->tree, &entry.evidence_root);
    sethash_digest(state_sethash(state), entry.state_digest.bytes);

    struct stored_row row;
    err = state_supply(state, slice_string(path), NULL); /* a new index: there is no such row */
    err = err == ERR_NONE ? state_put(state, slice_string(path), buf_slice(&audit->batch.plain), 0, seed + 32) : err;
    if (err != ERR_NONE || state_row(state, slice_string(path), &row) != LOOKUP_FOUND) {
        return err != ERR_NONE ? err : ERR_INTERNAL;
    }
    sha256(row.bytes, entry.blob_digest.bytes);
    uint8_t bytes[AUDIT_ENTRY_BYTES];
    audit_entry_encode(&entry, bytes);
    err = state_append(state, LOG_AUDIT, slice_of(bytes, sizeof bytes));
    audit_batch_free(&audit->batch);
    audit->records = 0;
    enum err started = audit_batch_start(AUDIT_BATCH_MAX_BYTES, &audit->batch);
    return err != ERR_NONE ? err : started;
}
