#include "engine/namespace.h"

#include "engine/turn_inside.h"

#include <string.h>

char *namespace_row_of(const struct turn *turn, struct slice rows, char *rest)
{
    return rows.len == 0 || rest == NULL ? rest : turn_path(turn, "%.*s%s", (int)rows.len, (const char *)rows.data, rest);
}

static struct slice trimmed(struct slice path)
{
    while (path.len > 0 && path.data[0] == '/') {
        path = slice_from(path, 1);
    }
    while (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

static struct slice joined(struct turn *turn, struct slice first, struct slice second)
{
    if (first.len == 0 || second.len == 0) {
        return first.len == 0 ? second : first;
    }
    char *path = turn_path(turn, "%.*s/%.*s", (int)first.len, (const char *)first.data, (int)second.len, (const char *)second.data);
    return path == NULL ? SLICE_NONE : slice_string(path);
}

static enum err fill(struct turn *turn, struct slice path, const struct json *row, struct namespace *ret_space)
{
    struct slice id = json_text(row, "id", SLICE_NONE);
    char *rows = turn_path(turn, "n/%.*s/", (int)id.len, (const char *)id.data);
    if (id.len == 0 || rows == NULL) {
        return id.len == 0 ? ERR_DAMAGED : ERR_MEMORY;
    }
    *ret_space = (struct namespace){.path = arena_copy(turn->arena, path), .id = id, .rows = slice_string(rows)};
    return ret_space->path.data == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err at(struct turn *turn, struct slice path, struct namespace *ret_space)
{
    const struct json *row = NULL;
    enum err err = path.len > NAMESPACE_PATH_MAX_BYTES ? ERR_NOT_FOUND : turn_json(turn, turn_path(turn, "space/at/%.*s", (int)path.len, (const char *)path.data), &row);
    return err == ERR_NONE ? fill(turn, path, row, ret_space) : err;
}

/* The deepest namespace that the path begins with. */
static enum err descend(struct turn *turn, struct slice path, struct namespace *ret_space)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] != '/') {
            continue;
        }
        enum err err = at(turn, slice_first(path, i), ret_space);
        if (err != ERR_NONE) {
            return err == ERR_NOT_FOUND ? ERR_NONE : err;
        }
    }
    return ERR_NONE;
}

enum err namespace_enter(struct turn *turn)
{
    const struct request *given = turn->request;
    struct slice header = trimmed(given->name_space);
    header = slice_is(header, "root") ? SLICE_NONE : header;
    turn->space = (struct namespace){.path = SLICE_NONE};
    if (turn->route == NULL) {
        turn->inside->may_be_mounted = route_may_be_mounted(given->path); /* asked of every route: once a turn */
    }
    if (turn->around->sealed || state_barrier(turn->state) == NULL || (header.len == 0 && !turn->inside->may_be_mounted)) {
        return ERR_NONE;
    }
    struct slice whole = joined(turn, header, given->path);
    struct namespace found = {.path = SLICE_NONE};
    enum err err = whole.data == NULL ? ERR_MEMORY : descend(turn, whole, &found);
    if (err != ERR_NONE || (header.len == 0 && found.path.len == 0)) {
        return err; /* as nearly always: it is as it was */
    }
    struct request *inside = arena_alloc(turn->arena, sizeof *inside);
    if (inside == NULL) {
        return ERR_MEMORY;
    }
    bool is_known = found.path.len >= header.len;
    turn->space = is_known ? found : turn->space;
    *inside = *given;
    inside->path = is_known && found.path.len > 0 ? slice_from(whole, found.path.len + 1) : whole;
    turn->space.is_by_path = found.path.len > header.len;
    turn->request = inside;
    return ERR_NONE;
}

/* ---- which routes there are ---- */

/* Beginnings of patterns. */
static const char *const open_patterns[] = {
    "sys/mounts", "sys/auth", "sys/remount", "sys/policies/acl", "sys/policy", "sys/policies/password", "sys/capabilities", "sys/capabilities-self", "sys/capabilities-accessor",
    "sys/internal/ui/mounts", "sys/internal/ui/namespaces", "sys/leases/lookup", "sys/leases/renew", "sys/leases/revoke", "sys/leases/revoke-prefix", "sys/leases/revoke-force", "sys/renew", "sys/revoke",
    "sys/revoke-prefix", "sys/revoke-force", "sys/wrapping", "sys/namespaces", "sys/tools", "cubbyhole", "auth/token",
};

static bool begins(const char *pattern, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(list[i]);
        if (strncmp(pattern, list[i], len) == 0 && (pattern[len] == '\0' || pattern[len] == '/')) {
            return true;
        }
    }
    return false;
}

enum err namespace_check_route(struct turn *turn, const struct route *route)
{
    bool is_open = begins(route->pattern, open_patterns, sizeof open_patterns / sizeof open_patterns[0]);
    return is_open || turn->space.id.len == 0
               ? ERR_NONE
               : turn_refuse(turn, ERR_NOT_FOUND, TEXT("unsupported path: this exists in the root namespace only", "das gibt es nur im obersten Namensraum"), turn->request->path);
}

/* ---- of tokens ---- */

enum err namespace_of(struct turn *turn, const struct json *row, struct namespace *ret_space)
{
    struct slice path = json_text(row, "space", SLICE_NONE);
    *ret_space = (struct namespace){.path = SLICE_NONE};
    if (path.len == 0) {
        return ERR_NONE;
    }
    struct namespace found = {.path = SLICE_NONE};
    enum err err = at(turn, path, &found);
    if (err == ERR_NONE && !slice_equal(found.id, json_text(row, "space_id", SLICE_NONE))) {
        return ERR_NOT_FOUND;
    }
    if (err == ERR_NONE) {
        *ret_space = found;
    }
    return err;
}

bool namespace_within(const struct namespace *inner, const struct namespace *outer)
{
    return outer->path.len == 0 || slice_equal(inner->path, outer->path) ||
           (slice_starts(inner->path, outer->path) && inner->path.data[outer->path.len] == '/');
}

bool namespace_same(const struct namespace *a, const struct namespace *b)
{
    return slice_equal(a->id, b->id);
}

struct slice namespace_whole(struct turn *turn, struct slice path)
{
    return joined(turn, turn->space.path, path);
}

struct slice namespace_seen(struct turn *turn, struct slice path)
{
    if (turn->space.path.len <= turn->caller.space.path.len) {
        return path;
    }
    size_t skip = turn->caller.space.path.len == 0 ? 0 : turn->caller.space.path.len + 1;
    return joined(turn, slice_from(turn->space.path, skip), path);
}

struct slice namespace_path_of(struct turn *turn, const struct json *row)
{
    return joined(turn, json_text(row, "space", SLICE_NONE), json_text(row, "path", SLICE_NONE));
}
