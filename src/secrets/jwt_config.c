/* auth/jwt/config: whose tokens are taken. */
#include "secrets/jwt.h"

#include "secrets/web_address.h"

enum kind { KIND_TEXT, KIND_TEXTS, KIND_OBJECT, KIND_BOOL, KIND_SECRET };
static const struct {
    const char *name;
    enum kind kind;
} members[] = {
    {"bound_issuer", KIND_TEXT}, {"default_role", KIND_TEXT},           {"jwks_ca_pem", KIND_TEXT},        {"jwks_url", KIND_TEXT},
    {"jwt_supported_algs", KIND_TEXTS}, {"jwt_validation_pubkeys", KIND_TEXTS}, {"oidc_discovery_ca_pem", KIND_TEXT}, {"oidc_discovery_url", KIND_TEXT},
    {"namespace_in_state", KIND_BOOL}, {"oidc_client_id", KIND_TEXT},         {"oidc_client_secret", KIND_SECRET}, {"oidc_response_mode", KIND_TEXT},
    {"oidc_response_types", KIND_TEXTS}, {"provider_config", KIND_OBJECT},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

enum err jwt_config(struct turn *turn, const struct json **ret_row)
{
    return turn_json(turn, mount_path(turn, "config"), ret_row);
}

static struct json *empty(struct turn *turn, enum kind kind)
{
    switch (kind) {
    case KIND_TEXTS:
        return json_new(turn->arena, JSON_ARRAY);
    case KIND_OBJECT:
        return json_new(turn->arena, JSON_OBJECT);
    case KIND_BOOL:
        return json_boolean(turn->arena, false);
    case KIND_TEXT:
    case KIND_SECRET:
        break;
    }
    return json_string(turn->arena, SLICE_NONE);
}

enum err operation_jwt_config_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = jwt_config(turn, &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = json_member(row, members[i].name);
        if (members[i].kind != KIND_SECRET) {
            json_set(turn->arena, data, members[i].name, value == NULL ? empty(turn, members[i].kind) : json_copy(turn->arena, value));
        }
    }
    return turn_reply_data(turn, data);
}

/* A configuration is written whole, as in Vault: what is not given is not there. */
static struct json *row_of(struct turn *turn)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = json_member(turn->request->body, members[i].name);
        if (value != NULL) {
            json_set(turn->arena, row, members[i].name, json_copy(turn->arena, value));
        }
    }
    return row;
}

static bool has(const struct json *row, const char *name)
{
    const struct json *value = json_member(row, name);
    return value != NULL && (value->type == JSON_ARRAY ? value->count > 0 : value->text.len > 0);
}

static enum err check_address(struct turn *turn, const struct json *row, const char *name)
{
    struct slice address = json_text(row, name, SLICE_NONE);
    return address.len == 0 || web_address_is_safe(address)
               ? ERR_NONE
               : turn_refuse(turn, ERR_INVALID, TEXT("this must be an https address (http on this machine only)", "das muss eine https-Adresse sein (http nur auf dieser Maschine)"), slice_string(name));
}

static enum err check_client(struct turn *turn, const struct json *row)
{
    const struct json *types = json_member(row, "oidc_response_types"), *provider = json_member(row, "provider_config");
    struct slice mode = json_text(row, "oidc_response_mode", SLICE_NONE);
    if (has(row, "oidc_client_id") != has(row, "oidc_client_secret")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC", "'oidc_client_id' und 'oidc_client_secret' gehören zusammen"), SLICE_NONE);
    }
    if (has(row, "oidc_client_id") && !has(row, "oidc_discovery_url")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'oidc_discovery_url' must be set for OIDC", "'oidc_discovery_url' gehört zu 'oidc_client_id'"), SLICE_NONE);
    }
    if (mode.len > 0 && !slice_is(mode, "query") && !slice_is(mode, "form_post")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid response_mode", "als oidc_response_mode gibt es 'query' und 'form_post'"), mode);
    }
    if (types != NULL && (types->count > 1 || (types->count == 1 && !slice_is(types->first->text, "code")))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("unsupported response_type: only 'code' is supported", "als oidc_response_types gibt es nur 'code'"), SLICE_NONE);
    }
    return provider != NULL && provider->count > 0 ? turn_refuse(turn, ERR_INVALID, TEXT("unsupported provider in provider_config", "diesen Anbieter kennt provider_config nicht"), json_text(provider, "provider", SLICE_NONE)) : ERR_NONE;
}

static enum err check(struct turn *turn, const struct json *row)
{
    unsigned sources = (unsigned)has(row, "jwt_validation_pubkeys") + (unsigned)has(row, "jwks_url") + (unsigned)has(row, "oidc_discovery_url");
    if (sources != 1) {
        return turn_refuse(turn, ERR_INVALID, TEXT("exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set", "genau eins von 'jwt_validation_pubkeys', 'jwks_url' und 'oidc_discovery_url' muss angegeben sein"), SLICE_NONE);
    }
    enum err err = check_address(turn, row, "jwks_url");
    err = err == ERR_NONE ? check_address(turn, row, "oidc_discovery_url") : err;
    return err == ERR_NONE ? check_client(turn, row) : err;
}

/* Keys in PEM and names of algorithms; the rest is the provider's. */
static enum err check_keys(struct turn *turn, const struct json *row)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *pems = json_member(row, "jwt_validation_pubkeys"), *algorithms = json_member(row, "jwt_supported_algs"), *output = NULL;
    if (pems != NULL) {
        json_set(turn->arena, input, "pems", json_copy(turn->arena, pems));
    }
    if (algorithms != NULL) {
        json_set(turn->arena, input, "algorithms", json_copy(turn->arena, algorithms));
    }
    return turn_work(turn, ROLE_JUDGE, "login.keys", input, SLICE_NONE, &output, NULL, NULL);
}

/* Keys of the configuration before do not outlive it. */
static enum err forget_keys(struct turn *turn)
{
    struct slice bytes;
    char *path = mount_path(turn, "keys");
    enum err err = turn_row(turn, path, &bytes);
    return err == ERR_NONE ? turn_delete(turn, path) : err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* An issuer is asked at once, so that what is wrong with its address shows here and not in somebody's login. */
static enum err load_keys(struct turn *turn, const struct json *row)
{
    bool is_static = has(row, "jwt_validation_pubkeys"), is_later = json_bool(turn->request->body, "skip_jwks_validation", false);
    return is_static || is_later ? forget_keys(turn) : jwt_keys_renew(turn, row);
}

enum err operation_jwt_config_write(struct turn *turn)
{
    struct json *row = row_of(turn);
    enum err err = check(turn, row);
    err = err == ERR_NONE ? check_keys(turn, row) : err;
    err = err == ERR_NONE ? load_keys(turn, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, mount_path(turn, "config"), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
