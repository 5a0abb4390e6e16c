#include "dropin/dropin_config.h"

#include "base/hcl.h"
#include "base/time.h"

#include <string.h>

/* ---- both languages as one tree: {"listener":[{"tcp":[{...}]}], "ui":true} ---- */

static struct json *body_of(struct arena *arena, const struct hcl_block *block)
{
    struct json *body = json_new(arena, JSON_OBJECT);
    for (const struct hcl_attribute *attribute = block->attributes; attribute != NULL; attribute = attribute->next) {
        json_set(arena, body, arena_string(arena, attribute->name), json_copy(arena, attribute->value));
    }
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        const char *type = arena_string(arena, child->type);
        struct json *inner = body_of(arena, child), *list = NULL;
        for (size_t i = child->label_count; i > 0; i--) {
            struct json *outer = json_new(arena, JSON_OBJECT);
            json_set(arena, outer, arena_string(arena, child->labels[i - 1]), inner);
            inner = outer;
        }
        for (struct json *member = body == NULL ? NULL : body->first; member != NULL; member = member->next) {
            list = slice_is(member->name, type) && member->type == JSON_ARRAY ? member : list;
        }
        json_append(list == NULL ? json_set_array(arena, body, type) : list, inner);
    }
    return body;
}

/* An object stands for a list with one of it. */
static const struct json *first_of(const struct json *value)
{
    return value != NULL && value->type == JSON_ARRAY ? value->first : value;
}

static const struct json *next_of(const struct json *value, const struct json *item)
{
    return value->type == JSON_ARRAY ? item->next : NULL;
}

/* ---- values ---- */

static enum err refuse(struct complaint *complaint, enum err err, struct text text, struct slice detail)
{
    return complain(complaint, err, text, 0, 0, (const char *)detail.data, detail.len);
}

/* Strings, numbers and booleans may all be written as strings. */
static bool is_true(const struct json *body, const char *name)
{
    struct slice text = json_text(body, name, SLICE_NONE);
    return json_bool(body, name, false) || slice_is(text, "true") || slice_is(text, "1");
}

static const char *text_of(struct arena *arena, const struct json *body, const char *name, const char *fallback)
{
    struct slice text = json_text(body, name, SLICE_NONE);
    return text.len == 0 ? fallback : arena_string(arena, text);
}

static enum err take_seconds(const struct json *tree, const char *name, uint64_t *seconds, struct complaint *complaint)
{
    const struct json *value = json_member(tree, name);
    if (value == NULL) {
        return ERR_NONE;
    }
    enum err err = duration_parse(value->text, seconds);
    return err == ERR_NONE ? ERR_NONE
                           : refuse(complaint, ERR_INVALID, TEXT("a setting is no duration such as 768h", "eine Einstellung ist keine Dauer wie 768h"), slice_string(name));
}

static void pass_over(struct arena *arena, struct dropin_config *config, const char *above, struct slice name)
{
    if (config->passed_over_count < PASSED_OVER_MAX) {
        const char *whole = arena_printf(arena, "%s%.*s", above, (int)name.len, (const char *)name.data);
        config->passed_over[config->passed_over_count++] = whole == NULL ? "" : whole;
    }
}

/* ---- sections ---- */

/* Its own words pass over what only many connections or several servers would need; what asks for a second server cannot be kept. */
static enum err take_postgresql(struct arena *arena, const struct json *body, struct dropin_config *config, struct complaint *complaint)
{
    if (is_true(body, "ha_enabled")) {
        return refuse(complaint, ERR_UNSUPPORTED, TEXT("several servers on one database are not there: one Vogt at a time works in it", "mehrere Server auf einer Datenbank gibt es nicht: es arbeitet ein Vogt zur Zeit darin"),
                      SLICE_LITERAL("ha_enabled"));
    }
    config->database = text_of(arena, body, "connection_url", config->database);
    for (const struct json *member = body == NULL ? NULL : body->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "connection_url") && !slice_is(member->name, "path") && !slice_is(member->name, "ha_enabled")) {
            pass_over(arena, config, "storage.postgresql.", member->name);
        }
    }
    return ERR_NONE;
}

static enum err take_storage(struct arena *arena, const struct json *kind, struct dropin_config *config, struct complaint *complaint)
{
    const struct json *body = first_of(kind);
    bool is_memory = slice_is(kind->name, "inmem"), is_server = slice_is(kind->name, "postgresql");
    if (!is_memory && !is_server && !slice_is(kind->name, "file") && !slice_is(kind->name, "raft")) {
        return refuse(complaint, ERR_UNSUPPORTED, TEXT("this storage is not there: inmem, file, raft and postgresql are, and Vogt keeps what it stores in its own form there",
                                                       "diesen Speicher gibt es nicht: es gibt inmem, file, raft und postgresql, und Vogt hält darin seine eigene Form"),
                      kind->name);
    }
    config->storage = arena_string(arena, kind->name);
    config->path = is_memory ? NULL : text_of(arena, body, "path", NULL);
    if (is_server) {
        return take_postgresql(arena, body, config, complaint);
    }
    config->database = NULL;
    return is_memory || config->path != NULL ? ERR_NONE : refuse(complaint, ERR_INVALID, TEXT("the storage has no path", "der Speicher hat keinen Pfad (path)"), kind->name);
}

static enum err take_listener(struct arena *arena, const struct json *kind, struct dropin_config *config, struct complaint *complaint)
{
    static const char *const known[] = {"address", "tls_disable", "tls_cert_file", "tls_key_file", "cluster_address"};
    const struct json *body = first_of(kind);
    if (!slice_is(kind->name, "tcp")) {
        return refuse(complaint, ERR_UNSUPPORTED, TEXT("the only kind of listener is tcp", "die einzige Art zu lauschen ist tcp"), kind->name);
    }
    if (config->listener_count++ > 0) {
        return refuse(complaint, ERR_UNSUPPORTED, TEXT("there can be one listener", "es kann nur einen listener geben"), kind->name);
    }
    struct slice client = json_text(body, "tls_client_ca_file", SLICE_NONE);
    if (client.len > 0 || is_true(body, "tls_require_and_verify_client_cert")) {
        return refuse(complaint, ERR_UNSUPPORTED, TEXT("a listener cannot demand certificates of its clients", "Client-Zertifikate kann der listener nicht verlangen"), client);
    }
    config->address = text_of(arena, body, "address", "127.0.0.1:8200");
    config->is_plain = is_true(body, "tls_disable");
    config->certificate = text_of(arena, body, "tls_cert_file", NULL);
    config->key = text_of(arena, body, "tls_key_file", NULL);
    if ((config->certificate == NULL) != (config->key == NULL)) {
        return refuse(complaint, ERR_INVALID, TEXT("tls_cert_file and tls_key_file belong together", "tls_cert_file und tls_key_file gehören zusammen"), SLICE_NONE);
    }
    for (const struct json *member = body == NULL ? NULL : body->first; member != NULL; member = member->next) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            is_known = is_known || slice_is(member->name, known[i]);
        }
        if (!is_known) {
            pass_over(arena, config, "listener.tcp.", member->name);
        }
    }
    return ERR_NONE;
}

/* Seals that others hold would have to be kept by Vogt to mean anything. */
static enum err take_seal(struct arena *arena, const struct json *kind, struct dropin_config *config, struct complaint *complaint)
{
    (void)arena, (void)config;
    return slice_is(kind->name, "shamir") ? ERR_NONE
                                          : refuse(complaint, ERR_UNSUPPORTED, TEXT("this seal is not there; shamir is", "dieses Siegel gibt es nicht; es gibt shamir"), kind->name);
}

static const struct section {
    const char *name;
    enum err (*take)(struct arena *arena, const struct json *kind, struct dropin_config *config, struct complaint *complaint);
} sections[] = {{"storage", take_storage}, {"backend", take_storage}, {"listener", take_listener}, {"seal", take_seal}};

static enum err take_section(struct arena *arena, const struct section *section, const struct json *value, struct dropin_config *config, struct complaint *complaint)
{
    enum err err = ERR_NONE;
    for (const struct json *item = first_of(value); item != NULL && err == ERR_NONE; item = next_of(value, item)) {
        if (item->type != JSON_OBJECT) {
            return refuse(complaint, ERR_INVALID, TEXT("this section names no kind", "dieser Abschnitt nennt keine Art"), slice_string(section->name));
        }
        for (const struct json *kind = item->first; kind != NULL && err == ERR_NONE; kind = kind->next) {
            err = section->take(arena, kind, config, complaint);
        }
    }
    return err;
}

/* ---- the whole ---- */

static enum err take_tree(struct arena *arena, const struct json *tree, struct dropin_config *config, struct complaint *complaint)
{
    static const char *const known[] = {"api_addr", "pid_file", "default_lease_ttl", "max_lease_ttl"};
    /* What they ask for holds anyway, or changes nothing that could be seen. */
    static const char *const silent[] = {"ui", "disable_mlock", "cluster_addr", "log_level", "log_format", "disable_cache", "raw_storage_endpoint"};
    enum err err = ERR_NONE;
    for (const struct json *member = tree->first; member != NULL && err == ERR_NONE; member = member->next) {
        const struct section *section = NULL;
        bool is_known = false;
        for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
            section = slice_is(member->name, sections[i].name) ? &sections[i] : section;
        }
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            is_known = is_known || slice_is(member->name, known[i]);
        }
        for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
            is_known = is_known || slice_is(member->name, silent[i]);
        }
        if (section != NULL) {
            err = take_section(arena, section, member, config, complaint);
        } else if (!is_known) {
            pass_over(arena, config, "", member->name);
        }
    }
    err = err == ERR_NONE ? take_seconds(tree, "default_lease_ttl", &config->default_lease_s, complaint) : err;
    err = err == ERR_NONE ? take_seconds(tree, "max_lease_ttl", &config->max_lease_s, complaint) : err;
    config->api_address = text_of(arena, tree, "api_addr", config->api_address);
    config->pid_file = text_of(arena, tree, "pid_file", config->pid_file);
    return err;
}

enum err dropin_config_read(struct arena *arena, struct slice text, bool is_json, struct dropin_config *config, struct complaint *complaint)
{
    struct json *tree = NULL;
    struct hcl_block *root = NULL;
    /* Vault takes either language in a file of either name. */
    bool looks_like_json = slice_starts(slice_trim(text), SLICE_LITERAL("{"));
    enum err err = is_json || looks_like_json ? json_read(arena, text, &tree, complaint) : hcl_read(arena, text, &root, complaint);
    if (err == ERR_NONE && tree == NULL) {
        tree = body_of(arena, root);
    }
    if (err == ERR_NONE && (tree == NULL || tree->type != JSON_OBJECT)) {
        return refuse(complaint, ERR_MALFORMED, TEXT("the configuration is no object", "die Konfiguration ist kein Objekt"), SLICE_NONE);
    }
    return err == ERR_NONE ? take_tree(arena, tree, config, complaint) : err;
}

static bool is_postgresql(const struct dropin_config *config)
{
    return config->storage != NULL && strcmp(config->storage, "postgresql") == 0;
}

void dropin_config_give_database(struct dropin_config *config, const char *url)
{
    if (url != NULL && url[0] != '\0' && is_postgresql(config)) {
        config->database = url;
    }
}

bool dropin_config_settle(struct dropin_config *config, struct arena *arena)
{
    const char **const texts[] = {&config->storage, &config->path, &config->address, &config->certificate, &config->key, &config->api_address, &config->pid_file};
    bool good = true;
    config->database = NULL;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text = *texts[i];
        *texts[i] = text == NULL ? NULL : arena_string(arena, slice_string(text));
        good = good && (text == NULL || *texts[i] != NULL);
    }
    for (size_t i = 0; good && i < config->passed_over_count; i++) {
        config->passed_over[i] = arena_string(arena, slice_string(config->passed_over[i]));
        good = config->passed_over[i] != NULL;
    }
    return good;
}

enum err dropin_config_end(struct dropin_config *config, struct complaint *complaint)
{
    if (is_postgresql(config) && config->database == NULL) {
        return refuse(complaint, ERR_INVALID, TEXT("the storage has no connection_url, and VAULT_PG_CONNECTION_URL is not set", "der Speicher hat keine connection_url, und VAULT_PG_CONNECTION_URL ist nicht gesetzt"),
                      SLICE_LITERAL("connection_url"));
    }
    if (config->storage == NULL) {
        return refuse(complaint, ERR_INVALID, TEXT("A storage backend must be specified", "Es fehlt ein Speicher (storage)"), SLICE_NONE);
    }
    if (config->address == NULL) {
        return refuse(complaint, ERR_INVALID, TEXT("a listener is missing", "es fehlt ein listener"), SLICE_NONE);
    }
    if (config->default_lease_s > 0 && config->max_lease_s > 0 && config->default_lease_s > config->max_lease_s) {
        return refuse(complaint, ERR_INVALID, TEXT("default_lease_ttl is longer than max_lease_ttl", "default_lease_ttl ist länger als max_lease_ttl"), SLICE_NONE);
    }
    return ERR_NONE;
}

static enum err write_text(struct buf *out, const char *name, const char *value)
{
    enum err err = buf_printf(out, "  %s = ", name);
    err = err == ERR_NONE ? json_write_string(out, slice_string(value)) : err; /* HCL's strings have JSON's escapes */
    return err == ERR_NONE ? buf_append_byte(out, '\n') : err;
}

enum err dropin_config_write(const struct dropin_config *config, struct buf *out)
{
    enum err err = buf_append_string(out, "# Written from Vault's configuration at every start.\nseal \"shamir\" {}\n");
    if (err == ERR_NONE && config->default_lease_s > 0) {
        err = buf_printf(out, "default_lease_ttl = \"%llus\"\n", (unsigned long long)config->default_lease_s);
    }
    if (err == ERR_NONE && config->max_lease_s > 0) {
        err = buf_printf(out, "max_lease_ttl = \"%llus\"\n", (unsigned long long)config->max_lease_s);
    }
    if (err == ERR_NONE && config->is_plain) {
        err = buf_append_string(out, "plain_http = true\n");
    } else if (err == ERR_NONE && config->certificate != NULL) {
        err = buf_append_string(out, "tls {\n");
        err = err == ERR_NONE ? write_text(out, "certificate", config->certificate) : err;
        err = err == ERR_NONE ? write_text(out, "key", config->key) : err;
        err = err == ERR_NONE ? buf_append_string(out, "}\n") : err;
    }
    return err;
}
