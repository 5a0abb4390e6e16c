/*
 * Blocks in a list, newest first; allocations are cut from the newest. The maximum counts what was
 * handed out (rounded up to 16 bytes), so it means the same whatever the block sizes are.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an arena has not handed out, or has taken back, is nobody's: with AddressSanitizer, reading it ends the program. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum {
    ALIGN_BYTES = 16,
    FIRST_BLOCK_BYTES = 4096,
    LARGEST_USUAL_BLOCK_BYTES = 1 << 20,
    LARGEST_KEPT_BLOCK_BYTES = 16 << 10, /* by a reset: what comes next is likely to need as much as what was there */
};

struct block {
    struct block *older;
    size_t capacity, used;
    _Alignas(ALIGN_BYTES) uint8_t bytes[];
};

struct arena {
    struct block *newest;
    struct block *large;                /* of arena_room: each for one piece, so that small ones go on in the newest */
    size_t max, used;
};

/* Not zeroed: for whoever writes all of it at once. */
static struct block *block_raw(size_t capacity)
{
    size_t bytes;
    if (__builtin_add_overflow(capacity, sizeof(struct block), &bytes)) {
        return NULL;
    }
    struct block *block = malloc(bytes);
    if (block != NULL) {
        *block = (struct block){.capacity = capacity};
    }
    return block;
}

static struct block *block_new(size_t capacity)
{
    size_t bytes;
    if (__builtin_add_overflow(capacity, sizeof(struct block), &bytes)) {
        return NULL;
    }
    struct block *block = calloc(1, bytes);
    if (block != NULL) {
        block->capacity = capacity;
        ASAN_POISON_MEMORY_REGION(block->bytes, capacity);
    }
    return block;
}

/* Wiped although secrets should not be here: values of requests are, and they may matter to their
 * owners. */
static void block_wipe(struct block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->capacity);
    explicit_bzero(block->bytes, block->used);
    block->used = 0;
}

static void block_free(struct block *block)
{
    block_wipe(block);
    free(block);
}

static void free_large(struct arena *arena)
{
    while (arena->large != NULL) {
        struct block *block = arena->large;
        arena->large = block->older;
        block_free(block);
    }
}

struct arena *arena_new(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL) {
        return NULL;
    }
    arena->max = max_bytes;
    size_t first = max_bytes < FIRST_BLOCK_BYTES ? max_bytes : FIRST_BLOCK_BYTES;
    arena->newest = block_new(first);
    if (arena->newest == NULL) {
        free(arena);
        return NULL;
    }
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    free_large(arena);
    struct block *older = NULL;
    for (struct block *block = arena->newest; block != NULL; block = older) {
        older = block->older;
        block_free(block);
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    free_large(arena);
    while (arena->newest->older != NULL) {
        bool is_kept = arena->newest->capacity <= LARGEST_KEPT_BLOCK_BYTES;
        struct block **place = is_kept ? &arena->newest->older : &arena->newest, *block = *place;
        *place = block->older;
        block_free(block);
    }
    block_wipe(arena->newest);
    ASAN_POISON_MEMORY_REGION(arena->newest->bytes, arena->newest->capacity);
    arena->used = 0;
}

/* The newest block doubles up to a size; what is larger gets a block of its own size. */
static struct block *add_block(struct arena *arena, size_t bytes)
{
    size_t capacity = arena->newest->capacity;
    capacity = capacity < FIRST_BLOCK_BYTES ? FIRST_BLOCK_BYTES : capacity * 2;
    if (capacity > LARGEST_USUAL_BLOCK_BYTES) {
        capacity = LARGEST_USUAL_BLOCK_BYTES;
    }
    struct block *block = block_new(bytes > capacity ? bytes : capacity);
    if (block != NULL) {
        block->older = arena->newest;
        arena->newest = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGN_BYTES) {
        return NULL;
    }
    size_t rounded =
        bytes == 0 ? ALIGN_BYTES : (bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    if (rounded > arena->max - arena->used) {
        return NULL;
    }
    struct block *block = arena->newest;
    if (rounded > block->capacity - block->used) {
        block = add_block(arena, rounded);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = block->bytes + block->used;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes == 0 ? 1 : bytes);
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t total;
    return __builtin_mul_overflow(count, bytes, &total) ? NULL : arena_alloc(arena, total);
}

void *arena_room(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    if (bytes <= LARGEST_USUAL_BLOCK_BYTES / 4 || bytes > SIZE_MAX - ALIGN_BYTES || rounded > arena->max - arena->used) {
        return arena_alloc(arena, bytes); /* small, or refused there */
    }
    struct block *block = block_raw(rounded);
    if (block == NULL) {
        return NULL;
    }
    block->older = arena->large;
    arena->large = block;
    block->used = rounded;
    arena->used += rounded;
    return block->bytes;
}

struct slice arena_copy(struct arena *arena, struct slice slice)
{
    uint8_t *copy = slice.len == SIZE_MAX ? NULL : arena_room(arena, slice.len + 1);
    if (copy == NULL) {
        return slice_of(NULL, slice.len);
    }
    if (slice.len > 0) {
        memcpy(copy, slice.data, slice.len);
    }
    copy[slice.len] = 0;
    return slice_of(copy, slice.len);
}

char *arena_string(struct arena *arena, struct slice slice)
{
    char *copy = slice.len == SIZE_MAX ? NULL : arena_alloc(arena, slice.len + 1);
    if (copy != NULL && slice.len > 0) {
        memcpy(copy, slice.data, slice.len);
    }
    return copy;
}

char *arena_lower(struct arena *arena, struct slice slice)
{
    char *copy = arena_string(arena, slice);
    for (size_t i = 0; copy != NULL && i < slice.len; i++) {
        copy[i] = (char)byte_lower(slice.data[i]);
    }
    return copy;
}

/* Printed where it is going to lie, if there is room: most texts are short paths. */
char *arena_printf(struct arena *arena, const char *format, ...)
{
    struct block *block = arena->newest;
    char *tail = (char *)block->bytes + block->used;
    size_t room = block->capacity - block->used;
    ASAN_UNPOISON_MEMORY_REGION(tail, room);
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(tail, room, format, arguments);
    va_end(arguments);
    bool fits = needed >= 0 && (size_t)needed < room;
    char *text = fits ? arena_alloc(arena, (size_t)needed + 1) : NULL;
    if (text == NULL) {
        explicit_bzero(tail, fits ? (size_t)needed : room); /* what is handed out later is zeroed */
    }
    ASAN_POISON_MEMORY_REGION(block->bytes + block->used, block->capacity - block->used);
    if (fits) {
        return text;
    }
    text = needed < 0 ? NULL : arena_alloc(arena, (size_t)needed + 1);
    if (text == NULL) {
        return NULL;
    }
    va_start(arguments, format);
    int printed = vsnprintf(text, (size_t)needed + 1, format, arguments);
    va_end(arguments);
    return printed == needed ? text : NULL;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
