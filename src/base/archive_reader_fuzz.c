/* A file of hostile bytes, packed or not: the same comes out however it is cut into pieces, and never more than its bytes can say. */
#include "base/archive_reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err count(void *context, const char *name, struct slice bytes)
{
    size_t *total = context;
    (void)name;
    *total += bytes.len;
    return ERR_NONE;
}

static enum err feed(struct slice rest, size_t step, size_t *total, bool *ret_whole)
{
    struct archive_reader *reader = archive_reader_new();
    enum err err = reader == NULL ? ERR_MEMORY : ERR_NONE;
    for (; err == ERR_NONE && rest.len > 0; rest = slice_from(rest, step)) {
        err = archive_reader_feed(reader, slice_first(rest, step), count, total);
    }
    *ret_whole = err == ERR_NONE && archive_reader_is_whole(reader);
    archive_reader_free(reader);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at_once = 0, in_pieces = 0, step = size > 0 ? 1 + data[size - 1] % 64 : 1;
    bool is_whole = false, is_whole_in_pieces = false;
    enum err first = feed(slice_of(data, size), SIZE_MAX, &at_once, &is_whole), second = feed(slice_of(data, size), step, &in_pieces, &is_whole_in_pieces);
    if (first != second || is_whole != is_whole_in_pieces || (first == ERR_NONE && at_once != in_pieces) || at_once > 1032 * size + 65536) {
        abort();
    }
    return 0;
}
