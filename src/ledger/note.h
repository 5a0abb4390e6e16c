/*
 * Signed notes (C2SP signed-note) with Ed25519 keys, and timestamped cosignatures on them (C2SP
 * tlog-cosignature):
 *
 *   text, ending in a newline
 *   (blank line)
 *   — <key name> base64(u32 BE key id ‖ signature)         one or more lines
 *
 *   key id = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]
 *   type 0x01: signature = Ed25519 over the text
 *   type 0x04: signature = u64 BE time ‖ Ed25519 over "cosignature/v1\ntime <time>\n" ‖ text
 *   verifier key (vkey): <name>+<key id, 8 hex digits>+base64(type ‖ public key)
 *
 * All slices borrow from what was parsed. Signatures of keys that nobody asks for are kept and
 * count for nothing.
 */
#ifndef VOGT_LEDGER_NOTE_H
#define VOGT_LEDGER_NOTE_H

#include "crypto/crypto.h"

enum {
    NOTE_TYPE_ED25519 = 0x01,
    NOTE_TYPE_COSIGNATURE = 0x04,
    NOTE_SIGNATURES_MAX = 64,
    NOTE_NAME_MAX_BYTES = 255,
    NOTE_MAX_BYTES = 512 << 10,
};

struct note_key {
    struct slice name; /* borrowed */
    uint8_t type;
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    uint32_t id;
};

struct note_signature {
    struct slice name;
    uint32_t key_id;
    struct slice base64; /* of key id and signature; checked to be strict base64 */
};

struct note {
    struct slice text; /* with its last newline, without the blank line */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t signature_count;
};

/* ERR_INVALID: no such type, or a name that is empty, too long or holds a space, a plus or a
 * control character. */
enum err note_key_make(struct slice name, uint8_t type, struct slice public_key,
                       struct note_key *ret_key) must_check;
/* From a vkey; the name borrows from it. ERR_MALFORMED, ERR_INVALID; ERR_UNSUPPORTED: another
 * algorithm. */
enum err note_key_parse(struct slice vkey, struct note_key *ret_key) must_check;
enum err note_key_write(const struct note_key *key, struct buf *out) must_check;

/* ERR_MALFORMED; ERR_TOO_LARGE: more signatures or bytes than the maximum. */
enum err note_parse(struct slice bytes, struct note *ret_note) must_check;
/* ERR_NOT_FOUND: no signature of that key; ERR_FORGED: one of them is wrong. A cosignature's time
 * goes to ret_time_unix_s (the latest, 0 for type 1), which may be NULL. */
enum err note_verify(const struct note *note, const struct note_key *key,
                     uint64_t *ret_time_unix_s) must_check;

/* Appends "— name base64\n". `time_unix_s` counts for cosignatures only. */
enum err note_sign_line(struct slice text, const struct note_key *key, struct slice seed,
                        uint64_t time_unix_s, struct buf *out) must_check;
/* Appends the whole note: text, blank line, one type 1 signature. ERR_INVALID: text does not end in
 * a newline. */
enum err note_sign(struct slice text, const struct note_key *key, struct slice seed,
                   struct buf *out) must_check;

#endif
