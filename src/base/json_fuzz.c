/* Whatever is read can be written, read again to the same tree, and written to the same bytes. */
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
    cleanup_buf struct buf out = BUF_INIT(16 << 20), again = BUF_INIT(16 << 20),
                           packed = BUF_INIT(16 << 20);
    struct json *value = NULL, *back = NULL;
    struct complaint complaint;
    char line[512];
    enum err err = json_read(arena, slice_of(data, size), &value, &complaint);
    if (err != ERR_NONE) {
        complaint_format(&complaint, LANGUAGE_GERMAN, line, sizeof(line));
        return 0;
    }
    require(json_write(&out, value, 0) == ERR_NONE);
    err = json_read(arena, buf_slice(&out), &back, NULL);
    require(err == ERR_NONE || err == ERR_TOO_LARGE);
    if (err == ERR_NONE) {
        require(json_equal(value, back));
        require(json_write(&again, back, 0) == ERR_NONE &&
                slice_equal(buf_slice(&out), buf_slice(&again)));
    }
    require(json_pack(&packed, value) == ERR_NONE);
    err = json_unpack(arena, buf_slice(&packed), &back);
    require(err == ERR_TOO_LARGE || (err == ERR_NONE && json_equal(value, back)));
    return 0;
}
