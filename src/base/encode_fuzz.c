/* A text has one spelling: what decodes encodes to the same text (hex: in lower case), and what is
 * encoded decodes. */
#include "base/encode.h"
#include "base/time.h"
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum err (*code_fn)(struct buf *out, struct slice input);

static void check(code_fn encode, code_fn decode, struct slice input, bool one_spelling)
{
    cleanup_buf struct buf decoded = BUF_INIT(1 << 20), encoded = BUF_INIT(1 << 21),
                           back = BUF_INIT(1 << 20);
    if (decode(&decoded, input) == ERR_NONE && one_spelling) {
        if (encode(&encoded, buf_slice(&decoded)) != ERR_NONE ||
            !slice_equal(buf_slice(&encoded), input)) {
            abort();
        }
    }
    buf_clear(&encoded);
    if (encode(&encoded, input) == ERR_NONE &&
        (decode(&back, buf_slice(&encoded)) != ERR_NONE || !slice_equal(buf_slice(&back), input))) {
        abort();
    }
}

static void check_time(struct slice input)
{
    int64_t unix_ms, back = 0;
    char out[RFC3339_BYTES];
    uint64_t seconds;
    if (rfc3339_parse(input, &unix_ms) == ERR_NONE && unix_ms >= -62167219200000 &&
        unix_ms <= 253402300799999) {
        rfc3339_format(unix_ms, out);
        if (rfc3339_parse(slice_string(out), &back) != ERR_NONE || back != unix_ms) {
            abort();
        }
    }
    if (duration_parse(input, &seconds) == ERR_NONE && input.len == 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of(data, size);
    check(base64_encode, base64_decode, input, true);
    check(base64url_encode, base64url_decode, input, true);
    check(hex_encode, hex_decode, input, false);
    check_time(input);
    (void)utf8_valid(input);
    return 0;
}
