#include "base/archive.h"

#include "base/encode.h"

#include <stdio.h>
#include <string.h>

enum { STORED_MAX_BYTES = 65535, SIZE_AT = 124, SIZE_BYTES = 12, CHECKSUM_AT = 148, CHECKSUM_BYTES = 8, TYPE_AT = 156, LANES = 8 };

/* The table of a byte, and those of a byte with 1 to 7 zeros behind it, so that eight bytes go at once. */
static void make_tables(uint32_t tables[LANES][256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++) {
            value = (value & 1) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
        }
        tables[0][i] = value;
    }
    for (size_t lane = 1; lane < LANES; lane++) {
        for (size_t i = 0; i < 256; i++) {
            uint32_t before = tables[lane - 1][i];
            tables[lane][i] = before >> 8 ^ tables[0][before & 255];
        }
    }
}

static uint32_t crc32_of(struct slice bytes)
{
    uint32_t tables[LANES][256], value = UINT32_MAX;
    size_t at = 0;
    make_tables(tables);
    for (; bytes.len - at >= LANES; at += LANES) {
        uint32_t low = load_u32_little(bytes.data + at) ^ value, high = load_u32_little(bytes.data + at + 4);
        value = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
                tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    for (; at < bytes.len; at++) {
        value = value >> 8 ^ tables[0][(value ^ bytes.data[at]) & 255];
    }
    return ~value;
}

enum err gzip_put_stored(struct buf *out, struct slice bytes)
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    struct slice rest = bytes;
    enum err err = buf_reserve(out, bytes.len + 5 * (bytes.len / STORED_MAX_BYTES + 1) + sizeof head + 8);
    err = err == ERR_NONE ? buf_append(out, slice_of(head, sizeof head)) : err;
    do {
        struct slice block = slice_first(rest, STORED_MAX_BYTES);
        rest = slice_from(rest, block.len);
        err = err == ERR_NONE ? put_u8(out, rest.len == 0) : err;
        err = err == ERR_NONE ? put_u16(out, (uint16_t)block.len) : err;
        err = err == ERR_NONE ? put_u16(out, (uint16_t)~block.len) : err;
        err = err == ERR_NONE && block.len > 0 ? buf_append(out, block) : err;
    } while (err == ERR_NONE && rest.len > 0);
    err = err == ERR_NONE ? put_u32(out, crc32_of(bytes)) : err;
    return err == ERR_NONE ? put_u32(out, (uint32_t)bytes.len) : err;
}

/* The sum of all bytes, those of the checksum itself counted as spaces. */
static unsigned checksum(const uint8_t block[TAR_BLOCK_BYTES])
{
    unsigned sum = 0;
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++) {
        sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES ? ' ' : block[i];
    }
    return sum;
}

enum err tar_put_header(struct buf *out, const char *name, uint64_t size, int64_t unix_s)
{
    uint8_t block[TAR_BLOCK_BYTES] = {0};
    char *text = (char *)block;
    if (strlen(name) > TAR_NAME_BYTES || unix_s < 0 || unix_s >= INT64_C(1) << 33) {
        return ERR_INVALID;
    }
    memcpy(text, name, strlen(name));
    snprintf(text + 100, 8, "%07o", 0600u);
    snprintf(text + 108, 8, "%07o", 0u);
    snprintf(text + 116, 8, "%07o", 0u);
    if (size < UINT64_C(1) << 33) {
        snprintf(text + SIZE_AT, SIZE_BYTES, "%011llo", (unsigned long long)size);
    } else {
        block[SIZE_AT] = 0x80;
        store_u64_big(block + SIZE_AT + SIZE_BYTES - 8, size);
    }
    snprintf(text + 136, 12, "%011llo", (unsigned long long)unix_s);
    block[TYPE_AT] = '0';
    memcpy(text + 257, "ustar\00000", 8);
    snprintf(text + CHECKSUM_AT, CHECKSUM_BYTES, "%06o", checksum(block)); /* with its NUL; the space behind it stands below */
    block[CHECKSUM_AT + CHECKSUM_BYTES - 1] = ' ';
    return buf_append(out, slice_of(block, sizeof block));
}

static size_t padding_of(uint64_t size)
{
    return (size_t)(-size & (TAR_BLOCK_BYTES - 1));
}

enum err tar_put_padding(struct buf *out, uint64_t size)
{
    static const uint8_t zeros[TAR_BLOCK_BYTES];
    return buf_append(out, slice_of(zeros, padding_of(size)));
}

enum err tar_put_end(struct buf *out)
{
    static const uint8_t zeros[2 * TAR_BLOCK_BYTES];
    return buf_append(out, slice_of(zeros, sizeof zeros));
}

enum err sums_put(struct buf *sums, struct slice digest, const char *name)
{
    enum err err = hex_encode(sums, digest);
    return err == ERR_NONE ? buf_printf(sums, "  %s\n", name) : err;
}

bool sums_name(struct slice sums, struct slice digest, const char *name)
{
    cleanup_buf struct buf wanted = BUF_INIT(512);
    struct slice line;
    bool is_there = false;
    if (sums_put(&wanted, digest, name) != ERR_NONE) {
        return false;
    }
    while (!is_there && slice_find_byte(sums, '\n') < sums.len && slice_split(&sums, '\n', &line)) {
        is_there = slice_equal(line, slice_first(buf_slice(&wanted), wanted.len - 1));
    }
    return is_there;
}

static enum err read_octal(const uint8_t *field, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t at = 0;
    for (; at < len && field[at] >= '0' && field[at] <= '7'; at++) {
        value = value << 3 | (uint64_t)(field[at] - '0');
    }
    *ret_value = value;
    return at > 0 && (at == len || field[at] == 0 || field[at] == ' ') ? ERR_NONE : ERR_MALFORMED;
}

static enum err read_size(const uint8_t *field, uint64_t *ret_size)
{
    if (field[0] != 0x80) {
        return read_octal(field, SIZE_BYTES, ret_size);
    }
    *ret_size = load_u64_big(field + SIZE_BYTES - 8);
    return field[1] == 0 && field[2] == 0 && field[3] == 0 && *ret_size <= INT64_MAX ? ERR_NONE : ERR_MALFORMED;
}

static enum err take_header(struct tar_reader *reader, tar_sink sink, void *context)
{
    static const uint8_t zeros[TAR_BLOCK_BYTES];
    const uint8_t *block = reader->block;
    uint64_t sum = 0;
    if (memcmp(block, zeros, sizeof zeros) == 0) {
        reader->is_ended = true;
        return ERR_NONE;
    }
    enum err err = read_octal(block + CHECKSUM_AT, CHECKSUM_BYTES, &sum);
    err = err == ERR_NONE ? read_size(block + SIZE_AT, &reader->left) : err;
    if (err != ERR_NONE || sum != checksum(block) || block[0] == 0 || (block[TYPE_AT] != '0' && block[TYPE_AT] != 0)) {
        return ERR_MALFORMED;
    }
    reader->padding = padding_of(reader->left);
    memcpy(reader->name, block, TAR_NAME_BYTES);
    reader->name[TAR_NAME_BYTES] = 0;
    return reader->left == 0 ? sink(context, reader->name, SLICE_NONE) : ERR_NONE;
}

enum err tar_feed(struct tar_reader *reader, struct slice bytes, tar_sink sink, void *context)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && bytes.len > 0 && !reader->is_ended) {
        size_t count = bytes.len;
        if (reader->left > 0) {
            count = reader->left < count ? (size_t)reader->left : count;
            reader->left -= count;
            err = sink(context, reader->name, slice_first(bytes, count));
        } else if (reader->padding > 0) {
            count = reader->padding < count ? (size_t)reader->padding : count;
            reader->padding -= count;
        } else {
            count = TAR_BLOCK_BYTES - reader->filled < count ? TAR_BLOCK_BYTES - reader->filled : count;
            memcpy(reader->block + reader->filled, bytes.data, count);
            reader->filled += count;
            if (reader->filled == TAR_BLOCK_BYTES) {
                reader->filled = 0;
                err = take_header(reader, sink, context);
            }
        }
        bytes = slice_from(bytes, count);
    }
    return err;
}

bool tar_is_whole(const struct tar_reader *reader)
{
    return reader->is_ended;
}
