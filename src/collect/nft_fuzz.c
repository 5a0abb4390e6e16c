/* A ruleset as nft prints it, hostile: no crash, no endless walk. */
#include "collect/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct json *tree = NULL;
    struct ruleset *ruleset = NULL;
    struct opening opening;
    if (json_read(arena, slice_of(data, size), &tree, NULL) != ERR_NONE || ruleset_read(arena, tree, SLICE_NONE, &ruleset) != ERR_NONE) {
        return 0;
    }
    for (size_t i = 0; i < 8 && ruleset_base_chain(ruleset, "ip", "input", i, &opening); i++) {
        if (opening.range_count > RULESET_RANGES_MAX) {
            __builtin_trap();
        }
    }
    ruleset_redirected(ruleset, "ip6", &opening);
    return 0;
}
