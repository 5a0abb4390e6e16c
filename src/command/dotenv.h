/*
 * Reads a .env file into names and values. It owns nothing: names and values lie in the arena. It never expands what a value refers to ("${OTHER}"), never runs
 * anything, and never guesses: what dialects read differently is refused with its line.
 *
 *   file     = { blank | comment | entry }            lines end with LF or CR LF; a byte order mark at the beginning is passed over
 *   comment  = spaces "#" anything
 *   entry    = spaces ["export" spaces] name spaces "=" value [spaces comment]
 *   name     = (letter | "_") { letter | digit | "_" | "." | "-" }
 *   value    = plain | 'text' | "text" | `text`
 *
 * plain ends at the line's end or at a "#" after white space, and loses white space around it. 'text' and `text` are taken as they stand, over several lines too.
 * "text" knows \n \r \t \\ \" \$ \` and a backslash at the end of a line, which joins it with the next; any other backslash stays.
 */
#ifndef VOGT_COMMAND_DOTENV_H
#define VOGT_COMMAND_DOTENV_H

#include "base/arena.h"

enum { DOTENV_ENTRIES_MAX = 4096, DOTENV_NAME_MAX_BYTES = 256 };

struct dotenv_entry {
    struct slice name, value; /* a NUL byte follows each */
    size_t line;              /* where the name stands, from 1 */
    bool refers;              /* "$NAME" or "${NAME}" stands in it, which is kept as it is */
};

struct dotenv {
    struct dotenv_entry *entries;
    size_t count;
};

/* ERR_MALFORMED with a complaint that has line and column, and never a value; ERR_TOO_LARGE, ERR_MEMORY. */
enum err dotenv_read(struct arena *arena, struct slice text, struct dotenv *ret_file, struct complaint *complaint) must_check;

#endif
