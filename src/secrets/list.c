#include "secrets/secrets.h"

enum { NAMES_MAX = 200000, PAGE = 10000, NAME_MAX_BYTES = 480 };

/* What a list may ask for: from where, how many. */
static enum err read_limits(struct turn *turn, uint64_t *ret_limit, struct slice *ret_after)
{
    struct slice text = turn_query(turn, "limit"), after = turn_query(turn, "after");
    bool is_all = text.len == 0 || slice_is(text, "-1") || slice_is(text, "0"); /* as clients say "no limit" */
    uint64_t limit = NAMES_MAX;
    if (!is_all && slice_to_u64(text, &limit) != ERR_NONE) {
        return turn_refuse(turn, ERR_INVALID, TEXT("limit is a whole number", "limit ist eine ganze Zahl"), text);
    }
    if (after.len > NAME_MAX_BYTES) {
        return turn_refuse(turn, ERR_INVALID, TEXT("after is longer than a name", "after ist länger als ein Name"), SLICE_NONE);
    }
    *ret_limit = limit < NAMES_MAX ? limit : NAMES_MAX;
    *ret_after = after;
    return ERR_NONE;
}

enum err secrets_names(struct turn *turn, const char *folder, struct slice prefix, struct turn_names *ret_names)
{
    uint64_t limit = 0;
    struct slice after;
    enum err err = read_limits(turn, &limit, &after);
    bool ends = prefix.len == 0 || prefix.data[prefix.len - 1] == '/';
    char *path = mount_path(turn, "%s/%.*s%s", folder, (int)prefix.len, (const char *)prefix.data, ends ? "" : "/");
    struct turn_names all = {0};
    for (bool goes_on = err == ERR_NONE; goes_on;) {
        struct turn_names page;
        uint64_t left = limit - all.count, size = left < PAGE ? left : PAGE;
        err = turn_names(turn, path, after, (uint32_t)size, &page);
        if (err != ERR_NONE) {
            return err;
        }
        struct slice *grown = page.names;
        if (all.count > 0) {
            grown = arena_alloc_array(turn->arena, all.count + page.count + 1, sizeof *grown);
            for (size_t i = 0; grown != NULL && i < all.count + page.count; i++) {
                grown[i] = i < all.count ? all.names[i] : page.names[i - all.count];
            }
        }
        if (grown == NULL) {
            return ERR_MEMORY;
        }
        all = (struct turn_names){.names = grown, .count = all.count + page.count};
        goes_on = page.count == PAGE && all.count < limit;
        after = page.count > 0 ? page.names[page.count - 1] : after;
    }
    *ret_names = all;
    return err != ERR_NONE ? err : all.count == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

enum err secrets_list(struct turn *turn, const char *folder, struct slice prefix)
{
    struct turn_names names;
    enum err err = secrets_names(turn, folder, prefix, &names);
    return err == ERR_NONE ? turn_reply_data(turn, turn_keys(turn, &names)) : err;
}

/* A reply wraps the value in {"data":{"data":…}}: what is nested deeper than this could be written and not read. */
enum { VALUE_DEPTH_MAX = JSON_DEPTH_MAX - 6 };

enum err secrets_fits(struct turn *turn, const struct json *value)
{
    const struct json *level[VALUE_DEPTH_MAX + 1];
    size_t depth = 0;
    if (value == NULL || value->type != JSON_OBJECT) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a secret is a JSON object", "ein Secret ist ein JSON-Objekt"), SLICE_NONE);
    }
    level[0] = value->first;
    for (;;) {
        const struct json *here = level[depth];
        if (here == NULL) {
            if (depth == 0) {
                return ERR_NONE;
            }
            depth--;
            level[depth] = level[depth]->next;
        } else if (here->first == NULL) {
            level[depth] = here->next;
        } else if (depth == VALUE_DEPTH_MAX) {
            return turn_refuse(turn, ERR_INVALID, TEXT("the value is nested deeper than 58 levels", "der Wert ist tiefer als 58 Ebenen verschachtelt"), SLICE_NONE);
        } else {
            level[++depth] = here->first;
        }
    }
}

struct slice secrets_lower(struct turn *turn, struct slice text)
{
    return slice_string(arena_lower(turn->arena, slice_trim(text)));
}

struct json *secrets_with(struct turn *turn, const struct json *object, const char *name, struct json *value)
{
    struct json *copy = json_new(turn->arena, JSON_OBJECT);
    bool is_set = value == NULL;
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        bool is_it = slice_is(member->name, name);
        if (!is_it || value != NULL) {
            json_set(turn->arena, copy, arena_string(turn->arena, member->name), is_it ? value : json_copy(turn->arena, member));
        }
        is_set = is_set || is_it;
    }
    if (!is_set) {
        json_set(turn->arena, copy, name, value);
    }
    return copy;
}
