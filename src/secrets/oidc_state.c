#include "secrets/oidc.h"

#include "base/encode.h"
#include "engine/vault.h"

static const char label[] = "vogt/oidc-state/v1";

/* A key for each mount. */
static enum err cipher(struct turn *turn, struct xaes **ret_xaes)
{
    struct slice token_key = secret_slice(&turn->around->vault->token_key);
    uint8_t key[KEY_BYTES];
    if (token_key.len == 0) {
        return ERR_SEALED;
    }
    enum err err = hkdf_sha256(token_key, turn->mount->uuid, slice_string(label), key, sizeof key);
    err = err == ERR_NONE ? xaes_new(slice_of(key, sizeof key), ret_xaes) : err;
    wipe(key, sizeof key);
    return err;
}

enum err oidc_state_seal(struct turn *turn, const struct json *flow, struct slice *ret_text)
{
    struct xaes *xaes = NULL;
    uint8_t nonce[XAES_NONCE_BYTES];
    cleanup_buf struct buf plain = BUF_INIT(OIDC_STATE_MAX_BYTES / 2), sealed = BUF_INIT(OIDC_STATE_MAX_BYTES), text = BUF_INIT(OIDC_STATE_MAX_BYTES);
    turn_random(turn, nonce, sizeof nonce);
    enum err err = flow == NULL ? ERR_MEMORY : json_pack(&plain, flow);
    err = err == ERR_NONE ? cipher(turn, &xaes) : err;
    err = err == ERR_NONE ? xaes_seal(xaes, nonce, slice_string(label), buf_slice(&plain), &sealed) : err;
    xaes_free(xaes);
    err = err == ERR_NONE ? base64url_encode(&text, buf_slice(&sealed)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    *ret_text = arena_copy(turn->arena, buf_slice(&text));
    return ret_text->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err oidc_state_open(struct turn *turn, struct slice text, const struct json **ret_flow)
{
    struct xaes *xaes = NULL;
    struct json *flow = NULL;
    int64_t until_ms = 0;
    cleanup_buf struct buf sealed = BUF_INIT(OIDC_STATE_MAX_BYTES), plain = BUF_INIT(OIDC_STATE_MAX_BYTES);
    if (text.len == 0 || text.len > OIDC_STATE_MAX_BYTES || base64url_decode(&sealed, text) != ERR_NONE) {
        return ERR_NOT_FOUND;
    }
    enum err err = cipher(turn, &xaes);
    err = err == ERR_NONE ? xaes_open(xaes, slice_string(label), buf_slice(&sealed), &plain) : err;
    xaes_free(xaes);
    struct slice copy = err == ERR_NONE ? arena_copy(turn->arena, buf_slice(&plain)) : SLICE_NONE;
    if (err != ERR_NONE || copy.data == NULL) {
        return err == ERR_SEALED || err == ERR_MEMORY ? err : err != ERR_NONE ? ERR_NOT_FOUND : ERR_MEMORY;
    }
    err = json_unpack(turn->arena, copy, &flow);
    *ret_flow = flow;
    return err == ERR_NONE && json_i64(flow, "until_ms", &until_ms) == ERR_NONE && turn->steady_ms < until_ms ? ERR_NONE : ERR_NOT_FOUND;
}

enum err oidc_state_use(struct turn *turn, struct slice text)
{
    uint8_t digest[SHA256_BYTES];
    struct slice bytes;
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof digest);
    sha256(text, digest);
    enum err err = hex_encode(&hex, slice_of(digest, sizeof digest));
    char *path = err == ERR_NONE ? mount_path(turn, "used/%.*s", (int)hex.len, (const char *)hex.data) : NULL;
    if (path == NULL) {
        return ERR_MEMORY;
    }
    err = turn_row(turn, path, &bytes);
    if (err != ERR_NOT_FOUND) {
        return err == ERR_NONE ? ERR_NOT_FOUND : err;
    }
    return turn_put_json(turn, path, json_new(turn->arena, JSON_OBJECT), turn_due_steady(turn->steady_ms + OIDC_LIFE_MS));
}
