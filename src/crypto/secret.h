/*
 * A secret: bytes in guarded memory (libsodium: locked, not dumped, wiped when freed), accepted by no formatter.
 */
#ifndef VOGT_CRYPTO_SECRET_H
#define VOGT_CRYPTO_SECRET_H

#include "base/bytes.h"

struct secret {
    uint8_t *data;
    size_t len;
};
#define SECRET_NONE ((struct secret){NULL, 0})
#define cleanup_secret __attribute__((cleanup(secret_free)))

enum err secret_new(size_t len, struct secret *ret_secret) must_check;     /* zeroed */
enum err secret_copy(struct slice bytes, struct secret *ret_secret) must_check;
enum err secret_random(size_t len, struct secret *ret_secret) must_check;
void secret_free(struct secret *secret);                                   /* wipes; NONE is harmless */
struct secret secret_take(struct secret *secret);
struct slice secret_slice(const struct secret *secret);
bool secret_equal(struct slice a, struct slice b);                         /* constant time in the content */
void wipe(void *data, size_t len);

#endif
