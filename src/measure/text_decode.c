#include "measure/text_decode.h"

#include <string.h>

#include "base/utf8.h"

const char *text_encoding_name(enum text_encoding encoding)
{
    static const char *const names[] = {"utf-8", "utf-16", "windows-1252"};
    return names[encoding];
}

/* Windows-1252, 0x80 to 0x9f; zero where the code page has no character. The rest equals Latin-1. */
static const uint16_t windows_1252_high[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static enum err complain_binary(struct complaint *complaint, size_t line)
{
    return complain(complaint, ERR_INVALID,
                    TEXT("the file is not text: it holds bytes that no text has. Save the annex as Word (.docx), PDF, "
                         "Markdown or plain text and try again",
                         "Die Datei ist kein Text: Sie enthält Bytes, die in keinem Text vorkommen. Bitte den Anhang "
                         "als Word (.docx), PDF, Markdown oder reinen Text speichern und erneut versuchen"),
                    line, 0, NULL, 0);
}

static enum err complain_damaged(struct complaint *complaint, size_t line)
{
    return complain(complaint, ERR_INVALID,
                    TEXT("a character is damaged here (broken UTF-8 or UTF-16). Save the file again as UTF-8",
                         "Hier ist ein Zeichen beschädigt (ungültiges UTF-8 oder UTF-16). Bitte die Datei neu als "
                         "UTF-8 speichern"),
                    line, 0, NULL, 0);
}

static bool is_control(uint32_t c)
{
    /* Tab, line feed, vertical tab, form feed, carriage return are text; 0x1a ended files on DOS. */
    return (c < 0x20 && !(c >= 0x09 && c <= 0x0d)) || c == 0x7f;
}

/* UTF-16 without a mark: text in Latin letters has a zero in every other byte. Returns 'l', 'b' or 0. */
static char sniff_utf16(struct slice bytes)
{
    size_t even = 0, odd = 0, pairs = bytes.len / 2;
    if (pairs == 0 || bytes.len % 2 != 0) {
        return 0;
    }
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        even += bytes.data[i] == 0 ? 1 : 0;
        odd += bytes.data[i + 1] == 0 ? 1 : 0;
    }
    if (odd * 10 > pairs * 4 && even * 20 < pairs) {
        return 'l';
    }
    if (even * 10 > pairs * 4 && odd * 20 < pairs) {
        return 'b';
    }
    return 0;
}

static uint32_t unit_at(struct slice bytes, size_t i, bool big)
{
    unsigned first = bytes.data[i], second = bytes.data[i + 1];
    return big ? first << 8 | second : second << 8 | first;
}

static enum err decode_utf16(struct slice bytes, bool big, struct buf *out, struct complaint *complaint)
{
    size_t line = 1, i = 0;
    while (i + 1 < bytes.len) {
        uint32_t c = unit_at(bytes, i, big);
        i += 2;
        if (c >= 0xd800 && c < 0xdc00) {
            uint32_t low = i + 1 < bytes.len ? unit_at(bytes, i, big) : 0;
            if (low < 0xdc00 || low > 0xdfff) {
                return complain_damaged(complaint, line);
            }
            i += 2;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        } else if (c >= 0xdc00 && c <= 0xdfff) {
            return complain_damaged(complaint, line);
        }
        if (is_control(c)) {
            return complain_binary(complaint, line);
        }
        line += c == '\n' ? 1 : 0;
        enum err err = utf8_append(out, c);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return i == bytes.len ? ERR_NONE : complain_damaged(complaint, line);
}

static enum err decode_windows_1252(struct slice bytes, struct buf *out, struct complaint *complaint)
{
    size_t line = 1;
    for (size_t i = 0; i < bytes.len; i++) {
        uint32_t c = bytes.data[i];
        if (c >= 0x80 && c < 0xa0) {
            c = windows_1252_high[c - 0x80];
        }
        if (c == 0 || is_control(c)) {
            return complain_binary(complaint, line);
        }
        line += c == '\n' ? 1 : 0;
        enum err err = utf8_append(out, c);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

struct utf8_census {
    size_t sound;          /* well-formed characters of two and more bytes */
    size_t broken;
    size_t broken_line;    /* of the first */
    size_t control_line;   /* of the first control character; 0: none */
};

static struct utf8_census census(struct slice bytes)
{
    struct utf8_census result = {0, 0, 0, 0};
    size_t line = 1;
    for (size_t i = 0; i < bytes.len;) {
        size_t before = i;
        uint32_t c;
        if (utf8_next(bytes, &i, &c) != ERR_NONE) {
            result.broken_line = result.broken == 0 ? line : result.broken_line;
            result.broken++;
            i = before + 1;
            continue;
        }
        result.sound += c >= 0x80 ? 1 : 0;
        if (is_control(c) && result.control_line == 0) {
            result.control_line = line;
        }
        line += c == '\n' ? 1 : 0;
    }
    return result;
}

static enum err keep(struct arena *arena, const struct buf *decoded, struct slice *ret_utf8)
{
    struct slice copy = arena_copy(arena, buf_slice(decoded));
    if (copy.data == NULL && decoded->len > 0) {
        return ERR_TOO_LARGE;
    }
    *ret_utf8 = copy;
    return ERR_NONE;
}

static enum err decode_units(struct arena *arena, struct slice bytes, char order, struct slice *ret_utf8,
                             struct complaint *complaint)
{
    cleanup_buf struct buf out = BUF_INIT(bytes.len * 2 + 4);
    enum err err = decode_utf16(bytes, order == 'b', &out, complaint);
    return err != ERR_NONE ? err : keep(arena, &out, ret_utf8);
}

enum err text_decode(struct arena *arena, struct slice bytes, struct slice *ret_utf8,
                     enum text_encoding *ret_encoding, struct complaint *complaint)
{
    struct slice body = bytes;
    char order = 0;
    bool marked = slice_starts(bytes, SLICE_LITERAL("\xef\xbb\xbf"));
    if (marked) {
        body = slice_from(bytes, 3);
    } else if (slice_starts(bytes, SLICE_LITERAL("\xff\xfe")) || slice_starts(bytes, SLICE_LITERAL("\xfe\xff"))) {
        order = bytes.data[0] == 0xff ? 'l' : 'b';
        body = slice_from(bytes, 2);
    } else {
        order = sniff_utf16(bytes);
    }
    if (order != 0) {
        *ret_encoding = TEXT_UTF_16;
        return decode_units(arena, body, order, ret_utf8, complaint);
    }
    struct utf8_census seen = census(body);
    if (seen.control_line != 0) {
        return complain_binary(complaint, seen.control_line);
    }
    if (seen.broken == 0) {
        *ret_encoding = TEXT_UTF_8;
        *ret_utf8 = body;
        return ERR_NONE;
    }
    if (marked || seen.sound > seen.broken) {
        return complain_damaged(complaint, seen.broken_line);
    }
    cleanup_buf struct buf out = BUF_INIT(bytes.len * 3 + 4);
    enum err err = decode_windows_1252(body, &out, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_encoding = TEXT_WINDOWS_1252;
    return keep(arena, &out, ret_utf8);
}

/* One character -> what it is written as. Ranges of invisible ones map to "". */
static const struct spelling {
    uint32_t first, last;
    const char *text;
} spellings[] = {
    {0x00a0, 0x00a0, " "},   {0x00ad, 0x00ad, ""},     {0x034f, 0x034f, ""},   {0x061c, 0x061c, ""},
    {0x1680, 0x1680, " "},   {0x2000, 0x200a, " "},    {0x200b, 0x200f, ""},   {0x2010, 0x2011, "-"},
    {0x202a, 0x202e, ""},    {0x202f, 0x202f, " "},    {0x205f, 0x205f, " "},  {0x2060, 0x206f, ""},
    {0x3000, 0x3000, " "},   {0xfb00, 0xfb00, "ff"},   {0xfb01, 0xfb01, "fi"}, {0xfb02, 0xfb02, "fl"},
    {0xfb03, 0xfb03, "ffi"}, {0xfb04, 0xfb04, "ffl"},  {0xfb05, 0xfb06, "st"}, {0xfe00, 0xfe0f, ""},
    {0xfeff, 0xfeff, ""},    {0xe0001, 0xe007f, ""},
};

/* Letter and combining mark -> letter; what German and its neighbours' names need. */
static const struct composition {
    char letter;
    uint16_t mark;
    uint16_t composed;
} compositions[] = {
    {'a', 0x308, 0xe4}, {'o', 0x308, 0xf6}, {'u', 0x308, 0xfc}, {'A', 0x308, 0xc4}, {'O', 0x308, 0xd6},
    {'U', 0x308, 0xdc}, {'e', 0x308, 0xeb}, {'i', 0x308, 0xef}, {'e', 0x301, 0xe9}, {'e', 0x300, 0xe8},
    {'a', 0x301, 0xe1}, {'a', 0x300, 0xe0}, {'o', 0x301, 0xf3}, {'n', 0x303, 0xf1}, {'c', 0x327, 0xe7},
    {'E', 0x301, 0xc9}, {'a', 0x302, 0xe2}, {'e', 0x302, 0xea}, {'o', 0x302, 0xf4}, {'i', 0x301, 0xed},
};

static enum err append_clean(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        return buf_append_byte(out, c == '\v' || c == '\r' || c == '\f' ? ' ' : (uint8_t)c);
    }
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (c >= spellings[i].first && c <= spellings[i].last) {
            return buf_append_string(out, spellings[i].text);
        }
    }
    for (size_t i = 0; out->len > 0 && c >= 0x300 && c <= 0x327 && i < sizeof(compositions) / sizeof(compositions[0]);
         i++) {
        if (compositions[i].mark == c && (char)out->data[out->len - 1] == compositions[i].letter) {
            out->len--;
            return utf8_append(out, compositions[i].composed);
        }
    }
    return utf8_append(out, c);
}

enum err text_clean(struct arena *arena, struct slice line, struct slice *ret_clean)
{
    cleanup_buf struct buf out = BUF_INIT(line.len * 3 + 16);
    bool goes_on = false;
    for (size_t i = 0; i < line.len;) {
        uint32_t c;
        enum err err = utf8_next(line, &i, &c);
        if (err != ERR_NONE) {
            return err;
        }
        if (c != ' ' && c != '\t' && c != '\r') {
            goes_on = c == 0xad;
        }
        err = append_clean(&out, c);
        if (err != ERR_NONE) {
            return err;
        }
    }
    while (out.len > 0 && (out.data[out.len - 1] == ' ' || out.data[out.len - 1] == '\t')) {
        out.len--;
    }
    if (goes_on) {
        enum err err = utf8_append(&out, 0xad);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return keep(arena, &out, ret_clean);
}
