#include "engine/job.h"

enum { AGAIN_MS = 600000 };

static const char *const operations[] = {
    [JOB_KV2_END] = "kv2_end",
    [JOB_KV2_UPGRADE] = "kv2_upgrade",
    [JOB_ROTATE] = "own_rotate",
    [JOB_TRANSIT_ROTATE] = "transit_rotate_due",
    [JOB_SECRET_ROTATE] = "secret_rotate",
    [JOB_CRL_FETCH] = "cert_crl_fetch",
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

static char *path_of(struct turn *turn, enum job job, struct slice key)
{
    return turn_path(turn, "job/%s/%.*s", operations[job], (int)key.len, (const char *)key.data);
}

enum err job_put(struct turn *turn, enum job job, struct slice key, const struct json *input, int64_t due_ms)
{
    bool is_now = due_ms <= turn->now_ms;
    enum err err = turn_put_json(turn, path_of(turn, job, key), input, is_now ? turn->now_ms + AGAIN_MS : due_ms);
    return err == ERR_NONE && is_now ? turn_start(turn, operations[job], input) : err;
}

enum err job_end(struct turn *turn, enum job job, struct slice key)
{
    return turn_delete(turn, path_of(turn, job, key));
}

enum err job_due(struct turn *turn, struct slice path, struct slice row)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        struct slice prefix = slice_string(turn_path(turn, "job/%s/", operations[i]));
        struct json *input = NULL;
        if (prefix.len == 0 || !slice_starts(path, prefix)) {
            continue;
        }
        enum err err = json_unpack(turn->arena, row, &input);
        return err == ERR_NONE ? job_put(turn, (enum job)i, slice_from(path, prefix.len), input, turn->now_ms) : ERR_DAMAGED;
    }
    return ERR_NONE;
}
