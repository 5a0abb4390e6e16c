#include "collect/source_pick.h"

#include "collect/fact.h"

/* Takes the next name and what stands in its parentheses off the front. */
static bool take_name(struct slice *rest, struct slice *ret_name, struct slice *ret_inner)
{
    *rest = slice_trim(*rest);
    size_t end = 0;
    while (end < rest->len && rest->data[end] != ' ' && rest->data[end] != '(') {
        end++;
    }
    *ret_name = slice_first(*rest, end);
    *ret_inner = SLICE_NONE;
    *rest = slice_from(*rest, end);
    if (rest->len > 0 && rest->data[0] == '(') {
        size_t depth = 0, close = 0;
        do {
            depth += rest->data[close] == '(' ? 1 : 0;
            depth -= rest->data[close] == ')' ? 1 : 0;
            close++;
        } while (depth > 0 && close < rest->len);
        *ret_inner = slice_first(slice_from(*rest, 1), close - 2);
        *rest = slice_from(*rest, close);
    }
    return ret_name->len > 0;
}

static const struct json *member_of(const struct json *object, struct slice name)
{
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (slice_equal(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

static struct json *scalar(struct arena *arena, const struct json *value, bool *cut)
{
    if (value->type != JSON_STRING) {
        return json_copy(arena, value);
    }
    *cut = *cut || value->text.len > SOURCE_TEXT_MAX_BYTES;
    return json_string(arena, fact_text(arena, value->text, SOURCE_TEXT_MAX_BYTES));
}

static bool is_scalar(const struct json *value)
{
    return value->type != JSON_ARRAY && value->type != JSON_OBJECT;
}

static struct json *pick_object(struct arena *arena, const struct json *object, struct slice pick, bool *cut);

/* A list keeps its scalars, or the picked members of its objects; anything else in it is not what the table expects. */
static struct json *pick_list(struct arena *arena, const struct json *list, struct slice inner, bool *cut)
{
    struct json *picked = json_new(arena, JSON_ARRAY);
    for (const struct json *item = list->first; item != NULL && picked != NULL; item = item->next) {
        if (picked->count == SOURCE_LIST_MAX_COUNT) {
            *cut = true;
            break;
        }
        if (inner.len == 0 && is_scalar(item)) {
            json_append(picked, scalar(arena, item, cut));
        } else if (inner.len > 0 && item->type == JSON_OBJECT) {
            json_append(picked, pick_object(arena, item, inner, cut));
        }
    }
    return picked;
}

static struct json *pick_value(struct arena *arena, const struct json *value, struct slice inner, bool *cut)
{
    if (value->type == JSON_ARRAY) {
        return pick_list(arena, value, inner, cut);
    }
    if (value->type == JSON_OBJECT) {
        return inner.len == 0 ? NULL : pick_object(arena, value, inner, cut);
    }
    return inner.len == 0 || value->type == JSON_NULL ? scalar(arena, value, cut) : NULL;
}

/* "*": every member, whatever it is called. */
static void pick_all(struct arena *arena, const struct json *object, struct slice inner, struct json *picked, bool *cut)
{
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (picked->count == SOURCE_LIST_MAX_COUNT) {
            *cut = true;
            return;
        }
        struct json *value = pick_value(arena, member, inner, cut);
        *cut = *cut || member->name.len > SOURCE_NAME_MAX_BYTES;
        if (value != NULL && member->name.len <= SOURCE_NAME_MAX_BYTES) {
            json_set(arena, picked, arena_string(arena, fact_text(arena, member->name, SOURCE_NAME_MAX_BYTES)), value);
        }
    }
}

/* Goes as deep as the table's parentheses, never as deep as the reply. */
static struct json *pick_object(struct arena *arena, const struct json *object, struct slice pick, bool *cut)
{
    struct json *picked = json_new(arena, JSON_OBJECT);
    struct slice name, inner;
    while (picked != NULL && take_name(&pick, &name, &inner)) {
        if (slice_is(name, "*")) {
            pick_all(arena, object, inner, picked, cut);
            continue;
        }
        const struct json *member = member_of(object, name);
        struct json *value = member == NULL ? NULL : pick_value(arena, member, inner, cut);
        if (value != NULL) {
            json_set(arena, picked, arena_string(arena, name), value);
        }
    }
    return picked;
}

struct json *source_pick(struct arena *arena, const struct json *value, const char *pick, bool *cut)
{
    return pick_object(arena, value, slice_string(pick), cut);
}
