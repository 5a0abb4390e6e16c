#include "base/check.h"
#include "base/array.h"
#include "base/arena.h"

#include <stdlib.h>

TEST(an_array_grows_and_keeps_what_it_has)
{
    size_t capacity = 0, moves = 0;
    uint64_t *items = NULL;
    for (size_t count = 0; count < 1000; count++) {
        size_t before = capacity;
        items = array_room(items, count, &capacity, sizeof *items);
        CHECK(items != NULL && capacity > count);
        moves += capacity != before;
        items[count] = count;
    }
    CHECK(moves < 8);
    for (size_t i = 0; i < 1000; i++) {
        CHECK_U64(i, items[i]);
    }
    free(items);
}

TEST(an_array_without_memory_stays_as_it_is)
{
    struct arena *arena = arena_new(1000);
    size_t capacity = 0, count = 0;
    uint64_t *items = NULL, *room = NULL;
    while ((room = array_room_in(arena, items, count, &capacity, sizeof *items)) != NULL) {
        items = room;
        items[count] = count;
        count++;
    }
    CHECK_U64(capacity, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_U64(i, items[i]);
    }
    arena_free(arena);
    CHECK(array_room(NULL, SIZE_MAX / 16, &(size_t){SIZE_MAX / 16}, 16) == NULL);
}

TEST_MAIN
