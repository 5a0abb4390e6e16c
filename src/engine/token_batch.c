/* Batch tokens: "hvb." and a sealed text (engine/sealed_text.h) that is the token's row. */
#include "engine/sealed_text.h"
#include "engine/token.h"

static const char label[] = "vogt/batch-token/v1";

bool token_is_batch(struct slice text)
{
    return slice_starts(text, SLICE_LITERAL("hvb."));
}

enum err token_batch_seal(struct turn *turn, const struct json *row, struct slice *ret_text)
{
    struct slice sealed;
    enum err err = sealed_text_make(turn, label, SLICE_NONE, row, &sealed);
    if (err == ERR_TOO_LARGE) {
        return turn_refuse(turn, ERR_TOO_LARGE, TEXT("a batch token carries its policies and metadata itself: they are too long", "ein Batch-Token trägt Richtlinien und Metadaten selbst: sie sind zu lang"), SLICE_NONE);
    }
    if (err != ERR_NONE) {
        return err;
    }
    *ret_text = slice_string(arena_printf(turn->arena, "hvb.%.*s", (int)sealed.len, (const char *)sealed.data));
    return ret_text->data == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err token_batch_open(struct turn *turn, struct slice text, const struct json **ret_row)
{
    return token_is_batch(text) ? sealed_text_open(turn, label, SLICE_NONE, slice_from(text, 4), ret_row) : ERR_NOT_FOUND;
}
