/*
 * Logins through the browser (OpenID Connect, authorization code flow with PKCE), as Vault's method oidc has them. What a login under way must remember (role, redirect,
 * nonces, the proof key) is sealed into the `state` that the browser carries, so that nobody who is not known yet can make rows. Rows:
 *   m/UUID/used/HEX      {}: the state of a login that was given its token; {"claims":{…}}: of one whose browser came back to Vogt itself and whose client has not asked
 *                        yet; due when the state runs out
 */
#ifndef VOGT_SECRETS_OIDC_H
#define VOGT_SECRETS_OIDC_H

#include "secrets/jwt.h"

enum { OIDC_STATE_MAX_BYTES = 4096, OIDC_LIFE_MS = 10 * 60 * 1000 };

/* How the client learns of the end: the browser comes back to it; to Vogt, and the client asks; or not at all (RFC 8628), and the client asks. */
enum oidc_mode { OIDC_CLIENT, OIDC_DIRECT, OIDC_DEVICE };

/* oidc_login.c. Refuses where the method is not configured for the browser. */
enum err oidc_config(struct turn *turn, const struct json **ret_config) must_check;
/* `callback_mode` of a role or a login under way. */
enum oidc_mode oidc_mode(const struct json *object);

/* oidc_state.c. Opens what only this mount's seal can have made; ERR_NOT_FOUND: it did not, or it has run out. */
enum err oidc_state_seal(struct turn *turn, const struct json *flow, struct slice *ret_text) must_check;
enum err oidc_state_open(struct turn *turn, struct slice text, const struct json **ret_flow) must_check;
/* The state is used up, and the claims, if any, wait for oidc_state_take. ERR_NOT_FOUND: it was used already. */
enum err oidc_state_use(struct turn *turn, struct slice text, const struct json *claims) must_check;
/* The claims that wait, once; NULL: the state was not used yet. ERR_NOT_FOUND: none wait any more. */
enum err oidc_state_take(struct turn *turn, struct slice text, const struct json **ret_claims) must_check;

/* oidc_claims.c. A form to an endpoint of the provider, with the client's name and secret as it takes them; judge's `work` reads the answer. */
enum err oidc_ask(struct turn *turn, const struct json *config, const struct json *provider, const char *endpoint, const char *work, struct buf *form, const struct json **ret_output) must_check;
/* The claims of the provider's ID token for a code, or for a device that was let in (`code` empty), checked for this login, with those of its userinfo. ERR_INVALID with
 * a complaint. */
enum err oidc_claims(struct turn *turn, const struct json *config, const struct json *role, const struct json *flow, struct slice code, const struct json **ret_claims) must_check;

#endif
