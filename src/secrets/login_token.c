#include "secrets/login_token.h"

#include "engine/entity.h"
#include "engine/token.h"

enum kind { KIND_NUMBER, KIND_BOOL, KIND_TEXTS, KIND_TEXT };

static const struct {
    const char *name, *old;             /* old: what earlier clients call it */
    enum kind kind;
} members[] = {
    {"token_bound_cidrs", "bound_cidrs", KIND_TEXTS}, {"token_explicit_max_ttl", NULL, KIND_NUMBER}, {"token_max_ttl", "max_ttl", KIND_NUMBER},
    {"token_no_default_policy", NULL, KIND_BOOL},     {"token_num_uses", "num_uses", KIND_NUMBER},   {"token_period", "period", KIND_NUMBER},
    {"token_policies", "policies", KIND_TEXTS},       {"token_ttl", "ttl", KIND_NUMBER},             {"token_type", NULL, KIND_TEXT},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

static const char *const types[] = {"default", "service", "batch", "default-service", "default-batch"};

/* ---- reading ---- */

static enum err check_texts(struct turn *turn, const struct json *token)
{
    const struct json *cidrs = json_member(token, "token_bound_cidrs"), *policies = json_member(token, "token_policies");
    for (const struct json *one = cidrs == NULL ? NULL : cidrs->first; one != NULL; one = one->next) {
        if (!token_cidr_is_good(one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("this is no network, such as 10.0.0.0/8", "das ist kein Netz wie etwa 10.0.0.0/8"), one->text);
        }
    }
    if (token_has(policies, "root")) {
        return turn_refuse(turn, ERR_INVALID, TEXT("auth methods cannot create root tokens", "Anmeldeverfahren können keine Root-Tokens ausgeben"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err check(struct turn *turn, const struct json *token)
{
    struct slice type = json_text(token, "token_type", SLICE_LITERAL("default"));
    uint64_t ttl_s = token_number(token, "token_ttl"), max_s = token_number(token, "token_max_ttl");
    bool is_known = false, is_batch = slice_ends(type, SLICE_LITERAL("batch"));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        is_known = is_known || slice_is(type, types[i]);
    }
    if (!is_known) {
        return turn_refuse(turn, ERR_INVALID, TEXT("invalid 'token_type' value", "kein Wert für 'token_type'"), type);
    }
    if (max_s > 0 && ttl_s > max_s) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'token_ttl' cannot be greater than 'token_max_ttl'", "'token_ttl' kann nicht größer sein als 'token_max_ttl'"), SLICE_NONE);
    }
    if (is_batch && token_number(token, "token_num_uses") > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
                                                   "'token_type' kann nicht 'batch' oder 'default_batch' sein, wenn die Zahl der Verwendungen begrenzt ist"), SLICE_NONE);
    }
    if (is_batch && token_number(token, "token_period") > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with period",
                                                   "'token_type' kann nicht 'batch' oder 'default_batch' sein, wenn die Tokens periodisch sind"), SLICE_NONE);
    }
    return check_texts(turn, token);
}

enum err login_token_read(struct turn *turn, const struct json *before, struct json *row)
{
    const struct json *body = turn->request->body, *had = json_member(before, "token");
    struct json *token = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json *fresh = json_member(body, members[i].name);
        const struct json *old = fresh == NULL && members[i].old != NULL ? json_member(body, members[i].old) : NULL;
        const struct json *value = fresh != NULL ? fresh : old != NULL ? old : json_member(had, members[i].name);
        bool shows_old = old != NULL || (fresh == NULL && members[i].old != NULL && json_member(had, members[i].old) != NULL);
        if (value == NULL) {
            continue;
        }
        if (members[i].kind == KIND_TEXT && value->text.len == 0) {
            continue; /* clients write "" for the default */
        }
        bool is_policies = members[i].kind == KIND_TEXTS && members[i].name[6] == 'p';
        json_set(turn->arena, token, members[i].name, is_policies ? token_clean_policies(turn, value, true) : json_copy(turn->arena, value));
        if (shows_old) {
            json_set_bool(turn->arena, token, members[i].old, true);
        }
    }
    enum err err = check(turn, token);
    return err != ERR_NONE ? err : json_set(turn->arena, row, "token", token) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* ---- showing ---- */

static struct json *value_at(struct turn *turn, const struct json *row, size_t i)
{
    const struct json *value = json_member(json_member(row, "token"), members[i].name);
    if (value != NULL) {
        return json_copy(turn->arena, value);
    }
    switch (members[i].kind) {
    case KIND_NUMBER:
        return json_number_u64(turn->arena, 0);
    case KIND_BOOL:
        return json_boolean(turn->arena, false);
    case KIND_TEXTS:
        return json_new(turn->arena, JSON_ARRAY);
    case KIND_TEXT:
        break;
    }
    return json_string(turn->arena, SLICE_LITERAL("default"));
}

void login_token_show(struct turn *turn, const struct json *row, struct json *data)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        json_set(turn->arena, data, members[i].name, value_at(turn, row, i));
        if (members[i].old != NULL && json_member(json_member(row, "token"), members[i].old) != NULL) {
            json_set(turn->arena, data, members[i].old, value_at(turn, row, i));
        }
    }
}

static size_t member_of(struct slice name)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && !slice_is(name, members[i].name) && (members[i].old == NULL || !slice_is(name, members[i].old))) {
        i++;
    }
    return i;
}

struct json *login_token_value(struct turn *turn, const struct json *row, struct slice name)
{
    size_t i = member_of(name);
    return i == MEMBER_COUNT ? NULL : value_at(turn, row, i);
}

struct json *login_token_without(struct turn *turn, const struct json *row, struct slice name)
{
    size_t i = member_of(name);
    const struct json *had = json_member(row, "token");
    struct json *token = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *one = had == NULL ? NULL : had->first; one != NULL; one = one->next) {
        bool is_it = i < MEMBER_COUNT && (slice_is(one->name, members[i].name) || (members[i].old != NULL && slice_is(one->name, members[i].old)));
        if (!is_it) {
            json_set(turn->arena, token, arena_string(turn->arena, one->name), json_copy(turn->arena, one));
        }
    }
    return secrets_with(turn, row, "token", token);
}

/* ---- giving ---- */

/* A mount that says service or batch means all its tokens; else the role decides, and the mount's default where it says nothing. */
static bool is_batch(const struct turn *turn, struct slice wanted)
{
    struct slice mounts = json_text(json_member(turn->mount->row, "config"), "token_type", SLICE_NONE);
    bool decides = slice_is(mounts, "service") || slice_is(mounts, "batch") || wanted.len == 0 || slice_is(wanted, "default");
    return slice_ends(decides ? mounts : wanted, SLICE_LITERAL("batch"));
}

/* "userpass-ada" of ada at auth/userpass; slashes of a mount's path become dashes. */
static char *display_name(struct turn *turn, struct slice name)
{
    struct slice path = slice_from(turn->mount->path, sizeof "auth/" - 1);
    char *text = turn_path(turn, "%.*s%s%.*s", (int)path.len, (const char *)path.data, name.len > 0 ? "-" : "", (int)name.len, (const char *)name.data);
    for (size_t i = 0; text != NULL && i < path.len; i++) {
        text[i] = text[i] == '/' ? '-' : text[i];
    }
    return text;
}

static struct token_wish wish_of(struct turn *turn, const struct login *login)
{
    const struct json *token = json_member(login->row, "token");
    uint64_t max_s = token_number(token, "token_max_ttl"), mount_max_s = mount_max_ttl_s(turn, turn->mount), ttl_s = token_number(token, "token_ttl");
    bool batch = is_batch(turn, json_text(token, "token_type", SLICE_NONE));
    bool is_narrow = login->cidrs != NULL && login->cidrs->count > 0;
    const struct json *policies = json_member(token, "token_policies");
    return (struct token_wish){
        .name = display_name(turn, login->name),
        .path = arena_string(turn->arena, turn->request->path),
        .policies = policies == NULL ? json_new(turn->arena, JSON_ARRAY) : policies,
        .no_default_policy = json_bool(token, "token_no_default_policy", false),
        .ttl_s = ttl_s > 0 ? ttl_s : mount_default_ttl_s(turn, turn->mount),
        .max_ttl_s = max_s > 0 && max_s < mount_max_s ? max_s : mount_max_s,
        .uses = token_number(token, "token_num_uses"),
        .type = batch ? TOKEN_BATCH : TOKEN_SERVICE,
        .period_s = token_number(token, "token_period"),
        .explicit_max_s = token_number(token, "token_explicit_max_ttl"),
        .cidrs = is_narrow ? login->cidrs : json_member(token, "token_bound_cidrs"),
        .metadata = login->metadata,
        .alias_name = login->alias,
        .certificate = login->certificate,
    };
}

enum err login_token_give(struct turn *turn, const struct login *login)
{
    struct token_wish wish = wish_of(turn, login);
    if (!token_cidr_allows(json_member(json_member(login->row, "token"), "token_bound_cidrs"), turn->request->remote) ||
        !token_cidr_allows(wish.cidrs, turn->request->remote)) {
        return ERR_DENIED;
    }
    struct json *auth = NULL;
    struct identity_login who = {.alias = login->alias, .metadata = login->metadata, .groups = login->groups};
    enum err err = wish.name == NULL ? ERR_MEMORY : login->alias.len == 0 ? ERR_NONE : identity_of_login(turn, &who, &wish.entity_id);
    err = err == ERR_NONE ? token_create(turn, &wish, &auth) : err;
    if (err != ERR_NONE) {
        return err;
    }
    /* whom the audit record names: a login has no caller before it has made one */
    turn->caller.name = slice_string(wish.name);
    turn->caller.accessor = json_text(auth, "accessor", SLICE_NONE);
    return turn_reply_auth(turn, auth);
}
