/*
 * Logins through the browser (OpenID Connect, authorization code flow with PKCE), as Vault's method oidc has them. What a login under way must remember (role, redirect,
 * nonces, the proof key) is sealed into the `state` that the browser carries, so that nobody who is not known yet can make rows. Rows:
 *   m/UUID/used/HEX      {}: the state of a login that was given its token; due when the state runs out
 */
#ifndef VOGT_SECRETS_OIDC_H
#define VOGT_SECRETS_OIDC_H

#include "secrets/jwt.h"

enum { OIDC_STATE_MAX_BYTES = 4096, OIDC_LIFE_MS = 10 * 60 * 1000 };

/* oidc_state.c. Opens what only this mount's seal can have made; ERR_NOT_FOUND: it did not, or it has run out. */
enum err oidc_state_seal(struct turn *turn, const struct json *flow, struct slice *ret_text) must_check;
enum err oidc_state_open(struct turn *turn, struct slice text, const struct json **ret_flow) must_check;
/* The state is used up; ERR_NOT_FOUND: it was already. */
enum err oidc_state_use(struct turn *turn, struct slice text) must_check;

/* oidc_claims.c: the claims of the provider's ID token for a code, checked for this login, with those of its userinfo. ERR_INVALID with a complaint. */
enum err oidc_claims(struct turn *turn, const struct json *config, const struct json *role, const struct json *flow, struct slice code, const struct json **ret_claims) must_check;

#endif
