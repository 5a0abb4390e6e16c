/*
 * The recycle bin, Vogt's own: what a mount keeps of secrets that were deleted with all their versions (config deleted_keep), and which paths' newest version is
 * deleted. Without deleted_keep a deletion is final at once, as Vault has it.
 *
 *   deleted   kv2/PATH -> binned/KEY, bin/KEY, job/kv2_end/UUID.KEY (due when it ends); older versions stay where they are, below the secret's id
 *   restored  binned/KEY -> kv2/PATH
 *   ended     binned/KEY is deleted, and the older versions are swept
 */
#include "secrets/kv2.h"

#include "engine/job.h"
#include "engine/policy.h"

enum { BIN_KEY_MAX_BYTES = 64 };

/* Keys ascend with time. */
static struct slice new_key(struct turn *turn, const struct kv2_secret *secret)
{
    return slice_string(turn_path(turn, "%012llx%.*s", (unsigned long long)turn->now_ms, (int)secret->id.len, (const char *)secret->id.data));
}

static struct slice job_key(struct turn *turn, struct slice uuid, struct slice key)
{
    return slice_string(turn_path(turn, "%.*s.%.*s", (int)uuid.len, (const char *)uuid.data, (int)key.len, (const char *)key.data));
}

static struct json *end_input(struct turn *turn, struct slice id, struct slice key)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "uuid", turn->mount->uuid);
    json_set_string(turn->arena, input, "id", id);
    return json_set_string(turn->arena, input, "key", key) == NULL ? NULL : input;
}

static enum err sweep_versions(struct turn *turn, struct slice id)
{
    return mount_sweep_below(turn, id, slice_string(mount_path(turn, "v/%.*s/", (int)id.len, (const char *)id.data)));
}

static enum err put_into_bin(struct turn *turn, struct slice path, const struct kv2_secret *secret, struct slice row, uint64_t keep_s)
{
    struct slice key = new_key(turn, secret);
    char *entry = kv2_path(turn, "bin", key), *kept = kv2_path(turn, "binned", key);
    int64_t until_ms = turn->now_ms + (int64_t)keep_s * 1000;
    struct json *note = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, note, "path", path);
    json_set_i64(turn->arena, note, "at_ms", turn->now_ms);
    json_set_i64(turn->arena, note, "until_ms", until_ms);
    json_set_u64(turn->arena, note, "current", secret->current);
    json_set_string(turn->arena, note, "by", turn->caller.name);
    enum err err = turn_is_new(turn, entry);
    err = err == ERR_NONE ? turn_is_new(turn, kept) : err;
    err = err == ERR_NONE ? turn_put_json(turn, entry, note, 0) : err;
    err = err == ERR_NONE ? turn_put(turn, kept, row, 0) : err;
    return err == ERR_NONE ? job_put(turn, JOB_KV2_END, job_key(turn, turn->mount->uuid, key), end_input(turn, secret->id, key), until_ms) : err;
}

enum err operation_kv2_metadata_delete(struct turn *turn)
{
    struct slice path = turn->values[0], row;
    struct kv2_secret secret;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? turn_row(turn, kv2_path(turn, "kv2", path), &row) : err;
    err = err == ERR_NONE ? kv2_decode(turn->arena, row, &secret) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    uint64_t keep_s = kv2_settings(turn).deleted_keep_s;
    err = keep_s > 0 ? put_into_bin(turn, path, &secret, row, keep_s) : secret.count > 1 ? sweep_versions(turn, secret.id) : ERR_NONE;
    err = err == ERR_NONE ? turn_delete(turn, kv2_path(turn, "kv2", path)) : err;
    secret.count = 0;
    err = err == ERR_NONE ? kv2_note_gone(turn, path, &secret) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* A job of keep's own: {"uuid","id","key"}. What names the secret goes, its older versions are swept. */
enum err operation_kv2_end(struct turn *turn)
{
    struct slice uuid = json_text(turn->input, "uuid", SLICE_NONE), id = json_text(turn->input, "id", SLICE_NONE), key = json_text(turn->input, "key", SLICE_NONE);
    struct mount mount = {.uuid = uuid};
    turn->mount = &mount;
    enum err err = turn_delete(turn, kv2_path(turn, "bin", key));
    err = err == ERR_NONE ? turn_delete(turn, kv2_path(turn, "binned", key)) : err;
    err = err == ERR_NONE ? sweep_versions(turn, id) : err;
    turn->mount = NULL;
    return err == ERR_NONE ? job_end(turn, JOB_KV2_END, job_key(turn, uuid, key)) : err;
}

/* ---- asking for it ---- */

static enum err load_entry(struct turn *turn, struct slice key, const struct json **ret_entry)
{
    if (key.len > BIN_KEY_MAX_BYTES) {
        return ERR_NOT_FOUND;
    }
    return turn_json(turn, kv2_path(turn, "bin", key), ret_entry);
}

static int64_t time_of(const struct json *entry, const char *name)
{
    int64_t at_ms = 0;
    return json_i64(entry, name, &at_ms) == ERR_NONE ? at_ms : 0;
}

static struct json *entry_tree(struct turn *turn, const struct json *entry)
{
    struct json *tree = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, tree, "path", json_text(entry, "path", SLICE_NONE));
    json_set_string(turn->arena, tree, "deleted_by", json_text(entry, "by", SLICE_NONE));
    kv2_set_time(turn->arena, tree, "deletion_time", time_of(entry, "at_ms"));
    kv2_set_time(turn->arena, tree, "kept_until", time_of(entry, "until_ms"));
    return json_set_i64(turn->arena, tree, "current_version", time_of(entry, "current")) == NULL ? NULL : tree;
}

enum err operation_kv2_bin_list(struct turn *turn)
{
    struct turn_names keys;
    enum err err = kv2_ready(turn), all = ERR_NONE;
    err = err == ERR_NONE ? secrets_names(turn, "bin", SLICE_NONE, &keys) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = turn_keys(turn, &keys), *info = json_set_object(turn->arena, data, "key_info");
    for (size_t i = 0; i < keys.count && (all == ERR_NONE || all == ERR_NEED); i++) {
        const struct json *entry = NULL;
        err = load_entry(turn, keys.names[i], &entry);
        all = err == ERR_NONE || err == ERR_NOT_FOUND ? all : err;
        if (err == ERR_NONE && json_set(turn->arena, info, arena_string(turn->arena, keys.names[i]), entry_tree(turn, entry)) == NULL) {
            return ERR_MEMORY;
        }
    }
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}

enum err operation_kv2_bin_read(struct turn *turn)
{
    const struct json *entry = NULL;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? load_entry(turn, turn->values[0], &entry) : err;
    return err == ERR_NONE ? turn_reply_data(turn, entry_tree(turn, entry)) : err;
}

/* Whoever restores must be allowed to write there: the bin is no way around rules. */
static enum err may_write(struct turn *turn, struct slice path)
{
    struct grant grant = {0};
    char *whole = turn_path(turn, "%.*s/data/%.*s", (int)turn->mount->path.len, (const char *)turn->mount->path.data, (int)path.len, (const char *)path.data);
    enum err err = turn->caller.is_root ? ERR_NONE : policy_grant(turn, turn->caller.policies, slice_string(whole), &grant);
    bool may = turn->caller.is_root || (grant.capabilities & CAPABILITY_CREATE) != 0;
    return err == ERR_NONE && !may ? ERR_DENIED : err;
}

/* Back to where it was, or to the path that the body names; never over something. */
enum err operation_kv2_bin_restore(struct turn *turn)
{
    struct slice key = turn->values[0], row, path = turn_field(turn, "path");
    struct kv2_secret secret;
    const struct json *entry = NULL;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? load_entry(turn, key, &entry) : err;
    err = err == ERR_NONE ? turn_row(turn, kv2_path(turn, "binned", key), &row) : err;
    err = err == ERR_NONE ? kv2_decode(turn->arena, row, &secret) : err;
    if (err != ERR_NONE) {
        return err;
    }
    path = path.len == 0 ? json_text(entry, "path", SLICE_NONE) : path;
    if (!kv2_path_is_good(path)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this is no path of a secret", "das ist kein Pfad eines Secrets"), path);
    }
    err = may_write(turn, path);
    if (err != ERR_NONE) {
        return err;
    }
    err = turn_exists(turn, kv2_path(turn, "kv2", path));
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("there is a secret at this path now; name another as \"path\"", "unter diesem Pfad gibt es jetzt ein Secret; ein anderer lässt sich als „path“ nennen"), path);
    }
    err = err == ERR_NOT_FOUND ? turn_put(turn, kv2_path(turn, "kv2", path), row, 0) : err;
    err = err == ERR_NONE ? kv2_note_gone(turn, path, &secret) : err;
    err = err == ERR_NONE ? turn_delete(turn, kv2_path(turn, "bin", key)) : err;
    err = err == ERR_NONE ? turn_delete(turn, kv2_path(turn, "binned", key)) : err;
    err = err == ERR_NONE ? job_end(turn, JOB_KV2_END, job_key(turn, turn->mount->uuid, key)) : err;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    return err == ERR_NONE ? turn_reply_data(turn, json_set_string(turn->arena, data, "path", path) == NULL ? NULL : data) : err;
}

/* Ends what is kept, now. */
enum err operation_kv2_bin_delete(struct turn *turn)
{
    struct slice row;
    struct kv2_secret secret;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE && turn->values[0].len > BIN_KEY_MAX_BYTES ? ERR_NOT_FOUND : err;
    err = err == ERR_NONE ? turn_row(turn, kv2_path(turn, "binned", turn->values[0]), &row) : err;
    err = err == ERR_NONE ? kv2_decode(turn->arena, row, &secret) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    err = turn_delete(turn, kv2_path(turn, "bin", turn->values[0]));
    err = err == ERR_NONE ? turn_delete(turn, kv2_path(turn, "binned", turn->values[0])) : err;
    err = err == ERR_NONE ? sweep_versions(turn, secret.id) : err;
    err = err == ERR_NONE ? job_end(turn, JOB_KV2_END, job_key(turn, turn->mount->uuid, turn->values[0])) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- newest versions that are deleted ---- */


enum err operation_kv2_gone_list(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys"), *info = json_set_object(turn->arena, data, "key_info");
    struct walk walk = {.rows = "gone", .mount_uuid = turn->mount->uuid, .after = turn_query(turn, "after"), .limit = 1000, .folders_left = 1000, .names_left = 20000, .found = keys};
    enum err err = kv2_ready(turn), all = ERR_NONE;
    err = err == ERR_NONE ? secrets_walk(turn, &walk) : err;
    if (err != ERR_NONE || keys->count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    for (const struct json *key = keys->first; key != NULL && (all == ERR_NONE || all == ERR_NEED); key = key->next) {
        const struct json *note = NULL;
        err = turn_json(turn, kv2_path(turn, "gone", key->text), &note);
        all = err == ERR_NONE || err == ERR_NOT_FOUND ? all : err;
        struct json *one = err == ERR_NONE ? json_set_object(turn->arena, info, arena_string(turn->arena, key->text)) : NULL;
        json_set_i64(turn->arena, one, "version", time_of(note, "version"));
        json_set_string(turn->arena, one, "deleted_by", json_text(note, "by", SLICE_NONE));
        kv2_set_time(turn->arena, one, "deletion_time", time_of(note, "at_ms"));
    }
    if (walk.stopped_at.len > 0) {
        json_set_string(turn->arena, data, "next", walk.stopped_at);
    }
    return all == ERR_NONE ? turn_reply_data(turn, data) : all;
}
