#include "measure/binding.h"

#include <stdlib.h>

/* The first byte cuts the input into section title, lead-in and clause; whatever comes out must
 * hold together. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 20000) {
        return 0;
    }
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    size_t third = (size - 1) * data[0] / 512;
    struct json *annex = json_new(arena, JSON_OBJECT);
    struct json *sections = json_set_array(arena, annex, "sections"),
                *clauses = json_set_array(arena, annex, "clauses");
    struct json *section = json_append(sections, json_new(arena, JSON_OBJECT));
    json_set_string(arena, section, "id", SLICE_LITERAL("1"));
    json_set_string(arena, section, "title", slice_of(data + 1, third));
    struct json *clause = json_append(clauses, json_new(arena, JSON_OBJECT));
    json_set_string(arena, clause, "id", SLICE_LITERAL("1.1"));
    json_set_string(arena, clause, "section", SLICE_LITERAL("1"));
    json_set_string(arena, clause, "lead", slice_of(data + 1 + third, third));
    json_set_string(arena, clause, "text", slice_of(data + 1 + 2 * third, size - 1 - 2 * third));
    struct work_reply reply = {0};
    if (annex_bind(arena, annex, SLICE_NONE, &reply) == ERR_NONE) {
        const struct json *bound = json_member(reply.output, "clauses")->first;
        bool binds = json_member(bound, "bindings")->count > 0;
        if (binds != (json_member(bound, "promises")->count > 0) ||
            binds == (json_member(bound, "reason") != NULL)) {
            abort();
        }
    }
    return 0;
}
