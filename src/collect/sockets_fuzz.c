#include "collect/sockets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct json *listeners = json_new(arena, JSON_ARRAY);
    const char *table = size > 0 && data[0] % 2 == 0 ? "tcp6" : "udp";
    if (sockets_parse(arena, slice_of(data, size), table, listeners) == ERR_NONE) {
        cleanup_buf struct buf text = BUF_INIT(8 << 20);
        if (json_write(&text, listeners, 0) != ERR_NONE) {
            __builtin_trap();
        }
    }
    return 0;
}
