/* kv version 2: metadata/PATH and config. */
#include "secrets/kv2.h"

#include "base/utf8.h"

enum { CUSTOM_KEYS_MAX = 64, CUSTOM_KEY_MAX_BYTES = 128, CUSTOM_VALUE_MAX_BYTES = 512 };

enum err operation_kv2_metadata_read(struct turn *turn)
{
    struct kv2_secret secret;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? kv2_load(turn, turn->values[0], &secret) : err;
    return err == ERR_NONE ? turn_reply_data(turn, kv2_metadata_tree(turn, &secret)) : err;
}

/* ---- what is written ---- */

static enum err refuse_custom(struct turn *turn, struct text text, struct slice detail)
{
    return turn_refuse(turn, ERR_INVALID, text, slice_first(detail, CUSTOM_KEY_MAX_BYTES));
}

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return false;
        }
    }
    return utf8_valid(text);
}

/* Numbers are taken as their text, as Vault does. */
static struct json *with_texts(struct turn *turn, const struct json *custom)
{
    struct json *copy = json_copy(turn->arena, custom);
    for (struct json *one = copy == NULL ? NULL : copy->first; one != NULL; one = one->next) {
        one->type = one->type == JSON_NUMBER ? JSON_STRING : one->type;
    }
    return copy;
}

static enum err check_custom(struct turn *turn, const struct json *custom)
{
    if (custom->type != JSON_OBJECT || custom->count > CUSTOM_KEYS_MAX) {
        return refuse_custom(turn, TEXT("custom_metadata validation failed: it is an object of at most 64 keys", "custom_metadata ist ein Objekt mit höchstens 64 Schlüsseln"), SLICE_NONE);
    }
    for (const struct json *one = custom->first; one != NULL; one = one->next) {
        if (one->name.len == 0 || one->name.len > CUSTOM_KEY_MAX_BYTES || !is_printable(one->name)) {
            return refuse_custom(turn, TEXT("custom_metadata validation failed: a key has 1 to 128 printable characters", "ein Schlüssel von custom_metadata hat 1 bis 128 druckbare Zeichen"), one->name);
        }
        if (one->type != JSON_STRING || one->text.len > CUSTOM_VALUE_MAX_BYTES || !is_printable(one->text)) {
            return refuse_custom(turn, TEXT("custom_metadata validation failed: a value is a text of at most 512 printable characters", "ein Wert von custom_metadata ist ein Text aus höchstens 512 druckbaren Zeichen"), one->name);
        }
    }
    return ERR_NONE;
}

static enum err set_custom(struct turn *turn, struct kv2_secret *secret, const struct json *given)
{
    cleanup_buf struct buf packed = BUF_INIT(ROW_MAX_BYTES);
    const struct json *custom = with_texts(turn, given);
    enum err err = custom == NULL ? ERR_MEMORY : check_custom(turn, custom);
    err = err == ERR_NONE ? json_pack(&packed, custom) : err;
    if (err != ERR_NONE) {
        return err;
    }
    secret->custom = custom->count == 0 ? SLICE_NONE : arena_copy(turn->arena, buf_slice(&packed));
    return custom->count > 0 && secret->custom.data == NULL ? ERR_MEMORY : ERR_NONE;
}

/* A number of versions; null is 0. */
static enum err read_versions(struct turn *turn, const struct json *body, uint64_t *ret_number)
{
    const struct json *member = json_member(body, "max_versions");
    uint64_t number = 0;
    if (member == NULL) {
        return ERR_NONE;
    }
    if (member->type != JSON_NULL && (json_u64(body, "max_versions", &number) != ERR_NONE || number > KV2_VERSIONS_MAX)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("max_versions is a whole number up to 100000", "max_versions ist eine ganze Zahl bis 100000"), SLICE_NONE);
    }
    *ret_number = number;
    return ERR_NONE;
}

/* true, false, or texts of them; null is false. */
static enum err read_flag(struct turn *turn, const struct json *body, const char *name, bool *ret_flag)
{
    const struct json *member = json_member(body, name);
    if (member == NULL) {
        return ERR_NONE;
    }
    bool is_yes = member->type == JSON_TRUE || (member->type == JSON_STRING && slice_is(member->text, "true"));
    bool is_no = member->type == JSON_FALSE || member->type == JSON_NULL || (member->type == JSON_STRING && slice_is(member->text, "false"));
    if (!is_yes && !is_no) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this field takes true or false", "dieses Feld nimmt true oder false"), slice_string(name));
    }
    *ret_flag = is_yes;
    return ERR_NONE;
}

static enum err read_duration(struct turn *turn, const struct json *body, const char *name, int64_t *ret_seconds)
{
    const struct json *member = json_member(body, name);
    *ret_seconds = member != NULL && member->type == JSON_NULL ? 0 : *ret_seconds;
    return kv2_duration(turn, body, name, ret_seconds);
}

static bool has_any(const struct json *body)
{
    static const char *const names[] = {"max_versions", "cas_required", "delete_version_after", "custom_metadata"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_member(body, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static enum err apply(struct turn *turn, struct kv2_secret *secret, const struct json *custom)
{
    const struct json *body = turn->request->body;
    enum err err = read_versions(turn, body, &secret->max_versions);
    err = err == ERR_NONE ? read_flag(turn, body, "cas_required", &secret->cas_required) : err;
    err = err == ERR_NONE ? read_duration(turn, body, "delete_version_after", &secret->delete_after_s) : err;
    err = err == ERR_NONE && custom != NULL ? set_custom(turn, secret, custom) : err;
    return err == ERR_NONE ? kv2_save(turn, turn->values[0], secret) : err;
}

/* What the secret may ask for and does not get, because the mount asks for more: the change is made and a warning said, as Vault does. */
static enum err reply_changed(struct turn *turn, const struct kv2_secret *secret)
{
    struct kv2_settings mount = kv2_settings(turn);
    const struct json *given = json_member(turn->request->body, "cas_required");
    bool is_ignored = mount.cas_required && !secret->cas_required && given != NULL;
    bool is_longer = mount.delete_after_s > 0 && secret->delete_after_s > mount.delete_after_s;
    if (!is_ignored && !is_longer) {
        return turn_reply_none(turn);
    }
    return turn_reply_warning(turn, 200, is_ignored ? "\"cas_required\" set to false, but is mandated by backend config. This value will be ignored."
                                               : "\"delete_version_after\" is longer than the mount's own; the mount's is used.");
}

enum err operation_kv2_metadata_write(struct turn *turn)
{
    struct kv2_secret secret;
    enum err err = kv2_ready(turn);
    if (err != ERR_NONE || !has_any(turn->request->body)) {
        return err != ERR_NONE ? err : turn_reply_none(turn);
    }
    err = kv2_load(turn, turn->values[0], &secret);
    if (err == ERR_NOT_FOUND) {
        secret = kv2_new(turn);
        err = ERR_NONE;
    }
    secret.updated_ms = turn->now_ms;
    err = err == ERR_NONE ? apply(turn, &secret, json_member(turn->request->body, "custom_metadata")) : err;
    return err == ERR_NONE ? reply_changed(turn, &secret) : err;
}

enum err operation_kv2_metadata_patch(struct turn *turn)
{
    struct kv2_secret secret;
    struct json *merged = NULL;
    const struct json *patch = json_member(turn->request->body, "custom_metadata");
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? kv2_load(turn, turn->values[0], &secret) : err;
    if (err != ERR_NONE) {
        return err;
    }
    if (patch != NULL && patch->type == JSON_OBJECT) {
        err = kv2_merge(turn->arena, kv2_custom_tree(turn, &secret), patch, &merged);
    } else if (patch != NULL) {
        merged = patch->type == JSON_NULL ? json_new(turn->arena, JSON_OBJECT) : json_copy(turn->arena, patch);
        err = merged == NULL ? ERR_MEMORY : ERR_NONE;
    }
    secret.updated_ms = turn->now_ms;
    err = err == ERR_NONE ? apply(turn, &secret, merged) : err;
    return err == ERR_NONE ? reply_changed(turn, &secret) : err;
}

/* ---- the mount ---- */

struct kv2_settings kv2_settings(const struct turn *turn)
{
    struct kv2_settings settings = {0};
    const struct json *own = mount_settings(turn->mount);
    settings.cas_required = json_bool(own, "cas_required", false);
    if (own != NULL && (json_u64(own, "max_versions", &settings.max_versions) != ERR_NONE || json_i64(own, "delete_after_s", &settings.delete_after_s) != ERR_NONE ||
                        json_u64(own, "deleted_keep_s", &settings.deleted_keep_s) != ERR_NONE)) {
        settings.cas_required = true; /* written by somebody else than kv2_config_write: take the careful side */
    }
    return settings;
}

enum err operation_kv2_config_read(struct turn *turn)
{
    struct kv2_settings settings = kv2_settings(turn);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    enum err err = kv2_ready(turn);
    json_set_bool(turn->arena, data, "cas_required", settings.cas_required);
    kv2_set_duration(turn->arena, data, "delete_version_after", settings.delete_after_s);
    kv2_set_duration(turn->arena, data, "deleted_keep", (int64_t)settings.deleted_keep_s);
    json_set_u64(turn->arena, data, "max_versions", settings.max_versions);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_kv2_config_write(struct turn *turn)
{
    const struct json *body = turn->request->body;
    struct kv2_settings settings = kv2_settings(turn);
    int64_t keep_s = (int64_t)settings.deleted_keep_s;
    enum err err = kv2_ready(turn);
    err = err == ERR_NONE ? read_versions(turn, body, &settings.max_versions) : err;
    err = err == ERR_NONE ? read_flag(turn, body, "cas_required", &settings.cas_required) : err;
    err = err == ERR_NONE ? read_duration(turn, body, "delete_version_after", &settings.delete_after_s) : err;
    err = err == ERR_NONE ? read_duration(turn, body, "deleted_keep", &keep_s) : err;
    if (err == ERR_NONE && keep_s < 0) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("deleted_keep is not negative", "deleted_keep ist nicht negativ"), SLICE_NONE);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct json *own = json_new(turn->arena, JSON_OBJECT);
    json_set_u64(turn->arena, own, "max_versions", settings.max_versions);
    json_set_bool(turn->arena, own, "cas_required", settings.cas_required);
    json_set_i64(turn->arena, own, "delete_after_s", settings.delete_after_s);
    json_set_i64(turn->arena, own, "deleted_keep_s", keep_s);
    err = mount_put_settings(turn, own);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
