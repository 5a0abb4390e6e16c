#include "measure/sentence.h"

#include <string.h>

#include "base/utf8.h"

enum { HYPHEN_SEARCH_BYTES = 262144, WORD_BYTES = 64, LANGUAGE_BYTES = 200000 };

bool letter_is_upper(uint32_t c)
{
    return utf8_fold(c) != c;
}

bool letter_is_lower(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xdf && c <= 0xff && c != 0xf7);
}

uint32_t text_first(struct slice text)
{
    size_t position = 0;
    uint32_t c;
    return text.len > 0 && utf8_next(text, &position, &c) == ERR_NONE ? c : 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_wordy(uint8_t c)
{
    return c >= 0x80 || byte_is_among(c, ASCII_LETTERS ASCII_DIGITS);
}

struct slice text_first_word(struct slice text)
{
    size_t len = 0;
    while (len < text.len && !is_blank(text.data[len])) {
        len++;
    }
    while (len > 0 && strchr(".,;:!?)", text.data[len - 1]) != NULL) {
        len--;
    }
    return slice_first(text, len);
}

bool text_word_in(struct slice word, const char *list)
{
    char framed[WORD_BYTES + 3];
    if (word.len == 0 || word.len > WORD_BYTES) {
        return false;
    }
    framed[0] = ' ';
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if (c == 0 || c == ' ') {
            return false;
        }
        framed[i + 1] = (char)byte_lower(c);
    }
    framed[word.len + 1] = ' ';
    framed[word.len + 2] = 0;
    return strstr(list, framed) != NULL;
}

/* Behind a hyphen at a line end these show that the hyphen stands for a left-out word: "Aufbewahrungs- und …". */
static const char conjunctions[] = " und oder bzw sowie bis noch als and or to nor as u ";
/* English first parts that keep their hyphen. */
static const char hyphen_prefixes[] =
    " non self multi role least end break two three four third real up on off in high low well long short cross pre post opt "
    "e key risk state pull root need cloud user time open access case day log fail trust ";

static bool keeps_hyphen(struct slice joined, struct slice word, struct hyphens *hyphens)
{
    char compound[2 * WORD_BYTES + 2];
    size_t start = joined.len - 1;
    while (start > 0 && is_wordy(joined.data[start - 1])) {
        start--;
    }
    struct slice fragment = slice_first(slice_from(joined, start), joined.len - 1 - start);
    if (hyphens->language == LANGUAGE_ENGLISH && text_word_in(fragment, hyphen_prefixes)) {
        return true;
    }
    if (hyphens->left == 0 || fragment.len > WORD_BYTES || word.len > WORD_BYTES || word.len == 0) {
        return false;
    }
    hyphens->left--;
    memcpy(compound, fragment.data, fragment.len);
    compound[fragment.len] = '-';
    memcpy(compound + fragment.len + 1, word.data, word.len);
    struct slice head = slice_first(hyphens->document, HYPHEN_SEARCH_BYTES);
    return slice_find(head, slice_of(compound, fragment.len + 1 + word.len)) != SIZE_MAX;
}

/* How a line goes on the one before: drop this many bytes of the end, then put a blank or not. */
struct joint {
    size_t drop;
    bool blank;
};

static struct joint joint_of(struct slice joined, struct slice line, struct hyphens *hyphens)
{
    size_t len = joined.len;
    if (len >= 2 && joined.data[len - 2] == 0xc2 && joined.data[len - 1] == 0xad) {
        return (struct joint){2, false};
    }
    if (joined.data[len - 1] == '/') {
        return (struct joint){0, false};
    }
    if (joined.data[len - 1] != '-' || len < 2 || !is_wordy(joined.data[len - 2])) {
        return (struct joint){0, true};
    }
    struct slice word = text_first_word(line);
    if (text_word_in(word, conjunctions)) {
        return (struct joint){0, true};
    }
    if (!letter_is_lower(text_first(line)) || is_digit(joined.data[len - 2]) || keeps_hyphen(joined, word, hyphens)) {
        return (struct joint){0, false};
    }
    return (struct joint){1, false};
}

enum err sentence_join(struct buf *joined, struct slice line, struct hyphens *hyphens)
{
    struct slice part = slice_trim(line);
    if (joined->len > 0 && part.len > 0) {
        struct joint joint = joint_of(buf_slice(joined), part, hyphens);
        joined->len -= joint.drop;
        enum err err = joint.blank ? buf_append_byte(joined, ' ') : ERR_NONE;
        if (err != ERR_NONE) {
            return err;
        }
    }
    for (size_t i = 0; i < part.len; i++) {
        if (is_blank(part.data[i]) && i > 0 && is_blank(part.data[i - 1])) {
            continue;
        }
        enum err err = buf_append_byte(joined, is_blank(part.data[i]) ? ' ' : part.data[i]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* A full stop behind these never ends a sentence. */
static const char abbreviations[] =
    " ca bzw gem ggf inkl exkl vgl abs art nr ziff lit max min mind sog std tel dr prof st str evtl insb insbes bspw zzgl einschl "
    "entspr lt anl anh kap abschn buchst resp approx incl excl no nos sec sect para paras vs cf fig dept z.b d.h u.a i.d.r o.g "
    "s.o s.u u.u i.s.d i.s.v i.v.m o.ä z.t e.g i.e u.s zb dh mio mrd tsd allg bez betr dgl eigtl erg gegr jew mtl tgl wöchentl "
    "jährl monatl verantw zust abt sek ver vers rev mr mrs ms eu.v art.-nr hrsg rn rz ";
/* These may end one: only before a word that begins sentences. */
static const char abbreviations_last[] =
    " etc usw ff f u.ä u.v.m o.ä inc ltd co corp kg uvm hr hrs mins secs p.a a.m p.m i.o n.v al u.s ";
static const char starters[] =
    " der die das den dem ein eine einen einem wir es sie alle jede jeder jedes jeden bei für im in zur zum nach vor auf mit diese "
    "dieser dieses dies hierzu hierfür hierbei dabei dazu dafür darüber zudem ausserdem außerdem ferner weiterhin auch soweit "
    "sofern falls wenn sämtliche the we all each every this these that it they our a an when if any both in for "
    "on at as by where access no there such ";
/* Behind "3." these make it an ordinal: "am 3. Werktag". */
static const char ordinal_nouns[] =
    " januar februar märz april mai juni juli august september oktober november dezember jan feb mär apr jun jul aug sep okt nov "
    "dez quartal halbjahr werktag arbeitstag tag tage tages kalendertag woche monat monats jahr jahres schritt stufe ebene linie "
    "level line abschnitt kapitel absatz satz phase runde person instanz generation quartals auflage fassung januars ";

static bool all_digits(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!is_digit(word.data[i])) {
            return false;
        }
    }
    return word.len > 0;
}

/* The word before the full stop at `stop`, from the last blank or opening mark on. */
static struct slice word_before(struct slice text, size_t from, size_t stop)
{
    size_t start = stop;
    while (start > from && !is_blank(text.data[start - 1]) && strchr("([/\"", text.data[start - 1]) == NULL &&
           stop - start < WORD_BYTES) {
        start--;
    }
    return slice_first(slice_from(text, start), stop - start);
}

static bool stop_is_inside(struct slice before, struct slice after)
{
    struct slice next = text_first_word(after);
    size_t letters = 0, position = 0;
    uint32_t c;
    while (position < before.len && utf8_next(before, &position, &c) == ERR_NONE) {
        letters++;
    }
    if (all_digits(before)) {
        return before.len <= 2 && text_word_in(next, ordinal_nouns);
    }
    if ((letters == 1 && is_wordy(before.data[0])) || text_word_in(before, abbreviations)) {
        return true;
    }
    return text_word_in(before, abbreviations_last) && !text_word_in(next, starters);
}

/* Length of a closing mark at `position`, 0 if there is none. */
static size_t closing_length(struct slice text, size_t position)
{
    static const char *const marks[] = {")", "]", "\"", "'", "*", "“", "”", "’", "»", "«", "‘"};
    struct slice rest = slice_from(text, position);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (slice_starts(rest, slice_string(marks[i]))) {
            return strlen(marks[i]);
        }
    }
    return 0;
}

static bool ends_sentence(struct slice text, size_t from, size_t stop, size_t *ret_end)
{
    size_t end = stop + 1;
    while (end < text.len && strchr(".!?", text.data[end]) != NULL && text.data[end] != 0) {
        end++;
    }
    for (size_t len = 0; (len = closing_length(text, end)) > 0;) {
        end += len;
    }
    if (end < text.len && !is_blank(text.data[end])) {
        return false;
    }
    *ret_end = end;
    struct slice after = slice_trim(slice_from(slice_first(text, end + 200), end));
    if (after.len == 0) {
        return true;
    }
    if (letter_is_lower(text_first(after)) || strchr(",;:)", after.data[0]) != NULL) {
        return false;
    }
    return text.data[stop] != '.' || !stop_is_inside(word_before(text, from, stop), after);
}

bool sentence_next(struct slice paragraph, size_t *position, struct slice *ret_sentence)
{
    size_t from = *position;
    while (from < paragraph.len && is_blank(paragraph.data[from])) {
        from++;
    }
    if (from >= paragraph.len) {
        return false;
    }
    size_t end = paragraph.len;
    for (size_t i = from; i < paragraph.len; i++) {
        uint8_t c = paragraph.data[i];
        if ((c == '.' || c == '!' || c == '?') && ends_sentence(paragraph, from, i, &end)) {
            break;
        }
        end = paragraph.len;
    }
    *position = end;
    *ret_sentence = slice_trim(slice_first(slice_from(paragraph, from), end - from));
    return true;
}

struct slice sentence_trim(struct slice text)
{
    struct slice rest = slice_trim(text);
    size_t start = rest.len;
    while (start > 0 && !is_blank(rest.data[start - 1])) {
        start--;
    }
    struct slice last = slice_from(rest, start);
    struct slice before = slice_trim(slice_first(rest, start));
    if (text_word_in(last, " und sowie oder and or ") && before.len > 0 &&
        strchr(",;", before.data[before.len - 1]) != NULL) {
        rest = before;
    }
    while (rest.len > 0 && (rest.data[rest.len - 1] == ',' || rest.data[rest.len - 1] == ';')) {
        rest = slice_trim(slice_first(rest, rest.len - 1));
    }
    return rest;
}

static const char german_words[] =
    " der die das und oder nicht für von mit ist sind werden wird zur zum bei den dem des ein eine einer eines nach auf auch alle "
    "durch über im als sowie gemäß bzw mindestens regelmäßig mittels aus an zu wir unser unsere ";
static const char english_words[] =
    " the and or not for of with is are be by to our all from at least we every each this that on an as shall must will it its "
    "which their have has been using via ";

enum language sentence_language(struct slice text)
{
    struct slice rest = slice_first(text, LANGUAGE_BYTES), word;
    size_t german = 0, english = 0, umlauts = 0;
    for (size_t i = 0; i + 1 < rest.len; i++) {
        umlauts += rest.data[i] == 0xc3 && strchr("\xa4\xb6\xbc\x84\x96\x9c\x9f", rest.data[i + 1]) != NULL ? 1 : 0;
    }
    size_t start = 0;
    for (size_t i = 0; i <= rest.len; i++) {
        if (i < rest.len && is_wordy(rest.data[i])) {
            continue;
        }
        word = slice_first(slice_from(rest, start), i - start);
        german += text_word_in(word, german_words) ? 1 : 0;
        english += text_word_in(word, english_words) ? 1 : 0;
        start = i + 1;
    }
    return german + umlauts > english ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
}
