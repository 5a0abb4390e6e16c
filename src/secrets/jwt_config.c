/* auth/jwt/config: whose tokens are taken. */
#include "secrets/jwt.h"

enum kind { KIND_TEXT, KIND_TEXTS };
static const struct {
    const char *name;
    enum kind kind;
} members[] = {
    {"bound_issuer", KIND_TEXT}, {"default_role", KIND_TEXT}, {"jwt_supported_algs", KIND_TEXTS}, {"jwt_validation_pubkeys", KIND_TEXTS},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

enum err jwt_config(struct turn *turn, const struct json **ret_row)
{
    return turn_json(turn, mount_path(turn, "config"), ret_row);
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
        struct json *empty = members[i].kind == KIND_TEXT ? json_string(turn->arena, SLICE_NONE) : json_new(turn->arena, JSON_ARRAY);
        json_set(turn->arena, data, members[i].name, value == NULL ? empty : json_copy(turn->arena, value));
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

static enum err check_keys(struct turn *turn, const struct json *row)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *pems = json_member(row, "jwt_validation_pubkeys"), *algorithms = json_member(row, "jwt_supported_algs"), *output = NULL;
    if (pems == NULL || pems->count == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'jwt_validation_pubkeys' must be set", "'jwt_validation_pubkeys' muss angegeben sein"), SLICE_NONE);
    }
    json_set(turn->arena, input, "pems", json_copy(turn->arena, pems));
    if (algorithms != NULL) {
        json_set(turn->arena, input, "algorithms", json_copy(turn->arena, algorithms));
    }
    return turn_work(turn, ROLE_JUDGE, "login.keys", input, SLICE_NONE, &output, NULL, NULL);
}

enum err operation_jwt_config_write(struct turn *turn)
{
    struct json *row = row_of(turn);
    enum err err = check_keys(turn, row);
    err = err == ERR_NONE ? turn_put_json(turn, mount_path(turn, "config"), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
