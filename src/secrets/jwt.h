/*
 * Logins with signed tokens of others (JWT, OpenID Connect), as Vault's methods jwt and oidc have them. Both types are the same engine. Rows:
 *   m/UUID/config        {"jwt_validation_pubkeys":[PEM…] or "jwks_url","jwks_ca_pem" or "oidc_discovery_url","oidc_discovery_ca_pem";
 *                         "jwt_supported_algs":[…],"bound_issuer","default_role","oidc_client_id","oidc_client_secret",…}
 *   m/UUID/keys          {"keys":[JWK…],"fetched_ms","tried_ms" and what the provider's document says}: of an issuer that publishes them; times of the steady clock
 *   m/UUID/role/NAME     {"role_type","user_claim","bound_audiences":[…],"bound_subject","bound_claims":{…},"claim_mappings":{…},…,"token":{…}}
 * Signatures are checked in judge (jwt_judge.h); what claims must say is decided here, over the tree that judge gave.
 */
#ifndef VOGT_SECRETS_JWT_H
#define VOGT_SECRETS_JWT_H

#include "secrets/login_token.h"

enum { JWT_NAME_MAX_BYTES = 128, JWT_USER_MAX_BYTES = 512 };

/* jwt_config.c. ERR_NOT_FOUND: not configured yet. */
enum err jwt_config(struct turn *turn, const struct json **ret_row) must_check;

/* jwt_keys.c. The issuer's row, fetched when there is none, it is an hour old, or `newer` ones are wanted; at most once a minute. */
enum err jwt_keys(struct turn *turn, const struct json *config, bool newer, const struct json **ret_row) must_check;
/* Fetches in any case and writes the row. ERR_INVALID with a complaint. */
enum err jwt_keys_renew(struct turn *turn, const struct json *config) must_check;

/* jwt_role.c. The role of this name; ERR_NOT_FOUND. Names are in lower case. */
enum err jwt_role(struct turn *turn, struct slice name, const struct json **ret_row) must_check;
enum err jwt_role_exists(struct turn *turn) must_check;

/* jwt_claims.c. A claim by its name, or by a JSON pointer (RFC 6901) where it begins with '/'; NULL: there is none. */
const struct json *jwt_claim(struct turn *turn, const struct json *claims, struct slice name);
/* Times, issuer (empty: any), audience, subject. Refuses in Vault's words. `is_for_client`: that the token is meant for this client was seen; bound_audiences are a
 * further condition then, and may be empty. */
enum err jwt_check_token(struct turn *turn, const struct json *role, struct slice issuer, const struct json *claims, bool is_for_client) must_check;
/* Does `aud`, a text or a list, name this one? */
bool jwt_has_audience(const struct json *audience, struct slice name);
enum err jwt_check_bound(struct turn *turn, const struct json *role, const struct json *claims) must_check;

/* Who the claims say it is, as the role reads them. */
struct jwt_user {
    struct slice name;
    struct json *metadata;
    const struct json *groups;          /* array of names; NULL: the role reads none */
};
enum err jwt_user(struct turn *turn, struct slice role_name, const struct json *role, const struct json *claims, struct jwt_user *ret_user) must_check;

/* jwt_login.c: the parts of a login. Refuses in Vault's words. */
/* The role of this name, or the configuration's default. */
enum err jwt_find_role(struct turn *turn, const struct json *config, struct slice given, struct slice *ret_name, const struct json **ret_role) must_check;
/* The claims of a token whose signature is of one of the known keys; an issuer whose key is not known may have a new one. */
enum err jwt_read_token(struct turn *turn, const struct json *config, struct slice token, const struct json **ret_claims) must_check;
struct slice jwt_issuer(const struct json *config);
/* Bound claims, the user, the token. */
enum err jwt_give(struct turn *turn, struct slice role_name, const struct json *role, const struct json *claims) must_check;

#endif
