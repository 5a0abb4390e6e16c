#include "engine/sealed_text.h"

#include "base/encode.h"
#include "engine/vault.h"

enum { SEALED_MAX_BYTES = SEALED_TEXT_PLAIN_MAX_BYTES + 64, TEXT_MAX_BYTES = 2 * SEALED_MAX_BYTES };

static enum err cipher(struct turn *turn, const char *label, struct slice salt, struct xaes **ret_xaes)
{
    struct slice token_key = secret_slice(&turn->around->vault->token_key);
    uint8_t key[KEY_BYTES];
    if (token_key.len == 0) {
        return ERR_SEALED;
    }
    enum err err = hkdf_sha256(token_key, salt, slice_string(label), key, sizeof key);
    err = err == ERR_NONE ? xaes_new(slice_of(key, sizeof key), ret_xaes) : err;
    wipe(key, sizeof key);
    return err;
}

enum err sealed_text_make(struct turn *turn, const char *label, struct slice salt, const struct json *tree, struct slice *ret_text)
{
    struct xaes *xaes = NULL;
    uint8_t nonce[XAES_NONCE_BYTES];
    cleanup_buf struct buf plain = BUF_INIT(SEALED_TEXT_PLAIN_MAX_BYTES), sealed = BUF_INIT(SEALED_MAX_BYTES), text = BUF_INIT(TEXT_MAX_BYTES);
    turn_random(turn, nonce, sizeof nonce);
    enum err err = tree == NULL ? ERR_MEMORY : json_pack(&plain, tree);
    err = err == ERR_NONE ? cipher(turn, label, salt, &xaes) : err;
    err = err == ERR_NONE ? xaes_seal(xaes, nonce, slice_string(label), buf_slice(&plain), &sealed) : err;
    xaes_free(xaes);
    err = err == ERR_NONE ? base64url_encode(&text, buf_slice(&sealed)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    *ret_text = arena_copy(turn->arena, buf_slice(&text));
    return ret_text->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err sealed_text_open(struct turn *turn, const char *label, struct slice salt, struct slice text, const struct json **ret_tree)
{
    struct xaes *xaes = NULL;
    struct json *tree = NULL;
    cleanup_buf struct buf sealed = BUF_INIT(SEALED_MAX_BYTES), plain = BUF_INIT(SEALED_TEXT_PLAIN_MAX_BYTES);
    if (base64url_decode(&sealed, text) != ERR_NONE) {
        return ERR_NOT_FOUND;
    }
    enum err err = cipher(turn, label, salt, &xaes);
    err = err == ERR_NONE ? xaes_open(xaes, slice_string(label), buf_slice(&sealed), &plain) : err;
    xaes_free(xaes);
    struct slice copy = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&plain)) : SLICE_NONE;
    if (err != ERR_NONE || copy.data == NULL) {
        return err == ERR_SEALED || err == ERR_MEMORY ? err : err != ERR_NONE ? ERR_NOT_FOUND : ERR_MEMORY;
    }
    err = json_unpack(turn->arena, copy, &tree);
    *ret_tree = tree;
    return err == ERR_NONE ? ERR_NONE : ERR_NOT_FOUND;
}
