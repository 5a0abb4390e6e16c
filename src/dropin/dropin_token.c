/* login, print token, token ...: who the caller is. */
#include "dropin/dropin.h"

#include "command/secret_prompt.h"

#include <string.h>

/* ---- login ---- */

static int show_login(struct dropin *dropin, const struct json *reply)
{
    struct slice token = json_text(json_member(reply, "auth"), "client_token", SLICE_NONE);
    if (dropin_switch(dropin, "token-only")) {
        return dropin_show_field(dropin, token);
    }
    if (!dropin_switch(dropin, "no-store")) {
        int code = dropin_keep_token(dropin, token);
        if (code != DROPIN_OK) {
            return code;
        }
    }
    if (dropin_switch(dropin, "no-print")) {
        return DROPIN_OK;
    }
    if (dropin_is_table(dropin) && dropin_flag(dropin, "field") == NULL) {
        dropin_line(dropin, "Success! You are now authenticated.%s\n",
                    dropin_switch(dropin, "no-store") ? "" : text_in(TEXT(" The token is kept in ~/.vault-token.", " Das Token liegt in ~/.vault-token."), dropin->run.language));
    }
    return dropin_show(dropin, reply);
}

/* What lookup-self says of a token, as a login's reply. */
static const struct json *as_login(struct dropin *dropin, const struct json *data, struct slice token)
{
    struct arena *arena = dropin->run.arena;
    struct json *reply = json_new(arena, JSON_OBJECT), *auth = json_set_object(arena, reply, "auth");
    uint64_t ttl = 0;
    json_set_string(arena, auth, "client_token", token);
    json_set_string(arena, auth, "accessor", json_text(data, "accessor", SLICE_NONE));
    json_set_u64(arena, auth, "lease_duration", json_u64(data, "ttl", &ttl) == ERR_NONE ? ttl : 0);
    json_set_bool(arena, auth, "renewable", json_bool(data, "renewable", false));
    static const char *const lists[][2] = {{"token_policies", "policies"}, {"identity_policies", "identity_policies"}, {"policies", "policies"}};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct json *list = json_member(data, lists[i][1]);
        json_set(arena, auth, lists[i][0], list == NULL ? json_new(arena, JSON_ARRAY) : json_copy(arena, list));
    }
    const struct json *metadata = json_member(data, "meta");
    if (metadata != NULL) {
        json_set(arena, auth, "metadata", json_copy(arena, metadata));
    }
    return reply;
}

static int login_with_token(struct dropin *dropin)
{
    struct secret typed cleanup_secret = SECRET_NONE;
    struct slice token = dropin->word_count == 1 ? slice_string(dropin->words[0]) : SLICE_NONE;
    if (dropin->word_count == 1 && slice_starts(token, SLICE_LITERAL("token="))) {
        token = slice_from(token, strlen("token="));
    }
    if (token.len == 0 || slice_is(token, "-")) {
        if (prompt_secret(&dropin->run, "Token (will be hidden): ", &typed) != OUTCOME_OK) {
            return DROPIN_LOCAL;
        }
        token = slice_trim(secret_slice(&typed));
    }
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = "auth/token/lookup-self", .doing = "Error authenticating"};
    int code = dropin_use_token(dropin, token);
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? show_login(dropin, as_login(dropin, json_member(answer.tree, "data"), token)) : code;
}

/* Takes a member out of the object that the words made. */
static struct slice take_member(struct json *object, const char *name)
{
    struct json **place = &object->first, *before = NULL;
    for (struct json *member = object->first; member != NULL; before = member, place = &member->next, member = member->next) {
        if (slice_is(member->name, name)) {
            *place = member->next;
            object->last = object->last == member ? before : object->last;
            object->count--;
            return member->text;
        }
    }
    return SLICE_NONE;
}

/* Methods whose path names the person, who types a password. */
static bool has_password(const char *method)
{
    static const char *const methods[] = {"userpass", "ldap", "okta", "radius"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int login_with_method(struct dropin *dropin, const char *method)
{
    struct secret typed cleanup_secret = SECRET_NONE;
    struct json *body = NULL;
    const char *mount = dropin_flag(dropin, "path"), *path;
    mount = mount == NULL ? method : mount;
    size_t len = strlen(mount);
    len -= len > 0 && mount[len - 1] == '/' ? 1 : 0;
    path = arena_printf(dropin->run.arena, "auth/%.*s/login", (int)len, mount);
    int code = dropin_data(dropin, 0, &body);
    if (code == DROPIN_OK && has_password(method)) {
        struct slice name = take_member(body, "username");
        if (name.len == 0) {
            return dropin_say(dropin, TEXT("username=NAME is missing", "username=NAME fehlt"), NULL);
        }
        path = arena_printf(dropin->run.arena, "%s/%.*s", path, (int)name.len, (const char *)name.data);
        if (json_member(body, "password") == NULL) {
            if (prompt_secret(&dropin->run, "Password (will be hidden): ", &typed) != OUTCOME_OK) {
                return DROPIN_LOCAL;
            }
            json_set_string(dropin->run.arena, body, "password", secret_slice(&typed));
        }
    }
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "PUT", .path = path, .body = body, .doing = "Error authenticating"};
    code = code == DROPIN_OK ? dropin_use_token(dropin, SLICE_NONE) : code;
    code = code == DROPIN_OK && path == NULL ? dropin_out_of_memory(dropin) : code;
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? show_login(dropin, answer.tree) : code;
}

static int login_with_browser(struct dropin *dropin)
{
    struct dropin_answer answer;
    const char *mount = dropin_flag(dropin, "path");
    size_t len = mount == NULL ? 0 : strlen(mount);
    len -= len > 0 && mount[len - 1] == '/' ? 1 : 0;
    mount = mount == NULL ? "oidc" : arena_string(dropin->run.arena, slice_of(mount, len));
    int code = mount == NULL ? dropin_out_of_memory(dropin) : dropin_login_browser(dropin, mount, &answer);
    return code == DROPIN_OK ? show_login(dropin, answer.tree) : code;
}

int verb_login(struct dropin *dropin)
{
    const char *method = dropin_flag(dropin, "method");
    if (method == NULL || strcmp(method, "token") == 0) {
        return login_with_token(dropin);
    }
    if (strcmp(method, "oidc") == 0) {
        return login_with_browser(dropin);
    }
    return login_with_method(dropin, method);
}

int verb_print_token(struct dropin *dropin)
{
    struct slice token = dropin_token(dropin);
    dropin_line(dropin, "%.*s", (int)token.len, token.len > 0 ? (const char *)token.data : "");
    return DROPIN_OK;
}

/* ---- token ---- */

int verb_token_create(struct dropin *dropin)
{
    static const struct dropin_field fields[] = {
        {"id", "id", DROPIN_TEXT}, {"policy", "policies", DROPIN_LIST}, {"ttl", "ttl", DROPIN_TEXT}, {"period", "period", DROPIN_TEXT},
        {"explicit-max-ttl", "explicit_max_ttl", DROPIN_TEXT}, {"no-default-policy", "no_default_policy", DROPIN_SWITCH}, {"use-limit", "num_uses", DROPIN_NUMBER},
        {"renewable", "renewable", DROPIN_SWITCH}, {"display-name", "display_name", DROPIN_TEXT}, {"type", "type", DROPIN_TEXT}, {"entity-alias", "entity_alias", DROPIN_TEXT}};
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    const char *role = dropin_flag(dropin, "role"), *path = dropin_switch(dropin, "orphan") ? "auth/token/create-orphan" : "auth/token/create";
    struct dropin_answer answer;
    path = role == NULL ? path : arena_printf(dropin->run.arena, "auth/token/create/%s", role);
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    code = code == DROPIN_OK ? dropin_pairs_flag(dropin, "metadata", body, "meta") : code;
    struct dropin_ask ask = {.method = "POST", .path = path, .body = body, .doing = "Error creating token"};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

/* One request about the caller's token, another one, or that behind an accessor. */
static int about_token(struct dropin *dropin, const char *verb, const char *member, struct json *body, const char *doing, struct dropin_answer *ret_answer)
{
    const char *word = dropin->word_count > 0 ? dropin->words[0] : NULL;
    bool by_accessor = dropin_switch(dropin, "accessor");
    if (by_accessor && word == NULL) {
        return dropin_say(dropin, TEXT("an accessor is missing", "es fehlt ein Accessor"), NULL);
    }
    const char *suffix = by_accessor ? "-accessor" : word == NULL ? "-self" : "";
    if (word != NULL) {
        json_set_string(dropin->run.arena, body, by_accessor ? "accessor" : member, slice_string(word));
    }
    struct dropin_ask ask = {.method = word == NULL && strcmp(verb, "lookup") == 0 ? "GET" : "PUT", .path = arena_printf(dropin->run.arena, "auth/token/%s%s", verb, suffix),
                             .body = word == NULL && strcmp(verb, "lookup") == 0 ? NULL : body, .doing = doing};
    return dropin_ask(dropin, &ask, ret_answer);
}

int verb_token_lookup(struct dropin *dropin)
{
    struct dropin_answer answer;
    int code = about_token(dropin, "lookup", "token", json_new(dropin->run.arena, JSON_OBJECT), "error looking up token", &answer);
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

int verb_token_renew(struct dropin *dropin)
{
    static const struct dropin_field fields[] = {{"increment", "increment", DROPIN_TEXT}, {"i", "increment", DROPIN_TEXT}};
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    code = code == DROPIN_OK ? about_token(dropin, "renew", "token", body, "Error renewing token", &answer) : code;
    return code == DROPIN_OK ? dropin_show(dropin, answer.tree) : code;
}

int verb_token_revoke(struct dropin *dropin)
{
    const char *mode = dropin_flag(dropin, "mode");
    struct dropin_answer answer;
    if ((dropin->word_count == 0) != dropin_switch(dropin, "self")) {
        return dropin_say(dropin, TEXT("give a token, an accessor with -accessor, or -self", "gib ein Token an, einen Accessor mit -accessor, oder -self"), NULL);
    }
    if (mode != NULL && strcmp(mode, "orphan") != 0) {
        return dropin_say(dropin, TEXT("the only mode is orphan", "der einzige Modus ist orphan"), mode);
    }
    int code = about_token(dropin, mode == NULL ? "revoke" : "revoke-orphan", "token", json_new(dropin->run.arena, JSON_OBJECT), "Error revoking token", &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Revoked token (if it existed)");
    }
    return code;
}

int verb_token_capabilities(struct dropin *dropin)
{
    bool is_other = dropin->word_count == 2, by_accessor = dropin_switch(dropin, "accessor");
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    if (is_other) {
        json_set_string(dropin->run.arena, body, by_accessor ? "accessor" : "token", slice_string(dropin->words[0]));
    }
    const char *path = dropin->words[dropin->word_count - 1];
    json_append(json_set_array(dropin->run.arena, body, "paths"), json_string(dropin->run.arena, slice_string(path)));
    struct dropin_ask ask = {.method = "POST", .path = !is_other ? "sys/capabilities-self" : by_accessor ? "sys/capabilities-accessor" : "sys/capabilities", .body = body,
                             .doing = "Error listing capabilities"};
    int code = dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    const struct json *data = json_member(answer.tree, "data"), *list = json_member(data == NULL ? answer.tree : data, path);
    list = list == NULL ? json_member(data == NULL ? answer.tree : data, "capabilities") : list;
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, list);
    }
    for (const struct json *word = list == NULL ? NULL : list->first; word != NULL; word = word->next) {
        screen_put(&dropin->run.screen, COLOUR_NONE, word->text);
        fputs(word->next == NULL ? "\n" : ", ", dropin->run.screen.out);
    }
    return DROPIN_OK;
}
