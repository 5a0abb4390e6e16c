#include "collect/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct mount mount;
    if (mountinfo_find(arena, slice_of(data, size), SLICE_LITERAL("/var/lib/data"), &mount) == ERR_NONE) {
        if (!slice_starts(SLICE_LITERAL("/var/lib/data"), mount.point)) {
            __builtin_trap();
        }
        (void)mountinfo_option(mount.options, "upperdir");
    }
    return 0;
}
