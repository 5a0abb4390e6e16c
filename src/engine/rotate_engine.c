/*
 * sys/rotate: a new key in the ring now, or by itself after a time; sys/rotate/root: another root key above the ring.
 *   core/rotate   {"interval_s","max_operations","enabled"}; absent: as in Vault, by hand only (interval 0)
 * Rotation by itself is a job (job.h) that looks once a day, or when the time is up if that comes first.
 */
#include "engine/operations.h"

#include "engine/job.h"
#include "engine/vault.h"

static const char row_path[] = "core/rotate";

enum { DAY_S = 24 * 3600, OPERATIONS_MIN = 1000000 };
static const uint64_t operations_max = 3865470566; /* Vault's default; XAES has no limit that matters, so this is for policy only */

static enum err rotate(struct turn *turn, struct slice by)
{
    if (!turn_want(turn, "boot/keyring") || !turn_want(turn, "boot/seal")) {
        return ERR_NEED;
    }
    struct json *body = json_new(turn->arena, JSON_OBJECT), *from = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "by", by);
    json_set_string(turn->arena, from, "after", SLICE_NONE);
    enum err err = turn_put_json(turn, "core/reseal", from, 0); /* the first of the slices; a stop in between is gone on from */
    err = err == ERR_NONE ? turn_evidence(turn, "key.rotated", body, NULL) : err;
    err = err == ERR_NONE ? turn_start(turn, "own_reseal", NULL) : err;
    return err == ERR_NONE ? vault_rotate(turn->around->vault, turn) : err; /* last: nothing after it may fail */
}

enum err operation_sys_rotate(struct turn *turn)
{
    enum err err = rotate(turn, turn->caller.name);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_sys_rotate_root(struct turn *turn)
{
    if (!vault_can_rekey(turn)) {
        return ERR_NEED;
    }
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "by", turn->caller.name);
    enum err err = turn_evidence(turn, "root-key.rotated", body, NULL);
    err = err == ERR_NONE ? vault_rotate_root(turn->around->vault, turn) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

struct config {
    uint64_t interval_s, operations;
    bool is_enabled;
};

static enum err load(struct turn *turn, struct config *ret_config)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, row_path, &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    struct config config = {.operations = operations_max};
    bool is_there = err == ERR_NONE && json_u64(row, "interval_s", &config.interval_s) == ERR_NONE && json_u64(row, "max_operations", &config.operations) == ERR_NONE;
    config.is_enabled = json_bool(row, "enabled", true);
    *ret_config = config;
    return is_there || err == ERR_NOT_FOUND ? ERR_NONE : ERR_DAMAGED;
}

enum err operation_sys_rotate_config(struct turn *turn)
{
    struct config config;
    enum err err = load(turn, &config);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    if (err != ERR_NONE) {
        return err;
    }
    json_set_u64(turn->arena, data, "max_operations", config.operations);
    json_set_u64(turn->arena, data, "interval", config.interval_s);
    json_set_bool(turn->arena, data, "enabled", config.is_enabled);
    return turn_reply_data(turn, data);
}

static bool is_by_itself(const struct config *config)
{
    return config->is_enabled && (config->interval_s > 0 || config->operations < operations_max);
}

static int64_t due_ms(struct turn *turn, const struct config *config)
{
    int64_t since_ms = barrier_active_since_unix_ms(state_barrier(turn->state));
    bool is_over = barrier_sealed_count(state_barrier(turn->state)) >= config->operations;
    return is_over ? turn->now_ms : config->interval_s == 0 ? INT64_MAX : since_ms + (int64_t)config->interval_s * 1000;
}

static enum err look_again(struct turn *turn, const struct config *config)
{
    int64_t due = due_ms(turn, config), latest = turn->now_ms + (int64_t)DAY_S * 1000;
    return job_put(turn, JOB_ROTATE, SLICE_LITERAL("ring"), json_new(turn->arena, JSON_OBJECT), due < latest ? due : latest);
}

enum err operation_sys_rotate_config_write(struct turn *turn)
{
    const struct json *body = turn->request->body;
    struct config config;
    enum err err = load(turn, &config);
    if (err != ERR_NONE || state_barrier(turn->state) == NULL) {
        return err != ERR_NONE ? err : ERR_SEALED;
    }
    bool has_interval = json_u64(body, "interval", &config.interval_s) == ERR_NONE, has_operations = json_u64(body, "max_operations", &config.operations) == ERR_NONE;
    config.is_enabled = json_bool(body, "enabled", config.is_enabled);
    if (has_interval && config.interval_s > 0 && (config.interval_s < DAY_S || config.interval_s > UINT32_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("interval is at least 24 hours; 0: never by itself", "interval ist mindestens 24 Stunden; 0: nie von selbst"), SLICE_NONE);
    }
    if (has_operations && (config.operations < OPERATIONS_MIN || config.operations > operations_max)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("max_operations is 1000000 to 3865470566", "max_operations ist 1000000 bis 3865470566"), SLICE_NONE);
    }
    struct json *row = json_new(turn->arena, JSON_OBJECT), *told = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, row, "interval_s", config.interval_s);
    json_set_u64(turn->arena, row, "max_operations", config.operations);
    json_set_bool(turn->arena, row, "enabled", config.is_enabled);
    json_set_u64(turn->arena, told, "interval_s", config.interval_s);
    json_set_bool(turn->arena, told, "enabled", config.is_enabled);
    json_set_string(turn->arena, told, "by", turn->caller.name);
    err = turn_put_json(turn, row_path, row, 0);
    err = err == ERR_NONE ? turn_evidence(turn, "key.rotation-set", told, NULL) : err;
    err = err != ERR_NONE ? err : is_by_itself(&config) ? look_again(turn, &config) : job_end(turn, JOB_ROTATE, SLICE_LITERAL("ring"));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* Keep's own, by the job: is it time? */
enum err operation_own_rotate(struct turn *turn)
{
    struct config config;
    enum err err = load(turn, &config);
    if (err != ERR_NONE || state_barrier(turn->state) == NULL) {
        return err != ERR_NONE ? err : ERR_SEALED;
    }
    if (!is_by_itself(&config)) {
        return job_end(turn, JOB_ROTATE, SLICE_LITERAL("ring"));
    }
    if (due_ms(turn, &config) > turn->now_ms) {
        return look_again(turn, &config);
    }
    int64_t next_s = config.interval_s > 0 && config.interval_s < DAY_S ? (int64_t)config.interval_s : DAY_S;
    err = job_put(turn, JOB_ROTATE, SLICE_LITERAL("ring"), json_new(turn->arena, JSON_OBJECT), turn->now_ms + next_s * 1000);
    return err == ERR_NONE ? rotate(turn, SLICE_LITERAL("schedule")) : err;
}
