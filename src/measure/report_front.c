/* The first pages (what, when, result, meaning) and the last (Vogt itself, what is not covered, how
 * to check). */
#include "measure/report_inside.h"

#include <string.h>

enum { TILE_GAP = 8000, TILE_HEIGHT = 54000, TILE_INDENT = 10000, COUNT_WIDTH = 62000 };

#define SCOPE "/A<</O/Table/Scope/Column>>"

struct tally {
    size_t of[REPORT_VERDICTS];
};

static void count_section(const struct json *section, struct tally *tally)
{
    const struct json *clauses = json_member(section, "clauses");
    for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
         clause = clause->next) {
        size_t verdict = report_verdict_find(report_member(clause, "verdict"));
        if (verdict < REPORT_VERDICTS) {
            tally->of[verdict]++;
        }
    }
}

static void fact(struct report *report, struct tag *tag, enum report_word label, struct slice value)
{
    report_row(report, tag, column_page, report_word_in(report, label), value);
}

static void facts(struct report *report, bool has_evidence)
{
    const struct json *annex = json_member(report->input, "annex"),
                      *period = json_member(report->input, "period");
    struct tag *tag = sheet_tag(&report->sheet, NULL, "Div", "");
    fact(report, tag, WORD_COMPANY, report_member(report->input, "company"));
    fact(report, tag, WORD_REVISION, report_member(annex, "revision"));
    fact(report, tag, WORD_ADOPTED, report_time(report, report_member(annex, "adopted")));
    fact(report, tag, WORD_DIGEST, report_member(annex, "digest"));
    fact(report, tag, WORD_GENERATED,
         report_time(report, report_member(report->input, "generated")));
    struct slice from = report_time(report, report_member(period, "from")),
                 to = report_time(report, report_member(period, "to"));
    if (from.len > 0) {
        fact(report, tag, WORD_PERIOD, report_pair(report, from, " – ", to));
    }
    fact(report, tag, WORD_EVIDENCE,
         has_evidence ? report_word_in(report, WORD_ATTACHED) : SLICE_NONE);
}

/* Five boxes in a row: shape, number, word. */
static void tiles(struct report *report, const struct tally *tally)
{
    struct sheet *sheet = &report->sheet;
    const int64_t width = (column_page.width - (REPORT_VERDICTS - 1) * TILE_GAP) / REPORT_VERDICTS;
    struct tag *tag = sheet_tag(sheet, NULL, "Div", "");
    struct style number_style = style_title, word_style = style_body_bold;
    sheet_need(sheet, TILE_HEIGHT);
    int64_t top = sheet->y;
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        const struct report_verdict *verdict = &report_verdicts[i];
        struct column column = {column_page.left + (int64_t)i * (width + TILE_GAP) + TILE_INDENT,
                                width - TILE_INDENT};
        sheet_box(sheet, (struct tint){0xf3, 0xf4, 0xf6}, column.left - TILE_INDENT,
                  top - TILE_HEIGHT, width, TILE_HEIGHT);
        sheet_box(sheet, verdict->tint, column.left - TILE_INDENT, top - TILE_HEIGHT, 2500,
                  TILE_HEIGHT);
        sheet_shape(sheet, verdict->tint, column.left + column.width - 22000, top - 22000, 13000,
                    verdict->path);
        number_style.tint = word_style.tint = verdict->tint;
        struct tag *paragraph = sheet_tag(sheet, tag, "P", "");
        sheet->y = top - 6000;
        sheet_text(sheet, paragraph, &number_style, column,
                   report_printf(report, "%zu", tally->of[i]));
        sheet_text(sheet, paragraph, &word_style, column,
                   slice_string(text_in(verdict->word, report->language)));
    }
    sheet->y = top - TILE_HEIGHT;
}

static struct column count_column(size_t verdict)
{
    return (struct column){SHEET_RIGHT - (int64_t)(REPORT_VERDICTS - verdict) * COUNT_WIDTH,
                           COUNT_WIDTH};
}

static void table_row(struct report *report, struct tag *table, const char *role,
                      struct slice first, const struct slice cells[REPORT_VERDICTS],
                      const struct style *style)
{
    struct sheet *sheet = &report->sheet;
    struct column title = {SHEET_LEFT,
                           column_page.width - REPORT_VERDICTS * COUNT_WIDTH - TILE_GAP};
    const char *attributes = strcmp(role, "TH") == 0 ? SCOPE : "";
    struct tag *row = sheet_tag(sheet, table, "TR", "");
    int64_t height = sheet_text_height(style, title, first);
    int64_t most = (SHEET_TOP - SHEET_BOTTOM) / 2; /* a title longer than half a page may break */
    sheet_need(sheet, height < most ? height : most);
    int64_t top = sheet->y, end;
    const struct sheet_page *page = sheet->page;
    sheet_text(sheet, sheet_tag(sheet, row, role, attributes), style, title, first);
    end = sheet->y;
    top = sheet->page == page ? top : end + style->leading;
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        sheet->y = top;
        sheet_text(sheet, sheet_tag(sheet, row, role, attributes), style, count_column(i),
                   cells[i]);
        end = sheet->y < end ? sheet->y : end;
    }
    sheet->y = end - 1500;
    sheet_box(sheet, (struct tint){0xd9, 0xdc, 0xe1}, SHEET_LEFT, sheet->y, column_page.width, 400);
    sheet->y -= 1500;
}

static void overview(struct report *report, const struct json *sections)
{
    struct tag *table = sheet_tag(&report->sheet, NULL, "Table", "");
    struct slice cells[REPORT_VERDICTS];
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        cells[i] = slice_string(text_in(report_verdicts[i].word, report->language));
    }
    sheet_space(&report->sheet, 16000);
    sheet_need(&report->sheet, 4 * style_detail.leading);
    table_row(report, table, "TH", report_word_in(report, WORD_SECTION), cells, &style_label);
    for (const struct json *section = sections->first;
         section != NULL && report->sheet.file.err == ERR_NONE; section = section->next) {
        struct tally tally = {{0}};
        count_section(section, &tally);
        for (size_t i = 0; i < REPORT_VERDICTS; i++) {
            cells[i] =
                tally.of[i] == 0 ? SLICE_LITERAL("–") : report_printf(report, "%zu", tally.of[i]);
        }
        struct slice number = report_member(section, "number"),
                     title = report_text(report, json_member(section, "title"));
        table_row(report, table, "TD", report_pair(report, number, " ", title), cells,
                  &style_detail);
    }
}

static void meanings(struct report *report)
{
    struct tag *tag = sheet_tag(&report->sheet, NULL, "Sect", "");
    report_heading(report, tag, report_word_in(report, WORD_MEANING));
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        sheet_space(&report->sheet, 3000);
        sheet_need(&report->sheet, 3 * style_body.leading);
        report_verdict_mark(report, tag, i, column_page,
                            slice_string(text_in(report_verdicts[i].meaning, report->language)));
    }
}

/* A checkpoint is lines of text: each keeps its own. */
static void lines(struct report *report, struct tag *tag, enum report_word label, struct slice text)
{
    struct slice rest = text, line, shown = report_word_in(report, label);
    while (report->sheet.file.err == ERR_NONE && slice_split(&rest, '\n', &line)) {
        report_row(report, tag, column_page, shown, line);
        shown = slice_trim(line).len > 0 ? SLICE_NONE : shown;
    }
}

static void checking(struct report *report, bool has_evidence)
{
    struct sheet *sheet = &report->sheet;
    struct tag *tag = sheet_tag(sheet, NULL, "Sect", "");
    report_heading(report, tag, report_word_in(report, WORD_CHECKING));
    sheet_text(sheet, sheet_tag(sheet, tag, "P", ""), &style_body, column_page,
               report_word_in(report, has_evidence ? WORD_EVIDENCE_IN : WORD_EVIDENCE_OUT));
    sheet_space(sheet, 4000);
    lines(report, tag, WORD_CHECKPOINT, report_member(report->input, "checkpoint"));
    lines(report, tag, WORD_KEY, report_member(report->input, "vkey"));
}

void report_front(struct report *report, bool has_evidence)
{
    struct sheet *sheet = &report->sheet;
    const struct json *annex = json_member(report->input, "annex"),
                      *sections = json_member(report->input, "sections");
    struct tally tally = {{0}};
    for (const struct json *section = sections->first; section != NULL; section = section->next) {
        count_section(section, &tally);
    }
    sheet_text(sheet, sheet_tag(sheet, NULL, "H1", ""), &style_title, column_page,
               report_word_in(report, WORD_TITLE));
    sheet_space(sheet, 6000);
    sheet_text(sheet, sheet_tag(sheet, NULL, "P", ""), &style_heading, column_page,
               report_text(report, json_member(annex, "title")));
    sheet_space(sheet, 12000);
    facts(report, has_evidence);
    report_heading(report, NULL, report_word_in(report, WORD_RESULT));
    tiles(report, &tally);
    overview(report, sections);
    meanings(report);
    sheet_space(sheet, 8000);
    sheet_text(sheet, sheet_tag(sheet, NULL, "P", ""), &style_label, column_page,
               report_word_in(report, WORD_PEOPLE));
    sheet_break(sheet);
}

static void own_row(struct report *report, struct tag *tag, const struct json *one)
{
    const struct json *title = json_member(one, "title");
    struct slice name = title == NULL ? report_member(one, "kind") : report_text(report, title);
    struct slice verdict = report_member(one, "verdict"),
                 reason = report_text(report, json_member(one, "reason"));
    size_t known = report_verdict_find(verdict);
    struct slice text = report_pair(report, name, ": ", reason);
    sheet_space(&report->sheet, 3000);
    sheet_need(&report->sheet, 2 * style_body.leading);
    if (known == SIZE_MAX) {
        report_row(report, tag, column_page, verdict, text);
    } else {
        report_verdict_mark(report, tag, known, column_page, text);
    }
}

void report_back(struct report *report, bool has_evidence)
{
    struct sheet *sheet = &report->sheet;
    const struct json *own = json_member(report->input, "own"),
                      *missing = json_member(report->input, "not_covered");
    if (own != NULL && own->first != NULL) {
        struct tag *tag = sheet_tag(sheet, NULL, "Sect", "");
        report_heading(report, tag, report_word_in(report, WORD_OWN));
        for (const struct json *one = own->first; one != NULL && sheet->file.err == ERR_NONE;
             one = one->next) {
            own_row(report, tag, one);
        }
    }
    if (missing != NULL && missing->first != NULL) {
        struct tag *tag = sheet_tag(sheet, NULL, "Sect", "");
        report_heading(report, tag, report_word_in(report, WORD_NOT_COVERED));
        sheet_text(sheet, sheet_tag(sheet, tag, "P", ""), &style_label, column_page,
                   report_word_in(report, WORD_NOT_COVERED_WHY));
        for (const struct json *one = missing->first; one != NULL && sheet->file.err == ERR_NONE;
             one = one->next) {
            sheet_space(sheet, 3000);
            sheet_text(sheet, sheet_tag(sheet, tag, "P", ""), &style_body, column_page,
                       report_text(report, one));
        }
    }
    checking(report, has_evidence);
}
