/*
 * sys/search, Vogt's own: names of secrets in all kv mounts, of whatever the caller may list and nothing else. A folder is looked into when some rule could let the
 * caller list something below it, and shown when it may be listed; that is decided anew for each. Bounded in folders, names and mounts a request; the reply's
 * "next" goes on.
 */
#include "engine/policy.h"
#include "secrets/kv2.h"

enum { MOUNTS_MAX = 200, FOLDERS_MAX = 256, NAMES_MAX = 20000, FOUND_MAX = 1000, FOUND_DEFAULT = 100, TEXT_MAX_BYTES = 128 };

struct search {
    struct turn *turn;
    struct slice in, after;             /* "secret/team": only there; where a former search stopped */
    struct slice text;                  /* in the path, letters of either case */
    size_t limit, folders_left, names_left;
    struct json *keys;
    struct slice next;
};

struct within {
    struct search *search;
    struct slice mount;                 /* "secret" */
    bool is_versioned;
};

static bool matches(void *context, struct slice path)
{
    const struct within *within = context;
    return slice_find_caseless(path, within->search->text) != SIZE_MAX;
}

static const struct json *policies_of(const struct turn *turn)
{
    return turn->caller.policies;
}

/* "secret/metadata/team/" is what a list of the folder would be asked of. */
static char *listed_path(const struct within *within, struct slice folder)
{
    return turn_path(within->search->turn, "%.*s/%s%.*s", (int)within->mount.len, (const char *)within->mount.data, within->is_versioned ? "metadata/" : "", (int)folder.len, (const char *)folder.data);
}

static enum err sees(void *context, struct slice folder, bool *ret_sees)
{
    const struct within *within = context;
    struct turn *turn = within->search->turn;
    char *path = listed_path(within, folder);
    struct grant grant = {0};
    *ret_sees = turn->caller.is_root;
    enum err err = turn->caller.is_root ? ERR_NONE : path == NULL ? ERR_MEMORY : policy_grant_list(turn, policies_of(turn), slice_string(path), &grant);
    *ret_sees = *ret_sees || (err == ERR_NONE && (grant.capabilities & CAPABILITY_LIST) != 0);
    return err;
}

static enum err enters(void *context, struct slice folder, bool *ret_enters)
{
    const struct within *within = context;
    struct turn *turn = within->search->turn;
    struct slice path = slice_string(listed_path(within, folder));
    struct grant grant = {0};
    *ret_enters = turn->caller.is_root;
    enum err err = turn->caller.is_root ? ERR_NONE : policy_grant_below(turn, policies_of(turn), slice_first(path, path.len == 0 ? 0 : path.len - 1), &grant);
    *ret_enters = *ret_enters || (err == ERR_NONE && (grant.capabilities & CAPABILITY_LIST) != 0);
    return err;
}

/* What follows "MOUNT/" in a path below the mount; the mount itself gives nothing. */
static struct slice inside(struct slice path, struct slice mount)
{
    bool is_below = path.len > mount.len + 1 && slice_starts(path, mount) && path.data[mount.len] == '/';
    return is_below ? slice_from(path, mount.len + 1) : SLICE_NONE;
}

static enum err search_mount(struct search *search, struct slice mount, const struct json *row)
{
    struct turn *turn = search->turn;
    struct within within = {search, mount, slice_is(json_text(json_member(row, "options"), "version", SLICE_NONE), "2")};
    struct slice below = inside(search->in, mount);
    struct walk walk = {.rows = within.is_versioned ? "kv2" : "kv", .mount_uuid = json_text(row, "uuid", SLICE_NONE), .below = below, .after = inside(search->after, mount),
                        .limit = search->limit - search->keys->count, .matches = matches, .sees = sees, .enters = enters, .context = &within,
                        .folders_left = search->folders_left, .names_left = search->names_left, .found = json_new(turn->arena, JSON_ARRAY)};
    if (below.len > 0 && below.data[below.len - 1] != '/') {
        walk.below = slice_string(turn_path(turn, "%.*s/", (int)below.len, (const char *)below.data));
    }
    enum err err = secrets_walk(turn, &walk);
    search->folders_left = walk.folders_left;
    search->names_left = walk.names_left;
    for (const struct json *one = err == ERR_NONE ? walk.found->first : NULL; one != NULL; one = one->next) {
        json_append(search->keys, json_string(turn->arena, slice_string(turn_path(turn, "%.*s/%.*s", (int)mount.len, (const char *)mount.data, (int)one->text.len, (const char *)one->text.data))));
    }
    if (err == ERR_NONE && walk.stopped_at.len > 0) {
        search->next = slice_string(turn_path(turn, "%.*s/%.*s", (int)mount.len, (const char *)mount.data, (int)walk.stopped_at.len, (const char *)walk.stopped_at.data));
    }
    return err;
}

static bool is_wanted(const struct search *search, struct slice mount, const struct json *row)
{
    bool is_in = search->in.len == 0 || slice_equal(search->in, mount) || inside(search->in, mount).len > 0 || inside(mount, search->in).len > 0;
    bool is_done = slice_compare(mount, search->after) < 0 && inside(search->after, mount).len == 0;
    return is_in && !is_done && slice_is(json_text(row, "type", SLICE_NONE), "kv");
}

static enum err search_mounts(struct search *search)
{
    struct turn *turn = search->turn;
    struct turn_names rows = {0};
    /* Mounts below the first segment that matters stand together; the list begins just before it. */
    struct slice first = search->after.len > 0 ? search->after : search->in;
    first = slice_first(first, slice_find_byte(first, '/') == SIZE_MAX ? first.len : slice_find_byte(first, '/'));
    struct slice from = first.len == 0 ? SLICE_NONE : slice_string(turn_path(turn, "mount/at/%.*s", (int)(first.len - 1), (const char *)first.data));
    enum err err = turn_list(turn, "mount/at/", from, MOUNTS_MAX, &rows);
    enum err all = err;
    for (size_t i = 0; (all == ERR_NONE || all == ERR_NEED) && err == ERR_NONE && i < rows.count && search->next.len == 0; i++) {
        struct slice mount = slice_from(rows.names[i], sizeof "mount/at/" - 1);
        struct json *row = NULL;
        if (json_unpack(turn->arena, rows.bytes[i], &row) != ERR_NONE) {
            return ERR_DAMAGED;
        }
        enum err own = is_wanted(search, mount, row) ? search_mount(search, mount, row) : ERR_NONE;
        all = own == ERR_NONE ? all : own;
        if (i + 1 == rows.count && rows.count == MOUNTS_MAX && search->next.len == 0) {
            search->next = slice_string(turn_path(turn, "%.*s/\xf4\x8f\xbf\xbf", (int)mount.len, (const char *)mount.data));
        }
    }
    return all;
}

enum err operation_secrets_search(struct turn *turn)
{
    struct slice limit_text = turn_query(turn, "limit");
    uint64_t limit = FOUND_DEFAULT;
    struct search search = {.turn = turn, .in = turn_query(turn, "in"), .after = turn_query(turn, "after"), .text = turn_query(turn, "name"), .folders_left = FOLDERS_MAX, .names_left = NAMES_MAX};
    if (limit_text.len > 0 && (slice_to_u64(limit_text, &limit) != ERR_NONE || limit == 0 || limit > FOUND_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("limit is a whole number from 1 to 1000", "limit ist eine ganze Zahl von 1 bis 1000"), limit_text);
    }
    if (search.in.len > REQUEST_PATH_MAX_BYTES || search.after.len > REQUEST_PATH_MAX_BYTES || search.text.len > TEXT_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("in, after or name is too long", "in, after oder name ist zu lang"), SLICE_NONE);
    }
    while (search.in.len > 0 && search.in.data[search.in.len - 1] == '/') {
        search.in.len--;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    search.limit = (size_t)limit;
    search.keys = json_set_array(turn->arena, data, "keys");
    enum err err = search.keys == NULL ? ERR_MEMORY : search_mounts(&search);
    if (err == ERR_NONE && search.next.len > 0) {
        json_set_string(turn->arena, data, "next", search.next);
    }
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}
