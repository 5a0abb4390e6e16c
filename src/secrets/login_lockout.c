#include "secrets/login_lockout.h"

#include "engine/token.h"

enum { THRESHOLD = 5, LOCK_S = 900, RESET_S = 900, PAGE = 1000 };

static struct slice accessor_of(const struct turn *turn)
{
    return json_text(turn->mount->row, "accessor", SLICE_NONE);
}

static char *row_path(struct turn *turn, struct slice accessor, struct slice name)
{
    return turn_path(turn, "lockout/%.*s/%.*s", (int)accessor.len, (const char *)accessor.data, (int)name.len, (const char *)name.data);
}

static const struct json *config_of(const struct turn *turn)
{
    return json_member(json_member(turn->mount->row, "config"), "user_lockout_config");
}

static bool is_off(const struct turn *turn)
{
    return json_bool(config_of(turn), "lockout_disable", false);
}

static uint64_t setting(const struct turn *turn, const char *name, uint64_t otherwise)
{
    uint64_t value = token_number(config_of(turn), name);
    return value == 0 ? otherwise : value;
}

static uint64_t reset_s(const struct turn *turn)
{
    return setting(turn, "lockout_counter_reset", setting(turn, "lockout_counter_reset_duration", RESET_S));
}

static int64_t until_ms(const struct json *row)
{
    return (int64_t)token_number(row, "until_ms");
}

enum err lockout_check(struct turn *turn, struct slice name)
{
    const struct json *row = NULL;
    enum err err = is_off(turn) ? ERR_NOT_FOUND : turn_json(turn, row_path(turn, accessor_of(turn), name), &row);
    if (err == ERR_NONE && turn->steady_ms < until_ms(row)) {
        return turn_refuse(turn, ERR_DENIED, TEXT("permission denied: too many failed logins, this name is locked for a while", "Zugriff verweigert: zu viele falsche Anmeldungen, dieser Name ist eine Weile gesperrt"), SLICE_NONE);
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err lockout_count(struct turn *turn, struct slice name)
{
    char *path = row_path(turn, accessor_of(turn), name);
    const struct json *before = NULL;
    if (is_off(turn)) {
        return ERR_NONE;
    }
    enum err err = turn_json(turn, path, &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    int64_t counts_until_ms = turn->steady_ms + (int64_t)reset_s(turn) * 1000;
    bool goes_on = before != NULL && until_ms(before) == 0 && turn->steady_ms < (int64_t)token_number(before, "last_ms") + (int64_t)reset_s(turn) * 1000;
    uint64_t failures = goes_on ? token_number(before, "failures") + 1 : 1;
    bool locks = failures >= setting(turn, "lockout_threshold", THRESHOLD);
    int64_t locked_until_ms = locks ? turn->steady_ms + (int64_t)setting(turn, "lockout_duration", LOCK_S) * 1000 : 0;
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, row, "failures", failures);
    json_set_i64(turn->arena, row, "last_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "until_ms", locked_until_ms);
    err = turn_put_json(turn, path, row, turn_due_steady(locks ? locked_until_ms : counts_until_ms));
    turn_keep_changes(turn);
    return err;
}

enum err lockout_forget(struct turn *turn, struct slice name)
{
    char *path = row_path(turn, accessor_of(turn), name);
    struct slice bytes;
    enum err err = turn_row(turn, path, &bytes);
    return err == ERR_NONE ? turn_delete(turn, path) : err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err lockout_warn(struct turn *turn, const struct json *row)
{
    bool is_tuned = json_member(json_member(row, "config"), "user_lockout_config") != NULL;
    return is_tuned ? turn_reply_warning(turn, 200, "user_lockout_config has no effect here: what this method knows callers by is no secret, and whoever knows it could lock them out.") : ERR_NONE;
}

/* ---- sys/locked-users ---- */

/* One mount's part of the answer; rows come sorted by accessor. */
static struct json *group_of(struct turn *turn, struct json *mounts, struct slice accessor)
{
    struct json *last = mounts->last;
    if (last != NULL && slice_equal(json_text(last, "mount_accessor", SLICE_NONE), accessor)) {
        return last;
    }
    struct json *group = json_append(mounts, json_new(turn->arena, JSON_OBJECT));
    json_set_string(turn->arena, group, "mount_accessor", accessor);
    json_set_array(turn->arena, group, "alias_identifiers");
    return group;
}

static enum err add(struct turn *turn, struct json *mounts, struct slice path, struct slice bytes, uint64_t *total)
{
    struct json *row = NULL;
    struct slice rest = slice_from(path, sizeof "lockout/" - 1);
    size_t slash = slice_find_byte(rest, '/');
    enum err err = json_unpack(turn->arena, bytes, &row);
    if (err != ERR_NONE || slash == SIZE_MAX) {
        return ERR_DAMAGED;
    }
    if (turn->steady_ms >= until_ms(row)) {
        return ERR_NONE; /* counted, not locked; or over */
    }
    struct json *group = group_of(turn, mounts, slice_first(rest, slash));
    (*total)++;
    return json_append(group == NULL ? NULL : group->last, json_string(turn->arena, slice_from(rest, slash + 1))) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err collect(struct turn *turn, struct json *mounts, uint64_t *total)
{
    struct slice accessor = turn_query(turn, "mount_accessor"), after = SLICE_NONE;
    char *prefix = accessor.len == 0 ? turn_path(turn, "lockout/") : row_path(turn, accessor, SLICE_LITERAL(""));
    for (bool goes_on = true; goes_on;) {
        struct turn_names rows;
        enum err err = turn_list(turn, prefix, after, PAGE, &rows);
        for (size_t i = 0; err == ERR_NONE && i < rows.count; i++) {
            err = add(turn, mounts, rows.names[i], rows.bytes[i], total);
        }
        if (err != ERR_NONE) {
            return err;
        }
        goes_on = rows.count == PAGE;
        after = goes_on ? rows.names[PAGE - 1] : after;
    }
    return ERR_NONE;
}

enum err operation_lockout_list(struct turn *turn)
{
    uint64_t total = 0;
    struct json *data = json_new(turn->arena, JSON_OBJECT), *spaces = json_set_array(turn->arena, data, "by_namespace");
    struct json *space = json_new(turn->arena, JSON_OBJECT), *mounts = json_set_array(turn->arena, space, "mount_accessors");
    enum err err = mounts == NULL ? ERR_MEMORY : collect(turn, mounts, &total);
    if (err != ERR_NONE) {
        return err;
    }
    for (struct json *group = mounts->first; group != NULL; group = group->next) {
        json_set_u64(turn->arena, group, "counts", json_member(group, "alias_identifiers")->count);
    }
    json_set_u64(turn->arena, space, "counts", total);
    json_set_string(turn->arena, space, "namespace_id", SLICE_LITERAL("root"));
    json_set_string(turn->arena, space, "namespace_path", SLICE_NONE);
    if (total > 0) {
        json_append(spaces, space);
    }
    json_set_u64(turn->arena, data, "total", total);
    return turn_reply_data(turn, data);
}

enum err operation_lockout_end(struct turn *turn)
{
    struct slice accessor = turn->values[0], name = secrets_lower(turn, turn->values[1]), bytes;
    char *path = row_path(turn, accessor, name);
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    enum err err = turn_row(turn, path, &bytes);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    json_set_string(turn->arena, record, "mount", accessor);
    json_set_string(turn->arena, record, "name", name);
    json_set_string(turn->arena, record, "by", turn->caller.name);
    err = turn_delete(turn, path);
    err = err == ERR_NONE ? turn_evidence(turn, "login.unlocked", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
