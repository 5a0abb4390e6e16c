/*
 * auth/token/roles: what tokens that are made by a role may be. Row:
 *   token/role/NAME   (of a namespace below n/ID/) the members below, those that were set
 */
#include "engine/token.h"

#include "engine/namespace.h"
#include "engine/operations.h"

#include <string.h>

enum { ROLES_MAX = 10000, NAME_MAX_BYTES = 128 };
enum kind { KIND_TEXT, KIND_TEXTS, KIND_TRUE, KIND_FALSE, KIND_NUMBER };

static const struct {
    const char *name, *old;             /* old: what earlier clients call it, shown beside */
    enum kind kind;
} members[] = {
    {"allowed_entity_aliases", NULL, KIND_TEXTS},
    {"allowed_policies", NULL, KIND_TEXTS},
    {"allowed_policies_glob", NULL, KIND_TEXTS},
    {"disallowed_policies", NULL, KIND_TEXTS},
    {"disallowed_policies_glob", NULL, KIND_TEXTS},
    {"orphan", NULL, KIND_FALSE},
    {"path_suffix", NULL, KIND_TEXT},
    {"renewable", NULL, KIND_TRUE},
    {"token_bound_cidrs", "bound_cidrs", KIND_TEXTS},
    {"token_explicit_max_ttl", "explicit_max_ttl", KIND_NUMBER},
    {"token_no_default_policy", NULL, KIND_FALSE},
    {"token_num_uses", NULL, KIND_NUMBER},
    {"token_period", "period", KIND_NUMBER},
    {"token_type", NULL, KIND_TEXT},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

static char *row_path(struct turn *turn, struct slice name)
{
    return namespace_row(turn, turn->space, "token/role/%.*s", (int)name.len, (const char *)name.data);
}

enum err token_role_find(struct turn *turn, struct slice name, const struct json **ret_row)
{
    return name.len > NAME_MAX_BYTES || slice_find_byte(name, '/') != SIZE_MAX ? ERR_NOT_FOUND : turn_json(turn, row_path(turn, name), ret_row);
}

static struct json *value_of(struct turn *turn, const struct json *row, size_t i)
{
    const struct json *value = json_member(row, members[i].name);
    if (value != NULL) {
        return json_copy(turn->arena, value);
    }
    switch (members[i].kind) {
    case KIND_TEXT:
        return json_string(turn->arena, slice_string(strcmp(members[i].name, "token_type") == 0 ? "default-service" : ""));
    case KIND_TEXTS:
        return json_new(turn->arena, JSON_ARRAY);
    case KIND_TRUE:
        return json_boolean(turn->arena, true);
    case KIND_FALSE:
        return json_boolean(turn->arena, false);
    case KIND_NUMBER:
        break;
    }
    return json_number_u64(turn->arena, 0);
}

enum err operation_token_role_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = token_role_find(turn, turn->values[0], &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "name", turn->values[0]);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        json_set(turn->arena, data, members[i].name, value_of(turn, row, i));
        if (members[i].old != NULL) {
            json_set(turn->arena, data, members[i].old, value_of(turn, row, i));
        }
    }
    return turn_reply_data(turn, data);
}

enum err operation_token_role_list(struct turn *turn)
{
    return turn_reply_names(turn, namespace_row(turn, turn->space, "token/role/"), ROLES_MAX);
}

static enum err check(struct turn *turn, const struct json *row)
{
    static const char *const types[] = {"", "default-service", "default-batch", "service", "batch"};
    struct slice type = json_text(row, "token_type", SLICE_NONE), suffix = json_text(row, "path_suffix", SLICE_NONE);
    const struct json *cidrs = json_member(row, "token_bound_cidrs");
    bool is_known = false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        is_known = is_known || slice_is(type, types[i]);
    }
    if (!is_known) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid 'token_type' value", "kein Wert für 'token_type'"), type);
    }
    if (suffix.len > NAME_MAX_BYTES || slice_starts(suffix, SLICE_LITERAL("/"))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a path suffix has at most 128 bytes and begins with no slash", "path_suffix hat höchstens 128 Bytes und beginnt nicht mit /"), suffix);
    }
    for (const struct json *one = cidrs == NULL ? NULL : cidrs->first; one != NULL; one = one->next) {
        if (!token_cidr_is_good(one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("this is no network, such as 10.0.0.0/8", "das ist kein Netz wie etwa 10.0.0.0/8"), one->text);
        }
    }
    if (slice_ends(type, SLICE_LITERAL("batch")) && (token_number(row, "token_period") > 0 || token_number(row, "token_explicit_max_ttl") > 0 || token_number(row, "token_num_uses") > 0)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("batch tokens have no period, no explicit maximum and no number of uses", "Batch-Tokens haben keine Periode, kein eigenes Maximum und keine Zahl von Verwendungen"), SLICE_NONE);
    }
    return ERR_NONE;
}

/* What is given replaces, what is not given stays. */
enum err operation_token_role_write(struct turn *turn)
{
    const struct json *before = NULL, *body = turn->request->body;
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (turn->values[0].len > NAME_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a role's name has at most 128 bytes", "der Name einer Rolle hat höchstens 128 Bytes"), SLICE_NONE);
    }
    enum err err = token_role_find(turn, turn->values[0], &before);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *value = json_member(body, members[i].name);
        value = value == NULL && members[i].old != NULL ? json_member(body, members[i].old) : value;
        value = value == NULL && err == ERR_NONE ? json_member(before, members[i].name) : value;
        bool is_policies = slice_ends(slice_string(members[i].name), SLICE_LITERAL("allowed_policies"));
        if (value != NULL) {
            json_set(turn->arena, row, members[i].name, is_policies ? token_clean_policies(turn, value, true) : json_copy(turn->arena, value));
        }
    }
    err = row == NULL ? ERR_MEMORY : check(turn, row);
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, turn->values[0]), row, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_token_role_delete(struct turn *turn)
{
    enum err err = turn_delete(turn, row_path(turn, turn->values[0]));
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
