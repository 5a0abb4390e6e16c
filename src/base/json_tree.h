/*
 * What the JSON reader, the unpacker and the tree share inside this folder: the rules that every
 * tree obeys, however it came about. Not for other folders.
 */
#ifndef VOGT_BASE_JSON_TREE_H
#define VOGT_BASE_JSON_TREE_H

#include "base/json.h"

/* Fills *ret_repeated with the first member whose name stood before, or NULL. ERR_TOO_LARGE when
 * the arena is full. */
enum err json_repeated_name(struct arena *arena, const struct json *object,
                            const struct json **ret_repeated) must_check;

bool json_number_valid(struct slice text);

static inline bool json_is_container(const struct json *value)
{
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

static inline void json_link(struct json *parent, struct json *child)
{
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

#endif
