/*
 * The terminal: wrapped text, colours where they are wanted, and a line of progress on standard
 * error for what takes longer than a second. What others wrote is never sent raw: control
 * characters become U+FFFD, so that no annex moves the cursor. Owns the thread of the progress
 * line; nothing else.
 */
#ifndef VOGT_COMMAND_SCREEN_H
#define VOGT_COMMAND_SCREEN_H

#include "base/bytes.h"

#include <stdio.h>

enum colour {
    COLOUR_NONE,
    COLOUR_BOLD,
    COLOUR_DIM,
    COLOUR_GREEN,
    COLOUR_RED,
    COLOUR_YELLOW,
    COLOUR_BLUE,
    COLOUR_MAGENTA
};

struct screen {
    FILE *out;
    bool colours;
    size_t width;
};

/* Looks at the terminal and at NO_COLOR, TERM, COLUMNS. */
struct screen screen_of(FILE *out);
/* Inline, sanitised. */
void screen_put(const struct screen *screen, enum colour colour, struct slice text);
void screen_string(const struct screen *screen, enum colour colour, const char *text);
/* Wraps `text` from `column` (where the cursor stands) on, later lines from `indent` on; ends with
 * a newline. White space runs become one space. */
void screen_wrap(const struct screen *screen, size_t column, size_t indent, enum colour colour,
                 struct slice text);
void screen_spaces(const struct screen *screen, size_t count);
size_t text_width(
    struct slice text); /* columns, taking one for each code point that is not a combining mark */

/* From now until progress_end a line says on standard error, after one second, that this goes on.
 * One at a time; `text` is borrowed. */
void progress_begin(const char *text);
void progress_count(uint64_t done, uint64_t total);
void progress_end(void);

#endif
