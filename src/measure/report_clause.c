/* A section with its sentences: text, verdict, and what it rests on. */
#include "measure/report_inside.h"

enum { NUMBER_WIDTH = 40000, TITLE_LETTERS = 70 };

static const struct column column_number = {.left = SHEET_LEFT, .width = NUMBER_WIDTH - 6000};
static const struct column column_clause = {.left = SHEET_LEFT + NUMBER_WIDTH,
                                            .width = SHEET_RIGHT - SHEET_LEFT - NUMBER_WIDTH};

static void row(struct report *report, struct tag *tag, enum report_word label, struct slice value)
{
    report_row(report, tag, column_clause, report_word_in(report, label), value);
}

static void gap_rows(struct report *report, struct tag *tag, const struct json *gaps)
{
    struct slice label = report_word_in(report, WORD_GAPS);
    for (const struct json *gap = gaps == NULL ? NULL : gaps->first; gap != NULL; gap = gap->next) {
        size_t verdict = report_verdict_find(report_member(gap, "verdict"));
        struct slice from = report_time(report, report_member(gap, "from")),
                     to = report_time(report, report_member(gap, "to"));
        to = to.len > 0 ? to : report_word_in(report, WORD_UNTIL_NOW);
        struct slice word =
            verdict == SIZE_MAX
                ? SLICE_NONE
                : slice_string(text_in(report_verdicts[verdict].word, report->language));
        report_row(report, tag, column_clause, label,
                   report_pair(report, report_pair(report, from, " – ", to), ": ", word));
        label = SLICE_NONE;
    }
}

static void period_rows(struct report *report, struct tag *tag, const struct json *clause)
{
    const struct json *period = json_member(clause, "period"), *gaps = json_member(period, "gaps");
    struct slice number = report_member(period, "percent");
    if (number.len == 0) {
        return;
    }
    struct slice percent = report_percent(report, number),
                 kept = report_word_in(report, WORD_KEPT_FOR),
                 of = report_word_in(report, WORD_OF_THE_TIME);
    /* Only the whole time is without gaps: a list that was left out is not an empty one. */
    bool whole =
        (gaps == NULL || gaps->first == NULL) &&
        (slice_is(number, "100") || slice_is(number, "100.0") || slice_is(number, "100.00"));
    struct slice none = whole ? report_word_in(report, WORD_NO_GAPS) : SLICE_NONE;
    struct slice share = report_pair(report, report_pair(report, kept, " ", percent), " ", of);
    row(report, tag, WORD_PERIOD, report_pair(report, share, ", ", none));
    gap_rows(report, tag, gaps);
}

static void population_row(struct report *report, struct tag *tag, const struct json *clause)
{
    struct slice number = report_member(clause, "population");
    struct slice word =
        report_word_in(report, slice_is(number, "1") ? WORD_SUBJECT : WORD_SUBJECTS);
    if (number.len > 0) {
        row(report, tag, WORD_POPULATION, report_pair(report, number, " ", word));
    }
}

static void interpretation_rows(struct report *report, struct tag *tag, const struct json *clause)
{
    const struct json *list = json_member(clause, "interpretations");
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct slice word = report_member(one, "word"), meaning = report_text(report, one);
        meaning = meaning.len > 0 ? meaning : report_text(report, json_member(one, "proposal"));
        struct slice state = report_word_in(
            report,
            slice_is(report_member(one, "state"), "confirmed") ? WORD_CONFIRMED : WORD_PROPOSED);
        /* Without a word it is about what the sentence leaves out, and says so itself. */
        const char *const marks[2][2] = {{"“", "”: "}, {"„", "“: "}},
                          *const *mark = marks[report->language == LANGUAGE_GERMAN];
        row(report, tag, WORD_INTERPRETATION,
            report_printf(report, "%s%.*s%s%.*s (%.*s)", word.len > 0 ? mark[0] : "", (int)word.len,
                          (const char *)word.data, word.len > 0 ? mark[1] : "", (int)meaning.len,
                          (const char *)meaning.data, (int)state.len, (const char *)state.data));
    }
}

/* "text – Person 2, label date": what a person said or undertook. */
static struct slice said(struct report *report, struct slice text, struct slice person,
                         enum report_word label, struct slice date)
{
    struct slice word = report_word_in(report, label);
    struct slice dated = date.len == 0 ? SLICE_NONE : report_pair(report, word, " ", date);
    return report_pair(report, text, " – ", report_pair(report, person, ", ", dated));
}

static void people_rows(struct report *report, struct tag *tag, const struct json *clause)
{
    const struct json *list = json_member(clause, "attestations"),
                      *deviation = json_member(clause, "deviation");
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct slice person = report_person(report, one, "by"),
                     at = report_time(report, report_member(one, "at"));
        person = report_pair(report, person, ", ", at);
        row(report, tag, WORD_ATTESTATION,
            said(report, report_member(one, "statement"), person, WORD_EXPIRES,
                 report_time(report, report_member(one, "expires"))));
    }
    if (deviation != NULL && deviation->type == JSON_OBJECT) {
        struct slice owner = report_person(report, deviation, "owner");
        row(report, tag, WORD_DEVIATION,
            said(report, report_member(deviation, "plan"), owner, WORD_DUE,
                 report_time(report, report_member(deviation, "due"))));
    }
}

static void measure_row(struct report *report, struct tag *tag, const struct json *clause)
{
    const struct json *list = json_member(clause, "measures");
    struct buf names = BUF_INIT(1 << 16);
    enum err err = ERR_NONE;
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL && err == ERR_NONE;
         one = one->next) {
        const struct json *title = json_member(one, "title");
        struct slice number = report_member(one, "number"),
                     name = report_text(report, title == NULL ? one : title);
        err = buf_printf(&names, "%s%.*s%s%.*s", names.len > 0 ? ", " : "", (int)number.len,
                         (const char *)number.data, number.len > 0 ? " " : "", (int)name.len,
                         (const char *)name.data);
    }
    if (err == ERR_NONE) {
        row(report, tag, WORD_MEASURES, buf_slice(&names));
    } else if (report->sheet.file.err == ERR_NONE) {
        report->sheet.file.err = err;
    }
    buf_free(&names);
}

static void bookmark_clause(struct report *report, struct slice id, size_t verdict,
                            struct slice text)
{
    struct slice word = slice_string(text_in(report_verdicts[verdict].word, report->language));
    struct slice start = report_shortened(report, text, TITLE_LETTERS);
    sheet_bookmark(&report->sheet, 1,
                   report_pair(report, report_pair(report, id, " ", word), ": ", start));
}

static void draw_clause(struct report *report, struct tag *section, const struct json *clause)
{
    struct sheet *sheet = &report->sheet;
    struct slice id = report_member(clause, "id"),
                 text = report_text(report, json_member(clause, "text"));
    size_t verdict = report_verdict_find(report_member(clause, "verdict"));
    struct tag *tag = sheet_tag(sheet, section, "Sect", ""),
               *paragraph = sheet_tag(sheet, tag, "P", "");
    int64_t height = sheet_text_height(&style_body, column_clause, text) + 4 * style_body.leading;
    int64_t most = (SHEET_TOP - SHEET_BOTTOM) / 3;
    sheet_space(sheet, 9000);
    sheet_need(sheet, height < most ? height : most);
    bookmark_clause(report, id, verdict, text);
    int64_t top = sheet->y;
    sheet_text(sheet, paragraph, &style_body_bold, column_number, report_shortened(report, id, 16));
    int64_t below = sheet->y;
    const struct sheet_page *page = sheet->page;
    sheet->y = top;
    sheet_text(sheet, paragraph, &style_body, column_clause, text);
    sheet->y = sheet->page == page && sheet->y > below ? below : sheet->y;
    sheet_space(sheet, 1500);
    sheet_need(sheet, 2 * style_body.leading);
    struct slice since = report_time(report, report_member(clause, "since")),
                 word = report_word_in(report, WORD_SINCE);
    report_verdict_mark(report, tag, verdict, column_clause,
                        since.len == 0 ? SLICE_NONE : report_pair(report, word, " ", since));
    row(report, tag, WORD_REASON, report_text(report, json_member(clause, "reason")));
    period_rows(report, tag, clause);
    population_row(report, tag, clause);
    interpretation_rows(report, tag, clause);
    people_rows(report, tag, clause);
    measure_row(report, tag, clause);
}

void report_section(struct report *report, const struct json *section)
{
    struct slice number = report_member(section, "number"),
                 title = report_text(report, json_member(section, "title"));
    struct tag *tag = sheet_tag(&report->sheet, NULL, "Sect", "");
    report_heading(report, tag, report_pair(report, number, " ", title));
    const struct json *clauses = json_member(section, "clauses");
    if (clauses == NULL || clauses->first == NULL) {
        sheet_text(&report->sheet, sheet_tag(&report->sheet, tag, "P", ""), &style_label,
                   column_page, report_word_in(report, WORD_NO_CLAUSES));
    }
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first;
         clause != NULL && report->sheet.file.err == ERR_NONE; clause = clause->next) {
        draw_clause(report, tag, clause);
    }
}
