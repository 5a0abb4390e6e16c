/*
 * A mount of version 1 becomes one of version 2: tuned to {"version":"2"}, it is version 2 at once and refuses requests until a job has moved its rows in slices,
 * each value as version 1 of its path.
 *
 *   tune ──> mount row {"upgraded":true}, m/UUID/upgrade, job ──> kv2_upgrade: kv/PATH -> kv2/PATH, 200 a turn ──> none left: m/UUID/upgrade goes
 */
#include "secrets/kv2.h"

#include "engine/job.h"

enum { SLICE_ROWS = 200 };

enum err kv2_tuned(struct turn *turn, const struct mount *mount, struct json *row)
{
    struct slice before = json_text(json_member(mount->row, "options"), "version", SLICE_LITERAL("1")), after = json_text(json_member(row, "options"), "version", SLICE_LITERAL("1"));
    if (!slice_is(after, "1") && !slice_is(after, "2")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid version provided", "diese Version gibt es nicht"), after);
    }
    if (slice_is(before, "2") && slice_is(after, "1")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot downgrade mount from version 2", "ein Mount der Version 2 lässt sich nicht zurückstellen"), SLICE_NONE);
    }
    if (slice_equal(before, after)) {
        return ERR_NONE;
    }
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "uuid", mount->uuid);
    char *mark = turn_path(turn, "m/%.*s/upgrade", (int)mount->uuid.len, (const char *)mount->uuid.data);
    enum err err = json_set_bool(turn->arena, row, "upgraded", true) == NULL ? ERR_MEMORY : turn_put_json(turn, mark, input, 0);
    err = err == ERR_NONE ? job_put(turn, JOB_KV2_UPGRADE, mount->uuid, input, turn->now_ms) : err;
    return err == ERR_NONE ? turn_reply_warning(turn, 200, "Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.") : err;
}

static enum err move(struct turn *turn, struct slice row_path, struct slice value)
{
    struct slice path = slice_from(row_path, slice_string(mount_path(turn, "kv/")).len);
    struct kv2_secret secret = kv2_new(turn);
    if (secret.id.data == NULL || secret.versions == NULL) {
        return ERR_MEMORY;
    }
    secret.current = secret.oldest = 1;
    secret.versions[0] = (struct kv2_version){.number = 1, .created_ms = turn->now_ms, .data = value};
    secret.count = 1;
    enum err err = turn_is_new(turn, kv2_path(turn, "kv2", path)); /* the mount takes no writes meanwhile */
    err = err == ERR_NONE ? kv2_save(turn, path, &secret) : err;
    return err == ERR_NONE ? turn_delete(turn, arena_string(turn->arena, row_path)) : err;
}

/* A job of keep's own: {"uuid"}. */
enum err operation_kv2_upgrade(struct turn *turn)
{
    struct slice uuid = json_text(turn->input, "uuid", SLICE_NONE);
    struct mount mount = {.uuid = uuid};
    struct turn_names rows = {0};
    turn->mount = &mount;
    enum err all = turn_list(turn, mount_path(turn, "kv/"), SLICE_NONE, SLICE_ROWS, &rows);
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && i < rows.count; i++) {
        enum err err = move(turn, rows.names[i], rows.bytes[i]);
        all = err == ERR_NONE ? all : err;
    }
    if (all == ERR_NONE && rows.count < SLICE_ROWS) {
        all = turn_delete(turn, mount_path(turn, "upgrade"));
        all = all == ERR_NONE ? job_end(turn, JOB_KV2_UPGRADE, uuid) : all;
    } else if (all == ERR_NONE) {
        all = turn_start(turn, "kv2_upgrade", turn->input);
    }
    turn->mount = NULL;
    return all;
}
