/* The tree: look-ups, building, copies, comparison. Walks keep their own stack of JSON_DEPTH_MAX
 * parents. */
#include "base/json.h"

#include "base/json_tree.h"
#include "base/names.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { FEW_MEMBERS = 8, SOME_MEMBERS = 32 };

/* Small objects, the usual ones, are compared pair by pair without copying. */
static const struct json *repeated_among_few(const struct json *object)
{
    for (const struct json *later = object->first; later != NULL; later = later->next) {
        for (const struct json *earlier = object->first; earlier != later;
             earlier = earlier->next) {
            if (slice_equal(earlier->name, later->name)) {
                return later;
            }
        }
    }
    return NULL;
}

enum err json_repeated_name(struct arena *arena, const struct json *object,
                            const struct json **ret_repeated)
{
    if (object->count <= FEW_MEMBERS) {
        *ret_repeated = repeated_among_few(object);
        return ERR_NONE;
    }
    struct name_place few[SOME_MEMBERS];
    struct name_place *names = few;
    if (object->count > SOME_MEMBERS) {
        names = arena_alloc_array(arena, object->count, sizeof(*names));
        if (names == NULL) {
            return ERR_TOO_LARGE;
        }
    }
    size_t index = 0;
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        names[index] = (struct name_place){member->name, index};
        index++;
    }
    size_t repeated = names_repeated(names, index);
    const struct json *found = NULL;
    if (repeated != SIZE_MAX) {
        found = object->first;
        for (size_t i = 0; i < repeated; i++) {
            found = found->next;
        }
    }
    *ret_repeated = found;
    return ERR_NONE;
}

static size_t digits_from(struct slice text, size_t position)
{
    while (position < text.len && text.data[position] >= '0' && text.data[position] <= '9') {
        position++;
    }
    return position;
}

/* RFC 8259, section 6: [ "-" ] ( "0" / 1-9 digits ) [ "." digits ] [ e [ sign ] digits ] */
bool json_number_valid(struct slice text)
{
    size_t start = text.len > 0 && text.data[0] == '-' ? 1 : 0;
    size_t end = digits_from(text, start);
    if (end == start || (text.data[start] == '0' && end > start + 1)) {
        return false;
    }
    if (end < text.len && text.data[end] == '.') {
        start = end + 1;
        end = digits_from(text, start);
        if (end == start) {
            return false;
        }
    }
    if (end < text.len && (text.data[end] | 0x20) == 'e') {
        start = end + 1;
        if (start < text.len && (text.data[start] == '+' || text.data[start] == '-')) {
            start++;
        }
        end = digits_from(text, start);
        if (end == start) {
            return false;
        }
    }
    return end == text.len;
}

static const struct json *member_named(const struct json *object, struct slice name)
{
    if (object == NULL || object->type != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (slice_equal(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

const struct json *json_member(const struct json *object, const char *name)
{
    return member_named(object, slice_string(name));
}

const struct json *json_path(const struct json *value, const char *dotted_path)
{
    struct slice rest = slice_string(dotted_path), name;
    while (value != NULL && slice_split(&rest, '.', &name)) {
        value = member_named(value, name);
    }
    return value;
}

struct slice json_text(const struct json *object, const char *name, struct slice fallback)
{
    const struct json *member = json_member(object, name);
    return member != NULL && (member->type == JSON_STRING || member->type == JSON_NUMBER)
               ? member->text
               : fallback;
}

bool json_bool(const struct json *object, const char *name, bool fallback)
{
    const struct json *member = json_member(object, name);
    if (member == NULL || (member->type != JSON_TRUE && member->type != JSON_FALSE)) {
        return fallback;
    }
    return member->type == JSON_TRUE;
}

enum err json_u64(const struct json *object, const char *name, uint64_t *ret_value)
{
    const struct json *member = json_member(object, name);
    if (member == NULL) {
        return ERR_NOT_FOUND;
    }
    if (member->type != JSON_NUMBER && member->type != JSON_STRING) {
        return ERR_INVALID;
    }
    return slice_to_u64(member->text, ret_value) == ERR_NONE ? ERR_NONE : ERR_INVALID;
}

enum err json_i64(const struct json *object, const char *name, int64_t *ret_value)
{
    const struct json *member = json_member(object, name);
    if (member == NULL) {
        return ERR_NOT_FOUND;
    }
    if (member->type != JSON_NUMBER && member->type != JSON_STRING) {
        return ERR_INVALID;
    }
    bool negative = member->text.len > 0 && member->text.data[0] == '-';
    uint64_t magnitude;
    if (slice_to_u64(slice_from(member->text, negative ? 1 : 0), &magnitude) != ERR_NONE ||
        magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return ERR_INVALID;
    }
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return ERR_NONE;
}

struct json *json_new(struct arena *arena, enum json_type type)
{
    struct json *value = arena_alloc(arena, sizeof(*value));
    if (value != NULL) {
        value->type = type;
    }
    return value;
}

/* Names of files and answers of other systems need not be UTF-8: each byte that is not becomes
 * U+FFFD, so that every tree can be written and packed. */
static struct slice copy_utf8(struct arena *arena, struct slice text)
{
    if (utf8_valid(text)) {
        return arena_copy(arena, text);
    }
    uint8_t *copy = arena_alloc_array(arena, text.len, 3);
    if (copy == NULL) {
        return SLICE_NONE;
    }
    size_t len = 0, position = 0;
    while (position < text.len) {
        size_t start = position;
        uint32_t code_point;
        if (utf8_next(text, &position, &code_point) == ERR_NONE) {
            memcpy(copy + len, text.data + start, position - start);
            len += position - start;
        } else {
            memcpy(copy + len, "\xef\xbf\xbd", 3);
            len += 3;
            position++;
        }
    }
    return slice_of(copy, len);
}

struct json *json_string(struct arena *arena, struct slice text)
{
    struct slice copy = copy_utf8(arena, text);
    struct json *value = copy.data == NULL ? NULL : json_new(arena, JSON_STRING);
    if (value != NULL) {
        value->text = copy;
    }
    return value;
}

struct json *json_string_kept(struct arena *arena, struct slice text)
{
    struct json *value = text.data == NULL ? NULL : json_new(arena, JSON_STRING);
    if (value != NULL) {
        value->text = text;
    }
    return value;
}

struct json *json_share(struct arena *arena, const struct json *value)
{
    struct json *node = value == NULL ? NULL : json_new(arena, value->type);
    if (node != NULL) {
        *node = *value;
        node->next = NULL;
        node->name = SLICE_NONE;
    }
    return node;
}

struct json *json_number_text(struct arena *arena, struct slice text)
{
    if (!json_number_valid(text)) {
        return NULL;
    }
    struct slice copy = arena_copy(arena, text);
    struct json *value = copy.data == NULL ? NULL : json_new(arena, JSON_NUMBER);
    if (value != NULL) {
        value->text = copy;
    }
    return value;
}

struct json *json_number_u64(struct arena *arena, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    return json_number_text(arena, slice_string(text));
}

struct json *json_number_i64(struct arena *arena, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return json_number_text(arena, slice_string(text));
}

struct json *json_boolean(struct arena *arena, bool value)
{
    return json_new(arena, value ? JSON_TRUE : JSON_FALSE);
}

struct json *json_append(struct json *array, struct json *value)
{
    if (array == NULL || value == NULL || array->type != JSON_ARRAY) {
        return NULL;
    }
    json_link(array, value);
    return value;
}

struct json *json_set(struct arena *arena, struct json *object, const char *name,
                      struct json *value)
{
    if (object == NULL || value == NULL || object->type != JSON_OBJECT) {
        return NULL;
    }
    struct slice copy = copy_utf8(arena, slice_string(name));
    if (copy.data == NULL) {
        return NULL;
    }
    value->name = copy;
    json_link(object, value);
    return value;
}

struct json *json_set_string(struct arena *arena, struct json *object, const char *name,
                             struct slice text)
{
    return json_set(arena, object, name, json_string(arena, text));
}

struct json *json_set_u64(struct arena *arena, struct json *object, const char *name,
                          uint64_t value)
{
    return json_set(arena, object, name, json_number_u64(arena, value));
}

struct json *json_set_i64(struct arena *arena, struct json *object, const char *name, int64_t value)
{
    return json_set(arena, object, name, json_number_i64(arena, value));
}

struct json *json_set_bool(struct arena *arena, struct json *object, const char *name, bool value)
{
    return json_set(arena, object, name, json_boolean(arena, value));
}

struct json *json_set_null(struct arena *arena, struct json *object, const char *name)
{
    return json_set(arena, object, name, json_new(arena, JSON_NULL));
}

struct json *json_set_object(struct arena *arena, struct json *object, const char *name)
{
    return json_set(arena, object, name, json_new(arena, JSON_OBJECT));
}

struct json *json_set_array(struct arena *arena, struct json *object, const char *name)
{
    return json_set(arena, object, name, json_new(arena, JSON_ARRAY));
}

static struct json *copy_one(struct arena *arena, const struct json *value)
{
    struct json *copy = json_new(arena, value->type);
    if (copy == NULL) {
        return NULL;
    }
    if (value->name.data != NULL) {
        copy->name = arena_copy(arena, value->name);
    }
    if (value->type == JSON_NUMBER || value->type == JSON_STRING) {
        copy->text = arena_copy(arena, value->text);
    }
    bool complete = (value->name.data == NULL || copy->name.data != NULL) &&
                    (copy->text.len == 0 || copy->text.data != NULL);
    return complete ? copy : NULL;
}

/* Walks down to the first child, then along siblings, then up; from[] and to[] are the parents on
 * the way. */
struct json *json_copy(struct arena *arena, const struct json *value)
{
    const struct json *from[JSON_DEPTH_MAX + 1];
    struct json *to[JSON_DEPTH_MAX + 1];
    size_t depth = 0;
    struct json *root = value == NULL ? NULL : copy_one(arena, value);
    struct json *copy = root;
    while (copy != NULL) {
        if (value->first != NULL) {
            if (depth == JSON_DEPTH_MAX) {
                return NULL;
            }
            from[depth] = value;
            to[depth++] = copy;
            value = value->first;
        } else {
            while (depth > 0 && value->next == NULL) {
                value = from[--depth];
            }
            if (depth == 0) {
                return root;
            }
            value = value->next;
        }
        copy = copy_one(arena, value);
        if (copy != NULL) {
            json_link(to[depth - 1], copy);
        }
    }
    return NULL;
}

static bool equal_one(const struct json *a, const struct json *b)
{
    return a->type == b->type && a->count == b->count && slice_equal(a->text, b->text);
}

bool json_equal(const struct json *a, const struct json *b)
{
    const struct json *above_a[JSON_DEPTH_MAX + 1], *above_b[JSON_DEPTH_MAX + 1];
    size_t depth = 0;
    if (a == NULL || b == NULL) {
        return a == b;
    }
    while (equal_one(a, b) && (depth == 0 || slice_equal(a->name, b->name))) {
        if (a->first != NULL) {
            if (depth == JSON_DEPTH_MAX) {
                return false;
            }
            above_a[depth] = a;
            above_b[depth++] = b;
            a = a->first;
            b = b->first;
            continue;
        }
        while (depth > 0 && a->next == NULL) {
            a = above_a[--depth];
            b = above_b[depth];
        }
        if (depth == 0) {
            return true;
        }
        a = a->next;
        b = b->next; /* counts are equal, so b has one */
    }
    return false;
}
