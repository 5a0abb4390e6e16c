/* sys/: initialise, unseal, seal, keys, health, status, as Vault's clients know them (topmost members, no envelope, where Vault does so). */
#include "engine/operations.h"

#include "base/time.h"
#include "engine/build_date.h"
#include "engine/policy.h"
#include "engine/steady.h"
#include "engine/token.h"
#include "engine/vault.h"
#include "store/schema.h"

#include <string.h>

enum err operation_sys_init_read(struct turn *turn)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, top, "initialized", turn->around->initialized);
    return turn_reply_top(turn, 200, top);
}

static enum err reply_init(struct turn *turn, const struct secret *shares, unsigned count, struct slice root_token)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    enum err err = share_reply(turn, top, shares, count);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_string(turn->arena, top, "root_token", root_token);
    return turn_reply_top(turn, 200, top);
}

static enum err create_root(struct turn *turn, struct slice *ret_token)
{
    struct token_wish wish = {.name = "root", .path = "auth/token/root", .policies = token_policies(turn, "root", NULL)};
    struct json *auth = NULL;
    enum err err = token_create(turn, &wish, &auth);
    *ret_token = json_text(auth, "client_token", SLICE_NONE);
    return err;
}

/* After the commit: what this turn records still needs the keys. The turn that seals stands before any request that comes after the reply. */
static enum err seal_afterwards(struct turn *turn)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, input, "seal", true);
    return turn_start(turn, "own_reseal", input);
}

/* Clients name what they do not use as null, empty or 0. */
static bool is_asked(const struct json *body, const char *name)
{
    const struct json *member = json_member(body, name);
    bool is_empty = member == NULL || member->type == JSON_NULL || member->type == JSON_FALSE || (member->type == JSON_NUMBER ? slice_is(member->text, "0") : member->text.len == 0 && member->count == 0);
    return !is_empty;
}

static enum err refuse_others(struct turn *turn)
{
    static const char *const names[] = {"pgp_keys", "root_token_pgp_key", "recovery_pgp_keys"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_asked(turn->request->body, names[i])) {
            return turn_refuse(turn, ERR_INVALID, TEXT("keys encrypted to PGP keys are not made here", "für PGP-Schlüssel verschlüsselte Schlüssel entstehen hier nicht"), slice_string(names[i]));
        }
    }
    return ERR_NONE;
}

/* As Vault's: shares and root token come back, and Vogt stays sealed until people gave their shares. */
enum err operation_sys_init(struct turn *turn)
{
    uint64_t shares = 0, threshold = 0;
    enum err err = json_u64(turn->request->body, "secret_shares", &shares);
    err = err == ERR_NONE ? json_u64(turn->request->body, "secret_threshold", &threshold) : err;
    err = share_check_numbers(turn, err == ERR_NONE ? shares : 0, threshold);
    err = err == ERR_NONE ? refuse_others(turn) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (turn->around->initialized) {
        return turn_refuse(turn, ERR_EXISTS, TEXT("Vault is already initialized", "Vogt ist schon eingerichtet"), SLICE_NONE);
    }
    struct secret made cleanup_secret = SECRET_NONE;
    struct slice token = SLICE_NONE;
    err = vault_initialize(turn->around->vault, turn, (unsigned)shares, (unsigned)threshold, &made);
    err = err == ERR_NONE ? create_root(turn, &token) : err;
    err = err == ERR_NONE ? seal_afterwards(turn) : err;
    return err == ERR_NONE ? reply_init(turn, &made, (unsigned)shares, token) : err;
}

static struct json *seal_status(struct turn *turn)
{
    const struct vault *vault = turn->around->vault;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, top, "type", slice_string(strcmp(vault->type, "none") == 0 ? "shamir" : vault->type));
    json_set_bool(turn->arena, top, "initialized", vault->initialized);
    json_set_bool(turn->arena, top, "sealed", vault->sealed);
    json_set_u64(turn->arena, top, "t", vault->threshold);
    json_set_u64(turn->arena, top, "n", vault->shares_total);
    json_set_u64(turn->arena, top, "progress", vault->share_count);
    json_set_string(turn->arena, top, "nonce", SLICE_NONE);
    json_set_string(turn->arena, top, "version", SLICE_LITERAL(COMPATIBLE_VERSION));
    if (strcmp(BUILD_DATE, "unknown") != 0) {
        json_set_string(turn->arena, top, "build_date", SLICE_LITERAL(BUILD_DATE));
    }
    json_set_string(turn->arena, top, "vogt_version", SLICE_LITERAL(VOGT_VERSION));
    json_set_bool(turn->arena, top, "migration", false);
    json_set_bool(turn->arena, top, "recovery_seal", false);
    json_set_string(turn->arena, top, "storage_type", slice_string(turn->around->storage == NULL ? "sqlite" : turn->around->storage));
    return top;
}

enum err operation_sys_seal_status(struct turn *turn)
{
    return turn_reply_top(turn, 200, seal_status(turn));
}

static enum err take_share(struct turn *turn, struct vault *vault, struct slice text)
{
    struct secret share cleanup_secret = SECRET_NONE;
    enum err err = share_read(turn, text, vault->shares_total, &share);
    for (size_t i = 0; err == ERR_NONE && i < vault->share_count; i++) {
        if (secret_equal(secret_slice(&vault->shares[i]), secret_slice(&share))) {
            return ERR_NONE; /* the same key again counts once */
        }
    }
    if (err != ERR_NONE || vault->share_count == SHARES_MAX) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    vault->shares[vault->share_count++] = secret_take(&share);
    return ERR_NONE;
}

static void drop_shares(struct vault *vault)
{
    for (size_t i = 0; i < vault->share_count; i++) {
        secret_free(&vault->shares[i]);
    }
    vault->share_count = 0;
}

static enum err combine(struct turn *turn, struct vault *vault)
{
    struct secret remote cleanup_secret = SECRET_NONE;
    enum err err = share_combine(vault->shares, vault->share_count, vault->shares_total, &remote);
    err = err == ERR_NONE ? vault_unseal(vault, turn, secret_slice(&remote)) : err;
    if (err == ERR_NEED) {
        return err;
    }
    drop_shares(vault);
    if (err == ERR_NONE) {
        secret_free(&vault->remote);
        vault->remote = secret_take(&remote);
        vault->remote_at_ms = turn->now_ms;
        err = turn_start(turn, "own_version", NULL);
    }
    return err == ERR_FORGED || err == ERR_INVALID
               ? turn_refuse(turn, ERR_INVALID, TEXT("these unseal keys do not fit; start again", "diese Entsiegelungsschlüssel passen nicht; bitte von vorn"), SLICE_NONE)
               : err;
}

enum err operation_sys_unseal(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    if (!turn->around->initialized) {
        return ERR_UNINITIALIZED;
    }
    if (json_bool(turn->request->body, "reset", false)) {
        drop_shares(vault);
        return turn_reply_top(turn, 200, seal_status(turn));
    }
    if (vault->sealed) {
        enum err err = take_share(turn, vault, turn_field(turn, "key"));
        uint64_t needed = vault->threshold == 0 ? 1 : vault->threshold;
        if (err == ERR_NONE && vault->share_count >= needed) {
            err = combine(turn, vault);
            err = err == ERR_NONE ? turn_start(turn, "own_unsealed", NULL) : err;
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return turn_reply_top(turn, 200, seal_status(turn));
}

enum err operation_sys_seal(struct turn *turn)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "by", turn->caller.name);
    enum err err = turn_evidence(turn, "vogt.sealed", body, NULL);
    err = err == ERR_NONE ? seal_afterwards(turn) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static uint16_t health_code(struct turn *turn, const char *name, uint16_t usual)
{
    uint64_t code = 0;
    struct slice text = turn_query(turn, name);
    return text.len > 0 && slice_to_u64(text, &code) == ERR_NONE && code >= 200 && code <= 599 ? (uint16_t)code : usual;
}

enum err operation_sys_health(struct turn *turn)
{
    const struct surroundings *around = turn->around;
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, top, "initialized", around->initialized);
    json_set_bool(turn->arena, top, "sealed", around->sealed);
    json_set_bool(turn->arena, top, "standby", false);
    json_set_bool(turn->arena, top, "performance_standby", false);
    json_set_i64(turn->arena, top, "server_time_utc", turn->now_ms / 1000);
    json_set_string(turn->arena, top, "version", SLICE_LITERAL(COMPATIBLE_VERSION));
    json_set_string(turn->arena, top, "cluster_name", slice_string(around->vault->name));
    uint16_t status = !around->initialized ? health_code(turn, "uninitcode", 501) : around->sealed ? health_code(turn, "sealedcode", 503) : health_code(turn, "activecode", 200);
    return turn_reply_top(turn, status, top);
}

enum err operation_sys_key_status(struct turn *turn)
{
    struct barrier *barrier = state_barrier(turn->state);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    char time[RFC3339_BYTES];
    rfc3339_format(barrier_active_since_unix_ms(barrier), time);
    json_set_u64(turn->arena, data, "term", barrier_active_id(barrier));
    json_set_string(turn->arena, data, "install_time", slice_string(time));
    json_set_u64(turn->arena, data, "encryptions", barrier_sealed_count(barrier));
    return turn_reply_data(turn, data);
}

enum err operation_sys_status(struct turn *turn)
{
    const struct surroundings *around = turn->around;
    struct arena *arena = turn->arena;
    struct json *data = json_new(arena, JSON_OBJECT);
    char time[RFC3339_BYTES];
    rfc3339_format(around->started_ms, time);
    json_set_string(arena, data, "version", SLICE_LITERAL(VOGT_VERSION));
    json_set_string(arena, data, "started", slice_string(time));
    json_set_string(arena, data, "address", slice_string(around->address));
    json_set_string(arena, data, "directory", slice_string(around->directory));
    json_set_u64(arena, data, "schema", SCHEMA_VERSION);
    struct json *seal = json_set_object(arena, data, "seal");
    json_set_string(arena, seal, "type", slice_string(around->vault->type));
    json_set_bool(arena, seal, "sealed", around->sealed);
    json_set_bool(arena, data, "reopen_needed", around->reopen_needed);
    json_set(arena, data, "roles", json_copy(arena, around->roles));
    json_set(arena, data, "counters", json_copy(arena, around->counters));
    struct json *behind = NULL;
    enum err err = policy_behind(turn, &behind);
    json_set(arena, data, "policies_behind", behind);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

static enum err add_metric(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    return buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, (unsigned long long)value);
}

enum err operation_sys_metrics(struct turn *turn)
{
    struct buf *text = arena_alloc(turn->arena, sizeof *text);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    cleanup_buf struct buf out = BUF_INIT(64 << 10);
    const struct log_edge *evidence = state_log(turn->state, LOG_EVIDENCE), *audit = state_log(turn->state, LOG_AUDIT);
    enum err err = add_metric(&out, "vogt_sealed", "gauge", "1 while Vogt is sealed.", turn->around->sealed);
    err = err == ERR_NONE ? add_metric(&out, "vogt_evidence_entries", "gauge", "Entries of the evidence log.", evidence->tree.size) : err;
    err = err == ERR_NONE ? add_metric(&out, "vogt_audit_entries", "gauge", "Entries of the audit log.", audit->tree.size) : err;
    err = err == ERR_NONE ? add_metric(&out, "vogt_evidence_published", "gauge", "Entries under the newest checkpoint.", evidence->published_size) : err;
    err = err == ERR_NONE ? add_metric(&out, "vogt_cache_bytes", "gauge", "Bytes of cached sealed rows.", state_cached_bytes(turn->state)) : err;
    for (const struct json *counter = turn->around->counters == NULL ? NULL : turn->around->counters->first; counter != NULL && err == ERR_NONE; counter = counter->next) {
        uint64_t value = 0;
        char name[96];
        if (counter->name.len < 64 && slice_to_u64(counter->text, &value) == ERR_NONE) {
            memcpy(name, "vogt_", 5);
            memcpy(name + 5, counter->name.data, counter->name.len);
            memcpy(name + 5 + counter->name.len, "_total", 7);
            err = add_metric(&out, name, "counter", "Counted since the start.", value);
        }
    }
    struct slice copy = arena_copy(turn->arena, buf_slice(&out));
    return err == ERR_NONE ? turn_reply_raw(turn, "text/plain; version=0.0.4; charset=utf-8", NULL, copy) : err;
}

/* ---- turns of keep's own ---- */

/* What the clocks showed when the store was last open. */
static enum err find_anchor(struct turn *turn)
{
    struct found_anchor found = {.is_there = true};
    enum err err = steady_load(turn, &found.anchor);
    found.is_there = err == ERR_NONE;
    if ((err == ERR_NONE || err == ERR_NOT_FOUND) && turn->around->anchor != NULL) {
        *turn->around->anchor = found;
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* The first turn after the start: TLS identity, what kind of seal there is, what time it was. */
enum err operation_own_start(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    struct slice certificate;
    enum err err = vault_identity(vault, turn, arena_string(turn->arena, turn_field(turn, "host")), &certificate);
    const struct json *seal = NULL;
    enum err seal_err = turn_json(turn, "boot/seal", &seal), clock_err = find_anchor(turn);
    if (err == ERR_NEED || seal_err == ERR_NEED || clock_err == ERR_NEED) {
        return ERR_NEED;
    }
    err = err == ERR_NONE ? clock_err : err;
    if (err != ERR_NONE || (seal_err != ERR_NONE && seal_err != ERR_NOT_FOUND)) {
        return err != ERR_NONE ? err : seal_err;
    }
    if (seal_err == ERR_NONE) {
        vault->initialized = true;
        vault->type = slice_is(json_text(seal, "type", SLICE_NONE), "shamir") ? "shamir" : "key-file";
        err = json_u64(seal, "shares", &vault->shares_total);
        err = err == ERR_NONE ? json_u64(seal, "threshold", &vault->threshold) : err;
    }
    return err == ERR_NONE ? turn_reply_raw(turn, "application/x-pem-file", NULL, certificate) : ERR_DAMAGED;
}

/* The key file's half has come: initialise a new store, or unseal. */
enum err operation_own_unseal(struct turn *turn)
{
    struct vault *vault = turn->around->vault;
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "seal", SLICE_LITERAL("key-file"));
    bool is_new = !vault->initialized;
    enum err err = is_new ? vault_initialize(vault, turn, 0, 0, NULL) : vault_unseal(vault, turn, secret_slice(&vault->remote));
    err = err == ERR_NONE ? turn_evidence(turn, is_new ? "vogt.initialized" : "vogt.unsealed", body, NULL) : err;
    err = err == ERR_NONE ? turn_start(turn, "own_version", NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_own_role_ended(struct turn *turn)
{
    enum err err = turn_evidence(turn, "role.ended", turn->input, NULL);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static const char reseal_row[] = "core/reseal"; /* {"after"}: rows up to there are sealed anew; while it stands, there are more */

/* What people did with their shares, in a turn that waits for nothing, so that no other comes before its record. A store that went back takes none. */
enum err operation_own_unsealed(struct turn *turn)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "seal", slice_string(turn->around->vault->type));
    json_set_u64(turn->arena, body, "threshold", turn->around->vault->threshold);
    enum err err = turn->around->reopen_needed ? ERR_NONE : turn_evidence(turn, "vogt.unsealed", body, NULL);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* Keep's own, after each unsealing: what the store lacks of this program, and what a stop cut short. */
enum err operation_own_settle(struct turn *turn)
{
    const struct json *reseal = NULL;
    bool is_asked = turn_want(turn, reseal_row);
    enum err err = policy_refresh_defaults(turn);
    if (err == ERR_NEED || !is_asked) {
        return ERR_NEED;
    }
    if (err == ERR_NONE) {
        err = turn_json(turn, reseal_row, &reseal);
        err = err == ERR_NONE ? turn_start(turn, "own_reseal", reseal) : err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum { RESEAL_ROWS = 200 };

/* boot/ is not behind the barrier; audit blobs are named by digest in their log and age out with it. */
static bool is_left_alone(struct slice path)
{
    return slice_starts(path, SLICE_LITERAL("boot/")) || slice_starts(path, SLICE_LITERAL("audit/"));
}

/* After sys/seal: forget the keys. After sys/rotate: seal rows anew that an older key sealed, a slice a turn, from path `after` on. */
enum err operation_own_reseal(struct turn *turn)
{
    if (json_bool(turn->input, "seal", false)) {
        vault_seal(turn->around->vault, turn->state);
        return turn_reply_none(turn);
    }
    struct turn_names rows;
    enum err err = turn_list(turn, "", turn_field(turn, "after"), RESEAL_ROWS, &rows);
    if (err != ERR_NONE) {
        return err;
    }
    uint32_t active = barrier_active_id(state_barrier(turn->state));
    bool waits = false;
    for (size_t i = 0; i < rows.count; i++) {
        struct stored_row row;
        uint32_t key_id = 0;
        char *path = arena_string(turn->arena, rows.names[i]);
        if (is_left_alone(rows.names[i])) {
            continue;
        }
        if (state_row(turn->state, rows.names[i], &row) != LOOKUP_FOUND) {
            waits = !turn_want(turn, path) || waits;
        } else if (barrier_key_id(row.bytes, &key_id) == ERR_NONE && key_id != active) {
            err = turn_put(turn, path, rows.bytes[i], (int64_t)row.due_unix_ms);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (waits) {
        return ERR_NEED;
    }
    if (rows.count == RESEAL_ROWS) {
        struct json *input = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, input, "after", rows.names[rows.count - 1]);
        err = turn_put_json(turn, reseal_row, input, 0);
        err = err == ERR_NONE ? turn_start(turn, "own_reseal", input) : err;
    } else {
        const struct json *row = NULL;
        err = turn_json(turn, reseal_row, &row);
        err = err == ERR_NONE ? turn_delete(turn, reseal_row) : err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
