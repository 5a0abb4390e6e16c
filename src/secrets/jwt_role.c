/* Roles of JWT and OIDC: their rows, and what they may say. */
#include "secrets/jwt.h"

#include "base/time.h"

#include <string.h>

enum kind { KIND_TEXT, KIND_TEXTS, KIND_OBJECT, KIND_PAIRS, KIND_BOOL, KIND_LEEWAY, KIND_NUMBER };
static const struct {
    const char *name;
    enum kind kind;
} members[] = {
    {"callback_mode", KIND_TEXT},          {"poll_interval", KIND_NUMBER},
    {"allowed_redirect_uris", KIND_TEXTS}, {"bound_audiences", KIND_TEXTS}, {"bound_claims", KIND_OBJECT},      {"bound_claims_type", KIND_TEXT},
    {"bound_subject", KIND_TEXT},          {"claim_mappings", KIND_PAIRS},  {"clock_skew_leeway", KIND_LEEWAY}, {"expiration_leeway", KIND_LEEWAY},
    {"groups_claim", KIND_TEXT},           {"max_age", KIND_NUMBER},        {"not_before_leeway", KIND_LEEWAY}, {"oidc_scopes", KIND_TEXTS},
    {"role_type", KIND_TEXT},              {"user_claim", KIND_TEXT},       {"user_claim_json_pointer", KIND_BOOL}, {"verbose_oidc_logging", KIND_BOOL},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0], LEEWAY_MAX_S = 10 * 365 * 24 * 3600 };

static char *row_path(struct turn *turn, struct slice name)
{
    return mount_path(turn, "role/%.*s", (int)name.len, (const char *)name.data);
}

enum err jwt_role(struct turn *turn, struct slice name, const struct json **ret_row)
{
    return turn_json(turn, row_path(turn, name), ret_row);
}

enum err jwt_role_exists(struct turn *turn)
{
    struct slice bytes;
    bool is_role = strcmp(turn->route->pattern, "role/:name") == 0;
    return is_role ? turn_row(turn, row_path(turn, secrets_lower(turn, turn->values[0])), &bytes) : ERR_NONE;
}

/* ---- values ---- */

/* "-1" (none), 90, "1m": a number of seconds with its sign. */
static enum err leeway(struct turn *turn, const char *name, struct slice text, struct json **ret_value)
{
    bool is_negative = text.len > 0 && text.data[0] == '-';
    uint64_t seconds = 0;
    if (duration_parse(slice_from(text, is_negative ? 1 : 0), &seconds) != ERR_NONE || seconds > LEEWAY_MAX_S) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this field takes a duration, such as 90, \"5m\" or -1", "dieses Feld nimmt eine Dauer, etwa 90, \"5m\" oder -1"), slice_string(name));
    }
    *ret_value = json_number_i64(turn->arena, is_negative ? -(int64_t)seconds : (int64_t)seconds);
    return *ret_value == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err not_pairs(struct turn *turn, const char *name)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("this field takes an object of texts, or texts such as claim=name", "dieses Feld nimmt ein Objekt von Texten oder Texte wie claim=name"), slice_string(name));
}

static bool add_pair(struct turn *turn, struct json *object, struct slice text)
{
    size_t equals = slice_find_byte(text, '=');
    if (equals == SIZE_MAX || equals == 0) {
        return false;
    }
    const char *name = arena_string(turn->arena, slice_trim(slice_first(text, equals)));
    return name != NULL && json_member(object, name) == NULL && json_set_string(turn->arena, object, name, slice_trim(slice_from(text, equals + 1))) != NULL;
}

/* An object of texts; or what command lines write: "a=b,c=d", ["a=b","c=d"]. */
static enum err pairs(struct turn *turn, const char *name, const struct json *value, struct json **ret_value)
{
    struct json *object = json_new(turn->arena, JSON_OBJECT);
    bool good = value->type == JSON_OBJECT || value->type == JSON_ARRAY || value->type == JSON_STRING;
    struct slice rest = value->type == JSON_STRING ? value->text : SLICE_NONE, part;
    while (good && slice_split(&rest, ',', &part)) {
        good = slice_trim(part).len == 0 || add_pair(turn, object, part);
    }
    for (const struct json *one = value->type == JSON_STRING ? NULL : value->first; good && one != NULL; one = one->next) {
        good = one->type == JSON_STRING && (value->type == JSON_ARRAY ? add_pair(turn, object, one->text)
                                                                      : json_set_string(turn->arena, object, arena_string(turn->arena, one->name), one->text) != NULL);
    }
    *ret_value = object;
    return good ? ERR_NONE : not_pairs(turn, name);
}

static enum err value_of(struct turn *turn, size_t i, const struct json *given, struct json **ret_value)
{
    switch (members[i].kind) {
    case KIND_LEEWAY:
        return leeway(turn, members[i].name, given->text, ret_value);
    case KIND_PAIRS:
        return pairs(turn, members[i].name, given, ret_value);
    case KIND_TEXT:
    case KIND_TEXTS:
    case KIND_OBJECT:
    case KIND_BOOL:
    case KIND_NUMBER:
        break;
    }
    *ret_value = json_copy(turn->arena, given);
    return *ret_value == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- what is refused ---- */

static bool is_empty(const struct json *row, const char *name)
{
    const struct json *member = json_member(row, name);
    return member == NULL || (member->type == JSON_STRING ? member->text.len == 0 : member->count == 0);
}

/* Each bound claim is a value or a list of values; globs are texts. */
static enum err check_bound_claims(struct turn *turn, const struct json *row)
{
    bool is_glob = slice_is(json_text(row, "bound_claims_type", SLICE_NONE), "glob");
    const struct json *claims = json_member(row, "bound_claims");
    for (const struct json *claim = claims == NULL ? NULL : claims->first; claim != NULL; claim = claim->next) {
        bool good = claim->type != JSON_OBJECT && claim->type != JSON_NULL && (!is_glob || claim->type == JSON_STRING || claim->type == JSON_ARRAY);
        for (const struct json *one = claim->first; one != NULL; one = one->next) {
            good = good && one->type != JSON_OBJECT && one->type != JSON_ARRAY && (!is_glob || one->type == JSON_STRING);
        }
        if (!good) {
            return turn_refuse(turn, ERR_INVALID, TEXT("claim is not a string or list", "der Wert eines gebundenen Claims ist kein Text und keine Liste"), claim->name);
        }
    }
    return ERR_NONE;
}

static enum err check_mappings(struct turn *turn, const struct json *row)
{
    const struct json *mappings = json_member(row, "claim_mappings");
    for (const struct json *one = mappings == NULL ? NULL : mappings->first; one != NULL; one = one->next) {
        if (one->text.len == 0 || slice_is(one->text, "role")) {
            return turn_refuse(turn, ERR_INVALID, TEXT("metadata key is reserved and may not be a mapping destination", "dieser Name ist in den Metadaten vergeben"), one->text);
        }
        for (const struct json *other = one->next; other != NULL; other = other->next) {
            if (slice_equal(one->text, other->text)) {
                return turn_refuse(turn, ERR_INVALID, TEXT("multiple keys are mapped to the same metadata key", "mehrere Claims sind auf denselben Namen der Metadaten abgebildet"), one->text);
            }
        }
    }
    return ERR_NONE;
}

static enum err check_type(struct turn *turn, const struct json *row)
{
    struct slice type = json_text(row, "role_type", SLICE_NONE), matching = json_text(row, "bound_claims_type", SLICE_NONE), callback = json_text(row, "callback_mode", SLICE_NONE);
    if (!slice_is(type, "jwt") && !slice_is(type, "oidc")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid 'role_type'", "'role_type' ist jwt oder oidc"), type);
    }
    if (!slice_is(matching, "string") && !slice_is(matching, "glob")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid 'bound_claims_type'", "'bound_claims_type' ist string oder glob"), matching);
    }
    if (is_empty(row, "user_claim")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a user claim must be defined on the role", "die Rolle braucht user_claim"), SLICE_NONE);
    }
    if (!slice_is(callback, "client") && !slice_is(callback, "direct") && !slice_is(callback, "device")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid 'callback_mode'", "'callback_mode' ist client, direct oder device"), callback);
    }
    if (slice_is(type, "oidc") && !slice_is(callback, "device") && is_empty(row, "allowed_redirect_uris")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.", "'allowed_redirect_uris' muss angegeben sein, wenn 'role_type' oidc ist oder fehlt."), SLICE_NONE);
    }
    if (slice_is(type, "jwt") && is_empty(row, "bound_audiences") && is_empty(row, "bound_subject") && is_empty(row, "bound_claims") &&
        is_empty(json_member(row, "token"), "token_bound_cidrs")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("must have at least one bound constraint when creating/updating a role", "die Rolle braucht mindestens eine Bedingung: bound_audiences, bound_subject, bound_claims oder token_bound_cidrs"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err check(struct turn *turn, const struct json *row)
{
    enum err err = check_type(turn, row);
    err = err == ERR_NONE ? check_bound_claims(turn, row) : err;
    return err == ERR_NONE ? check_mappings(turn, row) : err;
}

static bool name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= JWT_NAME_MAX_BYTES && slice_consists_of(name, ASCII_LOWER ASCII_DIGITS "-_.@");
}

/* ---- operations ---- */

static enum err merge(struct turn *turn, const struct json *before, struct json *row)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *given = json_member(turn->request->body, members[i].name), *had = json_member(before, members[i].name);
        struct json *value = NULL;
        enum err err = given != NULL ? value_of(turn, i, given, &value) : ERR_NONE;
        if (err != ERR_NONE) {
            return err;
        }
        value = given == NULL && had != NULL ? json_copy(turn->arena, had) : value;
        if (value != NULL) {
            json_set(turn->arena, row, members[i].name, value);
        }
    }
    static const char *const usual[][2] = {{"role_type", "oidc"}, {"bound_claims_type", "string"}, {"callback_mode", "client"}};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (json_text(row, usual[i][0], SLICE_NONE).len == 0) {
            json_set_string(turn->arena, row, usual[i][0], slice_string(usual[i][1]));
        }
    }
    return ERR_NONE;
}

enum err operation_jwt_role_write(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    const struct json *before = NULL;
    if (!name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role's name has 1 to 128 letters, digits, - _ . @", "der Name einer Rolle hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), name);
    }
    enum err err = jwt_role(turn, name, &before);
    err = err == ERR_NOT_FOUND ? ERR_NONE : err;
    err = err == ERR_NONE ? merge(turn, before, row) : err;
    err = err == ERR_NONE ? login_token_read(turn, before, row) : err;
    err = err == ERR_NONE ? check(turn, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, name), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

static struct json *empty(struct turn *turn, enum kind kind)
{
    switch (kind) {
    case KIND_TEXT:
        return json_string(turn->arena, SLICE_NONE);
    case KIND_BOOL:
        return json_boolean(turn->arena, false);
    case KIND_LEEWAY:
    case KIND_NUMBER:
        return json_number_u64(turn->arena, 0);
    case KIND_TEXTS:
    case KIND_OBJECT:
    case KIND_PAIRS:
        break;
    }
    return json_new(turn->arena, JSON_NULL);
}

enum err operation_jwt_role_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = jwt_role(turn, secrets_lower(turn, turn->values[0]), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = json_member(row, members[i].name);
        json_set(turn->arena, data, members[i].name, value == NULL ? empty(turn, members[i].kind) : json_copy(turn->arena, value));
    }
    login_token_show(turn, row, data);
    return turn_reply_data(turn, data);
}

enum err operation_jwt_role_list(struct turn *turn)
{
    return secrets_list(turn, "role", SLICE_NONE);
}

enum err operation_jwt_role_delete(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice name = secrets_lower(turn, turn->values[0]);
    enum err err = jwt_role(turn, name, &row);
    err = err == ERR_NONE ? turn_delete(turn, row_path(turn, name)) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}
