/* sys/leases/: look up, renew, revoke, list. */
#include "engine/lease.h"

#include "base/time.h"
#include "engine/namespace.h"
#include "engine/operations.h"
#include "engine/token.h"

enum { NAMES_MAX = 10000 };

static enum err refuse(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

/* In the body as lease_id, or at the end of the path. */
static struct slice named(const struct turn *turn)
{
    struct slice id = turn_field(turn, "lease_id"), space = turn->space.path;
    id = id.len > 0 ? id : turn->values[0];
    bool is_here = space.len == 0 || (slice_starts(id, space) && id.len > space.len && id.data[space.len] == '/');
    return is_here ? id : SLICE_NONE;
}

static struct slice without_slash(struct slice prefix)
{
    while (prefix.len > 0 && prefix.data[prefix.len - 1] == '/') {
        prefix.len--;
    }
    return prefix;
}

static void set_time(struct turn *turn, struct json *data, const char *name, int64_t steady_ms)
{
    char text[RFC3339_BYTES];
    rfc3339_format(turn_wall_ms(turn, steady_ms), text);
    json_set_string(turn->arena, data, name, slice_string(text));
}

enum err operation_lease_lookup(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice id = named(turn);
    enum err err = lease_find(turn, id, &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? refuse(turn, TEXT("invalid lease", "diesen Lease gibt es nicht")) : err;
    }
    int64_t end_s = token_expires_s(row), renewed_s = (int64_t)token_number(row, "renewed_s");
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "id", id);
    set_time(turn, data, "issue_time", (int64_t)token_number(row, "issued_ms"));
    set_time(turn, data, "expire_time", end_s * 1000);
    if (renewed_s > 0) {
        set_time(turn, data, "last_renewal", renewed_s * 1000);
    } else {
        json_set_null(turn->arena, data, "last_renewal");
    }
    json_set_bool(turn->arena, data, "renewable", json_bool(row, "renewable", false));
    json_set_i64(turn->arena, data, "ttl", end_s - turn->steady_ms / 1000);
    return turn_reply_data(turn, data);
}

enum err operation_lease_list(struct turn *turn)
{
    struct slice prefix = without_slash(namespace_whole(turn, turn->values[0]));
    struct turn_names names;
    char *path = prefix.len == 0 ? turn_path(turn, "lease/at/") : turn_path(turn, "lease/at/%.*s/", (int)prefix.len, (const char *)prefix.data);
    enum err err = turn_names(turn, path, turn_query(turn, "after"), NAMES_MAX, &names);
    if (err != ERR_NONE || names.count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; i < names.count; i++) {
        json_append(keys, json_string(turn->arena, names.names[i]));
    }
    return turn_reply_data(turn, data);
}

/* ---- renewing ---- */

static enum err new_ttl(struct turn *turn, const struct json *row, uint64_t *ret_ttl_s)
{
    uint64_t ttl_s = token_number(row, "ttl_s"), max_s = token_number(row, "max_ttl_s");
    (void)!json_u64(turn->request->body, "increment", &ttl_s);
    ttl_s = ttl_s == 0 ? token_number(row, "ttl_s") : ttl_s;
    int64_t age_s = (turn->steady_ms - (int64_t)token_number(row, "issued_ms")) / 1000;
    uint64_t lived_s = age_s > 0 ? (uint64_t)age_s : 0;
    if (!json_bool(row, "renewable", false)) {
        return refuse(turn, TEXT("lease is not renewable", "dieser Lease lässt sich nicht verlängern"));
    }
    if (lived_s >= max_s) {
        return refuse(turn, TEXT("past the max TTL, cannot renew", "die längste Laufzeit ist erreicht, keine Verlängerung mehr"));
    }
    *ret_ttl_s = ttl_s > max_s - lived_s ? max_s - lived_s : ttl_s;
    return ERR_NONE;
}

static enum err tell_engine(struct turn *turn, const struct json *row, uint64_t ttl_s)
{
    struct mount mount;
    enum err err = mount_remains(turn, json_text(row, "mount_path", SLICE_NONE), json_text(row, "mount", SLICE_NONE), &mount);
    if (err != ERR_NONE || mount.engine->lease_renew == NULL) {
        return err;
    }
    turn->mount = &mount;
    err = mount.engine->lease_renew(turn, json_member(row, "data"), ttl_s);
    turn->mount = NULL;
    return err;
}

enum err operation_lease_renew(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice id = named(turn);
    uint64_t ttl_s = 0;
    enum err err = lease_find(turn, id, &row);
    if (err == ERR_NOT_FOUND) {
        return refuse(turn, TEXT("lease not found", "diesen Lease gibt es nicht"));
    }
    err = err == ERR_NONE ? new_ttl(turn, row, &ttl_s) : err;
    err = err == ERR_NONE ? tell_engine(turn, row, ttl_s) : err;
    if (err != ERR_NONE) {
        return err;
    }
    int64_t now_s = turn->steady_ms / 1000;
    struct json *renewed = token_with(turn, row, "expires_s", json_number_i64(turn->arena, now_s + (int64_t)ttl_s));
    renewed = renewed == NULL ? NULL : token_with(turn, renewed, "renewed_s", json_number_i64(turn->arena, now_s));
    err = turn_put_json(turn, lease_path(turn, id), renewed, turn_due_steady((now_s + (int64_t)ttl_s) * 1000));
    err = err == ERR_NONE ? turn_reply_data(turn, json_new(turn->arena, JSON_NULL)) : err;
    return err == ERR_NONE ? turn_reply_lease(turn, id, true, ttl_s) : err;
}

/* ---- ending ---- */

enum err operation_lease_revoke(struct turn *turn)
{
    enum err err = lease_end(turn, named(turn));
    err = err == ERR_NONE ? turn_start(turn, "own_lease_sweep", NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static enum err cut(struct turn *turn, bool is_forced)
{
    struct slice prefix = without_slash(turn->values[0].len > 0 ? turn->values[0] : turn_field(turn, "prefix"));
    if (prefix.len == 0) {
        return refuse(turn, TEXT("missing prefix", "es fehlt der Anfang des Pfads"));
    }
    prefix = namespace_whole(turn, prefix);
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "prefix", prefix);
    json_set_bool(turn->arena, record, "force", is_forced);
    json_set_string(turn->arena, record, "by", turn->caller.name);
    enum err err = lease_cut(turn, prefix, is_forced);
    err = err == ERR_NONE ? lease_end(turn, prefix) : err; /* a whole id is a prefix, too */
    err = err == ERR_NONE ? turn_evidence(turn, "lease.cut", record, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_lease_revoke_prefix(struct turn *turn)
{
    return cut(turn, false);
}

enum err operation_lease_revoke_force(struct turn *turn)
{
    return cut(turn, true);
}

/* ---- what could not be ended ---- */

/* sys/leases, sys/leases/count: only those that are stuck can be counted without reading them all. */
static enum err stuck(struct turn *turn, bool wants_leases)
{
    struct turn_names rows;
    if (!slice_is(turn_query(turn, "type"), "irrevocable")) {
        return refuse(turn, TEXT("unknown lease type: only type=irrevocable is counted", "unbekannte Art: gezählt wird nur type=irrevocable"));
    }
    enum err err = turn_list(turn, "lease/stuck/", SLICE_NONE, NAMES_MAX, &rows);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *leases = json_new(turn->arena, JSON_ARRAY);
    for (size_t i = 0; i < rows.count; i++) {
        struct json *entry = NULL, *one = json_append(leases, json_new(turn->arena, JSON_OBJECT));
        if (json_unpack(turn->arena, rows.bytes[i], &entry) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        json_set_string(turn->arena, one, "lease_id", json_text(entry, "lease", SLICE_NONE));
        json_set_string(turn->arena, one, "error", json_text(entry, "error", SLICE_NONE));
    }
    json_set_u64(turn->arena, data, "lease_count", rows.count);
    if (wants_leases) {
        json_set(turn->arena, data, "leases", leases);
    }
    return turn_reply_data(turn, data);
}

enum err operation_lease_stuck(struct turn *turn)
{
    return stuck(turn, true);
}

enum err operation_lease_count(struct turn *turn)
{
    return stuck(turn, false);
}
