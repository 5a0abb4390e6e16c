#include "measure/report.h"

#include "base/time.h"
#include "measure/report_archive.h"
#include "measure/report_inside.h"

static enum err refuse(struct complaint *complaint, struct text text, struct slice detail)
{
    return complain(complaint, ERR_INVALID, text, 0, 0, (const char *)detail.data, detail.len);
}

static enum err check_clauses(const struct json *sections, struct complaint *complaint)
{
    for (const struct json *section = sections->first; section != NULL; section = section->next) {
        const struct json *clauses = json_member(section, "clauses");
        for (const struct json *clause = clauses == NULL ? NULL : clauses->first; clause != NULL;
             clause = clause->next) {
            if (report_verdict_find(report_member(clause, "verdict")) == SIZE_MAX) {
                return refuse(complaint,
                              TEXT("a clause of the report has no verdict that is known",
                                   "Ein Satz des Berichts hat kein bekanntes Urteil"),
                              report_member(clause, "id"));
            }
        }
    }
    return ERR_NONE;
}

static enum err check(const struct json *input, enum language *ret_language,
                      int64_t *ret_generated_unix_ms, struct complaint *complaint)
{
    const struct json *annex = json_member(input, "annex"),
                      *sections = json_member(input, "sections");
    struct slice language = report_member(input, "language"),
                 generated = report_member(input, "generated");
    int64_t unix_ms = 0;
    if (!slice_is(language, "de") && !slice_is(language, "en")) {
        return refuse(
            complaint,
            TEXT("a report is written in de or en", "Einen Bericht gibt es in de oder en"),
            language);
    }
    if (rfc3339_parse(generated, &unix_ms) != ERR_NONE) {
        return refuse(complaint,
                      TEXT("a report needs the time of its making",
                           "Ein Bericht braucht den Zeitpunkt seiner Erstellung"),
                      generated);
    }
    if (annex == NULL || annex->type != JSON_OBJECT || sections == NULL ||
        sections->type != JSON_ARRAY) {
        return refuse(complaint,
                      TEXT("a report needs an annex and its sections",
                           "Ein Bericht braucht einen Anhang und dessen Abschnitte"),
                      SLICE_NONE);
    }
    enum err err = check_clauses(sections, complaint);
    if (err == ERR_NONE) {
        *ret_language = slice_is(language, "de") ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
        *ret_generated_unix_ms = unix_ms;
    }
    return err;
}

static void draw(struct report *report, bool has_evidence)
{
    report_front(report, has_evidence);
    const struct json *sections = json_member(report->input, "sections");
    for (const struct json *section = sections->first;
         section != NULL && report->sheet.file.err == ERR_NONE; section = section->next) {
        report_section(report, section);
    }
    report_back(report, has_evidence);
}

static enum err finish(struct report *report, struct slice evidence, int64_t generated_unix_ms)
{
    const struct json *annex = json_member(report->input, "annex");
    struct slice title = report_text(report, json_member(annex, "title")),
                 revision = report_member(annex, "revision");
    struct slice word = report_word_in(report, WORD_REVISION),
                 made = report_word_in(report, WORD_GENERATED);
    struct slice time = report_time(report, report_member(report->input, "generated"));
    struct slice full = report_word_in(report, WORD_TITLE);
    const struct sheet_margins margins = {
        .head_left = title,
        .head_right = report_member(report->input, "company"),
        .foot_left = report_printf(report, "Vogt · %.*s %.*s · %.*s %.*s", (int)word.len,
                                   (const char *)word.data, (int)revision.len,
                                   (const char *)revision.data, (int)made.len,
                                   (const char *)made.data, (int)time.len, (const char *)time.data),
        .language = report->language,
    };
    const struct archive archive = {
        .title = report_pair(report, full, ": ", title),
        .company = report_member(report->input, "company"),
        .language = slice_string(report->language == LANGUAGE_GERMAN ? "de" : "en"),
        .generated_unix_ms = generated_unix_ms,
        .evidence = evidence,
        .evidence_about = report_word_in(report, WORD_EVIDENCE_ABOUT),
    };
    uint32_t outlines = 0;
    sheet_finish(&report->sheet, &margins, &outlines);
    return archive_finish(&report->sheet, &archive, outlines);
}

enum err report_pdf(struct arena *arena, const struct json *input, struct slice raw,
                    struct work_reply *reply)
{
    struct report report = {.arena = arena, .input = input};
    int64_t generated_unix_ms = 0;
    enum err err = check(input, &report.language, &generated_unix_ms, &reply->complaint);
    if (err != ERR_NONE) {
        return err;
    }
    report.people = arena_alloc_array(arena, REPORT_PEOPLE_MAX, sizeof(*report.people));
    if (report.people == NULL) {
        return ERR_MEMORY;
    }
    sheet_start(&report.sheet, arena, reply->raw);
    draw(&report, raw.len > 0);
    err = finish(&report, raw, generated_unix_ms);
    size_t pages = report.sheet.page_count;
    sheet_free(&report.sheet);
    struct json *output = err == ERR_NONE ? json_new(arena, JSON_OBJECT) : NULL;
    if (err != ERR_NONE || json_set_u64(arena, output, "pages", pages) == NULL) {
        buf_clear(reply->raw);
        return complain(
            &reply->complaint, err == ERR_NONE ? ERR_TOO_LARGE : err,
            TEXT("the report cannot be made. Choose a shorter period, or a part of the annex",
                 "Der Bericht lässt sich nicht erstellen. Bitte einen kürzeren Zeitraum oder einen "
                 "Teil des Anhangs wählen"),
            0, 0, NULL, 0);
    }
    reply->output = output;
    return ERR_NONE;
}
