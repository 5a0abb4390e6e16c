/* What the engines of this room share. */
#ifndef VOGT_SECRETS_SECRETS_H
#define VOGT_SECRETS_SECRETS_H

#include "engine/mount.h"

/* The macros of routes.def, for an engine's own table. */
#define F(name, type, flags, english, german) {#name, (type), (flags), {(english), (german)}}
#define FIELDS(...) ((const struct field[]){__VA_ARGS__, {NULL, FIELD_ANY, 0, {NULL, NULL}}})
#define NO_FIELDS ((const struct field[]){{NULL, FIELD_ANY, 0, {NULL, NULL}}})
#define ROUTE(operation, verbs, pattern, flags, fields, english, german) {#operation, (verbs), (pattern), (flags), (fields), {(english), (german)}},

#define OPERATION(name) enum err operation_##name(struct turn *turn);
#include "secrets/operations.def"
#undef OPERATION

extern const struct engine engine_kv1, engine_kv2;

/* The names below "m/UUID/FOLDER/PREFIX" as a list reply, with the queries after and limit; ERR_NOT_FOUND where there are none. */
enum err secrets_list(struct turn *turn, const char *folder, struct slice prefix) must_check;
/* A trimmed text with A-Z in lower case, in the arena: Vault's names of roles and users. */
struct slice secrets_lower(struct turn *turn, struct slice text);
/* A copy of an object with one member set to a value (NULL: without it). */
struct json *secrets_with(struct turn *turn, const struct json *object, const char *name, struct json *value);

#endif
