#include "secrets/oidc.h"

#include "base/encode.h"
#include "engine/sealed_text.h"

static const char label[] = "vogt/oidc-state/v1";

/* A key for each mount. */
enum err oidc_state_seal(struct turn *turn, const struct json *flow, struct slice *ret_text)
{
    return sealed_text_make(turn, label, turn->mount->uuid, flow, ret_text);
}

enum err oidc_state_open(struct turn *turn, struct slice text, const struct json **ret_flow)
{
    const struct json *flow = NULL;
    int64_t until_ms = 0;
    enum err err = sealed_text_open(turn, label, turn->mount->uuid, text, &flow);
    if (err == ERR_NONE && (json_i64(flow, "until_ms", &until_ms) != ERR_NONE || turn->steady_ms >= until_ms)) {
        err = ERR_NOT_FOUND;
    }
    *ret_flow = err == ERR_NONE ? flow : *ret_flow;
    return err;
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
