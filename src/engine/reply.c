#include "engine/turn_inside.h"

#include "base/encode.h"

static struct json *request_id(struct turn *turn)
{
    static const char digits[] = "0123456789abcdef";
    char text[37];
    const uint8_t *seed = turn->inside->seed;
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = digits[(seed[i] ^ seed[i + 16]) >> 4]; /* folded, so that the id tells nothing of the seed */
        text[at++] = digits[(seed[i] ^ seed[i + 16]) & 15];
    }
    return json_string(turn->arena, slice_of(text, at));
}

struct json *reply_envelope(struct turn *turn, const struct json *data, const struct json *auth)
{
    struct arena *arena = turn->arena;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set(arena, body, "request_id", request_id(turn));
    json_set_string(arena, body, "lease_id", SLICE_NONE);
    json_set_bool(arena, body, "renewable", false);
    json_set_u64(arena, body, "lease_duration", 0);
    json_set(arena, body, "data", data == NULL ? json_new(arena, JSON_NULL) : json_share(arena, data));
    json_set_null(arena, body, "wrap_info");
    json_set_null(arena, body, "warnings");
    json_set(arena, body, "auth", auth == NULL ? json_new(arena, JSON_NULL) : json_copy(arena, auth));
    return body;
}

static enum err reply_tree(struct turn *turn, uint16_t status, const struct json *tree)
{
    turn->reply = (struct reply){.status = status, .kind = REPLY_TREE, .tree = tree};
    return tree == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err turn_reply_data(struct turn *turn, const struct json *data)
{
    return data == NULL ? ERR_MEMORY : reply_tree(turn, 200, reply_envelope(turn, data, NULL));
}

struct json *turn_keys(struct turn *turn, const struct turn_names *names)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    for (size_t i = 0; i < names->count && data != NULL; i++) {
        data = json_append(keys, json_string(turn->arena, names->names[i])) == NULL ? NULL : data;
    }
    return data;
}

enum err turn_reply_names(struct turn *turn, const char *prefix, uint32_t limit)
{
    struct turn_names names;
    enum err err = turn_names(turn, prefix, turn_query(turn, "after"), limit, &names);
    if (err != ERR_NONE || names.count == 0) {
        return err != ERR_NONE ? err : ERR_NOT_FOUND;
    }
    return turn_reply_data(turn, turn_keys(turn, &names));
}

enum err turn_reply_both(struct turn *turn, const struct json *data)
{
    struct json *top = data == NULL ? NULL : reply_envelope(turn, data, NULL);
    for (const struct json *member = top == NULL ? NULL : data->first; member != NULL; member = member->next) {
        char *name = arena_string(turn->arena, member->name);
        if (json_member(top, name) == NULL && json_set(turn->arena, top, name, json_copy(turn->arena, member)) == NULL) {
            return ERR_MEMORY;
        }
    }
    return reply_tree(turn, 200, top);
}

enum err turn_reply_auth(struct turn *turn, const struct json *auth)
{
    return auth == NULL ? ERR_MEMORY : reply_tree(turn, 200, reply_envelope(turn, NULL, auth));
}

enum err turn_reply_top(struct turn *turn, uint16_t status, const struct json *top)
{
    return reply_tree(turn, status, top);
}

enum err turn_reply_lease(struct turn *turn, struct slice lease_id, bool renewable, uint64_t seconds)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = turn->reply.tree == NULL ? NULL : turn->reply.tree->first; member != NULL; member = member->next) {
        const char *name = arena_string(turn->arena, member->name);
        if (slice_is(member->name, "lease_id")) {
            json_set_string(turn->arena, top, name, lease_id);
        } else if (slice_is(member->name, "renewable")) {
            json_set_bool(turn->arena, top, name, renewable);
        } else if (slice_is(member->name, "lease_duration")) {
            json_set_u64(turn->arena, top, name, seconds);
        } else {
            json_set(turn->arena, top, name, json_copy(turn->arena, member));
        }
    }
    return reply_tree(turn, turn->reply.status, top);
}

enum err turn_reply_warn(struct turn *turn, const char *warning)
{
    struct json *top = json_new(turn->arena, JSON_OBJECT);
    const struct json *before = turn->reply.tree;
    for (const struct json *member = before == NULL ? NULL : before->first; member != NULL; member = member->next) {
        char *name = arena_string(turn->arena, member->name);
        if (slice_is(member->name, "warnings")) {
            struct json *warnings = json_set_array(turn->arena, top, name);
            for (const struct json *one = member->first; one != NULL; one = one->next) {
                json_append(warnings, json_share(turn->arena, one));
            }
            json_append(warnings, json_string(turn->arena, slice_string(warning)));
        } else {
            json_set(turn->arena, top, name, json_share(turn->arena, member));
        }
    }
    return reply_tree(turn, turn->reply.status, top);
}

enum err turn_reply_warning(struct turn *turn, uint16_t status, const char *warning)
{
    enum err err = reply_tree(turn, status, reply_envelope(turn, NULL, NULL));
    return err == ERR_NONE ? turn_reply_warn(turn, warning) : err;
}

enum err turn_reply_raw(struct turn *turn, const char *content_type, const char *file_name, struct slice raw)
{
    turn->reply = (struct reply){.status = 200, .kind = REPLY_RAW, .content_type = slice_string(content_type), .file_name = slice_string(file_name), .raw = raw};
    return ERR_NONE;
}

enum err turn_reply_redirect(struct turn *turn, struct slice path)
{
    turn->reply = (struct reply){.status = 303, .kind = REPLY_REDIRECT, .raw = path};
    return path.data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err turn_reply_none(struct turn *turn)
{
    turn->reply = (struct reply){.status = 204, .kind = REPLY_NONE};
    return ERR_NONE;
}

/* {"errors":["…"]}, Vault's words where clients match them; with a complaint its parts beside, for page and command line. NULL: no room. */
static struct json *error_tree(struct arena *arena, const struct complaint *complaint, enum err err)
{
    struct json *body = json_new(arena, JSON_OBJECT), *errors = json_set_array(arena, body, "errors");
    bool is_empty = err == ERR_NOT_FOUND && complaint->text.english == NULL;
    if (complaint->text.english != NULL) {
        char text[512];
        size_t len = complaint_format(complaint, LANGUAGE_ENGLISH, text, sizeof text);
        json_append(errors, json_string(arena, slice_of(text, len)));
        struct json *parts = json_set_object(arena, body, "complaint");
        json_set_string(arena, parts, "english", slice_of(text, len));
        len = complaint_format(complaint, LANGUAGE_GERMAN, text, sizeof text);
        json_set_string(arena, parts, "german", slice_of(text, len));
        json_set_u64(arena, parts, "line", complaint->line);
        json_set_u64(arena, parts, "column", complaint->column);
        return json_set_string(arena, parts, "detail", slice_string(complaint->detail)) == NULL ? NULL : body;
    }
    bool is_made = is_empty ? errors != NULL : json_append(errors, json_string(arena, slice_string(err_text(err, LANGUAGE_ENGLISH)))) != NULL;
    return is_made ? body : NULL;
}

/* A run that filled its arena is the one whose refusal must still leave: it gets a small one of its own. What the run keeps stays where it is. */
void reply_error(struct turn *turn, enum err err)
{
    struct turn_private *inside = turn->inside;
    struct json *body = error_tree(turn->arena, &turn->complaint, err);
    if (body == NULL) {
        inside->refusal = inside->refusal == NULL ? arena_new(TURN_REFUSAL_MAX_BYTES) : inside->refusal;
        body = inside->refusal == NULL ? NULL : error_tree(inside->refusal, &turn->complaint, err);
    }
    turn->reply = (struct reply){.status = (uint16_t)err_http_status(err), .kind = body == NULL ? REPLY_NONE : REPLY_TREE, .retry_after_s = turn->retry_after_s, .tree = body};
}
