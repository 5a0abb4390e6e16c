#include "crypto/secret.h"

#include "crypto/crypto.h"

#include <sodium.h>
#include <string.h>

enum err secret_new(size_t len, struct secret *ret_secret)
{
    /* sodium_malloc(0) gives a guarded pointer that still wants freeing; the same path serves it.
     */
    uint8_t *data = sodium_malloc(len);
    if (data == NULL) {
        return ERR_MEMORY;
    }
    sodium_memzero(data, len);
    *ret_secret = (struct secret){data, len};
    return ERR_NONE;
}

enum err secret_copy(struct slice bytes, struct secret *ret_secret)
{
    enum err err = secret_new(bytes.len, ret_secret);
    if (err == ERR_NONE && bytes.len > 0) {
        memcpy(ret_secret->data, bytes.data, bytes.len);
    }
    return err;
}

enum err secret_random(size_t len, struct secret *ret_secret)
{
    enum err err = secret_new(len, ret_secret);
    if (err == ERR_NONE) {
        random_bytes(ret_secret->data, len);
    }
    return err;
}

/* sodium_free wipes, and aborts if something wrote past the secret. */
void secret_free(struct secret *secret)
{
    sodium_free(secret->data);
    *secret = SECRET_NONE;
}

struct secret secret_take(struct secret *secret)
{
    struct secret taken = *secret;
    *secret = SECRET_NONE;
    return taken;
}

struct slice secret_slice(const struct secret *secret)
{
    return slice_of(secret->data, secret->len);
}

bool secret_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

void wipe(void *data, size_t len)
{
    if (len > 0) {
        sodium_memzero(data, len);
    }
}
