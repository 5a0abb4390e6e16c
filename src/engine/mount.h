/*
 * Mounts: which engine answers below which path, as Vault has it. "secret/" is a kv, "auth/approle/" a login. A mount is a row, looked up when a request
 * comes; ten thousand of them cost nothing while nobody asks.
 *
 *   mount/at/PATH         {"type","class":"secret|auth","uuid","accessor","description","config":{"default_lease_ttl","max_lease_ttl",…},"options":{…},"moved_from":[PATH,…]}
 *   mount/depth/FIRST     {"depths":[1,2]}: how many segments the mounts below this first segment have; one row decides which others are looked at
 *   mount/live/UUID       {"at": PATH,"space": rows of its namespace} while it is mounted (absent: in the root, where it was mounted first): what a login mount gave is good only so long
 *   sweep/UUID            {"name","prefix","path","row"}: it was unmounted; leases end, rows are deleted, in slices
 *   m/UUID/…              the engine's own rows (mount_path)
 *
 * Of a namespace the first two lie below n/ID/. PATH has no slash at its end, and begins in the namespace; "moved_from" and what sweeps know begins in the root. Of nested mounts the longest answers; no mount lies above or below another (Vault refuses that, too), so there is one.
 */
#ifndef VOGT_ENGINE_MOUNT_H
#define VOGT_ENGINE_MOUNT_H

#include "engine/turn.h"

/* What an engine is: its kind, its routes relative to the mount, and what it does when it is mounted. Static. */
enum engine_class { ENGINE_SECRET, ENGINE_AUTH };
struct engine {
    const char *type;                   /* "kv" */
    enum engine_class class;
    struct text title;
    const struct route *routes;         /* patterns as in routes.def; operations stand in operations.def of the engine's room */
    size_t route_count;
    /* May be NULL. Checks type, config and options of a new mount (turn->request->body) and makes its first rows. */
    enum err (*enable)(struct turn *turn, const struct mount *mount);
    /* May be NULL. The mount is being removed: what the engine noted elsewhere than in its own rows goes. turn->mount is set. */
    enum err (*disable)(struct turn *turn);
    /* May be NULL. Tells create from update: ERR_NONE when what the path names exists, ERR_NOT_FOUND when it does not. Asked before policies decide. */
    enum err (*exists)(struct turn *turn);
    /* May be NULL: makes no leases. Ends what a lease stands for (a database account…); `data` is what lease_create was given. Run in a turn of keep's own, with
     * turn->mount set, also when the mount itself is being removed; an error makes it tried again later. */
    enum err (*lease_end)(struct turn *turn, const struct json *data);
    /* May be NULL: nothing is to be done. A lease is prolonged to this many seconds from now. */
    enum err (*lease_renew)(struct turn *turn, const struct json *data, uint64_t ttl_s);
    /* May be NULL. A mount is tuned: `row` is what it will be, its options included. May refuse, may begin what the change needs, may reply a warning. */
    enum err (*tune)(struct turn *turn, const struct mount *mount, struct json *row);
    /* May be NULL: another engine of the same type that this mount is ({"version":"2"} of kv). */
    const struct engine *(*variant)(const struct json *row);
    /* May be NULL: a login's role is the field of that name. The role that a request is a login for, for rate limits; ERR_NOT_FOUND: none. */
    enum err (*login_role)(struct turn *turn, struct slice *ret_role);
};

/* The engines that this release has; keep brings the table, as it does for operations (engines.c). NULL: unknown. */
const struct engine *engine_find(enum engine_class class, struct slice type);
const struct engine *engine_at(size_t index);                    /* in order; NULL past the end */

struct mount {
    struct slice path;                  /* "secret", "auth/approle" */
    struct slice uuid;
    struct slice rows;                  /* of its namespace (namespace.h); empty: the root's */
    const struct json *row;
    const struct engine *engine;
};

/* By which identity names what auth/token/ gave: it is there without being mounted. */
#define MOUNT_TOKEN_ACCESSOR "auth_token_00000004"

/* The mount that a request's path lies below, and what follows it ("data/app" of "secret/data/app"). ERR_NEED; ERR_NOT_FOUND. */
enum err mount_find(struct turn *turn, struct slice path, struct mount *ret_mount, struct slice *ret_rest) must_check;
/* The mount at exactly this path. */
enum err mount_at(struct turn *turn, struct slice path, struct mount *ret_mount) must_check;
/* "m/UUID/…" of the turn's own mount, in the run's arena. */
#define mount_path(turn, ...) mount_path_of((turn), turn_path(turn, __VA_ARGS__))
char *mount_path_of(const struct turn *turn, const char *rest);
/* The mount of this uuid that is or was at `path`: as long as anything of it is left to be ended. ERR_NOT_FOUND, ERR_NEED. */
enum err mount_remains(struct turn *turn, struct slice path, struct slice uuid, struct mount *ret_mount) must_check;
/* May something be mounted here? ERR_INVALID with a complaint: taken, or no path for this class. */
enum err mount_check_free(struct turn *turn, enum engine_class class, struct slice path) must_check;
/* The mount is gone at once; its leases end, its rows are swept, in slices. */
enum err mount_disable(struct turn *turn, const struct mount *mount) must_check;
/* The mount lies at `to` from now on, and nothing where it was. */
enum err mount_put_at(struct turn *turn, const struct mount *mount, struct slice to) must_check;
/* Lease times of the mount in seconds: its own, or those of turn.h. */
uint64_t mount_default_ttl_s(const struct turn *turn, const struct mount *mount);
uint64_t mount_max_ttl_s(const struct turn *turn, const struct mount *mount);

/* What a mount's config may say, checked: durations in seconds, known words. Members that this release does not know are kept as they are. */
enum err mount_config(struct turn *turn, const struct json *given, struct json **ret_config) must_check;
/* The same for a part of one: each member is brought into its form, what is empty is left out, and whether they fit together is not asked. */
enum err mount_config_members(struct turn *turn, const struct json *given, struct json **ret_config) must_check;

/* Deletes all rows below a prefix, in slices by turns of keep's own; goes on after a restart. `name`: of the row that remembers it, drawn at random. */
enum err mount_sweep_below(struct turn *turn, struct slice name, struct slice prefix) must_check;
/* What the engine keeps in its mount's row, because that is there with every request; NULL: nothing yet. Tuning leaves it as it is. */
const struct json *mount_settings(const struct mount *mount);
enum err mount_put_settings(struct turn *turn, const struct json *settings) must_check;

/* Mounts an engine; the body is the one of sys/mounts/PATH. Records it in the evidence log. */
enum err mount_enable(struct turn *turn, enum engine_class class, struct slice path) must_check;

#endif
