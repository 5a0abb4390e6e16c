/* ustar, 512 bytes a header: name[100] at 0, size in octal [12] at 124, type at 156, checksum [8] at 148 (sum of all bytes, its own as blanks). */
#include "collect/packages.h"

#include <string.h>

enum { TAR_BLOCK_BYTES = 512, TAR_NAME_BYTES = 100, TAR_SIZE_AT = 124, TAR_SIZE_BYTES = 12, TAR_CHECKSUM_AT = 148, TAR_CHECKSUM_BYTES = 8, TAR_TYPE_AT = 156 };

uint64_t packages_of_dpkg(struct slice text)
{
    uint64_t count = 0;
    bool named = false, installed = true;
    struct slice line;
    for (bool more = true; more;) {
        more = slice_split(&text, '\n', &line);
        if (!more || slice_trim(line).len == 0) {
            count += named && installed ? 1 : 0;
            named = false;
            installed = true;
        } else if (slice_starts(line, SLICE_LITERAL("Package:"))) {
            named = true;
        } else if (slice_starts(line, SLICE_LITERAL("Status:"))) {
            installed = slice_ends(slice_trim(line), SLICE_LITERAL(" installed"));
        }
    }
    return count;
}

uint64_t packages_of_apk(struct slice text)
{
    uint64_t count = 0;
    struct slice line;
    while (slice_split(&text, '\n', &line)) {
        count += slice_starts(line, SLICE_LITERAL("P:")) ? 1 : 0;
    }
    return count;
}

/* Octal digits, ended by a blank, a NUL or the field. Sizes in base 256 (over 8 GiB) are refused. */
static bool read_octal(struct slice field, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0, digits = 0;
    while (i < field.len && field.data[i] == ' ') {
        i++;
    }
    for (; i < field.len && field.data[i] >= '0' && field.data[i] <= '7'; i++, digits++) {
        value = value << 3 | (uint64_t)(field.data[i] - '0');
    }
    if (digits == 0 || (i < field.len && field.data[i] != ' ' && field.data[i] != '\0')) {
        return false;
    }
    *ret_value = value;
    return true;
}

static bool is_header(struct slice block)
{
    uint64_t wanted = 0, sum = 0;
    for (size_t i = 0; i < block.len; i++) {
        sum += i >= TAR_CHECKSUM_AT && i < TAR_CHECKSUM_AT + TAR_CHECKSUM_BYTES ? ' ' : block.data[i];
    }
    return read_octal(slice_of(block.data + TAR_CHECKSUM_AT, TAR_CHECKSUM_BYTES), &wanted) && wanted == sum;
}

static bool is_empty(struct slice block)
{
    for (size_t i = 0; i < block.len; i++) {
        if (block.data[i] != 0) {
            return false;
        }
    }
    return true;
}

enum err tar_next(struct slice *rest, struct tar_entry *ret_entry)
{
    for (;;) {
        struct slice block = slice_first(*rest, TAR_BLOCK_BYTES);
        uint64_t size = 0;
        if (rest->len == 0 || (block.len == TAR_BLOCK_BYTES && is_empty(block))) {
            return ERR_NOT_FOUND;
        }
        if (block.len < TAR_BLOCK_BYTES || !is_header(block) || !read_octal(slice_of(block.data + TAR_SIZE_AT, TAR_SIZE_BYTES), &size) ||
            size > rest->len - TAR_BLOCK_BYTES) {
            return ERR_MALFORMED;
        }
        struct slice content = slice_first(slice_from(*rest, TAR_BLOCK_BYTES), (size_t)size);
        size_t padded = ((size_t)size + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
        *rest = slice_from(*rest, TAR_BLOCK_BYTES + padded);
        char type = (char)block.data[TAR_TYPE_AT];
        if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
            continue; /* what they say of the next entry's name and times does not matter here */
        }
        size_t name_len = slice_find_byte(slice_first(block, TAR_NAME_BYTES), '\0');
        *ret_entry = (struct tar_entry){slice_first(block, name_len == SIZE_MAX ? TAR_NAME_BYTES : name_len), content, type == '\0' ? '0' : type};
        return ERR_NONE;
    }
}
