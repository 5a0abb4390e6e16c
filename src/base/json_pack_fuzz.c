/* Whatever is unpacked packs to the same bytes, and is a tree that json_read accepts when it is
 * written. */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    cleanup_buf struct buf packed = BUF_INIT(16 << 20), text = BUF_INIT(16 << 20);
    struct json *value = NULL, *back = NULL;
    if (json_unpack(arena, slice_of(data, size), &value) != ERR_NONE) {
        return 0;
    }
    require(json_pack(&packed, value) == ERR_NONE);
    require(slice_equal(buf_slice(&packed), slice_of(data, size)));
    require(json_write(&text, value, 1) == ERR_NONE);
    enum err err = json_read(arena, buf_slice(&text), &back, NULL);
    require(err == ERR_TOO_LARGE || (err == ERR_NONE && json_equal(value, back)));
    struct json *copy = json_copy(arena, value);
    require(copy == NULL || json_equal(value, copy));
    return 0;
}
