/* sys/quotas: rate limits as Vault shows them. */
#include "engine/operations.h"

#include "engine/mount.h"
#include "engine/quota.h"

#include <string.h>

enum { RATE_MAX = 1000000, SECONDS_MAX = 7 * 24 * 3600 };

static const struct json *find(const struct json *row, struct slice name)
{
    const struct json *quotas = json_member(row, "quotas"), *quota = quotas == NULL ? NULL : quotas->first;
    while (quota != NULL && !slice_equal(json_text(quota, "name", SLICE_NONE), name)) {
        quota = quota->next;
    }
    return quota;
}

enum err operation_quota_list(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = quota_load(turn, &row);
    const struct json *quotas = err == ERR_NONE ? json_member(row, "quotas") : NULL;
    if (err != ERR_NONE || quotas == NULL || quotas->count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (const struct json *quota = quotas->first; quota != NULL; quota = quota->next) {
        json_append(keys, json_string(turn->arena, json_text(quota, "name", SLICE_NONE)));
    }
    return turn_reply_data(turn, data);
}

static uint64_t number(const struct json *row, const char *name)
{
    uint64_t value = 0;
    return json_u64(row, name, &value) == ERR_NONE ? value : 0;
}

enum err operation_quota_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = quota_load(turn, &row);
    const struct json *quota = err == ERR_NONE ? find(row, turn->values[0]) : NULL;
    if (err != ERR_NONE || quota == NULL) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    struct slice path = json_text(quota, "path", SLICE_NONE);
    bool is_mount = json_bool(quota, "is_below", false);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", turn->values[0]);
    json_set_string(turn->arena, data, "type", SLICE_LITERAL("rate-limit"));
    json_set_string(turn->arena, data, "path", slice_string(turn_path(turn, "%.*s%s", (int)path.len, (const char *)path.data, is_mount ? "/" : "")));
    json_set_string(turn->arena, data, "role", json_text(quota, "role", SLICE_NONE));
    json_set_u64(turn->arena, data, "rate", number(quota, "rate"));
    json_set_u64(turn->arena, data, "interval", number(quota, "interval_s"));
    json_set_u64(turn->arena, data, "block_interval", number(quota, "block_s"));
    json_set_bool(turn->arena, data, "inheritable", path.len == 0);
    return turn_reply_data(turn, data);
}

/* A rate may be written with a fraction ("16.67"): rounded to whole requests, at least one. */
static bool read_rate(const struct json *given, uint64_t *ret_rate)
{
    struct slice text = given == NULL ? SLICE_NONE : given->text;
    size_t dot = slice_find_byte(text, '.');
    struct slice whole = dot == SIZE_MAX ? text : slice_first(text, dot), fraction = dot == SIZE_MAX ? SLICE_NONE : slice_from(text, dot + 1);
    uint64_t rate = 0;
    bool has_type = given != NULL && (given->type == JSON_NUMBER || given->type == JSON_STRING);
    if (!has_type || whole.len == 0 || whole.len > 9 || slice_to_u64(whole, &rate) != ERR_NONE || (dot != SIZE_MAX && fraction.len == 0)) {
        return false;
    }
    bool is_zero = rate == 0;
    for (size_t i = 0; i < fraction.len; i++) {
        if (fraction.data[i] < '0' || fraction.data[i] > '9') {
            return false;
        }
        is_zero = is_zero && fraction.data[i] == '0';
    }
    rate += fraction.len > 0 && fraction.data[0] >= '5' ? 1 : 0;
    *ret_rate = rate == 0 ? 1 : rate;
    return !is_zero && rate <= RATE_MAX;
}

static bool name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= QUOTA_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS "-_.");
}

static struct slice path_of(struct turn *turn)
{
    struct slice path = turn_field(turn, "path");
    while (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

/* Is this a mount, or one of Vogt's own beginnings of paths? Then what lies below is meant too. */
static enum err check_path(struct turn *turn, struct slice path, bool *ret_is_below)
{
    struct mount mount;
    struct slice rest;
    bool is_glob = path.len > 0 && path.data[path.len - 1] == '*';
    *ret_is_below = path.len > 0 && !is_glob && route_is_taken(path) && slice_find_byte(slice_starts(path, SLICE_LITERAL("auth/")) ? slice_from(path, 5) : path, '/') == SIZE_MAX;
    if (path.len == 0 || route_is_taken(path)) {
        return ERR_NONE;
    }
    enum err space = turn_exists(turn, turn_path(turn, "space/at/%.*s", (int)path.len, (const char *)path.data));
    if (space != ERR_NOT_FOUND) {
        *ret_is_below = true; /* a namespace */
        return space;
    }
    enum err err = mount_find(turn, path, &mount, &rest);
    if (err == ERR_NOT_FOUND) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid mount path: nothing is mounted there", "unter diesem Pfad ist nichts eingebunden"), path);
    }
    *ret_is_below = err == ERR_NONE && rest.len == 0 && !is_glob;
    return err;
}

static enum err put_quotas(struct turn *turn, const struct json *row, struct slice name, struct json *fresh)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT), *list = json_set_array(turn->arena, copy, "quotas");
    const struct json *quotas = json_member(row, "quotas"), *exempt = json_member(row, "exempt");
    for (const struct json *quota = quotas == NULL ? NULL : quotas->first; quota != NULL; quota = quota->next) {
        if (!slice_equal(json_text(quota, "name", SLICE_NONE), name)) {
            json_append(list, json_copy(turn->arena, quota));
        }
    }
    if (fresh != NULL) {
        json_append(list, fresh);
    }
    if (exempt != NULL) {
        json_set(turn->arena, copy, "exempt", json_copy(turn->arena, exempt));
    }
    return list == NULL ? ERR_MEMORY : list->count > QUOTAS_MAX ? turn_refuse(turn, ERR_INVALID, TEXT("there are 256 quotas at most", "es gibt höchstens 256 Quoten"), SLICE_NONE)
                                                               : turn_put_json(turn, "core/quotas", copy, 0);
}

static enum err record(struct turn *turn, const char *type, struct slice name, const struct json *quota)
{
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, body, "name", name);
    if (quota != NULL) {
        json_set(turn->arena, body, "quota", json_copy(turn->arena, quota));
    }
    return json_set_string(turn->arena, body, "by", turn->caller.name) == NULL ? ERR_MEMORY : turn_evidence(turn, type, body, NULL);
}

enum err operation_quota_write(struct turn *turn)
{
    const struct json *body = turn->request->body, *row = NULL;
    struct slice name = turn->values[0], path = path_of(turn), role = turn_field(turn, "role");
    uint64_t rate = 0, interval_s = number(body, "interval"), block_s = number(body, "block_interval");
    interval_s = interval_s == 0 ? 1 : interval_s;
    if (!name_is_good(name) || path.len > QUOTA_PATH_MAX_BYTES || role.len > QUOTA_ROLE_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a quota's name has letters, digits, - _ . only; paths have at most 256 bytes, roles 128", "der Name einer Quote hat nur Buchstaben, Ziffern, - _ .; Pfade haben höchstens 256 Bytes, Rollen 128"), name);
    }
    if (!read_rate(json_member(body, "rate"), &rate) || interval_s > SECONDS_MAX || block_s > SECONDS_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("rate is a number above 0 and at most 1000000; interval and block_interval are at most a week", "rate ist eine Zahl über 0 und höchstens 1000000; interval und block_interval sind höchstens eine Woche"), SLICE_NONE);
    }
    bool is_below = false;
    enum err err = quota_load(turn, &row), path_err = check_path(turn, path, &is_below);
    err = err == ERR_NONE ? path_err : err;
    if (err == ERR_NONE && role.len > 0 && !slice_starts(path, SLICE_LITERAL("auth/"))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role needs the path of a login method", "eine Rolle braucht den Pfad eines Anmeldeverfahrens"), path);
    }
    struct json *quota = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, quota, "name", name);
    json_set_string(turn->arena, quota, "path", path);
    json_set_u64(turn->arena, quota, "rate", rate);
    json_set_u64(turn->arena, quota, "interval_s", interval_s);
    json_set_u64(turn->arena, quota, "block_s", block_s);
    json_set_string(turn->arena, quota, "role", role);
    json_set_bool(turn->arena, quota, "is_below", is_below);
    err = err == ERR_NONE ? put_quotas(turn, row, name, quota) : err;
    err = err == ERR_NONE ? record(turn, "quota.set", name, quota) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_quota_delete(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = quota_load(turn, &row);
    if (err == ERR_NONE && find(row, turn->values[0]) == NULL) {
        return turn_reply_none(turn);
    }
    err = err == ERR_NONE ? put_quotas(turn, row, turn->values[0], NULL) : err;
    err = err == ERR_NONE ? record(turn, "quota.removed", turn->values[0], NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- what holds for all of them ---- */

enum err operation_quota_config_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = quota_load(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_bool(turn->arena, data, "enable_rate_limit_audit_logging", false);
    json_set_bool(turn->arena, data, "enable_rate_limit_response_headers", false);
    const struct json *exempt = json_member(row, "exempt");
    if (exempt != NULL) {
        json_set(turn->arena, data, "rate_limit_exempt_paths", json_copy(turn->arena, exempt));
        return turn_reply_data(turn, data);
    }
    struct json *paths = json_set_array(turn->arena, data, "rate_limit_exempt_paths");
    for (const char *const *usual = quota_exempt_usual; *usual != NULL; usual++) {
        json_append(paths, json_string(turn->arena, slice_string(*usual)));
    }
    return turn_reply_data(turn, data);
}

enum err operation_quota_config_write(struct turn *turn)
{
    const struct json *body = turn->request->body, *row = NULL, *exempt = json_member(body, "rate_limit_exempt_paths");
    if (json_bool(body, "enable_rate_limit_audit_logging", false) || json_bool(body, "enable_rate_limit_response_headers", false)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("refused requests are counted in the ledger and told Retry-After; no further records or headers are made of them",
                                                   "abgelehnte Anfragen werden im Logbuch gezählt und bekommen Retry-After; weitere Einträge oder Kopfzeilen entstehen dafür nicht"), SLICE_NONE);
    }
    for (const struct json *path = exempt == NULL ? NULL : exempt->first; path != NULL; path = path->next) {
        if (path->text.len == 0 || path->text.len > QUOTA_PATH_MAX_BYTES || exempt->count > QUOTA_EXEMPT_MAX) {
            return turn_refuse(turn, ERR_INVALID, TEXT("at most 64 exempt paths of 1 to 256 bytes", "höchstens 64 ausgenommene Pfade von 1 bis 256 Bytes"), path->text);
        }
    }
    enum err err = quota_load(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    const struct json *quotas = json_member(row, "quotas"), *kept = exempt != NULL ? exempt : json_member(row, "exempt");
    if (quotas != NULL) {
        json_set(turn->arena, copy, "quotas", json_copy(turn->arena, quotas));
    }
    if (kept != NULL) {
        json_set(turn->arena, copy, "exempt", json_copy(turn->arena, kept));
    }
    err = turn_put_json(turn, "core/quotas", copy, 0);
    err = err == ERR_NONE ? record(turn, "quota.config", SLICE_NONE, NULL) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
