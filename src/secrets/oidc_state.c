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

/* ---- used up ---- */

/* The row of this state and its path; ERR_NOT_FOUND: it was not used. */
static enum err find_used(struct turn *turn, struct slice text, char **ret_path, const struct json **ret_row)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * sizeof digest);
    sha256(text, digest);
    enum err err = hex_encode(&hex, slice_of(digest, sizeof digest));
    *ret_path = err == ERR_NONE ? mount_path(turn, "used/%.*s", (int)hex.len, (const char *)hex.data) : NULL;
    return *ret_path == NULL ? ERR_MEMORY : turn_json(turn, *ret_path, ret_row);
}

static enum err put_used(struct turn *turn, char *path, const struct json *claims)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    if (claims != NULL) {
        json_set(turn->arena, row, "claims", json_copy(turn->arena, claims));
    }
    return turn_put_json(turn, path, row, turn_due_steady(turn->steady_ms + OIDC_LIFE_MS));
}

enum err oidc_state_use(struct turn *turn, struct slice text, const struct json *claims)
{
    char *path = NULL;
    const struct json *row = NULL;
    enum err err = find_used(turn, text, &path, &row);
    return err == ERR_NOT_FOUND ? put_used(turn, path, claims) : err == ERR_NONE ? ERR_NOT_FOUND : err;
}

enum err oidc_state_take(struct turn *turn, struct slice text, const struct json **ret_claims)
{
    char *path = NULL;
    const struct json *row = NULL;
    enum err err = find_used(turn, text, &path, &row);
    if (err != ERR_NONE) {
        *ret_claims = NULL;
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    *ret_claims = json_member(row, "claims");
    return *ret_claims == NULL ? ERR_NOT_FOUND : put_used(turn, path, NULL);
}
