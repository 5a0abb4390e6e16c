/* The records of audit devices: members and order as Vault documents them ("Audit devices: log entry schema"). */
#include "engine/device.h"

#include "base/encode.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "engine/http_settings.h"
#include "engine/mount.h"
#include "engine/turn_inside.h"

#include <string.h>

enum { HASH_TEXT_BYTES = 2 * SHA256_BYTES };

/* Everything that writing one line needs; the trees live in the run's arena. */
struct line {
    struct turn *turn;
    struct arena *arena;
    const struct device_style *style;
};

struct slice device_hash(struct arena *arena, struct slice salt, struct slice text)
{
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(salt, text, mac);
    cleanup_buf struct buf hex = BUF_INIT(HASH_TEXT_BYTES);
    char *out = hex_encode(&hex, slice_of(mac, sizeof mac)) == ERR_NONE ? arena_printf(arena, "hmac-sha256:%.*s", (int)hex.len, (const char *)hex.data) : NULL;
    return slice_string(out);
}

static struct slice hidden(const struct line *line, struct slice text)
{
    return line->style->is_raw || text.len == 0 ? text : device_hash(line->arena, line->style->salt, text);
}

static struct slice accessor_of(const struct line *line, struct slice text)
{
    return line->style->hashes_accessor ? hidden(line, text) : text;
}

/* A copy whose strings are hashed. The depth is that of what gate parsed: bounded. */
static struct json *hashed(const struct line *line, const struct json *value)
{
    if (value == NULL || line->style->is_raw) {
        return value == NULL ? NULL : json_copy(line->arena, value);
    }
    if (value->type == JSON_STRING) {
        return json_string(line->arena, hidden(line, value->text));
    }
    if (value->type != JSON_ARRAY && value->type != JSON_OBJECT) {
        return json_copy(line->arena, value);
    }
    struct json *copy = json_new(line->arena, value->type);
    for (const struct json *one = value->first; one != NULL; one = one->next) {
        if (value->type == JSON_ARRAY) {
            json_append(copy, hashed(line, one));
        } else {
            json_set(line->arena, copy, arena_string(line->arena, one->name), hashed(line, one));
        }
    }
    return copy;
}

static bool is_listed(const struct json *list, struct slice name)
{
    for (const struct json *one = list == NULL || list->type != JSON_ARRAY ? NULL : list->first; one != NULL; one = one->next) {
        if (slice_equal(one->text, name)) {
            return true;
        }
    }
    return false;
}

/* The members of a body or a reply; a mount may name some that stay readable (audit_non_hmac_…_keys). */
static struct json *members(const struct line *line, const struct json *data, const char *plain_key)
{
    const struct mount *mount = line->turn->mount;
    const struct json *plain = mount == NULL ? NULL : json_member(json_member(mount->row, "config"), plain_key);
    if (data == NULL || data->type != JSON_OBJECT) {
        return json_new(line->arena, JSON_NULL);
    }
    struct json *copy = json_new(line->arena, JSON_OBJECT);
    for (const struct json *one = data->first; one != NULL; one = one->next) {
        const struct json *text = json_member(one, "text"); /* a field of HCL: what was written, not what gate read in it */
        const struct json *value = text != NULL && json_member(one, "tree") != NULL ? text : one;
        json_set(line->arena, copy, arena_string(line->arena, one->name), is_listed(plain, one->name) ? json_copy(line->arena, value) : hashed(line, value));
    }
    return copy;
}

static void add_text(const struct line *line, struct json *tree, const char *name, struct slice text)
{
    if (text.len > 0) {
        json_set_string(line->arena, tree, name, text);
    }
}

static void add_copy(const struct line *line, struct json *tree, const char *name, const struct json *value)
{
    if (value != NULL && value->type != JSON_NULL) {
        json_set(line->arena, tree, name, json_copy(line->arena, value));
    }
}

/* Those of the caller that do not stand in the token's own row; NULL: none. */
static struct json *policies_of_identity(const struct line *line)
{
    const struct caller *caller = &line->turn->caller;
    struct json *names = json_new(line->arena, JSON_ARRAY);
    for (const struct json *one = caller->policies == NULL ? NULL : caller->policies->first; one != NULL; one = one->next) {
        if (!is_listed(json_member(caller->token, "policies"), one->text)) {
            json_append(names, json_string(line->arena, one->text));
        }
    }
    return names == NULL || names->count == 0 ? NULL : names;
}

/* Who asked. */
static struct json *auth_of(const struct line *line, enum err result)
{
    const struct turn *turn = line->turn;
    const struct json *token = turn->caller.token;
    struct json *auth = json_new(line->arena, JSON_OBJECT);
    add_text(line, auth, "client_token", hidden(line, turn->request->token));
    add_text(line, auth, "accessor", accessor_of(line, turn->caller.accessor));
    add_text(line, auth, "display_name", turn->caller.name);
    add_text(line, auth, "certificate", turn->caller.certificate);
    add_copy(line, auth, "policies", turn->caller.policies);
    add_copy(line, auth, "token_policies", json_member(token, "policies"));
    add_copy(line, auth, "identity_policies", policies_of_identity(line));
    add_copy(line, auth, "metadata", json_member(token, "meta"));
    add_text(line, auth, "entity_id", json_text(token, "entity_id", SLICE_NONE));
    if (token != NULL) {
        add_text(line, auth, "token_type", turn->caller.token_id.len == 0 ? SLICE_LITERAL("batch") : SLICE_LITERAL("service"));
        json_set_bool(line->arena, json_set_object(line->arena, auth, "policy_results"), "allowed", result != ERR_DENIED);
    }
    return auth;
}

static const char *verb_word(enum verb verb)
{
    switch (verb) {
    case VERB_READ:
        return "read";
    case VERB_WRITE:
        return "update";
    case VERB_DELETE:
        return "delete";
    case VERB_LIST:
        return "list";
    case VERB_PATCH:
        return "patch";
    case VERB_SCAN:
        return "scan";
    case VERB_NONE:
        break;
    }
    return "";
}

/* "127.0.0.1:5123", "[::1]:5123" */
static void add_remote(const struct line *line, struct json *request, struct slice remote)
{
    size_t colon = remote.len;
    while (colon > 0 && remote.data[colon - 1] != ':') {
        colon--;
    }
    uint64_t port = 0;
    struct slice host = colon > 0 ? slice_first(remote, colon - 1) : remote;
    if (host.len > 2 && host.data[0] == '[') {
        host = slice_of(host.data + 1, host.len - 2);
    }
    add_text(line, request, "remote_address", host);
    if (colon > 0 && slice_to_u64(slice_from(remote, colon), &port) == ERR_NONE) {
        json_set_u64(line->arena, request, "remote_port", port);
    }
}

static struct slice first_segment(struct slice path)
{
    size_t slash = slice_find_byte(path, '/');
    return slice_first(path, slash == SIZE_MAX ? path.len : slash);
}

static void add_mount(const struct line *line, struct json *tree)
{
    const struct turn *turn = line->turn;
    if (turn->mount == NULL) {
        struct slice first = first_segment(turn->request->path);
        add_text(line, tree, "mount_point", slice_string(arena_printf(line->arena, "%.*s/", (int)first.len, (const char *)first.data)));
        add_text(line, tree, "mount_type", slice_is(first, "auth") ? SLICE_LITERAL("token") : SLICE_LITERAL("system"));
        return;
    }
    add_text(line, tree, "mount_point", slice_string(arena_printf(line->arena, "%.*s/", (int)turn->mount->path.len, (const char *)turn->mount->path.data)));
    add_text(line, tree, "mount_type", json_text(turn->mount->row, "type", SLICE_NONE));
    add_text(line, tree, "mount_accessor", json_text(turn->mount->row, "accessor", SLICE_NONE));
    add_text(line, tree, "mount_class", json_text(turn->mount->row, "class", SLICE_NONE));
}

static struct slice as_it_is(struct arena *arena, struct slice salt, struct slice text)
{
    (void)arena;
    (void)salt;
    return text;
}

static struct json *request_of(const struct line *line)
{
    const struct request *given = line->turn->request;
    struct json *request = json_new(line->arena, JSON_OBJECT);
    const struct json *envelope = reply_envelope(line->turn, NULL, NULL);
    add_text(line, request, "id", json_text(envelope, "request_id", SLICE_NONE));
    add_text(line, request, "operation", slice_string(verb_word(given->verb)));
    add_mount(line, request);
    add_text(line, request, "client_token", hidden(line, given->token));
    add_text(line, request, "client_token_accessor", accessor_of(line, line->turn->caller.accessor));
    const struct namespace *space = &line->turn->space;
    struct json *place = json_set_object(line->arena, request, "namespace");
    json_set_string(line->arena, place, "id", space->id.len == 0 ? SLICE_LITERAL("root") : space->id);
    if (space->id.len > 0) {
        json_set_string(line->arena, place, "path", slice_string(arena_printf(line->arena, "%.*s/", (int)space->path.len, (const char *)space->path.data)));
    }
    add_text(line, request, "path", given->path);
    if (given->body != NULL) {
        json_set(line->arena, request, "data", members(line, given->body, "audit_non_hmac_request_keys"));
    }
    struct json *headers = http_settings_headers(line->arena, given->headers, line->style->is_raw ? as_it_is : device_hash, line->style->salt);
    if (headers != NULL) {
        json_set(line->arena, request, "headers", headers);
    }
    add_text(line, request, "wrap_ttl", given->wrap_ttl);
    add_remote(line, request, given->remote);
    return request;
}

/* Vault's elide_list_responses: how many, not which. */
static struct json *elided(const struct line *line, const struct json *data)
{
    struct json *copy = json_new(line->arena, JSON_OBJECT);
    for (const struct json *one = data->first; one != NULL; one = one->next) {
        bool is_long = (slice_is(one->name, "keys") && one->type == JSON_ARRAY) || (slice_is(one->name, "key_info") && one->type == JSON_OBJECT);
        char *name = arena_string(line->arena, one->name);
        if (is_long) {
            json_set_u64(line->arena, copy, name, one->count);
        } else {
            json_set(line->arena, copy, name, json_copy(line->arena, one));
        }
    }
    return copy;
}

static void add_reply_auth(const struct line *line, struct json *response, const struct json *auth)
{
    static const char *const plain[] = {"display_name", "policies", "token_policies", "identity_policies", "metadata", "entity_id", "token_type", "num_uses", "lease_duration", "renewable"};
    if (auth == NULL || auth->type != JSON_OBJECT) {
        return;
    }
    struct json *copy = json_set_object(line->arena, response, "auth");
    add_text(line, copy, "client_token", hidden(line, json_text(auth, "client_token", SLICE_NONE)));
    add_text(line, copy, "accessor", accessor_of(line, json_text(auth, "accessor", SLICE_NONE)));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_copy(line, copy, plain[i], json_member(auth, plain[i]));
    }
}

static void add_wrapping(const struct line *line, struct json *response, const struct json *wrap)
{
    static const char *const plain[] = {"ttl", "creation_time", "creation_path"};
    if (wrap == NULL || wrap->type != JSON_OBJECT) {
        return;
    }
    struct json *copy = json_set_object(line->arena, response, "wrap_info");
    add_text(line, copy, "token", hidden(line, json_text(wrap, "token", SLICE_NONE)));
    add_text(line, copy, "accessor", accessor_of(line, json_text(wrap, "accessor", SLICE_NONE)));
    add_text(line, copy, "wrapped_accessor", accessor_of(line, json_text(wrap, "wrapped_accessor", SLICE_NONE)));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_copy(line, copy, plain[i], json_member(wrap, plain[i]));
    }
}

/* Many of Vogt's own replies and some of Vault's have no envelope: then all of it is data. */
static struct json *response_of(const struct line *line)
{
    const struct json *tree = line->turn->reply.kind == REPLY_TREE ? line->turn->reply.tree : NULL;
    struct json *response = json_new(line->arena, JSON_OBJECT);
    add_mount(line, response);
    if (tree == NULL) {
        return response;
    }
    const struct json *data = json_member(tree, "request_id") == NULL ? tree : json_member(tree, "data");
    add_reply_auth(line, response, json_member(tree, "auth"));
    add_wrapping(line, response, json_member(tree, "wrap_info"));
    struct slice lease = json_text(tree, "lease_id", SLICE_NONE);
    if (lease.len > 0) {
        json_set_string(line->arena, json_set_object(line->arena, response, "secret"), "lease_id", lease);
    }
    if (data != NULL && data->type == JSON_OBJECT) {
        bool elides = line->style->elides_lists && line->turn->request->verb == VERB_LIST;
        json_set(line->arena, response, "data", members(line, elides ? elided(line, data) : data, "audit_non_hmac_response_keys"));
    }
    add_copy(line, response, "warnings", json_member(tree, "warnings"));
    return response;
}

static void add_error(const struct line *line, struct json *record, enum err result)
{
    const struct json *errors = line->turn->reply.kind == REPLY_TREE ? json_member(line->turn->reply.tree, "errors") : NULL;
    bool is_nothing = result == ERR_NOT_FOUND && errors != NULL && errors->first == NULL; /* there is nothing: an answer, no error */
    if (result != ERR_NONE && !is_nothing) {
        json_set_string(line->arena, record, "error", errors != NULL && errors->first != NULL ? errors->first->text : slice_string(err_text(result, LANGUAGE_ENGLISH)));
    }
}

enum err device_line(struct turn *turn, const struct device_style *style, enum device_moment moment, enum err result, struct buf *out)
{
    const struct line line = {.turn = turn, .arena = turn->arena, .style = style};
    char time[RFC3339_BYTES];
    rfc3339_format(turn->now_ms, time);
    struct json *record = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, record, "time", slice_string(time));
    json_set_string(turn->arena, record, "type", moment == DEVICE_REQUEST ? SLICE_LITERAL("request") : SLICE_LITERAL("response"));
    json_set(turn->arena, record, "auth", auth_of(&line, result));
    json_set(turn->arena, record, "request", request_of(&line));
    if (moment == DEVICE_RESPONSE && result == ERR_NONE) {
        json_set(turn->arena, record, "response", response_of(&line));
    }
    add_error(&line, record, result);
    enum err err = buf_append(out, style->prefix);
    err = err == ERR_NONE ? json_write(out, record, 0) : err;
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}
