/*
 * A ceremony: people give their unseal keys, one after the other, for what only enough of them together may do while Vogt is unsealed: a new root token
 * (sys/generate-root), new unseal keys (sys/rekey). Like the keys given to sys/unseal it lives in the vault alone: a restart or sealing forgets it.
 *
 *   none --ceremony_begin--> begun --ceremony_give, enough that fit--> the caller acts and ends it
 *                             begun --ceremony_give, enough that do not--> begun, without keys (ceremony_forget)
 */
#ifndef VOGT_ENGINE_CEREMONY_H
#define VOGT_ENGINE_CEREMONY_H

#include "engine/turn.h"

enum { SHARES_MAX = 32, CEREMONY_NONCE_BYTES = 37, OTP_BYTES = 28 /* "hvs." and 24 of base62, as long as Vault's tokens */ };

struct ceremony {
    char nonce[CEREMONY_NONCE_BYTES];   /* a UUID; empty: none has begun */
    struct secret shares[SHARES_MAX];
    size_t count;
};

/* For a root token: it comes back masked by the one-time password, so that whoever gives the last key does not see it. */
struct root_making {
    struct ceremony ceremony;
    char otp[OTP_BYTES + 1];
};

/* For new unseal keys. `remote` is what they make, until people have shown that they hold them (if that was asked for). */
struct rekeying {
    struct ceremony ceremony, verify;
    uint64_t shares, threshold;
    bool wants_verification;
    struct secret remote;
};

bool ceremony_has_begun(const struct ceremony *ceremony);
void ceremony_begin(struct turn *turn, struct ceremony *ceremony);
void ceremony_forget(struct ceremony *ceremony);
void root_making_end(struct root_making *making);
void rekeying_end(struct rekeying *rekeying);

/*
 * Takes the key of the request's body. When `needed` are there, *ret_remote is what they make, else it stays empty. ERR_INVALID with a complaint: none has
 * begun, another nonce, no key. The same key again counts once, so a run that is repeated does no harm.
 */
enum err ceremony_give(struct turn *turn, struct ceremony *ceremony, uint64_t shares, uint64_t needed, struct secret *ret_remote) must_check;

/* An unseal key as people write it: hexadecimal or base64; of one share only it is the half itself. ERR_INVALID with a complaint. */
enum err share_read(struct turn *turn, struct slice text, uint64_t shares, struct secret *ret_share) must_check;
enum err share_combine(const struct secret *given, size_t count, uint64_t shares, struct secret *ret_remote) must_check;
/* "keys" and "keys_base64" of a reply: `made` holds `count` shares of the same size. */
enum err share_reply(struct turn *turn, struct json *reply, const struct secret *made, uint64_t count) must_check;
/* Is this number of shares and this threshold possible? ERR_INVALID with a complaint. */
enum err share_check_numbers(struct turn *turn, uint64_t shares, uint64_t threshold) must_check;

/* Random letters and digits, each as likely as the others. `text` gets count + 1 bytes. */
void base62_random(struct turn *turn, char *text, size_t count);

#endif
