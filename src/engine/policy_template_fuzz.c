/* Patterns with names in them: what is filled in has no braces left, and was known when the policy was written. */
#include "engine/policy_template.h"

#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    struct slice rest = slice_of(data, size), pattern = SLICE_NONE, filled;
    struct json *entity = NULL;
    (void)slice_split(&rest, '\n', &pattern);
    struct json *groups = json_new(arena, JSON_ARRAY), *group = json_append(groups, json_new(arena, JSON_OBJECT));
    json_set_string(arena, group, "id", SLICE_LITERAL("g"));
    if (json_set_string(arena, group, "name", SLICE_LITERAL("a.b")) == NULL || json_read(arena, rest, &entity, NULL) != ERR_NONE) {
        return 0;
    }
    struct identity identity = {.id = SLICE_LITERAL("e"), .entity = entity, .groups = groups};
    bool is_good = template_is_good(pattern);
    if (!template_has(pattern) || !template_fill(arena, &identity, pattern, &filled)) {
        return 0;
    }
    check(!template_has(filled) && filled.len > 0);
    for (size_t i = 0; is_good && i < filled.len; i++) {
        bool is_new_star = filled.data[i] == '*' && slice_find_byte(pattern, '*') == SIZE_MAX;
        check(!is_new_star);
    }
    return 0;
}
