/* Logging in with role id and secret id: four rows at most, none of them listed. */
#include "secrets/approle.h"

#include "engine/token.h"

/* The same words whatever was wrong, so that nobody learns which role ids there are. */
static enum err refuse(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("invalid role or secret ID", "role_id oder secret_id ist falsch"), SLICE_NONE);
}

static struct json *metadata_of(struct turn *turn, const struct approle *role, const struct json *secret)
{
    struct json *metadata = json_new(turn->arena, JSON_OBJECT);
    const struct json *own = json_member(secret, "metadata");
    json_set_string(turn->arena, metadata, "role_name", role->name);
    for (const struct json *one = own == NULL ? NULL : own->first; one != NULL; one = one->next) {
        if (!slice_is(one->name, "role_name")) {
            json_set(turn->arena, metadata, arena_string(turn->arena, one->name), json_copy(turn->arena, one));
        }
    }
    return metadata;
}

/* Uses are counted by the row: of two logins in one batch the second finds what the first left. */
static enum err take_secret(struct turn *turn, const struct approle *role, const struct json **ret_row)
{
    struct approle_secret secret;
    enum err err = approle_secret_find(turn, role, turn_field(turn, "secret_id"), &secret);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? refuse(turn) : err;
    }
    if (!token_cidr_allows(json_member(secret.row, "cidrs"), turn->request->remote)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("source address unauthorized through CIDR restrictions on the secret ID", "diese Adresse gehört nicht zu den Netzen der secret_id"), turn->request->remote);
    }
    *ret_row = secret.row;
    return approle_secret_use(turn, role, &secret);
}

enum err operation_approle_login(struct turn *turn)
{
    struct approle role;
    struct slice role_id = turn_field(turn, "role_id");
    const struct json *secret = NULL;
    if (role_id.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing role_id", "role_id fehlt"), SLICE_NONE);
    }
    enum err err = approle_find(turn, role_id, &role);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? refuse(turn) : err;
    }
    bool needs_secret = json_bool(role.row, "bind_secret_id", true);
    if (needs_secret && turn_field(turn, "secret_id").len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("missing secret_id", "secret_id fehlt"), SLICE_NONE);
    }
    err = needs_secret ? take_secret(turn, &role, &secret) : ERR_NONE;
    if (err == ERR_NONE && !token_cidr_allows(json_member(role.row, "secret_id_bound_cidrs"), turn->request->remote)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("source address unauthorized by CIDR restrictions on the role", "diese Adresse gehört nicht zu den Netzen der Rolle"), turn->request->remote);
    }
    struct login login = {.row = role.row, .alias = role_id, .metadata = metadata_of(turn, &role, secret), .cidrs = json_member(secret, "token_cidrs")};
    return err == ERR_NONE ? login_token_give(turn, &login) : err;
}
