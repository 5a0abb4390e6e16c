/*
 * Errors. A fallible function returns enum err and must be checked. ERR_NONE is zero.
 * A complaint is what a person reads when input is bad: what, where, what to do, in both languages.
 */
#ifndef VOGT_BASE_ERR_H
#define VOGT_BASE_ERR_H

#include <stddef.h>

#define must_check __attribute__((warn_unused_result))

enum err {
#define ERR(name, english, german, status, retryable) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};

enum language { LANGUAGE_ENGLISH, LANGUAGE_GERMAN };

/* A text for people in both languages; both are static strings. */
struct text {
    const char *english;
    const char *german;
};
#define TEXT(english_text, german_text) ((struct text){(english_text), (german_text)})
/* The same as an initializer, for static tables (C takes no compound literal there). */
#define TEXT_INIT(english_text, german_text) {(english_text), (german_text)}

const char *err_name(enum err err);                              /* "NOT_FOUND" */
const char *err_text(enum err err, enum language language);
int err_http_status(enum err err);
int err_is_retryable(enum err err);
enum err err_from_errno(int number);                             /* ENOSPC -> ERR_FULL, EACCES -> ERR_RIGHTS ... else ERR_IO */

const char *text_in(struct text text, enum language language);

/* What is wrong with an input. Line and column count from 1; 0 means "not tied to a line". `detail` is the offending
 * word or value, cut to fit and made printable. */
enum { COMPLAINT_DETAIL_BYTES = 160 };
struct complaint {
    struct text text;
    size_t line, column;
    char detail[COMPLAINT_DETAIL_BYTES];
};

/* Fills *complaint (may be NULL) and returns `err`, so that a decoder can `return complain(...)`.
 * `detail` may be NULL; of it the first detail_length bytes are taken, control characters replaced. */
enum err complain(struct complaint *complaint, enum err err, struct text text, size_t line, size_t column,
                  const char *detail, size_t detail_length) must_check;

/* "line 3, column 7: text: detail" / "Zeile 3, Spalte 7: …"; always terminated; returns the length written. */
size_t complaint_format(const struct complaint *complaint, enum language language, char *out, size_t out_bytes);

#endif
