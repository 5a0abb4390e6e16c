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

/* The names below "m/UUID/FOLDER/PREFIX", as the queries after and limit want them; ERR_NOT_FOUND where there are none. */
enum err secrets_names(struct turn *turn, const char *folder, struct slice prefix, struct turn_names *ret_names) must_check;
/* The same as a reply. */
enum err secrets_list(struct turn *turn, const char *folder, struct slice prefix) must_check;
/* A trimmed text with A-Z in lower case, in the arena: Vault's names of roles and users. */
struct slice secrets_lower(struct turn *turn, struct slice text);
/* A copy of an object with one member set to a value (NULL: without it). */
struct json *secrets_with(struct turn *turn, const struct json *object, const char *name, struct json *value);
/* May this be kept as a secret? An object, and not nested so deeply that no reply could hold it. Says why not. */
enum err secrets_fits(struct turn *turn, const struct json *value) must_check;

/*
 * A walk over all secrets of a mount, folder by folder in the order of their paths, bounded in folders and names a request.
 * `sees` says whether names directly in a folder ("team/", "" for the top) may be shown, `enters` whether anything below it may be; NULL: everything.
 */
struct walk {
    const char *rows;                   /* "kv2": the folder of the mount's rows */
    struct slice mount_uuid;
    struct slice below;                 /* "" or "team/" */
    struct slice after;                 /* where a former walk stopped; empty: from the beginning */
    size_t limit;
    bool (*matches)(void *context, struct slice path);
    enum err (*sees)(void *context, struct slice folder, bool *ret_sees);
    enum err (*enters)(void *context, struct slice folder, bool *ret_enters);
    void *context;
    size_t folders_left, names_left;    /* what may still be looked at; goes down */

    struct json *found;                 /* array of paths; the walk appends */
    struct slice stopped_at;            /* not empty: there may be more, go on with this as `after` */
};
enum err secrets_walk(struct turn *turn, struct walk *walk) must_check;
/* {"keys":[…],"next"}: all that lies below a path of the turn's own mount, relative to it; from the query after on. ERR_NOT_FOUND where there is nothing. */
enum err secrets_scan(struct turn *turn, const char *rows, struct slice path, size_t limit, struct json **ret_data) must_check;

#endif
