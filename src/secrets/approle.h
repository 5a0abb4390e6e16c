/*
 * AppRole: a program logs in with the id of its role, which is no secret, and a secret id, which is one. Rows:
 *   m/UUID/role/NAME               {"id": HEX of 16 random bytes,"role_id","bind_secret_id","secret_id_num_uses","secret_id_ttl","secret_id_bound_cidrs":[…],
 *                                   "local_secret_ids","token":{…}}
 *   m/UUID/role-id/HMAC            {"role": NAME}: of the role id
 *   m/UUID/of/ID/secret/HMAC       {"accessor","created_ms","updated_ms","expires_ms" (0: never),"ttl_s","uses_left" (absent: no limit),"num_uses",
 *                                   "cidrs":[…],"token_cidrs":[…],"metadata":{…}}: of the secret id; due at its end
 *   m/UUID/of/ID/accessor/ACCESSOR {"secret": HMAC}; due with it
 * No row holds a secret id: HMAC is HMAC-SHA-256 under a key derived from the one that names tokens, over the role's ID and the secret id. All that belongs to a
 * role hangs on its ID: a role of the same name that comes later has none of it. Times are of the steady clock.
 */
#ifndef VOGT_SECRETS_APPROLE_H
#define VOGT_SECRETS_APPROLE_H

#include "secrets/login_token.h"

enum { APPROLE_NAME_MAX_BYTES = 128, APPROLE_SECRET_MAX_BYTES = 1024 };

struct approle {
    struct slice name;                  /* in lower case */
    struct slice id;
    const struct json *row;
};

/* The role named by the path (turn->values[0]). ERR_NOT_FOUND. */
enum err approle_load(struct turn *turn, struct approle *ret_role) must_check;
/* The same; where there is none: 400 "role … does not exist", as Vault has it for secret ids. */
enum err approle_need(struct turn *turn, struct approle *ret_role) must_check;
/* The role that has this role id. ERR_NOT_FOUND. */
enum err approle_find(struct turn *turn, struct slice role_id, struct approle *ret_role) must_check;
/* HEX under which a role id (`id` empty) or a secret id of a role is known. */
enum err approle_hmac(struct turn *turn, struct slice id, struct slice text, char **ret_hex) must_check;
/* "01234567-89ab-…" drawn at random (RFC 9562, version 4). */
struct slice approle_uuid(struct turn *turn);

/* A secret id of a role, by itself or by its accessor. ERR_NOT_FOUND: unknown, or over. */
struct approle_secret {
    struct slice hmac;
    const struct json *row;
};
enum err approle_secret_find(struct turn *turn, const struct approle *role, struct slice text, struct approle_secret *ret_secret) must_check;
/* Takes one of its uses; the last takes it away. */
enum err approle_secret_use(struct turn *turn, const struct approle *role, const struct approle_secret *secret) must_check;

#endif
