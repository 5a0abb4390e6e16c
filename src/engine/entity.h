/*
 * Identity: who stands behind tokens. An entity is a person or a program, known by an alias at each login mount; groups hold entities and other groups. Their
 * policies are added to those of a token when a request is checked, never written into it, so that a change counts at once.
 *
 *   identity/entity/ID            {"name","policies":[…],"metadata":{…},"disabled","created_ms","updated_ms","groups":[ids of the groups that name it],"merged":[ids],
 *                                  "aliases":[{"id","name","mount_accessor","mount_path","mount_type","metadata","custom_metadata","created_ms","updated_ms"}]}
 *                                 or {"merged_into": ID}: tokens that name it mean that one
 *   identity/group/ID             {"name","type":"internal|external","policies","metadata","created_ms","updated_ms","members": how many entities,"groups":[ids of members],
 *                                  "parents":[ids of the groups that name it],"aliases":[one at most, of an external group]}
 *   identity/group-members/ID     {"entities":[ids]}: apart, because the group's own row is read with every request of each of them
 *   identity/KIND-name/NAME       {"id"}: NAME in lower case
 *   identity/KIND-alias/ID        {"id"}: whose alias this is
 *   identity/KIND-at/ACCESSOR/HASH {"id"}: the same by the mount's accessor and half of the SHA-256 of the alias's name
 *
 * Times are of the wall. The OIDC provider of Vault's identity (identity/oidc) is not here.
 */
#ifndef VOGT_ENGINE_ENTITY_H
#define VOGT_ENGINE_ENTITY_H

#include "engine/turn.h"

enum identity_kind { KIND_ENTITY, KIND_GROUP };
enum { IDENTITY_GROUPS_MAX = 256, IDENTITY_MEMBERS_MAX = 10000, IDENTITY_MERGES_MAX = 8 };

/* Who is behind a token, for one run. */
struct identity {
    struct slice id;
    const struct json *entity;          /* its row; NULL: it is gone */
    const struct json *groups;          /* array of {"id", members of the row…}: direct and inherited */
    bool is_barred;                     /* gone or disabled: its tokens are good for nothing */
};
/* ERR_NEED. What is not there is barred. */
enum err identity_resolve(struct turn *turn, struct slice entity_id, const struct identity **ret_identity) must_check;
/* Policy names of a token with those of its entity and groups, each once; the token's own come first. NULL: no memory. */
const struct json *identity_policies(struct turn *turn, const struct json *own, const struct identity *identity);

/* For login methods, run below their mount: the entity of who logs in, made at the first time. */
struct identity_login {
    struct slice alias;                 /* by which the mount knows him */
    const struct json *metadata;        /* object of texts, kept with the alias; NULL: none */
    const struct json *groups;          /* array of names of groups that the mount vouches for: external groups with such an alias; NULL: it knows of none */
};
/* ERR_DENIED: the entity is disabled. */
enum err identity_of_login(struct turn *turn, const struct identity_login *login, struct slice *ret_entity_id) must_check;
/* The same of a given mount: a token's role names an alias of auth/token/. */
enum err identity_of_alias(struct turn *turn, const struct json *mount_row, struct slice mount_path, const struct identity_login *login, struct slice *ret_entity_id) must_check;

/* ---- the parts of entity*.c and group*.c ---- */

struct thing {
    enum identity_kind kind;
    struct slice id;
    const struct json *row;
};
/* ERR_NOT_FOUND, ERR_NEED. An entity that was merged gives the one that it became. */
enum err thing_find(struct turn *turn, enum identity_kind kind, struct slice id, struct thing *ret_thing) must_check;
enum err thing_find_name(struct turn *turn, enum identity_kind kind, struct slice name, struct thing *ret_thing) must_check;
enum err thing_find_alias_id(struct turn *turn, enum identity_kind kind, struct slice alias_id, struct thing *ret_thing) must_check;
enum err thing_find_alias(struct turn *turn, enum identity_kind kind, struct slice accessor, struct slice name, struct thing *ret_thing) must_check;
/* The body of a lookup: id, name, alias_id, or alias_name with alias_mount_accessor. ERR_NOT_FOUND; ERR_INVALID with a complaint. */
enum err thing_look_up(struct turn *turn, enum identity_kind kind, struct thing *ret_thing) must_check;
enum err thing_put(struct turn *turn, const struct thing *thing) must_check;
/* A new one with this name (empty: one is made), its row and its name's. */
enum err thing_make(struct turn *turn, enum identity_kind kind, struct slice name, struct thing *ret_thing) must_check;
/* Gives it another name. ERR_INVALID with a complaint when somebody has it. */
enum err thing_rename(struct turn *turn, struct thing *thing, struct slice name) must_check;
/* Its row, name and aliases; who names it is the caller's. */
enum err thing_delete(struct turn *turn, const struct thing *thing) must_check;
/* Sets policies and metadata from the body. ERR_INVALID with a complaint. */
enum err thing_set_common(struct turn *turn, struct thing *thing) must_check;
enum err thing_list_ids(struct turn *turn, enum identity_kind kind) must_check;
enum err thing_list_names(struct turn *turn, enum identity_kind kind) must_check;

/* Members of the row, and of lists of texts in it; all give a new tree in the arena, NULL: no memory. */
struct json *thing_texts_with(struct turn *turn, const struct json *texts, struct slice text);
struct json *thing_texts_without(struct turn *turn, const struct json *texts, struct slice text);
enum err thing_set(struct turn *turn, struct thing *thing, const char *name, struct json *value) must_check;
void thing_show_time(struct turn *turn, struct json *data, const char *name, const struct json *row, const char *member);
struct json *thing_copy_or(struct turn *turn, const struct json *value, enum json_type empty);

/* Aliases (identity_alias.c): of an entity many, one a mount; of an external group one. */
const struct json *alias_of(const struct thing *thing, struct slice alias_id);
const struct json *alias_at(const struct thing *thing, struct slice accessor);
/* Puts it into the row (a new one when `id` is empty or unknown there) with its pointers. */
enum err alias_put(struct turn *turn, struct thing *thing, const struct json *alias) must_check;
enum err alias_drop(struct turn *turn, struct thing *thing, struct slice alias_id) must_check;
struct json *alias_new(struct turn *turn, struct slice name, const struct json *mount_row, struct slice mount_path);
struct json *alias_shown(struct turn *turn, const struct thing *thing, const struct json *alias);
/* The pointers of an alias, without the row. */
enum err alias_forget(struct turn *turn, enum identity_kind kind, const struct json *alias) must_check;

/* Membership (identity_group.c): both rows. */
enum err group_join(struct turn *turn, struct slice group_id, struct slice entity_id) must_check;
enum err group_leave(struct turn *turn, struct slice group_id, struct slice entity_id) must_check;

#endif
