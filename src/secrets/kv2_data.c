/* kv version 2: data/PATH and subkeys/PATH. Texts are those that Vault's clients match. */
#include "secrets/kv2.h"

static enum err query_u64(struct turn *turn, const char *name, uint64_t *ret_value)
{
    struct slice text = turn_query(turn, name);
    *ret_value = 0;
    if (text.len > 0 && slice_to_u64(text, ret_value) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this query takes a whole number that is not negative", "diese Abfrage nimmt eine ganze, nicht negative Zahl"), slice_string(name));
    }
    return ERR_NONE;
}

/* The secret and the version that the query names (0 or none: the newest). ERR_NOT_FOUND: no such path or version. */
static enum err find_version(struct turn *turn, struct kv2_secret *ret_secret, struct kv2_version **ret_version)
{
    uint64_t number = 0;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? query_u64(turn, "version", &number) : err;
    err = err == ERR_NONE ? kv2_load(turn, turn->values[0], ret_secret) : err;
    if (err == ERR_NONE) {
        *ret_version = kv2_version(ret_secret, number == 0 ? ret_secret->current : number);
        err = *ret_version == NULL ? ERR_NOT_FOUND : ERR_NONE;
    }
    return err;
}

/* {NAME: tree or null, "metadata"}; a version without data is 404 with its metadata, as Vault has it. */
static enum err reply_version(struct turn *turn, const char *name, const struct kv2_secret *secret, const struct kv2_version *version, struct json *tree)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, data, name, tree == NULL ? json_new(turn->arena, JSON_NULL) : tree);
    enum err err = json_set(turn->arena, data, "metadata", kv2_version_tree(turn, secret, version)) == NULL ? ERR_MEMORY : turn_reply_data(turn, data);
    if (err == ERR_NONE && tree == NULL) {
        turn->reply.status = 404;
    }
    return err;
}

static bool has_data(const struct turn *turn, const struct kv2_version *version)
{
    return !version->is_destroyed && !kv2_is_deleted(version, turn->now_ms);
}

enum err operation_kv2_read(struct turn *turn)
{
    struct kv2_secret secret;
    struct kv2_version *version = NULL;
    const struct json *data = NULL;
    enum err err = find_version(turn, &secret, &version);
    err = err == ERR_NONE && has_data(turn, version) ? kv2_data(turn, &secret, version, &data) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *copy = data == NULL ? NULL : json_copy(turn->arena, data);
    return data != NULL && copy == NULL ? ERR_MEMORY : reply_version(turn, "data", &secret, version, copy);
}

enum err operation_kv2_subkeys(struct turn *turn)
{
    struct kv2_secret secret;
    struct kv2_version *version = NULL;
    const struct json *data = NULL;
    struct json *keys = NULL;
    uint64_t depth = 0;
    enum err err = find_version(turn, &secret, &version);
    err = err == ERR_NONE ? query_u64(turn, "depth", &depth) : err;
    err = err == ERR_NONE && has_data(turn, version) ? kv2_data(turn, &secret, version, &data) : err;
    err = err == ERR_NONE && data != NULL ? kv2_subkeys(turn->arena, data, depth, &keys) : err;
    return err == ERR_NONE ? reply_version(turn, "subkeys", &secret, version, keys) : err;
}

/* ---- writing ---- */

static enum err check_and_set(struct turn *turn, const struct kv2_secret *secret)
{
    const struct json *options = json_member(turn->request->body, "options"), *cas = json_member(options, "cas");
    if (cas == NULL || cas->type == JSON_NULL) {
        bool is_required = kv2_settings(turn).cas_required || secret->cas_required;
        return is_required ? turn_refuse(turn, ERR_INVALID, TEXT("check-and-set parameter required for this call", "dieser Aufruf braucht den Parameter cas"), SLICE_NONE) : ERR_NONE;
    }
    uint64_t expected = 0;
    if (json_u64(options, "cas", &expected) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error parsing check-and-set parameter", "der Parameter cas ist keine Versionsnummer"), SLICE_NONE);
    }
    return expected == secret->current ? ERR_NONE
                                       : turn_refuse(turn, ERR_INVALID, TEXT("check-and-set parameter did not match the current version",
                                                                             "der Parameter cas ist nicht die jetzige Version"), SLICE_NONE);
}

/* The data given. */
static enum err given_data(struct turn *turn, const struct json **ret_data)
{
    const struct json *data = json_member(turn->request->body, "data");
    if (data == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("no data provided", "es fehlt data"), SLICE_NONE);
    }
    *ret_data = data->type == JSON_NULL ? json_new(turn->arena, JSON_OBJECT) : data;
    return secrets_fits(turn, *ret_data);
}

static enum err reply_newest(struct turn *turn, struct kv2_secret *secret)
{
    const struct kv2_version *newest = kv2_version(secret, secret->current);
    return newest == NULL ? ERR_INTERNAL : turn_reply_data(turn, kv2_version_tree(turn, secret, newest));
}

enum err operation_kv2_write(struct turn *turn)
{
    struct kv2_secret secret;
    const struct json *data = NULL;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? given_data(turn, &data) : err;
    if (err != ERR_NONE) {
        return err;
    }
    err = kv2_load(turn, turn->values[0], &secret);
    if (err == ERR_NOT_FOUND) {
        secret = kv2_new(turn);
        err = ERR_NONE;
    }
    err = err == ERR_NONE ? check_and_set(turn, &secret) : err;
    err = err == ERR_NONE ? kv2_add(turn, turn->values[0], &secret, data) : err;
    return err == ERR_NONE ? reply_newest(turn, &secret) : err;
}

enum err operation_kv2_patch(struct turn *turn)
{
    struct kv2_secret secret;
    const struct json *patch = NULL, *before = NULL;
    struct json *merged = NULL;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? given_data(turn, &patch) : err;
    err = err == ERR_NONE ? kv2_load(turn, turn->values[0], &secret) : err;
    struct kv2_version *newest = err == ERR_NONE ? kv2_version(&secret, secret.current) : NULL;
    if (err != ERR_NONE || newest == NULL) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    if (!has_data(turn, newest)) {
        err = turn_reply_data(turn, kv2_version_tree(turn, &secret, newest));
        turn->reply.status = 404;
        return err;
    }
    err = check_and_set(turn, &secret);
    err = err == ERR_NONE ? kv2_data(turn, &secret, newest, &before) : err;
    err = err == ERR_NONE ? kv2_merge(turn->arena, before, patch, &merged) : err;
    err = err == ERR_NONE ? secrets_fits(turn, merged) : err;
    err = err == ERR_NONE ? kv2_add(turn, turn->values[0], &secret, merged) : err;
    return err == ERR_NONE ? reply_newest(turn, &secret) : err;
}
