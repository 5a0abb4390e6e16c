/*
 * cubbyhole/: what a token keeps for itself. Nobody else reaches it, root included, and it goes with the token (token_end.c).
 *   cubby/HEX/PATH   the body as it was written; numbers keep their text. HEX: of the token's row
 * A batch token has no row, and so no cubbyhole.
 */
#include "engine/operations.h"
#include "engine/token.h"
#include "engine/wrap.h"

enum { PATH_BYTES_MAX = 400, NAMES_MAX = 10000, REPLY_TEXT_MAX_BYTES = ROW_MAX_BYTES };

static char *row_path(struct turn *turn)
{
    struct slice id = turn->caller.token_id, path = turn->values[0];
    return turn_path(turn, "cubby/%.*s/%.*s", (int)id.len, (const char *)id.data, (int)path.len, (const char *)path.data);
}

static enum err check(struct turn *turn)
{
    if (turn->caller.token_id.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("cubbyhole operations are only supported by \"service\" type tokens", "ein Cubbyhole haben nur Tokens der Art \"service\""), SLICE_NONE);
    }
    if (turn->values[0].len > PATH_BYTES_MAX) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the path is longer than 400 bytes", "der Pfad ist länger als 400 Bytes"), SLICE_NONE);
    }
    return ERR_NONE;
}

/* A wrapped reply as clients of old read it: one text. */
static enum err reply_text(struct turn *turn, const struct json *tree)
{
    struct json *data = json_new(turn->arena, JSON_OBJECT);
    cleanup_buf struct buf text = BUF_INIT(REPLY_TEXT_MAX_BYTES);
    enum err err = json_write(&text, tree, 0);
    if (err == ERR_NONE && json_set_string(turn->arena, data, "response", buf_slice(&text)) == NULL) {
        err = ERR_MEMORY;
    }
    wipe(text.data, text.len);
    return err == ERR_NONE ? turn_reply_data(turn, data) : err;
}

enum err operation_cubbyhole_read(struct turn *turn)
{
    const struct json *value = NULL;
    enum err err = check(turn);
    err = err == ERR_NONE ? turn_json(turn, row_path(turn), &value) : err;
    if (err != ERR_NONE) {
        return err;
    }
    return wrap_is_token(turn->caller.token) ? reply_text(turn, value) : turn_reply_data(turn, value);
}

enum err operation_cubbyhole_list(struct turn *turn)
{
    struct slice path = turn->values[0];
    bool ends = path.len == 0 || path.data[path.len - 1] == '/';
    enum err err = check(turn);
    return err == ERR_NONE ? turn_reply_names(turn, turn_path(turn, "%s%s", row_path(turn), ends ? "" : "/"), NAMES_MAX) : err;
}

/* Of a token that this request used up nothing stays. */
static bool is_used_up(const struct turn *turn)
{
    return json_member(turn->caller.token, "uses_left") != NULL && token_number(turn->caller.token, "uses_left") == 0;
}

enum err operation_cubbyhole_write(struct turn *turn)
{
    const struct json *body = turn->request->body;
    struct token own = {.id = turn->caller.token_id, .row = turn->caller.token};
    enum err err = check(turn);
    if (err == ERR_NONE && slice_ends(turn->values[0], SLICE_LITERAL("/"))) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("cannot write to a path ending in '/'", "an einen Pfad, der auf / endet, lässt sich nichts schreiben"), SLICE_NONE);
    }
    if (err == ERR_NONE && (body == NULL || body->count == 0)) {
        err = turn_refuse(turn, ERR_INVALID, TEXT("missing data fields", "es fehlen die Daten"), SLICE_NONE);
    }
    if (err == ERR_NONE && !is_used_up(turn)) {
        err = turn_put_json(turn, row_path(turn), body, 0);
        err = err == ERR_NONE ? token_mark(turn, &own, "cubby") : err;
    }
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

enum err operation_cubbyhole_delete(struct turn *turn)
{
    enum err err = check(turn);
    err = err == ERR_NONE ? turn_delete(turn, row_path(turn)) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}
