/* Any bytes as an annex: the first chooses text or Markdown. Word files and PDFs have their own ways in. */
#include "measure/annex.h"
#include "measure/sentence.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum err worker_child(const char *program, int *ret_fd)
{
    (void)program;
    (void)ret_fd;
    return ERR_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(64 * 1024 * 1024);
    struct work_reply reply = {.output = NULL};
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "name", slice_string(data[0] % 2 == 0 ? "a.txt" : "a.md"));
    enum err err = annex_read(arena, input, slice_of(data + 1, size - 1), &reply);
    if ((err == ERR_NONE) != (reply.output != NULL) || (err != ERR_NONE && reply.complaint.text.english == NULL)) {
        abort();
    }
    for (const struct json *clause = err == ERR_NONE ? json_member(reply.output, "clauses")->first : NULL; clause != NULL;
         clause = clause->next) {
        struct slice text = json_text(clause, "text", SLICE_NONE);
        if (text.len == 0 || text.len > ANNEX_CLAUSE_MAX_BYTES || json_text(clause, "id", SLICE_NONE).len == 0) {
            abort();
        }
    }
    arena_free(arena);
    return 0;
}
