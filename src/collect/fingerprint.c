#include "collect/fingerprint.h"

#include "base/encode.h"

#include <sodium.h>
#include <string.h>

enum err fingerprint_key(const struct json *input, uint8_t ret_key[FINGERPRINT_KEY_BYTES])
{
    cleanup_buf struct buf bytes = BUF_INIT(FINGERPRINT_KEY_BYTES);
    const struct json *member = json_member(input, "fingerprint_key");
    if (member == NULL) {
        return ERR_NOT_FOUND;
    }
    if (member->type != JSON_STRING || hex_decode(&bytes, member->text) != ERR_NONE || bytes.len != FINGERPRINT_KEY_BYTES) {
        return ERR_INVALID;
    }
    memcpy(ret_key, bytes.data, FINGERPRINT_KEY_BYTES);
    return ERR_NONE;
}

struct json *fingerprint_set(struct arena *arena, struct json *object, const char *name, const uint8_t key[FINGERPRINT_KEY_BYTES], struct slice value)
{
    uint8_t whole[crypto_auth_hmacsha256_BYTES];
    cleanup_buf struct buf text = BUF_INIT(2 * FINGERPRINT_BYTES);
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, FINGERPRINT_KEY_BYTES);
    crypto_auth_hmacsha256_update(&state, value.data, value.len);
    crypto_auth_hmacsha256_final(&state, whole);
    sodium_memzero(&state, sizeof state);
    return hex_encode(&text, slice_of(whole, FINGERPRINT_BYTES)) != ERR_NONE ? NULL : json_set_string(arena, object, name, buf_slice(&text));
}
