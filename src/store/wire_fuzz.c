/* Needs, changes, appends and stages from arbitrary bytes; what is accepted must come back the same when
 * written again. */
#include "crypto/check_crypto.h"
#include "store/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* The bytes that were read must be the bytes that are written. */
static void expect_same(struct slice input, size_t from, size_t to, const struct buf *out,
                        enum err err)
{
    expect(err == ERR_NONE &&
           slice_equal(slice_first(slice_from(input, from), to - from), buf_slice(out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct slice input = slice_of(data + 1, size - 1);
    struct reader reader = reader_of(input);
    enum err err = ERR_NONE;
    while (err == ERR_NONE && reader_left(&reader) > 0) {
        cleanup_buf struct buf out = BUF_INIT(ROW_MAX_BYTES + 4096);
        size_t from = reader.position;
        if (data[0] % 5 == 0) {
            struct need need;
            err = need_get(&reader, &need);
            if (err == ERR_NONE) {
                expect_same(input, from, reader.position, &out, need_put(&out, &need));
            }
        } else if (data[0] % 5 == 1) {
            struct change change;
            err = change_get(&reader, &change);
            if (err == ERR_NONE) {
                expect_same(input, from, reader.position, &out, change_put(&out, &change));
            }
        } else if (data[0] % 5 == 2) {
            struct stage_ask stage;
            err = stage_ask_get(&reader, &stage);
            if (err == ERR_NONE) {
                expect_same(input, from, reader.position, &out, stage_ask_put(&out, &stage));
            }
        } else if (data[0] % 5 == 3) {
            struct stage_answer staged;
            err = stage_answer_get(&reader, &staged);
            if (err == ERR_NONE) {
                expect_same(input, from, reader.position, &out, stage_answer_put(&out, &staged));
            }
        } else {
            struct append append;
            err = append_get(&reader, &append);
            if (err == ERR_NONE) {
                expect_same(input, from, reader.position, &out, append_put(&out, &append));
            }
        }
    }
    return 0;
}
