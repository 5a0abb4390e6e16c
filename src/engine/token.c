#include "engine/token.h"

#include "base/encode.h"
#include "base/time.h"
#include "engine/operations.h"
#include "engine/policy.h"
#include "engine/vault.h"

#include <string.h>

enum { TOKEN_RANDOM_BYTES = 24, ACCESSOR_RANDOM_BYTES = 16, TTL_DEFAULT_S = 8 * 3600, TTL_MAX_S = 32 * 24 * 3600 };

static enum err name_token(struct turn *turn, struct slice token, char **ret_id)
{
    struct slice key = secret_slice(&turn->around->vault->token_key);
    if (key.len == 0) {
        return ERR_SEALED;
    }
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(key, token, mac);
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof mac);
    enum err err = hex_encode(&hex, slice_of(mac, sizeof mac));
    *ret_id = arena_string(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : *ret_id == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err load(struct turn *turn, struct slice id, const struct json **ret_row)
{
    return turn_json(turn, turn_path(turn, "token/id/%.*s", (int)id.len, (const char *)id.data), ret_row);
}

static bool has_policy(const struct json *row, const char *name)
{
    const struct json *policies = json_member(row, "policies");
    for (const struct json *policy = policies == NULL ? NULL : policies->first; policy != NULL; policy = policy->next) {
        if (slice_is(policy->text, name)) {
            return true;
        }
    }
    return false;
}

static int64_t expires_s(const struct json *row)
{
    int64_t seconds = 0;
    return json_i64(row, "expires_s", &seconds) == ERR_NONE ? seconds : 0;
}

/* A copy of the row with one member replaced by a number. */
static struct json *with_number(struct turn *turn, const struct json *row, const char *name, int64_t value)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = row->first; member != NULL; member = member->next) {
        if (slice_is(member->name, name)) {
            json_set_i64(turn->arena, copy, name, value);
        } else {
            json_set(turn->arena, copy, arena_string(turn->arena, member->name), json_copy(turn->arena, member));
        }
    }
    return copy;
}

/* A use is used up when the request is made, whatever becomes of it. The caller's row is the one after it: uses_left 0, this was the last. */
static enum err count_use(struct turn *turn, const char *id, const struct json *row)
{
    uint64_t left = 0;
    if (json_u64(row, "uses_left", &left) != ERR_NONE) {
        return ERR_NONE;
    }
    turn->caller.token = with_number(turn, row, "uses_left", left <= 1 ? 0 : (int64_t)left - 1);
    if (turn->caller.token == NULL) {
        return ERR_MEMORY;
    }
    enum err err = left <= 1 ? token_end(turn, slice_string(id))
                             : turn_put_json(turn, turn_path(turn, "token/id/%s", id), turn->caller.token, expires_s(row) * 1000);
    if (err == ERR_NONE) {
        turn_keep_changes(turn);
    }
    return err;
}

static uint64_t uses_left(const struct json *row)
{
    uint64_t left = 0;
    return json_u64(row, "uses_left", &left) == ERR_NONE ? left : 0;
}

enum err token_identify(struct turn *turn)
{
    if (turn->request->token.len == 0) {
        return ERR_DENIED;
    }
    char *id = NULL;
    const struct json *row = NULL;
    enum err err = name_token(turn, turn->request->token, &id);
    err = err == ERR_NONE ? load(turn, slice_string(id), &row) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    int64_t end_s = expires_s(row);
    if (end_s != 0 && turn->now_ms >= end_s * 1000) {
        return ERR_DENIED;
    }
    turn->caller = (struct caller){.token_id = slice_string(id), .accessor = json_text(row, "accessor", SLICE_NONE),
                                   .name = json_text(row, "name", SLICE_NONE), .token = row, .is_root = has_policy(row, "root")};
    return count_use(turn, id, row);
}

static struct json *random_text(struct turn *turn, const char *prefix, size_t bytes)
{
    uint8_t random[32];
    turn_random(turn, random, bytes);
    cleanup_buf struct buf text = BUF_INIT(80);
    enum err err = buf_append_string(&text, prefix);
    err = err == ERR_NONE ? base64url_encode(&text, slice_of(random, bytes)) : err;
    wipe(random, sizeof random);
    struct json *result = err == ERR_NONE ? json_string(turn->arena, buf_slice(&text)) : NULL;
    wipe(text.data, text.len);
    return result;
}

struct json *token_policies(struct turn *turn, const char *first, const char *second)
{
    struct json *policies = json_new(turn->arena, JSON_ARRAY);
    json_append(policies, json_string(turn->arena, slice_string(first)));
    if (second != NULL) {
        json_append(policies, json_string(turn->arena, slice_string(second)));
    }
    return policies;
}

static struct json *describe(struct turn *turn, const struct json *row, struct slice client_token)
{
    struct arena *arena = turn->arena;
    int64_t end_s = expires_s(row), left_s = end_s == 0 ? 0 : end_s - turn->now_ms / 1000;
    struct json *auth = json_new(arena, JSON_OBJECT);
    json_set_string(arena, auth, "client_token", client_token);
    json_set_string(arena, auth, "accessor", json_text(row, "accessor", SLICE_NONE));
    json_set(arena, auth, "policies", json_copy(arena, json_member(row, "policies")));
    json_set(arena, auth, "token_policies", json_copy(arena, json_member(row, "policies")));
    struct json *metadata = json_set_object(arena, auth, "metadata");
    json_set_string(arena, metadata, "name", json_text(row, "name", SLICE_NONE));
    json_set_i64(arena, auth, "lease_duration", left_s);
    json_set_bool(arena, auth, "renewable", end_s != 0);
    json_set_string(arena, auth, "entity_id", SLICE_NONE);
    json_set_string(arena, auth, "token_type", SLICE_LITERAL("service"));
    json_set_bool(arena, auth, "orphan", true);
    json_set_null(arena, auth, "mfa_requirement");
    json_set_u64(arena, auth, "num_uses", uses_left(row));
    return auth;
}

enum err token_create(struct turn *turn, const struct token_wish *wish, struct json **ret_auth)
{
    struct arena *arena = turn->arena;
    struct json *token = random_text(turn, "hvs.", TOKEN_RANDOM_BYTES), *accessor = random_text(turn, "", ACCESSOR_RANDOM_BYTES);
    char *id = NULL;
    enum err err = token == NULL || accessor == NULL ? ERR_MEMORY : name_token(turn, token->text, &id);
    if (err != ERR_NONE) {
        return err;
    }
    int64_t now_s = turn->now_ms / 1000, end_s = wish->ttl_s == 0 ? 0 : now_s + (int64_t)wish->ttl_s;
    struct json *row = json_new(arena, JSON_OBJECT);
    json_set_string(arena, row, "accessor", accessor->text);
    json_set(arena, row, "policies", json_copy(arena, wish->policies));
    json_set_string(arena, row, "name", slice_string(wish->name));
    json_set_string(arena, row, "path", slice_string(wish->path));
    json_set_i64(arena, row, "created_s", now_s);
    json_set_i64(arena, row, "expires_s", end_s);
    json_set_u64(arena, row, "ttl_s", wish->ttl_s);
    if (wish->uses > 0) {
        json_set_u64(arena, row, "uses_left", wish->uses);
    }
    struct json *pointer = json_new(arena, JSON_OBJECT);
    json_set_string(arena, pointer, "id", slice_string(id));
    char *accessor_path = turn_path(turn, "token/accessor/%.*s", (int)accessor->text.len, (const char *)accessor->text.data);
    char *id_path = turn_path(turn, "token/id/%s", id);
    err = turn_is_new(turn, id_path);
    err = err == ERR_NONE ? turn_is_new(turn, accessor_path) : err;
    err = err == ERR_NONE ? turn_put_json(turn, id_path, row, end_s * 1000) : err;
    enum err second = turn_put_json(turn, accessor_path, pointer, 0);
    *ret_auth = describe(turn, row, token->text);
    return err != ERR_NONE ? err : second != ERR_NONE ? second : *ret_auth == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err token_end(struct turn *turn, struct slice id)
{
    const struct json *row = NULL;
    enum err err = load(turn, id, &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    struct slice accessor = json_text(row, "accessor", SLICE_NONE);
    err = turn_delete(turn, turn_path(turn, "token/id/%.*s", (int)id.len, (const char *)id.data));
    enum err second = turn_delete(turn, turn_path(turn, "token/accessor/%.*s", (int)accessor.len, (const char *)accessor.data));
    return err != ERR_NONE ? err : second;
}

/* ---- auth/token/ ---- */

enum err operation_token_lookup_self(struct turn *turn)
{
    struct arena *arena = turn->arena;
    const struct json *row = turn->caller.token;
    int64_t end_s = expires_s(row), created_s = 0;
    (void)!json_i64(row, "created_s", &created_s);
    struct json *data = json_new(arena, JSON_OBJECT);
    json_set_string(arena, data, "accessor", turn->caller.accessor);
    json_set_string(arena, data, "display_name", turn->caller.name);
    json_set(arena, data, "policies", json_copy(arena, json_member(row, "policies")));
    json_set_string(arena, data, "path", json_text(row, "path", SLICE_NONE));
    json_set_string(arena, data, "type", SLICE_LITERAL("service"));
    json_set_i64(arena, data, "creation_time", created_s);
    json_set_i64(arena, data, "ttl", end_s == 0 ? 0 : end_s - turn->now_ms / 1000);
    if (end_s == 0) {
        json_set_null(arena, data, "expire_time");
    } else {
        char text[RFC3339_BYTES];
        rfc3339_format(end_s * 1000, text);
        json_set_string(arena, data, "expire_time", slice_string(text));
    }
    json_set_bool(arena, data, "renewable", end_s != 0);
    json_set_u64(arena, data, "num_uses", uses_left(row));
    json_set_bool(arena, data, "orphan", true);
    return turn_reply_data(turn, data);
}

enum err token_may_give(struct turn *turn, const struct json *policies)
{
    const struct json *own = turn->caller.token;
    bool may_widen = has_policy(own, "admin") || slice_is(json_text(own, "path", SLICE_NONE), OPERATOR_PATH);
    for (const struct json *policy = policies->first; policy != NULL; policy = policy->next) {
        bool held = has_policy(own, arena_string(turn->arena, policy->text));
        if (!held && !turn->caller.is_root && (!may_widen || slice_is(policy->text, "root"))) {
            return turn_refuse(turn, ERR_DENIED, TEXT("the caller does not hold this policy", "der Aufrufer hat diese Richtlinie nicht"), policy->text);
        }
    }
    return ERR_NONE;
}

enum err operation_token_create(struct turn *turn)
{
    const struct json *policies = json_member(turn->request->body, "policies");
    if (policies == NULL || policies->count == 0) {
        policies = json_member(turn->caller.token, "policies");
    }
    enum err err = token_may_give(turn, policies);
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t ttl_s = TTL_DEFAULT_S, uses = 0;
    (void)!json_u64(turn->request->body, "ttl", &ttl_s);
    (void)!json_u64(turn->request->body, "num_uses", &uses);
    if (ttl_s == 0 || ttl_s > TTL_MAX_S) {
        ttl_s = TTL_MAX_S;
    }
    struct slice name = turn_field(turn, "display_name");
    struct token_wish wish = {.name = name.len > 0 ? arena_string(turn->arena, name) : "token", .path = "auth/token/create",
                              .policies = policies, .ttl_s = ttl_s, .uses = uses};
    struct json *auth = NULL;
    err = token_create(turn, &wish, &auth);
    return err != ERR_NONE ? err : turn_reply_auth(turn, auth);
}

enum err operation_token_renew_self(struct turn *turn)
{
    const struct json *row = turn->caller.token;
    uint64_t ttl_s = 0;
    int64_t created_s = 0;
    (void)!json_u64(row, "ttl_s", &ttl_s);
    (void)!json_i64(row, "created_s", &created_s);
    if (ttl_s == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this token never ends", "dieses Token läuft nicht ab"), SLICE_NONE);
    }
    if (json_member(row, "uses_left") != NULL && uses_left(row) == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this was the token's last use", "das war die letzte Verwendung dieses Tokens"), SLICE_NONE);
    }
    int64_t end_s = turn->now_ms / 1000 + (int64_t)ttl_s, last_s = created_s + TTL_MAX_S;
    struct json *renewed = with_number(turn, row, "expires_s", end_s < last_s ? end_s : last_s);
    struct slice id = turn->caller.token_id;
    enum err err = turn_put_json(turn, turn_path(turn, "token/id/%.*s", (int)id.len, (const char *)id.data), renewed, expires_s(renewed) * 1000);
    return err != ERR_NONE ? err : turn_reply_auth(turn, describe(turn, renewed, turn->request->token));
}

enum err operation_token_revoke_self(struct turn *turn)
{
    enum err err = token_end(turn, turn->caller.token_id);
    return err != ERR_NONE ? err : turn_reply_none(turn);
}

enum err operation_token_revoke_accessor(struct turn *turn)
{
    struct slice accessor = turn_field(turn, "accessor");
    const struct json *pointer = NULL;
    enum err err = turn_json(turn, turn_path(turn, "token/accessor/%.*s", (int)accessor.len, (const char *)accessor.data), &pointer);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("no such accessor", "kein solcher accessor"), accessor) : err;
    }
    err = token_end(turn, json_text(pointer, "id", SLICE_NONE));
    return err != ERR_NONE ? err : turn_reply_none(turn);
}

enum err operation_token_accessors(struct turn *turn)
{
    struct turn_names names;
    enum err err = turn_names(turn, "token/accessor/", turn_query(turn, "after"), 1000, &names);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; i < names.count; i++) {
        json_append(keys, json_string(turn->arena, names.names[i]));
    }
    return names.count == 0 ? ERR_NOT_FOUND : turn_reply_data(turn, data);
}
