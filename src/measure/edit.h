/*
 * Edited trees: a read tree never changes; an edit gives a new object that shares the old one's children. Both must live in arenas that last
 * as long as the result. NULL when the arena is full; NULL arguments give NULL.
 */
#ifndef VOGT_MEASURE_EDIT_H
#define VOGT_MEASURE_EDIT_H

#include "base/json.h"

/* The object with this member replaced in its place, or added at the end. `value` NULL removes it. */
struct json *edit_with(struct arena *arena, const struct json *object, const char *name, const struct json *value);
/* The array with the item at `index` replaced; index == count appends; `value` NULL removes it. */
struct json *edit_item(struct arena *arena, const struct json *array, size_t index, const struct json *value);
/* The same value as a node of its own, so that it can stand in another list; what hangs below it is shared. */
struct json *edit_share(struct arena *arena, const struct json *value);
/* Index of the item whose member `name` is this text; the array's count when there is none. */
size_t edit_find(const struct json *array, const char *name, struct slice text);
const struct json *edit_at(const struct json *array, size_t index);       /* NULL past the end */
/* First child of an array member, NULL when there is none: for loops over what may be absent. */
const struct json *edit_items(const struct json *object, const char *name);
/* Adds a copy of `from`'s member to `to`, when it is there. */
void edit_carry(struct arena *arena, struct json *to, const struct json *from, const char *name);
/* A member with a time, as RFC 3339; null for 0. */
void edit_set_time(struct arena *arena, struct json *object, const char *name, int64_t unix_ms);
int64_t edit_number(const struct json *object, const char *name, int64_t fallback);

#endif
