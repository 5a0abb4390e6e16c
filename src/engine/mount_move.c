/*
 * sys/remount: a mount lies at another path from now on. Its rows hang on its uuid, so nothing of it is copied: two rows change, and everything that was given below
 * the former path (leases, logins) ends there, through its engine, as the path is no longer its own.
 *   moved/ID  {"from","to"}: for whoever asks how it went; goes after a day
 */
#include "engine/mount.h"

#include "base/encode.h"
#include "engine/lease.h"
#include "engine/namespace.h"
#include "engine/operations.h"

enum { DAY_MS = 86400000 };

static struct slice trimmed(struct slice path)
{
    while (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

static char *moved_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "moved/%.*s", (int)id.len, (const char *)id.data);
}

static struct slice new_id(struct turn *turn)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[16];
    char text[36];
    size_t at = 0;
    turn_random(turn, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = digits[random[i] >> 4];
        text[at++] = digits[random[i] & 15];
    }
    return arena_copy(turn->arena, slice_of(text, at));
}

static enum err put_rows(struct turn *turn, const struct mount *mount, struct slice to, struct slice id)
{
    struct json *moved = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, moved, "from", namespace_whole(turn, mount->path));
    json_set_string(turn->arena, moved, "to", namespace_whole(turn, to));
    enum err err = mount_put_at(turn, mount, to);
    err = err == ERR_NONE ? lease_cut(turn, namespace_whole(turn, mount->path), false) : err;
    err = err == ERR_NONE ? turn_is_new(turn, moved_path(turn, id)) : err;
    err = err == ERR_NONE ? turn_put_json(turn, moved_path(turn, id), moved, turn_due_steady(turn->steady_ms + DAY_MS)) : err;
    json_set_string(turn->arena, moved, "by", turn->caller.name);
    return err == ERR_NONE ? turn_evidence(turn, "mount.moved", moved, NULL) : err;
}

enum err operation_sys_remount(struct turn *turn)
{
    struct slice from = trimmed(turn_field(turn, "from")), to = trimmed(turn_field(turn, "to"));
    struct mount mount;
    enum err err = mount_at(turn, from, &mount);
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_INVALID, TEXT("no matching mount at", "nichts ist eingebunden unter"), from);
    }
    if (err == ERR_NONE && slice_starts(from, SLICE_LITERAL("auth/")) != slice_starts(to, SLICE_LITERAL("auth/"))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a login method stays below auth/, an engine elsewhere", "ein Anmeldeverfahren bleibt unter auth/, eine Engine anderswo"), to);
    }
    err = err == ERR_NONE ? mount_check_free(turn, mount.engine->class, to) : err;
    struct slice id = new_id(turn);
    err = err == ERR_NONE ? put_rows(turn, &mount, to, id) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "migration_id", id);
    return turn_reply_both(turn, data);
}

/* In progress as long as something given below the former path has not ended outside. */
enum err operation_sys_remount_status(struct turn *turn)
{
    const struct json *moved = NULL;
    enum err err = turn_json(turn, moved_path(turn, turn->values[0]), &moved);
    if (err != ERR_NONE) {
        return err;
    }
    struct slice from = json_text(moved, "from", SLICE_NONE);
    enum err left = turn_exists(turn, turn_path(turn, "lease/cut/%.*s", (int)from.len, (const char *)from.data));
    if (left != ERR_NONE && left != ERR_NOT_FOUND) {
        return left;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "migration_id", turn->values[0]);
    struct json *info = json_set_object(turn->arena, data, "migration_info");
    json_set_string(turn->arena, info, "source_mount", from);
    json_set_string(turn->arena, info, "target_mount", json_text(moved, "to", SLICE_NONE));
    json_set_string(turn->arena, info, "status", slice_string(left == ERR_NONE ? "in-progress" : "success"));
    return turn_reply_data(turn, data);
}
