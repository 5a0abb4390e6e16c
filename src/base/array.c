#include "base/array.h"

#include "base/arena.h"

#include <stdlib.h>

enum { FIRST_COUNT = 16 };

static size_t larger(size_t capacity)
{
    return capacity == 0 ? FIRST_COUNT : 2 * capacity; /* below half of the address space, since the items lie in memory */
}

void *array_room(void *items, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity) {
        return items;
    }
    size_t total;
    void *grown = __builtin_mul_overflow(larger(*capacity), bytes, &total) ? NULL : realloc(items, total);
    *capacity = grown == NULL ? *capacity : larger(*capacity);
    return grown;
}

void *array_room_in(struct arena *arena, void *items, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity) {
        return items;
    }
    void *grown = arena_alloc_array(arena, larger(*capacity), bytes);
    if (grown != NULL && count > 0) {
        memcpy(grown, items, count * bytes);
    }
    *capacity = grown == NULL ? *capacity : larger(*capacity);
    return grown;
}
