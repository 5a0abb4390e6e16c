/* Values as people read them, and the small pieces that all parts of the report draw. */
#include "measure/report_inside.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"

enum {
    LABEL_WIDTH = 90000,
    PRINTED_MAX_BYTES = 1 << 16,
    DATE_BYTES = 10,
    MARK_SIZE = 8200,
    SUFFIX_DROP = 1400
};

#define INK                                                                                        \
    {                                                                                              \
        0x1c, 0x20, 0x26                                                                           \
    }
#define PALE                                                                                       \
    {                                                                                              \
        0x5a, 0x60, 0x68                                                                           \
    }

const struct style style_title = {.bold = true, .size = 19000, .leading = 25000, .tint = INK};
const struct style style_heading = {.bold = true, .size = 12500, .leading = 17000, .tint = INK};
const struct style style_body = {.bold = false, .size = 9300, .leading = 13400, .tint = INK};
const struct style style_body_bold = {.bold = true, .size = 9300, .leading = 13400, .tint = INK};
const struct style style_detail = {.bold = false, .size = 7900, .leading = 11400, .tint = INK};
const struct style style_label = {.bold = false, .size = 7900, .leading = 11400, .tint = PALE};
const struct column column_page = {.left = SHEET_LEFT, .width = SHEET_RIGHT - SHEET_LEFT};

struct slice report_printf(struct report *report, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = len < 0 ? NULL : arena_alloc(report->arena, (size_t)len + 1);
    if (text != NULL) {
        len = vsnprintf(text, (size_t)len + 1, format, again);
    } else if (report->sheet.file.err == ERR_NONE) {
        report->sheet.file.err = ERR_TOO_LARGE;
    }
    va_end(again);
    return text == NULL ? SLICE_NONE : slice_of(text, (size_t)len);
}

struct slice report_pair(struct report *report, struct slice left, const char *separator,
                         struct slice right)
{
    if (left.len == 0 || right.len == 0) {
        return left.len == 0 ? right : left;
    }
    return report_printf(report, "%.*s%s%.*s", (int)left.len, (const char *)left.data, separator,
                         (int)right.len, (const char *)right.data);
}

struct slice report_text(const struct report *report, const struct json *value)
{
    if (value == NULL || value->type != JSON_OBJECT) {
        return value == NULL || value->type != JSON_STRING ? SLICE_NONE : value->text;
    }
    /* The own language first; the catalogue's proposals name languages by code. */
    static const char *const names[2][4] = {{"english", "en", "german", "de"},
                                            {"german", "de", "english", "en"}};
    struct slice text = SLICE_NONE;
    for (size_t i = 0; text.len == 0 && i < sizeof(names[0]) / sizeof(names[0][0]); i++) {
        text = json_text(value, names[report->language == LANGUAGE_GERMAN][i], SLICE_NONE);
    }
    return text;
}

struct slice report_word_in(const struct report *report, enum report_word word)
{
    return report_word(word, report->language);
}

struct slice report_member(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER) ? value->text
                                                                                       : SLICE_NONE;
}

static bool is_date(struct slice text)
{
    for (size_t i = 0; i < DATE_BYTES && text.len == DATE_BYTES; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text.data[i] != '-' : text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len == DATE_BYTES;
}

/* Times in UTC, so that the same input means the same everywhere. What is no time is shown as it
 * stands. */
struct slice report_time(struct report *report, struct slice rfc3339)
{
    int64_t unix_ms = 0;
    char text[RFC3339_BYTES];
    if (is_date(rfc3339)) {
        const char *d = (const char *)rfc3339.data;
        return report->language == LANGUAGE_GERMAN
                   ? report_printf(report, "%.2s.%.2s.%.4s", d + 8, d + 5, d)
                   : rfc3339;
    }
    if (rfc3339_parse(rfc3339, &unix_ms) != ERR_NONE) {
        return rfc3339;
    }
    rfc3339_format(unix_ms, text);
    return report->language == LANGUAGE_GERMAN
               ? report_printf(report, "%.2s.%.2s.%.4s, %.5s UTC", text + 8, text + 5, text,
                               text + 11)
               : report_printf(report, "%.10s %.5s UTC", text, text + 11);
}

struct slice report_percent(struct report *report, struct slice number)
{
    size_t point = slice_find_byte(number, '.');
    while (point != SIZE_MAX && number.len > point &&
           (number.data[number.len - 1] == '0' || number.len == point + 1)) {
        number.len--; /* 97.20 is 97.2, 100.00 is 100 */
    }
    point = slice_find_byte(number, '.');
    if (point == SIZE_MAX || report->language == LANGUAGE_ENGLISH) {
        return report_printf(report,
                             report->language == LANGUAGE_ENGLISH ? "%.*s%%" : "%.*s\xc2\xa0%%",
                             (int)number.len, (const char *)number.data);
    }
    struct slice after = slice_from(number, point + 1);
    return report_printf(report, "%.*s,%.*s\xc2\xa0%%", (int)point, (const char *)number.data,
                         (int)after.len, (const char *)after.data);
}

struct slice report_person(struct report *report, const struct json *object, const char *name)
{
    struct slice person = report_member(object, name), word = report_word_in(report, WORD_PERSON);
    if (person.len == 0) {
        return SLICE_NONE;
    }
    size_t i = 0;
    while (i < report->people_count && !slice_equal(report->people[i], person)) {
        i++;
    }
    if (i == REPORT_PEOPLE_MAX) {
        report->sheet.file.err =
            report->sheet.file.err == ERR_NONE ? ERR_TOO_LARGE : report->sheet.file.err;
        return SLICE_NONE;
    }
    if (i == report->people_count) {
        report->people[report->people_count++] = person;
    }
    return report_printf(report, "%.*s\xc2\xa0%zu", (int)word.len, (const char *)word.data, i + 1);
}

struct slice report_shortened(struct report *report, struct slice text, size_t letters)
{
    size_t position = 0;
    uint32_t point;
    for (size_t i = 0; i < letters && position < text.len; i++) {
        if (utf8_next(text, &position, &point) != ERR_NONE) {
            position++;
        }
    }
    return position >= text.len
               ? text
               : report_printf(report, "%.*s…", (int)position, (const char *)text.data);
}

void report_row(struct report *report, struct tag *parent, struct column column, struct slice label,
                struct slice value)
{
    if (value.len == 0) {
        return;
    }
    struct sheet *sheet = &report->sheet;
    struct column left = {column.left, LABEL_WIDTH - 6000},
                  right = {column.left + LABEL_WIDTH, column.width - LABEL_WIDTH};
    sheet_need(sheet, 2 * style_detail.leading);
    struct tag *row = sheet_tag(sheet, parent, "P", "");
    int64_t top = sheet->y;
    sheet_text(sheet, row, &style_label, left, label);
    int64_t label_end = sheet->y;
    const struct sheet_page *page = sheet->page;
    sheet->y = top;
    sheet_text(sheet, row, &style_detail, right, value);
    if (sheet->page == page && sheet->y > label_end) {
        sheet->y = label_end;
    }
}

void report_heading(struct report *report, struct tag *parent, struct slice text)
{
    struct sheet *sheet = &report->sheet;
    sheet_space(sheet, 20000);
    sheet_need(sheet, 6 * style_heading.leading);
    sheet_bookmark(sheet, 0, text);
    sheet_text(sheet, sheet_tag(sheet, parent, "H2", ""), &style_heading, column_page, text);
    sheet_space(sheet, 4000);
}

void report_verdict_mark(struct report *report, struct tag *parent, size_t verdict,
                         struct column column, struct slice suffix)
{
    const struct report_verdict *shown = &report_verdicts[verdict];
    struct sheet *sheet = &report->sheet;
    int64_t top = sheet->y;
    struct tag *tag = sheet_tag(sheet, parent, "P", "");
    struct style word_style = style_body_bold;
    word_style.tint = shown->tint;
    sheet_shape(sheet, shown->tint, column.left,
                top - style_body.leading + (style_body.leading - MARK_SIZE) / 2, MARK_SIZE,
                shown->path);
    sheet_text(sheet, tag, &word_style, (struct column){column.left + 13000, LABEL_WIDTH - 13000},
               slice_string(text_in(shown->word, report->language)));
    int64_t end = sheet->y;
    sheet->y = top - SUFFIX_DROP; /* the smaller letters stand on the same line */
    sheet_text(sheet, tag, &style_label,
               (struct column){column.left + LABEL_WIDTH, column.width - LABEL_WIDTH}, suffix);
    sheet->y = sheet->y < end ? sheet->y : end;
}
