/*
 * What a token's claims must say, as Vault decides it: times with their leeways, issuer, audience, subject, the role's bound claims; and who they say it is.
 * The claims are a tree that judge gave after the signature was found good.
 */
#include "secrets/jwt.h"

#include "base/glob.h"

#include <string.h>

enum { SKEW_S = 60, LEEWAY_S = 150, TIME_MAX_DIGITS = 15 };

/* A text with the names of claims in it, which Vault's clients match; in the arena. */
#define TEXT_ABOUT(turn, english, german, name) TEXT(turn_path(turn, english, (int)(name).len, (const char *)(name).data), turn_path(turn, german, (int)(name).len, (const char *)(name).data))

/* ---- claims by name ---- */

static bool is_token(const struct json *one, struct slice token)
{
    size_t at = 0;
    for (size_t i = 0; i < token.len; i++, at++) {
        uint8_t byte = token.data[i];
        if (byte == '~' && i + 1 < token.len && (token.data[i + 1] == '0' || token.data[i + 1] == '1')) {
            byte = token.data[++i] == '0' ? '~' : '/';
        }
        if (at >= one->name.len || one->name.data[at] != byte) {
            return false;
        }
    }
    return at == one->name.len;
}

static const struct json *child(const struct json *value, struct slice token)
{
    uint64_t index = 0;
    if (value->type == JSON_ARRAY && slice_to_u64(token, &index) != ERR_NONE) {
        return NULL;
    }
    for (const struct json *one = value->type == JSON_ARRAY || value->type == JSON_OBJECT ? value->first : NULL; one != NULL; one = one->next) {
        if (value->type == JSON_ARRAY ? index-- == 0 : is_token(one, token)) {
            return one;
        }
    }
    return NULL;
}

static const struct json *by_pointer(const struct json *claims, struct slice pointer)
{
    struct slice rest = slice_from(pointer, 1), token = SLICE_NONE;
    const struct json *value = claims;
    if (pointer.len == 0 || pointer.data[0] != '/') {
        return NULL;
    }
    for (bool more = true; more && value != NULL;) {
        size_t slash = slice_find_byte(rest, '/');
        more = slash != SIZE_MAX;
        token = more ? slice_first(rest, slash) : rest;
        rest = more ? slice_from(rest, slash + 1) : SLICE_NONE;
        value = child(value, token);
    }
    return value;
}

static const struct json *by_name(const struct json *claims, struct slice name)
{
    const struct json *one = claims == NULL || claims->type != JSON_OBJECT ? NULL : claims->first;
    while (one != NULL && !slice_equal(one->name, name)) {
        one = one->next;
    }
    return one;
}

const struct json *jwt_claim(struct turn *turn, const struct json *claims, struct slice name)
{
    (void)turn;
    const struct json *value = slice_starts(name, SLICE_LITERAL("/")) ? by_pointer(claims, name) : by_name(claims, name);
    return value == NULL || value->type == JSON_NULL ? NULL : value;
}

/* ---- times ---- */

/* NumericDate (RFC 7519, 2) in seconds, 0 when absent; a fraction is cut. False: it is none. */
static bool time_of(const struct json *claims, const char *name, int64_t *ret_s)
{
    const struct json *member = json_member(claims, name);
    uint64_t seconds = 0;
    *ret_s = 0;
    if (member == NULL || member->type == JSON_NULL) {
        return true;
    }
    size_t dot = member->type == JSON_NUMBER ? slice_find_byte(member->text, '.') : SIZE_MAX;
    struct slice whole = dot == SIZE_MAX ? member->text : slice_first(member->text, dot), fraction = dot == SIZE_MAX ? SLICE_NONE : slice_from(member->text, dot + 1);
    bool good = member->type == JSON_NUMBER && whole.len <= TIME_MAX_DIGITS && slice_to_u64(whole, &seconds) == ERR_NONE;
    for (size_t i = 0; i < fraction.len; i++) {
        good = good && fraction.data[i] >= '0' && fraction.data[i] <= '9';
    }
    *ret_s = (int64_t)seconds;
    return good;
}

/* 0 in a role is the default, less than 0 is none. */
static int64_t leeway(const struct json *role, const char *name, int64_t fallback)
{
    int64_t seconds = 0;
    if (json_i64(role, name, &seconds) != ERR_NONE || seconds == 0) {
        return fallback;
    }
    return seconds < 0 ? 0 : seconds;
}

static enum err check_times(struct turn *turn, const struct json *role, const struct json *claims)
{
    int64_t issued = 0, expires = 0, starts = 0, now = turn->now_ms / 1000, skew = leeway(role, "clock_skew_leeway", SKEW_S);
    if (!time_of(claims, "iat", &issued) || !time_of(claims, "exp", &expires) || !time_of(claims, "nbf", &starts)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: iat, nbf and exp claims must be numbers", "Token ungültig: iat, nbf und exp müssen Zahlen sein"), SLICE_NONE);
    }
    if (issued == 0 && expires == 0 && starts == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token", "Token ungültig: es nennt keine Zeit (iat, nbf oder exp)"), SLICE_NONE);
    }
    if (expires == 0) {
        expires = (issued > starts ? issued : starts) + leeway(role, "expiration_leeway", LEEWAY_S);
    }
    if (starts == 0) {
        starts = issued != 0 ? issued : expires - leeway(role, "not_before_leeway", LEEWAY_S);
    }
    if (now - skew >= expires) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid expiration time (exp) claim: token is expired", "Token ungültig: es ist abgelaufen (exp)"), SLICE_NONE);
    }
    if (now + skew < starts) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid not before (nbf) claim: token not yet valid", "Token ungültig: es gilt noch nicht (nbf)"), SLICE_NONE);
    }
    return now + skew < issued ? turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid issued at (iat) claim: token issued in the future", "Token ungültig: es ist in der Zukunft ausgestellt (iat)"), SLICE_NONE) : ERR_NONE;
}

/* ---- issuer, audience, subject ---- */

bool jwt_has_audience(const struct json *audience, struct slice name)
{
    if (audience == NULL || audience->type == JSON_STRING) {
        return audience != NULL && slice_equal(audience->text, name);
    }
    for (const struct json *one = audience->type == JSON_ARRAY ? audience->first : NULL; one != NULL; one = one->next) {
        if (one->type == JSON_STRING && slice_equal(one->text, name)) {
            return true;
        }
    }
    return false;
}

static bool has_any(const struct json *audience, const struct json *bound)
{
    for (const struct json *one = bound->first; one != NULL; one = one->next) {
        if (jwt_has_audience(audience, one->text)) {
            return true;
        }
    }
    return false;
}

enum err jwt_check_token(struct turn *turn, const struct json *role, struct slice issuer, const struct json *claims, bool is_for_client)
{
    const struct json *bound = json_member(role, "bound_audiences"), *audience = json_member(claims, "aud");
    struct slice subject = json_text(role, "bound_subject", SLICE_NONE);
    bool binds = bound != NULL && bound->count > 0, names_one = audience != NULL && (audience->type == JSON_STRING ? audience->text.len > 0 : audience->count > 0);
    enum err err = check_times(turn, role, claims);
    if (err != ERR_NONE) {
        return err;
    }
    if (issuer.len > 0 && !slice_equal(json_text(claims, "iss", SLICE_NONE), issuer)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid issuer (iss) claim", "Token ungültig: es kommt von einem anderen Aussteller (iss)"), SLICE_NONE);
    }
    if (subject.len > 0 && !slice_equal(json_text(claims, "sub", SLICE_NONE), subject)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid subject (sub) claim", "Token ungültig: es gilt für jemand anderen (sub)"), SLICE_NONE);
    }
    if (binds && !has_any(audience, bound)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("error validating token: invalid audience (aud) claim: audience claim does not match any expected audience", "Token ungültig: es ist für einen anderen Empfänger bestimmt (aud)"), SLICE_NONE);
    }
    return !binds && names_one && !is_for_client ? turn_refuse(turn, ERR_INVALID, TEXT("audience claim found in JWT but no audiences bound to the role", "das Token nennt einen Empfänger (aud), die Rolle aber keinen (bound_audiences)"), SLICE_NONE) : ERR_NONE;
}

/* ---- bound claims ---- */

static bool is_same(const struct json *wanted, const struct json *got, bool with_globs)
{
    if (with_globs) {
        return wanted->type == JSON_STRING && got->type == JSON_STRING && glob_matches(wanted->text, got->text);
    }
    return wanted->type == got->type && wanted->count == 0 && got->count == 0 && slice_equal(wanted->text, got->text);
}

/* A value counts as a list of one. */
static const struct json *first_of(const struct json *value)
{
    return value->type == JSON_ARRAY ? value->first : value;
}

static const struct json *next_of(const struct json *list, const struct json *one)
{
    return list->type == JSON_ARRAY ? one->next : NULL;
}

static bool matches(const struct json *wanted, const struct json *got, bool with_globs)
{
    for (const struct json *want = first_of(wanted); want != NULL; want = next_of(wanted, want)) {
        for (const struct json *have = first_of(got); have != NULL; have = next_of(got, have)) {
            if (is_same(want, have, with_globs)) {
                return true;
            }
        }
    }
    return false;
}

enum err jwt_check_bound(struct turn *turn, const struct json *role, const struct json *claims)
{
    const struct json *bound = json_member(role, "bound_claims");
    bool with_globs = slice_is(json_text(role, "bound_claims_type", SLICE_NONE), "glob");
    for (const struct json *one = bound == NULL ? NULL : bound->first; one != NULL; one = one->next) {
        const struct json *got = jwt_claim(turn, claims, one->name);
        if (got == NULL) {
            return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "error validating claims: claim \"%.*s\" is missing", "Token ungültig: die Angabe „%.*s“ fehlt", one->name), SLICE_NONE);
        }
        if (!matches(one, got, with_globs)) {
            return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "error validating claims: claim \"%.*s\" does not match any associated bound claim values", "Token ungültig: die Angabe „%.*s“ hat keinen der verlangten Werte", one->name), SLICE_NONE);
        }
    }
    return ERR_NONE;
}

/* ---- who it is ---- */

static enum err read_name(struct turn *turn, const struct json *role, const struct json *claims, struct slice *ret_name)
{
    struct slice claim = json_text(role, "user_claim", SLICE_NONE);
    const struct json *value = json_bool(role, "user_claim_json_pointer", false) ? jwt_claim(turn, claims, claim) : by_name(claims, claim);
    if (value == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "claim \"%.*s\" not found in token", "das Token hat keine Angabe „%.*s“", claim), SLICE_NONE);
    }
    if (value->type != JSON_STRING || value->text.len == 0 || value->text.len > JWT_USER_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "claim \"%.*s\" could not be converted to string", "die Angabe „%.*s“ ist kein Text von 1 bis 512 Bytes", claim), SLICE_NONE);
    }
    *ret_name = value->text;
    return ERR_NONE;
}

static enum err read_groups(struct turn *turn, const struct json *role, const struct json *claims, const struct json **ret_groups)
{
    struct slice claim = json_text(role, "groups_claim", SLICE_NONE);
    const struct json *value = claim.len == 0 ? NULL : jwt_claim(turn, claims, claim);
    *ret_groups = NULL;
    if (claim.len == 0) {
        return ERR_NONE;
    }
    if (value == NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "\"%.*s\" claim not found in token", "das Token hat keine Angabe „%.*s“", claim), SLICE_NONE);
    }
    struct json *groups = json_new(turn->arena, JSON_ARRAY);
    bool good = value->type == JSON_STRING || value->type == JSON_ARRAY;
    for (const struct json *one = good ? first_of(value) : NULL; one != NULL; one = next_of(value, one)) {
        good = good && one->type == JSON_STRING;
        if (good && one->text.len > 0) {
            json_append(groups, json_string(turn->arena, one->text));
        }
    }
    *ret_groups = groups;
    return good ? ERR_NONE : turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "\"%.*s\" claim could not be converted to string list", "die Angabe „%.*s“ ist keine Liste von Texten", claim), SLICE_NONE);
}

/* Metadata are texts: numbers and truth as they are written. */
static enum err add_metadata(struct turn *turn, const struct json *mapping, const struct json *claims, struct json *metadata)
{
    const struct json *value = jwt_claim(turn, claims, mapping->name);
    if (value == NULL) {
        return ERR_NONE;
    }
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT) {
        return turn_refuse(turn, ERR_INVALID, TEXT_ABOUT(turn, "error converting claim '%.*s' to string from unknown type", "die Angabe „%.*s“ ist kein Text", mapping->name), SLICE_NONE);
    }
    struct slice text = value->type == JSON_TRUE ? SLICE_LITERAL("true") : value->type == JSON_FALSE ? SLICE_LITERAL("false") : value->text;
    return json_set_string(turn->arena, metadata, arena_string(turn->arena, mapping->text), text) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err jwt_user(struct turn *turn, struct slice role_name, const struct json *role, const struct json *claims, struct jwt_user *ret_user)
{
    const struct json *mappings = json_member(role, "claim_mappings");
    *ret_user = (struct jwt_user){.metadata = json_new(turn->arena, JSON_OBJECT)};
    enum err err = read_name(turn, role, claims, &ret_user->name);
    err = err == ERR_NONE ? read_groups(turn, role, claims, &ret_user->groups) : err;
    json_set_string(turn->arena, ret_user->metadata, "role", role_name);
    for (const struct json *one = mappings == NULL ? NULL : mappings->first; one != NULL && err == ERR_NONE; one = one->next) {
        err = add_metadata(turn, one, claims, ret_user->metadata);
    }
    return err;
}
