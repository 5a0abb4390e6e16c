/* The kernel's texts about a machine's load, of hostile bytes: what is kept can be written as JSON and read again. */
#include "collect/load.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* worker_child is for other collectors of look. */
enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_RIGHTS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct arena *arena, struct slice text, struct json *facts) = {load_read_cpuinfo, load_read_stat, load_read_meminfo, load_read_loadavg, load_read_uptime};
    if (size == 0) {
        return 0;
    }
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    cleanup_buf struct buf text = BUF_INIT(8 << 20);
    struct json *facts = json_new(arena, JSON_OBJECT), *back = NULL;
    readers[data[0] % (sizeof readers / sizeof readers[0])](arena, slice_of(data + 1, size - 1), facts);
    if (json_write(&text, facts, 0) == ERR_NONE && json_read(arena, buf_slice(&text), &back, NULL) == ERR_MALFORMED) {
        abort();
    }
    return 0;
}
