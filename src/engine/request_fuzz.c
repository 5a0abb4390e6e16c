/* Frames between gate and keep: what is read and written again must read as the same. */
#include "engine/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    cleanup_buf struct buf again = BUF_INIT(64 << 20);
    if (arena == NULL) {
        return 0;
    }
    struct request request, request_again;
    if (request_get(arena, slice_of(data, size), &request) == ERR_NONE) {
        check(request_put(&again, &request) == ERR_NONE);
        check(request_get(arena, buf_slice(&again), &request_again) == ERR_NONE);
        check(slice_equal(request.path, request_again.path) && request.verb == request_again.verb);
    }
    buf_clear(&again);
    struct reply reply, reply_again;
    if (reply_get(arena, slice_of(data, size), &reply) == ERR_NONE) {
        check(reply_put(&again, &reply) == ERR_NONE);
        check(reply_get(arena, buf_slice(&again), &reply_again) == ERR_NONE);
        check(slice_equal(reply.raw, reply_again.raw) && reply.status == reply_again.status);
    }
    return 0;
}
