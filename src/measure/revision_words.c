#include "measure/revision_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { TABLE_MAX = 400 * 400, LISTED_MAX_BYTES = 48 };

static bool is_wordy(uint8_t c)
{
    return c >= 0x80 || byte_is_among(c, ASCII_LETTERS ASCII_DIGITS);
}

/* Quotation marks and dashes of U+2000 to U+206F, and « ». */
static size_t dressing_length(struct slice text, size_t i)
{
    const uint8_t *at = text.data + i;
    size_t left = text.len - i;
    if (left >= 3 && at[0] == 0xe2 && (at[1] == 0x80 || at[1] == 0x81)) {
        return 3;
    }
    return left >= 2 && at[0] == 0xc2 && (at[1] == 0xab || at[1] == 0xbb || at[1] == 0xad || at[1] == 0xa0) ? 2 : 0;
}

/* A word goes on over one of - . , / between letters or digits ("AES-256", "1.3"). */
static size_t word_end(struct slice text, size_t i)
{
    while (i < text.len) {
        if (is_wordy(text.data[i]) && dressing_length(text, i) == 0) {
            i++;
        } else if (strchr("-.,/", text.data[i]) != NULL && text.data[i] != 0 && i + 1 < text.len && is_wordy(text.data[i + 1]) &&
                   dressing_length(text, i + 1) == 0) {
            i += 2;
        } else {
            break;
        }
    }
    return i;
}

static enum err token_add(struct arena *arena, struct slice text, struct tokens *tokens)
{
    cleanup_buf struct buf folded = BUF_INIT(text.len * 2 + 8);
    for (size_t position = 0; position < text.len;) {
        uint32_t c;
        enum err err = utf8_next(text, &position, &c);
        err = err == ERR_NONE ? utf8_append(&folded, utf8_fold(c)) : err;
        if (err != ERR_NONE) {
            return err;
        }
    }
    struct token token = {.text = text, .folded = arena_copy(arena, buf_slice(&folded)), .hash = 1469598103934665603u};
    for (size_t i = 0; i < folded.len; i++) {
        token.hash = (token.hash ^ folded.data[i]) * 1099511628211u;
    }
    if (token.folded.data == NULL) {
        return ERR_TOO_LARGE;
    }
    tokens->items[tokens->count++] = token;
    return ERR_NONE;
}

enum err tokens_read(struct arena *arena, struct slice text, struct tokens *ret_tokens)
{
    size_t most = text.len + 1 < TOKENS_MAX ? text.len + 1 : TOKENS_MAX;
    struct tokens tokens = {arena_alloc_array(arena, most, sizeof(struct token)), 0};
    if (tokens.items == NULL) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < text.len && tokens.count < most;) {
        size_t skip = dressing_length(text, i), end;
        if (skip > 0) {
            i += skip;
            continue;
        }
        if (is_wordy(text.data[i])) {
            end = word_end(text, i);
        } else if (text.data[i] > ' ' && strchr(".,;:!?\"'()[]*_`-", text.data[i]) == NULL) {
            end = i + 1;
        } else {
            i++;
            continue;
        }
        enum err err = token_add(arena, slice_first(slice_from(text, i), end - i), &tokens);
        if (err != ERR_NONE) {
            return err;
        }
        i = end;
    }
    *ret_tokens = tokens;
    return ERR_NONE;
}

static bool same(const struct token *a, const struct token *b)
{
    return a->hash == b->hash && slice_equal(a->folded, b->folded);
}

/* lengths[i][k]: of the longest common row of before[i..] and after[k..]. */
static void mark(struct token *before, size_t before_count, struct token *after, size_t after_count, uint16_t *lengths)
{
    size_t width = after_count + 1, i, k;
    for (i = before_count + 1; i-- > 0;) {
        for (k = width; k-- > 0;) {
            uint16_t *here = &lengths[i * width + k];
            if (i == before_count || k == after_count) {
                *here = 0;
            } else if (same(&before[i], &after[k])) {
                *here = (uint16_t)(lengths[(i + 1) * width + k + 1] + 1);
            } else {
                uint16_t down = lengths[(i + 1) * width + k], right = lengths[i * width + k + 1];
                *here = down > right ? down : right;
            }
        }
    }
    for (i = 0, k = 0; i < before_count || k < after_count;) {
        if (i < before_count && k < after_count && same(&before[i], &after[k])) {
            i++;
            k++;
        } else if (k == after_count || (i < before_count && lengths[(i + 1) * width + k] >= lengths[i * width + k + 1])) {
            before[i++].changed = true;
        } else {
            after[k++].changed = true;
        }
    }
}

enum err tokens_compare(struct tokens *before, struct tokens *after)
{
    size_t start = 0, before_end = before->count, after_end = after->count;
    while (start < before_end && start < after_end && same(&before->items[start], &after->items[start])) {
        start++;
    }
    while (before_end > start && after_end > start && same(&before->items[before_end - 1], &after->items[after_end - 1])) {
        before_end--;
        after_end--;
    }
    size_t cells = (before_end - start + 1) * (after_end - start + 1);
    if (cells > TABLE_MAX) {
        for (size_t i = start; i < before_end; i++) {
            before->items[i].changed = true;
        }
        for (size_t i = start; i < after_end; i++) {
            after->items[i].changed = true;
        }
        return ERR_NONE;
    }
    uint16_t *lengths = malloc(cells * sizeof(*lengths));
    if (lengths == NULL) {
        return ERR_MEMORY;
    }
    mark(before->items + start, before_end - start, after->items + start, after_end - start, lengths);
    free(lengths);
    return ERR_NONE;
}

bool token_in(const struct token *token, const char *list)
{
    char framed[LISTED_MAX_BYTES + 3] = " ";
    if (token->folded.len > LISTED_MAX_BYTES) {
        return false;
    }
    memcpy(framed + 1, token->folded.data, token->folded.len);
    memcpy(framed + 1 + token->folded.len, " ", 2);
    return strstr(list, framed) != NULL;
}

bool token_is_filler(const struct token *token)
{
    return token_in(token, " und oder sowie bzw der die das den dem des ein eine einer einem einen für mit von vom zu zur zum in im bei "
                           "auf aus an am als über durch nach wird werden ist sind hat haben wir unser unsere es sie er nur auch the and "
                           "or of for to with a an by on at in from as is are be been we our it its their they this that these has have "
                           "which & ");
}
