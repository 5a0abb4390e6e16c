#include "base/utf8.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The lead byte's table of RFC 3629, section 4: sequence length and the range of the second byte.
 */
struct lead {
    uint8_t first, last;
    uint8_t bytes;
    uint8_t second_min, second_max;
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

enum err utf8_next(struct slice text, size_t *position, uint32_t *ret_code_point)
{
    if (*position >= text.len) {
        return ERR_MALFORMED;
    }
    const uint8_t *bytes = text.data + *position;
    if (bytes[0] < 0x80) {
        *ret_code_point = bytes[0];
        *position += 1;
        return ERR_NONE;
    }
    const struct lead *lead = lead_of(bytes[0]);
    if (lead == NULL || text.len - *position < lead->bytes || bytes[1] < lead->second_min ||
        bytes[1] > lead->second_max) {
        return ERR_MALFORMED;
    }
    uint32_t code_point = bytes[0] & (0x7fu >> lead->bytes);
    for (size_t i = 1; i < lead->bytes; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return ERR_MALFORMED;
        }
        code_point = code_point << 6 | (bytes[i] & 0x3fu);
    }
    *ret_code_point = code_point;
    *position += lead->bytes;
    return ERR_NONE;
}

/* Most text is ASCII: sixteen or eight bytes at a time until one is not. */
static size_t skip_ascii(struct slice text, size_t position)
{
#ifdef __SSE2__
    for (; text.len - position >= 64; position += 64) {
        __m128i all = _mm_setzero_si128();
        for (size_t i = 0; i < 64; i += 16) {
            all = _mm_or_si128(all, _mm_loadu_si128((const __m128i *)(const void *)(text.data + position + i)));
        }
        if (_mm_movemask_epi8(all) != 0) {
            break;
        }
    }
#endif
    while (text.len - position >= sizeof(uint64_t)) {
        if ((load_u64_little(text.data + position) & 0x8080808080808080u) != 0) {
            break;
        }
        position += sizeof(uint64_t);
    }
    while (position < text.len && text.data[position] < 0x80) {
        position++;
    }
    return position;
}

bool utf8_valid(struct slice text)
{
    size_t position = skip_ascii(text, 0);
    while (position < text.len) {
        uint32_t code_point;
        if (utf8_next(text, &position, &code_point) != ERR_NONE) {
            return false;
        }
        if (code_point < 0x80) {
            position = skip_ascii(text, position);
        }
    }
    return true;
}

enum err utf8_append(struct buf *out, uint32_t code_point)
{
    uint8_t bytes[4];
    size_t len;
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff)) {
        return ERR_INVALID;
    }
    if (code_point < 0x80) {
        return buf_append_byte(out, (uint8_t)code_point);
    }
    if (code_point < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | code_point >> 6);
        len = 2;
    } else if (code_point < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | code_point >> 12);
        len = 3;
    } else {
        bytes[0] = (uint8_t)(0xf0 | code_point >> 18);
        len = 4;
    }
    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    return buf_append(out, slice_of(bytes, len));
}

/* A range of capitals: `step` 0 adds `distance`; step 2 means that capitals and small letters
 * alternate, the capital being even (parity 0) or odd (parity 1). */
struct fold {
    uint16_t first, last;
    int16_t distance;
    uint8_t step, parity;
};

static const struct fold folds[] = {
    {'A', 'Z', 32, 0, 0},      {0xb5, 0xb5, 775, 0, 0},    {0xc0, 0xd6, 32, 0, 0},
    {0xd8, 0xde, 32, 0, 0},    {0x100, 0x12e, 1, 2, 0},    {0x132, 0x136, 1, 2, 0},
    {0x139, 0x147, 1, 2, 1},   {0x14a, 0x176, 1, 2, 0},    {0x178, 0x178, -121, 0, 0},
    {0x179, 0x17d, 1, 2, 1},   {0x17f, 0x17f, -268, 0, 0}, {0x1cd, 0x1db, 1, 2, 1},
    {0x1de, 0x1ee, 1, 2, 0},   {0x1f8, 0x21e, 1, 2, 0},    {0x222, 0x232, 1, 2, 0},
    {0x370, 0x372, 1, 2, 0},   {0x386, 0x386, 38, 0, 0},   {0x388, 0x38a, 37, 0, 0},
    {0x38c, 0x38c, 64, 0, 0},  {0x38e, 0x38f, 63, 0, 0},   {0x391, 0x3a1, 32, 0, 0},
    {0x3a3, 0x3ab, 32, 0, 0},  {0x3c2, 0x3c2, 1, 0, 0},    {0x3d8, 0x3ee, 1, 2, 0},
    {0x400, 0x40f, 80, 0, 0},  {0x410, 0x42f, 32, 0, 0},   {0x460, 0x480, 1, 2, 0},
    {0x48a, 0x4be, 1, 2, 0},   {0x4c0, 0x4c0, 15, 0, 0},   {0x4c1, 0x4cd, 1, 2, 1},
    {0x4d0, 0x52e, 1, 2, 0},   {0x1e00, 0x1e94, 1, 2, 0},  {0x1e9e, 0x1e9e, -7615, 0, 0},
    {0x1ea0, 0x1efe, 1, 2, 0},
};

uint32_t utf8_fold(uint32_t code_point)
{
    if (code_point < 0x80) {
        return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
    }
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
        const struct fold *fold = &folds[i];
        if (code_point < fold->first) {
            break;
        }
        if (code_point <= fold->last && (fold->step == 0 || (code_point & 1) == fold->parity)) {
            return (uint32_t)((int32_t)code_point + fold->distance);
        }
    }
    return code_point;
}
