/* auth/token/create and its siblings: who may make which token. The words of refusals are Vault's, which clients match. */
#include "engine/token.h"

#include "base/glob.h"
#include "engine/entity.h"
#include "engine/mount.h"
#include "engine/namespace.h"
#include "engine/operations.h"
#include "engine/policy.h"

#include <string.h>

enum { NAME_MAX_BYTES = 128, METADATA_MAX = 64 };

/* What is being made, and what decides about it. */
struct making {
    const struct json *body, *parent, *role;    /* role: its row; NULL: none */
    struct slice role_name;
    bool is_sudo, is_orphan, no_default;
    const struct json *policies;
    struct token_wish wish;
};

static enum err refuse(struct turn *turn, struct text text, struct slice detail)
{
    return turn_refuse(turn, ERR_INVALID, text, detail);
}

static const struct json *list_of(const struct json *object, const char *name)
{
    const struct json *list = json_member(object, name);
    return list == NULL || list->type != JSON_ARRAY || list->count == 0 ? NULL : list;
}

/* ---- who asks ---- */

static enum err check_parent(struct turn *turn, struct making *making)
{
    struct grant grant = {0};
    making->parent = turn->caller.token;
    if (turn->caller.token_id.len == 0) {
        return refuse(turn, TEXT("batch tokens cannot create more tokens", "Batch-Tokens können keine Tokens erzeugen"), SLICE_NONE);
    }
    if (json_member(making->parent, "uses_left") != NULL) {
        return refuse(turn, TEXT("restricted use token cannot generate child tokens", "ein Token mit begrenzten Verwendungen kann keine Tokens erzeugen"), SLICE_NONE);
    }
    enum err err = turn->caller.is_root ? ERR_NONE : policy_grant(turn, turn->caller.policies, turn->request->path, &grant);
    making->is_sudo = turn->caller.is_root || (grant.capabilities & CAPABILITY_SUDO) != 0;
    return err;
}

static enum err find_role(struct turn *turn, struct making *making)
{
    making->role_name = making->role_name.len > 0 ? making->role_name : turn_field(turn, "role_name");
    if (making->role_name.len == 0) {
        return ERR_NONE;
    }
    enum err err = token_role_find(turn, making->role_name, &making->role);
    return err == ERR_NOT_FOUND ? refuse(turn, TEXT("unknown role", "diese Rolle gibt es nicht"), making->role_name) : err;
}

/* ---- which policies ---- */

static bool lists(const struct json *names, struct slice name, bool as_globs)
{
    for (const struct json *one = names == NULL ? NULL : names->first; one != NULL; one = one->next) {
        if (as_globs ? glob_matches(one->text, name) : slice_equal(one->text, name)) {
            return true;
        }
    }
    return false;
}

/* A role that names what it allows gives that; a token may ask for less. */
static enum err allowed_by_role(struct turn *turn, const struct making *making, const struct json *given, const struct json **ret_policies)
{
    const struct json *allowed = list_of(making->role, "allowed_policies"), *globs = list_of(making->role, "allowed_policies_glob");
    *ret_policies = given != NULL ? given : allowed;
    for (const struct json *one = given == NULL ? NULL : given->first; one != NULL; one = one->next) {
        bool is_default = slice_is(one->text, "default") && !making->no_default;
        if (!is_default && !lists(allowed, one->text, false) && !lists(globs, one->text, true)) {
            return refuse(turn, TEXT("token policies must be subset of the role's allowed policies or glob policies", "die Richtlinien müssen unter denen sein, die die Rolle erlaubt"), one->text);
        }
    }
    return ERR_NONE;
}

static enum err check_disallowed(struct turn *turn, const struct making *making)
{
    const struct json *names = list_of(making->role, "disallowed_policies"), *globs = list_of(making->role, "disallowed_policies_glob");
    for (const struct json *one = making->policies->first; one != NULL; one = one->next) {
        if (lists(names, one->text, false) || lists(globs, one->text, true)) {
            return refuse(turn, TEXT("token policy is disallowed by this role", "diese Richtlinie verbietet die Rolle"), one->text);
        }
    }
    return ERR_NONE;
}

/* Without sudo nobody gives on what he does not hold. */
static enum err check_subset(struct turn *turn, struct making *making, const struct json *given)
{
    const struct json *own = namespace_same(&turn->caller.space, &turn->space) ? json_member(making->parent, "policies") : NULL; /* those of another namespace are others */
    for (const struct json *one = given == NULL ? NULL : given->first; one != NULL; one = one->next) {
        if (!lists(own, one->text, false) && !slice_is(one->text, "default")) {
            return refuse(turn, TEXT("child policies must be subset of parent", "die Richtlinien müssen unter denen des eigenen Tokens sein"), one->text);
        }
    }
    making->no_default = making->no_default || !token_has(json_member(making->parent, "policies"), "default");
    return ERR_NONE;
}

static enum err check_special(struct turn *turn, const struct making *making)
{
    if (token_has(making->policies, "response-wrapping")) {
        return refuse(turn, TEXT("cannot assign policy", "diese Richtlinie lässt sich nicht vergeben"), SLICE_LITERAL("response-wrapping"));
    }
    if (token_has(making->policies, "root") && !turn->caller.is_root) {
        return refuse(turn, TEXT("root tokens may not be created without parent token being root", "Root-Tokens erzeugt nur ein Root-Token"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err choose_policies(struct turn *turn, struct making *making)
{
    const struct json *asked = list_of(making->body, "policies"), *given = asked == NULL ? NULL : token_clean_policies(turn, asked, true);
    const struct json *chosen = given != NULL ? given : json_member(making->parent, "policies");
    bool allows = list_of(making->role, "allowed_policies") != NULL || list_of(making->role, "allowed_policies_glob") != NULL;
    bool disallows = list_of(making->role, "disallowed_policies") != NULL || list_of(making->role, "disallowed_policies_glob") != NULL;
    if (asked != NULL && given == NULL) {
        return ERR_TOO_LARGE;
    }
    if (asked == NULL && !allows && !turn->caller.is_root && !namespace_same(&turn->caller.space, &turn->space)) {
        return refuse(turn, TEXT("name the policies: those of the caller's token are of another namespace", "bitte Richtlinien nennen: die des eigenen Tokens sind aus einem anderen Namensraum"), SLICE_NONE);
    }
    making->no_default = json_bool(making->body, "no_default_policy", false) || json_bool(making->role, "token_no_default_policy", false);
    enum err err = allows ? allowed_by_role(turn, making, given, &chosen) : ERR_NONE;
    err = err == ERR_NONE && !allows && !disallows && !making->is_sudo ? check_subset(turn, making, given) : err;
    if (err != ERR_NONE) {
        return err;
    }
    making->policies = token_clean_policies(turn, chosen, making->no_default);
    err = making->policies == NULL ? ERR_TOO_LARGE : disallows ? check_disallowed(turn, making) : ERR_NONE;
    return err == ERR_NONE ? check_special(turn, making) : err;
}

/* ---- for how long ---- */

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

static enum err choose_times(struct turn *turn, struct making *making)
{
    struct token_wish *wish = &making->wish;
    bool is_root = token_has(making->policies, "root");
    uint64_t period_s = token_number(making->body, "period");
    if (period_s > 0 && !making->is_sudo) {
        return refuse(turn, TEXT("root or sudo privileges required to create periodic token", "periodische Tokens verlangen root oder sudo"), SLICE_NONE);
    }
    wish->period_s = lesser(period_s, token_number(making->role, "token_period"));
    wish->explicit_max_s = lesser(token_number(making->body, "explicit_max_ttl"), token_number(making->role, "token_explicit_max_ttl"));
    wish->ttl_s = token_number(making->body, "ttl");
    wish->ttl_s = wish->ttl_s > 0 ? wish->ttl_s : token_number(making->body, "lease");
    wish->uses = lesser(token_number(making->body, "num_uses"), token_number(making->role, "token_num_uses"));
    if (is_root && wish->ttl_s == 0 && wish->period_s == 0 && token_expires_s(making->parent) != 0) {
        return refuse(turn, TEXT("expiring root tokens cannot create non-expiring root tokens", "ein Root-Token, das endet, erzeugt keines, das nicht endet"), SLICE_NONE);
    }
    if (wish->ttl_s == 0 && !is_root) {
        wish->ttl_s = turn_default_ttl_s(turn);
    }
    return ERR_NONE;
}

/* ---- what else ---- */

static enum err choose_type(struct turn *turn, struct making *making)
{
    struct slice asked = turn_field(turn, "type"), roles = json_text(making->role, "token_type", SLICE_NONE);
    bool decides = slice_is(roles, "service") || slice_is(roles, "batch");
    if (asked.len > 0 && !slice_is(asked, "service") && !slice_is(asked, "batch")) {
        return refuse(turn, TEXT("invalid 'type' value", "kein Wert für 'type'"), asked);
    }
    if (decides && asked.len > 0 && !slice_equal(asked, roles)) {
        return refuse(turn, TEXT("the role gives tokens of another type", "die Rolle gibt Tokens einer anderen Art"), roles);
    }
    making->wish.type = slice_ends(asked.len > 0 ? asked : roles, SLICE_LITERAL("batch")) ? TOKEN_BATCH : TOKEN_SERVICE;
    making->wish.not_renewable = !json_bool(making->body, "renewable", true) || !json_bool(making->role, "renewable", true);
    return ERR_NONE;
}

static enum err choose_id(struct turn *turn, struct making *making)
{
    struct slice id = turn_field(turn, "id");
    if (id.len > 0 && !making->is_sudo) {
        return refuse(turn, TEXT("root or sudo privileges required to specify token id", "eine eigene Kennung verlangt root oder sudo"), SLICE_NONE);
    }
    if (slice_find_byte(id, '.') != SIZE_MAX) {
        return refuse(turn, TEXT("custom token ID cannot contain '.'", "eine eigene Kennung enthält keinen Punkt"), SLICE_NONE);
    }
    if (id.len > NAME_MAX_BYTES) {
        return refuse(turn, TEXT("a custom token ID has at most 128 bytes", "eine eigene Kennung hat höchstens 128 Bytes"), SLICE_NONE);
    }
    making->wish.id = id;
    return ERR_NONE;
}

/* A role may let its tokens stand for somebody: an alias of auth/token/ itself. */
static enum err choose_entity(struct turn *turn, struct making *making)
{
    struct slice alias = turn_field(turn, "entity_alias");
    struct json *mount = json_new(turn->arena, JSON_OBJECT);
    if (alias.len == 0) {
        return ERR_NONE;
    }
    if (turn->space.id.len > 0) {
        return refuse(turn, TEXT("'entity_alias' names somebody of the root namespace", "'entity_alias' nennt jemanden aus dem obersten Namensraum"), SLICE_NONE);
    }
    if (making->role == NULL) {
        return refuse(turn, TEXT("'entity_alias' is only allowed in combination with token role", "'entity_alias' verlangt eine Rolle"), SLICE_NONE);
    }
    if (!lists(list_of(making->role, "allowed_entity_aliases"), alias, true)) {
        return refuse(turn, TEXT("invalid 'entity_alias' value", "diesen 'entity_alias' erlaubt die Rolle nicht"), alias);
    }
    json_set_string(turn->arena, mount, "accessor", SLICE_LITERAL(MOUNT_TOKEN_ACCESSOR));
    json_set_string(turn->arena, mount, "type", SLICE_LITERAL("token"));
    struct identity_login login = {.alias = alias};
    return identity_of_alias(turn, mount, SLICE_LITERAL("auth/token"), &login, &making->wish.entity_id);
}

static enum err choose_line(struct turn *turn, struct making *making)
{
    bool asks = json_bool(making->body, "no_parent", false);
    if (asks && !making->is_sudo) {
        return refuse(turn, TEXT("root or sudo privileges required to create orphan token", "ein Waisen-Token verlangt root oder sudo"), SLICE_NONE);
    }
    making->is_orphan = making->is_orphan || asks || json_bool(making->role, "orphan", false);
    const struct json *cidrs = list_of(making->role, "token_bound_cidrs");
    making->wish.cidrs = cidrs != NULL || making->is_orphan ? cidrs : json_member(making->parent, "cidrs");
    making->wish.parent = making->is_orphan ? SLICE_NONE : turn->caller.token_id;
    making->wish.entity_id = making->is_orphan ? SLICE_NONE : json_text(making->parent, "entity_id", SLICE_NONE);
    return choose_entity(turn, making);
}

static enum err choose_metadata(struct turn *turn, struct making *making)
{
    const struct json *metadata = json_member(making->body, "meta");
    metadata = metadata == NULL ? json_member(making->body, "metadata") : metadata;
    bool is_good = metadata == NULL || metadata->count <= METADATA_MAX;
    for (const struct json *one = metadata == NULL ? NULL : metadata->first; one != NULL; one = one->next) {
        is_good = is_good && one->type == JSON_STRING;
    }
    making->wish.metadata = metadata;
    return is_good ? ERR_NONE : refuse(turn, TEXT("metadata is an object of at most 64 strings", "Metadaten sind ein Objekt aus höchstens 64 Texten"), SLICE_NONE);
}

/* "token", or "token-" and what was asked for, in letters, digits and dashes. */
static const char *display_name(struct turn *turn)
{
    struct slice given = slice_first(turn_field(turn, "display_name"), NAME_MAX_BYTES);
    char *name = turn_path(turn, "token%s%.*s", given.len > 0 ? "-" : "", (int)given.len, (const char *)given.data);
    size_t len = name == NULL ? 0 : strlen(name);
    for (size_t i = 0; i < len; i++) {
        name[i] = byte_is_among((uint8_t)name[i], ASCII_LETTERS ASCII_DIGITS) ? name[i] : '-';
    }
    while (len > 0 && name[len - 1] == '-') {
        name[--len] = '\0';
    }
    return name;
}

/* What the token says of how it was got: of a role also its suffix, so that all that it gave can be ended at once. */
static const char *path_of(struct turn *turn, const struct making *making)
{
    struct slice name = making->role_name, suffix = json_text(making->role, "path_suffix", SLICE_NONE);
    if (making->role == NULL) {
        return NULL;
    }
    return turn_path(turn, "auth/token/create/%.*s%s%.*s", (int)name.len, (const char *)name.data, suffix.len > 0 ? "/" : "", (int)suffix.len, (const char *)suffix.data);
}

static enum err create(struct turn *turn, bool is_orphan, struct slice role)
{
    static enum err (*const steps[])(struct turn *, struct making *) = {check_parent,  find_role,   choose_policies, choose_times,
                                                                        choose_type,   choose_id,   choose_line,     choose_metadata};
    struct making making = {.body = turn->request->body, .role_name = role, .is_orphan = is_orphan};
    struct json *auth = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum err err = steps[i](turn, &making);
        if (err != ERR_NONE) {
            return err;
        }
    }
    making.wish.name = display_name(turn);
    making.wish.path = path_of(turn, &making);
    making.wish.policies = making.policies;
    making.wish.no_default_policy = true; /* the names are clean already */
    making.wish.role = making.role == NULL ? NULL : arena_string(turn->arena, making.role_name);
    enum err err = making.wish.name == NULL ? ERR_MEMORY : token_create(turn, &making.wish, &auth);
    return err != ERR_NONE ? err : turn_reply_auth(turn, auth);
}

enum err operation_token_create(struct turn *turn)
{
    return create(turn, false, SLICE_NONE);
}

enum err operation_token_create_orphan(struct turn *turn)
{
    return create(turn, true, SLICE_NONE);
}

enum err operation_token_create_role(struct turn *turn)
{
    return create(turn, false, turn->values[0]);
}
