#include "engine/ceremony.h"

#include "base/encode.h"

#include <stdio.h>
#include <string.h>

enum { SHARE_BYTES = KEY_BYTES + 1, UUID_BYTES = 16 };

bool ceremony_has_begun(const struct ceremony *ceremony)
{
    return ceremony->nonce[0] != '\0';
}

void ceremony_forget(struct ceremony *ceremony)
{
    for (size_t i = 0; i < ceremony->count; i++) {
        secret_free(&ceremony->shares[i]);
    }
    ceremony->count = 0;
}

static void end(struct ceremony *ceremony)
{
    ceremony_forget(ceremony);
    ceremony->nonce[0] = '\0';
}

void ceremony_begin(struct turn *turn, struct ceremony *ceremony)
{
    uint8_t random[UUID_BYTES];
    turn_random(turn, random, sizeof random);
    end(ceremony);
    size_t at = 0;
    for (size_t i = 0; i < sizeof random; i++) {
        at += (size_t)snprintf(ceremony->nonce + at, sizeof ceremony->nonce - at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", random[i]);
    }
}

void root_making_end(struct root_making *making)
{
    end(&making->ceremony);
    wipe(making->otp, sizeof making->otp);
}

void rekeying_end(struct rekeying *rekeying)
{
    end(&rekeying->ceremony);
    end(&rekeying->verify);
    secret_free(&rekeying->remote);
    rekeying->shares = rekeying->threshold = 0;
    rekeying->wants_verification = false;
}

/* ---- shares ---- */

enum err share_check_numbers(struct turn *turn, uint64_t shares, uint64_t threshold)
{
    if (shares < 1 || shares > SHARES_MAX || threshold < 1 || threshold > shares || (shares > 1 && threshold < 2)) {
        return turn_refuse(turn, ERR_INVALID,
                           TEXT("secret_shares is 1 to 32, secret_threshold 2 to secret_shares (1 of 1 is allowed)",
                                "secret_shares ist 1 bis 32, secret_threshold 2 bis secret_shares (1 von 1 geht auch)"),
                           SLICE_NONE);
    }
    return ERR_NONE;
}

enum err share_read(struct turn *turn, struct slice text, uint64_t shares, struct secret *ret_share)
{
    cleanup_buf struct buf share = BUF_INIT(SHARE_BYTES);
    enum err err = hex_decode(&share, text);
    if (err != ERR_NONE) {
        buf_clear(&share);
        err = base64_decode(&share, text);
    }
    bool is_share = err == ERR_NONE && (share.len == SHARE_BYTES || (shares == 1 && share.len == KEY_BYTES));
    err = is_share ? secret_copy(buf_slice(&share), ret_share)
                   : turn_refuse(turn, ERR_INVALID, TEXT("an unseal key has 33 bytes, in hexadecimal or base64", "ein Entsiegelungsschlüssel hat 33 Bytes, hexadezimal oder base64"), SLICE_NONE);
    wipe(share.data, share.len);
    return err;
}

enum err share_combine(const struct secret *given, size_t count, uint64_t shares, struct secret *ret_remote)
{
    struct slice slices[SHARES_MAX];
    for (size_t i = 0; i < count; i++) {
        slices[i] = secret_slice(&given[i]);
    }
    return shares == 1 ? secret_copy(slices[0], ret_remote) : shamir_combine(slices, count, ret_remote);
}

static enum err add_share(struct turn *turn, struct json *hex, struct json *base64, struct slice share)
{
    cleanup_buf struct buf text = BUF_INIT(4 * SHARE_BYTES);
    enum err err = hex_encode(&text, share);
    json_append(hex, json_string(turn->arena, buf_slice(&text)));
    buf_clear(&text);
    err = err == ERR_NONE ? base64_encode(&text, share) : err;
    json_append(base64, json_string(turn->arena, buf_slice(&text)));
    wipe(text.data, text.len);
    return err;
}

enum err share_reply(struct turn *turn, struct json *reply, const struct secret *made, uint64_t count)
{
    struct json *hex = json_set_array(turn->arena, reply, "keys"), *base64 = json_set_array(turn->arena, reply, "keys_base64");
    size_t bytes = made->len / count;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = add_share(turn, hex, base64, slice_of(made->data + i * bytes, bytes));
    }
    return err;
}

/* ---- giving ---- */

static bool is_there(const struct ceremony *ceremony, const struct secret *share)
{
    for (size_t i = 0; i < ceremony->count; i++) {
        if (secret_equal(secret_slice(&ceremony->shares[i]), secret_slice(share))) {
            return true;
        }
    }
    return false;
}

enum err ceremony_give(struct turn *turn, struct ceremony *ceremony, uint64_t shares, uint64_t needed, struct secret *ret_remote)
{
    if (!ceremony_has_begun(ceremony)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("nothing of this kind is in progress: begin it first", "davon ist nichts im Gange: bitte erst beginnen"), SLICE_NONE);
    }
    if (!slice_is(turn_field(turn, "nonce"), ceremony->nonce)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("incorrect nonce supplied; what is in progress has the nonce", "falsche Nonce; was im Gange ist, hat die Nonce"), slice_string(ceremony->nonce));
    }
    struct secret share = SECRET_NONE;
    enum err err = share_read(turn, turn_field(turn, "key"), shares, &share);
    if (err != ERR_NONE) {
        return err;
    }
    if (is_there(ceremony, &share)) {
        secret_free(&share);
    } else if (ceremony->count == SHARES_MAX) {
        secret_free(&share);
        return ERR_TOO_LARGE;
    } else {
        ceremony->shares[ceremony->count++] = secret_take(&share);
    }
    if (ceremony->count < needed) {
        return ERR_NONE;
    }
    err = share_combine(ceremony->shares, ceremony->count, shares, ret_remote);
    if (err == ERR_INVALID) {
        ceremony_forget(ceremony);
        return turn_refuse(turn, err, TEXT("these unseal keys do not fit; start again", "diese Entsiegelungsschlüssel passen nicht; bitte von vorn"), SLICE_NONE);
    }
    return err;
}

void base62_random(struct turn *turn, char *text, size_t count)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < count;) {
        uint8_t random[32];
        turn_random(turn, random, sizeof random);
        for (size_t j = 0; j < sizeof random && i < count; j++) {
            if (random[j] < 4 * 62) { /* the rest would make some letters likelier */
                text[i++] = letters[random[j] % 62];
            }
        }
        wipe(random, sizeof random);
    }
    text[count] = '\0';
}
