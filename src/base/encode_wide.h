/*
 * Base64 in steps of 24 bytes and 32 digits, where the processor has AVX2: bodies of megabytes are mostly base64. Private to base/encode.c. Each returns how much of
 * `from` it took, a multiple of its step, possibly nothing; what is left, and everything that is no digit, is for the plain loop.
 */
#ifndef VOGT_BASE_ENCODE_WIDE_H
#define VOGT_BASE_ENCODE_WIDE_H

#include <stddef.h>
#include <stdint.h>

enum { WIDE_PLAIN_BYTES = 24, WIDE_DIGITS = 32 };

size_t base64_encode_wide(const uint8_t *from, size_t len, uint8_t *to);
/* `room`: bytes that may be written at `to`, beyond what is decoded too. */
size_t base64_decode_wide(const uint8_t *from, size_t len, uint8_t *to, size_t room);

#endif
