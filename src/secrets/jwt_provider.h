/*
 * What judge reads of a provider's documents (OpenID Connect Discovery 1.0, RFC 7517). Hostile bytes; pure; keeps nothing.
 *   login.discovery  {"issuer": the address asked}, raw: the document -> {"issuer","jwks_uri","authorization_endpoint","token_endpoint","userinfo_endpoint",
 *                    "device_authorization_endpoint","secret_in_form": the client's secret goes into the form, not into a header}
 *   login.jwks       raw: a key set -> {"keys":[JWK…]}: those that check signatures here, with the members that are needed for it
 *   login.exchange   {"status"}, raw: the token endpoint's answer -> {"id_token","access_token"} | {"pending": RFC 8628's word for not yet}
 *   login.device     {"status"}, raw: the device authorization endpoint's answer -> {"device_code","user_code","url": for the person,"interval"?: seconds}
 *   login.userinfo   {"sub","claims"}, raw: what is known of the user -> {"claims"}: those given, and what they lack
 */
#ifndef VOGT_SECRETS_JWT_PROVIDER_H
#define VOGT_SECRETS_JWT_PROVIDER_H

#include "process/worker.h"

enum err login_discovery(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_jwks(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

enum err login_exchange(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_device(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
enum err login_userinfo(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

#endif
