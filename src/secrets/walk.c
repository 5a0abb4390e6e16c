#include "secrets/secrets.h"

enum { PAGE = 1000, DEPTH_MAX = 64, PENDING_MAX = 64 };

/* One folder on the way down. Names come in pages; `index` is the next one to look at. */
struct folder {
    struct slice path;                  /* "a/b/" */
    struct slice after;
    struct turn_names names;
    size_t index;
    bool is_loaded, is_last, sees;
};

struct state_of_walk {
    struct turn *turn;
    struct walk *walk;
    struct folder stack[DEPTH_MAX];
    size_t depth, pending;
};

/* Asks for a page of a folder. ERR_NEED is noted, and the folder passed over: its siblings can be asked for in the same round. */
static enum err load(struct state_of_walk *state, struct folder *folder)
{
    struct walk *walk = state->walk;
    char *rows = turn_path(state->turn, "m/%.*s/%s/%.*s", (int)walk->mount_uuid.len, (const char *)walk->mount_uuid.data, walk->rows, (int)folder->path.len, (const char *)folder->path.data);
    enum err err = turn_names(state->turn, rows, folder->after, PAGE, &folder->names);
    if (err == ERR_NEED) {
        state->pending++;
        folder->names.count = 0;
    } else if (err != ERR_NONE) {
        return err;
    }
    folder->index = 0;
    folder->is_loaded = true;
    folder->is_last = folder->names.count < PAGE;
    if (folder->names.count > 0) {
        folder->after = folder->names.names[folder->names.count - 1];
    }
    return ERR_NONE;
}

static struct slice join(struct turn *turn, struct slice folder, struct slice name)
{
    return slice_string(turn_path(turn, "%.*s%.*s", (int)folder.len, (const char *)folder.data, (int)name.len, (const char *)name.data));
}

/* Goes into a folder if something below it may be seen. `after`: the name there from which on to look. */
static enum err push(struct state_of_walk *state, struct slice path, struct slice after)
{
    struct walk *walk = state->walk;
    bool enters = true, sees = true;
    enum err err = walk->enters == NULL ? ERR_NONE : walk->enters(walk->context, path, &enters);
    err = err == ERR_NONE && walk->sees != NULL ? walk->sees(walk->context, path, &sees) : err;
    if (err == ERR_NEED) {
        state->pending++;
        return ERR_NONE;
    }
    if (err == ERR_NONE && enters && state->depth < DEPTH_MAX) {
        state->stack[state->depth++] = (struct folder){.path = path, .after = after, .sees = sees};
    }
    return err;
}

/* "a/b/c" below "": the folders "", "a/", "a/b/", each from the name on that the path goes through. */
static enum err resume(struct state_of_walk *state)
{
    struct walk *walk = state->walk;
    struct slice rest = slice_starts(walk->after, walk->below) ? slice_from(walk->after, walk->below.len) : SLICE_NONE;
    struct slice folder = walk->below;
    enum err err = ERR_NONE;
    for (size_t slash = slice_find_byte(rest, '/'); slash != SIZE_MAX && err == ERR_NONE; slash = slice_find_byte(rest, '/')) {
        struct slice name = slice_first(rest, slash + 1);
        err = push(state, folder, name);
        folder = join(state->turn, folder, name);
        rest = slice_from(rest, slash + 1);
    }
    return err == ERR_NONE ? push(state, folder, rest) : err;
}

static bool is_spent(const struct walk *walk)
{
    return walk->folders_left == 0 || walk->names_left == 0 || walk->found->count >= walk->limit;
}

static enum err visit(struct state_of_walk *state, struct folder *folder, struct slice name)
{
    struct walk *walk = state->walk;
    struct slice path = join(state->turn, folder->path, name);
    if (name.len > 0 && name.data[name.len - 1] == '/') {
        if (is_spent(walk)) {
            walk->stopped_at = path;
            return ERR_NONE;
        }
        walk->folders_left--;
        return push(state, path, SLICE_NONE);
    }
    walk->names_left--;
    if (folder->sees && (walk->matches == NULL || walk->matches(walk->context, path)) && json_append(walk->found, json_string(state->turn->arena, path)) == NULL) {
        return ERR_MEMORY;
    }
    walk->stopped_at = is_spent(walk) ? path : SLICE_NONE;
    return ERR_NONE;
}

enum err secrets_walk(struct turn *turn, struct walk *walk)
{
    struct state_of_walk *state = arena_alloc(turn->arena, sizeof *state);
    if (state == NULL || walk->found == NULL) {
        return ERR_MEMORY;
    }
    state->turn = turn;
    state->walk = walk;
    enum err err = resume(state);
    while (err == ERR_NONE && state->depth > 0 && walk->stopped_at.len == 0 && state->pending < PENDING_MAX) {
        struct folder *folder = &state->stack[state->depth - 1];
        if (folder->index < folder->names.count) {
            err = visit(state, folder, folder->names.names[folder->index++]);
        } else if (folder->is_loaded && folder->is_last) {
            state->depth--;
        } else {
            err = load(state, folder);
        }
    }
    return err == ERR_NONE && state->pending > 0 ? ERR_NEED : err;
}

enum { SCAN_FOLDERS_MAX = 1000, SCAN_NAMES_MAX = 100000 };

enum err secrets_scan(struct turn *turn, const char *rows, struct slice path, size_t limit, struct json **ret_data)
{
    struct slice after = turn_query(turn, "after");
    bool ends = path.len == 0 || path.data[path.len - 1] == '/';
    struct slice below = ends ? path : join(turn, path, SLICE_LITERAL("/"));
    struct json *data = json_new(turn->arena, JSON_OBJECT), *keys = json_set_array(turn->arena, data, "keys");
    struct walk walk = {.rows = rows, .mount_uuid = turn->mount->uuid, .below = below, .limit = limit > 0 ? limit : SIZE_MAX, .folders_left = SCAN_FOLDERS_MAX,
                        .names_left = SCAN_NAMES_MAX, .found = json_new(turn->arena, JSON_ARRAY)};
    walk.after = after.len == 0 ? SLICE_NONE : join(turn, below, slice_first(after, REQUEST_PATH_MAX_BYTES));
    enum err err = secrets_walk(turn, &walk);
    if (err != ERR_NONE) {
        return err;
    }
    for (const struct json *one = walk.found->first; one != NULL; one = one->next) {
        json_append(keys, json_string(turn->arena, slice_from(one->text, below.len)));
    }
    if (walk.stopped_at.len > 0) {
        json_set_string(turn->arena, data, "next", slice_from(walk.stopped_at, below.len));
    }
    *ret_data = data;
    return keys == NULL || keys->count != walk.found->count ? ERR_MEMORY : keys->count == 0 && walk.stopped_at.len == 0 ? ERR_NOT_FOUND : ERR_NONE;
}
