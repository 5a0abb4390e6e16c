#include "process/memory.h"

#include <malloc.h>

void memory_hold(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, MEMORY_HELD_MAX_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, MEMORY_HELD_MAX_BYTES);
}

void memory_rest(uint64_t requests)
{
    static uint64_t seen;
    static unsigned quiet_s;
    quiet_s = seen == requests ? quiet_s + 1 : 0;
    seen = requests;
    if (quiet_s % 60 == 1) {
        (void)malloc_trim(0);
    }
}
