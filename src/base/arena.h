/*
 * An arena: memory for one message, freed at once. Never holds secrets: it is wiped when freed or
 * reset, but neither locked in memory nor kept out of dumps.
 * Allocation past the maximum gives NULL; memory is zeroed.
 */
#ifndef VOGT_BASE_ARENA_H
#define VOGT_BASE_ARENA_H

#include "base/bytes.h"

struct arena;

struct arena *arena_new(size_t max_bytes);                        /* NULL without memory */
void arena_free(struct arena *arena);
void arena_reset(struct arena *arena);                            /* keeps a block; all pointers die */
void *arena_alloc(struct arena *arena, size_t bytes);             /* 16-byte aligned, zeroed; NULL past the maximum */
/* The same, but perhaps not zeroed: for megabytes that are written at once. */
void *arena_room(struct arena *arena, size_t bytes);
void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes); /* overflow-checked */
/* Copies; data is NULL only when memory ran out and slice.len > 0. A copied slice is followed by a NUL byte. */
struct slice arena_copy(struct arena *arena, struct slice slice);
char *arena_string(struct arena *arena, struct slice slice);      /* NUL-terminated copy */
char *arena_lower(struct arena *arena, struct slice slice);       /* the same, A to Z as a to z */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena);

#define cleanup_arena __attribute__((cleanup(arena_cleanup)))
static inline void arena_cleanup(struct arena **arena)
{
    arena_free(*arena);
}

#endif
