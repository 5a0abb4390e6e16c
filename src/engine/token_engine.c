/* auth/token/: look up, renew, revoke, list. */
#include "engine/token.h"

#include "base/encode.h"
#include "base/time.h"
#include "engine/namespace.h"
#include "engine/operations.h"

enum { ACCESSORS_MAX = 200000 };

static enum err bad_token(struct turn *turn)
{
    return turn_refuse(turn, ERR_DENIED, TEXT("bad token", "dieses Token gibt es nicht"), SLICE_NONE);
}

static enum err bad_accessor(struct turn *turn)
{
    return turn_refuse(turn, ERR_DENIED, TEXT("invalid accessor", "diesen Accessor gibt es nicht"), SLICE_NONE);
}

/* The caller's own token, as token_identify left it. */
static struct token own_token(const struct turn *turn)
{
    const struct caller *caller = &turn->caller;
    return (struct token){.id = caller->token_id, .row = caller->token, .policies = caller->policies, .identity = caller->identity, .is_root = caller->is_root, .is_batch = caller->token_id.len == 0};
}

/* The token that the body names; *ret_is_own when it is the caller's. */
static enum err named_token(struct turn *turn, struct token *ret_token, bool *ret_is_own)
{
    struct slice text = turn_field(turn, "token");
    if (text.len == 0) {
        text = turn->values[0];
    }
    *ret_is_own = text.len == 0 || secret_equal(text, turn->request->token);
    if (*ret_is_own) {
        *ret_token = own_token(turn);
        return ERR_NONE;
    }
    return token_find(turn, text, ret_token);
}

/* ---- looking up ---- */

static void set_time(struct turn *turn, struct json *data, const char *name, int64_t steady_ms)
{
    char text[RFC3339_BYTES];
    if (steady_ms == 0) {
        json_set_null(turn->arena, data, name);
        return;
    }
    rfc3339_format(turn_wall_ms(turn, steady_ms), text);
    json_set_string(turn->arena, data, name, slice_string(text));
}

static struct json *copy_or_null(struct turn *turn, const struct json *value)
{
    return value == NULL ? json_new(turn->arena, JSON_NULL) : json_copy(turn->arena, value);
}

static void describe_times(struct turn *turn, struct json *data, const struct json *row)
{
    int64_t end_s = token_expires_s(row), created_ms = token_created_ms(row), renewed_s = (int64_t)token_number(row, "renewed_s");
    json_set_i64(turn->arena, data, "creation_time", turn_wall_ms(turn, created_ms) / 1000);
    json_set_u64(turn->arena, data, "creation_ttl", token_number(row, "ttl_s"));
    json_set_u64(turn->arena, data, "explicit_max_ttl", token_number(row, "explicit_max_s"));
    set_time(turn, data, "expire_time", end_s * 1000);
    set_time(turn, data, "issue_time", created_ms);
    json_set_i64(turn->arena, data, "ttl", end_s == 0 ? 0 : end_s - turn->steady_ms / 1000);
    if (renewed_s > 0) {
        set_time(turn, data, "last_renewal", renewed_s * 1000);
        json_set_i64(turn->arena, data, "last_renewal_time", turn_wall_ms(turn, renewed_s * 1000) / 1000);
    }
    if (token_number(row, "period_s") > 0) {
        json_set_u64(turn->arena, data, "period", token_number(row, "period_s"));
    }
}

/* `id` only for who showed the token itself. */
static enum err reply_lookup(struct turn *turn, const struct token *token, struct slice id)
{
    struct arena *arena = turn->arena;
    const struct json *row = token->row, *own = json_member(row, "policies"), *cidrs = json_member(row, "cidrs");
    struct json *data = json_new(arena, JSON_OBJECT), *identity = json_new(arena, JSON_ARRAY);
    for (const struct json *one = token->policies->first; one != NULL; one = one->next) {
        if (!token_has(own, arena_string(arena, one->text))) {
            json_append(identity, json_copy(arena, one));
        }
    }
    json_set_string(arena, data, "id", id);
    json_set_string(arena, data, "accessor", json_text(row, "accessor", SLICE_NONE));
    json_set_string(arena, data, "display_name", json_text(row, "name", SLICE_NONE));
    json_set_string(arena, data, "entity_id", json_text(row, "entity_id", SLICE_NONE));
    json_set(arena, data, "meta", copy_or_null(turn, json_member(row, "meta")));
    json_set_u64(arena, data, "num_uses", token_number(row, "uses_left"));
    json_set_bool(arena, data, "orphan", json_member(row, "parent") == NULL);
    json_set_string(arena, data, "path", json_text(row, "path", SLICE_NONE));
    json_set(arena, data, "policies", json_copy(arena, own));
    json_set(arena, data, "identity_policies", identity);
    json_set_bool(arena, data, "renewable", token_is_renewable(row));
    json_set_string(arena, data, "type", slice_string(token->is_batch ? "batch" : "service"));
    if (json_member(row, "role") != NULL) {
        json_set_string(arena, data, "role", json_text(row, "role", SLICE_NONE));
    }
    if (cidrs != NULL) {
        json_set(arena, data, "bound_cidrs", json_copy(arena, cidrs));
    }
    describe_times(turn, data, row);
    return turn_reply_data(turn, data);
}

enum err operation_token_lookup_self(struct turn *turn)
{
    struct token token = own_token(turn);
    return reply_lookup(turn, &token, turn->request->token);
}

enum err operation_token_lookup(struct turn *turn)
{
    struct token token;
    bool is_own = false;
    enum err err = named_token(turn, &token, &is_own);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? bad_token(turn) : err;
    }
    struct slice text = turn_field(turn, "token");
    return reply_lookup(turn, &token, is_own ? turn->request->token : text.len > 0 ? text : turn->values[0]);
}

enum err operation_token_lookup_accessor(struct turn *turn)
{
    struct token token;
    enum err err = token_find_accessor(turn, turn_field(turn, "accessor"), &token);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? bad_accessor(turn) : err;
    }
    return reply_lookup(turn, &token, SLICE_NONE);
}

enum err operation_token_accessors(struct turn *turn)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    struct slice after = turn_query(turn, "after");
    for (bool goes_on = true; goes_on;) {
        struct turn_names page;
        enum err err = turn_names(turn, namespace_row(turn, turn->space, "token/accessor/"), after, LIST_LIMIT_MAX, &page);
        if (err != ERR_NONE) {
            return err;
        }
        for (size_t i = 0; i < page.count; i++) {
            json_append(keys, json_string(turn->arena, page.names[i]));
        }
        goes_on = page.count == LIST_LIMIT_MAX && keys != NULL && keys->count < ACCESSORS_MAX;
        after = page.count > 0 ? page.names[page.count - 1] : after;
    }
    return keys != NULL && keys->count == 0 ? ERR_NOT_FOUND : turn_reply_data(turn, data);
}

/* ---- renewing ---- */

static enum err refuse_renewal(struct turn *turn, struct text text)
{
    return turn_refuse(turn, ERR_INVALID, text, SLICE_NONE);
}

/* A token that was given for a client certificate is renewed by who shows it again. Keep compares digests and parses nothing. */
static enum err check_certificate(struct turn *turn, const struct json *row)
{
    struct slice bound = json_text(row, "certificate", SLICE_NONE), shown = SLICE_NONE;
    struct reader reader = reader_of(turn->request->chain);
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof digest);
    if (bound.len == 0) {
        return ERR_NONE;
    }
    enum err err = turn->request->chain.len == 0 ? ERR_DENIED : get_bytes(&reader, REQUEST_CHAIN_MAX_BYTES, &shown);
    sha256(shown, digest);
    err = err == ERR_NONE ? hex_encode(&hex, slice_of(digest, sizeof digest)) : err;
    if (err != ERR_NONE || !slice_equal(buf_slice(&hex), bound)) {
        return refuse_renewal(turn, TEXT("client identity during renewal not matching client identity used during login", "die Verlängerung braucht das Zertifikat, mit dem angemeldet wurde"));
    }
    return ERR_NONE;
}

/* What a renewal by `increment_s` (0: as at creation) would give, in seconds from now; ERR_INVALID with a complaint when nothing. */
static enum err renewed_ttl(struct turn *turn, const struct json *row, uint64_t increment_s, uint64_t *ret_ttl_s)
{
    uint64_t period_s = token_number(row, "period_s"), explicit_s = token_number(row, "explicit_max_s"), mount_s = token_number(row, "max_ttl_s");
    uint64_t ttl_s = period_s > 0 ? period_s : increment_s > 0 ? increment_s : token_number(row, "ttl_s");
    int64_t age_s = (turn->steady_ms - token_created_ms(row)) / 1000;
    uint64_t lived_s = age_s > 0 ? (uint64_t)age_s : 0, max_s = mount_s == 0 || mount_s > turn_max_ttl_s(turn) ? turn_max_ttl_s(turn) : mount_s;
    uint64_t end_s = period_s > 0 ? UINT64_MAX : max_s; /* of its whole life: a periodic token has none but its own maximum */
    end_s = explicit_s > 0 && explicit_s < end_s ? explicit_s : end_s;
    if (!token_is_renewable(row)) {
        return refuse_renewal(turn, TEXT("lease is not renewable", "das lässt sich nicht verlängern"));
    }
    if (json_member(row, "uses_left") != NULL && token_number(row, "uses_left") == 0) {
        return refuse_renewal(turn, TEXT("this was the token's last use", "das war die letzte Verwendung dieses Tokens"));
    }
    if (lived_s >= end_s) {
        return refuse_renewal(turn, TEXT("past the max TTL, cannot renew", "die längste Laufzeit ist erreicht, keine Verlängerung mehr"));
    }
    ttl_s = ttl_s > max_s ? max_s : ttl_s;
    *ret_ttl_s = ttl_s > end_s - lived_s ? end_s - lived_s : ttl_s;
    return ERR_NONE;
}

static enum err renew(struct turn *turn, struct token *token, struct slice client_token)
{
    uint64_t increment_s = 0, ttl_s = 0;
    if (token->is_batch) {
        return refuse_renewal(turn, TEXT("batch tokens cannot be renewed", "Batch-Tokens lassen sich nicht verlängern"));
    }
    (void)!json_u64(turn->request->body, "increment", &increment_s);
    enum err err = check_certificate(turn, token->row);
    err = err == ERR_NONE ? renewed_ttl(turn, token->row, increment_s, &ttl_s) : err;
    if (err != ERR_NONE) {
        return err;
    }
    int64_t now_s = turn->steady_ms / 1000;
    struct json *row = token_with(turn, token->row, "expires_s", json_number_i64(turn->arena, now_s + (int64_t)ttl_s));
    row = row == NULL ? NULL : token_with(turn, row, "renewed_s", json_number_i64(turn->arena, now_s));
    err = row == NULL ? ERR_MEMORY : token_put(turn, token->id, row);
    token->row = row;
    return err != ERR_NONE ? err : turn_reply_auth(turn, token_auth(turn, token, client_token));
}

enum err operation_token_renew_self(struct turn *turn)
{
    struct token token = own_token(turn);
    return renew(turn, &token, turn->request->token);
}

enum err operation_token_renew(struct turn *turn)
{
    struct token token;
    bool is_own = false;
    enum err err = named_token(turn, &token, &is_own);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? refuse_renewal(turn, TEXT("token not found", "dieses Token gibt es nicht")) : err;
    }
    struct slice text = turn_field(turn, "token");
    return renew(turn, &token, is_own ? turn->request->token : text.len > 0 ? text : turn->values[0]);
}

enum err operation_token_renew_accessor(struct turn *turn)
{
    struct token token;
    enum err err = token_find_accessor(turn, turn_field(turn, "accessor"), &token);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? bad_accessor(turn) : err;
    }
    return renew(turn, &token, SLICE_NONE);
}

/* ---- ending ---- */

static enum err end_and_reply(struct turn *turn, const struct token *token)
{
    if (token->is_batch) {
        return turn_refuse(turn, ERR_INVALID, TEXT("batch tokens cannot be revoked", "Batch-Tokens lassen sich nicht widerrufen"), SLICE_NONE);
    }
    enum err err = token_end(turn, token->id);
    return err != ERR_NONE ? err : turn_reply_none(turn);
}

enum err operation_token_revoke_self(struct turn *turn)
{
    struct token token = own_token(turn);
    return end_and_reply(turn, &token);
}

enum err operation_token_revoke(struct turn *turn)
{
    struct token token;
    bool is_own = false;
    enum err err = named_token(turn, &token, &is_own);
    return err == ERR_NOT_FOUND ? turn_reply_none(turn) : err != ERR_NONE ? err : end_and_reply(turn, &token); /* what is not there is revoked */
}

enum err operation_token_revoke_accessor(struct turn *turn)
{
    struct token token;
    enum err err = token_find_accessor(turn, turn_field(turn, "accessor"), &token);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("invalid accessor", "diesen Accessor gibt es nicht"), SLICE_NONE) : err;
    }
    return end_and_reply(turn, &token);
}

/* The token ends and its children live on: the row stays as a mark that cuts the tree here, until the last of them is gone. */
enum err operation_token_revoke_orphan(struct turn *turn)
{
    struct token token;
    bool is_own = false;
    enum err err = named_token(turn, &token, &is_own);
    if (err != ERR_NONE || token.is_batch || !json_bool(token.row, "children", false)) {
        return err == ERR_NOT_FOUND ? turn_refuse(turn, ERR_INVALID, TEXT("token to revoke not found", "das Token gibt es nicht"), SLICE_NONE)
               : err != ERR_NONE    ? err
                                    : end_and_reply(turn, &token);
    }
    err = token_cut(turn, &token);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* What ends, ends with all that belongs to it, so there is nothing to be found; what is due is ended now instead of in a few seconds. */
enum err operation_token_tidy(struct turn *turn)
{
    enum err err = turn_start(turn, "own_lease_sweep", NULL);
    return err == ERR_NONE ? turn_reply_warning(turn, 202, "Tidy operation successfully started. Any information from the operation will be printed to the server logs.") : err;
}
