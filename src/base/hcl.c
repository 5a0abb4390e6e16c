/* Look-ups in what was read, names checked against a schema, and the way to JSON. */
#include "base/hcl.h"

#include "base/names.h"

#include <string.h>

const struct hcl_attribute *hcl_attribute(const struct hcl_block *block, const char *name)
{
    if (block == NULL) {
        return NULL;
    }
    for (const struct hcl_attribute *attribute = block->attributes; attribute != NULL;
         attribute = attribute->next) {
        if (slice_is(attribute->name, name)) {
            return attribute;
        }
    }
    return NULL;
}

struct slice hcl_text(const struct hcl_block *block, const char *name, struct slice fallback)
{
    const struct hcl_attribute *attribute = hcl_attribute(block, name);
    return attribute != NULL && attribute->value->type == JSON_STRING ? attribute->value->text
                                                                      : fallback;
}

static bool is_listed(struct slice name, const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (slice_is(name, list[i])) {
            return true;
        }
    }
    return false;
}

enum err hcl_check_names(const struct hcl_block *block, const char *const *attributes,
                         const char *const *blocks, struct complaint *complaint)
{
    for (const struct hcl_attribute *attribute = block->attributes; attribute != NULL;
         attribute = attribute->next) {
        if (!is_listed(attribute->name, attributes)) {
            return complain(
                complaint, ERR_INVALID,
                TEXT("this name is not known here; check its spelling, or remove it",
                     "dieser Name ist hier nicht bekannt; Schreibweise prüfen oder entfernen"),
                attribute->line, attribute->column, (const char *)attribute->name.data,
                attribute->name.len);
        }
    }
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        if (!is_listed(child->type, blocks)) {
            return complain(
                complaint, ERR_INVALID,
                TEXT("this kind of block is not known here; check its spelling, or remove it",
                     "diese Art von Block ist hier nicht bekannt; Schreibweise prüfen oder "
                     "entfernen"),
                child->line, child->column, (const char *)child->type.data, child->type.len);
        }
    }
    return ERR_NONE;
}

/* json_set takes a NUL-terminated name; names from the text are slices and may even hold a NUL
 * (written \u0000). */
static struct json *set_named(struct arena *arena, struct json *object, struct slice name,
                              struct json *value)
{
    struct slice copy = arena_copy(arena, name);
    if (object == NULL || value == NULL || copy.data == NULL) {
        return NULL;
    }
    struct json *set = json_set(arena, object, "", value);
    if (set != NULL) {
        set->name = copy;
    }
    return set;
}

/* Sorted by type, then by place: the first of a type leads a group and says where its array stands
 * in the object. */
struct group {
    const struct hcl_block *block;
    size_t leader;
    struct json *array; /* of a leader */
};

static struct group *groups_of(struct arena *arena, const struct hcl_block *block, size_t count)
{
    struct group *groups = arena_alloc_array(arena, count, sizeof(*groups));
    struct name_place *names = arena_alloc_array(arena, count, sizeof(*names));
    if (groups == NULL || names == NULL) {
        return NULL;
    }
    size_t index = 0;
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        groups[index] = (struct group){.block = child};
        names[index] = (struct name_place){child->type, index};
        index++;
    }
    (void)names_repeated(names, count); /* for its sorting */
    for (size_t i = 0; i < count; i++) {
        bool leads = i == 0 || !slice_equal(names[i - 1].name, names[i].name);
        groups[names[i].index].leader = leads ? names[i].index : groups[names[i - 1].index].leader;
    }
    return groups;
}

static bool body_to_json(struct arena *arena, const struct hcl_block *block, struct json *object);

static bool has_item(const struct hcl_block *block, const char *name)
{
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        if (slice_is(child->type, name)) {
            return true;
        }
    }
    return hcl_attribute(block, name) != NULL;
}

/* "labels" and "line" stand first, unless the body itself uses the name. */
static struct json *block_to_json(struct arena *arena, const struct hcl_block *block)
{
    struct json *object = json_new(arena, JSON_OBJECT);
    bool complete = object != NULL;
    if (complete && !has_item(block, "labels")) {
        struct json *labels = json_set_array(arena, object, "labels");
        complete = labels != NULL;
        for (size_t i = 0; complete && i < block->label_count; i++) {
            complete = json_append(labels, json_string(arena, block->labels[i])) != NULL;
        }
    }
    if (complete && !has_item(block, "line")) {
        complete = json_set_u64(arena, object, "line", block->line) != NULL;
    }
    return complete && body_to_json(arena, block, object) ? object : NULL;
}

/* Recursion as deep as blocks nest, which the reader bounds. */
static bool body_to_json(struct arena *arena, const struct hcl_block *block, struct json *object)
{
    for (const struct hcl_attribute *attribute = block->attributes; attribute != NULL;
         attribute = attribute->next) {
        if (set_named(arena, object, attribute->name, json_copy(arena, attribute->value)) == NULL) {
            return false;
        }
    }
    size_t count = 0;
    for (const struct hcl_block *child = block->blocks; child != NULL; child = child->next) {
        count++;
    }
    struct group *groups = count == 0 ? NULL : groups_of(arena, block, count);
    if (count > 0 && groups == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (groups[i].leader == i) {
            groups[i].array =
                set_named(arena, object, groups[i].block->type, json_new(arena, JSON_ARRAY));
        }
        struct json *array = groups[groups[i].leader].array;
        if (json_append(array, block_to_json(arena, groups[i].block)) == NULL) {
            return false;
        }
    }
    return true;
}

struct json *hcl_to_json(struct arena *arena, const struct hcl_block *block)
{
    struct json *object = json_new(arena, JSON_OBJECT);
    return object != NULL && body_to_json(arena, block, object) ? object : NULL;
}
