/*
 * Decodes the bytes of a plain file to clean UTF-8 lines of text.
 * Encodings: UTF-8 and UTF-16 (LE, BE), each with or without a byte order mark, and Windows-1252.
 * Owns nothing. Never guesses past evidence: bytes that are no text are refused with the line they stand on.
 */
#ifndef VOGT_MEASURE_TEXT_DECODE_H
#define VOGT_MEASURE_TEXT_DECODE_H

#include "base/arena.h"
#include "base/bytes.h"

enum text_encoding { TEXT_UTF_8, TEXT_UTF_16, TEXT_WINDOWS_1252 };

const char *text_encoding_name(enum text_encoding encoding);      /* "utf-8" */

/* Decodes into the arena (borrows `bytes` when they are UTF-8 already). Line ends stay as they are.
 * ERR_INVALID: binary, or a damaged encoding, with the line; ERR_TOO_LARGE: the arena is full. */
enum err text_decode(struct arena *arena, struct slice bytes, struct slice *ret_utf8,
                     enum text_encoding *ret_encoding, struct complaint *complaint) must_check;

/* Cleans one line: ligatures and decomposed umlauts are spelled out; every kind of blank becomes a space (tabs stay);
 * invisible characters go; a soft hyphen goes, but at the end of the line it stays as U+00AD, because it says that
 * the word goes on. `line` must be valid UTF-8. Memory comes from the arena; ERR_TOO_LARGE when it is full. */
enum err text_clean(struct arena *arena, struct slice line, struct slice *ret_clean) must_check;

#endif
