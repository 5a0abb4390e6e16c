/* A file with secrets, hostile: no crash, no value among the facts. */
#include "collect/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The collector starts no program. */
enum err worker_child(const char *program, int *ret_fd)
{
    (void)program, (void)ret_fd;
    return ERR_RIGHTS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = {1};
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    struct json *fact = json_new(arena, JSON_OBJECT);
    secrets_read(arena, slice_of(data, size), SLICE_LITERAL("file"), key, fact);
    const struct json *values = json_member(fact, "values");
    for (const struct json *one = values == NULL ? NULL : values->first; one != NULL; one = one->next) {
        if (json_text(one, "fingerprint", SLICE_NONE).len != 32 || one->count != 2) {
            __builtin_trap();
        }
    }
    return 0;
}
