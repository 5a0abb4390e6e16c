#include "command/kv.h"

#include "command/client.h"

#include <string.h>

static const char *skip_slashes(const char *path)
{
    while (*path == '/') {
        path++;
    }
    return path;
}

static enum outcome no_mount(struct run *run, const char *path)
{
    return run_fail(run, OUTCOME_DENIED,
                    TEXT("no engine that this token may use lies at this path; `vogt secret list` names the mounts", "unter diesem Pfad liegt nichts, das dieses Token benutzen darf; `vogt secret list` nennt die Mounts"),
                    slice_string(path));
}

enum outcome kv_find(struct run *run, const char *path, struct kv_place *ret_place)
{
    const struct json *data = NULL;
    path = skip_slashes(path);
    const char *escaped = path_segment(run, path);
    struct ask ask = {.method = "GET", .path = escaped == NULL ? NULL : arena_printf(run->arena, "sys/internal/ui/mounts/%s", escaped), .quiet = true};
    if (ask.path == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    enum outcome outcome = *path == '\0' ? OUTCOME_DENIED : client_data(run, &ask, &data);
    if (outcome == OUTCOME_DENIED) {
        return no_mount(run, path);
    }
    if (outcome != OUTCOME_OK) {
        ask.quiet = false; /* once more, for the words */
        return client_data(run, &ask, &data);
    }
    struct slice mount = json_text(data, "path", SLICE_NONE);
    size_t len = strlen(path);
    bool is_below = len > mount.len && strncmp(path, (const char *)mount.data, mount.len) == 0;
    *ret_place = (struct kv_place){
        .mount = arena_string(run->arena, mount),
        .path = is_below ? path + mount.len : "",
        .type = arena_string(run->arena, json_text(data, "type", SLICE_NONE)),
        .is_versioned = slice_is(json_text(json_member(data, "options"), "version", SLICE_NONE), "2"),
    };
    return mount.len == 0 ? no_mount(run, path) : OUTCOME_OK;
}

enum outcome kv_find_secret(struct run *run, const char *path, struct kv_place *ret_place)
{
    enum outcome outcome = kv_find(run, path, ret_place);
    if (outcome == OUTCOME_OK && strcmp(ret_place->type, "kv") != 0) {
        return run_fail(run, OUTCOME_INPUT, TEXT("this is no key and value mount", "das ist kein Mount für Schlüssel und Wert"), slice_string(ret_place->mount));
    }
    if (outcome == OUTCOME_OK && ret_place->path[0] == '\0') {
        return run_fail(run, OUTCOME_INPUT, TEXT("this is a mount; name a secret in it", "das ist ein Mount; nenne ein Secret darin"), slice_string(ret_place->mount));
    }
    return outcome;
}

const char *kv_request_path(struct run *run, const struct kv_place *place, const char *part)
{
    const char *whole = place->is_versioned ? arena_printf(run->arena, "%s%s/%s", place->mount, part, place->path) : arena_printf(run->arena, "%s%s", place->mount, place->path);
    return whole == NULL ? NULL : path_segment(run, whole);
}

enum outcome kv_read(struct run *run, const struct kv_place *place, const char *version, const struct json **ret_data, const struct json **ret_metadata)
{
    const struct json *data = NULL;
    const char *path = kv_request_path(run, place, "data");
    if (version != NULL && !place->is_versioned) {
        return run_fail(run, OUTCOME_INPUT, TEXT("this mount has no versions", "dieser Mount hat keine Versionen"), slice_string(place->mount));
    }
    const char *number = version == NULL ? NULL : path_segment(run, version);
    struct ask ask = {.method = "GET", .path = number == NULL ? path : arena_printf(run->arena, "%s?version=%s", path, number), .missing_is_fine = true};
    if (ask.path == NULL) {
        return run_fail_err(run, ERR_MEMORY, "");
    }
    enum outcome outcome = client_data(run, &ask, &data);
    if (outcome == OUTCOME_OK) {
        *ret_data = place->is_versioned ? json_member(data, "data") : data;
        *ret_metadata = place->is_versioned ? json_member(data, "metadata") : NULL;
    }
    return outcome;
}

/* ---- writing ---- */

static enum outcome send(struct run *run, const char *method, const char *path, const struct json *body, const struct json **ret_data)
{
    bool is_patch = strcmp(method, "PATCH") == 0;
    struct ask ask = {.method = method, .path = path, .body = body, .content_type = is_patch ? "application/merge-patch+json" : NULL, .missing_is_fine = is_patch};
    return path == NULL || body == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, ret_data);
}

static struct json *merged(struct run *run, const struct json *before, const struct json *values)
{
    struct json *all = json_new(run->arena, JSON_OBJECT);
    for (const struct json *one = before == NULL ? NULL : before->first; one != NULL; one = one->next) {
        char *name = arena_string(run->arena, one->name);
        if (name != NULL && json_member(values, name) == NULL) {
            json_set(run->arena, all, name, json_copy(run->arena, one));
        }
    }
    for (const struct json *one = values->first; one != NULL; one = one->next) {
        json_set(run->arena, all, arena_string(run->arena, one->name), json_copy(run->arena, one));
    }
    return all;
}

static enum outcome write_plain(struct run *run, const struct kv_place *place, const struct json *values, enum kv_write how, const char *cas)
{
    const struct json *before = NULL, *none = NULL;
    if (cas != NULL) {
        return run_fail(run, OUTCOME_INPUT, TEXT("this mount has no versions", "dieser Mount hat keine Versionen"), slice_string(place->mount));
    }
    enum outcome outcome = how == KV_REPLACE ? OUTCOME_OK : kv_read(run, place, NULL, &before, &none);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (how == KV_CREATE && before != NULL) {
        return run_fail(run, OUTCOME_INPUT, TEXT("there is a secret already", "dort ist schon ein Secret"), slice_string(place->path));
    }
    return send(run, "POST", kv_request_path(run, place, ""), how == KV_MERGE ? merged(run, before, values) : values, &none);
}

static enum outcome write_version(struct run *run, const struct kv_place *place, const struct json *values, const char *method, const char *cas, const struct json **ret_data)
{
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set(run->arena, body, "data", json_copy(run->arena, values));
    if (cas != NULL) {
        json_set(run->arena, json_set_object(run->arena, body, "options"), "cas", json_number_text(run->arena, slice_string(cas)));
    }
    return send(run, method, kv_request_path(run, place, "data"), body, ret_data);
}

enum outcome kv_write(struct run *run, const struct kv_place *place, const struct json *values, enum kv_write how, const char *cas, const struct json **ret_data)
{
    uint64_t number = 0;
    if (cas != NULL && slice_to_u64(slice_string(cas), &number) != ERR_NONE) {
        return run_fail(run, OUTCOME_USAGE, TEXT("this is no whole number", "das ist keine ganze Zahl"), slice_string(cas));
    }
    *ret_data = NULL;
    if (!place->is_versioned) {
        return write_plain(run, place, values, how, cas);
    }
    if (how != KV_MERGE) {
        return write_version(run, place, values, "POST", how == KV_CREATE ? "0" : cas, ret_data);
    }
    enum outcome outcome = write_version(run, place, values, "PATCH", cas, ret_data);
    /* 404: nothing is there, or the newest version was deleted */
    return outcome == OUTCOME_OK && *ret_data == NULL ? write_version(run, place, values, "POST", cas, ret_data) : outcome;
}
