/* What the parts of the report share: report.c (order), report_front.c (first pages),
 * report_clause.c (a sentence), report_value.c (values as people read them). Not for other files.
 */
#ifndef VOGT_MEASURE_REPORT_INSIDE_H
#define VOGT_MEASURE_REPORT_INSIDE_H

#include "base/json.h"
#include "measure/report_sheet.h"
#include "measure/report_words.h"

enum { REPORT_PEOPLE_MAX = 1000 };

struct report {
    struct sheet sheet;
    struct arena *arena;
    const struct json *input;
    enum language language;
    struct slice *people; /* names in the order of first mention */
    size_t people_count;
};

extern const struct style style_title, style_heading, style_body, style_body_bold, style_detail,
    style_label;
extern const struct column column_page;

/* Printed into the arena; empty when it is full (the sheet then holds the error). */
struct slice report_printf(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "left separator right"; where one of them is empty, the other alone. */
struct slice report_pair(struct report *report, struct slice left, const char *separator,
                         struct slice right);
struct slice report_text(const struct report *report,
                         const struct json *value); /* a TEXT in the report's language */
struct slice report_word_in(const struct report *report, enum report_word word);
/* A string or number member as it stands; empty when there is none. */
struct slice report_member(const struct json *object, const char *name);
struct slice report_time(struct report *report, struct slice rfc3339); /* "23.11.2026, 09:27 UTC" */
struct slice report_percent(struct report *report, struct slice number); /* "97,2 %" */
struct slice report_person(struct report *report, const struct json *object, const char *name);
struct slice report_shortened(struct report *report, struct slice text, size_t letters);
/* A row: the label in its own narrow column, the value beside it. Empty values draw nothing. */
void report_row(struct report *report, struct tag *parent, struct column column, struct slice label,
                struct slice value);
void report_heading(struct report *report, struct tag *parent, struct slice text);
/* Symbol and word at the current height; moves nothing. */
void report_verdict_mark(struct report *report, struct tag *parent, size_t verdict,
                         struct column column, struct slice suffix);

void report_front(struct report *report, bool has_evidence);
void report_section(struct report *report, const struct json *section);
void report_back(struct report *report, bool has_evidence);

#endif
