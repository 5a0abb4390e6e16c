#include "engine/opened.h"

#include <stdlib.h>

enum { TREE_MAX_BYTES = 512 << 10 };

/* Bytes and tree into one arena. ERR_TOO_LARGE: not both fit. */
static enum err open_into(struct arena *arena, struct slice plain, struct opened_row *ret_opened)
{
    struct json *tree = NULL;
    struct slice bytes = arena_copy(arena, plain);
    enum err err = bytes.data == NULL ? ERR_TOO_LARGE : json_unpack(arena, bytes, &tree);
    *ret_opened = (struct opened_row){.users = 1, .arena = arena, .bytes = bytes, .tree = err == ERR_NONE ? tree : NULL};
    return err == ERR_TOO_LARGE ? err : ERR_NONE;
}

/* Made twice, the second time into room of just its size: thousands of tokens may lie here. NULL: no memory, or too large. */
struct opened_row *opened_new(struct slice plain)
{
    cleanup_arena struct arena *wide = arena_new(TREE_MAX_BYTES);
    struct opened_row *opened = calloc(1, sizeof *opened);
    bool fits = wide != NULL && opened != NULL && open_into(wide, plain, opened) == ERR_NONE;
    struct arena *arena = fits ? arena_new(arena_used(wide)) : NULL;
    if (arena == NULL || open_into(arena, plain, opened) != ERR_NONE) {
        arena_free(arena);
        free(opened);
        return NULL;
    }
    return opened;
}

void opened_release(struct opened_row *opened)
{
    if (opened != NULL && --opened->users == 0) {
        arena_free(opened->arena);
        free(opened);
    }
}

size_t opened_bytes(const struct opened_row *opened)
{
    return sizeof *opened + arena_used(opened->arena);
}
