#include "measure/report_line.h"

#include "base/utf8.h"

enum { REPLACEMENT = 0xfffd, COMBINING_DIAERESIS = 0x308 };

static bool is_space(uint32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || point == 0x85 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x205f || point == 0x3000;
}

/* Soft hyphens, joiners, marks of direction, byte order marks, variation selectors, controls. */
static bool is_invisible(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || (point >= 0xfe00 && point <= 0xfe0f) ||
           point == 0xfeff || (point >= 0xfff0 && point <= 0xfffb) || point >= 0xe0000;
}

static uint32_t take(struct slice text, size_t *position)
{
    uint32_t point = REPLACEMENT;
    if (utf8_next(text, position, &point) != ERR_NONE) {
        (*position)++;
        return REPLACEMENT;
    }
    return point;
}

static uint32_t with_diaeresis(uint32_t point)
{
    static const struct {
        uint32_t plain, composed;
    } pairs[] = {{'a', 0xe4}, {'o', 0xf6}, {'u', 0xfc}, {'A', 0xc4}, {'O', 0xd6}, {'U', 0xdc},
                 {'e', 0xeb}, {'i', 0xef}, {'E', 0xcb}, {'I', 0xcf}, {'y', 0xff}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i].plain == point) {
            return pairs[i].composed;
        }
    }
    return 0;
}

bool report_letter_next(const struct report_font *font, struct slice text, size_t *position,
                        struct report_letter *ret_letter)
{
    uint32_t point = 0;
    do {
        if (*position >= text.len) {
            return false;
        }
        point = take(text, position);
        point = is_space(point) ? ' ' : point;
    } while (is_invisible(point));
    size_t after = *position;
    if (with_diaeresis(point) != 0 && after < text.len &&
        take(text, &after) == COMBINING_DIAERESIS) {
        point = with_diaeresis(point);
        *position = after;
    }
    uint16_t glyph = report_font_glyph(font, point);
    bool replaced = glyph == 0 || point == REPLACEMENT;
    *ret_letter =
        (struct report_letter){.code_point = point,
                               .glyph = replaced ? report_font_glyph(font, REPLACEMENT) : glyph,
                               .replaced = replaced};
    return true;
}

static bool breaks_after(uint32_t before, uint32_t point)
{
    bool joins =
        point == '-' || point == '/' || point == 0x2010 || point == 0x2013 || point == 0x2014;
    return joins && before != ' ' && before != 0 && before != point;
}

static void skip_spaces(const struct report_font *font, struct slice text, size_t *position)
{
    struct report_letter letter;
    for (size_t next = *position;
         report_letter_next(font, text, &next, &letter) && letter.code_point == ' ';) {
        *position = next;
    }
}

bool report_line_next(const struct report_font *font, int64_t size, int64_t width,
                      struct slice text, size_t *position, struct report_line *ret_line)
{
    skip_spaces(font, text, position);
    struct report_line line = {.start = *position, .end = *position}, best = {.start = *position};
    int64_t units = 0;
    uint32_t before = 0;
    struct report_letter letter;
    for (size_t next = *position; report_letter_next(font, text, &next, &letter);
         before = letter.code_point) {
        if (letter.code_point == ' ') {
            if (before != ' ') {
                best = line;
                best.space_follows = true;
            }
            units += report_font_width(font, letter.glyph);
            continue;
        }
        units += report_font_width(font, letter.glyph);
        if (units * size / 1000 > width && line.end > line.start) {
            best = best.end > best.start ? best : line;
            *position = best.end;
            *ret_line = best;
            return true;
        }
        line.end = next;
        line.width = units * size / 1000;
        if (breaks_after(before, letter.code_point)) {
            best = line;
        }
    }
    if (line.end == line.start) {
        return false;
    }
    *position = text.len;
    *ret_line = line;
    return true;
}

size_t report_line_count(const struct report_font *font, int64_t size, int64_t width,
                         struct slice text)
{
    size_t position = 0, count = 0;
    for (struct report_line line; report_line_next(font, size, width, text, &position, &line);) {
        count++;
    }
    return count;
}
