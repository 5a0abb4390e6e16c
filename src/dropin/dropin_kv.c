/* kv: the same verbs on mounts of both versions. Which it is, and where the mount ends, the server says (sys/internal/ui/mounts). */
#include "dropin/dropin.h"

#include <string.h>

struct place {
    const char *mount, *rest; /* "secret/" and "a/b" */
    bool has_versions;
};

static const char *join(struct dropin *dropin, const struct place *place, const char *kind)
{
    return place->has_versions ? arena_printf(dropin->run.arena, "%s%s/%s", place->mount, kind, place->rest)
                               : arena_printf(dropin->run.arena, "%s%s", place->mount, place->rest);
}

static int find_place(struct dropin *dropin, const char *path, struct place *ret_place)
{
    struct arena *arena = dropin->run.arena;
    const char *given = dropin_flag(dropin, "mount");
    while (path[0] == '/') {
        path++;
    }
    size_t given_len = given == NULL ? 0 : strlen(given);
    while (given_len > 0 && given[given_len - 1] == '/') {
        given_len--;
    }
    const char *whole = given_len > 0 ? arena_printf(arena, "%.*s/%s", (int)given_len, given, path) : path;
    struct dropin_answer answer;
    struct dropin_ask ask = {.method = "GET", .path = arena_printf(arena, "sys/internal/ui/mounts/%s", whole), .doing = "Error making API request", .is_own = true};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    struct slice mount = json_text(json_member(answer.tree, "data"), "path", SLICE_NONE);
    struct slice version = json_text(json_path(answer.tree, "data.options"), "version", SLICE_NONE);
    struct slice all = slice_string(whole);
    ret_place->mount = arena_string(arena, mount);
    ret_place->rest = slice_starts(all, mount) ? whole + mount.len : "";
    ret_place->has_versions = slice_is(version, "2");
    return DROPIN_OK;
}

/* ---- reading ---- */

int verb_kv_get(struct dropin *dropin)
{
    struct place place;
    struct dropin_answer answer;
    const char *version = dropin_flag(dropin, "version");
    int code = find_place(dropin, dropin->words[0], &place);
    if (code != DROPIN_OK) {
        return code;
    }
    const char *path = join(dropin, &place, "data"), *asked = path;
    if (version != NULL && place.has_versions) {
        asked = arena_printf(dropin->run.arena, "%s?version=%s", path, version);
    }
    struct dropin_ask ask = {.method = "GET", .path = asked, .doing = arena_printf(dropin->run.arena, "Error reading %s", path), .missing_is_fine = true};
    code = asked == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code != DROPIN_OK) {
        return code;
    }
    bool is_deleted = answer.status == 404 && json_path(answer.tree, "data.metadata") != NULL;
    if (answer.tree == NULL || (answer.status == 404 && !is_deleted)) {
        fprintf(stderr, "No value found at %s\n", path);
        return DROPIN_REMOTE;
    }
    return place.has_versions ? dropin_show_kv(dropin, path, answer.tree) : dropin_show(dropin, answer.tree);
}

int verb_kv_list(struct dropin *dropin)
{
    struct place place;
    struct dropin_answer answer;
    int code = find_place(dropin, dropin->word_count == 0 ? "" : dropin->words[0], &place);
    const char *path = code == DROPIN_OK ? join(dropin, &place, "metadata") : NULL;
    struct dropin_ask ask = {.method = "GET", .path = arena_printf(dropin->run.arena, "%s?list=true", path == NULL ? "" : path),
                             .doing = arena_printf(dropin->run.arena, "Error listing %s", path == NULL ? "" : path), .missing_is_fine = true};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? dropin_show_listed(dropin, answer.tree, path) : code;
}

/* ---- writing ---- */

static int show_written(struct dropin *dropin, const char *path, const struct dropin_answer *answer)
{
    const char *field = dropin_flag(dropin, "field");
    if (answer->tree == NULL) {
        if (dropin_is_table(dropin)) {
            dropin_line(dropin, "Success! Data written to: %s", path);
        }
        return DROPIN_OK;
    }
    const struct json *wrap = json_member(answer->tree, "wrap_info");
    if (field != NULL || !dropin_is_table(dropin) || (wrap != NULL && wrap->type == JSON_OBJECT)) {
        return dropin_show(dropin, answer->tree);
    }
    struct json *outer = json_new(dropin->run.arena, JSON_OBJECT), *data = json_set_object(dropin->run.arena, outer, "data");
    json_set(dropin->run.arena, data, "metadata", json_copy(dropin->run.arena, json_member(answer->tree, "data")));
    return dropin_show_kv(dropin, path, outer);
}

static int set_options(struct dropin *dropin, struct json *body)
{
    static const struct dropin_field fields[] = {{"cas", "cas", DROPIN_NUMBER}};
    const char *cas = dropin_flag(dropin, "cas");
    return cas == NULL || strcmp(cas, "-1") == 0 ? DROPIN_OK : dropin_fields(dropin, fields, 1, json_set_object(dropin->run.arena, body, "options"));
}

static int write_data(struct dropin *dropin, const struct place *place, const char *method, struct json *data)
{
    const char *path = join(dropin, place, "data");
    struct dropin_answer answer;
    struct json *body = data;
    int code = DROPIN_OK;
    if (place->has_versions) {
        body = json_new(dropin->run.arena, JSON_OBJECT);
        json_set(dropin->run.arena, body, "data", data);
        code = set_options(dropin, body);
    }
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .doing = arena_printf(dropin->run.arena, "Error writing data to %s", path),
                             .content_type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : NULL};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    return code == DROPIN_OK ? show_written(dropin, path, &answer) : code;
}

int verb_kv_put(struct dropin *dropin)
{
    struct place place;
    struct json *data = NULL;
    if (dropin->word_count < 2) {
        return dropin_say(dropin, TEXT("Must supply data", "Es fehlen Daten"), NULL);
    }
    int code = dropin_data(dropin, 1, &data);
    code = code == DROPIN_OK ? find_place(dropin, dropin->words[0], &place) : code;
    return code == DROPIN_OK ? write_data(dropin, &place, "PUT", data) : code;
}

static int needs_versions(struct dropin *dropin, const char *path, struct place *ret_place)
{
    int code = find_place(dropin, path, ret_place);
    return code == DROPIN_OK && !ret_place->has_versions
               ? dropin_say(dropin, TEXT("only kv version 2 has this; see kv enable-versioning", "das gibt es nur bei kv Version 2; siehe kv enable-versioning"), ret_place->mount)
               : code;
}

int verb_kv_patch(struct dropin *dropin)
{
    struct place place;
    struct json *data = NULL;
    const char *method = dropin_flag(dropin, "method"), *removed;
    size_t position = 0;
    if (method != NULL && strcmp(method, "patch") != 0) {
        return dropin_say(dropin, TEXT("the only method here is patch", "die einzige Methode hier ist patch"), method);
    }
    int code = dropin_data(dropin, 1, &data);
    while (code == DROPIN_OK && dropin_next_flag(dropin, "remove-data", &position, &removed)) {
        json_set_null(dropin->run.arena, data, removed);
    }
    code = code == DROPIN_OK ? needs_versions(dropin, dropin->words[0], &place) : code;
    return code == DROPIN_OK ? write_data(dropin, &place, "PATCH", data) : code;
}

int verb_kv_rollback(struct dropin *dropin)
{
    struct place place;
    struct dropin_answer old, newest;
    const char *version = dropin_flag(dropin, "version");
    if (version == NULL) {
        return dropin_say(dropin, TEXT("-version is missing", "-version fehlt"), NULL);
    }
    int code = needs_versions(dropin, dropin->words[0], &place);
    if (code != DROPIN_OK) {
        return code;
    }
    const char *path = join(dropin, &place, "data");
    struct dropin_ask ask_old = {.method = "GET", .path = arena_printf(dropin->run.arena, "%s?version=%s", path, version), .doing = "Error reading the version"},
                      ask_newest = {.method = "GET", .path = join(dropin, &place, "metadata"), .doing = "Error reading the metadata"};
    code = dropin_ask(dropin, &ask_old, &old);
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask_newest, &newest) : code;
    if (code != DROPIN_OK) {
        return code;
    }
    uint64_t current = 0;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    if (json_u64(json_member(newest.tree, "data"), "current_version", &current) != ERR_NONE) {
        return dropin_say(dropin, TEXT("the metadata names no newest version", "die Metadaten nennen keine neueste Version"), path);
    }
    json_set(dropin->run.arena, body, "data", json_copy(dropin->run.arena, json_path(old.tree, "data.data")));
    json_set_u64(dropin->run.arena, json_set_object(dropin->run.arena, body, "options"), "cas", current);
    struct dropin_ask ask = {.method = "PUT", .path = path, .body = body, .doing = "Error writing data"};
    code = dropin_ask(dropin, &ask, &answer);
    return code == DROPIN_OK ? show_written(dropin, path, &answer) : code;
}

/* ---- versions ---- */

static int with_versions(struct dropin *dropin, const char *kind, const char *method, const char *done)
{
    static const struct dropin_field fields[] = {{"versions", "versions", DROPIN_LIST}};
    struct place place;
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    if (dropin_flag(dropin, "versions") == NULL) {
        return dropin_say(dropin, TEXT("-versions is missing", "-versions fehlt"), NULL);
    }
    int code = needs_versions(dropin, dropin->words[0], &place);
    code = code == DROPIN_OK ? dropin_fields(dropin, fields, 1, body) : code;
    const char *path = code == DROPIN_OK ? join(dropin, &place, kind) : NULL;
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .doing = arena_printf(dropin->run.arena, "Error writing data to %s", path == NULL ? "" : path)};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! %s: %s", done, path);
    }
    return code;
}

int verb_kv_undelete(struct dropin *dropin)
{
    return with_versions(dropin, "undelete", "PUT", "Data written to");
}

int verb_kv_destroy(struct dropin *dropin)
{
    return with_versions(dropin, "destroy", "PUT", "Data written to");
}

static int remove_at(struct dropin *dropin, const char *kind)
{
    struct place place;
    struct dropin_answer answer;
    int code = find_place(dropin, dropin->words[0], &place);
    const char *path = code == DROPIN_OK ? join(dropin, &place, kind) : NULL;
    struct dropin_ask ask = {.method = "DELETE", .path = path, .doing = arena_printf(dropin->run.arena, "Error deleting %s", path == NULL ? "" : path)};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Data deleted (if it existed) at: %s", path);
    }
    return code;
}

int verb_kv_delete(struct dropin *dropin)
{
    return dropin_flag(dropin, "versions") != NULL ? with_versions(dropin, "delete", "PUT", "Data deleted (if it existed) at") : remove_at(dropin, "data");
}

int verb_kv_metadata_delete(struct dropin *dropin)
{
    return remove_at(dropin, "metadata");
}

/* ---- metadata ---- */

static void show_versions(struct dropin *dropin, const struct json *versions)
{
    for (const struct json *version = versions == NULL ? NULL : versions->first; version != NULL; version = version->next) {
        struct dropin_table table = dropin_table_of(dropin, 2);
        for (const struct json *member = version->first; member != NULL; member = member->next) {
            struct slice value = dropin_value(dropin, member);
            dropin_pair(&table, arena_string(dropin->run.arena, member->name), value.len == 0 ? SLICE_LITERAL("n/a") : value);
        }
        dropin_line(dropin, "\n====== Version %.*s ======", (int)version->name.len, (const char *)version->name.data);
        dropin_table_write(dropin, &table, "Key|Value");
    }
}

int verb_kv_metadata_get(struct dropin *dropin)
{
    struct place place;
    struct dropin_answer answer;
    int code = needs_versions(dropin, dropin->words[0], &place);
    const char *path = code == DROPIN_OK ? join(dropin, &place, "metadata") : NULL;
    struct dropin_ask ask = {.method = "GET", .path = path, .doing = arena_printf(dropin->run.arena, "Error reading %s", path == NULL ? "" : path), .missing_is_fine = true};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    if (code != DROPIN_OK) {
        return code;
    }
    if (answer.tree == NULL || answer.status == 404) {
        fprintf(stderr, "No value found at %s\n", path);
        return DROPIN_REMOTE;
    }
    if (!dropin_is_table(dropin) || dropin_flag(dropin, "field") != NULL) {
        return dropin_show(dropin, answer.tree);
    }
    struct json *outer = json_new(dropin->run.arena, JSON_OBJECT), *data = json_set_object(dropin->run.arena, outer, "data"),
                *metadata = json_set_object(dropin->run.arena, data, "metadata");
    for (const struct json *member = json_path(answer.tree, "data.custom_metadata") == NULL ? NULL : json_member(answer.tree, "data")->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "versions")) {
            json_set(dropin->run.arena, metadata, arena_string(dropin->run.arena, member->name), json_copy(dropin->run.arena, member));
        }
    }
    code = dropin_show_kv(dropin, path, outer);
    show_versions(dropin, json_path(answer.tree, "data.versions"));
    return code;
}

static int write_metadata(struct dropin *dropin, const char *method)
{
    static const struct dropin_field fields[] = {{"cas-required", "cas_required", DROPIN_SWITCH}, {"max-versions", "max_versions", DROPIN_NUMBER},
                                                 {"delete-version-after", "delete_version_after", DROPIN_TEXT}};
    struct place place;
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    const char *removed;
    size_t position = 0;
    int code = dropin_fields(dropin, fields, sizeof(fields) / sizeof(fields[0]), body);
    code = code == DROPIN_OK ? dropin_pairs_flag(dropin, "custom-metadata", body, "custom_metadata") : code;
    while (code == DROPIN_OK && dropin_next_flag(dropin, "remove-custom-metadata", &position, &removed)) {
        struct json *pairs = NULL;
        for (struct json *member = body->first; member != NULL; member = member->next) {
            pairs = slice_is(member->name, "custom_metadata") ? member : pairs;
        }
        json_set_null(dropin->run.arena, pairs == NULL ? json_set_object(dropin->run.arena, body, "custom_metadata") : pairs, removed);
    }
    code = code == DROPIN_OK ? needs_versions(dropin, dropin->words[0], &place) : code;
    const char *path = code == DROPIN_OK ? join(dropin, &place, "metadata") : NULL;
    struct dropin_ask ask = {.method = method, .path = path, .body = body, .doing = arena_printf(dropin->run.arena, "Error writing data to %s", path == NULL ? "" : path),
                             .content_type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : NULL};
    code = code == DROPIN_OK ? dropin_ask(dropin, &ask, &answer) : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Data written to: %s", path);
    }
    return code;
}

int verb_kv_metadata_put(struct dropin *dropin)
{
    return write_metadata(dropin, "PUT");
}

int verb_kv_metadata_patch(struct dropin *dropin)
{
    return write_metadata(dropin, "PATCH");
}

int verb_kv_enable_versioning(struct dropin *dropin)
{
    struct dropin_answer answer;
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    json_set_string(dropin->run.arena, json_set_object(dropin->run.arena, body, "options"), "version", SLICE_LITERAL("2"));
    struct slice mount = slice_string(dropin->words[0]);
    mount = slice_ends(mount, SLICE_LITERAL("/")) ? slice_first(mount, mount.len - 1) : mount;
    struct dropin_ask ask = {.method = "POST", .path = arena_printf(dropin->run.arena, "sys/mounts/%.*s/tune", (int)mount.len, (const char *)mount.data), .body = body,
                             .doing = "Error tuning secrets engine"};
    int code = ask.path == NULL ? dropin_out_of_memory(dropin) : dropin_ask(dropin, &ask, &answer);
    if (code == DROPIN_OK) {
        dropin_line(dropin, "Success! Tuned the secrets engine at: %.*s/", (int)mount.len, (const char *)mount.data);
    }
    return code;
}
