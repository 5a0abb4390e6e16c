/*
 * What the JSON reader, the unpacker and the tree share inside this folder: the rules that every
 * tree obeys, however it came about. Not for other folders.
 */
#ifndef VOGT_BASE_JSON_TREE_H
#define VOGT_BASE_JSON_TREE_H

#include "base/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Fills *ret_repeated with the first member whose name stood before, or NULL. ERR_TOO_LARGE when
 * the arena is full. */
enum err json_repeated_name(struct arena *arena, const struct json *object,
                            const struct json **ret_repeated) must_check;

bool json_number_valid(struct slice text);

static inline bool json_is_container(const struct json *value)
{
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

static inline void json_link(struct json *parent, struct json *child)
{
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

/*
 * How many bytes at the start are printable ASCII but neither quote nor backslash, counted in sixteens: texts of megabytes are mostly that. What follows is looked at
 * byte by byte. Sixteen at once is what every processor of the family has; others count nothing.
 */
static inline size_t json_plain_bytes(const uint8_t *at, size_t len)
{
    size_t count = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20), del = _mm_set1_epi8(0x7f);
    for (; len - count >= 16; count += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + count));
        __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                       _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, del))); /* signed: beyond ASCII is below the space */
        if (_mm_movemask_epi8(special) != 0) {
            break;
        }
    }
#else
    (void)at;
    (void)len;
#endif
    return count;
}

#endif
