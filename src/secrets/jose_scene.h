/* For tests: keys of every algorithm, in the forms that a provider publishes, and tokens signed with them. Never part of a daemon. */
#ifndef VOGT_SECRETS_JOSE_SCENE_H
#define VOGT_SECRETS_JOSE_SCENE_H

#include "base/arena.h"

#include <openssl/evp.h>

extern const char *const JOSE_SCENE_ALGORITHMS[10];

/* A fresh key for this algorithm; EVP_PKEY_free. Aborts when there is none. */
EVP_PKEY *jose_scene_key(const char *algorithm);
const char *jose_scene_pem(struct arena *arena, EVP_PKEY *key);
/* As JSON; kid NULL: without one. */
const char *jose_scene_jwk(struct arena *arena, EVP_PKEY *key, const char *kid);
/* "HEADER.PAYLOAD.SIGNATURE"; header and payload are taken as they are. */
const char *jose_scene_token(struct arena *arena, EVP_PKEY *key, const char *algorithm, const char *header, const char *payload);
const char *jose_scene_base64(struct arena *arena, struct slice bytes);

#endif
