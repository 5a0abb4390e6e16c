#include "measure/annex_marker.h"

#include <string.h>

#include "measure/sentence.h"

enum { NUMBER_DEPTH_MAX = 6, NUMBER_MAX = 999, ROMAN_MAX_BYTES = 6 };

static const char *const glyphs[] = {
    "-", "*", "+", "•", "‣", "◦", "–", "—", "▪", "▫", "●", "○", "■", "□", "·", "∙", "⁃", "▶", "►", "➢", "➤", "✓", "✔", "→",
    "⇒", "»", "❖", "◆", "◇", "♦", "\xef\x82\xb7", "\xef\x82\xa7", "\xef\x83\x98", "\xef\x83\xbc", "\xef\x82\xa8", "o", "§",
};
static const struct box {
    const char *text;
    enum checkbox state;
} boxes[] = {{"[x]", CHECKBOX_ON}, {"[X]", CHECKBOX_ON}, {"[ ]", CHECKBOX_OFF}, {"☒", CHECKBOX_ON},
             {"☑", CHECKBOX_ON},   {"☐", CHECKBOX_OFF},  {"\xef\x82\xa3", CHECKBOX_OFF}};

static const char *const section_words[] = {"§",       "Artikel", "Article", "ARTIKEL", "ARTICLE", "Abschnitt",
                                            "Section", "SECTION", "Kapitel", "Chapter", "Ziffer",  "Clause"};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_blank_at(struct slice text, size_t i)
{
    return i >= text.len || text.data[i] == ' ' || text.data[i] == '\t';
}

static size_t skip_blanks(struct slice text, size_t i)
{
    while (i < text.len && is_blank_at(text, i)) {
        i++;
    }
    return i;
}

bool marker_can_head(enum marker_kind kind)
{
    return kind >= MARKER_WORD && kind <= MARKER_UPPER_PAREN;
}

bool marker_is_paragraph(const struct marker *marker)
{
    return marker->kind == MARKER_BOTH || marker->kind == MARKER_WORD ||
           ((marker->kind == MARKER_DOT || marker->kind == MARKER_BARE) && marker->depth > 1);
}

/* "3", "3.1", "3.1.2" at `i`; returns the offset behind it, `i` if there is none. */
static size_t read_number(struct slice text, size_t i, struct marker *marker)
{
    size_t start = i, end = i;
    marker->depth = 0;
    while (marker->depth < NUMBER_DEPTH_MAX) {
        unsigned value = 0;
        size_t first = i;
        while (i < text.len && is_digit(text.data[i]) && value <= NUMBER_MAX) {
            value = value * 10 + (unsigned)(text.data[i++] - '0');
        }
        if (i == first || value > NUMBER_MAX || (i < text.len && is_digit(text.data[i]))) {
            break;
        }
        marker->ordinal = value;
        marker->depth++;
        end = i;
        if (i + 1 >= text.len || text.data[i] != '.' || !is_digit(text.data[i + 1])) {
            break;
        }
        i++;
    }
    marker->number = slice_first(slice_from(text, start), end - start);
    return end;
}

static unsigned roman_value(struct slice text)
{
    static const char digits[] = "ivxlc";
    static const unsigned values[] = {1, 5, 10, 50, 100};
    unsigned total = 0, before = 0;
    if (text.len > ROMAN_MAX_BYTES) {
        return 0;
    }
    for (size_t i = text.len; i > 0; i--) {
        const char *digit = strchr(digits, text.data[i - 1] | 0x20);
        if (digit == NULL || *digit == 0) {
            return 0;
        }
        unsigned value = values[digit - digits];
        total = value < before ? total - value : total + value;
        before = value > before ? value : before;
    }
    return total;
}

/* One letter or a roman numeral. */
static size_t read_letters(struct slice text, size_t i, struct marker *marker)
{
    size_t start = i;
    while (i < text.len && is_letter(text.data[i]) && i - start <= ROMAN_MAX_BYTES) {
        i++;
    }
    struct slice letters = slice_first(slice_from(text, start), i - start);
    bool upper = letters.len > 0 && letters.data[0] < 'a';
    for (size_t k = 1; k < letters.len; k++) {
        if ((letters.data[k] < 'a') != upper) {
            return start;
        }
    }
    unsigned roman = roman_value(letters);
    if (letters.len == 0 || (letters.len > 1 && roman == 0)) {
        return start;
    }
    marker->number = letters;
    marker->depth = 1;
    marker->ordinal = letters.len > 1 || letters.data[0] == 'I' ? roman : (unsigned)((letters.data[0] | 0x20) - 'a' + 1);
    marker->kind = upper ? MARKER_UPPER : MARKER_LOWER;
    return i;
}

static struct marker done(struct marker marker, enum marker_kind kind, struct slice text, size_t end)
{
    marker.kind = kind;
    marker.length = skip_blanks(text, end);
    return marker;
}

static struct marker read_section_word(struct slice text)
{
    struct marker marker = {.kind = MARKER_NONE};
    for (size_t i = 0; i < sizeof(section_words) / sizeof(section_words[0]); i++) {
        struct slice word = slice_string(section_words[i]);
        if (!slice_starts(text, word)) {
            continue;
        }
        size_t at = skip_blanks(text, word.len);
        size_t end = read_number(text, at, &marker);
        if (end == at && i > 0 && at > word.len) {
            end = read_letters(text, at, &marker);
        }
        if (end == at) {
            continue;
        }
        while (end < text.len && strchr(".:)", text.data[end]) != NULL) {
            end++;
        }
        /* "§ 3 Abs. 2" and "Artikel 32 DSGVO" in running text are caught by the caller: they are no titles. */
        if (is_blank_at(text, end)) {
            marker = done(marker, MARKER_WORD, text, end);
            static const char *const dashes[] = {"- ", "– ", "— ", ": "};
            for (size_t k = 0; k < 4; k++) {
                if (slice_starts(slice_from(text, marker.length), slice_string(dashes[k]))) {
                    marker.length = skip_blanks(text, marker.length + strlen(dashes[k]));
                }
            }
            return marker;
        }
    }
    return (struct marker){.kind = MARKER_NONE};
}

static struct marker read_enclosed(struct slice text)
{
    struct marker marker = {.kind = MARKER_NONE};
    size_t end = read_number(text, 1, &marker);
    enum marker_kind kind = MARKER_BOTH;
    if (end == 1) {
        end = read_letters(text, 1, &marker);
        kind = MARKER_LOWER;
    }
    if (end > 1 && end < text.len && text.data[end] == ')' && is_blank_at(text, end + 1)) {
        return done(marker, kind, text, end + 1);
    }
    return (struct marker){.kind = MARKER_NONE};
}

static const char months[] =
    " januar februar märz april mai juni juli august september oktober november dezember january february march may june july "
    "october december ";

/* "30 Tage" at the start of a wrapped line is a limit, not the heading of section 30. */
static const char units[] =
    " tage tagen tag stunden stunde minuten wochen woche monate monaten monat jahre jahren jahr prozent zeichen personen days hours "
    "minutes weeks months years percent uhr mb gb tb kb bit ";

static struct marker read_numbered(struct slice text)
{
    struct marker marker = {.kind = MARKER_NONE};
    size_t end = read_number(text, 0, &marker);
    uint8_t next = end < text.len ? text.data[end] : 0;
    if ((next == '.' || next == ')') && is_blank_at(text, end + 1)) {
        struct slice word = text_first_word(slice_from(text, skip_blanks(text, end + 1)));
        if (next == '.' && text_word_in(word, months)) {
            return (struct marker){.kind = MARKER_NONE};
        }
        return done(marker, next == '.' ? MARKER_DOT : MARKER_PAREN, text, end + 1);
    }
    uint32_t first = text_first(slice_from(text, skip_blanks(text, end)));
    bool bare = is_blank_at(text, end) && (end == text.len || letter_is_upper(first)) && (marker.depth > 1 || marker.ordinal < 100);
    struct slice word = text_first_word(slice_from(text, skip_blanks(text, end)));
    if (bare && !text_word_in(word, months) && !text_word_in(word, units)) {
        return done(marker, marker.depth > 1 ? MARKER_DOT : MARKER_BARE, text, end);
    }
    return (struct marker){.kind = MARKER_NONE};
}

static struct marker read_lettered(struct slice text)
{
    struct marker marker = {.kind = MARKER_NONE};
    size_t end = read_letters(text, 0, &marker);
    if (end == 0 || end >= text.len || (text.data[end] != '.' && text.data[end] != ')') || !is_blank_at(text, end + 1)) {
        return (struct marker){.kind = MARKER_NONE};
    }
    size_t after = skip_blanks(text, end + 1);
    /* "z. B. …": another letter with a full stop follows, so it is an abbreviation */
    if (text.data[end] == '.' && after + 1 < text.len && text.data[after + 1] == '.') {
        return (struct marker){.kind = MARKER_NONE};
    }
    enum marker_kind kind = marker.kind;
    kind = kind == MARKER_UPPER && text.data[end] == ')' ? MARKER_UPPER_PAREN : kind;
    return done(marker, kind, text, end + 1);
}

static enum checkbox read_box(struct slice text, size_t *length)
{
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        if (slice_starts(slice_from(text, *length), slice_string(boxes[i].text))) {
            size_t end = *length + strlen(boxes[i].text);
            if (is_blank_at(text, end)) {
                *length = skip_blanks(text, end);
                return boxes[i].state;
            }
        }
    }
    return CHECKBOX_NONE;
}

static struct marker read_glyph(struct slice text)
{
    for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++) {
        struct slice glyph = slice_string(glyphs[i]);
        size_t after = skip_blanks(text, glyph.len);
        bool odd = slice_is(glyph, "§") && after < text.len && is_digit(text.data[after]);
        bool tight = glyph.len > 1 && text.data[0] >= 0xe2 && !slice_is(glyph, "–") && !slice_is(glyph, "—");
        if (!slice_starts(text, glyph) || odd || after >= text.len || (!is_blank_at(text, glyph.len) && !tight)) {
            continue;
        }
        /* dashes, stars and pluses are mixed freely on one level */
        bool plain = i < 3 || slice_is(glyph, "–") || slice_is(glyph, "—");
        return done((struct marker){.ordinal = plain ? 0 : (unsigned)i}, MARKER_GLYPH, text, glyph.len);
    }
    return (struct marker){.kind = MARKER_NONE};
}

struct marker marker_read(struct slice text)
{
    struct marker marker = {.kind = MARKER_NONE};
    if (text.len == 0) {
        return marker;
    }
    if (is_digit(text.data[0])) {
        marker = read_numbered(text);
    } else if (text.data[0] == '(') {
        marker = read_enclosed(text);
    } else {
        marker = read_section_word(text);
        marker = marker.kind == MARKER_NONE ? read_lettered(text) : marker;
        marker = marker.kind == MARKER_NONE ? read_glyph(text) : marker;
    }
    marker.checkbox = read_box(text, &marker.length);
    if (marker.kind == MARKER_NONE && marker.checkbox != CHECKBOX_NONE) {
        marker.kind = MARKER_GLYPH;
    }
    return marker;
}
