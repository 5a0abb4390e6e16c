/* estate.hcl as people, and others, may write it. */
#include "measure/estate.h"

#include "base/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(32 << 20);
    struct hcl_block *root = NULL;
    struct complaint complaint = {0};
    struct json *estate = NULL;
    if (arena == NULL || hcl_read(arena, slice_of(data, size), &root, &complaint) != ERR_NONE || estate_build(arena, hcl_to_json(arena, root), &estate, &complaint) != ERR_NONE) {
        return 0;
    }
    for (const struct json *subject = json_member(estate, "subjects")->first; subject != NULL; subject = subject->next) {
        (void)estate_ports(arena, subject);
        (void)estate_discovered(arena, json_text(subject, "kind", SLICE_NONE), json_text(subject, "name", SLICE_NONE), json_member(subject, "attributes"));
    }
    return 0;
}
