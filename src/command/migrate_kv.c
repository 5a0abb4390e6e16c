/*
 * Secrets with and without versions. A version keeps its number: what is missing before it (pruned, destroyed, deleted) is written as an empty version and
 * destroyed at once, as it is at the source. What is at the target already must be the same, version by version, else nothing is written.
 */
#include "command/migrate.h"

#include <string.h>

enum { FILLED_MAX = 500, FOLDERS_MAX = 1 << 20 };

static const char configuration[] = "max_versions cas_required delete_version_after";
static const char metadata_members[] = "max_versions cas_required delete_version_after custom_metadata";

struct tree {
    struct migrate *migrate;
    const char *mount;                  /* "secret", escaped */
    const char *shown;                  /* "secret/" */
    bool is_versioned;
};

static const char *at(const struct tree *tree, const char *part, const char *escaped)
{
    return tree->is_versioned ? arena_printf(tree->migrate->item, "%s/%s/%s", tree->mount, part, escaped) : arena_printf(tree->migrate->item, "%s/%s", tree->mount, escaped);
}

static void leave(const struct tree *tree, bool failed, const char *path, struct text why, const char *detail)
{
    migrate_leave(tree->migrate, failed, "secret", arena_printf(tree->migrate->own, "%s%s", tree->shown, path), why, detail);
}

static const struct text differs = TEXT_INIT("something else stands there already; nothing was written", "dort steht schon etwas anderes; nichts wurde geschrieben");

/* ---- without versions ---- */

static void move_plain(const struct tree *tree, const char *path, const char *escaped)
{
    struct migrate *migrate = tree->migrate;
    const struct json *value = NULL, *there = NULL;
    const char *request = at(tree, "", escaped);
    if (!migrate_read(migrate, MIGRATE_SOURCE, request, "secret", &value) || value == NULL || !migrate_read(migrate, MIGRATE_TARGET, request, "secret", &there)) {
        return;
    }
    if (there != NULL && !json_equal(there, value)) {
        leave(tree, true, path, differs, "");
    } else if (there != NULL || migrate_write(migrate, "POST", request, value, "secret", arena_printf(migrate->own, "%s%s", tree->shown, path))) {
        migrate_count(migrate, MIGRATE_SECRET, there != NULL);
    }
}

/* ---- with versions ---- */

struct secret_move {
    const struct tree *tree;
    const char *path, *escaped;
    const struct json *source, *target; /* metadata */
    uint64_t current, oldest, there;    /* newest and oldest version at the source; newest at the target */
};

static uint64_t number_of(const struct json *object, const char *name)
{
    uint64_t number = 0;
    return json_u64(object, name, &number) == ERR_NONE ? number : 0;
}

static const struct json *version_of(const struct secret_move *move, uint64_t number)
{
    char name[24];
    snprintf(name, sizeof name, "%llu", (unsigned long long)number);
    return json_member(json_member(move->source, "versions"), name);
}

static bool is_readable(const struct json *version)
{
    return version != NULL && !json_bool(version, "destroyed", false) && json_text(version, "deletion_time", SLICE_NONE).len == 0;
}

/* A version whose deletion lies in the future is still there. */
static bool read_version(const struct secret_move *move, enum migrate_side side, uint64_t number, const struct json **ret_value)
{
    const struct json *data = NULL;
    const char *path = arena_printf(move->tree->migrate->item, "%s?version=%llu", at(move->tree, "data", move->escaped), (unsigned long long)number);
    bool good = migrate_read(move->tree->migrate, side, path, "secret", &data);
    *ret_value = json_member(data, "data");
    *ret_value = *ret_value != NULL && (*ret_value)->type == JSON_NULL ? NULL : *ret_value;
    return good;
}

static bool post_version(const struct secret_move *move, uint64_t number, const struct json *value)
{
    struct migrate *migrate = move->tree->migrate;
    struct json *body = json_new(migrate->item, JSON_OBJECT);
    json_set(migrate->item, body, "data", value == NULL ? json_new(migrate->item, JSON_OBJECT) : json_copy(migrate->item, value));
    json_set_u64(migrate->item, json_set_object(migrate->item, body, "options"), "cas", number - 1);
    return migrate_write(migrate, "POST", at(move->tree, "data", move->escaped), body, "secret", arena_printf(migrate->own, "%s%s", move->tree->shown, move->path));
}

static bool destroy_version(const struct secret_move *move, uint64_t number)
{
    struct migrate *migrate = move->tree->migrate;
    struct json *body = json_new(migrate->item, JSON_OBJECT);
    json_append(json_set_array(migrate->item, body, "versions"), json_number_u64(migrate->item, number));
    return migrate_write(migrate, "POST", at(move->tree, "destroy", move->escaped), body, "secret", arena_printf(migrate->own, "%s%s", move->tree->shown, move->path));
}

static bool move_version(const struct secret_move *move, uint64_t number)
{
    const struct json *version = version_of(move, number), *value = NULL;
    bool may_be = version != NULL && !json_bool(version, "destroyed", false);
    if (move->tree->migrate->is_dry) {
        migrate_count(move->tree->migrate, MIGRATE_VERSION, false);
        return true;
    }
    if (may_be && !read_version(move, MIGRATE_SOURCE, number, &value)) {
        return false;
    }
    if (!post_version(move, number, value) || (value == NULL && !destroy_version(move, number))) {
        return false;
    }
    if (value != NULL) {
        migrate_count(move->tree->migrate, MIGRATE_VERSION, false);
    } else if (may_be) {
        leave(move->tree, false, move->path, TEXT("a deleted version was not moved (its number is kept); undelete it at the source first if it is wanted", "eine gelöschte Version wurde nicht übernommen (ihre Nummer bleibt); an der Quelle vorher zurückholen, wenn sie gebraucht wird"),
              arena_printf(move->tree->migrate->own, "%llu", (unsigned long long)number));
    }
    return true;
}

/* What is there already must be what the source has, or have been destroyed on either side. */
static bool is_same_so_far(const struct secret_move *move)
{
    uint64_t number = move->there;
    const struct json *mine = NULL, *theirs = NULL;
    if (number > move->current) {
        return false;
    }
    for (; number >= move->oldest && number > 0; number--) {
        if (!is_readable(version_of(move, number))) {
            continue;
        }
        return read_version(move, MIGRATE_SOURCE, number, &theirs) && read_version(move, MIGRATE_TARGET, number, &mine) && mine != NULL && theirs != NULL && json_equal(mine, theirs);
    }
    return move->there == 0 || move->there < move->oldest || version_of(move, move->there) != NULL;
}

static bool put_metadata(const struct secret_move *move)
{
    struct migrate *migrate = move->tree->migrate;
    struct json *members = migrate_members(migrate, move->source, metadata_members);
    return members->count == 0 || migrate_write(migrate, "POST", at(move->tree, "metadata", move->escaped), members, "secret", arena_printf(migrate->own, "%s%s", move->tree->shown, move->path));
}

/* A run that was broken off may have written an empty version and not yet destroyed it. */
static bool finish_newest(const struct secret_move *move)
{
    const struct json *version = version_of(move, move->there), *value = NULL;
    if (move->there == 0 || move->tree->migrate->is_dry || is_readable(version)) {
        return true;
    }
    if (version != NULL && !json_bool(version, "destroyed", false) && !read_version(move, MIGRATE_SOURCE, move->there, &value)) {
        return false;
    }
    return value != NULL || destroy_version(move, move->there);
}

static void move_versions(struct secret_move *move)
{
    struct migrate *migrate = move->tree->migrate;
    if (!is_same_so_far(move)) {
        if (migrate->stop == OUTCOME_OK) {
            leave(move->tree, true, move->path, differs, "");
        }
        return;
    }
    bool is_there = move->target != NULL && move->there == move->current;
    if (move->oldest > move->there + 1 && move->oldest - move->there - 1 > FILLED_MAX) {
        leave(move->tree, true, move->path, TEXT("more than 500 versions before its oldest one are gone; their numbers would all have to be written", "mehr als 500 Versionen vor der ältesten sind weg; ihre Nummern müssten alle geschrieben werden"), "");
        return;
    }
    bool good = is_there || (put_metadata(move) && finish_newest(move));
    for (uint64_t number = move->there + 1; good && number <= move->current; number++) {
        good = move_version(move, number);
    }
    if (good) {
        migrate_count(migrate, MIGRATE_SECRET, is_there);
    }
}

static void move_versioned(const struct tree *tree, const char *path, const char *escaped)
{
    struct migrate *migrate = tree->migrate;
    struct secret_move move = {.tree = tree, .path = path, .escaped = escaped};
    const char *request = at(tree, "metadata", escaped);
    if (!migrate_read(migrate, MIGRATE_SOURCE, request, "secret", &move.source) || move.source == NULL || !migrate_read(migrate, MIGRATE_TARGET, request, "secret", &move.target)) {
        return;
    }
    move.current = number_of(move.source, "current_version");
    move.oldest = number_of(move.source, "oldest_version");
    move.oldest = move.oldest == 0 ? 1 : move.oldest;
    move.there = number_of(move.target, "current_version");
    move_versions(&move);
}

/* ---- the tree ---- */

static void move_secret(const struct tree *tree, const char *path)
{
    const char *escaped = path_segment(tree->migrate->run, path); /* in `own`: small, and outlives the item */
    if (escaped != NULL && tree->is_versioned) {
        move_versioned(tree, path, escaped);
    } else if (escaped != NULL) {
        move_plain(tree, path, escaped);
    }
    progress_count(tree->migrate->moved[MIGRATE_SECRET] + tree->migrate->there[MIGRATE_SECRET], 0);
    migrate_next(tree->migrate);
}

/* Folders wait in a list that grows at its end: no recursion, however deep they are. */
static void move_tree(const struct tree *tree)
{
    struct migrate *migrate = tree->migrate;
    struct json *folders = json_new(migrate->own, JSON_ARRAY);
    json_append(folders, json_string(migrate->own, SLICE_NONE));
    for (const struct json *folder = folders->first; folder != NULL && migrate->stop == OUTCOME_OK; folder = folder->next) {
        const char *prefix = arena_string(migrate->own, folder->text), *escaped = prefix == NULL ? NULL : path_segment(migrate->run, prefix);
        const struct json *names = escaped == NULL ? NULL : migrate_list(migrate, MIGRATE_SOURCE, at(tree, "metadata", escaped), "folder");
        for (const struct json *name = names == NULL ? NULL : names->first; name != NULL && migrate->stop == OUTCOME_OK; name = name->next) {
            char *path = arena_printf(migrate->own, "%s%.*s", prefix, (int)name->text.len, (const char *)name->text.data);
            if (path == NULL || folders->count >= FOLDERS_MAX) {
                migrate->stop = run_fail_err(migrate->run, ERR_MEMORY, "");
            } else if (slice_ends(name->text, SLICE_LITERAL("/"))) {
                json_append(folders, json_string(migrate->own, slice_string(path)));
            } else {
                move_secret(tree, path);
            }
        }
    }
}

static void move_configuration(const struct tree *tree)
{
    struct migrate *migrate = tree->migrate;
    const struct json *data = NULL;
    const char *path = arena_printf(migrate->item, "%s/config", tree->mount);
    if (migrate_read(migrate, MIGRATE_SOURCE, path, "mount", &data) && data != NULL) {
        (void)migrate_write(migrate, "POST", path, migrate_members(migrate, data, configuration), "mount", tree->shown);
    }
    migrate_next(migrate);
}

void migrate_kv(struct migrate *migrate, const struct json *mount)
{
    struct tree tree = {.migrate = migrate, .mount = migrate_mount_name(migrate, mount), .shown = arena_string(migrate->own, mount->name),
                        .is_versioned = slice_is(json_text(json_member(mount, "options"), "version", SLICE_NONE), "2")};
    if (tree.mount == NULL || tree.shown == NULL) {
        migrate->stop = run_fail_err(migrate->run, ERR_MEMORY, "");
        return;
    }
    if (tree.is_versioned) {
        move_configuration(&tree);
    }
    move_tree(&tree);
}
