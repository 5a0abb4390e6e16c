/*
 * The words of HCL: where the reader stands in the text, white space and comments, strings,
 * heredocs, numbers, names. Borrows the text; decoded strings go into the arena. Not for other
 * folders.
 */
#ifndef VOGT_BASE_HCL_LEX_H
#define VOGT_BASE_HCL_LEX_H

#include "base/arena.h"

struct hcl_lexer {
    struct arena *arena;
    struct slice text;
    size_t at;
    struct complaint *complaint;
    /* The place last asked for; asking goes forward only, so that all questions together cost one
     * pass. */
    size_t mark, mark_line, mark_column;
};

/* ERR_MALFORMED at `offset`, with line, column and detail_length bytes of the text. */
enum err hcl_refuse(const struct hcl_lexer *lexer, size_t offset, struct text text,
                    size_t detail_length) must_check;

/* The whole text: UTF-8 without control characters but tab and line ends. Afterwards 0 can mean the
 * end. */
enum err hcl_lexer_start(struct hcl_lexer *lexer, struct arena *arena, struct slice text,
                         struct complaint *complaint) must_check;

static inline uint8_t hcl_peek(const struct hcl_lexer *lexer)
{
    return lexer->at < lexer->text.len ? lexer->text.data[lexer->at] : 0;
}

void hcl_place(struct hcl_lexer *lexer, size_t *ret_line, size_t *ret_column); /* of lexer->at */

/* Skip white space and comments; within a line the line's end is left standing. */
enum err hcl_skip_in_line(struct hcl_lexer *lexer) must_check;
enum err hcl_skip(struct hcl_lexer *lexer) must_check;
bool hcl_at_line_end(const struct hcl_lexer *lexer); /* or at the end of the text */

bool hcl_at_name(const struct hcl_lexer *lexer);
struct slice hcl_name(struct hcl_lexer *lexer);        /* at a name; borrowed */
size_t hcl_word_length(const struct hcl_lexer *lexer); /* what to show in a complaint */

enum err hcl_string(struct hcl_lexer *lexer, struct slice *ret_text) must_check;  /* at a quote */
enum err hcl_heredoc(struct hcl_lexer *lexer, struct slice *ret_text) must_check; /* at << */
enum err hcl_number(struct hcl_lexer *lexer,
                    struct slice *ret_text) must_check; /* at a digit or minus */

#endif
