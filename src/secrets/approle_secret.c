/* Secret ids: made, looked up, destroyed, by themselves or by their accessors. */
#include "secrets/approle.h"

#include "base/time.h"
#include "engine/token.h"

enum { METADATA_MAX_COUNT = 64, TIDY_ROWS = 500 };

static char *secret_path(struct turn *turn, const struct approle *role, struct slice hmac)
{
    return mount_path(turn, "of/%.*s/secret/%.*s", (int)role->id.len, (const char *)role->id.data, (int)hmac.len, (const char *)hmac.data);
}

static char *accessor_path(struct turn *turn, const struct approle *role, struct slice accessor)
{
    return mount_path(turn, "of/%.*s/accessor/%.*s", (int)role->id.len, (const char *)role->id.data, (int)accessor.len, (const char *)accessor.data);
}

static int64_t ends_ms(const struct json *row)
{
    return (int64_t)token_number(row, "expires_ms");
}

static bool is_over(const struct turn *turn, const struct json *row)
{
    return ends_ms(row) != 0 && turn->steady_ms >= ends_ms(row);
}

/* ---- finding ---- */

static enum err find_hmac(struct turn *turn, const struct approle *role, struct slice hmac, struct approle_secret *ret_secret)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, secret_path(turn, role, hmac), &row);
    if (err != ERR_NONE || is_over(turn, row)) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    *ret_secret = (struct approle_secret){.hmac = hmac, .row = row};
    return ERR_NONE;
}

enum err approle_secret_find(struct turn *turn, const struct approle *role, struct slice text, struct approle_secret *ret_secret)
{
    char *hex = NULL;
    if (text.len == 0 || text.len > APPROLE_SECRET_MAX_BYTES) {
        return ERR_NOT_FOUND;
    }
    enum err err = approle_hmac(turn, role->id, text, &hex);
    return err == ERR_NONE ? find_hmac(turn, role, slice_string(hex), ret_secret) : err;
}

static enum err find_accessor(struct turn *turn, const struct approle *role, struct approle_secret *ret_secret)
{
    struct slice accessor = turn_field(turn, "secret_id_accessor");
    const struct json *pointer = NULL;
    enum err err = accessor.len == 0 || slice_find_byte(accessor, '/') != SIZE_MAX ? ERR_NOT_FOUND : turn_json(turn, accessor_path(turn, role, accessor), &pointer);
    err = err == ERR_NONE ? find_hmac(turn, role, json_text(pointer, "secret", SLICE_NONE), ret_secret) : err;
    return err == ERR_NOT_FOUND ? turn_refuse(turn, err, TEXT("failed to find accessor entry for secret_id_accessor", "zu diesem secret_id_accessor gibt es nichts"), accessor) : err;
}

static enum err end_secret(struct turn *turn, const struct approle *role, const struct approle_secret *secret)
{
    enum err err = turn_delete(turn, secret_path(turn, role, secret->hmac));
    enum err second = turn_delete(turn, accessor_path(turn, role, json_text(secret->row, "accessor", SLICE_NONE)));
    return err != ERR_NONE ? err : second;
}

enum err approle_secret_use(struct turn *turn, const struct approle *role, const struct approle_secret *secret)
{
    uint64_t left = token_number(secret->row, "uses_left");
    if (left == 0) {
        return ERR_NONE; /* no limit: no row changes */
    }
    if (left == 1) {
        return end_secret(turn, role, secret);
    }
    struct json *row = secrets_with(turn, secret->row, "uses_left", json_number_u64(turn->arena, left - 1));
    row = secrets_with(turn, row, "updated_ms", json_number_i64(turn->arena, turn->steady_ms));
    int64_t end_ms = ends_ms(secret->row);
    return turn_put_json(turn, secret_path(turn, role, secret->hmac), row, end_ms == 0 ? 0 : turn_due_steady(end_ms));
}

/* ---- making ---- */

/* An object, or JSON as a text, which judge reads: keep parses nothing that a client wrote. */
static enum err read_metadata(struct turn *turn, const struct json **ret_metadata)
{
    const struct json *given = json_member(turn->request->body, "metadata"), *output = NULL;
    if (given != NULL && given->type == JSON_STRING && slice_trim(given->text).len > 0) {
        enum err err = turn_work(turn, ROLE_JUDGE, "login.metadata", NULL, given->text, &output, NULL, NULL);
        if (err != ERR_NONE) {
            return err;
        }
        given = json_member(output, "metadata");
    }
    bool good = given == NULL || given->type == JSON_OBJECT || (given->type == JSON_STRING && slice_trim(given->text).len == 0);
    for (const struct json *one = good && given != NULL ? given->first : NULL; one != NULL; one = one->next) {
        good = good && one->type == JSON_STRING;
    }
    if (!good || (given != NULL && given->count > METADATA_MAX_COUNT)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("metadata is a JSON object of at most 64 texts", "metadata ist ein JSON-Objekt von höchstens 64 Texten"), SLICE_NONE);
    }
    *ret_metadata = given == NULL || given->type != JSON_OBJECT ? json_new(turn->arena, JSON_OBJECT) : given;
    return ERR_NONE;
}

/* Every network of the secret id lies within one of the role's, where the role names any. */
static enum err check_networks(struct turn *turn, const char *name, const struct json *bound)
{
    const struct json *cidrs = json_member(turn->request->body, name);
    for (const struct json *one = cidrs == NULL ? NULL : cidrs->first; one != NULL; one = one->next) {
        if (!token_cidr_is_good(one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("invalid CIDR blocks", "das ist kein Netz wie etwa 10.0.0.0/8"), one->text);
        }
        if (!token_cidr_within(bound, one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the secret ID",
                                                       "dieses Netz liegt nicht in denen der Rolle"), one->text);
        }
    }
    return ERR_NONE;
}

/* A number of the body that may not loosen the role's; absent: the role's. Zero loosens most. */
static enum err limit(struct turn *turn, const char *name, uint64_t roles, struct text text, uint64_t *ret_value)
{
    const struct json *body = turn->request->body;
    uint64_t value = json_member(body, name) == NULL ? roles : token_number(body, name);
    if (roles > 0 && (value == 0 || value > roles)) {
        return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
    }
    *ret_value = value;
    return ERR_NONE;
}

struct making {
    struct slice text, accessor;
    uint64_t ttl_s, uses;
    const struct json *metadata;
};

static enum err check_making(struct turn *turn, const struct approle *role, struct making *making)
{
    if (!json_bool(role->row, "bind_secret_id", true)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("bind_secret_id is not set on the role", "die Rolle verlangt keine secret_id (bind_secret_id)"), SLICE_NONE);
    }
    enum err err = limit(turn, "ttl", token_number(role->row, "secret_id_ttl"), TEXT("ttl cannot be longer than the role's secret_id_ttl", "ttl darf nicht länger sein als secret_id_ttl der Rolle"), &making->ttl_s);
    err = err == ERR_NONE ? limit(turn, "num_uses", token_number(role->row, "secret_id_num_uses"),
                                  TEXT("num_uses cannot be higher than the role's secret_id_num_uses", "num_uses darf nicht größer sein als secret_id_num_uses der Rolle"), &making->uses) : err;
    err = err == ERR_NONE ? check_networks(turn, "cidr_list", json_member(role->row, "secret_id_bound_cidrs")) : err;
    err = err == ERR_NONE ? check_networks(turn, "token_bound_cidrs", json_member(json_member(role->row, "token"), "token_bound_cidrs")) : err;
    uint64_t max_s = mount_max_ttl_s(turn, turn->mount);
    making->ttl_s = making->ttl_s > max_s ? max_s : making->ttl_s;
    return err == ERR_NONE ? read_metadata(turn, &making->metadata) : err;
}

static void copy_list(struct turn *turn, struct json *row, const char *name, const char *field)
{
    const struct json *list = json_member(turn->request->body, field);
    if (list != NULL && list->count > 0) {
        json_set(turn->arena, row, name, json_copy(turn->arena, list));
    }
}

static struct json *new_row(struct turn *turn, const struct making *making)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "accessor", making->accessor);
    json_set_i64(turn->arena, row, "created_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "updated_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "expires_ms", making->ttl_s == 0 ? 0 : turn->steady_ms + (int64_t)making->ttl_s * 1000);
    json_set_u64(turn->arena, row, "ttl_s", making->ttl_s);
    if (making->uses > 0) {
        json_set_u64(turn->arena, row, "uses_left", making->uses);
    }
    copy_list(turn, row, "cidrs", "cidr_list");
    copy_list(turn, row, "token_cidrs", "token_bound_cidrs");
    if (making->metadata->count > 0) {
        json_set(turn->arena, row, "metadata", json_copy(turn->arena, making->metadata));
    }
    return row;
}

static enum err put_secret(struct turn *turn, const struct approle *role, const struct making *making)
{
    char *hex = NULL;
    struct slice bytes;
    enum err err = making->accessor.len == 0 ? ERR_MEMORY : approle_hmac(turn, role->id, making->text, &hex);
    if (err != ERR_NONE) {
        return err;
    }
    char *path = secret_path(turn, role, slice_string(hex)), *pointer_path = accessor_path(turn, role, making->accessor);
    struct json *row = new_row(turn, making), *pointer = json_new(turn->arena, JSON_OBJECT);
    int64_t due_ms = ends_ms(row) == 0 ? 0 : turn_due_steady(ends_ms(row));
    json_set_string(turn->arena, pointer, "secret", slice_string(hex));
    err = turn_row(turn, path, &bytes);
    if (err != ERR_NOT_FOUND) {
        return err == ERR_NONE ? turn_refuse(turn, ERR_INVALID, TEXT("SecretID is already registered", "diese secret_id gibt es schon"), SLICE_NONE) : err;
    }
    err = turn_put_json(turn, path, row, due_ms);
    err = err == ERR_NONE ? turn_is_new(turn, pointer_path) : err;
    return err == ERR_NONE ? turn_put_json(turn, pointer_path, pointer, due_ms) : err;
}

static enum err make(struct turn *turn, struct slice text)
{
    struct approle role;
    struct making making = {.text = text, .accessor = approle_uuid(turn)};
    enum err err = approle_need(turn, &role);
    err = err == ERR_NONE ? check_making(turn, &role, &making) : err;
    err = err == ERR_NONE ? put_secret(turn, &role, &making) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "secret_id", text);
    json_set_string(turn->arena, data, "secret_id_accessor", making.accessor);
    json_set_u64(turn->arena, data, "secret_id_ttl", making.ttl_s);
    json_set_u64(turn->arena, data, "secret_id_num_uses", making.uses);
    return turn_reply_data(turn, data);
}

enum err operation_approle_secret_make(struct turn *turn)
{
    return make(turn, approle_uuid(turn));
}

enum err operation_approle_secret_custom(struct turn *turn)
{
    struct slice text = turn_field(turn, "secret_id");
    if (text.len == 0 || text.len > APPROLE_SECRET_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing secret_id, or one of more than 1024 bytes", "secret_id fehlt oder hat mehr als 1024 Bytes"), SLICE_NONE);
    }
    return make(turn, text);
}

/* ---- looking up, ending, listing ---- */

static void set_time(struct turn *turn, struct json *data, const char *name, int64_t steady_ms)
{
    char text[RFC3339_BYTES];
    rfc3339_format(turn_wall_ms(turn, steady_ms), text);
    json_set_string(turn->arena, data, name, steady_ms == 0 ? SLICE_LITERAL("0001-01-01T00:00:00Z") : slice_string(text)); /* Go's zero: never */
}

static void set_copy(struct turn *turn, struct json *data, const char *name, const struct json *value, enum json_type empty)
{
    json_set(turn->arena, data, name, value == NULL ? json_new(turn->arena, empty) : json_copy(turn->arena, value));
}

static enum err describe(struct turn *turn, const struct approle_secret *secret)
{
    const struct json *row = secret->row;
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "secret_id_accessor", json_text(row, "accessor", SLICE_NONE));
    json_set_u64(turn->arena, data, "secret_id_num_uses", token_number(row, "uses_left"));
    json_set_u64(turn->arena, data, "secret_id_ttl", token_number(row, "ttl_s"));
    set_time(turn, data, "creation_time", (int64_t)token_number(row, "created_ms"));
    set_time(turn, data, "last_updated_time", (int64_t)token_number(row, "updated_ms"));
    set_time(turn, data, "expiration_time", ends_ms(row));
    set_copy(turn, data, "cidr_list", json_member(row, "cidrs"), JSON_ARRAY);
    set_copy(turn, data, "token_bound_cidrs", json_member(row, "token_cidrs"), JSON_ARRAY);
    set_copy(turn, data, "metadata", json_member(row, "metadata"), JSON_OBJECT);
    return turn_reply_data(turn, data);
}

enum err operation_approle_secret_lookup(struct turn *turn)
{
    struct approle role;
    struct approle_secret secret;
    enum err err = approle_need(turn, &role);
    err = err == ERR_NONE ? approle_secret_find(turn, &role, turn_field(turn, "secret_id"), &secret) : err;
    return err == ERR_NONE ? describe(turn, &secret) : err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

enum err operation_approle_accessor_lookup(struct turn *turn)
{
    struct approle role;
    struct approle_secret secret;
    enum err err = approle_need(turn, &role);
    err = err == ERR_NONE ? find_accessor(turn, &role, &secret) : err;
    return err == ERR_NONE ? describe(turn, &secret) : err;
}

enum err operation_approle_secret_destroy(struct turn *turn)
{
    struct approle role;
    struct approle_secret secret;
    enum err err = approle_need(turn, &role);
    err = err == ERR_NONE ? approle_secret_find(turn, &role, turn_field(turn, "secret_id"), &secret) : err;
    err = err == ERR_NONE ? end_secret(turn, &role, &secret) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}

enum err operation_approle_accessor_destroy(struct turn *turn)
{
    struct approle role;
    struct approle_secret secret;
    enum err err = approle_need(turn, &role);
    err = err == ERR_NONE ? find_accessor(turn, &role, &secret) : err;
    err = err == ERR_NONE ? end_secret(turn, &role, &secret) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_approle_secret_list(struct turn *turn)
{
    struct approle role;
    enum err err = approle_need(turn, &role);
    return err == ERR_NONE ? secrets_list(turn, turn_path(turn, "of/%.*s/accessor", (int)role.id.len, (const char *)role.id.data), SLICE_NONE) : err;
}

/* ---- tidying ---- */

enum err operation_approle_tidy(struct turn *turn)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, input, "uuid", turn->mount->uuid);
    json_set_string(turn->arena, input, "after", SLICE_NONE);
    enum err err = turn_start(turn, "approle_tidy_slice", input);
    return err == ERR_NONE ? turn_reply_warning(turn, 202, "Tidy operation successfully started. Ended secret ids are cleared away as they end; this looks for what was left.") : err;
}

/* Keep's own: {"uuid","after"}. A slice of all secret ids of the mount; those that are over go, with their accessors. */
enum err operation_approle_tidy_slice(struct turn *turn)
{
    struct slice uuid = json_text(turn->input, "uuid", SLICE_NONE), after = json_text(turn->input, "after", SLICE_NONE);
    struct turn_names rows;
    enum err all = turn_list(turn, turn_path(turn, "m/%.*s/of/", (int)uuid.len, (const char *)uuid.data), after, TIDY_ROWS, &rows);
    if (all != ERR_NONE) {
        return all;
    }
    for (size_t i = 0; i < rows.count; i++) {
        struct json *row = NULL;
        size_t at = slice_find(rows.names[i], SLICE_LITERAL("/secret/"));
        enum err err = json_unpack(turn->arena, rows.bytes[i], &row);
        if (err != ERR_NONE || at == SIZE_MAX || !is_over(turn, row)) {
            continue;
        }
        struct slice accessor = json_text(row, "accessor", SLICE_NONE);
        err = turn_delete(turn, arena_string(turn->arena, rows.names[i]));
        enum err second = turn_delete(turn, turn_path(turn, "%.*s/accessor/%.*s", (int)at, (const char *)rows.names[i].data, (int)accessor.len, (const char *)accessor.data));
        all = err == ERR_NEED || second == ERR_NEED ? ERR_NEED : all;
    }
    if (all != ERR_NONE || rows.count < TIDY_ROWS) {
        return all;
    }
    struct json *next = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, next, "uuid", uuid);
    json_set_string(turn->arena, next, "after", rows.names[rows.count - 1]);
    return turn_start(turn, "approle_tidy_slice", next);
}
