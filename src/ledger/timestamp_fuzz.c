#include "ledger/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No reply passes where nobody is trusted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[SHA256_BYTES];
    struct timestamp timestamp;
    int64_t unix_s;
    (void)!timestamp_peek(slice_of(data, size), &unix_s);
    if (timestamp_check(slice_of(data, size), digest, NULL, SLICE_LITERAL("-----BEGIN"), &timestamp) == ERR_NONE) {
        __builtin_trap();
    }
    return 0;
}
