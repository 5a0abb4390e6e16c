#include "engine/lease.h"

#include "base/encode.h"
#include "engine/namespace.h"
#include "engine/token.h"

enum { RANDOM_BYTES = 18, HASH_BYTES = 16, ID_MAX_BYTES = PATH_MAX_BYTES - 9 };

static void join(enum err *all, enum err err)
{
    *all = *all == ERR_NONE || (*all == ERR_NEED && err != ERR_NONE) ? err : *all;
}

char *lease_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "lease/at/%.*s", (int)id.len, (const char *)id.data);
}

static enum err hash_of(struct turn *turn, struct slice id, char **ret_hex)
{
    uint8_t digest[SHA256_BYTES];
    sha256(id, digest);
    cleanup_buf struct buf hex = BUF_INIT(2 * HASH_BYTES);
    enum err err = hex_encode(&hex, slice_of(digest, HASH_BYTES));
    *ret_hex = arena_string(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : *ret_hex == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err of_path(struct turn *turn, struct slice token, struct slice id, char **ret_path)
{
    char *hex = NULL;
    enum err err = hash_of(turn, id, &hex);
    *ret_path = turn_path(turn, "lease/of/%.*s/%s", (int)token.len, (const char *)token.data, err == ERR_NONE ? hex : "");
    return err;
}

enum err lease_stuck_path(struct turn *turn, struct slice id, char **ret_path)
{
    char *hex = NULL;
    enum err err = hash_of(turn, id, &hex);
    *ret_path = turn_path(turn, "lease/stuck/%s", err == ERR_NONE ? hex : "");
    return err;
}

/* ---- cuts ---- */

enum err lease_check_cut(struct turn *turn, struct slice path, int64_t given_ms)
{
    enum err all = ERR_NONE;
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.data[i] != '/') {
            continue;
        }
        const struct json *cut = NULL;
        int64_t at_ms = 0;
        enum err err = turn_json(turn, turn_path(turn, "lease/cut/%.*s", (int)i, (const char *)path.data), &cut);
        if (err == ERR_NONE && json_i64(cut, "at_ms", &at_ms) == ERR_NONE && given_ms <= at_ms) {
            return ERR_NOT_FOUND;
        }
        if (err != ERR_NOT_FOUND) {
            join(&all, err);
        }
    }
    return all;
}

enum err lease_cut(struct turn *turn, struct slice prefix, bool is_forced)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "prefix", prefix);
    json_set_i64(turn->arena, row, "at_ms", turn->steady_ms);
    json_set_bool(turn->arena, row, "force", is_forced);
    json_set_string(turn->arena, row, "stage", SLICE_LITERAL("leases"));
    enum err err = turn_put_json(turn, turn_path(turn, "lease/cut/%.*s", (int)prefix.len, (const char *)prefix.data), row, turn_due_steady(turn->steady_ms + 1));
    return err == ERR_NONE ? turn_start(turn, "own_lease_cut", row) : err;
}

/* ---- making one ---- */

/* The token that the lease goes with: the caller's; of a batch token the one that made it. */
static struct slice holder(const struct turn *turn)
{
    return turn->caller.token_id.len > 0 ? turn->caller.token_id : json_text(turn->caller.token, "parent", SLICE_NONE);
}

static uint64_t allowed_ttl_s(const struct turn *turn, const struct lease_wish *wish)
{
    uint64_t max_s = mount_max_ttl_s(turn, turn->mount), ttl_s = wish->ttl_s == 0 ? mount_default_ttl_s(turn, turn->mount) : wish->ttl_s;
    int64_t end_s = turn->caller.token_id.len == 0 ? token_expires_s(turn->caller.token) : 0;
    max_s = wish->max_ttl_s > 0 && wish->max_ttl_s < max_s ? wish->max_ttl_s : max_s;
    ttl_s = ttl_s > max_s ? max_s : ttl_s;
    uint64_t left_s = end_s > turn->steady_ms / 1000 ? (uint64_t)(end_s - turn->steady_ms / 1000) : 0;
    return left_s > 0 && ttl_s > left_s ? left_s : ttl_s;
}

static enum err new_id(struct turn *turn, struct slice *ret_id)
{
    uint8_t random[RANDOM_BYTES];
    cleanup_buf struct buf id = BUF_INIT(REQUEST_PATH_MAX_BYTES + 32);
    turn_random(turn, random, sizeof random);
    enum err err = buf_append(&id, namespace_whole(turn, turn->request->path));
    err = err == ERR_NONE ? buf_append_byte(&id, '/') : err;
    err = err == ERR_NONE ? base64url_encode(&id, slice_of(random, sizeof random)) : err;
    *ret_id = arena_copy(turn->arena, buf_slice(&id));
    return err;
}

static struct json *new_row(struct turn *turn, const struct lease_wish *wish, struct slice token, uint64_t ttl_s)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "token", token);
    json_set_string(turn->arena, row, "mount", turn->mount->uuid);
    json_set_string(turn->arena, row, "mount_path", turn->mount->path);
    json_set_i64(turn->arena, row, "issued_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "expires_s", turn->steady_ms / 1000 + (int64_t)ttl_s);
    json_set_u64(turn->arena, row, "ttl_s", ttl_s);
    json_set_u64(turn->arena, row, "max_ttl_s", wish->max_ttl_s == 0 ? mount_max_ttl_s(turn, turn->mount) : wish->max_ttl_s);
    json_set_bool(turn->arena, row, "renewable", !wish->not_renewable && turn->caller.token_id.len > 0);
    json_set(turn->arena, row, "data", wish->data == NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, wish->data));
    return row;
}

enum err lease_create(struct turn *turn, const struct lease_wish *wish, struct slice *ret_id, uint64_t *ret_ttl_s)
{
    struct slice id, token = holder(turn);
    uint64_t ttl_s = allowed_ttl_s(turn, wish);
    char *list = NULL;
    struct token owner = {.id = token, .row = turn->caller.token};
    enum err err = new_id(turn, &id);
    err = err == ERR_NONE ? turn_is_new(turn, lease_path(turn, id)) : err;
    err = err == ERR_NONE ? turn_put_json(turn, lease_path(turn, id), new_row(turn, wish, token, ttl_s), turn_due_steady(turn->steady_ms + (int64_t)ttl_s * 1000)) : err;
    if (err == ERR_NONE && token.len > 0) {
        struct json *entry = json_new(turn->arena, JSON_OBJECT);
        json_set_string(turn->arena, entry, "lease", id);
        err = of_path(turn, token, id, &list);
        err = err == ERR_NONE ? turn_is_new(turn, list) : err;
        err = err == ERR_NONE ? turn_put_json(turn, list, entry, 0) : err;
        err = err == ERR_NONE ? token_mark(turn, &owner, "leases") : err;
    }
    *ret_id = id;
    *ret_ttl_s = ttl_s;
    return err;
}

/* ---- finding one ---- */

enum err lease_find(struct turn *turn, struct slice id, const struct json **ret_row)
{
    const struct json *row = NULL;
    struct token token;
    int64_t end_s = 0, issued_ms = 0;
    enum err err = id.len == 0 || id.len > ID_MAX_BYTES ? ERR_NOT_FOUND : turn_json(turn, lease_path(turn, id), &row);
    if (err != ERR_NONE) {
        return err;
    }
    if (json_bool(row, "ended", false) || json_i64(row, "expires_s", &end_s) != ERR_NONE || turn->steady_ms >= end_s * 1000 || json_i64(row, "issued_ms", &issued_ms) != ERR_NONE) {
        return ERR_NOT_FOUND;
    }
    struct slice owner = json_text(row, "token", SLICE_NONE), mount = json_text(row, "mount", SLICE_NONE);
    enum err all = lease_check_cut(turn, id, issued_ms);
    join(&all, turn_exists(turn, turn_path(turn, "mount/live/%.*s", (int)mount.len, (const char *)mount.data)));
    join(&all, owner.len == 0 ? ERR_NONE : token_find_id(turn, owner, &token));
    *ret_row = row;
    return all;
}

/* ---- ending ---- */

enum err lease_drop(struct turn *turn, struct slice id, const struct json *row)
{
    struct slice token = json_text(row, "token", SLICE_NONE);
    char *list = NULL, *stuck = NULL;
    enum err all = turn_delete(turn, lease_path(turn, id));
    if (token.len > 0) {
        enum err err = of_path(turn, token, id, &list);
        join(&all, err == ERR_NONE ? turn_delete(turn, list) : err);
    }
    if (token_number(row, "failed") >= LEASE_STUCK_FAILURES) {
        enum err err = lease_stuck_path(turn, id, &stuck);
        join(&all, err == ERR_NONE ? turn_delete(turn, stuck) : err);
    }
    return all;
}

enum err lease_end(struct turn *turn, struct slice id)
{
    const struct json *row = NULL;
    enum err err = id.len == 0 || id.len > ID_MAX_BYTES ? ERR_NOT_FOUND : turn_json(turn, lease_path(turn, id), &row);
    if (err != ERR_NONE || json_bool(row, "ended", false)) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    struct json *ended = token_with(turn, row, "ended", json_boolean(turn->arena, true));
    return turn_put_json(turn, lease_path(turn, id), ended, turn_due_steady(turn->steady_ms));
}

enum err lease_end_of_token(struct turn *turn, struct slice token_id, uint32_t limit, size_t *ret_count)
{
    struct turn_names rows;
    enum err all = turn_list(turn, turn_path(turn, "lease/of/%.*s/", (int)token_id.len, (const char *)token_id.data), SLICE_NONE, limit, &rows);
    *ret_count = all == ERR_NONE ? rows.count : 0;
    for (size_t i = 0, count = *ret_count; i < count; i++) {
        struct json *entry = NULL;
        enum err err = json_unpack(turn->arena, rows.bytes[i], &entry);
        join(&all, err == ERR_NONE ? lease_end(turn, json_text(entry, "lease", SLICE_NONE)) : ERR_DAMAGED);
        join(&all, turn_delete(turn, arena_string(turn->arena, rows.names[i])));
    }
    return all;
}

enum err lease_end_of_mount(struct turn *turn, struct slice path, struct slice uuid, uint32_t limit, size_t *ret_left)
{
    struct turn_names rows;
    enum err all = turn_list(turn, turn_path(turn, "lease/at/%.*s/", (int)path.len, (const char *)path.data), SLICE_NONE, limit, &rows);
    *ret_left = 0;
    for (size_t i = 0, count = all == ERR_NONE ? rows.count : 0; i < count; i++) {
        struct json *row = NULL;
        enum err err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err == ERR_NONE && slice_equal(json_text(row, "mount", SLICE_NONE), uuid)) {
            ++*ret_left;
            join(&all, lease_end(turn, slice_from(rows.names[i], sizeof "lease/at/" - 1)));
        }
    }
    return all;
}
