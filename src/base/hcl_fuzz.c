/* Whatever is read becomes JSON that json_read accepts; whatever is refused is refused with a place
 * inside the text. */
#include "base/hcl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(16 << 20);
    struct hcl_block *root = NULL;
    struct complaint complaint = {.line = 0};
    enum err err = hcl_read(arena, slice_of(data, size), &root, &complaint);
    if (err == ERR_TOO_LARGE) {
        return 0;
    }
    if (err != ERR_NONE) {
        if (complaint.line == 0 || complaint.column == 0 || complaint.line > size + 1 ||
            complaint.column > size + 1) {
            abort();
        }
        return 0;
    }
    struct json *json = hcl_to_json(arena, root), *back = NULL;
    cleanup_buf struct buf text = BUF_INIT(16 << 20);
    if (json == NULL || json_write(&text, json, 0) != ERR_NONE) {
        return 0; /* the arena or the buf is full */
    }
    err = json_read(arena, buf_slice(&text), &back, NULL);
    /* Blocks in blocks nest two levels of JSON each, so a tree may be too deep to read back; else
     * it must be equal. */
    if (err == ERR_NONE && !json_equal(json, back)) {
        abort();
    }
    return 0;
}
