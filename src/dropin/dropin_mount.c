/* secrets, auth, audit: what is mounted where. The three differ in a prefix, a word and a few columns. */
#include "dropin/dropin.h"

#include <string.h>

struct family {
    const char *prefix, *word; /* "sys/auth", "auth method" */
};
static const struct family engines = {"sys/mounts", "secrets engine"}, logins = {"sys/auth", "auth method"}, devices = {"sys/audit", "audit device"};

static const char *trimmed(struct dropin *dropin, const char *path)
{
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    return arena_string(dropin->run.arena, slice_of(path, len));
}

/* ---- list ---- */

static const char *text_member(struct dropin *dropin, const struct json *row, const char *name)
{
    const struct json *value = json_path(row, name);
    struct slice text = value == NULL || value->type == JSON_NULL ? SLICE_LITERAL("n/a") : dropin_value(dropin, value);
    return arena_string(dropin->run.arena, text.len == 0 ? SLICE_LITERAL("n/a") : text);
}

static const char *ttl_member(struct dropin *dropin, const struct json *row, const char *name)
{
    uint64_t seconds = 0;
    const struct json *config = json_member(row, "config");
    return json_u64(config, name, &seconds) == ERR_NONE && seconds > 0 ? dropin_duration(dropin, seconds) : "system";
}

static int list(struct dropin *dropin, const struct family *family)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = family->prefix, .doing = arena_printf(dropin->run.arena, "Error listing %ss", family->word)};
    int code = dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    const struct json *data = json_member(answer.tree, "data");
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, data);
    }
    bool is_device = family == &devices, is_detailed = dropin_switch(dropin, "detailed");
    if (is_device && (data == NULL || data->count == 0)) {
        dropin_line(dropin, "No audit devices are enabled.");
        return DROPIN_OK;
    }
    struct dropin_table table = dropin_table_of(dropin, is_device ? 3 : is_detailed ? 8 : 4);
    for (const struct json *row = data == NULL ? NULL : data->first; row != NULL; row = row->next) {
        const char *path = arena_string(dropin->run.arena, row->name), *type = text_member(dropin, row, "type");
        struct slice note = json_text(row, "description", SLICE_NONE);
        const char *description = note.len == 0 ? "n/a" : arena_string(dropin->run.arena, note);
        const char *plain[] = {path, type, is_device ? description : text_member(dropin, row, "accessor"), description};
        const char *detailed[] = {path, type, text_member(dropin, row, "accessor"), ttl_member(dropin, row, "default_lease_ttl"), ttl_member(dropin, row, "max_lease_ttl"),
                                  text_member(dropin, row, "options"), text_member(dropin, row, "uuid"), description};
        dropin_row(&table, is_detailed && !is_device ? detailed : plain);
    }
    dropin_table_write(dropin, &table, is_device ? "Path|Type|Description" : is_detailed ? "Path|Type|Accessor|Default TTL|Max TTL|Options|UUID|Description" : "Path|Type|Accessor|Description");
    return DROPIN_OK;
}

int verb_secrets_list(struct dropin *dropin)
{
    return list(dropin, &engines);
}

int verb_auth_list(struct dropin *dropin)
{
    return list(dropin, &logins);
}

int verb_audit_list(struct dropin *dropin)
{
    return list(dropin, &devices);
}

/* ---- enable, disable ---- */

static int send(struct dropin *dropin, const char *method, const char *path, const struct json *body, const char *doing)
{
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .doing = doing};
    return path == NULL || doing == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
}

static int tuning(struct dropin *dropin, struct json *config)
{
    static const struct dropin_field fields[] = {{"default-lease-ttl", "default_lease_ttl", DROPIN_TEXT}, {"max-lease-ttl", "max_lease_ttl", DROPIN_TEXT},
                                                 {"token-type", "token_type", DROPIN_TEXT}, {"listing-visibility", "listing_visibility", DROPIN_TEXT},
                                                 {"force-no-cache", "force_no_cache", DROPIN_SWITCH}};
    return dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), config);
}

static int set_options(struct dropin *dropin, struct json *body)
{
    const char *version = dropin_flag(dropin, "version");
    int code = dropin_pairs_flag(dropin, "options", body, "options");
    if (version != NULL && code == DROPIN_OK && json_member(body, "options") == NULL) {
        json_set_string(dropin->run.arena, json_set_object(dropin->run.arena, body, "options"), "version", slice_string(version));
    }
    return code;
}

/* "kv-v2" is kv with its version, as Vault's command line has it. */
static const char *type_of(struct dropin *dropin, const char *word, struct json *body)
{
    bool is_second = strcmp(word, "kv-v2") == 0;
    if ((is_second || strcmp(word, "kv-v1") == 0) && json_member(body, "options") == NULL) {
        json_set_string(dropin->run.arena, json_set_object(dropin->run.arena, body, "options"), "version", slice_string(is_second ? "2" : "1"));
    }
    return is_second || strcmp(word, "kv-v1") == 0 ? "kv" : word;
}

static int enable(struct dropin *dropin, const struct family *family)
{
    static const struct dropin_field fields[] = {{"description", "description", DROPIN_TEXT}, {"local", "local", DROPIN_SWITCH}, {"seal-wrap", "seal_wrap", DROPIN_SWITCH}};
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    code = code == DROPIN_OK ? set_options(dropin, body) : code;
    code = code == DROPIN_OK ? tuning(dropin, json_set_object(dropin->run.arena, body, "config")) : code;
    const char *type = type_of(dropin, dropin->words[0], body), *given = dropin_flag(dropin, "path"), *path = trimmed(dropin, given == NULL ? type : given);
    json_set_string(dropin->run.arena, body, "type", slice_string(type));
    code = code == DROPIN_OK ? send(dropin, "POST", arena_printf(dropin->run.arena, "%s/%s", family->prefix, path), body, arena_printf(dropin->run.arena, "Error enabling %s", family->word))
                             : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Enabled %s %s at: %s/", type, family->word, path);
    }
    return code;
}

int verb_secrets_enable(struct dropin *dropin)
{
    return enable(dropin, &engines);
}

int verb_auth_enable(struct dropin *dropin)
{
    return enable(dropin, &logins);
}

int verb_audit_enable(struct dropin *dropin)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT), *options = NULL;
    const char *type = dropin->words[0], *given = dropin_flag(dropin, "path"), *note = dropin_flag(dropin, "description"), *path = trimmed(dropin, given == NULL ? type : given);
    int code = dropin_data(dropin, 1, &options);
    json_set_string(dropin->run.arena, body, "type", slice_string(type));
    json_set_string(dropin->run.arena, body, "description", slice_string(note));
    json_set(dropin->run.arena, body, "options", options);
    code = code == DROPIN_OK ? send(dropin, "PUT", arena_printf(dropin->run.arena, "sys/audit/%s", path), body, "Error enabling audit device") : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Enabled the %s audit device at: %s/", type, path);
    }
    return code;
}

static int disable(struct dropin *dropin, const struct family *family)
{
    const char *path = trimmed(dropin, dropin->words[0]);
    int code = send(dropin, "DELETE", arena_printf(dropin->run.arena, "%s/%s", family->prefix, path), NULL, arena_printf(dropin->run.arena, "Error disabling %s", family->word));
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Disabled the %s (if it existed) at: %s/", family->word, path);
    }
    return code;
}

int verb_secrets_disable(struct dropin *dropin)
{
    return disable(dropin, &engines);
}

int verb_auth_disable(struct dropin *dropin)
{
    return disable(dropin, &logins);
}

int verb_audit_disable(struct dropin *dropin)
{
    return disable(dropin, &devices);
}

/* ---- tune, move ---- */

static int tune(struct dropin *dropin, const struct family *family)
{
    static const struct dropin_field fields[] = {{"description", "description", DROPIN_TEXT}};
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    const char *path = trimmed(dropin, dropin->words[0]);
    int code = dropin_fields(dropin, fields, 1, body);
    code = code == DROPIN_OK ? set_options(dropin, body) : code;
    code = code == DROPIN_OK ? tuning(dropin, body) : code;
    code = code == DROPIN_OK ? send(dropin, "POST", arena_printf(dropin->run.arena, "%s/%s/tune", family->prefix, path), body, arena_printf(dropin->run.arena, "Error tuning %s", family->word))
                             : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Tuned the %s at: %s/", family->word, path);
    }
    return code;
}

int verb_secrets_tune(struct dropin *dropin)
{
    return tune(dropin, &engines);
}

int verb_auth_tune(struct dropin *dropin)
{
    return tune(dropin, &logins);
}

static int move(struct dropin *dropin, const char *prefix, const char *word)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    const char *from = trimmed(dropin, dropin->words[0]), *to = trimmed(dropin, dropin->words[1]);
    json_set_string(dropin->run.arena, body, "from", slice_string(arena_printf(dropin->run.arena, "%s%s", prefix, from)));
    json_set_string(dropin->run.arena, body, "to", slice_string(arena_printf(dropin->run.arena, "%s%s", prefix, to)));
    int code = send(dropin, "POST", "sys/remount", body, arena_printf(dropin->run.arena, "Error moving %s", word));
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Moved %s %s/ to: %s/", word, from, to);
    }
    return code;
}

int verb_secrets_move(struct dropin *dropin)
{
    return move(dropin, "", "secrets engine");
}

int verb_auth_move(struct dropin *dropin)
{
    return move(dropin, "auth/", "auth method");
}
