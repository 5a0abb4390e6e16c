#include "crypto/check_crypto.h"
#include "ledger/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An authority whose key was thrown away: it has signed nothing but itself. */
static const char trust[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBkTCCATegAwIBAgIUNtqZO/1xNa3UH79KAT+zax1YVeIwCgYIKoZIzj0EAwIw\n"
                            "ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMzEwNDMyNloYDzIxMjYxMDMwMTA0\n"
                            "MzI2WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                            "AASpV9zfwcGBlAHNlWq9H76bhded1EiwosCB29OIDVEdFqK4TcPJYaYTCOh2qK2u\n"
                            "tegG1pnHgBAmV5jFmjZyUaUJo2swaTAdBgNVHQ4EFgQU8/9p+WEZb3uuMQTR7FBV\n"
                            "LO83CoowHwYDVR0jBBgwFoAU8/9p+WEZb3uuMQTR7FBVLO83CoowDwYDVR0TAQH/\n"
                            "BAUwAwEB/zAWBgNVHSUBAf8EDDAKBggrBgEFBQcDCDAKBggqhkjOPQQDAgNIADBF\n"
                            "AiAQFhunjrx4h+W9uf4Zgp+UPu7PhMLAdPxjrYVVWLuIVAIhAJT+XUV2qz3/0a3C\n"
                            "4SJCUcOPug0vRpFSSJOWEZ+4YkNp\n"
                            "-----END CERTIFICATE-----\n";

/* So no reply passes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[SHA256_BYTES];
    struct timestamp timestamp;
    int64_t unix_s;
    (void)!timestamp_peek(slice_of(data, size), &unix_s);
    if (timestamp_check(slice_of(data, size), digest, NULL, slice_string(trust), &timestamp) ==
        ERR_NONE) {
        __builtin_trap();
    }
    return 0;
}
