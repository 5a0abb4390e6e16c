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

/* -- what tells ----------------------------------------------------------------------------------------------------- */

enum { NAMED_MIN_BYTES = 8, UNNAMED_MIN_BYTES = 16, DIFFERENT_MIN = 10 };

static bool is_telling_name(struct slice name)
{
    static const char *const words[] = {"password", "passwd", "secret", "token", "credential", "private", "_key", "apikey", "_dsn", "database_url"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_find_caseless(name, slice_string(words[i])) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static bool is_common(struct slice value)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "none", "production", "staging", "development", "testing", "localhost",
                                        "postgres", "postgresql", "disabled", "enabled", "info", "debug", "warning", "default"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_is_caseless(value, words[i])) {
            return true;
        }
    }
    return slice_consists_of(value, ASCII_DIGITS ".:");
}

static unsigned different_bytes(struct slice value)
{
    bool seen[256] = {false};
    unsigned count = 0;
    for (size_t i = 0; i < value.len; i++) {
        count += seen[value.data[i]] ? 0 : 1;
        seen[value.data[i]] = true;
    }
    return count;
}

static bool is_plain(struct slice value)
{
    size_t scheme = slice_find(value, SLICE_LITERAL("://"));
    bool host = slice_find_byte(value, '.') != SIZE_MAX, at = slice_find_byte(value, '@') != SIZE_MAX, blank = false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.data[i];
        host = host && byte_is_among(byte, ASCII_LOWER ASCII_DIGITS ".-:");
        blank = blank || byte <= ' ';
    }
    if (scheme != SIZE_MAX) {
        return !at;                    /* with a user there is a password in it */
    }
    bool path = value.data[0] == '/' || value.data[0] == '.', mail = at && slice_find_byte(value, '.') != SIZE_MAX;
    return path || mail || host || blank || different_bytes(value) < DIFFERENT_MIN;
}

enum fingerprint_worth fingerprint_worth(struct slice name, struct slice value)
{
    bool telling = is_telling_name(name);
    /* a private key is text with blanks, and a secret */
    bool key_file = slice_find(value, SLICE_LITERAL("PRIVATE KEY-----")) != SIZE_MAX;
    if (value.len < NAMED_MIN_BYTES || (!telling && value.len < UNNAMED_MIN_BYTES)) {
        return is_common(value) ? FINGERPRINT_COMMON : FINGERPRINT_SHORT;
    }
    if (is_common(value) && !(telling && value.len >= UNNAMED_MIN_BYTES)) {
        return FINGERPRINT_COMMON;
    }
    return telling || key_file || !is_plain(value) ? FINGERPRINT_TELLS : FINGERPRINT_PLAIN;
}

const char *fingerprint_word(enum fingerprint_worth worth)
{
    static const char *const words[FINGERPRINT_WORTHS] = {[FINGERPRINT_TELLS] = "tells", [FINGERPRINT_SHORT] = "short", [FINGERPRINT_COMMON] = "common", [FINGERPRINT_PLAIN] = "plain"};
    return words[worth];
}
