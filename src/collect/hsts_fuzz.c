/* What a hostile server answers: the header's value, the reply's head, the first TLS record. */
#include "collect/hello.h"
#include "collect/hsts.h"
#include "collect/http_head.h"

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
    (void)hello_read(bytes);
    return 0;
}
