#include "engine/certificate.h"

#include "base/encode.h"
#include "engine/vault.h"

enum { CERTIFICATE_MAX_BYTES = 2048 };

static char *row_path(struct turn *turn, struct slice id)
{
    return turn_path(turn, "certificate/%.*s", (int)id.len, (const char *)id.data);
}

static enum err to_hex(struct turn *turn, struct slice bytes, struct slice *ret_hex)
{
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    enum err err = hex_encode(&hex, bytes);
    *ret_hex = arena_copy(turn->arena, buf_slice(&hex));
    return err != ERR_NONE ? err : ret_hex->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err certificate_issue(struct turn *turn, const struct certificate_wish *wish, struct certificate_made *ret_made)
{
    struct certificate_made made = {.expires_ms = turn->now_ms + CERTIFICATE_TTL_MS};
    struct leaf leaf = {.name = wish->name, .point = wish->point, .end_ms = made.expires_ms};
    turn_random(turn, &leaf.serial, sizeof leaf.serial);
    cleanup_buf struct buf der = BUF_INIT(CERTIFICATE_MAX_BYTES);
    uint8_t digest[SHA256_BYTES];
    enum err err = vault_issue(turn->around->vault, &leaf, turn->now_ms, &der);
    if (err != ERR_NONE) {
        return err;
    }
    sha256(buf_slice(&der), digest);
    made.der = arena_copy(turn->arena, buf_slice(&der));
    err = made.der.data == NULL ? ERR_MEMORY : to_hex(turn, slice_of(digest, sizeof digest), &made.id);
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "name", wish->name);
    json_set_string(turn->arena, row, "kind", wish->kind);
    json_set_i64(turn->arena, row, "expires_ms", made.expires_ms);
    /* its name is a digest over a serial drawn just now: no row can have it */
    err = err == ERR_NONE ? turn_is_new(turn, row_path(turn, made.id)) : err;
    err = err == ERR_NONE ? turn_put_json(turn, row_path(turn, made.id), row, 0) : err;
    if (err == ERR_NONE) {
        *ret_made = made;
    }
    return err;
}

enum err certificate_identify(struct turn *turn)
{
    if (turn->request->certificate.len != REQUEST_CERTIFICATE_BYTES) {
        return ERR_DENIED;
    }
    struct slice id;
    const struct json *row = NULL;
    enum err err = to_hex(turn, turn->request->certificate, &id);
    err = err == ERR_NONE ? turn_json(turn, row_path(turn, id), &row) : err;
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    int64_t expires_ms = 0;
    if (json_i64(row, "expires_ms", &expires_ms) != ERR_NONE || turn->now_ms >= expires_ms) {
        return ERR_DENIED;
    }
    turn->caller = (struct caller){.name = json_text(row, "name", SLICE_NONE), .certificate = id};
    return ERR_NONE;
}

enum err certificate_end(struct turn *turn, struct slice id)
{
    const struct json *row = NULL;
    if (id.len == 0) {
        return ERR_NONE;
    }
    enum err err = turn_json(turn, row_path(turn, id), &row);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    return turn_delete(turn, row_path(turn, id));
}
