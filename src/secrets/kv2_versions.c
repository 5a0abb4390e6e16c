/* kv version 2: versions deleted, undeleted, destroyed, and the newest deleted by DELETE. */
#include "secrets/kv2.h"

enum { NUMBERS_MAX = 10000 };

/* What happens to one version. True: the row has changed. */
typedef enum err (*change_fn)(struct turn *turn, struct kv2_secret *secret, struct kv2_version *version, bool *ret_changed);

static enum err delete_one(struct turn *turn, struct kv2_secret *secret, struct kv2_version *version, bool *ret_changed)
{
    (void)secret;
    if (!version->is_destroyed && !kv2_is_deleted(version, turn->now_ms)) {
        version->deleted_ms = turn->now_ms;
        *ret_changed = true;
    }
    return ERR_NONE;
}

static enum err undelete_one(struct turn *turn, struct kv2_secret *secret, struct kv2_version *version, bool *ret_changed)
{
    (void)turn;
    (void)secret;
    if (!version->is_destroyed && version->deleted_ms != 0) {
        version->deleted_ms = 0;
        *ret_changed = true;
    }
    return ERR_NONE;
}

static enum err destroy_one(struct turn *turn, struct kv2_secret *secret, struct kv2_version *version, bool *ret_changed)
{
    if (version->is_destroyed) {
        return ERR_NONE;
    }
    version->is_destroyed = true;
    *ret_changed = true;
    if (version->data.len > 0) {
        version->data = SLICE_NONE;
        return ERR_NONE;
    }
    return turn_delete(turn, kv2_version_path(turn, secret->id, version->number));
}

static enum err save(struct turn *turn, const struct kv2_secret *secret, bool has_changed)
{
    if (!has_changed) {
        return turn_reply_none(turn);
    }
    enum err err = kv2_save(turn, turn->values[0], secret);
    err = err == ERR_NONE ? kv2_note_gone(turn, turn->values[0], secret) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* One number of "versions": a JSON number, or a text of one. */
static enum err change_number(struct turn *turn, struct kv2_secret *secret, struct slice number_text, change_fn change, bool *ret_changed)
{
    uint64_t number = 0;
    if (slice_to_u64(slice_trim(number_text), &number) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("versions are whole numbers", "Versionen sind ganze Zahlen"), SLICE_NONE);
    }
    struct kv2_version *version = kv2_version(secret, number);
    return version == NULL ? ERR_NONE : change(turn, secret, version, ret_changed);
}

static enum err change_list(struct turn *turn, struct kv2_secret *secret, const struct json *numbers, change_fn change, bool *ret_changed)
{
    enum err all = ERR_NONE;
    for (const struct json *number = numbers->first; number != NULL; number = number->next) {
        enum err err = number->type == JSON_NUMBER || number->type == JSON_STRING ? change_number(turn, secret, number->text, change, ret_changed)
                                                                                  : change_number(turn, secret, SLICE_NONE, change, ret_changed);
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
        all = err == ERR_NEED ? err : all;
    }
    return all;
}

/* "1,2" as one text is taken too. */
static enum err change_text(struct turn *turn, struct kv2_secret *secret, struct slice text, change_fn change, bool *ret_changed)
{
    enum err all = ERR_NONE;
    struct slice part;
    while (slice_split(&text, ',', &part)) {
        enum err err = change_number(turn, secret, part, change, ret_changed);
        if (err != ERR_NONE && err != ERR_NEED) {
            return err;
        }
        all = err == ERR_NEED ? err : all;
    }
    return all;
}

static enum err change_versions(struct turn *turn, change_fn change)
{
    const struct json *numbers = json_member(turn->request->body, "versions");
    bool is_list = numbers != NULL && numbers->type == JSON_ARRAY, is_one = numbers != NULL && (numbers->type == JSON_NUMBER || numbers->type == JSON_STRING);
    struct kv2_secret secret;
    bool has_changed = false;
    enum err err = kv2_ready(turn);
    if (err != ERR_NONE) {
        return err;
    }
    if ((!is_list && !is_one) || (is_list && (numbers->count == 0 || numbers->count > NUMBERS_MAX)) || (is_one && numbers->text.len == 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("No version number provided", "Es ist keine Versionsnummer angegeben"), SLICE_NONE);
    }
    err = kv2_load(turn, turn->values[0], &secret);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err; /* as Vault: nothing there, nothing to do */
    }
    err = is_list ? change_list(turn, &secret, numbers, change, &has_changed) : change_text(turn, &secret, numbers->text, change, &has_changed);
    return err == ERR_NONE ? save(turn, &secret, has_changed) : err;
}

enum err operation_kv2_delete_versions(struct turn *turn)
{
    return change_versions(turn, delete_one);
}

enum err operation_kv2_undelete(struct turn *turn)
{
    return change_versions(turn, undelete_one);
}

enum err operation_kv2_destroy(struct turn *turn)
{
    return change_versions(turn, destroy_one);
}

enum err operation_kv2_delete(struct turn *turn)
{
    struct kv2_secret secret;
    bool has_changed = false;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? kv2_load(turn, turn->values[0], &secret) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
    }
    struct kv2_version *newest = kv2_version(&secret, secret.current);
    err = newest == NULL ? ERR_NONE : delete_one(turn, &secret, newest, &has_changed);
    return err == ERR_NONE ? save(turn, &secret, has_changed) : err;
}
