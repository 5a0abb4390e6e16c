#include "crypto/crypto.h"

#include <sodium.h>

enum { KIB_BYTES = 1024, MEMORY_MIN_KIB = 8 };

/* libsodium's interface fixes one lane and a salt of 16 bytes. */
enum err argon2id(struct slice password, struct slice salt, uint32_t memory_kib, uint32_t passes,
                  uint8_t ret_out[32])
{
    if (salt.len != crypto_pwhash_argon2id_SALTBYTES || memory_kib < MEMORY_MIN_KIB || passes < 1 ||
        password.len > crypto_pwhash_argon2id_PASSWD_MAX) {
        return ERR_INVALID;
    }
    uint8_t out[32];
    const char *text = password.len == 0 ? "" : (const char *)password.data;
    if (crypto_pwhash_argon2id(out, sizeof(out), text, password.len, salt.data, passes,
                               (size_t)memory_kib * KIB_BYTES,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < sizeof(out); i++) {
        ret_out[i] = out[i];
    }
    wipe(out, sizeof(out));
    return ERR_NONE;
}
