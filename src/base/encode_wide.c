/*
 * The method is the one that Muła and Lemire describe ("Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018): digits are told apart by their halves in
 * small tables, and six bits are moved together by multiplications.
 */
#include "base/encode_wide.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <stdbool.h>

#define WIDE __attribute__((target("avx2")))
/* The same sixteen bytes in both halves. */
#define BOTH(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* A half is read as sixteen bytes, of which twelve count. */
enum { HALF_BYTES = 12, READ_BYTES = HALF_BYTES + 16 };

/* Three bytes to four times six bits, each in a byte. */
WIDE static inline __m256i spread(__m256i in)
{
    const __m256i order = BOTH(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    in = _mm256_shuffle_epi8(in, order);
    __m256i first = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    __m256i second = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    return _mm256_or_si256(first, second);
}

/* What is added to 0..63 is one of six numbers: for A-Z, a-z, each digit, '+', '/'. */
WIDE static inline __m256i to_digits(__m256i values)
{
    const __m256i shifts = BOTH(65, 71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 0, 0);
    __m256i which = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    which = _mm256_sub_epi8(which, _mm256_cmpgt_epi8(values, _mm256_set1_epi8(25)));
    return _mm256_add_epi8(values, _mm256_shuffle_epi8(shifts, which));
}

WIDE static size_t encode(const uint8_t *from, size_t len, uint8_t *to)
{
    size_t done = 0;
    while (len - done >= READ_BYTES) {
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(from + done)), high = _mm_loadu_si128((const __m128i *)(const void *)(from + done + HALF_BYTES));
        __m256i digits = to_digits(spread(_mm256_set_m128i(high, low)));
        _mm256_storeu_si256((__m256i *)(void *)to, digits);
        done += WIDE_PLAIN_BYTES;
        to += WIDE_DIGITS;
    }
    return done;
}

/* The digits' values; false if one of them is none. */
WIDE static inline bool to_values(__m256i digits, __m256i *ret_values)
{
    const __m256i by_low = BOTH(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m256i by_high = BOTH(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i shifts = BOTH(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i slash = _mm256_set1_epi8(0x2f);
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(digits, 4), slash), low = _mm256_and_si256(digits, slash);
    __m256i bad = _mm256_and_si256(_mm256_shuffle_epi8(by_low, low), _mm256_shuffle_epi8(by_high, high));
    __m256i shift = _mm256_shuffle_epi8(shifts, _mm256_add_epi8(_mm256_cmpeq_epi8(digits, slash), high));
    *ret_values = _mm256_add_epi8(digits, shift);
    return _mm256_testz_si256(bad, bad) == 1;
}

/* Four times six bits to three bytes, the 24 bytes side by side. */
WIDE static inline __m256i join(__m256i values)
{
    const __m256i order = BOTH(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    __m256i triples = _mm256_shuffle_epi8(_mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000)), order);
    return _mm256_permutevar8x32_epi32(triples, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

WIDE static size_t decode(const uint8_t *from, size_t len, uint8_t *to, size_t room)
{
    size_t done = 0, written = 0;
    __m256i values;
    while (len - done >= WIDE_DIGITS && room - written >= WIDE_DIGITS && to_values(_mm256_loadu_si256((const __m256i *)(const void *)(from + done)), &values)) {
        _mm256_storeu_si256((__m256i *)(void *)(to + written), join(values)); /* eight bytes more than count */
        done += WIDE_DIGITS;
        written += WIDE_PLAIN_BYTES;
    }
    return done;
}

size_t base64_encode_wide(const uint8_t *from, size_t len, uint8_t *to)
{
    return __builtin_cpu_supports("avx2") ? encode(from, len, to) : 0;
}

size_t base64_decode_wide(const uint8_t *from, size_t len, uint8_t *to, size_t room)
{
    return __builtin_cpu_supports("avx2") ? decode(from, len, to, room) : 0;
}

#else

size_t base64_encode_wide(const uint8_t *from, size_t len, uint8_t *to)
{
    (void)from;
    (void)len;
    (void)to;
    return 0;
}

size_t base64_decode_wide(const uint8_t *from, size_t len, uint8_t *to, size_t room)
{
    (void)from;
    (void)len;
    (void)to;
    (void)room;
    return 0;
}

#endif
