/* What a hostile server answers: the header's value, the reply's head, where it redirects to, the first TLS records. */
#include "collect/hello.h"
#include "collect/hsts.h"
#include "collect/http_head.h"
#include "collect/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct hsts hsts;
    struct http_head head;
    size_t head_bytes = 0;
    (void)!hsts_read(bytes, &hsts);
    if (http_head_whole(bytes, &head_bytes) && head_bytes > size) {
        __builtin_trap();
    }
    if (http_head_read(bytes, &head) == ERR_NONE && (head.status < 100 || head.status > 599)) {
        __builtin_trap();
    }
    (void)redirect_read(bytes);
    /* What has been understood stays so, whatever follows. */
    struct hello_answer half = hello_read(slice_first(bytes, size / 2)), whole = hello_read(bytes);
    if (half.state != HELLO_MORE && (half.state != whole.state || half.suite != whole.suite)) {
        __builtin_trap();
    }
    return 0;
}
