/* The text of nft, hostile, beside a ruleset whose rules all came from iptables: no crash, no endless walk, never more ranges than fit. */
#include "collect/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE(handle) ",{\"rule\":{\"family\":\"ip\",\"table\":\"filter\",\"chain\":\"INPUT\",\"handle\":" handle ",\"expr\":[{\"xt\":null},{\"accept\":null}]}}"
static const char rules[] =
    "{\"nftables\":[{\"metainfo\":{}},{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"INPUT\",\"type\":\"filter\",\"hook\":\"input\",\"policy\":\"drop\"}}"
    RULE("1") RULE("2") RULE("3") RULE("4") RULE("5") RULE("6") RULE("7") RULE("8") "]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    struct json *tree = NULL;
    struct ruleset *ruleset = NULL;
    struct opening opening;
    if (json_read(arena, slice_string(rules), &tree, NULL) != ERR_NONE) {
        __builtin_trap();
    }
    if (ruleset_read(arena, tree, slice_of(data, size), &ruleset) != ERR_NONE) {
        return 0;
    }
    for (size_t i = 0; i < 2 && ruleset_base_chain(ruleset, "ip", "input", i, &opening); i++) {
        if (opening.range_count > RULESET_RANGES_MAX) {
            __builtin_trap();
        }
    }
    return 0;
}
