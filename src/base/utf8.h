/* UTF-8 (RFC 3629): no surrogates, no overlong forms, up to U+10FFFF. */
#ifndef VOGT_BASE_UTF8_H
#define VOGT_BASE_UTF8_H

#include "base/bytes.h"

bool utf8_valid(struct slice text);
/* Decodes the code point at *position and moves it on; ERR_MALFORMED leaves it. */
enum err utf8_next(struct slice text, size_t *position, uint32_t *ret_code_point) must_check;
enum err utf8_append(struct buf *out, uint32_t code_point) must_check;
/* Simple case folding for Latin, Greek and Cyrillic letters (enough for matching German and English words). */
uint32_t utf8_fold(uint32_t code_point);

#endif
