#include "measure/edit.h"

#include "base/time.h"

struct json *edit_share(struct arena *arena, const struct json *value)
{
    struct json *node = value == NULL ? NULL : arena_alloc(arena, sizeof *node);
    if (node != NULL) {
        *node = *value;
        node->next = NULL;
    }
    return node;
}

static struct json *add(struct json *parent, struct json *node)
{
    if (parent == NULL || node == NULL) {
        return NULL;
    }
    if (parent->last == NULL) {
        parent->first = node;
    } else {
        parent->last->next = node;
    }
    parent->last = node;
    parent->count++;
    return parent;
}

static struct json *named(struct arena *arena, const char *name, const struct json *value)
{
    struct json *node = edit_share(arena, value);
    struct slice copy = arena_copy(arena, slice_string(name));
    if (node == NULL || copy.data == NULL) {
        return NULL;
    }
    node->name = copy;
    return node;
}

struct json *edit_with(struct arena *arena, const struct json *object, const char *name, const struct json *value)
{
    struct json *edited = object == NULL ? NULL : json_new(arena, JSON_OBJECT);
    bool placed = value == NULL;
    for (const struct json *member = edited == NULL ? NULL : object->first; member != NULL && edited != NULL; member = member->next) {
        if (!slice_is(member->name, name)) {
            edited = add(edited, edit_share(arena, member));
        } else if (!placed) {
            edited = add(edited, named(arena, name, value));
            placed = true;
        }
    }
    return placed ? edited : add(edited, named(arena, name, value));
}

struct json *edit_item(struct arena *arena, const struct json *array, size_t index, const struct json *value)
{
    struct json *edited = json_new(arena, JSON_ARRAY);
    size_t at = 0;
    for (const struct json *item = array == NULL ? NULL : array->first; item != NULL && edited != NULL; item = item->next, at++) {
        if (at != index) {
            edited = add(edited, edit_share(arena, item));
        } else if (value != NULL) {
            edited = add(edited, edit_share(arena, value));
        }
    }
    return index < at || value == NULL ? edited : add(edited, edit_share(arena, value));
}

size_t edit_find(const struct json *array, const char *name, struct slice text)
{
    size_t index = 0;
    for (const struct json *item = array == NULL ? NULL : array->first; item != NULL; item = item->next, index++) {
        if (slice_equal(json_text(item, name, SLICE_NONE), text)) {
            return index;
        }
    }
    return index;
}

const struct json *edit_at(const struct json *array, size_t index)
{
    const struct json *item = array == NULL ? NULL : array->first;
    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    return item;
}

const struct json *edit_items(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == JSON_ARRAY ? member->first : NULL;
}

void edit_carry(struct arena *arena, struct json *to, const struct json *from, const char *name)
{
    const struct json *member = json_member(from, name);
    if (member != NULL) {
        json_set(arena, to, name, edit_share(arena, member));
    }
}

void edit_set_time(struct arena *arena, struct json *object, const char *name, int64_t unix_ms)
{
    char text[RFC3339_BYTES];
    if (unix_ms == 0) {
        json_set_null(arena, object, name);
        return;
    }
    rfc3339_format(unix_ms, text);
    json_set_string(arena, object, name, slice_string(text));
}

int64_t edit_number(const struct json *object, const char *name, int64_t fallback)
{
    int64_t value = 0;
    return json_i64(object, name, &value) == ERR_NONE ? value : fallback;
}
