/* Arrays that grow at their end, by doubling. The caller keeps items, count and capacity, all zero at first. */
#ifndef VOGT_BASE_ARRAY_H
#define VOGT_BASE_ARRAY_H

#include <stddef.h>

struct arena;

/*
 * Room for one more behind `count` items of `bytes` each: gives `items` as they are, or moved to a larger place, and then sets *capacity. NULL: no memory; items and *capacity
 * are as they were. On the heap (free ends them) or in an arena.
 */
void *array_room(void *items, size_t count, size_t *capacity, size_t bytes);
void *array_room_in(struct arena *arena, void *items, size_t count, size_t *capacity, size_t bytes);

#endif
