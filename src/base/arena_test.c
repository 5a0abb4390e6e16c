#include "base/check.h"
#include "base/arena.h"

TEST(arena_memory_is_aligned_zeroed_and_apart)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    CHECK(arena != NULL);
    uint8_t *previous = NULL;
    for (size_t size = 0; size < 1000; size += 13) {
        uint8_t *memory = arena_alloc(arena, size);
        CHECK(memory != NULL && memory != previous);
        CHECK_U64(0, (uintptr_t)memory % 16);
        for (size_t i = 0; i < size; i++) {
            CHECK_U64(0, memory[i]);
            memory[i] = 0xff;
        }
        previous = memory;
    }
}

TEST(arena_stops_at_its_maximum)
{
    cleanup_arena struct arena *arena = arena_new(100);
    CHECK(arena_alloc(arena, 96) != NULL);
    CHECK(arena_alloc(arena, 1) == NULL);
    CHECK_U64(96, arena_used(arena));
    arena_reset(arena);
    CHECK_U64(0, arena_used(arena));
    CHECK(arena_alloc(arena, 1) != NULL);
    CHECK(arena_alloc(arena, SIZE_MAX) == NULL);
    CHECK(arena_alloc(arena, SIZE_MAX - 16) == NULL);
    CHECK(arena_alloc_array(arena, SIZE_MAX / 2, 3) == NULL);
}

/* Whichever block it keeps: the first, one that grew, or the first again because the others are too large. */
TEST(arena_reset_zeroes_again)
{
    static const size_t sizes[][3] = {{3000, 2000, 1}, {3000, 100000, 16}, {3000, 3000, 5000}, {1, 1, 1}, {4000, 9000, 30000}};
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    for (size_t round = 0; round < 3 * sizeof sizes / sizeof sizes[0]; round++) {
        for (size_t i = 0; i < 3; i++) {
            size_t bytes = sizes[round % (sizeof sizes / sizeof sizes[0])][i];
            uint8_t *piece = arena_alloc(arena, bytes);
            CHECK(piece != NULL);
            CHECK(piece[0] == 0 && memcmp(piece, piece + 1, bytes - 1) == 0);
            memset(piece, 1, bytes);
        }
        arena_reset(arena);
        CHECK_U64(0, arena_used(arena));
    }
}

TEST(arena_copies)
{
    cleanup_arena struct arena *arena = arena_new(4096);
    struct slice copy = arena_copy(arena, SLICE_LITERAL("abc"));
    CHECK_SLICE("abc", copy);
    CHECK_U64(0, copy.data[3]);
    CHECK(arena_copy(arena, SLICE_NONE).data != NULL);
    CHECK_STRING("abc", arena_string(arena, SLICE_LITERAL("abc")));
    CHECK_STRING("7-x", arena_printf(arena, "%d-%s", 7, "x"));
    CHECK(arena_copy(arena, slice_of("", SIZE_MAX)).data == NULL);
    CHECK(arena_printf(arena, "%5000d", 1) == NULL);
}

TEST(arena_free_of_nothing)
{
    arena_free(NULL);
    cleanup_arena struct arena *empty = arena_new(0);
    CHECK(empty != NULL && arena_alloc(empty, 0) == NULL);
}

TEST(arena_of_large_pieces_counts_wipes_and_goes_on_with_small_ones)
{
    enum { LARGE = 1 << 20 };
    struct arena *arena = arena_new(3 * LARGE);
    for (int i = 0; i < 3; i++) {
        uint8_t *small = arena_alloc(arena, 16), *room = arena_room(arena, LARGE), *next = arena_alloc(arena, 16);
        CHECK(small != NULL && room != NULL && next == small + 16);
        memset(room, 0xee, LARGE);
        CHECK_U64(32 + LARGE, arena_used(arena));
        CHECK(arena_room(arena, 2 * LARGE) == NULL); /* past the maximum */
        CHECK(arena_room(arena, SIZE_MAX) == NULL);
        struct slice copy = arena_copy(arena, slice_of(room, LARGE));
        CHECK(copy.len == LARGE && copy.data[LARGE] == 0 && memcmp(copy.data, room, LARGE) == 0);
        arena_reset(arena);
        CHECK_U64(0, arena_used(arena));
    }
    arena_free(arena);
}

TEST_MAIN
