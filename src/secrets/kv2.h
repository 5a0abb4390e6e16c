/*
 * kv version 2: every write of a path makes a version; versions are deleted, undeleted, destroyed. Rows of a mount:
 *
 *   m/UUID/kv2/PATH        a secret: what is known of it and of each version, the newest version's data, and those of older ones as long as the row stays small (format:
 *                          kv2_secret.c). A read of the newest is one row, and so is a write, mostly; one that makes the row too large puts the older ones beside it.
 *   m/UUID/v/ID/NUMBER     data of an older version that found no room there, packed JSON. ID was drawn at random when the path was first written, so that a path that was deleted and is
 *                          written again shares nothing with what it held before.
 *   m/UUID/gone/PATH       {"version","at_ms","by"}: the newest version is deleted and can be undeleted; for the recycle bin's list
 *   m/UUID/bin/KEY         {"path","at_ms","by","until_ms","current"}: a secret that was deleted with all its versions, when the mount keeps those (deleted_keep)
 *   m/UUID/binned/KEY      its row as it was below kv2/
 *   m/UUID/upgrade         while rows of a version 1 are still below kv/
 *
 * The mount's own settings stand in the mount's row, which is there with every request (mount_settings).
 */
#ifndef VOGT_SECRETS_KV2_H
#define VOGT_SECRETS_KV2_H

#include "secrets/secrets.h"

enum { KV2_VERSIONS_DEFAULT = 10, KV2_VERSIONS_MAX = 100000, KV2_PATH_MAX_BYTES = 460, KV2_ID_BYTES = 8 };

struct kv2_version {
    uint64_t number;
    int64_t created_ms, deleted_ms;     /* deleted_ms 0: not; in the future: then */
    bool is_destroyed;
    struct slice data;                  /* packed; empty: in a row of its own, or destroyed */
};

struct kv2_secret {
    struct slice id;                    /* hexadecimal */
    int64_t created_ms, updated_ms;
    uint64_t current, oldest;           /* as Vault counts them: oldest is 0 until versions are given up */
    uint64_t max_versions;              /* 0: the mount's */
    bool cas_required;
    int64_t delete_after_s;             /* 0: the mount's; negative: never */
    struct slice custom;                /* packed custom_metadata; empty: none */
    struct kv2_version *versions;       /* ascending */
    size_t count;
};

struct kv2_settings {
    uint64_t max_versions;
    bool cas_required;
    int64_t delete_after_s;             /* 0: none; negative: none, whatever a secret says */
    uint64_t deleted_keep_s;            /* Vogt's own: how long a secret deleted as a whole can be restored; 0: not at all */
};
struct kv2_settings kv2_settings(const struct turn *turn);

/* The row of the path in values[0]. ERR_NEED, ERR_NOT_FOUND, ERR_DAMAGED; what is returned borrows from the run. */
enum err kv2_load(struct turn *turn, struct slice path, struct kv2_secret *ret_secret) must_check;
enum err kv2_decode(struct arena *arena, struct slice bytes, struct kv2_secret *ret_secret) must_check;
enum err kv2_save(struct turn *turn, struct slice path, const struct kv2_secret *secret) must_check;
/* One that was never written. */
struct kv2_secret kv2_new(struct turn *turn);
char *kv2_path(struct turn *turn, const char *folder, struct slice path);           /* m/UUID/FOLDER/PATH */
char *kv2_version_path(struct turn *turn, struct slice id, uint64_t number);
struct kv2_version *kv2_version(struct kv2_secret *secret, uint64_t number);         /* NULL: none, or given up */
bool kv2_is_deleted(const struct kv2_version *version, int64_t now_ms);
/* The data of a version as a tree; NULL when there is none any more. */
enum err kv2_data(struct turn *turn, const struct kv2_secret *secret, const struct kv2_version *version, const struct json **ret_data) must_check;
/* Adds a version with this data, gives up the oldest, saves. Checks nothing. */
enum err kv2_add(struct turn *turn, struct slice path, struct kv2_secret *secret, const struct json *data) must_check;
/* The row gone/PATH as the newest version now stands. */
enum err kv2_note_gone(struct turn *turn, struct slice path, const struct kv2_secret *secret) must_check;

/* Trees of replies; NULL: no memory. */
struct json *kv2_version_tree(struct turn *turn, const struct kv2_secret *secret, const struct kv2_version *version);
struct json *kv2_custom_tree(struct turn *turn, const struct kv2_secret *secret);
struct json *kv2_metadata_tree(struct turn *turn, const struct kv2_secret *secret);
void kv2_set_time(struct arena *arena, struct json *object, const char *name, int64_t at_ms);       /* 0: an empty text, as Vault says "never" */
void kv2_set_duration(struct arena *arena, struct json *object, const char *name, int64_t seconds); /* "1h30m0s", as Go writes it */
/* A duration that may be negative, as delete_version_after takes it. `what`: absent leaves *ret_seconds. */
enum err kv2_duration(struct turn *turn, const struct json *body, const char *name, int64_t *ret_seconds) must_check;

/* RFC 7396, of objects. ERR_TOO_LARGE, ERR_MEMORY. */
enum err kv2_merge(struct arena *arena, const struct json *target, const struct json *patch, struct json **ret_merged) must_check;
/* The same tree with null for every value; below `depth` levels (0: all) objects are null too. */
enum err kv2_subkeys(struct arena *arena, const struct json *data, uint64_t depth, struct json **ret_tree) must_check;

bool kv2_path_is_good(struct slice path);
/* What holds for every request of this engine: no path too long or ending in '/', no upgrade on its way. */
enum err kv2_ready(struct turn *turn) must_check;
/* Of both versions: which version a new mount is, and what becomes of one whose version changes. */
enum err kv_enable(struct turn *turn, const struct mount *mount) must_check;
enum err kv2_tuned(struct turn *turn, const struct mount *mount, struct json *row) must_check;

#endif
