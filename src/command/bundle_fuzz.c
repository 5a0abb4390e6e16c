#include "command/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct json *tree = NULL;
    struct bundle_report report;
    struct complaint complaint;
    if (arena != NULL && json_read(arena, slice_of(data, size), &tree, &complaint) == ERR_NONE &&
        bundle_check(arena, tree, NULL, &report, &complaint) == ERR_NONE &&
        report.finding_count == 0 && report.entry_count > 0 && report.log_size == 0) {
        __builtin_trap(); /* entries without a signed log must be found */
    }
    return 0;
}
