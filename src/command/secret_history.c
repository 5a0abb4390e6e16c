/* vogt secret: versions, deleting, and the recycle bin of kv mounts with versions. */
#include "command/client.h"
#include "command/kv.h"
#include "command/show.h"

#include <string.h>

static enum outcome find_versioned(struct run *run, struct kv_place *place)
{
    enum outcome outcome = kv_find_secret(run, run->arguments[0], place);
    return outcome == OUTCOME_OK && !place->is_versioned
               ? run_fail(run, OUTCOME_INPUT, TEXT("this mount has no versions", "dieser Mount hat keine Versionen"), slice_string(place->mount))
               : outcome;
}

static enum outcome read_metadata(struct run *run, const struct kv_place *place, const struct json **ret_data)
{
    struct ask ask = {.method = "GET", .path = kv_request_path(run, place, "metadata"), .missing_is_fine = true};
    enum outcome outcome = ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, ret_data);
    return outcome == OUTCOME_OK && *ret_data == NULL ? run_fail(run, OUTCOME_INPUT, TEXT("there is no such secret", "dieses Secret gibt es nicht"), slice_string(run->arguments[0])) : outcome;
}

static const char *state_of(struct run *run, const struct json *version)
{
    struct slice deleted = json_text(version, "deletion_time", SLICE_NONE);
    if (json_bool(version, "destroyed", false)) {
        return SAY(run, "destroyed", "vernichtet");
    }
    return deleted.len == 0 ? "" : arena_printf(run->arena, "%s %.*s", SAY(run, "deleted", "gelöscht"), (int)deleted.len, (const char *)deleted.data);
}

enum outcome command_secret_versions(struct run *run)
{
    struct kv_place place;
    const struct json *data = NULL;
    enum outcome outcome = find_versioned(run, &place);
    outcome = outcome == OUTCOME_OK ? read_metadata(run, &place, &data) : outcome;
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *versions = json_member(data, "versions");
    for (const struct json *version = versions == NULL ? NULL : versions->first; version != NULL; version = version->next) {
        struct slice made = json_text(version, "created_time", SLICE_NONE);
        fprintf(run->screen.out, "%6.*s  %-30.*s  ", (int)version->name.len, (const char *)version->name.data, (int)made.len, made.len > 0 ? (const char *)made.data : "");
        screen_string(&run->screen, COLOUR_DIM, state_of(run, version));
        fputc('\n', run->screen.out);
    }
    return OUTCOME_OK;
}

/* ---- deleting and taking back ---- */

static enum outcome version_numbers(struct run *run, struct json *body)
{
    const struct option_values *given = &run->options[OPTION_VERSION];
    struct json *list = json_set_array(run->arena, body, "versions");
    for (size_t i = 0; i < given->count; i++) {
        uint64_t number = 0;
        if (slice_to_u64(slice_string(given->list[i]), &number) != ERR_NONE || number == 0) {
            return run_fail(run, OUTCOME_USAGE, TEXT("a version is a whole number from 1", "eine Version ist eine ganze Zahl ab 1"), slice_string(given->list[i]));
        }
        json_append(list, json_number_u64(run->arena, number));
    }
    return OUTCOME_OK;
}

static enum outcome post_versions(struct run *run, const struct kv_place *place, const char *part)
{
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    enum outcome outcome = version_numbers(run, body);
    return outcome == OUTCOME_OK ? client_post(run, kv_request_path(run, place, part), body, &data) : outcome;
}

static enum outcome delete_at(struct run *run, const char *path)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "DELETE", .path = path};
    return path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
}

enum outcome command_secret_delete(struct run *run)
{
    struct kv_place place;
    bool has_versions = run_has(run, OPTION_VERSION), destroys = run_has(run, OPTION_DESTROY), is_all = run_has(run, OPTION_ALL);
    if ((destroys && !has_versions) || (is_all && has_versions)) {
        return run_fail(run, OUTCOME_USAGE, TEXT("--destroy goes with --version, and --all with neither", "--destroy geht mit --version, --all mit keinem von beiden"), SLICE_NONE);
    }
    enum outcome outcome = has_versions || is_all ? find_versioned(run, &place) : kv_find_secret(run, run->arguments[0], &place);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (has_versions) {
        return post_versions(run, &place, destroys ? "destroy" : "delete");
    }
    return delete_at(run, kv_request_path(run, &place, is_all ? "metadata" : "data"));
}

enum outcome command_secret_undelete(struct run *run)
{
    struct kv_place place;
    const struct json *data = NULL;
    enum outcome outcome = find_versioned(run, &place);
    if (outcome == OUTCOME_OK && !run_has(run, OPTION_VERSION)) {
        uint64_t current = 0;
        outcome = read_metadata(run, &place, &data);
        if (outcome == OUTCOME_OK && json_u64(data, "current_version", &current) == ERR_NONE) {
            run->options[OPTION_VERSION] = (struct option_values){.list = {arena_printf(run->arena, "%llu", (unsigned long long)current)}, .count = 1};
        }
    }
    return outcome == OUTCOME_OK ? post_versions(run, &place, "undelete") : outcome;
}

/* ---- the bin ---- */

static enum outcome list_part(struct run *run, const char *mount, const char *part, const struct json **ret_info)
{
    const struct json *data = NULL;
    const char *path = path_segment(run, mount);
    struct ask ask = {.method = "LIST", .path = path == NULL ? NULL : arena_printf(run->arena, "%sbin/%s", path, part), .missing_is_fine = true};
    enum outcome outcome = ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
    *ret_info = json_member(data, "key_info");
    return outcome;
}

static void add_entries(struct run *run, struct json *all, const char *mount, const struct json *info, bool is_whole)
{
    for (const struct json *one = info == NULL ? NULL : info->first; one != NULL; one = one->next) {
        struct slice path = is_whole ? json_text(one, "path", SLICE_NONE) : one->name;
        struct json *entry = json_append(all, json_new(run->arena, JSON_OBJECT));
        json_set_string(run->arena, entry, "path", slice_string(arena_printf(run->arena, "%s%.*s", mount, (int)path.len, (const char *)path.data)));
        json_set_bool(run->arena, entry, "all_versions", is_whole);
        json_set_string(run->arena, entry, "deletion_time", json_text(one, "deletion_time", SLICE_NONE));
        json_set_string(run->arena, entry, "deleted_by", json_text(one, "deleted_by", SLICE_NONE));
        if (is_whole) {
            json_set_string(run->arena, entry, "kept_until", json_text(one, "kept_until", SLICE_NONE));
            json_set_string(run->arena, entry, "key", one->name);
        }
    }
}

static enum outcome add_mount(struct run *run, struct json *all, const char *mount)
{
    const struct json *whole = NULL, *newest = NULL;
    enum outcome outcome = list_part(run, mount, "secrets", &whole);
    outcome = outcome == OUTCOME_OK ? list_part(run, mount, "versions", &newest) : outcome;
    add_entries(run, all, mount, whole, true);
    add_entries(run, all, mount, newest, false);
    return outcome;
}

static enum outcome add_all_mounts(struct run *run, struct json *all)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "sys/internal/ui/mounts", &data);
    const struct json *mounts = json_member(data, "secret");
    for (const struct json *mount = mounts == NULL ? NULL : mounts->first; mount != NULL && outcome == OUTCOME_OK; mount = mount->next) {
        if (slice_is(json_text(mount, "type", SLICE_NONE), "kv") && slice_is(json_text(json_member(mount, "options"), "version", SLICE_NONE), "2")) {
            outcome = add_mount(run, all, arena_string(run->arena, mount->name));
        }
    }
    return outcome;
}

static enum outcome read_bin(struct run *run, struct json *all, const char *path)
{
    struct kv_place place;
    if (path == NULL) {
        return add_all_mounts(run, all);
    }
    enum outcome outcome = kv_find(run, path, &place);
    return outcome == OUTCOME_OK && place.is_versioned ? add_mount(run, all, place.mount) : outcome;
}

enum outcome command_secret_bin(struct run *run)
{
    struct json *all = json_new(run->arena, JSON_ARRAY);
    enum outcome outcome = read_bin(run, all, run->argument_count == 0 ? NULL : run->arguments[0]);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(all) : outcome;
    }
    if (all->count == 0) {
        screen_wrap(&run->screen, 0, 0, COLOUR_DIM, slice_string(SAY(run, "The bin is empty.", "Der Papierkorb ist leer.")));
    }
    for (const struct json *one = all->first; one != NULL; one = one->next) {
        bool is_whole = json_bool(one, "all_versions", false);
        struct slice time = json_text(one, is_whole ? "kept_until" : "deletion_time", SLICE_NONE), by = json_text(one, "deleted_by", SLICE_NONE);
        const char *line = arena_printf(run->arena, "%s %.*s (%.*s)", is_whole ? SAY(run, "all versions, kept until", "alle Versionen, aufbewahrt bis") : SAY(run, "newest version deleted", "neueste Version gelöscht"),
                                        (int)time.len, (const char *)time.data, (int)by.len, by.len > 0 ? (const char *)by.data : "");
        show_pair(run, arena_string(run->arena, json_text(one, "path", SLICE_NONE)), slice_string(line));
    }
    return OUTCOME_OK;
}

/* The newest life of that path: keys of the bin ascend with time. */
static const struct json *newest_of(const struct json *all, const char *path)
{
    const struct json *found = NULL;
    for (const struct json *one = all->first; one != NULL; one = one->next) {
        found = json_bool(one, "all_versions", false) && slice_is(json_text(one, "path", SLICE_NONE), path) ? one : found;
    }
    return found;
}

enum outcome command_secret_restore(struct run *run)
{
    struct kv_place place, target;
    struct json *all = json_new(run->arena, JSON_ARRAY), *body = json_new(run->arena, JSON_OBJECT);
    const struct json *data = NULL;
    enum outcome outcome = find_versioned(run, &place);
    outcome = outcome == OUTCOME_OK ? add_mount(run, all, place.mount) : outcome;
    if (outcome == OUTCOME_OK && run->argument_count == 2) {
        outcome = kv_find_secret(run, run->arguments[1], &target);
        if (outcome == OUTCOME_OK && strcmp(target.mount, place.mount) != 0) {
            return run_fail(run, OUTCOME_INPUT, TEXT("what was deleted comes back within its own mount only", "Gelöschtes kommt nur in seinen eigenen Mount zurück"), slice_string(run->arguments[1]));
        }
        json_set_string(run->arena, body, "path", slice_string(outcome == OUTCOME_OK ? target.path : ""));
    }
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    const char *whole = arena_printf(run->arena, "%s%s", place.mount, place.path);
    const struct json *entry = whole == NULL ? NULL : newest_of(all, whole);
    if (entry == NULL) {
        return run_fail(run, OUTCOME_INPUT, TEXT("the bin keeps nothing of this path; `vogt secret bin` shows it", "der Papierkorb hält nichts von diesem Pfad; `vogt secret bin` zeigt ihn"), slice_string(run->arguments[0]));
    }
    struct slice key = json_text(entry, "key", SLICE_NONE);
    return client_post(run, arena_printf(run->arena, "%sbin/secrets/%.*s", path_segment(run, place.mount), (int)key.len, (const char *)key.data), body, &data);
}
