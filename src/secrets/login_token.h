/*
 * What a role, user or certificate of a login method says about the tokens that it gives: token_ttl, token_policies and their siblings, which are the same for
 * every method. They lie in the method's own row as a member "token": an object of those that were set. Older names (policies, ttl…) set the same; what was set by
 * one is shown under both. Here stands also how every login ends: the token, its reply, who the audit record names.
 * Owns no rows; decides nothing about who may log in, but for the networks that the role binds its tokens to.
 */
#ifndef VOGT_SECRETS_LOGIN_TOKEN_H
#define VOGT_SECRETS_LOGIN_TOKEN_H

#include "secrets/secrets.h"

/* For the fields of a method's routes. */
#define LOGIN_TOKEN_FIELDS \
    F(token_ttl, FIELD_DURATION, 0, "Life of its tokens; 0: the mount's.", "Lebensdauer seiner Tokens; 0: die des Mounts."), \
    F(token_max_ttl, FIELD_DURATION, 0, "Longest life with renewals; 0: the mount's.", "Längste Lebensdauer mit Verlängerungen; 0: die des Mounts."), \
    F(token_policies, FIELD_STRINGS, 0, "Policies of its tokens.", "Richtlinien seiner Tokens."), \
    F(token_bound_cidrs, FIELD_STRINGS, 0, "Networks that may log in and use the token.", "Netze, aus denen angemeldet und das Token benutzt werden darf."), \
    F(token_explicit_max_ttl, FIELD_DURATION, 0, "An end that no renewal moves; 0: none.", "Ein Ende, das keine Verlängerung verschiebt; 0: keins."), \
    F(token_no_default_policy, FIELD_BOOL, 0, "Leaves the policy default out.", "Lässt die Richtlinie default weg."), \
    F(token_num_uses, FIELD_NUMBER, 0, "Uses of a token; 0: no limit.", "Verwendungen eines Tokens; 0: unbegrenzt."), \
    F(token_period, FIELD_DURATION, 0, "Makes periodic tokens: each renewal gives this time.", "Macht periodische Tokens: jede Verlängerung gibt diese Zeit."), \
    F(token_type, FIELD_STRING, 0, "default, service or batch.", "default, service oder batch.")

/* Names of the same before they began with "token_". */
#define LOGIN_OLD_TOKEN_FIELDS \
    F(policies, FIELD_STRINGS, FIELD_OLD, "Older name of token_policies.", "Älterer Name von token_policies."), \
    F(ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_ttl.", "Älterer Name von token_ttl."), \
    F(max_ttl, FIELD_DURATION, FIELD_OLD, "Older name of token_max_ttl.", "Älterer Name von token_max_ttl."), \
    F(period, FIELD_DURATION, FIELD_OLD, "Older name of token_period.", "Älterer Name von token_period."), \
    F(num_uses, FIELD_NUMBER, FIELD_OLD, "Older name of token_num_uses.", "Älterer Name von token_num_uses."), \
    F(bound_cidrs, FIELD_STRINGS, FIELD_OLD, "Older name of token_bound_cidrs.", "Älterer Name von token_bound_cidrs.")

/* Takes the token members of the request's body over those of the row before (NULL: there is none) and puts them into `row`. ERR_INVALID with a complaint. */
enum err login_token_read(struct turn *turn, const struct json *before, struct json *row) must_check;
/* Shows them all, with their defaults. */
void login_token_show(struct turn *turn, const struct json *row, struct json *data);
/* One of them by its name, old or new ("token_ttl", "policies"): its value for showing; NULL: this is none of them. */
struct json *login_token_value(struct turn *turn, const struct json *row, struct slice name);
/* A row with one of them taken back. */
struct json *login_token_without(struct turn *turn, const struct json *row, struct slice name);

struct login {
    const struct json *row;             /* with the member "token" */
    struct slice name;                  /* of who logged in, shown behind the mount's ("userpass-ada"); may be empty */
    struct slice alias;                 /* by which identity knows it */
    const struct json *metadata;        /* object of texts; NULL: none */
    const struct json *groups;          /* names of groups that the method vouches for (external groups of identity); NULL: it knows of none */
    struct slice certificate;           /* HEX of the SHA-256 of the client certificate that a renewal needs; empty: none */
    const struct json *cidrs;           /* narrower networks than the row's; NULL or empty: the row's */
};
/* Makes the token and the reply, and at the first login the entity of identity that it names. ERR_DENIED: the caller's address is not of the networks, or the
 * entity is disabled. */
enum err login_token_give(struct turn *turn, const struct login *login) must_check;

#endif
