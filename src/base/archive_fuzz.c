/* A tar file of hostile bytes: whatever comes out has the same bytes however the file is cut into pieces, and no more than went in. */
#include "base/archive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err gather(void *context, const char *name, struct slice bytes)
{
    struct buf *seen = context;
    enum err err = buf_append_string(seen, name);
    return err == ERR_NONE && bytes.len > 0 ? buf_append(seen, bytes) : err;
}

/* Only bytes, because a name stands before each piece. */
static enum err count(void *context, const char *name, struct slice bytes)
{
    size_t *total = context;
    *total += bytes.len;
    return strlen(name) > 0 && strlen(name) <= TAR_NAME_BYTES ? ERR_NONE : ERR_INTERNAL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tar_reader whole = {.filled = 0}, cut = {.filled = 0};
    cleanup_buf struct buf seen = BUF_INIT(1 << 22);
    size_t at_once = 0, in_pieces = 0, step = size > 0 ? 1 + data[0] % 64 : 1;
    struct slice rest = slice_of(data, size);
    enum err first = tar_feed(&whole, rest, count, &at_once), second = ERR_NONE;
    for (; second == ERR_NONE && rest.len > 0; rest = slice_from(rest, step)) {
        second = tar_feed(&cut, slice_first(rest, step), count, &in_pieces);
    }
    if (first == ERR_INTERNAL || first != second || at_once != in_pieces || at_once > size || tar_is_whole(&whole) != tar_is_whole(&cut)) {
        abort();
    }
    struct tar_reader again = {.filled = 0};
    (void)!tar_feed(&again, slice_of(data, size), gather, &seen);
    return 0;
}
