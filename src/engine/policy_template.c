#include "engine/policy_template.h"

#include <string.h>

enum { PATTERN_MAX_BYTES = 2048 };

static size_t find_text(struct slice text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, word, len) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool template_has(struct slice pattern)
{
    return slice_find_byte(pattern, '{') != SIZE_MAX && find_text(pattern, "{{") != SIZE_MAX;
}

/* Cuts a beginning off; false: there is another. */
static bool cut(struct slice *text, const char *begin)
{
    bool has = slice_starts(*text, slice_string(begin));
    *text = has ? slice_from(*text, strlen(begin)) : *text;
    return has;
}

static struct slice member_text(const struct json *object, const char *folder, struct slice key)
{
    const struct json *members = json_member(object, folder);
    for (const struct json *one = members == NULL ? NULL : members->first; one != NULL; one = one->next) {
        if (slice_equal(one->name, key)) {
            return one->type == JSON_STRING ? one->text : SLICE_NONE;
        }
    }
    return SLICE_NONE;
}

/* ACCESSOR.name, ACCESSOR.id, ACCESSOR.metadata.KEY, ACCESSOR.custom_metadata.KEY */
static struct slice of_alias(const struct json *entity, struct slice rest)
{
    size_t dot = slice_find_byte(rest, '.');
    struct slice accessor = dot == SIZE_MAX ? SLICE_NONE : slice_first(rest, dot), what = dot == SIZE_MAX ? SLICE_NONE : slice_from(rest, dot + 1);
    struct thing thing = {.kind = KIND_ENTITY, .row = entity};
    const struct json *alias = entity == NULL ? NULL : alias_at(&thing, accessor);
    if (slice_is(what, "name") || slice_is(what, "id")) {
        return json_text(alias, slice_is(what, "id") ? "id" : "name", SLICE_NONE);
    }
    return cut(&what, "metadata.") ? member_text(alias, "metadata", what) : cut(&what, "custom_metadata.") ? member_text(alias, "custom_metadata", what) : SLICE_NONE;
}

/* ids.ID.name, ids.ID.metadata.KEY, names.NAME.id, names.NAME.metadata.KEY: only of groups that the entity is in. */
static struct slice of_group(const struct identity *identity, struct slice rest)
{
    bool by_id = cut(&rest, "ids.");
    if (!by_id && !cut(&rest, "names.")) {
        return SLICE_NONE;
    }
    for (const struct json *group = identity->groups->first; group != NULL; group = group->next) {
        struct slice key = json_text(group, by_id ? "id" : "name", SLICE_NONE), what = slice_from(rest, key.len < rest.len ? key.len : rest.len);
        if (key.len == 0 || !slice_starts(rest, key) || !cut(&what, ".")) {
            continue;
        }
        if (slice_is(what, by_id ? "name" : "id")) {
            return json_text(group, by_id ? "name" : "id", SLICE_NONE);
        }
        if (cut(&what, "metadata.")) {
            return member_text(group, "metadata", what);
        }
    }
    return SLICE_NONE;
}

static struct slice value_of(const struct identity *identity, struct slice name)
{
    if (identity == NULL || identity->is_barred) {
        return SLICE_NONE;
    }
    if (cut(&name, "identity.groups.")) {
        return of_group(identity, name);
    }
    if (!cut(&name, "identity.entity.")) {
        return SLICE_NONE;
    }
    if (slice_is(name, "id")) {
        return identity->id;
    }
    return slice_is(name, "name")       ? json_text(identity->entity, "name", SLICE_NONE)
           : cut(&name, "metadata.")    ? member_text(identity->entity, "metadata", name)
           : cut(&name, "aliases.")     ? of_alias(identity->entity, name)
                                        : SLICE_NONE;
}

/* A value stands for itself: it brings no wildcard and no way up. */
static bool is_tame(struct slice value)
{
    struct slice rest = value, segment;
    if (value.len == 0 || slice_find_byte(value, '*') != SIZE_MAX || find_text(value, "{{") != SIZE_MAX) {
        return false;
    }
    while (slice_split(&rest, '/', &segment)) {
        if (segment.len == 0 || slice_is(segment, "+") || slice_is(segment, ".") || slice_is(segment, "..")) {
            return false;
        }
    }
    return value.data[value.len - 1] != '/';
}

bool template_fill(struct arena *arena, const struct identity *identity, struct slice pattern, struct slice *ret_pattern)
{
    cleanup_buf struct buf out = BUF_INIT(PATTERN_MAX_BYTES);
    enum err err = ERR_NONE;
    for (size_t open = find_text(pattern, "{{"); open != SIZE_MAX && err == ERR_NONE; open = find_text(pattern, "{{")) {
        struct slice rest = slice_from(pattern, open + 2);
        size_t close = find_text(rest, "}}");
        struct slice value = close == SIZE_MAX ? SLICE_NONE : value_of(identity, slice_trim(slice_first(rest, close)));
        if (!is_tame(value)) {
            return false;
        }
        err = buf_append(&out, slice_first(pattern, open));
        err = err == ERR_NONE ? buf_append(&out, value) : err;
        pattern = slice_from(rest, close + 2);
    }
    err = err == ERR_NONE ? buf_append(&out, pattern) : err;
    *ret_pattern = err == ERR_NONE ? arena_copy(arena, buf_slice(&out)) : SLICE_NONE;
    return ret_pattern->data != NULL;
}

static bool is_known(struct slice name)
{
    static const char *const exact[] = {"identity.entity.id", "identity.entity.name"},
                            *const begins[] = {"identity.entity.metadata.", "identity.entity.aliases.", "identity.groups.ids.", "identity.groups.names."};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if ((i < sizeof exact / sizeof exact[0] && slice_is(name, exact[i])) || (slice_starts(name, slice_string(begins[i])) && name.len > strlen(begins[i]))) {
            return true;
        }
    }
    return false;
}

bool template_is_good(struct slice pattern)
{
    for (size_t open = find_text(pattern, "{{"); open != SIZE_MAX; open = find_text(pattern, "{{")) {
        struct slice rest = slice_from(pattern, open + 2);
        size_t close = find_text(rest, "}}");
        if (close == SIZE_MAX || !is_known(slice_trim(slice_first(rest, close)))) {
            return false;
        }
        pattern = slice_from(rest, close + 2);
    }
    return find_text(pattern, "}}") == SIZE_MAX;
}
