/* Rows of tokens: made, found, named; and what a reply says of one. */
#include "engine/token.h"

#include "base/encode.h"
#include "engine/entity.h"
#include "engine/lease.h"
#include "engine/namespace.h"
#include "engine/operations.h"
#include "engine/vault.h"

enum { TOKEN_RANDOM_BYTES = 24, ACCESSOR_RANDOM_BYTES = 16 };

enum err token_name(struct turn *turn, struct slice text, char **ret_id)
{
    struct slice key = secret_slice(&turn->around->vault->token_key);
    if (key.len == 0) {
        return ERR_SEALED;
    }
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(key, text, mac);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof mac);
    enum err err = hex_encode(&hex, slice_of(mac, sizeof mac));
    *ret_id = arena_string(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : *ret_id == NULL ? ERR_MEMORY : ERR_NONE;
}

char *token_row_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "token/id/%.*s", (int)id.len, (const char *)id.data);
}

/* In the request's namespace. */
static char *accessor_path(struct turn *turn, struct slice accessor)
{
    return namespace_row(turn, turn->space, "token/accessor/%.*s", (int)accessor.len, (const char *)accessor.data);
}

char *token_accessor_path(struct turn *turn, const struct json *row)
{
    struct slice accessor = json_text(row, "accessor", SLICE_NONE), space = json_text(row, "space_id", SLICE_NONE);
    return space.len == 0 ? turn_path(turn, "token/accessor/%.*s", (int)accessor.len, (const char *)accessor.data)
                          : turn_path(turn, "n/%.*s/token/accessor/%.*s", (int)space.len, (const char *)space.data, (int)accessor.len, (const char *)accessor.data);
}

/* ---- what a row says ---- */

uint64_t token_number(const struct json *row, const char *name)
{
    uint64_t value = 0;
    return json_u64(row, name, &value) == ERR_NONE ? value : 0;
}

int64_t token_expires_s(const struct json *row)
{
    return (int64_t)token_number(row, "expires_s");
}

int64_t token_created_ms(const struct json *row)
{
    bool is_old = json_member(row, "created_ms") == NULL;
    return is_old ? (int64_t)token_number(row, "created_s") * 1000 : (int64_t)token_number(row, "created_ms");
}

bool token_is_renewable(const struct json *row)
{
    return token_expires_s(row) != 0 && json_bool(row, "renewable", true);
}

bool token_has(const struct json *names, const char *name)
{
    for (const struct json *one = names == NULL ? NULL : names->first; one != NULL; one = one->next) {
        if (slice_is(one->text, name)) {
            return true;
        }
    }
    return false;
}

struct json *token_with(struct turn *turn, const struct json *row, const char *name, struct json *value)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    bool is_set = false;
    for (const struct json *member = row->first; member != NULL; member = member->next) {
        bool is_it = slice_is(member->name, name);
        json_set(turn->arena, copy, arena_string(turn->arena, member->name), is_it ? value : json_copy(turn->arena, member));
        is_set = is_set || is_it;
    }
    if (!is_set) {
        json_set(turn->arena, copy, name, value);
    }
    return value == NULL ? NULL : copy;
}

enum err token_put(struct turn *turn, struct slice id, const struct json *row)
{
    return turn_put_json(turn, token_row_path(turn, id), row, turn_due_steady(token_expires_s(row) * 1000));
}

enum err token_mark(struct turn *turn, const struct token *token, const char *what)
{
    if (token->is_batch || json_bool(token->row, what, false)) {
        return ERR_NONE;
    }
    const struct json *row = NULL;
    enum err err = turn_json(turn, token_row_path(turn, token->id), &row); /* as this turn left it */
    return err == ERR_NONE ? token_put(turn, token->id, token_with(turn, row, what, json_boolean(turn->arena, true))) : err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* ---- policies ---- */

struct json *token_policies(struct turn *turn, const char *first, const char *second)
{
    struct json *policies = json_new(turn->arena, JSON_ARRAY);
    json_append(policies, json_string(turn->arena, slice_string(first)));
    if (second != NULL) {
        json_append(policies, json_string(turn->arena, slice_string(second)));
    }
    return policies;
}

/* Puts a name into its place among the sorted ones; one that stands there already is dropped. */
static size_t insert(struct slice *names, size_t count, struct slice name)
{
    size_t at = 0;
    while (at < count && slice_compare(names[at], name) < 0) {
        at++;
    }
    if (name.len == 0 || (at < count && slice_equal(names[at], name))) {
        return count;
    }
    for (size_t i = count; i > at; i--) {
        names[i] = names[i - 1];
    }
    names[at] = name;
    return count + 1;
}

struct json *token_clean_policies(struct turn *turn, const struct json *policies, bool no_default)
{
    struct slice names[TOKEN_POLICIES_MAX + 1];
    size_t count = 0;
    for (const struct json *one = policies == NULL ? NULL : policies->first; one != NULL; one = one->next) {
        if (count == TOKEN_POLICIES_MAX) {
            return NULL;
        }
        struct slice name = slice_string(arena_lower(turn->arena, slice_trim(one->text)));
        count = insert(names, count, name);
        if (slice_is(name, "root")) {
            return token_policies(turn, "root", NULL);
        }
    }
    count = no_default ? count : insert(names, count, SLICE_LITERAL("default"));
    struct json *clean = json_new(turn->arena, JSON_ARRAY);
    for (size_t i = 0; i < count; i++) {
        json_append(clean, json_string(turn->arena, names[i]));
    }
    return clean;
}

/* ---- finding one ---- */

static bool is_over(const struct turn *turn, const struct json *row)
{
    int64_t end_s = token_expires_s(row);
    return json_bool(row, "cut", false) || (end_s != 0 && turn->steady_ms >= end_s * 1000);
}

/* Does what the token rests on still stand: the login mount that gave it, and everything that a cut has left? */
static enum err check_ground(struct turn *turn, const struct json *row)
{
    struct slice mount = json_text(row, "mount", SLICE_NONE);
    enum err err = mount.len == 0 ? ERR_NONE : turn_exists(turn, turn_path(turn, "mount/live/%.*s", (int)mount.len, (const char *)mount.data));
    enum err cut = token_expires_s(row) == 0 ? ERR_NONE : lease_check_cut(turn, namespace_path_of(turn, row), token_created_ms(row));
    return err == ERR_NONE || cut == ERR_NEED ? cut : err;
}

/* The row and all that stand above it: an ended ancestor ends all below, however many rows are still there. */
static enum err check_line(struct turn *turn, const struct json *row)
{
    for (unsigned depth = 0; depth <= TOKEN_DEPTH_MAX; depth++) {
        if (json_bool(row, "cut", false) && depth > 0) {
            return ERR_NONE; /* from here on they are orphans */
        }
        struct slice parent = json_text(row, "parent", SLICE_NONE);
        enum err err = is_over(turn, row) ? ERR_NOT_FOUND : check_ground(turn, row);
        if (err != ERR_NONE || parent.len == 0) {
            return err;
        }
        err = turn_json(turn, token_row_path(turn, parent), &row);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_DAMAGED;
}

static enum err complete(struct turn *turn, struct slice id, const struct json *row, struct token *ret_token)
{
    enum err err = check_line(turn, row);
    if (err != ERR_NONE) {
        return err;
    }
    const struct json *policies = json_member(row, "policies");
    const struct identity *identity = NULL;
    struct slice entity_id = json_text(row, "entity_id", SLICE_NONE);
    err = entity_id.len == 0 ? ERR_NONE : identity_resolve(turn, entity_id, &identity);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_token = (struct token){.id = id, .row = row, .policies = identity_policies(turn, policies, identity), .identity = identity, .is_root = token_has(policies, "root"), .is_batch = id.len == 0};
    return ret_token->policies == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err token_find_id(struct turn *turn, struct slice id, struct token *ret_token)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, token_row_path(turn, id), &row);
    return err == ERR_NONE ? complete(turn, id, row, ret_token) : err;
}

/* Only what belongs to the request's namespace, or one below, is there for it. */
static enum err check_space(struct turn *turn, const struct token *token)
{
    struct namespace own;
    enum err err = namespace_of(turn, token->row, &own);
    return err != ERR_NONE || namespace_within(&own, &turn->space) ? err : ERR_NOT_FOUND;
}

static enum err find_text(struct turn *turn, struct slice text, struct token *ret_token)
{
    const struct json *row = NULL;
    char *id = NULL;
    if (token_is_batch(text)) {
        enum err err = token_batch_open(turn, text, &row);
        return err == ERR_NONE ? complete(turn, SLICE_NONE, row, ret_token) : err;
    }
    enum err err = text.len == 0 ? ERR_NOT_FOUND : token_name(turn, text, &id);
    return err == ERR_NONE ? token_find_id(turn, slice_string(id), ret_token) : err;
}

enum err token_find(struct turn *turn, struct slice text, struct token *ret_token)
{
    enum err err = find_text(turn, text, ret_token);
    return err == ERR_NONE ? check_space(turn, ret_token) : err;
}

enum err token_find_accessor(struct turn *turn, struct slice accessor, struct token *ret_token)
{
    const struct json *pointer = NULL;
    enum err err = accessor.len == 0 || slice_find_byte(accessor, '/') != SIZE_MAX ? ERR_NOT_FOUND : turn_json(turn, accessor_path(turn, accessor), &pointer);
    err = err == ERR_NONE ? token_find_id(turn, json_text(pointer, "id", SLICE_NONE), ret_token) : err;
    return err == ERR_NONE ? check_space(turn, ret_token) : err;
}

/* A use is used up when the request is made, whatever becomes of it. The caller's row is the one after it: uses_left 0, this was the last. */
static enum err count_use(struct turn *turn, const struct token *token)
{
    uint64_t left = 0;
    if (json_u64(token->row, "uses_left", &left) != ERR_NONE) {
        return ERR_NONE;
    }
    turn->caller.token = token_with(turn, token->row, "uses_left", json_number_u64(turn->arena, left <= 1 ? 0 : left - 1));
    if (turn->caller.token == NULL) {
        return ERR_MEMORY;
    }
    enum err err = left <= 1 ? token_end(turn, token->id) : token_put(turn, token->id, turn->caller.token);
    if (err == ERR_NONE) {
        turn_keep_changes(turn);
    }
    return err;
}

enum err token_identify(struct turn *turn)
{
    struct token token = {0};
    struct namespace own = {.path = SLICE_NONE};
    enum err err = find_text(turn, turn->request->token, &token);
    err = err == ERR_NONE ? namespace_of(turn, token.row, &own) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    if (!namespace_within(&turn->space, &own)) {
        return ERR_DENIED; /* good in its own namespace and below */
    }
    turn->caller = (struct caller){.token_id = token.id, .accessor = json_text(token.row, "accessor", SLICE_NONE), .name = json_text(token.row, "name", SLICE_NONE),
                                   .token = token.row, .policies = token.policies, .identity = token.identity, .is_root = token.is_root, .space = own};
    if (token.identity != NULL && token.identity->is_barred) {
        return ERR_DENIED; /* its entity is gone or disabled */
    }
    if (!token_cidr_allows(json_member(token.row, "cidrs"), turn->request->remote)) {
        return ERR_DENIED;
    }
    return count_use(turn, &token);
}

/* ---- making one ---- */

static struct json *random_text(struct turn *turn, const char *prefix, size_t bytes)
{
    uint8_t random[32];
    turn_random(turn, random, bytes);
    cleanup_buf struct buf text = BUF_INIT(80);
    enum err err = buf_append_string(&text, prefix);
    err = err == ERR_NONE ? base64url_encode(&text, slice_of(random, bytes)) : err;
    wipe(random, sizeof random);
    return err == ERR_NONE ? json_string(turn->arena, buf_slice(&text)) : NULL;
}

struct json *token_auth(struct turn *turn, const struct token *token, struct slice client_token)
{
    static const char *const types[] = {[TOKEN_SERVICE] = "service", [TOKEN_BATCH] = "batch"};
    struct arena *arena = turn->arena;
    const struct json *row = token->row, *metadata = json_member(row, "meta");
    int64_t end_s = token_expires_s(row);
    struct json *auth = json_new(arena, JSON_OBJECT);
    json_set_string(arena, auth, "client_token", client_token);
    json_set_string(arena, auth, "accessor", json_text(row, "accessor", SLICE_NONE));
    json_set(arena, auth, "policies", json_copy(arena, token->policies));
    json_set(arena, auth, "token_policies", json_copy(arena, json_member(row, "policies")));
    struct json *identity = json_set_array(arena, auth, "identity_policies");
    for (const struct json *one = token->policies->first; one != NULL; one = one->next) {
        if (!token_has(json_member(row, "policies"), arena_string(arena, one->text))) {
            json_append(identity, json_copy(arena, one));
        }
    }
    json_set(arena, auth, "metadata", metadata == NULL ? json_new(arena, JSON_NULL) : json_copy(arena, metadata));
    json_set_i64(arena, auth, "lease_duration", end_s == 0 ? 0 : end_s - turn->steady_ms / 1000);
    json_set_bool(arena, auth, "renewable", token_is_renewable(row));
    json_set_string(arena, auth, "entity_id", json_text(row, "entity_id", SLICE_NONE));
    json_set_string(arena, auth, "token_type", slice_string(types[token->is_batch ? TOKEN_BATCH : TOKEN_SERVICE]));
    json_set_bool(arena, auth, "orphan", json_member(row, "parent") == NULL);
    json_set_null(arena, auth, "mfa_requirement");
    json_set_u64(arena, auth, "num_uses", token_number(row, "uses_left"));
    return auth;
}

static void set_text(struct turn *turn, struct json *row, const char *name, struct slice text)
{
    if (text.len > 0) {
        json_set_string(turn->arena, row, name, text);
    }
}

static void set_number(struct turn *turn, struct json *row, const char *name, uint64_t number)
{
    if (number > 0) {
        json_set_u64(turn->arena, row, name, number);
    }
}

/* The first stretch: the period or the time asked for, never beyond what the token may live in all. */
static uint64_t first_ttl_s(const struct turn *turn, const struct token_wish *wish)
{
    uint64_t ttl_s = wish->period_s > 0 ? wish->period_s : wish->ttl_s;
    uint64_t all_s = turn_max_ttl_s(turn), max_s = wish->max_ttl_s == 0 || wish->max_ttl_s > all_s ? all_s : wish->max_ttl_s;
    if (wish->explicit_max_s > 0 && (ttl_s == 0 || ttl_s > wish->explicit_max_s)) {
        ttl_s = wish->explicit_max_s;
    }
    return ttl_s > max_s ? max_s : ttl_s;
}

static struct json *make_row(struct turn *turn, const struct token_wish *wish, const struct json *policies, uint64_t depth)
{
    struct arena *arena = turn->arena;
    uint64_t ttl_s = first_ttl_s(turn, wish);
    bool is_login = turn->mount != NULL && turn->mount->engine->class == ENGINE_AUTH;
    struct json *row = json_new(arena, JSON_OBJECT);
    json_set(arena, row, "policies", json_copy(arena, policies));
    json_set_string(arena, row, "name", slice_string(wish->name));
    json_set_string(arena, row, "path", wish->path != NULL || turn->request == NULL ? slice_string(wish->path) : turn->request->path);
    json_set_i64(arena, row, "created_ms", turn->steady_ms);
    json_set_i64(arena, row, "expires_s", ttl_s == 0 ? 0 : turn->steady_ms / 1000 + (int64_t)ttl_s);
    json_set_u64(arena, row, "ttl_s", ttl_s);
    set_number(turn, row, "uses_left", wish->uses);
    set_number(turn, row, "period_s", wish->period_s);
    set_number(turn, row, "explicit_max_s", wish->explicit_max_s);
    set_number(turn, row, "max_ttl_s", wish->max_ttl_s);
    if (wish->not_renewable || wish->type != TOKEN_SERVICE) {
        json_set_bool(arena, row, "renewable", false);
    }
    if (wish->cidrs != NULL && wish->cidrs->count > 0) {
        json_set(arena, row, "cidrs", json_copy(arena, wish->cidrs));
    }
    if (wish->metadata != NULL && wish->metadata->count > 0) {
        json_set(arena, row, "meta", json_copy(arena, wish->metadata));
    }
    set_text(turn, row, "role", slice_string(wish->role));
    set_text(turn, row, "entity_id", wish->entity_id);
    set_text(turn, row, "alias", wish->alias_name);
    set_text(turn, row, "certificate", wish->certificate);
    set_text(turn, row, "space", turn->space.path);
    set_text(turn, row, "space_id", turn->space.id);
    set_text(turn, row, "parent", wish->parent);
    set_number(turn, row, "depth", depth);
    set_text(turn, row, "mount", is_login ? turn->mount->uuid : SLICE_NONE);
    if (wish->type == TOKEN_WRAPPING) {
        json_set_string(arena, row, "type", SLICE_LITERAL("wrapping"));
        json_set_bool(arena, row, "cubby", true); /* the reply, which goes with it */
    }
    return row;
}

static enum err check_wish(struct turn *turn, const struct token_wish *wish, const struct json *policies)
{
    for (const struct json *one = wish->cidrs == NULL ? NULL : wish->cidrs->first; one != NULL; one = one->next) {
        if (!token_cidr_is_good(one->text)) {
            return turn_refuse(turn, ERR_INVALID, TEXT("this is no network, such as 10.0.0.0/8", "das ist kein Netz wie etwa 10.0.0.0/8"), one->text);
        }
    }
    if (wish->type != TOKEN_BATCH) {
        return ERR_NONE;
    }
    const char *bad = wish->uses > 0 ? "num_uses" : wish->period_s > 0 ? "period" : wish->explicit_max_s > 0 ? "explicit_max_ttl" : wish->id.len > 0 ? "id" : NULL;
    if (bad != NULL) {
        return turn_refuse(turn, ERR_INVALID, TEXT("batch tokens cannot have this set", "Batch-Tokens können das nicht haben"), slice_string(bad));
    }
    if (token_has(policies, "root") || wish->ttl_s == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("batch tokens cannot be root tokens, and end at their time", "Batch-Tokens können keine Root-Tokens sein und laufen ab"), SLICE_NONE);
    }
    return ERR_NONE;
}

/* The child stands in its parent's list, so that it ends with it; the parent's row says that there is one. */
static enum err join_parent(struct turn *turn, const struct token_wish *wish, struct slice id, uint64_t *ret_depth)
{
    struct token parent;
    enum err err = token_find_id(turn, wish->parent, &parent);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    *ret_depth = token_number(parent.row, "depth") + 1;
    if (*ret_depth > TOKEN_DEPTH_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("more than 32 tokens stand above this one: make an orphan", "über diesem Token stehen mehr als 32: bitte ein Waisen-Token erzeugen"), SLICE_NONE);
    }
    if (id.len == 0) {
        return ERR_NONE; /* a batch token: it names its parent, and nothing of it is to be cleared away */
    }
    char *path = turn_path(turn, "token/child/%.*s/%.*s", (int)wish->parent.len, (const char *)wish->parent.data, (int)id.len, (const char *)id.data);
    err = turn_is_new(turn, path);
    err = err == ERR_NONE ? turn_put_json(turn, path, json_new(turn->arena, JSON_OBJECT), 0) : err;
    return err == ERR_NONE ? token_mark(turn, &parent, "children") : err;
}

/* With those of the entity, as the reply shows them. */
static enum err all_policies(struct turn *turn, const struct token_wish *wish, const struct json *policies, struct token *token)
{
    enum err err = wish->entity_id.len == 0 ? ERR_NONE : identity_resolve(turn, wish->entity_id, &token->identity);
    token->policies = err == ERR_NONE ? identity_policies(turn, policies, token->identity) : policies;
    return err != ERR_NONE ? err : token->policies == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err create_batch(struct turn *turn, const struct token_wish *wish, const struct json *policies, struct json **ret_auth)
{
    uint64_t depth = 0;
    struct slice text;
    enum err err = wish->parent.len == 0 ? ERR_NONE : join_parent(turn, wish, SLICE_NONE, &depth);
    struct json *row = make_row(turn, wish, policies, depth);
    err = err == ERR_NONE ? token_batch_seal(turn, row, &text) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct token token = {.row = row, .is_batch = true};
    err = all_policies(turn, wish, policies, &token);
    *ret_auth = err == ERR_NONE ? token_auth(turn, &token, text) : NULL;
    return err;
}

/* The row's name; that a chosen one is free has to be looked up, a random one is. */
static enum err choose_id(struct turn *turn, const struct token_wish *wish, struct slice text, char **ret_id)
{
    enum err err = token_name(turn, text, ret_id);
    if (err != ERR_NONE || wish->id.len == 0) {
        return err != ERR_NONE ? err : turn_is_new(turn, token_row_path(turn, slice_string(*ret_id)));
    }
    err = turn_exists(turn, token_row_path(turn, slice_string(*ret_id)));
    if (err == ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cannot create a token with a duplicate ID", "ein Token mit dieser Kennung gibt es schon"), SLICE_NONE);
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err token_create(struct turn *turn, const struct token_wish *wish, struct json **ret_auth)
{
    struct json *policies = token_clean_policies(turn, wish->policies, wish->no_default_policy);
    enum err err = policies == NULL ? ERR_TOO_LARGE : check_wish(turn, wish, policies);
    if (err != ERR_NONE || wish->type == TOKEN_BATCH) {
        return err != ERR_NONE ? err : create_batch(turn, wish, policies, ret_auth);
    }
    struct json *text = wish->id.len > 0 ? json_string(turn->arena, wish->id) : random_text(turn, "hvs.", TOKEN_RANDOM_BYTES);
    struct json *accessor = random_text(turn, "", ACCESSOR_RANDOM_BYTES), *pointer = json_new(turn->arena, JSON_OBJECT);
    char *id = NULL;
    uint64_t depth = 0;
    err = text == NULL || accessor == NULL ? ERR_MEMORY : choose_id(turn, wish, text->text, &id);
    err = err == ERR_NONE && wish->parent.len > 0 ? join_parent(turn, wish, slice_string(id), &depth) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = make_row(turn, wish, policies, depth);
    json_set_string(turn->arena, row, "accessor", accessor->text);
    json_set_string(turn->arena, pointer, "id", slice_string(id));
    err = turn_is_new(turn, accessor_path(turn, accessor->text));
    err = err == ERR_NONE ? token_put(turn, slice_string(id), row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, accessor_path(turn, accessor->text), pointer, 0) : err;
    struct token token = {.id = slice_string(id), .row = row};
    err = err == ERR_NONE ? all_policies(turn, wish, policies, &token) : err;
    *ret_auth = err == ERR_NONE ? token_auth(turn, &token, text->text) : NULL;
    return err != ERR_NONE ? err : *ret_auth == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err token_may_give(struct turn *turn, const struct json *policies)
{
    bool may_widen = token_has(turn->caller.policies, "admin") || slice_is(json_text(turn->caller.token, "path", SLICE_NONE), OPERATOR_PATH);
    for (const struct json *policy = policies->first; policy != NULL; policy = policy->next) {
        bool held = token_has(turn->caller.policies, arena_string(turn->arena, policy->text));
        if (!held && !turn->caller.is_root && (!may_widen || slice_is(policy->text, "root"))) {
            return turn_refuse(turn, ERR_DENIED, TEXT("the caller does not hold this policy", "der Aufrufer hat diese Richtlinie nicht"), policy->text);
        }
    }
    return ERR_NONE;
}
