#include "dropin/dropin_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever a configuration holds: it is refused with words, or what we write of it is read again by our own reader. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena *arena cleanup_arena = arena_new(16 << 20);
    struct dropin_config config = {.storage = NULL};
    struct complaint complaint = {.text = {NULL, NULL}};
    cleanup_buf struct buf out = BUF_INIT(1 << 20);
    if (dropin_config_read(arena, slice_of(data, len), false, &config, &complaint) != ERR_NONE) {
        if (complaint.text.german == NULL && arena_used(arena) < (8 << 20)) {
            __builtin_trap();
        }
        return 0;
    }
    if (dropin_config_end(&config, &complaint) == ERR_NONE && dropin_config_write(&config, &out) != ERR_NONE) {
        __builtin_trap();
    }
    return 0;
}
