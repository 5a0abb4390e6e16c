/*
 * Batch tokens: "hvb." and, in base64url, XAES-256-GCM over the packed row. Key: HKDF-SHA-256(token key, info "vogt/batch-token/v1"); associated data: the same words.
 * The row is what keep itself sealed, so opening it is no parsing of others' bytes.
 */
#include "engine/token.h"

#include "base/encode.h"
#include "engine/vault.h"

enum { BATCH_PLAIN_MAX_BYTES = 2048 };

static const char label[] = "vogt/batch-token/v1";

static enum err cipher(struct turn *turn, struct xaes **ret_xaes)
{
    struct slice token_key = secret_slice(&turn->around->vault->token_key);
    uint8_t key[KEY_BYTES];
    if (token_key.len == 0) {
        return ERR_SEALED;
    }
    enum err err = hkdf_sha256(token_key, SLICE_NONE, slice_string(label), key, sizeof key);
    err = err == ERR_NONE ? xaes_new(slice_of(key, sizeof key), ret_xaes) : err;
    wipe(key, sizeof key);
    return err;
}

bool token_is_batch(struct slice text)
{
    return slice_starts(text, SLICE_LITERAL("hvb."));
}

enum err token_batch_seal(struct turn *turn, const struct json *row, struct slice *ret_text)
{
    struct xaes *xaes = NULL;
    uint8_t nonce[XAES_NONCE_BYTES];
    cleanup_buf struct buf plain = BUF_INIT(BATCH_PLAIN_MAX_BYTES), sealed = BUF_INIT(2 * BATCH_PLAIN_MAX_BYTES), text = BUF_INIT(REQUEST_TOKEN_MAX_BYTES);
    turn_random(turn, nonce, sizeof nonce);
    enum err err = row == NULL ? ERR_MEMORY : json_pack(&plain, row);
    if (err == ERR_TOO_LARGE) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("a batch token carries its policies and metadata itself: they are too long", "ein Batch-Token trägt Richtlinien und Metadaten selbst: sie sind zu lang"), SLICE_NONE);
    }
    err = err == ERR_NONE ? cipher(turn, &xaes) : err;
    err = err == ERR_NONE ? xaes_seal(xaes, nonce, slice_string(label), buf_slice(&plain), &sealed) : err;
    xaes_free(xaes);
    err = err == ERR_NONE ? buf_append_string(&text, "hvb.") : err;
    err = err == ERR_NONE ? base64url_encode(&text, buf_slice(&sealed)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    *ret_text = arena_copy(turn->arena, buf_slice(&text));
    return ret_text->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err token_batch_open(struct turn *turn, struct slice text, const struct json **ret_row)
{
    struct xaes *xaes = NULL;
    struct json *row = NULL;
    cleanup_buf struct buf sealed = BUF_INIT(REQUEST_TOKEN_MAX_BYTES), plain = BUF_INIT(BATCH_PLAIN_MAX_BYTES);
    if (!token_is_batch(text) || base64url_decode(&sealed, slice_from(text, 4)) != ERR_NONE) {
        return ERR_NOT_FOUND;
    }
    enum err err = cipher(turn, &xaes);
    err = err == ERR_NONE ? xaes_open(xaes, slice_string(label), buf_slice(&sealed), &plain) : err;
    xaes_free(xaes);
    struct slice copy = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&plain)) : SLICE_NONE;
    if (err != ERR_NONE || copy.data == NULL) {
        return err == ERR_SEALED || err == ERR_MEMORY ? err : err != ERR_NONE ? ERR_NOT_FOUND : ERR_MEMORY;
    }
    err = json_unpack(turn->arena, copy, &row);
    *ret_row = row;
    return err == ERR_NONE ? ERR_NONE : ERR_NOT_FOUND;
}
