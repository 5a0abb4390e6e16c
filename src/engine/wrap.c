/* Response wrapping, and sys/wrapping/. */
#include "engine/wrap.h"

#include "base/time.h"
#include "engine/operations.h"
#include "engine/token.h"
#include "engine/turn_inside.h"

#define POLICY_NAME "response-wrapping" /* shown with the token; there is no such policy */

static char *reply_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "cubby/%.*s/response", (int)id.len, (const char *)id.data);
}

bool wrap_is_token(const struct json *token_row)
{
    return slice_is(json_text(token_row, "type", SLICE_NONE), "wrapping");
}

enum err wrap_authorize(const struct turn *turn)
{
    bool is_own_reply = slice_is(slice_string(turn->route->operation), "cubbyhole_read") && slice_is(turn->values[0], "response");
    return is_own_reply ? ERR_NONE : ERR_DENIED;
}

/* ---- wrapping ---- */

static enum err reply_wrapped(struct turn *turn, const struct json *tree, const struct json *auth, const char *path, uint64_t ttl_s)
{
    struct arena *arena = turn->arena;
    char time[RFC3339_BYTES];
    rfc3339_format(turn->now_ms, time);
    struct json *info = json_new(arena, JSON_OBJECT), *top = json_new(arena, JSON_OBJECT), *envelope = reply_envelope(turn, NULL, NULL);
    struct slice inner = json_text(json_member(tree, "auth"), "accessor", SLICE_NONE);
    json_set_string(arena, info, "token", json_text(auth, "client_token", SLICE_NONE));
    json_set_string(arena, info, "accessor", json_text(auth, "accessor", SLICE_NONE));
    json_set_u64(arena, info, "ttl", ttl_s);
    json_set_string(arena, info, "creation_time", slice_string(time));
    json_set_string(arena, info, "creation_path", slice_string(path));
    if (inner.len > 0) {
        json_set_string(arena, info, "wrapped_accessor", inner);
    }
    for (const struct json *member = envelope == NULL ? NULL : envelope->first; member != NULL; member = member->next) {
        bool is_info = slice_is(member->name, "wrap_info");
        json_set(arena, top, arena_string(arena, member->name), is_info ? info : json_copy(arena, member));
    }
    return turn_reply_top(turn, 200, top);
}

/* Puts a reply below a new wrapping token and replies with that. */
static enum err put_away(struct turn *turn, const struct json *tree, const char *path, uint64_t ttl_s)
{
    struct token_wish wish = {.name = POLICY_NAME, .path = path, .policies = token_policies(turn, POLICY_NAME, NULL), .no_default_policy = true,
                              .ttl_s = ttl_s, .uses = 1, .type = TOKEN_WRAPPING};
    struct json *auth = NULL;
    char *id = NULL;
    uint64_t given_s = ttl_s < turn_max_ttl_s(turn) ? ttl_s : turn_max_ttl_s(turn);
    enum err err = path == NULL ? ERR_MEMORY : token_create(turn, &wish, &auth);
    err = err == ERR_NONE ? token_name(turn, json_text(auth, "client_token", SLICE_NONE), &id) : err;
    char *row = err == ERR_NONE ? reply_path(turn, slice_string(id)) : NULL;
    err = err == ERR_NONE ? turn_is_new(turn, row) : err;
    err = err == ERR_NONE ? turn_put_json(turn, row, tree, 0) : err;
    return err == ERR_NONE ? reply_wrapped(turn, tree, auth, path, given_s) : err;
}

static bool is_wrapped(const struct json *tree)
{
    const struct json *info = json_member(tree, "wrap_info");
    return info != NULL && info->type == JSON_OBJECT;
}

enum err wrap_reply(struct turn *turn)
{
    uint64_t ttl_s = 0;
    const struct reply *reply = &turn->reply;
    if (slice_to_u64(turn->request->wrap_ttl, &ttl_s) != ERR_NONE || ttl_s == 0 || reply->kind == REPLY_NONE || reply->status >= 300) {
        return ERR_NONE;
    }
    if (reply->kind == REPLY_RAW) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this reply is a file: it cannot be wrapped", "diese Antwort ist eine Datei: sie lässt sich nicht einwickeln"), SLICE_NONE);
    }
    return is_wrapped(reply->tree) ? ERR_NONE : put_away(turn, reply->tree, arena_string(turn->arena, turn->request->path), ttl_s);
}

/* ---- sys/wrapping/ ---- */

/* Vault's words, which clients match; the same for a token that never was, has been used, or is of another kind. */
static enum err not_valid(struct turn *turn)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("wrapping token is not valid or does not exist", "dieses Wrapping-Token gibt es nicht, oder es ist verbraucht"), SLICE_NONE);
}

/* The wrapping token: in the body, where the caller shows a token of his own beside it, or as the caller's own. Whoever has it may use it; of another caller the
 * policies decide, as everywhere. */
static enum err find(struct turn *turn, struct token *ret_token)
{
    struct slice given = turn_field(turn, "token"), own = turn->request->token;
    bool is_own = given.len == 0 || own.len == 0 || secret_equal(given, own);
    enum err err = token_find(turn, given.len > 0 ? given : own, ret_token);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !wrap_is_token(ret_token->row))) {
        return not_valid(turn);
    }
    if (err != ERR_NONE || !is_own) {
        return err != ERR_NONE ? err : turn_authorize(turn);
    }
    turn->caller.name = json_text(ret_token->row, "name", SLICE_NONE); /* whom the audit record names */
    turn->caller.accessor = json_text(ret_token->row, "accessor", SLICE_NONE);
    return ERR_NONE;
}

/* Finds token and reply, and ends the token. */
static enum err take(struct turn *turn, struct token *ret_token, const struct json **ret_tree)
{
    enum err err = find(turn, ret_token);
    err = err == ERR_NONE ? turn_json(turn, reply_path(turn, ret_token->id), ret_tree) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? not_valid(turn) : err;
    }
    return token_end(turn, ret_token->id);
}

enum err operation_wrapping_wrap(struct turn *turn)
{
    uint64_t ttl_s = 0;
    if (slice_to_u64(turn->request->wrap_ttl, &ttl_s) != ERR_NONE || ttl_s == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("endpoint requires response wrapping to be used", "dieser Pfad verlangt X-Vault-Wrap-TTL"), SLICE_NONE);
    }
    const struct json *body = turn->request->body;
    return turn_reply_data(turn, body == NULL ? json_new(turn->arena, JSON_OBJECT) : body);
}

enum err operation_wrapping_unwrap(struct turn *turn)
{
    struct token token;
    const struct json *tree = NULL;
    enum err err = take(turn, &token, &tree);
    return err == ERR_NONE ? turn_reply_top(turn, 200, tree) : err;
}

enum err operation_wrapping_rewrap(struct turn *turn)
{
    struct token token;
    const struct json *tree = NULL;
    enum err err = take(turn, &token, &tree);
    return err == ERR_NONE ? put_away(turn, tree, arena_string(turn->arena, json_text(token.row, "path", SLICE_NONE)), token_number(token.row, "ttl_s")) : err;
}

enum err operation_wrapping_lookup(struct turn *turn)
{
    struct slice given = turn_field(turn, "token");
    struct token token;
    char time[RFC3339_BYTES];
    enum err err = token_find(turn, given.len > 0 ? given : turn->request->token, &token);
    if (err != ERR_NONE || !wrap_is_token(token.row)) {
        return err == ERR_NONE || err == ERR_NOT_FOUND ? not_valid(turn) : err;
    }
    rfc3339_format(turn_wall_ms(turn, token_created_ms(token.row)), time);
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, data, "creation_path", json_text(token.row, "path", SLICE_NONE));
    json_set_string(turn->arena, data, "creation_time", slice_string(time));
    json_set_u64(turn->arena, data, "creation_ttl", token_number(token.row, "ttl_s"));
    return turn_reply_data(turn, data);
}
