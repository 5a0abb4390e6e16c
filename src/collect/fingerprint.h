/*
 * Fingerprints of secrets: HMAC-SHA-256 under a key of the task. Two fingerprints of one key are equal when the values are; without the key they tell
 * nothing, not even to who guesses a value. Values never become facts. Uses libsodium, so that look links neither libcrypto nor its readers of formats.
 */
#ifndef VOGT_COLLECT_FINGERPRINT_H
#define VOGT_COLLECT_FINGERPRINT_H

#include "base/json.h"

enum { FINGERPRINT_KEY_BYTES = 32, FINGERPRINT_BYTES = 16 };

/*
 * Which values are worth comparing between environments. What is the same everywhere for good reasons would otherwise look shared:
 *   SHORT   fewer than 8 bytes; without a telling name fewer than 16
 *   COMMON  a word such as "true", "production", "postgres", or digits alone
 *   PLAIN   without a telling name: a path, a URL without user, an e-mail address, a host's name, text with blanks, or fewer than ten different bytes
 * A telling name holds PASSWORD, PASSWD, SECRET, TOKEN, CREDENTIAL, PRIVATE, _KEY, APIKEY, _DSN or DATABASE_URL, in either case.
 */
enum fingerprint_worth { FINGERPRINT_TELLS, FINGERPRINT_SHORT, FINGERPRINT_COMMON, FINGERPRINT_PLAIN, FINGERPRINT_WORTHS };
enum fingerprint_worth fingerprint_worth(struct slice name, struct slice value);
/* "tells", "short", "common", "plain": as facts have it. */
const char *fingerprint_word(enum fingerprint_worth worth);

/* The input's member "fingerprint_key": 64 hex digits. ERR_NOT_FOUND: there is none, so no fingerprints. ERR_INVALID otherwise. */
enum err fingerprint_key(const struct json *input, uint8_t ret_key[FINGERPRINT_KEY_BYTES]) must_check;
/* Sets the member to 32 hex digits: half of the HMAC, enough to compare. Returns NULL once the arena is full. */
struct json *fingerprint_set(struct arena *arena, struct json *object, const char *name, const uint8_t key[FINGERPRINT_KEY_BYTES], struct slice value);

#endif
