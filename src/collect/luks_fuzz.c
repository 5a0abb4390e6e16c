/* The first byte chooses: a header from a device, or the kernel's table. */
#include "collect/luks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct json *fact = json_new(arena, JSON_OBJECT);
    struct slice rest = slice_from(slice_of(data, size), 1);
    if (size == 0) {
        return 0;
    }
    enum err err = data[0] == 'T' ? luks_read_table(arena, rest, fact) : luks_read(arena, rest, fact);
    cleanup_buf struct buf text = BUF_INIT(4 << 20);
    if (err == ERR_NONE && json_write(&text, fact, 0) != ERR_NONE) {
        __builtin_trap();
    }
    return 0;
}
